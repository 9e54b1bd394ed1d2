"""What a document says, before any form: a title, fields, paragraphs, sections. Texts are raw; each form makes them inert.

Templates read these values by the names that they have here, which therefore stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from aftershock.model.record import Audience, DocumentKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

NAMELESS = "(no name)"
"""What stands where a name is empty."""

PieceKind = Literal["text", "name", "person", "link", "strong"]


class Shown(msgspec.Struct, frozen=True):
    """A value that templates may read: its fields, and nothing else."""


class Piece(Shown, frozen=True):
    """A stretch of a line. A ``name`` is one that a program knows, a ``person`` somebody who must not be called by it; ``url`` is of a ``link``."""

    text: str
    kind: PieceKind = "text"
    url: str = ""


class Said(Shown, frozen=True):
    """One line of text, of any length."""

    pieces: tuple[Piece, ...] = ()

    def __bool__(self) -> bool:
        """Whether it says something."""
        return any(piece.text.strip() for piece in self.pieces)

    def __str__(self) -> str:
        """Its words alone, raw."""
        return "".join(piece.text for piece in self.pieces)


class Field(Shown, frozen=True):
    """A labelled value.

    Attributes:
        name: its name in templates.
        label: its heading, as the source of the document has it.
        value: what is said; of an unknown one also who can know it.
        items: what belongs below the value, one line each.
        unknown: whether it is not known.
        done: of an item of the impact checklist, whether the artifacts prove the answer; else None.
        short: whether it fits beside another one.
    """

    name: str
    label: str
    value: Said
    items: tuple[Said, ...] = ()
    unknown: bool = False
    done: bool | None = None
    short: bool = False


class Table(Shown, frozen=True):
    """Rows of as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Said, ...], ...]


class Section(Shown, frozen=True):
    """A part with a heading: paragraphs, then labelled values, then a list, then a table; ``more`` says what was left out."""

    name: str
    heading: str
    paragraphs: tuple[Said, ...] = ()
    fields: tuple[Field, ...] = ()
    bullets: tuple[Said, ...] = ()
    table: Table | None = None
    more: Said = Said()


class Identity(Shown, frozen=True):
    """Which incident it is, in plain words. Times are written for people; what is not known is empty."""

    id: str
    title: str
    category: str
    category_slug: str
    severity: str
    status: str
    commander: str
    comms: str
    detected_at: str
    started_at: str
    resolved_at: str
    url: str


class View(Shown, frozen=True):
    """A whole document.

    ``heading`` is whether the title is a heading of a long document; ``subject`` one line for a mail, without the title's capitals.
    """

    document: DocumentKind
    audience: Audience
    title: Said
    subject: str
    incident: Identity
    recipient: str = ""
    heading: bool = False
    intro: tuple[Said, ...] = ()
    fields: tuple[Field, ...] = ()
    closing: tuple[Said, ...] = ()
    sections: tuple[Section, ...] = ()
    footer: Said = Said()

    def every_field(self) -> Iterator[Field]:
        """All labelled values, those of sections included."""
        yield from self.fields
        for section in self.sections:
            yield from section.fields


def said(*parts: str | Piece | Said) -> Said:
    """A line of these parts; a text is just text."""
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, Said):
            pieces += part.pieces
        elif isinstance(part, Piece):
            pieces.append(part)
        elif part:
            pieces.append(Piece(part))
    return Said(tuple(pieces))


def name(text: str) -> Piece:
    """A name that a program knows: a node, a command."""
    return Piece(text if text.strip() else NAMELESS, "name")


def person(text: str) -> Piece:
    """Somebody, named without being called."""
    return Piece(text if text.strip() else NAMELESS, "person")


def strong(text: str) -> Piece:
    """Words that matter most."""
    return Piece(text, "strong")


def link(text: str, url: str) -> Piece:
    """Words that lead somewhere, where ``url`` is a web address."""
    words = text if text.strip() else NAMELESS
    return Piece(words, "link", url) if url else Piece(words)


def listed(parts: Sequence[str | Piece | Said], limit: int = 0) -> Said:
    """``a``, ``a and b``, ``a, b and c``; beyond ``limit`` (0 for none) ``a, b and 3 more``."""
    kept: list[str | Piece | Said] = list(parts)
    if limit and len(kept) > limit:
        kept = [*kept[:limit], f"{len(parts) - limit:,} more"]
    joined: list[str | Piece | Said] = []
    for at, part in enumerate(kept):
        joined += ["" if not at else " and " if at == len(kept) - 1 else ", ", part]
    return said(*joined)


def sentences(lines: Iterable[Said]) -> tuple[Said, ...]:
    """Those that say something."""
    return tuple(line for line in lines if line)
