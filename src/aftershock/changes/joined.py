"""The head's graph with what the base alone says of it: a change can neither hide who uses the data nor take a marker off it by no longer declaring them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.changes.wholes import CONSUMERS
from aftershock.graph import LineageGraph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aftershock.changes.pairing import Pairing
    from aftershock.changes.sides import Pair, Side
    from aftershock.model import Node

TOLD = ("tags", "meta", "exposure", "access", "group", "columns", "source", "exports")
"""What is written of a node for people: who owns it, who may read it, and how much depends on it."""


def joined(base: Side, head: Side, pairing: Pairing) -> LineageGraph:
    """The head's nodes, with the base's consumers that the head no longer declares, and what an exposure read by the base beside what it reads now.

    Args:
        base: the project before.
        head: the project after.
        pairing: which nodes are the same.
    """
    more = {node.unique_id: node for node in (*_undeclared(base, pairing), *_redirected(pairing))}
    return LineageGraph({**head.nodes, **more}) if more else head.graph


def _undeclared(base: Side, pairing: Pairing) -> Iterator[Node]:
    for unique_id in (*pairing.removed, *pairing.disabled):
        node = base.nodes[unique_id]
        if node.resource_type in CONSUMERS:
            yield msgspec.structs.replace(node, parents=_now(node.parents, pairing.renamed))


def _redirected(pairing: Pairing) -> Iterator[Node]:
    for pair in pairing.pairs:
        if pair.head.resource_type == "exposure" and pair.base.parents != pair.head.parents:
            parents = tuple(dict.fromkeys((*pair.head.parents, *_now(pair.base.parents, pairing.renamed))))
            if parents != pair.head.parents:
                yield msgspec.structs.replace(pair.head, parents=parents)


def _now(parents: Iterable[str], renamed: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(renamed.get(parent, parent) for parent in parents)


def as_before(graph: LineageGraph, pairs: Mapping[str, Pair], concerned: Iterable[str]) -> LineageGraph | None:
    """A graph whose nodes are described as the base did; None where none of those that are concerned is described otherwise.

    Args:
        graph: the nodes that a change reaches, and what is between them.
        pairs: the nodes of both projects, by the head's unique_id.
        concerned: the nodes that are looked at.
    """
    found = {}
    for unique_id in concerned:
        pair = pairs.get(unique_id)
        if pair is not None and unique_id in graph and _is_told_otherwise(pair):
            found[unique_id] = msgspec.structs.replace(graph.nodes[unique_id], **{key: getattr(pair.base, key) for key in TOLD})
    return LineageGraph({**graph.nodes, **found}) if found else None


def _is_told_otherwise(pair: Pair) -> bool:
    return not pair.alike and any(getattr(pair.base, key) != getattr(pair.head, key) for key in TOLD)
