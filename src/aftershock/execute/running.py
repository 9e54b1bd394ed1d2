"""The steps of a plan, one after another: asked for, logged, checked, and stopped at the first that does not end well."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from aftershock import times
from aftershock.errors import AftershockError, UsageError
from aftershock.execute import parsed, proof, record
from aftershock.execute.dbt import DbtRunner, Ran
from aftershock.execute.folder import PRIVATE, Recovery, newest_run
from aftershock.execute.record import Outcome, RecoveryEntry
from aftershock.execute.words import DBT, dbt_words, is_copy, is_run
from aftershock.model import WAITED_FOR
from aftershock.phrases import counted, listing

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.execute.dbt import Runner
    from aftershock.execute.place import RunPlace
    from aftershock.model import Report, Step

Asking = Literal["by-hand", "irreversible", "again", "overtaken"]
"""``by-hand``: whether a person has done a step. ``irreversible``: whether a step may destroy what it says. ``again``: whether a step may run that has begun
before. ``overtaken``: whether to go on although dbt has run outside the recovery."""

Answer = Literal["yes", "no", "assumed"]
"""``assumed``: yes, without anybody being asked."""

RAN: frozenset[Outcome] = frozenset({"started", "done", "failed", "interrupted"})
"""Outcomes of a command that was run."""

HARMLESS = frozenset({"test", "freshness"})
"""Steps that may run any number of times."""

_SHOWN = 3


class Watcher(Protocol):
    """Who looks on and decides."""

    def begins(self, number: int, step: Step) -> None:
        """A step is next."""

    def may(self, asking: Asking, number: int, step: Step, why: str) -> Answer:
        """Whether to go on. ``why`` is a sentence that says what it is about."""

    def ended(self, entry: RecoveryEntry) -> None:
        """A step is over, one way or another."""


class RecoveryEnding(msgspec.Struct, frozen=True):
    """How far a recovery has come.

    Attributes:
        state: ``done``: every step is over, and every command that was not left out succeeded. ``failed``: a command did not do what it should.
            ``waiting``: for a person. ``overtaken``: dbt has run outside the recovery. ``interrupted``: somebody stopped it.
        number: of the step at which it stopped; 0 where it did not.
        message: why it stopped; a sentence.
        asked: what was asked and answered with no, where it waits.
        skipped: the numbers of steps with a command that a person left out.
    """

    state: Literal["done", "failed", "waiting", "overtaken", "interrupted"]
    number: int = 0
    message: str = ""
    asked: Asking | None = None
    skipped: tuple[int, ...] = ()


def recover(  # noqa: PLR0913  # a run, who looks on, and where
    recovery: Recovery, report: Report, watcher: Watcher, *, place: RunPlace, first: int = 0, runner: Runner | None = None
) -> RecoveryEnding:
    """Run the steps of a plan that are not over yet. Everything that is done is in the journal before the next thing begins.

    Args:
        recovery: from :func:`aftershock.begin_recovery` or :func:`aftershock.resume_recovery`.
        report: whose plan it is.
        watcher: who looks on and decides.
        place: where dbt finds its project, from :func:`aftershock.run_place`.
        first: begin with this step and leave out what comes before it; with the first one that is not over where 0.
        runner: what runs dbt; dbt itself, in this process, where None.

    Raises:
        UsageError: there is no such step.
        OutputError: the journal cannot be written.
    """
    steps = [step for phase in report.recovery.phases for step in phase.steps]
    if first and not first <= len(steps):
        raise UsageError("--from", f"there is no step {first}", f"The plan has the steps 1 to {len(steps)}")
    session = _Session(recovery, watcher, place, runner or DbtRunner(place.base))
    for number, step in enumerate(steps, 1):
        if number < first:
            if number not in recovery.over:
                session.log(number, step, "skipped")
        elif first or number not in recovery.over:
            ending = session.step(number, step)
            if ending is not None:
                return ending
    last = recovery.opened().last
    skipped = tuple(number for number, step in enumerate(steps, 1) if is_run(step) and last[number].outcome == "skipped")
    return RecoveryEnding("done", skipped=skipped)


class _Session:
    """One run of `recover`."""

    def __init__(self, recovery: Recovery, watcher: Watcher, place: RunPlace, runner: Runner) -> None:
        self.recovery, self.watcher, self.place, self.runner = recovery, watcher, place, runner
        self.newest = recovery.newest

    def log(self, number: int, step: Step, outcome: Outcome, message: str = "", *, seen: str = "") -> RecoveryEntry:
        """A line about something that takes no time."""
        now = times.iso(times.now())
        return self._append(RecoveryEntry(number, step.kind, outcome, step.nodes, started_at=now, finished_at=now, message=message, seen=seen))

    def step(self, number: int, step: Step) -> RecoveryEnding | None:
        """One step; None where the next one may begin."""
        self.watcher.begins(number, step)
        if not is_run(step):
            return self._overtaken(number, step) or self._consent(number, step)
        return self._consent(number, step) or self._overtaken(number, step) or self._run(number, step)

    def _consent(self, number: int, step: Step) -> RecoveryEnding | None:
        """Whatever a person has to say before a step, or instead of it."""
        if is_copy(step):
            self.watcher.ended(self.log(number, step, "copied", str(self.recovery.artifacts)))
            return None
        if not is_run(step):
            answer = self.watcher.may("by-hand", number, step, step.why)
            if answer == "no" or (answer == "assumed" and step.kind in WAITED_FOR):
                why = "It is not done yet." if answer == "no" else "It is for a person, and what follows builds on it: --yes does not stand for it."
                return self._declined(number, step, "by-hand", why)
            self.watcher.ended(self.log(number, step, "confirmed" if answer == "yes" else "assumed"))
            return None
        again = _why_again(self.recovery, number, step)
        if again and self.watcher.may("again", number, step, again) == "no":
            return self._declined(number, step, "again", again)
        if step.is_irreversible and self.watcher.may("irreversible", number, step, step.destroys) == "no":
            return self._declined(number, step, "irreversible", f"It could destroy: {step.destroys}")
        return None

    def _declined(self, number: int, step: Step, asked: Asking, message: str) -> RecoveryEnding:
        self.watcher.ended(self.log(number, step, "declined", message))
        return RecoveryEnding("waiting", number, message, asked)

    def _overtaken(self, number: int, step: Step) -> RecoveryEnding | None:
        """Whether dbt has written to the target directory since: the schedule may still be running."""
        newest = newest_run(self.recovery.target_dir)
        if newest == self.newest:
            return None
        why = f"Another dbt command has written run_results.json in {self.recovery.target_dir} since the plan was made (invocation {newest or 'unknown'})."
        if self.watcher.may("overtaken", number, step, why) == "no":
            self.watcher.ended(self.log(number, step, "overtaken", why))
            return RecoveryEnding("overtaken", number, why)
        self.newest = newest
        self.log(number, step, "overtaken", why, seen=newest)
        return None

    def _run(self, number: int, step: Step) -> RecoveryEnding | None:
        folder = self._folder(number)
        words = dbt_words(step, self.place, self.recovery.artifacts, folder)
        begun = RecoveryEntry(
            number, step.kind, "started", step.nodes, (DBT, *words), times.iso(times.now()), folder=folder.relative_to(self.recovery.folder).as_posix()
        )
        parsed.lend(self.recovery, step, folder)
        self._append(begun)
        clock = time.monotonic()
        outcome, message = self._ran(words, step, folder)
        seconds = round(time.monotonic() - clock, 1)
        ended = msgspec.structs.replace(begun, outcome=outcome, finished_at=times.iso(times.now()), seconds=seconds, message=message)
        self._append(ended)
        self.watcher.ended(ended)
        if outcome == "done":
            parsed.take_back(self.recovery, step, folder)
            return None
        return RecoveryEnding("interrupted" if outcome == "interrupted" else "failed", number, message)

    def _ran(self, words: tuple[str, ...], step: Step, folder: Path) -> tuple[Outcome, str]:
        try:
            ran = self.runner(words)
        except KeyboardInterrupt:
            ran = Ran(success=False, interrupted=True)
        except AftershockError as error:
            ran = Ran(success=False, message=str(error))
        if ran.interrupted:
            return "interrupted", ""
        if not ran.success:
            return "failed", proof.failure(step, folder) or ran.message or "dbt does not say why; its log may"
        short = proof.shortfall(step, folder)
        if not short:
            proof.keep_repaired(step, folder)
        return ("failed", short) if short else ("done", "")

    def _folder(self, number: int) -> Path:
        """A new folder for what a command writes: a second attempt leaves the first one's results."""
        steps = self.recovery.folder / "steps"
        names = (f"{number:02d}" + (f"-{attempt}" if attempt > 1 else "") for attempt in range(1, 10_000))
        folder = steps / next(name for name in names if not (steps / name).exists())
        folder.mkdir(PRIVATE)
        return folder

    def _append(self, entry: RecoveryEntry) -> RecoveryEntry:
        record.append(self.recovery.folder / record.JOURNAL, entry)
        return entry


def _why_again(recovery: Recovery, number: int, step: Step) -> str:
    """Why a step may not simply be run again: what it wrote may have landed, and an append would write it twice. Empty where it may."""
    last = next((entry for entry in reversed(recovery.entries) if entry.number == number and entry.outcome in RAN), None)
    if last is None or step.kind in HARMLESS:
        return ""
    if last.outcome == "done":
        return "It has succeeded before: what appends rows would append them twice."
    if last.outcome != "failed":
        return "It was interrupted before: what it wrote may have landed, and what appends rows would append them twice. Compare row counts first."
    done = tuple(dict.fromkeys(unique_id for folder in recovery.attempts(number) for unique_id in proof.built(step, folder)))
    if not done:
        return ""
    return f"It failed after {counted(len(done), 'node')} of it had been built ({listing(done, _SHOWN)}): what appends rows would append them twice."
