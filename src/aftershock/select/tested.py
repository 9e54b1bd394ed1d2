"""What stands for what: a failing test means that the node it tests is damaged, and what shows data is as wrong as what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.errors import SelectionError
from aftershock.model import TEST_TYPES, UNAFFECTED_TYPES, Seed
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from aftershock.graph import LineageGraph
    from aftershock.model import Node

CODE_FAULT = "is a unit test: its failure is a fault in code, not damaged data; nothing needs to be rebuilt unless the model ran"
SHOWING = frozenset({"exposure", "metric", "semantic_model", "saved_query"})
"""Resource types that hold no rows: they show what their parents hold."""

LISTED = 5


def seeds_for(node: Node, graph: LineageGraph, note: str = "") -> tuple[Seed, ...]:
    """The failing nodes that naming ``node`` means: itself, or for a test what it tests.

    Raises:
        SelectionError: a test of nothing that the manifest has, or a node that holds no data.
    """
    if node.resource_type == "unit_test":
        return tuple(Seed(parent, node.unique_id, _join(f"{node.name} {CODE_FAULT}", note)) for parent in _tested(node, _unit_tested(node, graph)))
    if why := no_data(node):
        raise SelectionError(node.label, why, _instead(node, graph))
    if node.resource_type != "test":
        return (Seed(node.unique_id, note=note),)
    parents = graph.parents(node.unique_id)
    attached = node.test.attached_node if node.test else ""
    if attached not in graph:
        both = f"it tests {len(parents)} nodes together" if len(parents) > 1 else ""
        return tuple(Seed(parent, node.unique_id, _join(note, both)) for parent in _tested(node, parents))
    others = ", ".join(graph.nodes[parent].label for parent in parents if parent != attached)
    return (Seed(attached, node.unique_id, _join(note, f"it is tested against {others}, which may be the damaged side" if others else "")),)


def no_data(node: Node) -> str:
    """Why a node cannot be what failed: an analysis or a hook reads data and holds none. Empty for every other."""
    if node.resource_type not in UNAFFECTED_TYPES or node.resource_type in TEST_TYPES:
        return ""
    return f"it is {'an' if node.resource_type[:1] in 'aeiou' else 'a'} {node.resource_type}, which is not data: nothing in it can be damaged"


def merged(seeds: Iterable[Seed]) -> tuple[Seed, ...]:
    """One seed for each node and test that stands for it, in order of first mention: every failing test has its own owner."""
    kept: dict[tuple[str, str], Seed] = {}
    for seed in seeds:
        key = seed.unique_id, seed.via
        before = kept.setdefault(key, seed)
        if seed.note and seed.note not in before.note:
            kept[key] = Seed(before.unique_id, before.via, _join(before.note, seed.note))
    return tuple(kept.values())


def with_origins(seeds: tuple[Seed, ...], graph: LineageGraph) -> tuple[Seed, ...]:
    """The seeds, of which those that only show data point at what they read, unless that has failed itself."""
    failing = {seed.unique_id for seed in seeds}
    return tuple(Seed(seed.unique_id, seed.via, _join(seed.note, _shown(graph.nodes[seed.unique_id], failing, graph))) for seed in seeds)


def _instead(node: Node, graph: LineageGraph) -> str:
    parents = _labels(node, graph)
    return f"Name what it reads: {parents}" if parents else "Name the damaged node"


def _shown(node: Node, failing: AbstractSet[str], graph: LineageGraph) -> str:
    if node.resource_type not in SHOWING or not failing.isdisjoint(graph.parents(node.unique_id)):
        return ""
    parents = _labels(node, graph)
    return f"what it shows comes from {parents}: assess the one that is wrong" if parents else ""


def _labels(node: Node, graph: LineageGraph) -> str:
    return listing([graph.nodes[parent].label for parent in graph.parents(node.unique_id)], LISTED)


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
