"""Columns: which come from which, and how, as values that every answer can carry."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["DIRECT", "INDIRECT"]
Subtype = Literal["IDENTITY", "TRANSFORMATION", "AGGREGATION", "FILTER", "JOIN", "GROUP_BY", "SORT", "WINDOW", "CONDITIONAL"]
"""OpenLineage's words for how a column is used."""


class ColumnRef(msgspec.Struct, frozen=True, order=True):
    """A column of a node (unique_id), or of a table as a query names it. ``*`` are columns that are not known one by one."""

    node: str
    column: str

    @property
    def label(self) -> str:
        """``table.column``."""
        return f"{self.node}.{self.column}"


class ColumnEdge(msgspec.Struct, frozen=True, order=True):
    """One use of a column. ``target`` is the output column that it reaches; empty where it decides about the rows, and so about every column.

    ``named`` is whether the SQL names the column on the way, rather than reaching it through stars alone; ``certain`` whether the reference
    can only be of this column; ``within`` whether the output column's own expression uses it, rather than the query around.
    """

    source: ColumnRef
    target: str
    kind: Kind
    subtype: Subtype
    named: bool
    certain: bool = True
    within: bool = True


class ColumnStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a column's way: from ``column`` of ``node`` it is used by the next step's node so. The last step of a way has no use."""

    node: str
    column: str = ""
    kind: str = ""
    subtype: str = ""


class Unread(msgspec.Struct, frozen=True, order=True):
    """A node whose code was not read, and why, as a part of a sentence."""

    unique_id: str
    reason: str


class Coverage(msgspec.Struct, frozen=True):
    """How much of the code was read.

    ``nodes`` were looked at and ``read`` of them were read, those in ``partly`` not all of it; ``references`` are the names in them, ``attributed`` those that are of one column
    for certain; ``known`` are the nodes whose column list is known.
    """

    nodes: int = 0
    read: int = 0
    unread: tuple[Unread, ...] = ()
    references: int = 0
    attributed: int = 0
    known: int = 0
    partly: tuple[Unread, ...] = ()
