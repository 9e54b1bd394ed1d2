"""Uses and counts in words, for every format that people read."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from aftershock.model import TABLE_TYPES
from aftershock.phrases import counted, listing
from aftershock.render.lineage.sides import downstream, is_outside, name_of, start_of, upstream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.model.columns import Unread
    from aftershock.model.lineage import LineageEdge, LineageNode, LineageReport
    from aftershock.render.lineage.sides import Place, Side

_USES = {
    "IDENTITY": "as it is",
    "TRANSFORMATION": "computed",
    "AGGREGATION": "aggregated",
    "FILTER": "filter",
    "JOIN": "join",
    "GROUP_BY": "group by",
    "SORT": "order by",
    "WINDOW": "window",
    "CONDITIONAL": "condition",
}
_KINDS = {"saved_query": ("saved query", "saved queries"), "analysis": ("analysis", "analyses"), "": ("other relation", "other relations")}
_NAMED = 3


def use(edge: LineageEdge) -> str:
    """How a column is used: ``renamed``, ``aggregated``, ``filter``."""
    if not edge.certain and not edge.named and not edge.target.column:
        return "not read"
    if not edge.source.column:
        return "reads its rows"
    if edge.subtype == "IDENTITY" and edge.target.column and edge.source.column.casefold() != edge.target.column.casefold():
        return "renamed"
    return _USES.get(edge.subtype, edge.subtype.lower())


def uses(edges: Iterable[LineageEdge]) -> str:
    """Distinct uses, DIRECT ones first, with how many columns each has where they differ: ``as it is (12), computed``."""
    columns: dict[tuple[bool, str], set[str]] = defaultdict(set)
    for edge in edges:
        columns[edge.kind != "DIRECT", use(edge)].add(edge.target.column or edge.source.column)
    if len({tuple(sorted(its)) for its in columns.values()}) == 1:
        return ", ".join(words for (_, words) in sorted(columns))
    return ", ".join(f"{words} ({len(its):,})" if len(its) > 1 else words for (_, words), its in sorted(columns.items(), key=lambda item: item[0]))


def verdict(report: LineageReport, subject: str = "") -> str:
    """The answer in one sentence.

    Args:
        report: what is answered.
        subject: what was asked about, ready for the output; as it is where empty.
    """
    up = [_made_of(report, upstream(report))] if report.direction != "down" else []
    down = [_used_by(downstream(report))] if report.direction != "up" else []
    return f"{subject or asked(report)}: {'; '.join((*up, *down))}."


def asked(report: LineageReport) -> str:
    """What was asked about: ``fct_orders.amount``, or ``fct_orders (12 columns)``."""
    name = name_of(report, report.start)
    if report.columns and len(report.columns) <= _NAMED:
        return listing([f"{name}.{column}" for column in report.columns])
    return f"{name} ({counted(len(report.columns), 'column')})" if report.columns else name


def reading(report: LineageReport) -> str:
    """How much of the code was read."""
    found = report.coverage
    if not found.nodes:
        return "there was no code to read"
    read = f"{found.read:,} of {counted(found.nodes, 'node')} ({100 * found.read // found.nodes} %)"
    return f"{read}, {found.attributed:,} of {counted(found.references, 'name')} in their code attributed"


def not_read(report: LineageReport, limit: int = 0) -> list[str]:
    """What was not read and why, most first; ``limit`` names for one reason (0: all)."""
    return _by_reason(report, report.coverage.unread, limit)


def read_in_part(report: LineageReport, limit: int = 0) -> list[str]:
    """As :func:`not_read`, of what was not read whole."""
    return _by_reason(report, report.coverage.partly, limit)


def _by_reason(report: LineageReport, items: Iterable[Unread], limit: int) -> list[str]:
    reasons: dict[str, list[str]] = defaultdict(list)
    for item in items:
        reasons[item.reason].append(name_of(report, item.unique_id))
    order = sorted(reasons.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [f"{listing(sorted(names), limit)}: {reason}" for reason, names in order]


def kinds(places: Iterable[Place]) -> str:
    """``7 exposures and 5 metrics``."""
    found = Counter(place.node.resource_type for place in places)
    order = sorted(found.items(), key=lambda pair: (pair[0] != "exposure", pair[0]))
    return listing([counted(number, *_KINDS.get(kind, (kind.replace("_", " "),))) for kind, number in order])


def _made_of(report: LineageReport, side: Side) -> str:
    if not side.places:
        return _alone(report, start_of(report))
    deciding = [place for place in (*side.deciding, *side.consumers) if place.node.unique_id != report.start]
    if not side.carried:
        if start_of(report).unread:
            return f"its code was not read, so it may be made of any column of {counted(len(deciding), 'node')}"
        return f"made of no other column, its rows decided by {counted(len(deciding), 'node')}"
    nodes = list(dict.fromkeys(ref.node for ref in side.ends))
    few = listing([name_of(report, unique_id) for unique_id in nodes]) if len(nodes) <= _NAMED else counted(len(nodes), "node")
    made = f"made of {counted(len(side.ends), 'column')} of {few}"
    return f"{made}, its rows or values decided by {counted(len(deciding), 'more node')}" if deciding else made


def _alone(report: LineageReport, start: LineageNode) -> str:
    """Why nothing is upstream."""
    if start.resource_type in {"source", "seed"}:
        return f"it is a {start.resource_type}, which nothing in dbt feeds"
    if start.resource_type not in TABLE_TYPES:
        return "what it reads is declared by node, not by column"
    if start.unread:
        return f"its code was not read: {start.unread}"
    return "it comes from no other node" if report.columns else "nothing is known upstream of it"


def _used_by(side: Side) -> str:
    if not side.places:
        return "nothing in dbt uses it"
    carried = [place for place in side.carried if place.sure]
    deciding = [place for place in side.deciding if place.sure]
    perhaps = [place for place in (*side.carried, *side.deciding) if not place.sure]
    columns = sum(len(place.carried) for place in carried)
    parts = []
    if carried:
        parts.append(f"goes into {counted(columns, 'column')} of {counted(len(carried), 'node')}")
    if deciding:
        parts.append(f"decides rows or values of {counted(len(deciding), 'more node' if carried else 'node')}")
    if perhaps:
        parts.append(f"perhaps reaches {counted(len(perhaps), 'more node' if parts else 'node')}")
    shown = [f"may show in {kinds(side.consumers)}"] if side.consumers else []
    return "; ".join([*([listing(parts)] if parts else []), *shown])


def reached(report: LineageReport, place: Place, limit: int = 0) -> str:
    """The nodes at the near end of a place's uses; empty where that is the start alone."""
    others = [edge.target.node if edge.source.node == place.node.unique_id else edge.source.node for edge in place.edges]
    names = list(dict.fromkeys(others))
    if names == [report.start]:
        return ""
    return listing([name_of(report, unique_id) for unique_id in names], limit)


def marked(report: LineageReport, place: Place) -> str:
    """A node's name, with what it is where it is no node of the project or the start itself."""
    name = name_of(report, place.node.unique_id)
    if is_outside(place.node.unique_id):
        return f"{name} (not in the project)"
    return f"{name} (itself)" if place.node.unique_id == report.start else name
