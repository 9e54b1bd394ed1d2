"""The folder of one recovery, below dbt's target directory: its plan, its journal, copies of dbt's files, and what each step wrote."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from aftershock import times
from aftershock.artifacts.files import find, read_beginning, read_bytes
from aftershock.artifacts.target import CATALOG, MANIFEST, RUN_RESULTS, SOURCES
from aftershock.errors import ArtifactError, OutputError, UsageError
from aftershock.execute import record
from aftershock.execute.record import OVER, Record, RecoveryEntry
from aftershock.render.plan import render_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model import Report

KEPT = ("aftershock", "recovery")
"""Below the target directory; `aftershock verify` looks there too."""

COPIED = (MANIFEST, RUN_RESULTS, SOURCES, CATALOG)
COMPILED = "compiled"
PRIVATE = 0o700
_INVOCATION = re.compile(rb'"invocation_id":\s*"([^"]{1,100})"')
_HEAD = 4096
_SLUG = 40


class Recovery(msgspec.Struct, frozen=True):
    """One recovery.

    Attributes:
        folder: where everything about it is kept.
        record: what is recovered.
        entries: its journal as it was when it was opened.
    """

    folder: Path
    record: Record
    entries: tuple[RecoveryEntry, ...] = ()

    @property
    def target_dir(self) -> Path:
        """Dbt's target directory, which the recovery leaves as it is."""
        return self.folder.parents[len(KEPT)]

    @property
    def artifacts(self) -> Path:
        """The copies of what dbt had left when it began."""
        return self.folder / "artifacts"

    @property
    def last(self) -> dict[int, RecoveryEntry]:
        """The last line of each step."""
        return {entry.number: entry for entry in self.entries}

    @property
    def newest(self) -> str:
        """The last invocation outside the recovery that is known to it."""
        return next((entry.seen for entry in reversed(self.entries) if entry.seen), self.record.newest)

    @property
    def over(self) -> frozenset[int]:
        """The numbers of the steps that are not done again."""
        return frozenset(number for number, entry in self.last.items() if entry.outcome in OVER)

    @property
    def is_open(self) -> bool:
        """Whether there is something left to do, and dbt has not run elsewhere since."""
        return len(self.over) < self.record.steps and newest_run(self.target_dir) == self.newest

    def attempts(self, number: int) -> tuple[Path, ...]:
        """The folders into which the command of a step has written, oldest first."""
        return tuple(self.folder / entry.folder for entry in self.entries if entry.number == number and entry.outcome == "started" and entry.folder)

    def opened(self) -> Recovery:
        """Itself with its journal as it is now.

        Raises:
            ArtifactError: the journal cannot be read.
        """
        return msgspec.structs.replace(self, entries=record.read_journal(self.folder / record.JOURNAL))


def newest_recovery(target_dir: str | Path, question: str) -> Recovery | None:
    """The last recovery of a question; None where there is none.

    Args:
        target_dir: dbt's target directory.
        question: as for :func:`begin_recovery`.

    Raises:
        ArtifactError: its journal cannot be read.
    """
    return next((found for found in _recoveries(Path(target_dir)) if found.record.question == question), None)


def begin_recovery(report: Report, question: str) -> Recovery:
    """A new recovery: its folder, with the plan and copies of dbt's files, which the first command would overwrite.

    Args:
        report: whose plan is followed.
        question: what was asked, as one text that is the same for the same question.

    Raises:
        ArtifactError: dbt's files cannot be read.
        OutputError: a copy cannot be written.
    """
    target_dir, now = _target_dir(report), times.now()
    folder = _made(target_dir, f"{now:%Y%m%dT%H%M%SZ}-{_slug(report)}")
    try:
        _copy(target_dir, folder / "artifacts")
    except OSError as error:
        raise OutputError(str(error.filename or folder), f"it cannot be copied ({error.strerror or error})", "Check the folder and the disk") from None
    record.write(folder / record.PLAN, render_plan(report, "json").encode())
    steps = sum(len(phase.steps) for phase in report.recovery.phases)
    kept = Record(question, report.assessment.detected_at, times.iso(now), record.digest(report.recovery), steps, newest_run(target_dir))
    record.write(folder / record.RECORD, msgspec.json.encode(kept))
    return Recovery(folder, kept)


def resume_recovery(recovery: Recovery, report: Report) -> Recovery:
    """Itself, once the plan is found to be the one that it began with.

    Args:
        recovery: what is gone on with.
        report: the answer to the same question, from its own copies of dbt's files and for its own time.

    Raises:
        UsageError: the plan is another.
    """
    if record.digest(report.recovery) != recovery.record.digest:
        problem = f"the plan is another than the one of {recovery.record.started_at}: an option, the configuration or aftershock itself has changed"
        raise UsageError("--resume", problem, "Begin again with --from 1")
    return recovery


def newest_run(target_dir: Path) -> str:
    """The invocation that wrote run_results.json last; empty where there is none. dbt writes the metadata first."""
    path = find(target_dir, RUN_RESULTS)
    match = _INVOCATION.search(read_beginning(path, _HEAD)) if path is not None else None
    return match[1].decode("ascii", "replace") if match else ""


def _recoveries(target_dir: Path) -> Iterator[Recovery]:
    """Every recovery of the target directory, the newest first: their names begin with the time."""
    for folder in sorted(target_dir.joinpath(*KEPT).glob("*"), reverse=True):
        kept = record.read_record(folder / record.RECORD)
        if kept is not None:
            yield Recovery(folder.absolute(), kept, record.read_journal(folder / record.JOURNAL))


def _target_dir(report: Report) -> Path:
    path = next((file.path for file in report.files if file.kind == "manifest" and file.path), "")
    if not path or not Path(path).is_file():
        raise ArtifactError("--manifest", "it is no file", "Give dbt's target directory with --target-dir")
    return Path(path).absolute().parent


def _slug(report: Report) -> str:
    first = next((seed.unique_id for seed in report.assessment.radius.seeds), "nothing")
    return re.sub(r"[^a-z0-9]+", "-", report.labels.get(first, first).lower())[:_SLUG].strip("-") or "node"


def _made(target_dir: Path, name: str) -> Path:
    """A new folder that only its owner may open, and git does not see."""
    try:
        home = target_dir
        for part in KEPT:
            home /= part
            home.mkdir(PRIVATE, exist_ok=True)
        ignored = target_dir / KEPT[0] / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", "utf-8")
        taken = {path.name for path in home.iterdir()}
        folder = home / next(free for number in range(1, len(taken) + 2) if (free := name if number == 1 else f"{name}-{number}") not in taken)
        for path in (folder, folder / "artifacts", folder / "steps"):
            path.mkdir(PRIVATE)
    except OSError as error:
        raise OutputError(str(error.filename or target_dir), f"it cannot be made ({error.strerror or error})", "Check the folder and the disk") from None
    return folder


def _copy(target_dir: Path, copies: Path) -> None:
    """What a postmortem, `dbt retry` and this plan need. dbt reads no packed files."""
    for name in COPIED:
        path = find(target_dir, name)
        if path is not None:
            record.write(copies / name, read_bytes(path))
    if (target_dir / COMPILED).is_dir():
        shutil.copytree(target_dir / COMPILED, copies / COMPILED, symlinks=True)
