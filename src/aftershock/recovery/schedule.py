"""Nodes of many kinds into as few steps as their dependencies allow: no step before what it reads, every step one kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aftershock.graph import LineageGraph

K = TypeVar("K")


def stages(kinds: Mapping[str, K | None], graph: LineageGraph, rank: Callable[[K], Any], late: Callable[[K], bool]) -> Iterator[tuple[K, tuple[str, ...]]]:
    """The nodes kind by kind: ``(kind, unique_ids)``, each node after everything that it depends on, siblings of a kind together.

    dbt orders the nodes of one command itself, so a whole chain of one kind is one step. Among the kinds that could go next, late
    ones wait; one that can be finished for good goes first, then the one of lowest rank. That keeps the number of steps small, though not
    always the smallest.

    Args:
        kinds: the kind of every node of a part of the graph that has all paths between its nodes, in an order in which none comes before
            one that it depends on; None for one that is only passed.
        graph: the lineage.
        rank: a sortable value that tells kinds apart.
        late: whether a kind goes only where nothing else can: nobody should wait for it without need.
    """
    places = {item: place for place, item in enumerate(kinds)}
    frontier = _Frontier(kinds, graph)
    frontier.finish(None, frontier.reach(None))
    while frontier.ready:
        reached = {kind: frontier.reach(kind) for kind in frontier.ready}
        ends = {kind: frontier.left[kind] == sum(kinds[item] == kind for item in items) for kind, items in reached.items()}
        chosen = min(reached, key=lambda kind: (late(kind), not ends[kind], rank(kind)))  # used at once
        frontier.finish(chosen, reached[chosen])
        yield chosen, tuple(sorted((item for item in reached[chosen] if kinds[item] is not None), key=places.__getitem__))


class _Frontier(Generic[K]):
    """Which nodes wait for how many others, and which are ready by kind."""

    def __init__(self, kinds: Mapping[str, K | None], graph: LineageGraph) -> None:
        self._kinds = kinds
        self._graph = graph
        self._waiting = {item: sum(parent in kinds for parent in graph.parents(item)) for item in kinds}
        self._passed = [item for item, kind in kinds.items() if kind is None and not self._waiting[item]]
        self.ready: dict[K, list[str]] = {}
        self.left: dict[K, int] = {}
        for item, kind in kinds.items():
            if kind is not None:
                self.left[kind] = self.left.get(kind, 0) + 1
                if not self._waiting[item]:
                    self.ready.setdefault(kind, []).append(item)

    def reach(self, kind: K | None) -> list[str]:
        """Everything that can be done now by steps of this kind alone, what is only passed included."""
        found = list(self._passed if kind is None else self.ready[kind])
        waiting: dict[str, int] = {}
        for item in found:  # grows as it is read
            for child in self._children(item):
                waiting[child] = waiting.get(child, self._waiting[child]) - 1
                if not waiting[child] and self._kinds[child] in {kind, None}:
                    found.append(child)
        return found

    def finish(self, kind: K | None, items: Sequence[str]) -> None:
        """Mark all that this kind reaches as done; what waited only for these becomes ready."""
        if kind is not None:
            del self.ready[kind]
        done = set(items)
        for item in items:
            item_kind = self._kinds[item]
            if item_kind is not None:
                self.left[item_kind] -= 1
            for child in self._children(item):
                self._waiting[child] -= 1
                child_kind = self._kinds[child]
                if not self._waiting[child] and child not in done and child_kind is not None:
                    self.ready.setdefault(child_kind, []).append(child)

    def _children(self, item: str) -> Iterator[str]:
        return (child for child in self._graph.children(item) if child in self._kinds)
