"""What a child is asked, and what it answers. All of it is data that MessagePack carries."""

from __future__ import annotations

import msgspec

from aftershock.jinja.context import Context
from aftershock.model import Node
from aftershock.model.code import NodeCode
from aftershock.sql.comparing.facts import Compared, Comparison
from aftershock.sql.query import Statement


class Limits(msgspec.Struct, frozen=True):
    """What one piece of code may take: seconds, megabytes of the process that reads it, and characters of text."""

    seconds: float = 20.0
    megabytes: int = 1536
    characters: int = 5_000_000


class Setup(msgspec.Struct, frozen=True):
    """The first thing that a child is told."""

    limits: Limits
    context: Context | None = None


class Job(msgspec.Struct, frozen=True, array_like=True):
    """SQL to parse; where ``node`` is given, its template to render and parse too. ``name`` is the node's unique_id, for whoever asks.

    With ``full`` the template is only rendered, as a full run would see it, and nothing in it is guessed. With ``plain`` it is only rendered, as
    what it may be in any run. ``pair`` are two queries to compare instead.
    """

    name: str
    text: str
    dialect: str
    node: Node | None = None
    code: NodeCode | None = None
    full: bool = False
    plain: bool = False
    pair: Comparison | None = None


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """The statements that a piece of code may be (several where is_incremental() decides), or why it cannot be read, as a part of a sentence.

    With both, the reason says what of it was not read. ``text`` is the SQL itself, where that was asked for, ``texts`` all that it may be, and
    ``compared`` how two queries differ.
    """

    statements: tuple[Statement, ...] = ()
    reason: str = ""
    text: str = ""
    texts: tuple[str, ...] = ()
    compared: Compared | None = None
