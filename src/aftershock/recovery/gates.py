"""What must be true before anything is rebuilt: the cause is gone, the snapshot job waits, what may be lost is copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.impact.observed import read_sources
from aftershock.model import Category, Phase, Step
from aftershock.recovery.rules import BAD_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.recovery.people import People
    from aftershock.recovery.treatment import Treatment

CAUSES: dict[Category, tuple[str, str]] = {
    Category.DATA_QUALITY: (
        "Have the values corrected where they are loaded, back to the first bad row: a rebuild before that builds them again.",
        "Correct the cause first, its SQL or what it reads: a rebuild before that builds the same values again.",
    ),
    Category.PIPELINE_FAILURE: (
        "Have the load completed: a run before that builds old or partial data.",
        "Correct the error that dbt reported; a run before that fails again.",
    ),
    Category.SCHEMA_BREAK: (
        "Have the column restored, or adapt the SQL that reads it and give the column up explicitly.",
        "Restore the column, or adapt the SQL that reads it and give the column up explicitly.",
    ),
    Category.STALE_DATA: (
        "Have the load resumed, and wait until its freshness passes: a run before that builds the same old data.",
        "Find what it waits for: a run before new data is there builds the same old data.",
    ),
    Category.DATA_LOSS: (
        "Stop the schedule that writes here and below, have the rows restored and compare their number per day: any rebuild before that makes the loss permanent.",
        "Stop the schedule, then compare rows per day with what it reads: build it and what is below it only once nothing is missing upstream, else restore first.",
    ),
    Category.DUPLICATE_LOAD: (
        "Have the duplicates removed here, at the lowest layer, by key: everything above is rebuilt from it.",
        "Find the lowest layer that holds the duplicates and remove them there by key: everything above is rebuilt from it.",
    ),
}
"""What a category asks of a failing source's owner, and of the owner of a failing node that dbt builds."""

FOREIGN = "It belongs to another project: have it repaired there first."
LANDED = "Count the rows of the failed run's time: where any of them landed, delete them before an append run, or they are doubled."
HISTORY = "Check that what these read still holds their whole history: where it does not, leave their full refresh out and correct them with SQL."
PAUSE = (
    "Hold dbt snapshot, and dbt build which runs it, until its input is right: what it takes now stays in its history, and versions during the pause are lost."
)
COPY = "Copy these relations in the warehouse: what a later step drops, or a person changes, cannot be had from elsewhere."
SCHEDULER = "whoever schedules dbt"
OPERATOR = "whoever runs this plan"


def preamble(treatments: Sequence[Treatment], category: Category, graph: LineageGraph, people: People) -> Iterator[Phase]:
    """The phases gate, pause and backup, each only where there is something to do."""
    gates = (*_causes(treatments, category, graph, people), *_checks(treatments, category))
    if gates:
        yield Phase("gate", gates)
    snapshots = tuple(item.unique_id for item in treatments if item.shape == "snapshot")
    if snapshots and category is not Category.STALE_DATA:
        yield Phase("pause", (Step("pause", snapshots, PAUSE, who=SCHEDULER),))
    copied = tuple(item.unique_id for item in treatments if item.rule.copy)
    if copied:
        yield Phase("backup", (Step("backup", copied, COPY, who=OPERATOR),))


def gated_sources(treatments: Sequence[Treatment], category: Category, graph: LineageGraph) -> tuple[str, ...]:
    """The sources that somebody must repair first: failing ones; for stale data also those that failing nodes read."""
    failing = [item.unique_id for item in treatments if item.failing and item.shape not in {"exposure", "semantic", "export"}]
    if category is Category.STALE_DATA:
        return read_sources(failing, graph)
    return tuple(unique_id for unique_id in failing if graph.nodes[unique_id].resource_type == "source")


def _causes(treatments: Sequence[Treatment], category: Category, graph: LineageGraph, people: People) -> Iterator[Step]:
    of_source, of_built = CAUSES[category]
    sources = gated_sources(treatments, category, graph)
    wanted = [(unique_id, of_source) for unique_id in sources]
    for item in treatments:
        if item.rule.action == "gate" and item.shape == "foreign":
            wanted.append((item.unique_id, FOREIGN))
        elif item.failing and item.is_built and not (category is Category.STALE_DATA and set(read_sources([item.unique_id], graph)) & set(sources)):
            wanted.append((item.unique_id, of_built))
    grouped: dict[tuple[str, str], list[str]] = {}
    for unique_id, why in wanted:
        grouped.setdefault((why, people.of(unique_id)), []).append(unique_id)
    for (why, who), nodes in grouped.items():
        yield Step("gate", tuple(nodes), why, who=who)


def _checks(treatments: Sequence[Treatment], category: Category) -> Iterator[Step]:
    landed = _of(item for item in treatments if category is Category.PIPELINE_FAILURE and item.shape == "append" and "errored" in item.facts)
    if landed:
        yield Step("gate", landed, LANDED, who=OPERATOR)
    refreshed = _of(item for item in treatments if category in BAD_ROWS and item.rule.action == "full-refresh")
    if refreshed:
        yield Step("gate", refreshed, HISTORY, who=OPERATOR)


def _of(treatments: Iterable[Treatment]) -> tuple[str, ...]:
    return tuple(item.unique_id for item in treatments)
