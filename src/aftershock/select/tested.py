"""What stands for what: a failing test means that the node it tests is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.errors import SelectionError
from aftershock.model import Seed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.graph import LineageGraph
    from aftershock.model import Node

CODE_FAULT = "a failing unit test is a fault of the code, not damaged data"


def seeds_for(node: Node, graph: LineageGraph, note: str = "") -> tuple[Seed, ...]:
    """The failing nodes that naming ``node`` means: itself, or for a test what it tests.

    Raises:
        SelectionError: a test of nothing that the manifest has.
    """
    if node.resource_type == "unit_test":
        return tuple(Seed(parent, node.unique_id, _join(note, CODE_FAULT)) for parent in _tested(node, _unit_tested(node, graph)))
    if node.resource_type != "test":
        return (Seed(node.unique_id, note=note),)
    parents = graph.parents(node.unique_id)
    attached = node.test.attached_node if node.test else ""
    if attached not in graph:
        both = f"it tests {len(parents)} nodes together" if len(parents) > 1 else ""
        return tuple(Seed(parent, node.unique_id, _join(note, both)) for parent in _tested(node, parents))
    others = ", ".join(graph.nodes[parent].label for parent in parents if parent != attached)
    return (Seed(attached, node.unique_id, _join(note, f"it is tested against {others}, which may be the damaged side" if others else "")),)


def seeds_of(unique_ids: Iterable[str], graph: LineageGraph) -> tuple[Seed, ...]:
    """The failing nodes that a selection means: every node itself, every test what it tests; merged, in order of unique_id.

    A test of nothing that the manifest has is left out.
    """
    nodes = [graph.nodes[unique_id] for unique_id in sorted(set(unique_ids))]
    return merged(seed for node in nodes if node.resource_type not in _TESTS or graph.parents(node.unique_id) for seed in seeds_for(node, graph))


def merged(seeds: Iterable[Seed]) -> tuple[Seed, ...]:
    """One seed for each node, in order of first mention; a node that is named itself needs no test that stands for it."""
    kept: dict[str, Seed] = {}
    for seed in seeds:
        before = kept.get(seed.unique_id)
        if before is None or (before.via and not seed.via):
            kept[seed.unique_id] = seed
        elif bool(before.via) == bool(seed.via) and seed.note and seed.note not in before.note:
            kept[seed.unique_id] = Seed(before.unique_id, before.via, _join(before.note, seed.note))
    return tuple(kept.values())


_TESTS = frozenset({"test", "unit_test"})


def _unit_tested(node: Node, graph: LineageGraph) -> tuple[str, ...]:
    """The model of a unit test, whose unique_id names it (``unit_test.package.model.name``); its given inputs are not tested."""
    parents = graph.parents(node.unique_id)
    model = node.unique_id.split(".")[2:3]
    return tuple(parent for parent in parents if [graph.nodes[parent].name] == model) or parents


def _tested(node: Node, parents: tuple[str, ...]) -> tuple[str, ...]:
    if not parents:
        raise SelectionError(node.name, "it is a test of nothing that the manifest has", "Name the damaged node itself")
    return parents


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
