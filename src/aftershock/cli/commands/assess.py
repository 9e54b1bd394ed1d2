"""``aftershock assess``: the main question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

import aftershock
from aftershock.cli import options
from aftershock.cli.question import LEVELS, Question, answer, asked, found
from aftershock.cli.terminal import check, emit, screen

if TYPE_CHECKING:
    from aftershock import Report

GATE = 1

EPILOG = """\b
Examples:
  aftershock assess stg_orders --category data-quality
  aftershock assess raw.orders --category stale-data --target-dir prod/target
  aftershock assess stg_payments --category schema-break --column method
  aftershock assess --select result:error --category pipeline-failure
  git diff --name-only | aftershock assess - --category data-quality
  aftershock assess dim_customers --category data-loss --unconfirmed \\
      --since 2026-03-01T06:00 --format markdown --output impact.md
  aftershock assess stg_orders --category data-quality --fail-on P1
  aftershock assess

A NODE is whatever you have at hand: a name (stg_orders), package.name, a
version (dim_customers.v2), a relation (db.schema.table), a source (raw.orders),
an exposure or metric, a file path, a test (it stands for what it tests), a
YAML file (it stands for what it defines or describes), or a unique_id.

Files in a list on standard input that hold no node are left out, with a word
on each. If nothing in the list is a node, the answer is that, with exit code 0.

Exit codes: 0 answered, 1 the severity reaches --fail-on, 2 could not run.
"""


class Wanted(NamedTuple):
    """The options of the answer itself, as click hands them over."""

    format_: str
    output: str | None
    show_all: bool
    fail_on: str | None


@click.command("assess", epilog=EPILOG, short_help="What is affected, who must know, how bad it is and what to run.")
@asked
@click.option("--format", "format_", type=click.Choice(aftershock.FORMATS), default="text", show_default=True, help="How to print it.")
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write to this file instead, in one step.")
@click.option("--all", "show_all", is_flag=True, help="Everything, not only the first screen.")
@click.option("--fail-on", type=LEVELS, metavar="P0|P1|P2|P3", help="Exit with 1 if the severity is this level or worse. Default: never.")
def command(**given: Any) -> int:  # noqa: ANN401  # typed by Question and Wanted
    """What is affected, who must know, how bad it is and what to run.

    NODE is what failed, as you would say it; - reads names or paths from
    standard input, one a line. Without a NODE, each incident that aftershock
    detect finds is assessed.
    """
    question, wanted = Question.taken(given, named=False), Wanted(**given)
    check(wanted.output)
    if not question.names:
        return _found(question, wanted)
    try:
        report = answer(question, aftershock.assess)
    except aftershock.NothingListed as nothing:  # a list that a program wrote may well hold no node: that is an answer
        emit(aftershock.render_nothing(nothing.reasons, wanted.format_), wanted.output)
        return 0
    shown = screen(wanted.output)
    emit(aftershock.render(report, wanted.format_, width=shown.width, colour=shown.colour, show_all=wanted.show_all), wanted.output)
    return _gate([report], wanted.fail_on)


def _found(question: Question, wanted: Wanted) -> int:
    """The answer where nothing is named."""
    _, detection, assessed = found(question)
    reports = [report for _, report in assessed]
    shown = screen(wanted.output)
    if reports or wanted.format_ == "json":
        emit(aftershock.render_found(reports, wanted.format_, width=shown.width, colour=shown.colour, show_all=wanted.show_all), wanted.output)
    else:
        emit(aftershock.render_detection(detection, "text", width=shown.width, colour=shown.colour), wanted.output)
    if reports:
        for proposal in detection.incidents:
            if not proposal.roots:
                click.echo(aftershock.terminal_text(f"Not assessed, since it names no node: {proposal.title}."), err=True)
    return _gate(reports, wanted.fail_on)


def _gate(reports: list[Report], fail_on: str | None) -> int:
    level = min((report.assessment.severity.level for report in reports), key=lambda level: level.rank, default=None)
    if fail_on is None or level is None or not level.at_least(aftershock.Severity(fail_on)):
        return 0
    click.echo(f"--fail-on {fail_on}: the severity is {level.value}.", err=True)
    return GATE
