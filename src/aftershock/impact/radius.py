"""Failing nodes and a category into a BlastRadius: every affected node with its proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.impact.effects import BUILT, effects_of, seen_skipped
from aftershock.model import UNAFFECTED_TYPES, Affected, BlastRadius, Effect, HiddenConsumer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Literal

    from aftershock.graph import LineageGraph
    from aftershock.impact.narrowing import Narrowed
    from aftershock.model import Category, Node, ProjectInfo, Run, Seed
    from aftershock.model.lineage import Consequence


def blast_radius(  # noqa: PLR0913  # the failing nodes and all that is known about them
    seeds: Sequence[Seed], category: Category, graph: LineageGraph, *, info: ProjectInfo, run: Run | None = None, narrowed: Narrowed | None = None
) -> BlastRadius:
    """Everything that the failing nodes reach along dbt's edges, overlaps counted once; or what their columns reach.

    Args:
        seeds: the failing nodes, each an enabled node of the graph.
        category: what happened; decides the effects.
        graph: the project's lineage.
        info: which dbt wrote the artifacts; decides what a "skipped" means.
        run: the last run; what it really skipped is added to the effects.
        narrowed: what happens to whom below the columns that are concerned; what is not in it is not affected.
    """
    roots = tuple(dict.fromkeys(seed.unique_id for seed in seeds))
    routes = _routes(roots, graph, narrowed)
    depths = {unique_id: len(route) - 1 for unique_id, route in routes.items()}
    effects = effects_of(category, roots, graph, depths) if narrowed is None else {}
    skipped = seen_skipped(run, info)
    reached = sorted(
        (unique_id for unique_id in routes if graph.nodes[unique_id].resource_type not in UNAFFECTED_TYPES),
        key=lambda unique_id: (depths[unique_id], unique_id),
    )
    affected = tuple(
        _affected(graph.nodes[unique_id], routes[unique_id], effects[unique_id], unique_id in skipped)
        if narrowed is None
        else _concerned(graph.nodes[unique_id], routes[unique_id], narrowed.consequences[unique_id])
        for unique_id in reached
    )
    tests = tuple(sorted(unique_id for unique_id in routes if graph.nodes[unique_id].resource_type == "test"))
    hidden = tuple(_hidden(reached, graph))
    return BlastRadius(category, tuple(seeds), affected, hidden, tests, *((narrowed.columns, narrowed.coverage) if narrowed is not None else ()))


def _routes(roots: tuple[str, ...], graph: LineageGraph, narrowed: Narrowed | None) -> dict[str, tuple[str, ...]]:
    """A path to everything affected; through affected nodes where there is such a path, as there is not where only a test of two nodes stops dbt."""
    if narrowed is None:
        return graph.routes(roots)
    within = graph.routes(roots, narrowed.consequences)
    if len(within) < len(narrowed.consequences):
        everywhere = graph.routes(roots)
        within.update((unique_id, everywhere[unique_id]) for unique_id in narrowed.consequences if unique_id not in within and unique_id in everywhere)
    return within


def _concerned(node: Node, path: tuple[str, ...], found: Consequence) -> Affected:
    certainty: Literal["node", "column"] = "column" if found.certain else "node"
    return Affected(
        node.unique_id, node.resource_type, node.label, node.relation_name, len(path) - 1, path, found.effects, certainty, found.columns, found.steps, found.why
    )


def _affected(node: Node, path: tuple[str, ...], effects: tuple[Effect, ...], skipped: bool) -> Affected:  # noqa: FBT001  # called for every node: a keyword costs
    if skipped and node.resource_type in BUILT and Effect.SKIPPED not in effects:
        effects = (*effects, Effect.SKIPPED)
    return Affected(node.unique_id, node.resource_type, node.label, node.relation_name, len(path) - 1, path, effects)


def _hidden(reached: Sequence[str], graph: LineageGraph) -> Iterator[HiddenConsumer]:
    """Readers that dbt's graph does not show: other projects, exports, and sources that read what a node here writes."""
    for unique_id in reached:
        node = graph.nodes[unique_id]
        if node.resource_type == "model" and node.access == "public":
            yield HiddenConsumer("public_model", unique_id, f"{node.label} is public: other projects may read it")
        for export in node.exports:
            yield HiddenConsumer("export", unique_id, f"{node.label} writes {export.relation or export.name} outside dbt's graph")
    known = frozenset(reached)
    by_relation = _by_relation(graph.nodes.values())
    for unique_id in reached:
        for other in by_relation.get(_relation(graph.nodes[unique_id]), ()):
            if other not in known:
                what = f"{graph.nodes[other].label} is the same relation as {graph.nodes[unique_id].label}, but dbt draws no edge between them"
                yield HiddenConsumer("same_relation", unique_id, what, _beyond(other, known, by_relation, graph))


def _beyond(start: str, known: frozenset[str], by_relation: Mapping[str, Sequence[str]], graph: LineageGraph) -> tuple[str, ...]:
    """What is reached from ``start`` along dbt's edges and across relations that two nodes share, less what is known to be affected."""
    found: set[str] = set()
    todo = [start]
    while todo:
        new = graph.descendants(todo).keys() - found - known
        found |= new
        todo = [twin for item in sorted(new) for twin in by_relation.get(_relation(graph.nodes[item]), ()) if twin not in found and twin not in known]
    return tuple(sorted(item for item in found if graph.nodes[item].resource_type not in UNAFFECTED_TYPES))


def _relation(node: Node) -> str:
    """A key under which one relation is found again however it is quoted; empty where a node has none.

    Old manifests give seeds, and models that were not compiled, no relation_name, only its parts.
    """
    if not node.is_relation:
        return ""
    written = node.relation_name
    if not written and node.schema and node.identifier:
        written = ".".join(part for part in (node.database, node.schema, node.identifier) if part)
    for quote in _QUOTES:  # over ten thousand names, many times faster than one translate
        written = written.replace(quote, "")
    return written.casefold()


_QUOTES = ('"', "`", "[", "]")


def _by_relation(nodes: Iterable[Node]) -> Mapping[str, list[str]]:
    """Relations that are written or read under more than one node."""
    found: dict[str, list[str]] = {}
    for node in nodes:
        if key := _relation(node):
            found.setdefault(key, []).append(node.unique_id)
    return {key: unique_ids for key, unique_ids in found.items() if len(unique_ids) > 1}
