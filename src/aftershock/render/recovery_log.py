"""What `aftershock recover` says while it runs: each step as it begins and ends, what it asks, and how it came out.

Everything from an artifact or from dbt is untrusted, so each line is made inert.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.phrases import counted, listing
from aftershock.render import summary
from aftershock.render.escape import prose, shell, terminal
from aftershock.render.plan import words
from aftershock.render.steps import sql_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.model import Report, Step

NAMES = 4
"""Names of a step before the rest is only counted."""

INDENT = "        "

OUTCOMES = {
    "done": "ok",
    "copied": "ok, copied to",
    "confirmed": "ok, done by hand",
    "assumed": "taken as done, nobody was asked (--yes)",
    "failed": "FAILED",
    "interrupted": "interrupted",
    "declined": "not run",
    "overtaken": "not run",
}
QUESTIONS = {
    "by-hand": "Done?",
    "irreversible": "Run this step?",
    "again": "Run it again?",
    "overtaken": "Go on all the same?",
}


def render_step_begin(report: Report, number: int, step: Step) -> str:
    """A step that is next, on one line; what a person has to do below it, with its SQL."""
    names = listing([terminal(name) for name in summary.labels(report, step.nodes)], NAMES)
    head = f"{_place(report, number)} {step.kind}{f' {names}' if names else ''}"
    return "".join(f"{line}\n" for line in (head, *(() if step.argv or words.is_copy(step) else _by_hand(step))))


def render_step_end(outcome: str, seconds: float | None = None, message: str = "") -> str:
    """How a step came out, on one line.

    Args:
        outcome: one of `OUTCOMES`.
        seconds: how long its command took.
        message: what went wrong, or where something is now.
    """
    said = OUTCOMES[outcome] + (f", {words.duration(seconds)}" if seconds is not None else "")
    return f"{INDENT}{said}{(' ' if outcome == 'copied' else ': ') + prose(message) if message else ''}\n"


def render_recovery_question(asking: str, why: str = "") -> str:
    """What a person is asked, without the choice of answers.

    Args:
        asking: one of `QUESTIONS`.
        why: a sentence that says what it is about.
    """
    about = f"It could destroy: {why}" if asking == "irreversible" else "" if asking == "by-hand" else why
    return f"{INDENT}{f'{prose(about)} ' if about else ''}{QUESTIONS[asking]}"


def render_plan_question(report: Report) -> str:
    """Whether the plan is to be run, without the choice of answers."""
    target = words.target(report.recovery)
    return f"Run {counted(len(summary.steps(report)), 'step')}{f' for target {terminal(target)}' if target else ''}, one after another?"


def render_dry_run(report: Report, commands: Sequence[tuple[int, Sequence[str]]]) -> str:
    """What would be run, command by command.

    Args:
        report: whose plan it is.
        commands: the number of each step that dbt does, with the words of its command, program included.
    """
    if not commands:
        return "Nothing would be run.\n"
    lines = ("Would be run:", *(f"{_place(report, number)} {shell(tuple(argv))}" for number, argv in commands))
    return "".join(f"{line}\n" for line in lines)


def render_recovery_end(  # noqa: PLR0913  # how it ended, and all that its reader needs next
    report: Report,
    state: str,
    *,
    number: int = 0,
    asked: str | None = None,
    skipped: Sequence[int] = (),
    since: str = "",
    folder: str = "",
    target_dir: str = "",
) -> str:
    """How the whole came out, and what to do next.

    Args:
        report: whose plan it is.
        state: ``done``, ``failed``, ``waiting``, ``overtaken`` or ``interrupted``.
        number: of the step at which it stopped.
        asked: the key in `QUESTIONS` of what was answered with no, where it waits.
        skipped: the numbers of the commands that were left out.
        since: when the recovery began.
        folder: where everything about it is.
        target_dir: dbt's target directory.
    """
    if state == "done":
        proof = ("aftershock", "verify", "--plan", f"{folder}/plan.json", "--since", since, "--run-results", f"{folder}/steps", "--target-dir", target_dir)
        head = f"{_steps(skipped)} left out" if skipped else "All steps are done" if summary.steps(report) else "There is nothing to do"
        return f"\n{head}. Whether all is repaired:\n{shell(proof)}\n"
    lines = {
        "failed": f"Stopped: step {number} failed. Its log is below {terminal(folder)}/steps. Once the cause is gone, run the same command with --resume.",
        "waiting": f"Stopped before step {number}. {_go_on(asked, number)}",
        "overtaken": f"Stopped before step {number}. Pause the schedule and plan again; where that run changed nothing, --resume at a terminal goes on.",
        "interrupted": f"Stopped: step {number} was interrupted, and what it wrote may have landed. --resume asks before it runs that step again.",
    }
    return f"\n{lines[state]}\n"


def _go_on(asked: str | None, number: int) -> str:
    again = "run the same command with --resume"
    if asked == "irreversible":
        return f"To run it, {again}, at a terminal or with --yes-irreversible."
    if asked == "again":
        return f"To run it, {again} at a terminal, or with --from {number}."
    return f"Once it is done, {again}."


def _place(report: Report, number: int) -> str:
    return f"[{number:>2}/{len(summary.steps(report))}]"


def _by_hand(step: Step) -> Iterator[str]:
    said = (("who acts", step.who), ("what", step.why), ("first", step.requires), ("destroys", step.destroys), ("costs", step.costs))
    yield from (f"{INDENT}{label}: {prose(text)}" for label, text in said if text.strip())
    yield from (f"{INDENT}| {line}" for line in sql_lines(step.sql))


def _steps(numbers: Sequence[int]) -> str:
    return f"{counted(len(numbers), 'command')} ({', '.join(map(str, numbers))}) {'was' if len(numbers) == 1 else 'were'}"
