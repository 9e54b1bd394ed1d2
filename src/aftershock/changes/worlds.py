"""Relations before and after: what each node that changes gives its readers, as binding needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.columns.relations import TableInfo
from aftershock.columns.states import State

if TYPE_CHECKING:
    from aftershock.columns.relations import Inputs, Named
    from aftershock.columns.resolve import Resolved


class World(NamedTuple):
    """A relation before and after the head is built.

    In ``after.removed`` are the keys of columns that it then lacks; ``absent`` are those of them that the new SQL yields and the table does not get.
    """

    before: TableInfo
    after: TableInfo
    absent: Named = ()

    @property
    def lost(self) -> frozenset[str]:
        """Keys of columns that are no more."""
        return self.after.removed

    @property
    def gained(self) -> frozenset[str]:
        """Keys of columns that were not there."""
        return _keys(self.after) - _keys(self.before) if self.before.complete else frozenset()

    @property
    def reordered(self) -> bool:
        """Whether the columns that stay stand in another order."""
        stays = _keys(self.before) & _keys(self.after) - self.lost
        return [key for _, key in self.before.columns if key in stays] != [key for _, key in self.after.columns if key in stays]

    @property
    def differs(self) -> bool:
        """Whether a reader could see that the relation is another one by its columns."""
        return bool(self.lost or self.gained or self.reordered or self.before.complete != self.after.complete)

    def together(self) -> TableInfo:
        """The relation with both its old and its new columns, new ones first."""
        found = {key: name for name, key in (*self.after.columns, *self.before.columns, *self.absent)}
        return TableInfo(self.after.relation, tuple((name, key) for key, name in found.items()), self.after.complete)


def _keys(info: TableInfo) -> frozenset[str]:
    return frozenset([key for _, key in info.columns])


def info_of(unique_id: str, found: list[Resolved]) -> TableInfo:
    """What the statements that a node's code may be yield."""
    columns: dict[str, str] = {}
    for resolved in found:
        for name, key, _ in resolved.columns:
            columns.setdefault(key, name)
    return TableInfo(unique_id, tuple((name, key) for key, name in columns.items()), all(resolved.closed for resolved in found))


def ordered(columns: Named, like: Named) -> Named:
    """Columns in the order in which the other list has them, the others behind."""
    places = {key: place for place, (_, key) in enumerate(like)}
    return tuple(sorted(columns, key=lambda item: places.get(item[1], len(places))))


class Retyped(NamedTuple):
    """The old and new type of a column, empty where one is not known; ``itself`` where it is the changed column as it is, and not what is computed from it."""

    was: str
    now: str
    itself: bool = True


class Touched(State):
    """What is known of one node while changes are followed down, beyond what a single column's fate is.

    Attributes:
        world: its relation before and after; None where its columns are the same.
        lost: names of columns that it loses through what it reads, by key.
        gone: names of columns that its own SQL no longer yields, by key.
        dropped: keys of columns that its query no longer yields, whatever its relation keeps.
        retyped: what became of the types of columns, by key.
        renamed: new keys of columns that have another name and the same values, by their old one.
        declared: types that the SQL yields and the contract had, by key, where the contract says another one now, with the change that says so.
        needed: what the query did with columns before the change, so that they are of types it takes.
        sources: by key (empty for its rows), the change of the node itself from which an effect starts.
        known: problems of binding that its SQL had before: they are no news.
        unsure: whether nobody can say how its columns and values differ.
        own: whether its own SQL is another text.
        whole: whether what is written of it is another, so that it is looked at whole though its SQL is the same.
        failed: the change that makes it fail by itself; -1 where none does.
        held: whether only a test that cannot run keeps ``dbt build`` from building it, and whether that is sure; None where none does. A run without
            tests builds it, so that all else is told as well.
    """

    __slots__ = ("declared", "dropped", "failed", "gone", "held", "known", "lost", "needed", "own", "renamed", "retyped", "sources", "unsure", "whole", "world")

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None
        self.lost: dict[str, str] = {}
        self.gone: dict[str, str] = {}
        self.dropped: frozenset[str] = frozenset()
        self.retyped: dict[str, Retyped] = {}
        self.renamed: dict[str, str] = {}
        self.declared: dict[str, tuple[str, int]] = {}
        self.needed: Inputs = {}
        self.sources: dict[str, int] = {}
        self.known: frozenset[str] = frozenset()
        self.unsure = False
        self.own = False
        self.whole = False
        self.failed = -1
        self.held: bool | None = None

    @property
    def is_news(self) -> bool:
        """Whether those who read it have to be looked at."""
        return bool(self.effects or self.retyped or self.unsure) or self.world is not None or self.held is not None

    def hold(self, *, certain: bool) -> None:
        """Note that a test keeps it from being built; sure once is sure."""
        self.held = bool(self.held) or certain


class Root(NamedTuple):
    """Where a walk starts: a changed node of the head, with its state as its own changes make it."""

    state: Touched
    base_id: str
