"""What a recovery writes about itself: one record of what is recovered, and a journal that only grows."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Literal

import msgspec

from aftershock.errors import ArtifactError, OutputError
from aftershock.model import StepKind

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.model import RecoveryPlan

RECORD, JOURNAL, PLAN = "record.json", "steps.jsonl", "plan.json"

Outcome = Literal["started", "done", "copied", "confirmed", "assumed", "skipped", "failed", "interrupted", "declined", "overtaken"]
"""``copied``: dbt's files were, by the recovery itself. ``confirmed``: a person said that it is done. ``assumed``: nobody was asked. ``skipped``: a person
began at a later step. ``declined``: a person said no, or could not be asked. ``overtaken``: dbt has run outside the recovery; ``seen`` names that run where
a person went on after it."""

OVER: frozenset[Outcome] = frozenset({"done", "copied", "confirmed", "assumed", "skipped"})
"""Outcomes after which a step is not done again."""


class Record(msgspec.Struct, frozen=True):
    """What is recovered.

    Attributes:
        question: what was asked, as one text that is the same for the same question.
        detected_at: the time that the plan was made for (ISO 8601, UTC): the names of its copies follow from it.
        started_at: when the recovery began (ISO 8601, UTC).
        digest: of what the plan does.
        steps: how many the plan has.
        newest: the invocation that wrote run_results.json when it began; empty where there was none.
    """

    question: str
    detected_at: str
    started_at: str
    digest: str
    steps: int
    newest: str = ""


class RecoveryEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the journal.

    Attributes:
        number: the step's, counted over the plan from 1.
        kind: the step's.
        outcome: what became of it.
        nodes: the unique_ids that it acts on.
        argv: the command as it was run, program included; empty where a person acts.
        started_at: ISO 8601, UTC.
        finished_at: as ``started_at``; empty in the line that says that it began.
        seconds: between them.
        message: what went wrong, as dbt says it.
        folder: where the command wrote its results, below the recovery's own folder.
        seen: the invocation outside the recovery that a person let pass.
    """

    number: int
    kind: StepKind
    outcome: Outcome
    nodes: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()
    started_at: str = ""
    finished_at: str = ""
    seconds: float | None = None
    message: str = ""
    folder: str = ""
    seen: str = ""


def digest(plan: RecoveryPlan) -> str:
    """The same text for plans that do the same, whatever they say about it."""
    done = [(phase.kind, step.kind, step.nodes, step.argv, step.sql) for phase in plan.phases for step in phase.steps]
    return hashlib.sha256(msgspec.json.encode(done)).hexdigest()


def write(path: Path, data: bytes) -> None:
    """A new file that is on the disk when this returns.

    Raises:
        OutputError: it cannot be written, or is there already.
    """
    _put(path, data, os.O_CREAT | os.O_EXCL)


def append(path: Path, entry: RecoveryEntry) -> None:
    """One more line, on the disk when this returns.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        torn = path.exists() and not path.read_bytes().endswith(b"\n")  # the machine stopped while it wrote
    except OSError as error:
        raise _refused(path, error) from None
    _put(path, b"\n" * torn + msgspec.json.encode(entry) + b"\n", os.O_CREAT | os.O_APPEND)


def read_record(path: Path) -> Record | None:
    """The record; None where there is none, since the recovery did not get as far as its first step, or it is of another version."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None


def read_journal(path: Path) -> tuple[RecoveryEntry, ...]:
    """Its lines, but for one that the machine did not come to the end of.

    Raises:
        ArtifactError: it cannot be read, or a line is no entry.
    """
    if not path.exists():
        return ()
    try:
        return tuple(entry for line in path.read_bytes().splitlines() if (entry := _entry(line)) is not None)
    except (OSError, msgspec.ValidationError) as error:
        raise ArtifactError(str(path), f"it cannot be read ({error})", "Begin again with --from 1") from None


def _entry(line: bytes) -> RecoveryEntry | None:
    """A line; None for one that the machine did not come to the end of: its step then counts as not over."""
    try:
        return msgspec.json.decode(line, type=RecoveryEntry)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _put(path: Path, data: bytes, flags: int) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | flags, 0o600), "ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _refused(path, error) from None


def _refused(path: Path, error: OSError) -> OutputError:
    return OutputError(str(path), f"it cannot be written ({error.strerror or error})", "Check the folder and the disk")
