"""Incidents as a table for a person at a terminal: one row each, with what is overdue or due next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.phrases import counted
from aftershock.render.escape import prose
from aftershock.render.incidents import words
from aftershock.render.layout import Line, Section, Span, Style, cells, coloured, columns, cut, fit, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model.record import Record

NARROWEST = 60
NAME, SHORTEST = 20, 8
"""Cells of whoever leads it before that is cut, and where what is due and the title need the room."""

WHO = 3
"""The column of whoever leads it."""

LEVELS: dict[str, Style] = {"P0": "bad", "P1": "bad", "P2": "warn", "P3": "good"}


def table(records: Sequence[Record], clock: tuple[str, str], *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """The incidents as lines of ``width`` cells.

    Args:
        records: in the order in which they are shown.
        clock: the moment (ISO 8601 in UTC), and the zone in which times would be shown.
        width: the terminal's width in cells.
        colour: whether the terminal shows colours.
        show_all: whole titles, however wide that makes the table.
    """
    width, now = max(width, NARROWEST), clock[0]
    if not records:
        return "No incident.\n"
    late = sum(bool(record.overdue(now)) for record in records)
    head: Line = (Span(counted(len(records), "incident"), "title"), Span(f", {late:,} with something overdue" if late else "", "bad"))
    rows = _rows(records, now, width, show_all=show_all)
    lines = fit([Section(head, tuple((line,) for line in columns(rows, width, whole=show_all)))], width, 0)
    return coloured(lines, width) if colour else plain(lines)


def _rows(records: Sequence[Record], now: str, width: int, *, show_all: bool) -> list[Line]:
    """A row for each; the names are cut first where not everything fits."""
    if show_all:
        return [_row(record, now, 0) for record in records]
    rows = [_row(record, now, NAME) for record in records]
    over = sum(max(cells(row[at].text) for row in rows) + 2 for at in range(len(rows[0]))) - width
    widest = max(cells(row[WHO].text) for row in rows)
    return rows if over <= 0 or widest <= SHORTEST else [_row(record, now, max(SHORTEST, widest - over)) for record in records]


def _row(record: Record, now: str, room: int) -> Line:
    """One incident; its leader's name in ``room`` cells, whole where that is 0."""
    level = record.level.value if record.level is not None else "-"
    title, who = prose(record.title), prose(record.commander)
    return (
        Span(prose(record.id), "name"),
        Span(level, LEVELS.get(level, "")),
        Span(record.status.value),
        Span((cut(who, room) if room else who) or "nobody", "" if who else "warn"),
        Span(words.age(record, now)),
        _due(record, now),
        Span(title),
    )


def _due(record: Record, now: str) -> Span:
    due, left = words.due_next(record, now), words.open_actions(record)
    if due is None:
        return Span(f"{counted(left, 'action item')} open" if left else "", "dim")
    return Span(prose(words.timing(due, now)), "bad" if due.is_overdue(now) else "dim")
