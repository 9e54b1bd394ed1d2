"""``aftershock plan``: what to run to repair it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import aftershock
from aftershock.cli import options
from aftershock.cli.question import Question, answer, asked
from aftershock.cli.terminal import check, emit, screen

if TYPE_CHECKING:
    from aftershock import Report

ENGINES = ("dbt", "dagster", "sql")
SHELLS = aftershock.PLAN_SHELLS

EPILOG = """\b
Examples:
  aftershock plan stg_orders --category data-quality --since 2026-03-01T06:00
  aftershock plan --select result:error --category pipeline-failure
  aftershock plan raw.orders --category data-loss --target prod \\
      --format sh --output plan.sh && bash plan.sh --list
  aftershock plan fct_orders --category duplicate-load --format markdown
  aftershock plan fct_orders --category data-quality --engine dagster
  aftershock plan stg_orders --category data-quality --shell powershell
  aftershock plan stg_orders --category pipeline-failure \\
      --run-results monday/run_results.json --run-results tuesday/

A NODE is whatever you have at hand, as for `aftershock assess`.

Nothing is run. --format sh is a script for bash that runs exactly the plan's
commands: bash plan.sh [--yes-irreversible] [--target NAME] [--from N] [--list].
Before a step that could destroy something it stops, unless it is told
--yes-irreversible. Where the artifacts do not say which target failed, it runs
nothing without --target.

--shell powershell is for PowerShell 7.3 or later; 5.1 takes away double quotes
inside a word.

Exit codes: 0 answered, 2 could not run.
"""


class Wanted(NamedTuple):
    """The options of the plan itself, as click hands them over."""

    target: str
    engine: str
    shell: str
    run_results: tuple[str, ...]
    threads: int | None
    format_: str
    output: str | None
    show_all: bool


@click.command("plan", epilog=EPILOG, short_help="The way back: what to run, in which order, and what it could destroy.")
@asked
@click.option("--target", default="", metavar="NAME", help="dbt's target that failed, where the artifacts do not say it.")
@click.option("--engine", type=click.Choice(ENGINES), default=ENGINES[0], show_default=True, help="What rebuilds.")
@click.option("--shell", type=click.Choice(SHELLS), default=SHELLS[0], show_default=True, help="Whose quoting the commands have.")
@click.option("--run-results", multiple=True, metavar="FILE", type=options.FILE, help="Earlier run results, or a directory of them. Repeatable.")
@click.option("--threads", type=click.IntRange(min=1), metavar="N", help="How many nodes dbt builds at once. Default: as the runs say.")
@click.option("--format", "format_", type=click.Choice(aftershock.PLAN_FORMATS), default="text", show_default=True, help="How to print it.")
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write to this file instead, in one step.")
@click.option("--all", "show_all", is_flag=True, help="Every name of a step, not only the first ones.")
def command(**given: Any) -> int:  # noqa: ANN401  # typed by Question and Wanted
    """The way back: what to run, in which order, and what it could destroy.

    NODE is what failed, as you would say it; - reads names or paths from
    standard input, one a line.
    """
    question, wanted = Question.taken(given), Wanted(**given)
    check(wanted.output)
    try:
        report = _answer(question, wanted)
    except aftershock.NothingListed as found:  # a list that a program wrote may well hold no node: that is an answer
        emit(aftershock.render_no_plan(found.reasons, wanted.format_), wanted.output)
        return 0
    shown = screen(wanted.output)
    emit(aftershock.render_plan(report, wanted.format_, width=shown.width, colour=shown.colour, show_all=wanted.show_all, shell=wanted.shell), wanted.output)
    return 0


def _answer(question: Question, wanted: Wanted) -> Report:
    history = aftershock.read_runs(wanted.run_results)
    ask = partial(aftershock.plan, engine=wanted.engine, target=wanted.target, history=history, threads=wanted.threads)
    return answer(question, ask, reads=True)
