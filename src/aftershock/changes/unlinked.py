"""Nodes whose SQL names another node's relation without ref(): dbt draws no edge between them, and a change concerns them all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from aftershock.artifacts.pieces import raw_of
from aftershock.changes.texts import inlined
from aftershock.graph import LineageGraph
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Side
    from aftershock.model import Node
    from aftershock.model.changes import Change

READERS = frozenset({"model", "snapshot"})
NAME = re.compile(rb'\.(?:\\"|`|\[)?(\w+)')
"""What follows a dot, as it stands in SQL within JSON, quoted or not."""
BETWEEN = (b".", b'\\".\\"', b"`.`", b"].[", b'.\\"', b'\\".')
"""What stands between a schema and a name."""
MOST_NAMED = 3


def linked(scene: Scene, changes: Sequence[Change]) -> tuple[Scene, tuple[str, ...]]:
    """The scene, in whose graph those who name a relation below a change without ref() read it too; and a sentence for each such relation.

    Args:
        scene: both projects.
        changes: what changed.
    """
    changed = {change.unique_id for change in changes if change.unique_id in scene.graph}
    mentions = list(_mentions(scene.head)) if changed else []
    graph, found = scene.graph, dict[str, list[str]]()
    while mentions:
        below = graph.descendants(changed)
        near = [pair for pair in mentions if pair[1] in below]
        mentions = [pair for pair in mentions if pair[1] not in below]
        scene.head.reader.read([reader for reader, _ in near])
        new = [(reader, named) for reader, named in near if _reads(scene.head, reader, named) and reader not in graph.ancestors((named,))]  # no circle
        if not new:
            break
        for reader, named in new:
            found.setdefault(named, []).append(reader)
        graph = _with(graph, new)
    return scene._replace(graph=graph), tuple(_said(scene, named, readers) for named, readers in found.items())


def _with(graph: LineageGraph, edges: Sequence[tuple[str, str]]) -> LineageGraph:
    nodes = dict(graph.nodes)
    for reader, named in edges:
        nodes[reader] = msgspec.structs.replace(nodes[reader], parents=(*nodes[reader].parents, named))
    return LineageGraph(nodes)


def _said(scene: Scene, named: str, readers: Sequence[str]) -> str:
    names = listing([scene.head.label(reader) for reader in readers], MOST_NAMED)
    return f"{names} {'names' if len(readers) == 1 else 'name'} the relation of {scene.head.label(named)} without ref(): dbt draws no edge there."


def _mentions(side: Side) -> Iterator[tuple[str, str]]:
    """Nodes with a relation whose schema and name stand in their code, or in what the manifest says beside it, though dbt knows of no edge."""
    named: dict[bytes, list[str]] = {}
    for unique_id, node in side.nodes.items():
        if node.is_relation and node.schema:
            named.setdefault((node.identifier or node.name).casefold().encode(), []).append(unique_id)
    for reader, node in side.nodes.items():
        if node.resource_type not in READERS:
            continue
        text = _text(side, reader).lower()
        found = [unique_id for name in named.keys() & set(NAME.findall(text)) for unique_id in named[name]]
        known = {reader, *node.parents}
        if any(unique_id not in known for unique_id in found):
            known.update(inlined(side, reader))
            yield from ((reader, unique_id) for unique_id in sorted(found) if unique_id not in known and _is_written(side.nodes[unique_id], text))


def _text(side: Side, unique_id: str) -> bytes:
    """A node's code, within all that the manifest has of it where it is a manifest's own."""
    raw = raw_of(side.code.nodes, unique_id)
    if raw is not None:
        return bytes(raw)
    code = side.code_of(unique_id)
    return msgspec.json.encode((code.raw, code.compiled))


def _is_written(node: Node, text: bytes) -> bool:
    """Whether a relation's schema stands before its name."""
    schema, name = (part.casefold().encode() for part in (node.schema, node.identifier or node.name))
    return any(schema + between + name in text for between in BETWEEN)


def _reads(side: Side, reader: str, unique_id: str) -> bool:
    lineage = side.reader.lineages.get(reader)
    return lineage is not None and lineage.resolved is not None and unique_id in lineage.resolved.relations
