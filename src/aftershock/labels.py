"""What people call each node of an answer."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aftershock.model import TABLE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.graph import LineageGraph
    from aftershock.model import Node


def labels(unique_ids: Iterable[str], graph: LineageGraph) -> dict[str, str]:
    """What people call each node; a table keeps its name before a metric or dashboard of the same name, and tables of one name get their package."""
    nodes = [graph.nodes[unique_id] for unique_id in unique_ids]
    spellings = [_spellings(node) for node in nodes]
    used = Counter(spelling for found in spellings for spelling in found)
    tables = Counter(node.label for node in nodes if node.resource_type in TABLE_TYPES)

    def label(node: Node, found: tuple[str, ...]) -> str:
        if tables[node.label] == 1 and node.resource_type in TABLE_TYPES:
            return node.label
        return next((spelling for spelling in found if used[spelling] == 1), node.unique_id)

    return {node.unique_id: label(node, found) for node, found in zip(nodes, spellings, strict=True)}


def _spellings(node: Node) -> tuple[str, ...]:
    """Ever longer names of a node."""
    if node.resource_type in TABLE_TYPES:
        return node.label, f"{node.package}.{node.label}"
    return node.label, f"{node.resource_type} {node.label}", f"{node.resource_type} {node.package}.{node.label}"
