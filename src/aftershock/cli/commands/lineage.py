"""``aftershock lineage``: where columns come from, and where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.completion import complete_nodes
from aftershock.cli.terminal import check, emit, reading, screen

if TYPE_CHECKING:
    from aftershock import LineageReport

OPENLINEAGE = "openlineage"

EPILOG = """\b
Examples:
  aftershock lineage fct_orders.amount
  aftershock lineage stg_customers --column email --direction down
  aftershock lineage source:raw.orders --column status --depth 2 --all
  aftershock lineage fct_orders --format mermaid --output fct_orders.mmd
  aftershock lineage fct_orders --direction up --format openlineage
  aftershock lineage stg_orders --target-dir prod/target --vars 'run: daily'

A NODE is whatever you have at hand, as for `aftershock assess`; NODE.COLUMN
names one column. Without a column it is about all of the node's columns, and
about its rows.

What is read is the SQL that dbt compiled; where there is none, the template is
rendered without dbt and without the warehouse. What cannot be read is listed
with its reason, and everything that depends on it counts as uncertain.

Exit codes: 0 answered, 2 could not run.
"""


class Question(NamedTuple):
    """The options, as click hands them over."""

    node: str
    columns: tuple[str, ...]
    direction: str
    depth: int | None
    target_dir: str | None
    manifest: str | None
    dialect: str
    given_vars: str
    no_cache: bool
    format_: str
    output: str | None
    show_all: bool


@click.command("lineage", epilog=EPILOG, short_help="Where columns come from, and where they go.")
@click.argument("node", metavar="NODE", shell_complete=complete_nodes)
@click.option("--column", "columns", multiple=True, metavar="NAME", help="A column of NODE to follow. Repeatable. Default: all.")
@click.option("--direction", type=click.Choice(["up", "down", "both"]), default="both", show_default=True, help="Where to look.")
@click.option("--depth", type=int, metavar="N", help="At most so many nodes away. Default: all.")
@options.target_dir
@click.option("--manifest", metavar="FILE", type=options.FILE, help="A manifest instead of a directory; - reads standard input.")
@options.dialect
@options.variables
@options.no_cache
@click.option("--format", "format_", type=click.Choice(aftershock.LINEAGE_FORMATS), default="text", show_default=True, help="How to print it.")
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write to this file instead, in one step.")
@click.option("--all", "show_all", is_flag=True, help="Everything, not only the first screen.")
def command(**given: Any) -> None:  # noqa: ANN401  # typed by Question
    """Where columns come from, and where they go.

    NODE is a node as you would say it, or one of its columns: fct_orders,
    fct_orders.amount.
    """
    question = Question(**given)
    check(question.output)
    report = _answer(question)
    shown = screen(question.output)
    emit(
        aftershock.render_lineage(report, question.format_, width=shown.width, colour=shown.colour, show_all=question.show_all),
        question.output,
    )


def _answer(question: Question) -> LineageReport:
    variables = aftershock.variables(question.given_vars) if question.given_vars else None
    found = inputs.read(question.target_dir, question.manifest, cached=not question.no_cache)
    with reading() as progress:
        reader = found.lineage(question.dialect, variables=variables, cached=not question.no_cache, progress=progress)
        return aftershock.lineage(
            found.artifacts,
            question.node,
            columns=question.columns,
            direction=question.direction,
            depth=question.depth,
            facets=question.format_ == OPENLINEAGE,
            reader=reader,
            patches=found.patches if found.manifest is not None else None,
        )
