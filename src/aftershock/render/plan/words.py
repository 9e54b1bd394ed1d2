"""What every format says about a plan: its commands in a shell's words, how long they take, for which target, and what it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from aftershock.render import summary
from aftershock.render.escape import shell as posix
from aftershock.render.plan.powershell import LONGEST, powershell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aftershock.model import Report, Step
    from aftershock.model.plan import Estimate, RecoveryPlan

ShellName = Literal["posix", "powershell"]

SHELLS: dict[str, Callable[[tuple[str, ...]], str]] = {"posix": posix, "powershell": powershell}
"""How each shell writes words, by the names of `--shell`, the default first."""

DBT = "dbt"
TARGET = "--target"

WRITING = frozenset({"build", "clone", "compile", "docs", "retry", "run", "run-operation", "seed", "show", "snapshot", "test"})
"""Commands of dbt that write run_results.json."""

_OTHER = frozenset({"clean", "debug", "deps", "init", "list", "ls", "parse", "source"})
_SHORT = 90

OLD_POWERSHELL = "The commands are for PowerShell 7.3 or later: Windows PowerShell 5.1 and PowerShell up to 7.2 take away the double quotes inside a word, as in --vars and --args."
TOO_LONG = f"Windows takes at most {LONGEST:,} characters in one command"


def steps(plan: RecoveryPlan) -> Iterator[Step]:
    """Every step, in order."""
    for phase in plan.phases:
        yield from phase.steps


def is_copy(step: Step) -> bool:
    """Whether it is the copy of dbt's own files, which a script makes by itself."""
    return step.kind == "backup" and not step.nodes


def option(step: Step, flag: str) -> str:
    """The value of a flag in the step's command, empty where it has none."""
    return next((value for word, value in zip(step.argv, step.argv[1:], strict=False) if word == flag), "")


def runs_dbt(step: Step) -> bool:
    """Whether dbt does it."""
    return step.argv[:1] == (DBT,)


def writes_results(step: Step) -> bool:
    """Whether its command is one of dbt's that write run_results.json."""
    return runs_dbt(step) and next((word for word in step.argv[1:] if word in WRITING | _OTHER), "") in WRITING


def asks_target(plan: RecoveryPlan) -> bool:
    """Whether a person has to name dbt's target: the artifacts do not, so that a command without it may repair another warehouse."""
    return plan.asks_target or any(runs_dbt(step) and TARGET not in step.argv for step in steps(plan))


def target(plan: RecoveryPlan) -> str:
    """The target that the commands carry; empty where none does."""
    return next((name for step in steps(plan) if (name := option(step, TARGET))), "")


def target_words(plan: RecoveryPlan) -> str:
    """For which target the commands are, in a sentence; empty where dbt has nothing to do."""
    if not any(map(runs_dbt, steps(plan))):
        return ""
    return "not known: add --target to every dbt command, or it may repair another warehouse" if asks_target(plan) else target(plan)


def estimate(found: Estimate) -> str:
    """``40 s to 5 min``, as far as it is known."""
    if found.low is None or found.high is None:
        return "unknown"
    low, high = duration(found.low), duration(found.high)
    return f"{low} to {high}" if low != high else f"about {high}"


def duration(seconds: float) -> str:
    """A number of seconds as people say it: ``40 s``, ``12 min``, ``2.5 h``."""
    if seconds < _SHORT:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds / 60 < _SHORT else f"{seconds / 3600:.1f} h"


def window(report: Report) -> str:
    """When it was noticed and how long data was bad: a part of a sentence, unescaped; empty where nothing is known."""
    found = report.assessment.window
    bad = f"bad {f'since {found.since} ' if found.since else ''}{f'until {found.until}' if found.until else ''}".strip()
    noticed = f"detected {report.assessment.detected_at}" if report.assessment.detected_at else ""
    return ", ".join(part for part in (noticed, bad if found.since or found.until else "") if part)


def notes(report: Report, shell: str = "posix") -> tuple[str, ...]:
    """What the plan does not know or cannot do, then what limits the assessment, each once; and what the shell asks for."""
    found = [*report.recovery.notes, *report.assessment.notes, *_shell_notes(report.recovery, shell)]
    return tuple(dict.fromkeys(text for text in found if text.strip()))


def _shell_notes(plan: RecoveryPlan, shell: str) -> Iterator[str]:
    if shell != "powershell":
        return
    commands = [(number, step) for number, step in enumerate(steps(plan), 1) if step.argv]
    if any('"' in word for _, step in commands for word in step.argv):
        yield OLD_POWERSHELL
    long = [str(number) for number, step in commands if len(powershell(step.argv)) > LONGEST]
    if long:
        yield f"{TOO_LONG}: split {'step' if len(long) == 1 else 'steps'} {summary.listing(long)} there."
