"""``aftershock recover``: run it."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.question import Question, answer, asked
from aftershock.cli.terminal import emit, screen

if TYPE_CHECKING:
    from aftershock import Recovery, RecoveryEnding, RecoveryEntry, Report, Step

EXIT_CODES = {"done": 0, "failed": 1, "overtaken": 1, "waiting": 3, "interrupted": 130}
LEFT_OUT = 1
NOT_ASKED = ("target_dir", "manifest", "config", "no_cache")
"""Where answers are read from is not what is asked."""

EPILOG = """\b
Examples:
  aftershock recover --select result:error --category pipeline-failure
  aftershock recover stg_orders --category data-quality \\
      --since 2026-03-01T06:00 --dry-run
  aftershock recover stg_orders --category pipeline-failure \\
      --yes --yes-irreversible
  aftershock recover stg_orders --category pipeline-failure --resume

It makes the plan that aftershock plan prints, shows it, asks, and runs its dbt
commands one after another; before a step that could destroy something it asks
again. What a person has to do is shown, and asked for. It stops at the first
step that fails, and --resume goes on there.

dbt's target directory stays as it is: copies of its files, the plan, a journal
and the results and log of each step are kept in it, in aftershock/recovery/.
It stops where another dbt command has written to the target directory, since
the schedule may still be running.

Without a terminal nothing is run unless --yes is given; then what people do is
taken as done, and the first step that could destroy something is where it
stops, unless --yes-irreversible is given.

Exit codes: 0 every command succeeded, 1 one failed or was left out, or dbt has
run elsewhere, 2 could not run, 3 it waits for a person, 130 interrupted.
"""


class Wanted(NamedTuple):
    """The command's own options, as click hands them over."""

    target: str
    run_results: tuple[str, ...]
    threads: int | None
    project_dir: str | None
    yes: bool
    yes_irreversible: bool
    first: int | None
    resume: bool
    dry_run: bool

    def validated(self, question: Question) -> Wanted:
        """Itself.

        Raises:
            UsageError: options contradict each other, or there is neither a terminal nor a word that it needs none.
        """
        if inputs.STDIN in (*question.nodes, question.manifest):
            raise aftershock.UsageError("-", "standard input is where it asks", "Name the nodes, or select them with --select")
        if self.resume and self.first is not None:
            raise aftershock.UsageError("--from", "--resume says itself where to begin", "Give one of them")
        if not (self.yes or self.dry_run or _is_terminal()):
            raise aftershock.UsageError("--yes", "there is no terminal to ask at", "Give --yes once you have read the plan that --dry-run prints")
        return self


class Person:
    """Who looks on at the terminal and decides, as far as the options do not."""

    def __init__(self, report: Report, wanted: Wanted) -> None:
        self.report, self.wanted = report, wanted

    def begins(self, number: int, step: Step) -> None:
        """Show the step."""
        emit(aftershock.render_step_begin(self.report, number, step))

    def may(self, asking: str, number: int, step: Step, why: str) -> Literal["yes", "no", "assumed"]:  # noqa: ARG002  # the step is shown already
        """Ask, unless an option says it already or nobody is there."""
        if asking == "by-hand" and self.wanted.yes:
            return "assumed"
        if (asking == "irreversible" and self.wanted.yes_irreversible) or (asking == "again" and self.wanted.first == number):
            return "yes"
        return "yes" if _is_terminal() and _confirmed(aftershock.render_recovery_question(asking, why)) else "no"

    def ended(self, entry: RecoveryEntry) -> None:
        """Show how it came out."""
        emit(aftershock.render_step_end(entry.outcome, entry.seconds, entry.message))


