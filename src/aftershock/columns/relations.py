"""Relations and columns while a query is resolved: what a name in it can stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.columns.masks import PASSED, SURE, composed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Inputs = dict[tuple[str, str], int]
"""(relation, column key) -> mask. Never changed once it belongs to a column."""
Named = tuple[tuple[str, str], ...]


class TableInfo(NamedTuple):
    """What is known of a relation.

    ``columns`` are (name, key) in order; ``complete`` whether there are no others; ``removed`` are keys of columns that are thought away; ``plain`` those of
    columns that have no fields for certain.
    """

    relation: str
    columns: Named = ()
    complete: bool = False
    removed: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()


class Col(NamedTuple):
    """A column of a relation in a scope; ``fields`` where it is a struct made in the query, ``plain`` where it has none for certain."""

    name: str
    key: str
    inputs: Inputs
    fields: Mapping[str, Inputs] | None = None
    unnamed: bool = False
    plain: bool = False


class Open(NamedTuple):
    """Columns that come from ``relation`` under their own names, except ``without``, which are known or taken away.

    ``complete`` where all of its columns are known; it is kept since what is known may be out of date.
    """

    relation: str
    without: frozenset[str] = frozenset()
    complete: bool = False


class Rel:
    """A relation in a scope.

    Attributes:
        alias: its key here; empty where it has none.
        parts: the keys of its own name, for references that use that.
        cols: its columns in order.
        opens: where further columns come from; empty where ``cols`` are all.
        other: inputs of any further column, where a function makes columns that only the data tells.
        rows: what its rows depend on.
        ghosts: columns that a star would have passed on if they were not thought away.
        pivoted: whether ``other`` are values of the data that became columns.
    """

    __slots__ = ("_folded", "alias", "by_key", "cols", "ghosts", "opens", "other", "parts", "pivoted", "removed", "rows", "unnamed")

    def __init__(  # noqa: PLR0913  # a value with many parts
        self,
        alias: str,
        cols: list[Col],
        *,
        parts: tuple[str, ...] = (),
        opens: tuple[Open, ...] = (),
        other: Inputs | None = None,
        rows: Inputs | None = None,
        ghosts: frozenset[str] = frozenset(),
        removed: frozenset[str] = frozenset(),
    ) -> None:
        self.alias = alias
        self.cols = cols
        self.parts = parts
        self.opens = opens
        self.other = other
        self.rows = {} if rows is None else rows
        self.ghosts = ghosts
        self.removed = removed
        self.pivoted = False
        self._folded: dict[str, Col] | None = None
        self.by_key: dict[str, Col] = {}
        self.unnamed = False
        for col in cols:
            self.unnamed |= col.unnamed
            found = self.by_key.get(col.key)
            self.by_key[col.key] = col if found is None else found._replace(inputs=merged((found.inputs, col.inputs)))

    @property
    def closed(self) -> bool:
        """Whether its columns are all known."""
        return self.other is None and all(item.complete for item in self.opens)

    def has(self, key: str) -> Col | None:
        """The column of this key among the known ones; in another case only where no case fits exactly."""
        found = self.by_key.get(key)
        if found is not None or key in self.removed:
            return found
        if self._folded is None:
            self._folded = {}
            for col in self.by_key.values():
                self._folded.setdefault(col.key.casefold(), col)
        return self._folded.get(key.casefold())

    def may_have(self, key: str) -> Inputs | None:
        """Inputs of a column that is not among the known ones; None where there cannot be such a column."""
        if key in self.removed:
            return None
        found = self._from(key, complete=False)
        if found:
            return found
        if self.other is not None:
            return self.other
        return merged(col.inputs for col in self.cols if col.unnamed) if self.unnamed else None

    def might_have(self, key: str) -> Inputs:
        """Inputs of a column that nobody has heard of, were the list of columns out of date."""
        return {} if key in self.removed else self._from(key, complete=True)

    def _from(self, key: str, *, complete: bool) -> Inputs:
        found = [(item.relation, key) for item in self.opens if item.complete is complete and key not in item.without]
        return dict.fromkeys(found, PASSED | SURE if len(found) == 1 else PASSED)

    def whole(self) -> Inputs:
        """Inputs of all columns together."""
        return merged((*(col.inputs for col in self.cols), self.further()))

    def further(self) -> Inputs:
        """Inputs of the columns that are not known."""
        found = {(item.relation, "*"): PASSED | SURE for item in self.opens if not item.complete}
        return merged((found, self.other)) if self.other else found


def merged(parts: Iterable[Inputs]) -> Inputs:
    """The union of several inputs."""
    found: Inputs = {}
    for part in parts:
        add(found, part)
    return found


def add(target: Inputs, more: Inputs) -> None:
    """Merge ``more`` into ``target``, which must not belong to a column yet."""
    if not target:
        target.update(more)
        return
    for key, mask in more.items():
        target[key] = target.get(key, 0) | mask


def used(inputs: Inputs, role: int, *, within: bool = True, flags: int = 0) -> Inputs:
    """Inputs of an expression that uses a column in a role."""
    return {key: composed(role, within, mask) | flags for key, mask in inputs.items()}


def unsure(inputs: Inputs) -> Inputs:
    """The same inputs, where the reference may be of something else."""
    return {key: mask & ~SURE for key, mask in inputs.items()}


def renamed(cols: list[Col], names: Named) -> list[Col]:
    """Columns with other names by place; those beyond the names keep theirs."""
    return [col._replace(name=name, key=key, unnamed=False) for col, (name, key) in zip(cols, names, strict=False)] + cols[len(names) :]
