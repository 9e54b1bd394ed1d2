"""Run results as a record: which of them count, and what each node did in them, in order of time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from aftershock import times
from aftershock.errors import UsageError
from aftershock.model import BAD_STATUSES, ProjectInfo, Run
from aftershock.model.proof import Evidence
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aftershock.model import Result
    from aftershock.model.proof import RecordedRun

COUNTED = frozenset({"build", "run", "test", "seed", "snapshot", "retry", "run-operation"})
"""Commands that change or test data; the others report success for what they only read or compiled, and ``clone`` copies what another target has."""

DECISIVE = BAD_STATUSES | {"success", "pass", "warn"}
"""Statuses that say something of the data; ``skipped``, ``no-op``, ``reused`` and words that nobody knows do not."""

MOST_FILES = 3
_FRACTION = re.compile(r"[.,](\d+)")
_MESSAGE = 160


class Mark(msgspec.Struct, frozen=True):
    """One result in a run that counts. ``hollow``: the run was told to read no rows, or a sample of them."""

    status: str
    began: datetime
    ended: datetime
    message: str
    seen: Evidence
    run: Run
    hollow: bool

    @property
    def is_bad(self) -> bool:
        """Whether it is worse than a warning."""
        return self.status in BAD_STATUSES


class Record(msgspec.Struct, frozen=True):
    """Every result that counts, by unique_id and by time; ``notes`` say what does not count and why, each a full sentence."""

    since: datetime
    target: str
    marks: Mapping[str, tuple[Mark, ...]]
    notes: tuple[str, ...]

    def after(self, unique_id: str) -> tuple[Mark, ...]:
        """What ended at ``since`` or later."""
        return tuple(mark for mark in self.marks.get(unique_id, ()) if mark.ended >= self.since)

    def last(self, unique_id: str) -> Mark | None:
        """The newest that says something of the data."""
        return next((mark for mark in reversed(self.after(unique_id)) if mark.status in DECISIVE), None)

    def before(self, unique_id: str) -> Mark | None:
        """The newest that says something, of those that ended before ``since``."""
        earlier = [mark for mark in self.marks.get(unique_id, ()) if mark.ended < self.since]
        return next((mark for mark in reversed(earlier) if mark.status in DECISIVE), None)

    def builds(self, unique_id: str) -> tuple[Mark, ...]:
        """The successes that began at ``since`` or later, on whole input: a build that began before may have read what was there before."""
        return tuple(mark for mark in self.after(unique_id) if mark.status == "success" and mark.began >= self.since and not mark.hollow)

    def operations(self) -> Iterator[Mark]:
        """The successful ``dbt run-operation`` calls that began at ``since`` or later."""
        for unique_id in self.marks:
            if unique_id.startswith("macro."):
                yield from self.builds(unique_id)


def moment(text: str) -> datetime | None:
    """A time as dbt writes it, to the microsecond: a child may begin in the second in which its parent ended. None for what is no time."""
    second = times.read(text)
    fraction = _FRACTION.search(text)
    return second if second is None or fraction is None else second + timedelta(microseconds=int(fraction[1][:6].ljust(6, "0")))


def recorded(runs: Sequence[RecordedRun], since: datetime, target: str) -> Record:
    """What counts of these runs.

    Args:
        runs: in any order; the same one twice does no harm.
        since: the time from which results prove something.
        target: the incident's dbt target. Where it is empty, that of the newest run before ``since`` that names one, else the one that all later runs name.

    Raises:
        UsageError: the runs are of several targets, and nothing says which is the incident's.
    """
    building = [item for item in runs if item.run.which in COUNTED]
    target = target or _target(building, since)
    marks: dict[str, list[Mark]] = {}
    for item in building:
        if targeted(item.run) in {None, target}:
            for result in item.run.results.values():
                if (mark := _mark(item, result)) is not None:
                    marks.setdefault(result.unique_id, []).append(mark)
    ordered = {unique_id: tuple(sorted(found, key=lambda mark: (mark.ended, mark.began))) for unique_id, found in marks.items()}
    return Record(since, target, ordered, tuple(_notes([item for item in runs if not is_before(item.run, since)], target)))


def targeted(run: Run) -> str | None:
    """The ``--target`` that a run was given, empty where it was given none; None where its results do not record flags, as Fusion's do not."""
    target = run.args.get("target")
    if isinstance(target, str) and target:
        return target
    return "" if records_flags(run) else None


def records_flags(run: Run) -> bool:
    """Whether the results say with what flags dbt was called."""
    return ProjectInfo(dbt_version=run.dbt_version).engine == "core"


def is_before(run: Run, since: datetime) -> bool:
    """Whether a run ended before this time, or does not say when it was."""
    written = moment(run.generated_at)
    return written is None or written < since


def _target(runs: Iterable[RecordedRun], since: datetime) -> str:
    known = [(item.run.generated_at, name, is_before(item.run, since)) for item in runs if (name := targeted(item.run)) is not None]
    earlier = max(((at, name) for at, name, before in known if before), default=("", ""))[1]
    later = sorted({name for _, name, before in known if not before})
    if earlier or len(later) < 2:  # noqa: PLR2004  # one name, or none
        return earlier or next(iter(later), "")
    shown = listing([name or "the profile's default" for name in later])
    raise UsageError("--target", f"the runs since then are of several targets ({shown}), and none before says which is the incident's", "Name it with --target")


def _mark(item: RecordedRun, result: Result) -> Mark | None:
    """None where nothing says when it was."""
    ended = moment(result.completed_at) or moment(item.run.generated_at)
    if ended is None:
        return None
    began = moment(result.started_at) or ended - timedelta(seconds=min(max(result.seconds, 0), 10_000_000))
    seen = Evidence(item.file, result.unique_id, result.status, result.completed_at or item.run.generated_at)
    return Mark(result.status, began, ended, " ".join(result.message.split())[:_MESSAGE], seen, item.run, _hollow(item.run))


def _notes(runs: Sequence[RecordedRun], target: str) -> Iterator[str]:
    """What was left out of the runs since then, and what they do not say."""
    reasons: dict[str, list[str]] = {}
    for item in runs:
        reason = _left_out(item.run, target)
        if reason:
            reasons.setdefault(reason, []).append(item.file)
    for reason, files in reasons.items():
        yield f"{listing(files, MOST_FILES)} {'does' if len(files) == 1 else 'do'} not count: {reason}."
    counted = [item.run for item in runs if not _left_out(item.run, target)]
    if any(not records_flags(run) for run in counted):
        yield "Results of dbt 2 (Fusion) do not say its flags: whether it was another target, or --empty, cannot be seen."
    if not target and any(records_flags(run) for run in counted):
        yield "No run says its target: all are taken to be of the warehouse where the incident is."


def _left_out(run: Run, target: str) -> str:
    if run.which not in COUNTED:
        return f"'dbt {run.which}' neither builds nor tests" if run.which else "it does not say which command wrote it"
    named = targeted(run)
    if named not in {None, target}:
        return f"its target is {named or 'not named'}, the incident's is {target or 'not named'}"
    return "it was run with --empty or --sample" if _hollow(run) else ""


def _hollow(run: Run) -> bool:
    return run.args.get("empty") is True or bool(run.args.get("sample"))
