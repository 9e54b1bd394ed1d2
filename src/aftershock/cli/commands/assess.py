"""``aftershock assess``: the main question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.completion import complete_nodes
from aftershock.cli.terminal import check, emit, reading, screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock import ProjectLineage, Report

GATE = 1
SLUGS = [category.value for category in aftershock.Category]
LEVELS = click.Choice([level.value for level in aftershock.Severity], case_sensitive=False)

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

A NODE is whatever you have at hand: a name (stg_orders), package.name, a
version (dim_customers.v2), a relation (db.schema.table), a source (raw.orders),
an exposure or metric, a file path, a test (it stands for what it tests), a
YAML file (it stands for what it defines or describes), or a unique_id.

Files in a list on standard input that hold no node are left out, with a word
on each. If nothing in the list is a node, the answer is that, with exit code 0.

Exit codes: 0 answered, 1 the severity reaches --fail-on, 2 could not run.
"""


class Question(NamedTuple):
    """The options, as click hands them over."""

    nodes: tuple[str, ...]
    category: str
    columns: tuple[str, ...]
    since: str
    until: str
    detected_at: str
    unconfirmed: bool
    severity: str | None
    reason: str
    target_dir: str | None
    manifest: str | None
    select: tuple[str, ...]
    exclude: tuple[str, ...]
    dialect: str
    given_vars: str
    config: str | None
    no_cache: bool
    format_: str
    output: str | None
    show_all: bool
    fail_on: str | None

    def validated(self) -> Question:
        """Itself.

        Raises:
            UsageError: nothing is asked about, or options contradict each other.
        """
        if not self.nodes and not self.select:
            raise aftershock.UsageError("NODE", "nothing is named", "Name what failed, or select it with --select")
        if self.exclude and not self.select:
            raise aftershock.UsageError("--exclude", "it takes away from --select", "Give --select too")
        if inputs.STDIN in self.nodes and self.manifest == inputs.STDIN:
            raise aftershock.UsageError("-", "NODE - and --manifest - both read standard input", "Give one of them otherwise")
        check(self.output)
        return self


@click.command("assess", epilog=EPILOG, short_help="What is affected, who must know, how bad it is and what to run.")
@click.argument("nodes", nargs=-1, metavar="[NODE]...", shell_complete=complete_nodes)
@click.option("--category", type=click.Choice(SLUGS), metavar="SLUG", required=True, help=f"What happened to them: {', '.join(SLUGS)}.")
@click.option("--column", "columns", multiple=True, metavar="NAME", help="A column of the failing nodes: only what it reaches is affected. Repeatable.")
@click.option("--since", default="", metavar="TIME", help="When the data became bad: 2026-03-01T06:00, UTC or with a zone.")
@click.option("--until", default="", metavar="TIME", help="When it stopped being bad.")
@click.option("--detected-at", default="", metavar="TIME", help="When it was noticed; deadlines count from here. Default: now.")
@click.option("--unconfirmed", is_flag=True, help="A data loss that is inferred, or whose rows an intact upstream has.")
@click.option("--severity", type=LEVELS, metavar="P0|P1|P2|P3", help="Your own level instead of the policy's; needs --reason.")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@options.target_dir
@click.option("--manifest", metavar="FILE", type=options.FILE, help="A manifest instead of a directory; - reads standard input.")
@click.option("--select", "-s", multiple=True, metavar="SELECTOR", help="Failing nodes in dbt's selector grammar. Repeatable.")
@click.option("--exclude", multiple=True, metavar="SELECTOR", help="Nodes to take away from --select. Repeatable.")
@options.dialect
@options.variables
@options.config
@options.no_cache
@click.option("--format", "format_", type=click.Choice(aftershock.FORMATS), default="text", show_default=True, help="How to print it.")
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write to this file instead, in one step.")
@click.option("--all", "show_all", is_flag=True, help="Everything, not only the first screen.")
@click.option("--fail-on", type=LEVELS, metavar="P0|P1|P2|P3", help="Exit with 1 if the severity is this level or worse. Default: never.")
def command(**given: Any) -> int:  # noqa: ANN401  # typed by Question
    """What is affected, who must know, how bad it is and what to run.

    NODE is what failed, as you would say it; - reads names or paths from
    standard input, one a line.
    """
    question = Question(**given).validated()
    try:
        report = _answer(question)
    except aftershock.NothingListed as found:  # a list that a program wrote may well hold no node: that is an answer
        emit(aftershock.render_nothing(found.reasons, question.format_), question.output)
        return 0
    shown = screen(question.output)
    emit(
        aftershock.render(report, question.format_, width=shown.width, colour=shown.colour, show_all=question.show_all),
        question.output,
    )
    return _gate(report, question.fail_on)


def _answer(question: Question) -> Report:
    piped = inputs.names_from_stdin() if inputs.STDIN in question.nodes else []
    found = inputs.read(question.target_dir, question.manifest, question.config, cached=not question.no_cache)
    names = [name for name in question.nodes if name != inputs.STDIN] + piped
    selected: tuple[str, ...] = ()
    if question.select:
        selected = aftershock.find(found.artifacts, question.select, question.exclude, policy=found.policy, configs=found.configs, patches=found.patches)
    with reading() as progress:
        reader = _reader(question, found, progress) if question.columns else None
        return aftershock.assess(
            found.artifacts,
            names,
            question.category,
            selected=selected,
            policy=found.policy,
            since=question.since,
            until=question.until,
            detected_at=question.detected_at,
            columns=question.columns,
            reader=reader,
            confirmed=not question.unconfirmed,
            severity=question.severity,
            reason=question.reason,
            skip_files=bool(piped),
            patches=found.patches if found.manifest is not None else None,
        )


def _reader(question: Question, found: inputs.Inputs, progress: Callable[[int, int], None] | None) -> ProjectLineage:
    variables = aftershock.variables(question.given_vars) if question.given_vars else None
    return found.lineage(question.dialect, variables=variables, cached=not question.no_cache, progress=progress)


def _gate(report: Report, fail_on: str | None) -> int:
    level = report.assessment.severity.level
    if fail_on is None or not level.at_least(aftershock.Severity(fail_on)):
        return 0
    click.echo(f"--fail-on {fail_on}: the severity is {level.value}.", err=True)
    return GATE
