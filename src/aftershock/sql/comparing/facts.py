"""What a comparison is given beside two texts: the relations that they read, as data, and what it answers."""

from __future__ import annotations

import msgspec

from aftershock.model.changes import QueryDiff


class Known(msgspec.Struct, frozen=True, array_like=True):
    """A relation by the names that SQL has for it.

    Attributes:
        relation: what tells it from others, the same on both sides.
        label: its name for people.
        parts: its own names, outermost first, folded; a single one that is a CTE's where dbt puts the relation's SQL into that of its readers.
        columns: (name, key, type) in order; the type is empty where it is not known.
        complete: whether there are no other columns.
        successors: (key here, key on the other side) of columns that were renamed.
        settled: whether its columns have these types on both sides.
        inside: the query that it is made of, where that is to be read in its place.
    """

    relation: str
    label: str
    parts: tuple[str, ...]
    columns: tuple[tuple[str, str, str], ...] = ()
    complete: bool = False
    successors: tuple[tuple[str, str], ...] = ()
    settled: bool = False
    inside: Side | None = None


class Side(msgspec.Struct, frozen=True, array_like=True):
    """One of two queries.

    ``texts`` are the statements that it may be (of an incremental model: of a full run and of an incremental one); ``known`` the relations that it
    may read, ``inlined`` those of them that are CTEs here, by the CTE's key; ``types`` what is known of its own columns' types, by key.
    """

    texts: tuple[str, ...]
    known: tuple[Known, ...] = ()
    inlined: tuple[tuple[str, Known], ...] = ()
    types: tuple[tuple[str, str], ...] = ()


class Comparison(msgspec.Struct, frozen=True, array_like=True):
    """Two queries to compare, and in which dialect they are written."""

    base: Side
    head: Side
    dialect: str


class Compared(msgspec.Struct, frozen=True):
    """How they differ; ``wanting`` are relations whose columns are not all known, which might have told more."""

    diff: QueryDiff
    wanting: tuple[str, ...] = ()


class Relations:
    """The relations of one side by name."""

    def __init__(self, known: tuple[Known, ...]) -> None:
        self.labels = {item.relation: item.label for item in known}
        self.paths = {item.relation: ".".join(item.parts) for item in known}
        self._by_name: dict[str, list[Known]] = {}
        for item in known:
            if item.parts:
                self._by_name.setdefault(item.parts[-1], []).append(item)

    def of(self, parts: tuple[str, ...]) -> Known | None:
        """The relation that a name means: of those whose names agree as far as both have any, the first."""
        folded = tuple(part.casefold() for part in parts)
        for item in self._by_name.get(folded[-1], ()):
            length = min(len(item.parts), len(folded))
            if item.parts[-length:] == folded[-length:]:
                return item
        return None
