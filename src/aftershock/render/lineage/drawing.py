"""Lineage as boxes of columns and arrows between them, for Mermaid and DOT: with safe ids, and unescaped labels apart from them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from aftershock.model import TABLE_TYPES
from aftershock.model.lineage import ColumnRef
from aftershock.render.lineage import words
from aftershock.render.lineage.sides import is_outside, name_of

if TYPE_CHECKING:
    from aftershock.model.lineage import LineageEdge, LineageReport


class Cell(NamedTuple):
    """A column in a box: its id (``n0c1``), its label (empty for the node's rows), and whether it was asked about."""

    id: str
    label: str
    asked: bool


class Box(NamedTuple):
    """A node: its id (``n0``), its label, whether it is a relation (or a consumer of them), whether it was not read, and its columns."""

    id: str
    label: str
    table: bool
    unread: bool
    cells: tuple[Cell, ...]


class Arrow(NamedTuple):
    """From one cell to another: how, in words of our own; DIRECT or not, certain or not."""

    source: str
    target: str
    text: str
    direct: bool
    certain: bool


class Drawing(NamedTuple):
    """Boxes, arrows, and how many uses are left out."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    left_out: int


def drawing(report: LineageReport, limit: int = 0) -> Drawing:
    """The report as one graph.

    Args:
        report: whose uses are drawn; several uses of one column for another are one arrow.
        limit: how many arrows at most (0: all): nearest to the start first, DIRECT ones before the others.
    """
    depths = {node.unique_id: node.depth for node in report.nodes}
    pairs: dict[tuple[ColumnRef, ColumnRef], list[LineageEdge]] = defaultdict(list)
    for edge in report.edges:
        pairs[edge.source, edge.target].append(edge)

    def rank(pair: tuple[ColumnRef, ColumnRef]) -> tuple[bool, int, tuple[ColumnRef, ColumnRef]]:
        indirect = all(edge.kind != "DIRECT" for edge in pairs[pair])
        far = max(abs(depths.get(ref.node, len(depths))) for ref in pair)
        return indirect, far, pair

    ordered = sorted(pairs, key=rank)
    kept = ordered[:limit] if limit else ordered
    start = [ColumnRef(report.start, column) for column in report.columns]
    if limit:
        used = {ref for pair in kept for ref in pair}
        start = [ref for ref in start if ref in used] or start[:limit]
    lonely = [ColumnRef(node.unique_id, "") for node in report.nodes if not limit and node.unique_id not in {ref.node for pair in ordered for ref in pair}]
    refs = [*start, *(ref for pair in kept for ref in pair), *lonely]
    boxes, ids = _boxes(report, refs, depths)
    arrows = tuple(_arrow(ids[source], ids[target], pairs[source, target]) for source, target in kept)
    return Drawing(boxes, arrows, sum(len(pairs[pair]) for pair in ordered[len(kept) :]))


def _boxes(report: LineageReport, refs: list[ColumnRef], depths: dict[str, int]) -> tuple[tuple[Box, ...], dict[ColumnRef, str]]:
    nodes = {node.unique_id: node for node in report.nodes}
    columns: dict[str, dict[str, None]] = defaultdict(dict)
    for ref in refs:
        columns[ref.node][ref.column] = None
    ids: dict[ColumnRef, str] = {}
    boxes = []
    order = sorted(columns, key=lambda unique_id: (depths.get(unique_id, -len(depths)), unique_id))
    for number, unique_id in enumerate(order):
        node = nodes.get(unique_id)
        cells = []
        for place, column in enumerate(sorted(columns[unique_id], key=lambda column: (not column, column))):
            ids[ColumnRef(unique_id, column)] = f"n{number}c{place}"
            cells.append(Cell(f"n{number}c{place}", column, unique_id == report.start and column in report.columns))
        table = is_outside(unique_id) or node is None or node.resource_type in TABLE_TYPES
        boxes.append(Box(f"n{number}", name_of(report, unique_id), table, bool(node is not None and node.unread), tuple(cells)))
    return tuple(boxes), ids


def _arrow(source: str, target: str, edges: list[LineageEdge]) -> Arrow:
    return Arrow(source, target, words.uses(edges), any(edge.kind == "DIRECT" for edge in edges), any(edge.certain for edge in edges))
