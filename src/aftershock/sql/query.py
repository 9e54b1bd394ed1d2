"""A query as what lineage needs of it: who reads what, where, and under which name. Small, frozen, and free of any parser's classes.

A parse is expensive and depends on the SQL alone; resolving names is cheap and depends on the parents' columns too. This is what lies between,
so that a query is parsed once, kept, and resolved again for every "what if this column were gone".

Identifiers are keys: folded as the dialect folds them, so that equal keys are equal names. ``name`` beside ``key`` is as the SQL writes it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Union

import msgspec


class Role(IntEnum):
    """What a use does to what it reaches: the first three are DIRECT, the others INDIRECT, in OpenLineage's words."""

    IDENTITY = 0
    TRANSFORMATION = 1
    AGGREGATION = 2
    FILTER = 3
    JOIN = 4
    GROUP_BY = 5
    SORT = 6
    WINDOW = 7
    CONDITIONAL = 8


class _Struct(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Shared options: tuples on disk, and never part of a ring of garbage."""


BARE, AGGREGATED, WINDOWED = 1, 2, 4
"""Where a reference stands: alone in a list of GROUP BY, ORDER BY or DISTINCT ON; inside an aggregate; inside a window function."""

NO_TEXT, NO_TIME, NO_NUMBER, SPREADS = 8, 16, 32, 64
NEEDS = NO_TEXT | NO_TIME | NO_NUMBER
"""What stands around a reference: something that a strict warehouse does not do with a text, a date or time, or a number; or nothing up to the whole
expression by which a binary fraction would become another kind of number."""


class Ref(_Struct, frozen=True, tag=0):
    """A name in an expression: ``("o", "amount")``, also with struct fields behind. ``role`` is one of :class:`Role`; ``where`` flags as above."""

    parts: tuple[str, ...]
    role: int
    where: int = 0


class Sub(_Struct, frozen=True, tag=1):
    """A query in an expression. ``exists`` where only whether it has rows counts; ``width`` is how many columns it must have, 0 for any."""

    query: Query
    role: int
    exists: bool = False
    width: int = 0


class Whole(_Struct, frozen=True, tag=2):
    """All columns at once within an expression, ``count(t.*)`` or ``COLUMNS('re')``; ``qualifier`` is empty for those of every source.

    ``place`` is that of the one column that is meant (``#2``, ``$2``), from 1.
    """

    role: int
    qualifier: tuple[str, ...] = ()
    pattern: str = ""
    without: tuple[str, ...] = ()
    place: int = 0


class NamedWindow(_Struct, frozen=True, tag=3):
    """``OVER w``: what the WINDOW clause says under this key."""

    key: str


class Ordinal(_Struct, frozen=True, tag=4):
    """``ORDER BY 2``: the output column at this place, from 1."""

    place: int
    role: int


Use = Union[Ref, Sub, Whole, NamedWindow, Ordinal]  # noqa: UP007  # forward references in a union of strings do not evaluate on Python 3.10
Uses = tuple[Use, ...]


class Item(_Struct, frozen=True, tag=0):
    """One output column.

    ``unnamed`` where the warehouse makes up its name; ``aliased`` where AS gave it; ``fields`` where it is a struct made here; ``kind`` is
    AGGREGATED, WINDOWED, both or neither, by what its expression contains.
    """

    name: str
    key: str
    uses: Uses
    unnamed: bool = False
    aliased: bool = False
    fields: tuple[Item, ...] = ()
    kind: int = 0


class Star(_Struct, frozen=True, tag=1):
    """``*`` or ``t.*`` with what is taken away, replaced and renamed; ``pattern`` (a regular expression) and ``like`` choose among its columns.

    ``role`` is that of what surrounds it: IDENTITY, unless ``sum(COLUMNS(*))``. ``names`` are columns that COLUMNS lists; ``without_of`` are
    taken away from one source only, as (alias, key).
    """

    qualifier: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    replace: tuple[Item, ...] = ()
    rename: tuple[tuple[str, str, str], ...] = ()
    pattern: str = ""
    like: str = ""
    role: int = 0
    names: tuple[str, ...] = ()
    without_of: tuple[tuple[str, str], ...] = ()


class Table(_Struct, frozen=True, tag=0):
    """A relation or CTE by name. ``alias`` is its key in this scope; ``columns`` rename its columns by place, as (name, key)."""

    parts: tuple[str, ...]
    alias: str
    columns: tuple[tuple[str, str], ...] = ()
    aliased: bool = False


class Derived(_Struct, frozen=True, tag=1):
    """A query in FROM."""

    query: Query
    alias: str
    columns: tuple[tuple[str, str], ...] = ()
    lateral: bool = False


class Function(_Struct, frozen=True, tag=2):
    """A table function, UNNEST, FLATTEN or VALUES: its columns come of what it is given. ``open`` where it may have more than ``columns``.

    ``called`` is the name of a function that nobody but the warehouse knows: what it reads besides cannot be said.
    """

    uses: Uses
    alias: str
    columns: tuple[tuple[str, str], ...] = ()
    open: bool = True
    called: str = ""


class Joined(_Struct, frozen=True, tag=3):
    """Sources in parentheses."""

    joins: tuple[Join, ...]
    alias: str = ""
    columns: tuple[tuple[str, str], ...] = ()


class Pivot(_Struct, frozen=True, tag=4):
    """PIVOT: values of ``on`` become columns. ``names`` are those columns, for each value each of ``aggregates``; empty where only the data tells.

    ``groups`` are the columns kept; None keeps every column that is not used otherwise.
    """

    source: Source
    aggregates: tuple[Item, ...]
    on: Uses
    names: tuple[tuple[str, str], ...]
    groups: Uses | None = None
    alias: str = ""
    columns: tuple[tuple[str, str], ...] = ()


class Unpivot(_Struct, frozen=True, tag=5):
    """UNPIVOT: ``groups`` of columns become rows of ``values``; ``names`` is the column that holds which. ``values_first`` is their order."""

    source: Source
    groups: tuple[Uses, ...]
    values: tuple[tuple[str, str], ...]
    names: tuple[tuple[str, str], ...]
    alias: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    values_first: bool = False


Source = Union[Table, Derived, Function, Joined, Pivot, Unpivot]  # noqa: UP007  # as above


class Join(_Struct, frozen=True):
    """A source and how it is joined to those before it. ``hidden`` (SEMI, ANTI) gives no columns."""

    source: Source
    on: Uses = ()
    using: tuple[str, ...] = ()
    natural: bool = False
    hidden: bool = False


class Cte(_Struct, frozen=True):
    """A common table expression."""

    key: str
    query: Query
    columns: tuple[tuple[str, str], ...] = ()


class With(_Struct, frozen=True):
    """The WITH clause of a query."""

    ctes: tuple[Cte, ...] = ()
    recursive: bool = False


class Select(_Struct, frozen=True, tag=0):
    """SELECT. ``rows`` are the uses that decide which rows there are, by clause; ``order`` those that sort them; ``windows`` by key.

    ``lets`` are names for expressions that are no output columns: ClickHouse's WITH, measures of MATCH_RECOGNIZE.
    """

    items: tuple[Item | Star, ...]
    joins: tuple[Join, ...]
    where: Uses = ()
    group: Uses = ()
    group_all: bool = False
    having: Uses = ()
    qualify: Uses = ()
    order: Uses = ()
    limit: Uses = ()
    distinct: bool = False
    distinct_on: Uses = ()
    windows: tuple[tuple[str, Uses], ...] = ()
    with_: With = With()
    lets: tuple[Item, ...] = ()


class SetOperation(_Struct, frozen=True, tag=1):
    """UNION, EXCEPT, INTERSECT of several branches, left to right. ``filters`` where later branches take rows away; ``distinct`` drops equal rows."""

    branches: tuple[Query, ...]
    by_name: bool = False
    distinct: bool = False
    filters: bool = False
    order: Uses = ()
    with_: With = With()


Query = Union[Select, SetOperation]  # noqa: UP007  # as above


class Statement(_Struct, frozen=True):
    """A query, and the columns of the table that it is written to where the SQL names them (INSERT, CREATE VIEW): (name, key) by place.

    ``target`` is that table.
    """

    query: Query
    columns: tuple[tuple[str, str], ...] = ()
    target: tuple[str, ...] = ()
    by_name: bool = False
    fixed: tuple[tuple[str, str], ...] = ()
