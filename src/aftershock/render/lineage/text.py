"""Lineage for a person at a terminal: the answer first, then where it comes from, where it goes, and what of it was read.

The first screen is at most `BUDGET` rows; ``show_all`` lifts that and says every single use.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aftershock.phrases import counted, listing
from aftershock.render import summary
from aftershock.render.escape import prose, terminal
from aftershock.render.layout import Item, Line, Section, Span, cells, coloured, columns, cut, fit, paragraph, plain
from aftershock.render.lineage import words
from aftershock.render.lineage.sides import Place, downstream, name_of, upstream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model.lineage import LineageEdge, LineageReport
    from aftershock.render.lineage.sides import Side

BUDGET = 40
"""Rows of the first screen."""
NARROWEST = 40
"""The narrowest layout; a narrower terminal breaks its lines itself."""

_VERDICT = 5
_NAME = 60
_COLUMNS = 28
_NEAR = 2
_FEW = 3
_FLOORS = {"comes": 7, "decided": 3, "goes": 8, "decides": 3, "shown": 3}


def text(report: LineageReport, *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """The report as lines of ``width`` cells.

    Args:
        report: what to say.
        width: the terminal's width in cells.
        colour: whether the terminal shows colours; without, the answer is plain text.
        show_all: everything, instead of the first screen.
    """
    width = max(width, NARROWEST)
    short = not show_all
    up = upstream(report) if report.direction != "down" else None
    down = downstream(report) if report.direction != "up" else None
    sections = [_head(report, width, short=short)]
    if up is not None:
        sections += [_comes_from(report, up, width, short=short), _decided_by(report, up, width, short=short)]
    if down is not None:
        sections += [_goes_to(report, down, width, short=short), _decides(report, down, width, short=short), _shown_in(report, down, width, short=short)]
    sections.append(_read(report, width, short=short))
    lines = fit([section for section in sections if section is not None], width, BUDGET if short else 0)
    return coloured(lines, width) if colour else plain(lines)


def _head(report: LineageReport, width: int, *, short: bool) -> Section | None:
    subject = prose(words.asked(report))
    sentence = words.verdict(report, cut(subject, _NAME) if short else subject)
    answer = paragraph((), prose(sentence), width, rows=_VERDICT if short else 0, style="title")
    return Section((), (answer,), floor=_VERDICT, must=(0,))


def _comes_from(report: LineageReport, side: Side, width: int, *, short: bool) -> Section | None:
    if not side.carried:
        return None
    total = sum(len(place.carried) for place in side.carried)
    title = _title("Comes from", f"{counted(total, 'column')} of {counted(len(side.carried), 'node')}")
    return _section(report, title, side.carried, width, _FLOORS["comes"], short=short)


def _decided_by(report: LineageReport, side: Side, width: int, *, short: bool) -> Section | None:
    found = (*side.deciding, *side.consumers)
    others = sum(place.node.unique_id != report.start for place in found)
    title = _title("Rows and values decided by", counted(others, "more node" if side.carried else "node") if others else "itself")
    return _section(report, title, found, width, _FLOORS["decided"], short=short) if found else None


def _goes_to(report: LineageReport, side: Side, width: int, *, short: bool) -> Section | None:
    if not side.carried:
        return None
    total = sum(len(place.carried) for place in side.carried)
    title = _title("Goes to", f"{counted(total, 'column')} of {counted(len(side.carried), 'node')}")
    return _section(report, title, side.carried, width, _FLOORS["goes"], short=short)


def _decides(report: LineageReport, side: Side, width: int, *, short: bool) -> Section | None:
    title = _title("Decides rows or values of", counted(len(side.deciding), "node" if not side.carried else "more node"))
    return _section(report, title, side.deciding, width, _FLOORS["decides"], short=short) if side.deciding else None


def _shown_in(report: LineageReport, side: Side, width: int, *, short: bool) -> Section | None:
    if not side.consumers:
        return None
    ordered = sorted(side.consumers, key=lambda place: place.node.resource_type != "exposure")
    rows = [_consumer(report, place, short=short) for place in _first(ordered, short=short)]
    title = _title("May show in", prose(words.kinds(side.consumers)))
    items = tuple((line,) for line in columns(rows, width, whole=not short))
    return Section(title, items, floor=_FLOORS["shown"], unbuilt=len(ordered) - len(rows))


def _consumer(report: LineageReport, place: Place, *, short: bool) -> Line:
    reads = [edge.source.node for edge in place.edges]
    return (
        Span(f"{place.node.depth:+d}", "dim"),
        Span(terminal(name_of(report, place.node.unique_id)), "name"),
        Span(terminal(place.node.resource_type.replace("_", " "))),
        Span(f"reads {prose(listing([name_of(report, unique_id) for unique_id in dict.fromkeys(reads)], _FEW if short else 0))}", "dim"),
    )


def _section(report: LineageReport, title: Line, places: Sequence[Place], width: int, floor: int, *, short: bool) -> Section:  # noqa: PLR0913  # a list and its size
    shown = _first(places, short=short)
    lines = columns([_place(report, place, short=short) for place in shown], width, whole=not short)
    items = [(line, *(() if short else _details(report, place, width))) for line, place in zip(lines, shown, strict=True)]
    return Section(title, tuple(items), floor=floor, unbuilt=len(places) - len(shown))


def _place(report: LineageReport, place: Place, *, short: bool) -> Line:
    """A node in one row: how far, which of its columns, how they are used, and by or from which node."""
    up = place.node.depth <= 0
    near = words.reached(report, place, _NEAR if short else 0)
    return (
        Span(f"{place.node.depth:+d}" if place.node.depth else "0", "dim"),
        Span(terminal(words.marked(report, place)), "name"),
        Span(prose(_names(place.columns) if short else listing(place.columns)) or "rows"),
        Span(prose(_how(place)), "" if place.sure else "warn"),
        Span(f"{'into' if up else 'from'} {prose(near)}" if near else "", "dim"),
    )


def _how(place: Place) -> str:
    """``aggregated + filter, join``, ``may use it, not read: it is a Python model``."""
    if place.node.unread:
        return f"may use it, not read: {place.node.unread}"
    indirect = [edge for edge in place.others if edge.kind == "INDIRECT" and edge.source.column]
    if place.values:
        star = "" if any(edge.named for edge in place.values) else " through a star (*)"
        shown = f"{words.uses(place.values)}{star}" + (f" + {words.uses(indirect)}" if indirect else "")
    else:
        shown = words.uses(indirect or place.others)
    return shown if place.sure else f"may: {shown}"


def _names(columns: Sequence[str]) -> str:
    """All of few names, or the first and how many more there are."""
    whole = ", ".join(columns)
    return whole if len(columns) <= 1 or cells(whole) <= _COLUMNS else f"{columns[0]} +{len(columns) - 1:,}"


def _details(report: LineageReport, place: Place, width: int) -> Item:
    """Every use of a place, one line for each of its own columns."""
    up = place.node.depth <= 0
    by_column: dict[str, dict[str, list[LineageEdge]]] = defaultdict(lambda: defaultdict(list))
    for edge in place.edges:
        own, other = (edge.source, edge.target) if up else (edge.target, edge.source)
        by_column[own.column][f"{name_of(report, other.node)}.{other.column}" if other.column else f"rows of {name_of(report, other.node)}"].append(edge)
    lines: list[Line] = []
    for column, others in sorted(by_column.items(), key=lambda item: (not item[0], item[0])):
        uses = [f"{label} ({words.uses(edges)}{_marks(edges)})" for label, edges in sorted(others.items())]
        lead = Span(f"      {terminal(column) or 'rows'} {'→' if up else '←'} ")
        lines += paragraph((lead,) if len(lead.text) < width // 2 else (Span("      "),), prose(", ".join(uses)), width, style="dim")
    return tuple(lines)


def _marks(edges: Sequence[LineageEdge]) -> str:
    star = ", through a star (*)" if all(edge.kind == "DIRECT" and not edge.named for edge in edges) else ""
    return star + ("" if any(edge.certain for edge in edges) else ", not certain")


def _read(report: LineageReport, width: int, *, short: bool) -> Section:
    found: list[Item] = []
    found += [
        paragraph((Span("  not read: ", "warn"),), prose(line), width, rows=int(short)) for line in _first(words.not_read(report, int(short)), short=short)
    ]
    found += [
        paragraph((Span("  read in part: ", "warn"),), prose(line), width, rows=int(short))
        for line in _first(words.read_in_part(report, int(short)), short=short)
    ]
    found += [paragraph((Span("  "),), prose(line), width, rows=2 * int(short)) for line in report.notes]
    found += [paragraph((Span("  "), Span("warning: ", "warn")), prose(line), width, rows=2 * int(short)) for line in report.warnings]
    found.append(paragraph((Span("  "),), prose(f"read from {summary.files_read(report)}"), width, rows=int(short), style="dim"))
    return Section((Span("Read: ", "title"), Span(words.reading(report))), tuple(found), floor=_FEW)


def _first(values: Sequence[Place] | Sequence[str], *, short: bool) -> Sequence:  # type: ignore[type-arg]
    """As many as the first screen could show at most."""
    return values[:BUDGET] if short else values


def _title(name: str, counts: str) -> Line:
    return (Span(f"{name}: ", "title"), Span(counts))
