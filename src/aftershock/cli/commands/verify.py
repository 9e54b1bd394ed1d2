"""``aftershock verify``: whether the recovery is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.completion import complete_nodes
from aftershock.cli.terminal import check, emit, reading, screen

if TYPE_CHECKING:
    from aftershock import Verification

NOT_REPAIRED = 1
SLUGS = [category.value for category in aftershock.Category]

EPILOG = """\b
Examples:
  aftershock verify stg_orders --since 2026-03-01T07:00
  aftershock verify raw.orders --category stale-data --since 2026-03-01T07:00
  aftershock verify --plan plan.json --since 2026-03-01T07:00 \\
      --run-results target-recovery
  aftershock verify raw.orders --category data-loss --since 2026-03-01T07:00 \\
      --confirmed raw.orders
  aftershock verify --since 2026-03-01T07:00 --format json

Give the time when the cause was corrected, or the repair began: what ran before
proves nothing. With NODEs, they and everything affected below them is judged;
with --plan, the nodes of a plan that aftershock plan --format json wrote, each
by the step that it has for it; with neither, the whole project.

dbt overwrites run_results.json with every command: give those of the earlier
steps with --run-results. What aftershock recover kept is found by itself.

Exit codes: 0 everything is repaired, 1 something is not or nothing shows it,
2 could not judge (no results are as new as that, a name is unknown).
"""


class Question(NamedTuple):
    """The options, as click hands them over."""

    nodes: tuple[str, ...]
    since: str
    category: str | None
    columns: tuple[str, ...]
    plan: str | None
    run_results: tuple[str, ...]
    confirmed: tuple[str, ...]
    target: str
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

    def validated(self) -> Question:
        """Itself.

        Raises:
            UsageError: options contradict each other.
        """
        if self.exclude and not self.select:
            raise aftershock.UsageError("--exclude", "it takes away from --select", "Give --select too")
        if self.manifest == inputs.STDIN:
            raise aftershock.UsageError("--manifest", "standard input has no results beside it", "Give a target directory with --target-dir")
        check(self.output)
        return self


@click.command("verify", epilog=EPILOG, short_help="What is repaired, what is still bad, and what was not run.")
@click.argument("nodes", nargs=-1, metavar="[NODE]...", shell_complete=complete_nodes)
@click.option("--since", required=True, metavar="TIME", help="From when on results count: 2026-03-01T07:00, UTC or with a zone.")
@click.option("--category", type=click.Choice(SLUGS), metavar="SLUG", help=f"What happened to the NODEs: {', '.join(SLUGS)}.")
@click.option("--column", "columns", multiple=True, metavar="NAME", help="A column of the failing nodes: only what it reaches is judged. Repeatable.")
@click.option("--plan", metavar="FILE", type=options.FILE, help="The plan that was followed, in JSON, instead of NODEs.")
@click.option("--run-results", multiple=True, metavar="FILE", type=options.FILE, help="Results of a step, or a directory of them. Repeatable.")
@click.option("--confirmed", multiple=True, metavar="NODE", help="A node for which a person vouches; outweighs no bad result. Repeatable.")
@click.option("--target", default="", metavar="NAME", help="dbt's target of the incident: runs of others do not count. Default: as recorded.")
@options.target_dir
@click.option("--manifest", metavar="FILE", type=options.FILE, help="A manifest instead of a directory; its neighbours are read too.")
@click.option("--select", "-s", multiple=True, metavar="SELECTOR", help="Failing nodes in dbt's selector grammar. Repeatable.")
@click.option("--exclude", multiple=True, metavar="SELECTOR", help="Nodes to take away from --select. Repeatable.")
@options.dialect
@options.variables
@options.config
@options.no_cache
@click.option("--format", "format_", type=click.Choice(aftershock.VERIFY_FORMATS), default="text", show_default=True, help="How to print it.")
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write to this file instead, in one step.")
@click.option("--all", "show_all", is_flag=True, help="Everything, with the evidence of each judgement, not only the first screen.")
def command(**given: Any) -> int:  # noqa: ANN401  # typed by Question
    """What is repaired, what is still bad, and what was not run.

    NODE is what failed, as you would say it; - reads names from standard input,
    one a line. Nothing is run: dbt's own results since a time are judged.
    """
    question = Question(**given).validated()
    found = _answer(question)
    shown = screen(question.output)
    text = aftershock.render_verification(found, question.format_, width=shown.width, colour=shown.colour, show_all=question.show_all)
    emit(text, question.output)
    return 0 if found.is_repaired else NOT_REPAIRED


def _answer(question: Question) -> Verification:
    piped = inputs.names_from_stdin() if inputs.STDIN in question.nodes else []
    plan = aftershock.read_plan(question.plan) if question.plan is not None else None
    found = inputs.read(question.target_dir, question.manifest, question.config, cached=not question.no_cache)
    recorded = aftershock.read_recorded(question.run_results, target_dir=found.manifest.parent if found.manifest is not None else None)
    selected: tuple[str, ...] = ()
    if question.select:
        selected = aftershock.find(found.artifacts, question.select, question.exclude, policy=found.policy, configs=found.configs, patches=found.patches)
    with reading() as progress:
        variables = aftershock.variables(question.given_vars) if question.given_vars else None
        followed = bool(question.columns)
        reader = found.lineage(question.dialect, variables=variables, cached=not question.no_cache, progress=progress) if followed else None
        return aftershock.verify(
            found.artifacts,
            [name for name in question.nodes if name != inputs.STDIN] + piped,
            question.category,
            since=question.since,
            selected=selected,
            recorded=recorded,
            plan=plan,
            target=question.target,
            confirmed=question.confirmed,
            columns=question.columns,
            catalog=found.catalog(),
            reader=reader,
            policy=found.policy,
            patches=found.patches,
        )
