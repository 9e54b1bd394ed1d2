"""Lineage for programs, in the shape of `aftershock.render.lineage.document`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.render.document import Artifact, DbtProject
from aftershock.render.encoding import encoded
from aftershock.render.lineage import words
from aftershock.render.lineage.document import LINEAGE_VERSION, CodeRead, ColumnUse, LineageDocument, Question, UnreadNode, WayNode
from aftershock.render.lineage.sides import downstream, name_of, start_of, upstream

if TYPE_CHECKING:
    from aftershock.model.lineage import LineageNode, LineageReport
    from aftershock.render.lineage.sides import Place


def json(report: LineageReport) -> str:
    """The report as a `LineageDocument`, indented by two, with a line end."""
    found = report.coverage
    places = {place.node.unique_id: place for side in (upstream(report), downstream(report)) for place in side.places}
    missing, partly = (
        tuple(UnreadNode(item.unique_id, name_of(report, item.unique_id), item.reason) for item in sorted(items)) for items in (found.unread, found.partly)
    )
    document = LineageDocument(
        schema_version=LINEAGE_VERSION,
        summary=words.verdict(report),
        question=Question(report.start, name_of(report, report.start), report.columns, report.direction, report.depth),
        nodes=tuple(_node(report, node, places) for node in sorted(report.nodes, key=lambda node: (node.depth, node.unique_id))),
        edges=tuple(msgspec.convert(edge, ColumnUse, from_attributes=True) for edge in sorted(report.edges)),
        coverage=CodeRead(found.nodes, found.read, found.references, found.attributed, found.known, missing, partly),
        project=msgspec.convert(report.project, DbtProject, from_attributes=True),
        artifacts=tuple(msgspec.convert(item, Artifact, from_attributes=True) for item in sorted(report.files, key=lambda item: (item.kind, item.path))),
        warnings=report.warnings,
        notes=report.notes,
        read_at=report.read_at,
    )
    return encoded(document)


def _node(report: LineageReport, node: LineageNode, places: dict[str, Place]) -> WayNode:
    place = places.get(node.unique_id)
    own = node.unique_id == start_of(report).unique_id
    carried = node.columns if own else place.carried if place is not None else ()
    return WayNode(
        node.unique_id,
        node.resource_type,
        name_of(report, node.unique_id),
        node.relation_name,
        node.depth,
        node.columns,
        carried,
        node.rows,
        own or (place is not None and place.sure),
        node.unread,
    )
