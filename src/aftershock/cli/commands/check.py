"""``aftershock check``: what a pull request breaks, before it merges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import aftershock
from aftershock.cli import options
from aftershock.cli.checking import Question, answer, tried
from aftershock.cli.terminal import check, emit, screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.cli.checking import Answer

BASE = "AFTERSHOCK_BASE"
CODES = {"passed": 0, "failed": 1, "not-judged": 2}
LEVELS = click.Choice(["breaking", "risky", "P0", "P1", "P2", "P3", "never"], case_sensitive=False)

EPILOG = """\b
Examples:
  aftershock check --base prod-target
  aftershock check --base prod-target --head target --fail-on risky
  aftershock check --base prod-target --base-ref origin/main \\
      --format github --also markdown=comment.md --also sarif=check.sarif
  aftershock check --base-ref origin/main --base-manifest-cmd 'dbt parse'
  aftershock check --base-catalog monday/catalog.json \\
      --head-catalog target/catalog.json
  aftershock check --base prod-target --changed models/staging/stg_orders.sql
  aftershock check --backtest 20 --base-manifest-cmd 'dbt deps && dbt parse'

The base is what is merged already, the head what is to be merged. Models that
the same change adapts are judged by their new SQL.

The base's aftershock.yml says what fails the check and what is accepted. What
the head changes in it is shown, and rules only after the merge.

Exit codes: 0 passed, 1 the policy fails it, 2 could not run or could not judge.
"""


@click.command("check", epilog=EPILOG, short_help="What a pull request breaks, before it merges.")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=options.FILE)
@click.option(
    "--base", metavar="DIR", type=options.FILE, envvar=BASE, help=f"The target directory of what is merged already. Default: the environment's {BASE}."
)
@click.option("--head", metavar="DIR", type=options.FILE, help="That of the change. Default: the project at or above the current directory.")
@click.option("--base-ref", metavar="REF", help="The commit that the change goes onto: its aftershock.yml rules.")
@click.option("--base-manifest-cmd", metavar="CMD", help="Run in a copy of that commit, has dbt write the base's manifest: 'dbt parse'.")
@click.option("--base-catalog", metavar="FILE", type=options.FILE, help="What the warehouse had: a catalog.json, with --head-catalog.")
@click.option("--head-catalog", metavar="FILE", type=options.FILE, help="What it has now: sources that lost columns are changes too.")
@click.option("--changed", is_flag=True, help="Put the FILEs into the base, or what git says was changed; dbt does not run.")
@click.option("--backtest", type=click.IntRange(1, 1000), metavar="N", help="Check the last N merges instead: what the policy would have stopped.")
@click.option("--fail-on", type=LEVELS, metavar="LEVEL", help="breaking, risky, P0, P1, P2, P3 or never. Default: the policy's, which is breaking.")
@options.config
@options.dialect
@options.variables
@options.no_cache
@click.option("--format", "format_", type=click.Choice(aftershock.CHECK_FORMATS), default="text", show_default=True, help="How to print it.")
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write to this file instead, in one step.")
@click.option("--also", multiple=True, metavar="FORMAT=FILE", help="Write it in another format too. Repeatable.")
@click.option("--all", "show_all", is_flag=True, help="Everything, not only the first screen.")
def command(**given: Any) -> int:  # noqa: ANN401  # typed by Question
    """What a pull request breaks, before it merges.

    Two projects are compared: which models then fail, lose columns or get other
    values, and which dashboards and people that reaches. FILEs are compared only
    with --changed.
    """
    question = Question(**given).validated()
    also = [_pair(text) for text in question.also]
    places = [question.output, *(file for _, file in also)]
    for place in places:
        check(place)
    _refuse_twice(places)
    if question.backtest is not None:
        return _backtest(question)
    found = answer(question)
    for format_, file in also:
        emit(_rendered(question, found, format_, file), file)
    emit(_rendered(question, found, question.format_, question.output), question.output)
    return CODES[found.report.outcome]


def _refuse_twice(places: Sequence[str | None]) -> None:
    """Refuse a file that would be written twice."""
    files = [Path(place).resolve() for place in places if place is not None and place != "-"]
    for number, file in enumerate(files):
        if file in files[:number] and (file.is_file() or not file.exists()):  # a device takes them all
            raise aftershock.UsageError("--also", f"{file} would be written twice", "Give each format a file of its own")


def _pair(text: str) -> tuple[str, str]:
    format_, equals, file = text.partition("=")
    if format_ not in aftershock.CHECK_FORMATS or not equals or not file:
        formats = ", ".join(aftershock.CHECK_FORMATS)
        raise aftershock.UsageError("--also", f"{text!r} is no format and file", f"Write it as markdown=comment.md; formats are {formats}")
    return format_, file


def _rendered(question: Question, found: Answer, format_: str, output: str | None) -> str:
    shown = screen(output)
    return aftershock.render_check(found.report, format_, width=shown.width, colour=shown.colour, show_all=question.show_all, prefix=found.prefix)


def _backtest(question: Question) -> int:
    if question.format_ not in aftershock.BACKTEST_FORMATS:
        raise aftershock.UsageError("--format", f"a backtest has no format {question.format_}", f"Use one of: {', '.join(aftershock.BACKTEST_FORMATS)}")
    found = tried(question, lambda text: click.echo(aftershock.terminal_text(f"Checking {text}"), err=True))
    shown = screen(question.output)
    emit(aftershock.render_backtest(found, question.format_, width=shown.width, colour=shown.colour), question.output)
    return 0
