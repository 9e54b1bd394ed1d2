"""What a walk over a query holds: the scopes that names are looked up in, and what each query yields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.columns.relations import Col, Inputs, Open, Rel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.sql.query import Cte, Item, Uses


class Unknown(msgspec.Struct, frozen=True, array_like=True):
    """A reference that is of none, or of one of several: its names, and the relations whose column it may be."""

    parts: tuple[str, ...]
    candidates: tuple[str, ...] = ()


class Output(msgspec.Struct):
    """What a query yields.

    ``kinds`` says of each column whether it is aggregated or windowed; ``ghosts`` are columns that a star would pass on if they were not
    thought away; ``other`` are inputs of further columns whose names only the data tells; ``ends`` are how many columns come before and after
    all stars, where there are columns that are not known.
    """

    cols: list[Col]
    opens: tuple[Open, ...]
    rows: Inputs
    ghosts: frozenset[str] = frozenset()
    other: Inputs | None = None
    kinds: tuple[int, ...] = ()
    ends: tuple[int, int] = (0, 0)

    @property
    def closed(self) -> bool:
        """Whether its columns are all known."""
        return self.other is None and all(item.complete for item in self.opens)


class CteEntry:
    """A CTE, resolved once. ``env`` are the CTEs that it sees, ``outer`` the scope around the query that defines it."""

    __slots__ = ("cte", "env", "found", "outer", "recursive")

    def __init__(self, cte: Cte, env: Mapping[str, CteEntry], outer: Scope | None, *, recursive: bool) -> None:
        self.cte = cte
        self.env = env
        self.outer = outer
        self.recursive = recursive
        self.found: Output | None = None


class Alias(msgspec.Struct):
    """An output column under its name: what it comes from, and whether it is aggregated or windowed."""

    inputs: Inputs
    kind: int = 0


class Shared(msgspec.Struct):
    """A column that USING has made one of several: what it comes from, and the sources that have it."""

    inputs: Inputs
    rels: list[Rel]


class Scope:
    """Sources of a SELECT, its output columns as aliases, named windows, and the scope around it.

    ``joined`` are columns that USING has made one; ``aliases`` the output columns so far, ``later`` those still to come, and ``ahead`` what of
    them was worked out before its turn.
    """

    __slots__ = ("ahead", "aliases", "env", "joined", "later", "outer", "rels", "windows")

    def __init__(self, outer: Scope | None, env: Mapping[str, CteEntry]) -> None:
        self.outer = outer
        self.env = env
        self.rels: list[Rel] = []
        self.joined: dict[str, Shared] = {}
        self.aliases: dict[str, Alias] = {}
        self.later: dict[str, Item] = {}
        self.ahead: dict[str, Inputs] = {}
        self.windows: dict[str, Uses] = {}
