"""Lines as data: spans with styles, sections that share a budget of rows, and the two ways to print them.

Widths are terminal cells, heights are rows as the terminal shows them (a long line takes several). Every text that comes in here is already
escaped.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import chain, islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

Style = Literal["", "title", "bad", "warn", "good", "dim", "name", "command", "link"]

_RICH = {
    "title": "bold",
    "bad": "bold red",
    "warn": "yellow",
    "good": "green",
    "dim": "dim",
    "name": "bold cyan",
    "command": "green",
    "link": "underline blue",
}

NARROWEST_COLUMN = 8
_WHOLE = 60
_NARROW = re.compile("[ -\u02ff\u2010-\u2027\u2190-\u21ff]*")


class Span(NamedTuple):
    """Text in one style."""

    text: str
    style: Style = ""


Line = tuple[Span, ...]
"""One line of output; a terminal may show it in several rows."""

Item = tuple[Line, ...]
"""Lines that are shown together or not at all."""


class Section(NamedTuple):
    """A titled list.

    ``floor`` is the rows that its items get before anything is shared out; who is ``first`` takes what it needs of the rest; ``unbuilt`` counts
    further items that no budget has space for. Items are shown from the first one on, except that those at the places ``must`` come before all others and are never given up; ``kinds``
    says of what sort each is, for the line that stands where some are left out.
    """

    title: Line
    items: tuple[Item, ...]
    floor: int = 1
    first: bool = False
    unbuilt: int = 0
    must: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()


def cells(text: str) -> int:
    """How many terminal cells ``text`` takes."""
    if text.isascii() or _NARROW.fullmatch(text):
        return len(text)
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, ending in ``…`` where something is left out."""
    if len(text) <= width and cells(text) <= width:
        return text
    if text.isascii():
        return f"{text[: width - 1]}…"
    kept = text[: 2 * width]
    while kept and cells(kept) >= width:
        kept = kept[:-1]
    return f"{kept}…"


def pad(text: str, width: int) -> str:
    """``text`` filled with spaces to ``width`` cells."""
    return text + " " * (width - cells(text))


def wrap(text: str, width: int) -> list[str]:
    """``text`` broken at spaces into rows of at most ``width`` cells; a longer word is broken anywhere."""
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        longer = f"{row} {word}" if row else word
        if cells(longer) <= width:
            row = longer
            continue
        if row:
            rows.append(row)
        while cells(word) > width:
            head = cut(word, width + 1)[:-1]
            rows.append(head)
            word = word[len(head) :]  # noqa: PLW2901  # what is left of the word
        row = word
    return [*rows, row] if row or not rows else rows


def paragraph(lead: Line, text: str, width: int, *, rows: int = 0, style: Style = "") -> Item:
    """``text`` after ``lead``, wrapped and indented to it; with ``rows``, at most so many, ending in ``…``."""
    indent = sum(cells(span.text) for span in lead)
    room = max(width - indent, 20)
    lines = wrap(text, room)
    if rows and len(lines) > rows:
        lines = [*lines[: rows - 1], cut(" ".join(lines[rows - 1 :]), room)]
    first: Line = (*lead, Span(lines[0], style))
    return (first, *((Span(" " * indent), Span(line, style)) for line in lines[1:]))