@click.command("recover", epilog=EPILOG, short_help="Run a plan's steps through dbt, one after another, asking first.")
@asked
@click.option("--target", default="", metavar="NAME", help="dbt's target that failed, where the artifacts do not say it.")
@click.option("--run-results", multiple=True, metavar="FILE", type=options.FILE, help="Earlier run results, or a directory of them. Repeatable.")
@click.option("--threads", type=click.IntRange(min=1), metavar="N", help="How many nodes dbt builds at once, for the estimate. Default: as the runs say.")
@click.option("--project-dir", metavar="DIR", type=options.FILE, help="The dbt project. Default: as the run that failed, else at or above the artifacts.")
@click.option("--yes", is_flag=True, help="Run the plan without asking, and take what people do as done.")
@click.option("--yes-irreversible", is_flag=True, help="Run also what could destroy something without asking.")
@click.option("--from", "first", type=click.IntRange(min=1), metavar="N", help="Begin with step N; 1 begins a new recovery.")
@click.option("--resume", is_flag=True, help="Go on with the last recovery of the same question, at the first step that is not over.")
@click.option("--dry-run", is_flag=True, help="Print the plan and the commands, and run nothing.")
def command(**given: Any) -> int:  # noqa: ANN401  # typed by Question and Wanted
    """Run a plan's steps through dbt, one after another, asking first.

    NODE is what failed, as you would say it. The plan is the one that
    aftershock plan prints for the same words.
    """
    question = Question.taken(given)
    wanted = Wanted(**given).validated(question)
    earlier = _earlier(question, wanted)
    report = _report(question, wanted, earlier)
    place = aftershock.run_place(report, wanted.project_dir, runs=not wanted.dry_run)
    shown = screen()
    emit(aftershock.render_plan(report, width=shown.width, colour=shown.colour))
    if wanted.dry_run:
        emit(f"\n{aftershock.render_dry_run(report, aftershock.recovery_commands(report, place))}")
        return 0
    if not wanted.yes and not _confirmed(aftershock.render_plan_question(report)):
        return EXIT_CODES["waiting"]
    recovery = aftershock.begin_recovery(report, _key(question, wanted)) if earlier is None else aftershock.resume_recovery(earlier, report)
    return _ended(recovery, report, aftershock.recover(recovery, report, Person(report, wanted), place=place, first=wanted.first or 0))


def _earlier(question: Question, wanted: Wanted) -> Recovery | None:
    """The recovery to go on with; None where a new one begins.

    Raises:
        UsageError: there is none to go on with, or one that is neither over nor mentioned.
    """
    if wanted.first == 1:
        return None
    target_dir = aftershock.find_manifest(Path(question.manifest or question.target_dir or "."), os.environ).parent
    found = aftershock.newest_recovery(target_dir, _key(question, wanted))
    if found is None and wanted.resume:
        raise aftershock.UsageError("--resume", "there is no recovery of this question to go on with", "Leave it out, or give the same words as then")
    if found is not None and not (wanted.resume or wanted.first or wanted.dry_run) and found.is_open:
        begun = f"the recovery of {found.record.started_at} is not over"
        raise aftershock.UsageError("recover", begun, "Go on with it with --resume, or begin again with --from 1")
    return found if wanted.resume or wanted.first else None


def _report(question: Question, wanted: Wanted, earlier: Recovery | None) -> Report:
    """The plan: of now, or for what the earlier recovery began with, and for its time."""
    if earlier is not None:
        question = question._replace(target_dir=str(earlier.artifacts), manifest=None, detected_at=earlier.record.detected_at)
    history = aftershock.read_runs(wanted.run_results)
    return answer(question, partial(aftershock.plan, target=wanted.target, history=history, threads=wanted.threads), reads=True)


def _key(question: Question, wanted: Wanted) -> str:
    """What is asked, the same text for the same question."""
    return repr([*((name, value) for name, value in question._asdict().items() if name not in NOT_ASKED), wanted.target])


def _ended(recovery: Recovery, report: Report, ending: RecoveryEnding) -> int:
    text = aftershock.render_recovery_end(
        report,
        ending.state,
        number=ending.number,
        asked=ending.asked,
        skipped=ending.skipped,
        since=recovery.record.started_at,
        folder=str(recovery.folder),
        target_dir=str(recovery.target_dir),
    )
    emit(text)
    return LEFT_OUT if ending.skipped else EXIT_CODES[ending.state]


def _confirmed(question: str) -> bool:
    return click.confirm(question, default=False, err=True)


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
