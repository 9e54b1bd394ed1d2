"""Nodes by the names that people use, where a sentence has them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.graph import LineageGraph

MOST_NAMES = 5


def listed(unique_ids: Iterable[str], graph: LineageGraph) -> str:
    """The first names and how many more; two nodes of one name have their package with it."""
    nodes = [graph.nodes[unique_id] for unique_id in dict.fromkeys(unique_ids)]
    used = Counter(node.label for node in nodes)
    return listing([node.label if used[node.label] == 1 else f"{node.package}.{node.label}" for node in nodes], MOST_NAMES)
