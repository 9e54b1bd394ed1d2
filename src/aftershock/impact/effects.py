"""What each category does to a failing node, to what reads it, and to what lies further down.

The table is the whole rule; where SQL was not read an effect means "this may happen", since leaving one out is the worse error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.model import Category, Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aftershock.graph import LineageGraph
    from aftershock.model import Node, ProjectInfo, Run

CONSUMERS = frozenset({"exposure", "metric", "semantic_model", "saved_query"})
BUILT = frozenset({"model", "seed", "snapshot", "function"})
"""What dbt itself runs, and skips when a parent failed."""


class Effects(msgspec.Struct, frozen=True):
    """One row: effects on a failing node that dbt builds, on a failing source, on direct readers, on what is further down, and on consumers."""

    built: tuple[Effect, ...]
    source: tuple[Effect, ...]
    reader: tuple[Effect, ...]
    deeper: tuple[Effect, ...]
    consumer: tuple[Effect, ...]


WRONG, STALE, FAILS, SKIPPED = Effect.WRONG, Effect.STALE, Effect.FAILS, Effect.SKIPPED
LOSES, MISSING, DOUBLED = Effect.LOSES_COLUMNS, Effect.MISSING_ROWS, Effect.DUPLICATED_ROWS

EFFECTS: Mapping[Category, Effects] = {
    Category.DATA_QUALITY: Effects((WRONG,), (WRONG,), (WRONG,), (WRONG,), (WRONG,)),
    Category.PIPELINE_FAILURE: Effects((FAILS, STALE), (STALE,), (SKIPPED, STALE), (SKIPPED, STALE), (STALE,)),
    Category.SCHEMA_BREAK: Effects((LOSES,), (LOSES,), (FAILS, LOSES), (FAILS, SKIPPED, LOSES), (FAILS, STALE)),
    Category.STALE_DATA: Effects((STALE,), (STALE,), (STALE,), (STALE,), (STALE,)),
    Category.DATA_LOSS: Effects((MISSING,), (MISSING,), (MISSING, WRONG), (MISSING, WRONG), (MISSING, WRONG)),
    Category.DUPLICATE_LOAD: Effects((DOUBLED,), (DOUBLED,), (DOUBLED, WRONG), (DOUBLED, WRONG), (DOUBLED, WRONG)),
}


def effects_of(category: Category, seeds: tuple[str, ...], graph: LineageGraph, depths: Mapping[str, int]) -> dict[str, tuple[Effect, ...]]:
    """The effects on every node of ``depths`` (unique_ids), by the table above."""
    row = EFFECTS[category]
    roots = frozenset(seeds)
    not_run = graph.descendants(seed for seed in seeds if graph.nodes[seed].resource_type in BUILT)
    readers = _readers(roots, graph)
    inlined = _readers([root for root in roots if graph.nodes[root].materialized == "ephemeral"], graph)

    def effects(unique_id: str) -> tuple[Effect, ...]:
        node = graph.nodes[unique_id]
        if unique_id in roots:
            return row.built if node.resource_type in BUILT else row.source if node.resource_type == "source" else row.consumer
        if node.resource_type in CONSUMERS:
            return row.consumer
        if category is Category.PIPELINE_FAILURE and unique_id in inlined:
            return row.built  # an ephemeral model fails where its SQL is inlined
        found = row.reader if unique_id in readers else row.deeper
        if SKIPPED in found and not _can_be_skipped(node, category, unique_id in not_run):
            found = tuple(effect for effect in found if effect is not SKIPPED)
        return found

    return {unique_id: effects(unique_id) for unique_id in depths}


def seen_skipped(run: Run | None, info: ProjectInfo) -> frozenset[str]:
    """The nodes, among those that dbt builds, that the last run really skipped because something above them failed.

    dbt lists exposures and saved queries too, where a skip keeps nothing from being built. Fusion writes ``skipped`` with the message "Skipped" for what it simply had no reason to do.
    """
    if run is None:
        return frozenset()
    skipped = (result for result in run.results.values() if result.status == "skipped" and result.unique_id.partition(".")[0] in BUILT)
    return frozenset(result.unique_id for result in skipped if info.engine == "core" or "upstream" in result.message.lower())


def _can_be_skipped(node: Node, category: Category, below_built: bool) -> bool:  # noqa: FBT001  # as its neighbours
    """An ephemeral model is never run, so never skipped; a source that failed to load stops nothing, but one whose schema broke does."""
    return node.materialized != "ephemeral" and (below_built or category is Category.SCHEMA_BREAK)


def _readers(roots: Iterable[str], graph: LineageGraph) -> frozenset[str]:
    """What reads a root in its own SQL: its children, and the children of ephemeral models between, whose SQL is inlined."""
    found: set[str] = set()
    stack = list(roots)
    while stack:
        for child in graph.children(stack.pop()):
            if child not in found:
                found.add(child)
                if graph.nodes[child].materialized == "ephemeral":
                    stack.append(child)
    return frozenset(found)
