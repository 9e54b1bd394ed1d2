"""Slack's two forms, from the same view: mrkdwn text and Block Kit, within Slack's limits.

A line that does not fit is cut between its pieces, or between the words of one, before it is escaped: nothing is ever cut in the middle of an escape,
a link or a mark. The limits: header 150 characters, section 3,000, ten fields of 2,000, 50 blocks. Slack also refuses blocks whose JSON has, all
together, more than about 13,000 characters (``msg_blocks_too_long``), and takes a text of more than 4,000 neither in an edit nor in one message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from aftershock.render.documents.case import clipped
from aftershock.render.documents.inert import SLACK
from aftershock.render.documents.view import Field, Piece, Said, said
from aftershock.render.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.render.documents.view import Section, Table, View

TEXT, HEADER, SECTION, FIELD, FOOTER = 4_000, 150, 3_000, 2_000, 600
FIELDS, BLOCKS, PAYLOAD = 10, 50, 12_000
CELL = 200
"""Characters of a line of a list or a table."""

HALF = 4
"""Lines that a long list keeps at its beginning, and at its end."""

SIDE_BY_SIDE = 60
"""Characters of a value that stands beside another one."""

Block = dict[str, Any]


def mrkdwn(view: View) -> str:
    """The document as one mrkdwn text of at most `TEXT` characters.

    Args:
        view: what it says.
    """
    head = f"*{SLACK.value(view.title)}*"
    end = short(view.footer, FOOTER)
    room = TEXT - len(head) - len(end) - 80
    kept, left = _fitting(_lines(view), room)
    more = [_more(view, left)] if left else []
    return "\n".join([head, *kept, *more, "", end])


def blocks(view: View) -> str:
    """The document as the JSON text of a list of Block Kit blocks."""
    wanted = list(_blocks(view))
    end = [_context(short(view.footer, FOOTER))]
    kept: list[Block] = []
    room = PAYLOAD - _size(end) - 200
    for block in wanted:
        if len(kept) == BLOCKS - 2 or room < _size(block):
            break
        kept.append(block)
        room -= _size(block)
    left = len(wanted) - len(kept)
    more = [_context(_more(view, left))] if left else []
    return msgspec.json.encode([*kept, *more, *end]).decode()


def short(line: Said, limit: int) -> str:
    """A line as mrkdwn of at most ``limit`` characters, cut where nothing is cut in half."""
    whole = SLACK.value(line)
    if len(whole) <= limit:
        return whole
    kept: list[Piece] = []
    for piece in line.pieces:
        if len(SLACK.value(said(*kept, piece))) > limit - 2:
            if piece.kind != "link" and (head := _head(kept, piece, limit - 2)).text:
                kept.append(head)
            break
        kept.append(piece)
    return f"{SLACK.value(said(*kept))} …"


def _head(before: list[Piece], piece: Piece, limit: int) -> Piece:
    """As many of a piece's characters as fit, by halving."""
    low, high = 0, len(piece.text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(SLACK.value(said(*before, Piece(piece.text[:middle], piece.kind)))) <= limit
        low, high = (middle, high) if fits else (low, middle - 1)
    return Piece(piece.text[:low], piece.kind)


def _more(view: View, left: int) -> str:
    return f"… and {left:,} more: {SLACK.name(f'aftershock incident show {view.incident.id}')}"


def _fitting(lines: Iterator[str], room: int) -> tuple[list[str], int]:
    """The first lines that fit, and how many do not."""
    kept: list[str] = []
    rest = list(lines)
    while rest and len(rest[0]) + 1 <= room:
        room -= len(rest[0]) + 1
        kept.append(rest.pop(0))
    return kept, len(rest)


def _lines(view: View) -> Iterator[str]:
    yield from (short(line, SECTION) for line in view.intro)
    for field in view.fields:
        yield from _field(field)
    yield from (f"\n{short(line, SECTION)}" if not at else short(line, SECTION) for at, line in enumerate(view.closing))
    for section in view.sections:
        yield f"\n*{section.heading}*"
        yield from _section_lines(section)


def _field(field: Field) -> Iterator[str]:
    mark = "" if field.done is None else "☑ " if field.done else "☐ "
    yield f"{mark}*{SLACK.text(field.label)}:* {short(field.value, FIELD - 200)}"
    yield from (f"    {line}" for line in _listed([f"• {short(line, CELL)}" for line in field.items]))


def _section_lines(section: Section) -> Iterator[str]:
    yield from (short(line, SECTION - 100) for line in section.paragraphs)
    for field in section.fields:
        first, *rest = _field(field)
        yield f"• {first}"
        yield from rest
    yield from _listed([f"• {short(line, CELL)}" for line in section.bullets])
    if section.table is not None:
        yield from _listed(list(_rows(section.table)))
    if section.more:
        yield short(section.more, FIELD)


def _listed(lines: list[str]) -> list[str]:
    """The first and the last lines of a list, so that what comes after it has space too."""
    left = len(lines) - 2 * HALF
    return lines if left <= 1 else [*lines[:HALF], f"… {left:,} more …", *lines[-HALF:]]


def _rows(table: Table) -> Iterator[str]:
    """A row as a line: its first cell, then the others, with their headings where they are more than one."""
    for first, *rest in table.rows:
        if len(table.columns) == 2:  # noqa: PLR2004  # a time and what happened
            yield f"{short(first, 100)}  {short(rest[0], CELL)}"
        else:
            cells = (f"{column.lower()}: {short(cell, CELL // 3)}" for column, cell in zip(table.columns[1:], rest, strict=True))
            yield f"• {short(first, CELL)} ({'; '.join(cells)})"


def _blocks(view: View) -> Iterator[Block]:
    yield {"type": "header", "text": {"type": "plain_text", "text": clipped(plain(str(view.title)), HEADER), "emoji": False}}
    for line in view.intro:
        yield _section(short(line, SECTION))
    yield from _field_blocks(view.fields)
    for line in view.closing:
        yield _section(short(line, SECTION))
    for section in view.sections:
        lines = [f"*{section.heading}*", *_section_lines(section)]
        yield from map(_section, _packed(lines))


def _field_blocks(fields: tuple[Field, ...]) -> Iterator[Block]:
    """Short values two abreast, long ones over the whole width, in their order."""
    beside: list[str] = []
    for field in fields:
        if field.short and not field.items and len(str(field.value)) <= SIDE_BY_SIDE:
            beside.append(f"*{SLACK.text(field.label)}*\n{short(field.value, FIELD - 200)}")
            continue
        yield from _abreast(beside)
        beside = []
        yield from map(_section, _packed(list(_field(field))))
    yield from _abreast(beside)


def _abreast(texts: list[str]) -> Iterator[Block]:
    for at in range(0, len(texts), FIELDS):
        yield {"type": "section", "fields": [_text(text) for text in texts[at : at + FIELDS]]}


def _packed(lines: list[str]) -> Iterator[str]:
    """Lines joined into texts of at most `SECTION` characters."""
    kept: list[str] = []
    size = 0
    for line in lines:
        if kept and size + len(line) + 1 > SECTION:
            yield "\n".join(kept)
            kept, size = [], 0
        kept.append(line)
        size += len(line) + 1
    if kept:
        yield "\n".join(kept)


def _text(text: str) -> Block:
    """A text object; verbatim, so that Slack looks for no names, channels and addresses in it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text or "-")}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_text(text or "-")]}


def _size(value: object) -> int:
    return len(msgspec.json.encode(value).decode())