def columns(rows: Sequence[Line], width: int, *, whole: bool) -> list[Line]:
    """Cells aligned in columns, two spaces apart and two from the left.

    The last column, then the widest are narrowed and cut; with ``whole`` nothing is, and long cells push the rest of their rows to the right.
    """
    if not rows:
        return []
    widths = [max(cells(row[at].text) for row in rows) for at in range(len(rows[0]))]
    if whole:
        return [_aligned(row, [min(size, _WHOLE) for size in widths], whole=True) for row in rows]
    spare = max(0, min(widths[-1] - 20, sum(widths) + 2 * len(widths) - width))
    widths[-1] -= spare
    while sum(widths) + 2 * len(widths) > width and max(widths) > NARROWEST_COLUMN:
        over = sum(widths) + 2 * len(widths) - width
        widest = max(widths)
        second = max((size for size in widths if size < widest), default=NARROWEST_COLUMN)
        share = max(1, min(over // widths.count(widest), widest - max(second, NARROWEST_COLUMN)))
        widths = [size - share if size == widest else size for size in widths]
    return [_aligned(row, widths, whole=False) for row in rows]


def rows_of(line: Line, width: int) -> int:
    """How many rows a terminal of ``width`` needs for ``line``."""
    return max(1, -(-sum(cells(span.text) for span in line) // width))


def fit(sections: list[Section], width: int, budget: int) -> list[Line]:
    """The lines of all sections, shortened to ``budget`` rows in all (0 for no limit).

    Every section keeps its title and, where all can, its floor; what is left goes first to the section that is ``first``, then one item to each in turn.
    Empty lines part the sections only where everything fits.
    """
    sections = [section for section in sections if section.items or section.title]
    needed = sum(_height(section, len(section.items), width) for section in sections)
    if not budget or needed + len(sections) - 1 <= budget:
        return _joined(sections, [len(section.items) for section in sections], spaced=True)
    return _joined(sections, _shared(sections, width, budget), spaced=False)


def plain(lines: list[Line]) -> str:
    """The lines without styles."""
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)


def coloured(lines: list[Line], width: int) -> str:  # noqa: ARG001  # the lines are laid out for it already
    """The lines with colours for a terminal; nothing is broken or cropped.

    Of rich only the styles are loaded: its console would cost a quarter of a warm answer.
    """
    from rich.color import ColorSystem
    from rich.style import Style

    styles = {name: Style.parse(definition) for name, definition in _RICH.items()}

    def shown(line: Line) -> str:
        room = len("".join(span.text for span in line).rstrip())
        texts = []
        for span in line:
            text, room = span.text[: max(room, 0)], room - len(span.text)
            texts.append(styles[span.style].render(text, color_system=ColorSystem.STANDARD) if span.style in styles else text)
        return "".join(texts)

    return "".join(f"{shown(line)}\n" for line in lines)


def _aligned(row: Line, widths: list[int], *, whole: bool) -> Line:
    """One row under its columns; what does not fit is cut, or pushes the rest of its row to the right."""
    spans = [Span("  ")]
    for at, (span, width) in enumerate(zip(row, widths, strict=True)):
        shown = span.text if whole else cut(span.text, width)
        spans.append(Span(shown, span.style))
        if at < len(row) - 1:
            spans.append(Span(" " * (width - cells(shown)) + "  "))
    return tuple(spans)


def _height(section: Section, shown: int, width: int) -> int:
    heading = rows_of(_heading(section, shown), width) if section.title else 0
    return heading + sum(rows_of(line, width) for line in _body(section, shown))


def _body(section: Section, shown: int) -> list[Line]:
    """The lines of so many items, in their order; where some between them are left out, a line says so."""
    others = (at for at in range(len(section.items)) if at not in section.must)
    lines: list[Line] = []
    due = 0
    for at in sorted(islice(chain(section.must, others), shown)):
        if at > due:
            kinds = listing(list(dict.fromkeys(section.kinds[due:at])))
            lines.append((Span(f"     … {at - due:,} more here: {kinds} (--all)", "dim"),))
        lines.extend(section.items[at])
        due = at + 1
    return lines


def _shared(sections: list[Section], width: int, budget: int) -> list[int]:
    """How many items each section shows."""
    shown = [_within(section, width, section.floor) for section in sections]
    left = budget - _total(sections, shown, width)
    while left < 0 and any(shown[at] > len(section.must) for at, section in enumerate(sections) if not section.first):
        tallest = max(
            (at for at, section in enumerate(sections) if not section.first and shown[at] > len(section.must)),
            key=lambda at: _height(sections[at], shown[at], width),
        )
        shown[tallest] -= 1
        left = budget - _total(sections, shown, width)
    order = sorted(range(len(sections)), key=lambda at: not sections[at].first)
    stuck: set[int] = set()
    while len(stuck) < len(sections):
        for at in order:
            section = sections[at]
            while at not in stuck:
                cost = _height(section, shown[at] + 1, width) - _height(section, shown[at], width)
                if shown[at] == len(section.items) or cost > left:
                    stuck.add(at)
                    break
                shown[at] += 1
                left -= cost
                if not section.first:
                    break
    return shown


def _total(sections: list[Section], shown: list[int], width: int) -> int:
    return sum(_height(section, count, width) for section, count in zip(sections, shown, strict=True))


def _within(section: Section, width: int, rows: int) -> int:
    """How many items fit into ``rows``, one at least unless these are none."""
    heading = _height(section, 0, width)
    count = 0
    while count < len(section.items) and _height(section, count + 1, width) - heading <= rows:
        count += 1
    return max(count, min(1, rows, len(section.items)))


def _heading(section: Section, shown: int) -> Line:
    """The title, which says what is not shown."""
    rest = len(section.items) + section.unbuilt - shown
    more = f" … and {rest:,} more (--all)" if shown else " (--all lists them)"
    return (*section.title, Span(more, "dim")) if rest else section.title


def _joined(sections: list[Section], shown: list[int], *, spaced: bool) -> list[Line]:
    lines: list[Line] = []
    for section, count in zip(sections, shown, strict=True):
        if lines and spaced:
            lines.append(())
        if section.title:
            lines.append(_heading(section, count))
        lines.extend(_body(section, count))
    return lines
