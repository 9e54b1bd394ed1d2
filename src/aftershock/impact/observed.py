"""What dbt itself saw at the failing nodes: errors, only warnings, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from aftershock.model import BAD_STATUSES, Category

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.model import Freshness, Run, Seed

Observed = Literal["error", "warn", "none"]


def observed(seeds: Sequence[Seed], category: Category, graph: LineageGraph, run: Run | None, freshness: Freshness | None) -> Observed:
    """``warn`` only where there are results for every failing node and all of them are warnings; ``error`` where any is worse.

    Results that count: source freshness for stale data, the node's own for a pipeline failure, and otherwise those of the data tests that read it.
    """
    worst = [_worst(list(_statuses(seed, category, graph, run, freshness))) for seed in seeds]
    if "error" in worst:
        return "error"
    return "warn" if worst and all(item == "warn" for item in worst) else "none"


def _worst(statuses: list[str]) -> Observed:
    if any(status in BAD_STATUSES for status in statuses):
        return "error"
    return "warn" if "warn" in statuses else "none"


def _statuses(seed: Seed, category: Category, graph: LineageGraph, run: Run | None, freshness: Freshness | None) -> Iterator[str]:
    if seed.via and run is not None and seed.via in run.results:
        yield run.results[seed.via].status
    if category is Category.STALE_DATA:
        for source in read_sources([seed.unique_id], graph):
            if freshness is not None and source in freshness.sources:
                yield freshness.sources[source].status
    elif run is not None:
        if seed.unique_id in run.results:
            yield run.results[seed.unique_id].status
        if category is not Category.PIPELINE_FAILURE:
            yield from _tests(seed.unique_id, graph, run)


def _tests(unique_id: str, graph: LineageGraph, run: Run) -> Iterator[str]:
    """What the data tests that read this node say; a mere warning about another node is no evidence on this one, a failure may be."""
    for child in graph.children(unique_id):
        test = graph.nodes[child].test
        if test is not None and child in run.results:
            status = run.results[child].status
            if test.attached_node in {"", unique_id} or status in BAD_STATUSES:
                yield status


def read_sources(roots: Sequence[str], graph: LineageGraph) -> tuple[str, ...]:
    """The sources that these nodes are, or read: directly, or through views and ephemeral models, which hold no rows of their own."""
    found: dict[str, None] = {}
    stack, seen = list(roots), set(roots)
    while stack:
        unique_id = stack.pop()
        node = graph.nodes[unique_id]
        if node.resource_type == "source":
            found[unique_id] = None
        if unique_id in roots or not node.is_stored:
            fresh = [parent for parent in graph.parents(unique_id) if parent not in seen]
            seen.update(fresh)
            stack += fresh
    return tuple(sorted(found))
