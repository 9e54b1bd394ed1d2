"""A lineage report as the two sides of its start: what it is made of, and what it goes into.

A column is carried where every use on the way is DIRECT: its values end up there. Everything else on the way decides about rows or values without
ending up in them. A node is sure where at least one way to it is certain throughout.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from aftershock.columns.relating import OUTSIDE
from aftershock.model import TABLE_TYPES
from aftershock.model.lineage import ColumnRef, LineageNode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aftershock.model.lineage import LineageEdge, LineageReport

ROWS = ""


class Place(NamedTuple):
    """A node on one side.

    ``carried`` are its columns that carry values, ``values`` the uses by which they do, ``others`` the rest of its uses on the way: upstream those
    of this node, downstream those by it. ``deciding`` are its columns that these others concern.
    """

    node: LineageNode
    carried: tuple[str, ...]
    values: tuple[LineageEdge, ...]
    others: tuple[LineageEdge, ...]
    deciding: tuple[str, ...]
    sure: bool

    @property
    def edges(self) -> tuple[LineageEdge, ...]:
        """All of its uses on the way."""
        return (*self.values, *self.others)

    @property
    def is_table(self) -> bool:
        """Whether it is a relation, or what dbt inlines as one; all others are consumers."""
        return self.node.resource_type in TABLE_TYPES

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns on the way: the carried ones, or else those that decide or are decided about."""
        return self.carried or self.deciding


class Side(NamedTuple):
    """One side: nodes whose values are carried, nodes of which only rows or conditions matter, consumers that are no relations; each nearest first.

    ``ends`` are the carried columns where the side ends: upstream those that nothing carries into.
    """

    carried: tuple[Place, ...]
    deciding: tuple[Place, ...]
    consumers: tuple[Place, ...]
    ends: tuple[ColumnRef, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        """All of them."""
        return (*self.carried, *self.deciding, *self.consumers)


def start_of(report: LineageReport) -> LineageNode:
    """The node that was asked about."""
    return next((node for node in report.nodes if node.unique_id == report.start), LineageNode(report.start, "", report.start, "", 0, report.columns))


def upstream(report: LineageReport) -> Side:
    """What the start is made of. Relations outside of the project are nodes here."""
    depths = _depths(report)
    edges = [edge for edge in report.edges if depths.get(edge.target.node, 1) <= 0]
    return _side(report, edges, lambda edge: edge.target, lambda edge: edge.source)


def downstream(report: LineageReport) -> Side:
    """What the start goes into."""
    depths = _depths(report)
    edges = [edge for edge in report.edges if depths.get(edge.target.node, 0) > 0]
    return _side(report, edges, lambda edge: edge.source, lambda edge: edge.target)


def name_of(report: LineageReport, unique_id: str) -> str:
    """What people call a node; a relation outside of the project by its own name."""
    return report.labels.get(unique_id) or unique_id.removeprefix(OUTSIDE)


def is_outside(unique_id: str) -> bool:
    """Whether this is no node of the project, but a relation that its SQL names."""
    return unique_id.startswith(OUTSIDE)


def _depths(report: LineageReport) -> dict[str, int]:
    return {node.unique_id: node.depth for node in report.nodes}


def _side(report: LineageReport, edges: list[LineageEdge], near: Callable[[LineageEdge], ColumnRef], far: Callable[[LineageEdge], ColumnRef]) -> Side:
    start = start_of(report)
    asked = {ColumnRef(report.start, column) for column in report.columns} or {near(edge) for edge in edges if near(edge).node == report.start}
    by_near: dict[ColumnRef, list[LineageEdge]] = defaultdict(list)
    for edge in edges:
        by_near[near(edge)].append(edge)
    carried = _reached(asked, lambda ref: [far(edge) for edge in by_near[ref] if edge.kind == "DIRECT"])
    sure = _reached({*asked, ColumnRef(report.start, ROWS)}, lambda ref: _certain(by_near[ref], far))
    known = {node.unique_id: node for node in report.nodes}
    by_node: dict[str, list[LineageEdge]] = defaultdict(list)
    for edge in edges:
        by_node[far(edge).node].append(edge)
    places = []
    for unique_id, its in by_node.items():
        node = known.get(unique_id) or _outside(unique_id, its, known)
        columns = [column for column in node.columns if ColumnRef(unique_id, column) in carried] if unique_id != start.unique_id else []
        values = [edge for edge in its if columns and edge.kind == "DIRECT" and near(edge) in carried]
        others = sorted(set(its) - set(values))
        deciding = dict.fromkeys(far(edge).column for edge in others if far(edge).column)
        places.append(Place(node, tuple(columns), tuple(values), tuple(others), tuple(deciding), any(far(edge) in sure for edge in its)))
    places.sort(key=lambda place: (abs(place.node.depth), name_of(report, place.node.unique_id), place.node.unique_id))
    tables = [place for place in places if place.is_table or is_outside(place.node.unique_id)]
    return Side(
        tuple(place for place in tables if place.carried),
        tuple(place for place in tables if not place.carried),
        tuple(place for place in places if place not in tables),
        tuple(sorted(ref for ref in carried - asked if ref.column and not any(edge.kind == "DIRECT" for edge in by_near[ref]))),
    )


def _reached(start: set[ColumnRef], step: Callable[[ColumnRef], Iterable[ColumnRef]]) -> set[ColumnRef]:
    found, todo = set(start), sorted(start)
    while todo:
        for ref in step(todo.pop()):
            if ref not in found:
                found.add(ref)
                todo.append(ref)
    return found


def _certain(edges: list[LineageEdge], far: Callable[[LineageEdge], ColumnRef]) -> Iterable[ColumnRef]:
    """What lies at the other ends of certain uses, and the rows there, which every column depends on."""
    for edge in edges:
        if edge.certain:
            yield far(edge)
            yield ColumnRef(far(edge).node, ROWS)


def _outside(unique_id: str, edges: list[LineageEdge], known: dict[str, LineageNode]) -> LineageNode:
    depth = max((known[edge.target.node].depth for edge in edges if edge.target.node in known), default=0) - 1
    columns = tuple(dict.fromkeys(edge.source.column for edge in edges if edge.source.column))
    return LineageNode(unique_id, "", unique_id.removeprefix(OUTSIDE), "", depth, columns)
