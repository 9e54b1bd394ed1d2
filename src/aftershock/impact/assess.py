"""Failing nodes and a category into an Assessment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.impact import markers as marked
from aftershock.impact.clocks import deadlines
from aftershock.impact.people import consumers, dashboards, owners
from aftershock.impact.radius import blast_radius
from aftershock.impact.severity import judge
from aftershock.model import Assessment, Impact, Markers, Window
from aftershock.phrases import counted, listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aftershock.columns.project import ProjectLineage
    from aftershock.graph import LineageGraph
    from aftershock.impact.markers import Mark
    from aftershock.impact.narrowing import Narrowed
    from aftershock.model import Artifacts, BlastRadius, Category, Node, Policy, Seed, Severity

MOST_NAMES = 5


def assess(  # noqa: PLR0913  # the public question of this room
    artifacts: Artifacts,
    graph: LineageGraph,
    seeds: Sequence[Seed],
    category: Category,
    *,
    policy: Policy,
    detected_at: str,
    window: Window = Window(),  # noqa: B008  # frozen
    columns: Sequence[str] = (),
    reader: ProjectLineage | None = None,
    confirmed: bool = True,
    override: tuple[Severity, str] | None = None,
) -> Assessment:
    """What is affected, who must know and how bad it is.

    Args:
        artifacts: what dbt left.
        graph: the lineage of the artifacts' project.
        seeds: the failing nodes.
        category: what happened to them.
        policy: what is in force.
        detected_at: ISO 8601 in UTC; the clocks start here.
        window: when the data was bad, as far as known.
        columns: columns of the failing nodes that are concerned; their owners come first.
        reader: column lineage of the project; what is affected is narrowed to what these columns reach.
        confirmed: see :func:`aftershock.impact.severity.judge`.
        override: a person's level and reason.
    """
    narrowed = _narrowed(reader, seeds, columns, category, artifacts)
    radius = blast_radius(seeds, category, graph, info=artifacts.project.info, run=artifacts.run, narrowed=narrowed)
    verdict = judge(radius, graph, policy, run=artifacts.run, freshness=artifacts.freshness, confirmed=confirmed, override=override)
    nodes = [graph.nodes[item.unique_id] for item in radius.affected]
    boards = dashboards(radius, graph, policy)
    owned, unowned = owners(radius, graph, artifacts.project.groups, policy, columns)
    return Assessment(
        radius,
        verdict,
        tuple(node.unique_id for node in nodes if node.is_relation),
        boards,
        tuple(node.unique_id for node in nodes if node.resource_type == "metric"),
        consumers(boards, radius, graph),
        owned,
        unowned,
        _impact(nodes, marked.financial, policy.markers, policy.markers.financial),
        _impact(nodes, marked.regulatory, policy.markers, policy.markers.regulatory, marked.privacy),
        _impact(nodes, marked.customer_facing, policy.markers, policy.markers.customer_facing),
        window,
        detected_at,
        deadlines(detected_at, verdict.level, policy.clocks),
        tuple(_notes(radius, graph, columns)),
        confirmed,
    )


def _narrowed(reader: ProjectLineage | None, seeds: Sequence[Seed], columns: Sequence[str], category: Category, artifacts: Artifacts) -> Narrowed | None:
    if reader is None or not columns:
        return None
    from aftershock.impact.narrowing import narrow  # most questions name no column, and do not wait for what follows them

    return narrow(reader, seeds, columns, category, artifacts.run)


def _impact(
    nodes: Sequence[Node],
    find: Callable[[Node, Markers], Mark | None],
    markers: Markers,
    words: tuple[str, ...],
    ask: Callable[[Node, Markers], Mark | None] | None = None,
) -> Impact:
    found = [mark for node in nodes if (mark := find(node, markers)) is not None]
    asked = [mark for node in nodes if ask is not None and (mark := ask(node, markers)) is not None]
    return marked.tri_state(found, bool(nodes) and all(marked.denies(node, words) for node in nodes), asked)


def _notes(radius: BlastRadius, graph: LineageGraph, columns: Sequence[str]) -> Iterator[str]:
    yield from dict.fromkeys(f"{graph.nodes[seed.unique_id].label}: {seed.note}" for seed in radius.seeds if seed.note)
    if not columns:
        return
    if radius.coverage is None:
        from aftershock.impact.narrowing import NARROWING

        why = "was not looked up in its SQL" if radius.category in NARROWING else f"does not matter: {radius.category.value} concerns whole rows"
        yield f"Everything downstream is listed: which of it reads {', '.join(columns)} {why}."
    else:
        may = {item.unique_id for item in radius.affected if item.certainty == "node"}
        unread = [graph.nodes[item.unique_id].label for item in radius.coverage.unread if item.unique_id in may]
        if unread:
            yield f"What reads {', '.join(columns)} could not be looked up in {counted(len(unread), 'node')}, which may be affected: {listing(unread, MOST_NAMES)}."
