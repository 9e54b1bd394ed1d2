"""Changes -> where a walk over the head starts: each changed node's relation before and after, and what of it is others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.changes.queries import ANY
from aftershock.changes.stored import KEEPS_ROWS
from aftershock.changes.worlds import Root, Touched, World, info_of
from aftershock.columns.relations import TableInfo
from aftershock.columns.states import ROWS
from aftershock.model import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair, Side
    from aftershock.model.changes import Change

ROWS_DIFFER = {"rows-changed": True, "seed-changed": True, "source-changed": False, "materialization-changed": False, "incremental-changed": False}
"""Kinds after which every column of a node may have other values, and whether that is sure. A moved table that keeps rows starts without them."""
LOST = frozenset({"column-removed", "column-renamed"})
CODED = frozenset({"model", "snapshot"})
MOVED = frozenset({"relation-moved", "node-renamed"})
WHOLE = frozenset({"contract-changed", "incremental-changed", "materialization-changed"})
"""Kinds after which dbt may refuse what the same SQL yields."""
GONE = frozenset({"node-removed", "node-disabled", "source-removed"})

Numbered = tuple[int, "Change"]


def roots(scene: Scene, changes: Sequence[Change]) -> dict[str, Root]:
    """Where to start, by unique_id of the head.

    Args:
        scene: both projects.
        changes: all of them; those that are acknowledged start nothing.
    """
    by_node: dict[str, list[Numbered]] = {}
    for number, change in enumerate(changes):
        if not change.acknowledged:
            for unique_id in _starts(scene, change):
                by_node.setdefault(unique_id, []).append((number, change))
    for unique_id in scene.rewritten:
        by_node.setdefault(unique_id, [])
    found = {unique_id: _Rooting(scene, unique_id, mine).root() for unique_id, mine in by_node.items()}
    for unique_id, number, why in _orphans(scene, changes):
        root = found.setdefault(unique_id, Root(Touched(), unique_id))
        _fail(root.state, number, why)
    return found


def _starts(scene: Scene, change: Change) -> Iterator[str]:
    """The nodes of the head at which a change starts."""
    if change.unique_id in scene.head.nodes:
        yield change.unique_id
    elif change.kind == "macro-changed" and change.verdict == "cannot-say":
        yield from (unique_id for unique_id in scene.macros.get(change.unique_id, ()) if scene.head.nodes[unique_id].is_relation)


def _orphans(scene: Scene, changes: Sequence[Change]) -> Iterator[tuple[str, int, str]]:
    """Nodes of the head that read what is gone: dbt refuses them."""
    gone = {change.unique_id: number for number, change in enumerate(changes) if change.kind in GONE and not change.acknowledged}
    gone.update((pair.base_id, number) for number, pair in _renames(scene, changes))
    for unique_id, node in scene.head.nodes.items():
        for parent in node.parents:
            if parent in gone and parent not in scene.head.nodes:
                yield unique_id, gone[parent], f"it reads {scene.base.label(parent)}, which is gone"


def _renames(scene: Scene, changes: Sequence[Change]) -> Iterator[tuple[int, Pair]]:
    for number, change in enumerate(changes):
        if change.kind == "node-renamed" and not change.acknowledged and change.unique_id in scene.by_head:
            yield number, scene.by_head[change.unique_id]


def _fail(state: Touched, number: int, why: str, *, certain: bool = True) -> None:
    state.why = state.why or why
    state.hit(Effect.FAILS, certain=certain)
    if certain:
        state.failed = number


class _Rooting:
    """One changed node."""

    def __init__(self, scene: Scene, unique_id: str, changes: list[Numbered]) -> None:
        self.scene = scene
        self.unique_id = unique_id
        self.changes = changes
        self.pair = scene.by_head.get(unique_id)
        self.node = scene.head.nodes[unique_id]
        self.mode = scene.mode(unique_id)
        self.state = Touched()

    def root(self) -> Root:
        """The node's state as its own changes make it."""
        state, base_id = self.state, self.pair.base_id if self.pair is not None else self.unique_id
        state.own = self.unique_id in self.scene.rewritten or (self.pair is None and self.node.resource_type in CODED)
        state.whole = any(change.kind in WHOLE for _, change in self.changes)
        for number, change in self.changes:
            self._effect(number, change)
        state.world = self._world()
        lineage = self.scene.base.reader.lineages.get(base_id) if self.pair is not None else None
        if lineage is not None and lineage.resolved is not None:
            state.known = frozenset(lineage.resolved.problems)
        if state.world is not None and not state.own:
            state.removed = frozenset(state.gone)
        state.columns.update({change.column: None for _, change in self.changes if change.column})
        return Root(state, base_id)

    def _world(self) -> World | None:
        """The query's columns before and after; of a source or seed what the warehouse listed; None where nothing is known of both."""
        if self.pair is None:
            return None
        old, new = _info(self.scene.base, self.pair.base_id), _info(self.scene.head, self.unique_id)
        if old is None or new is None:
            return None
        gone = frozenset(self.state.gone)
        found = World(TableInfo(self.unique_id, old.columns, old.complete), TableInfo(self.unique_id, new.columns, new.complete, gone))
        return found if self.state.own or found.differs else None

    def _effect(self, number: int, change: Change) -> None:
        state = self.state
        if change.kind in LOST and change.column == ANY:
            self._source(ROWS, number)
        elif change.kind in LOST:
            key = self._key(change.column)
            self._source(key, number)
            state.gone[key] = change.column
        elif change.kind == "column-added":
            self._source(self.scene.head.reader.key_of(self.unique_id, change.column), number)
        elif change.kind in {"values-changed", "column-retyped"}:
            self._retyped_or_other(number, change)
        elif change.kind == "sql-unread" or (change.kind == "macro-changed" and change.verdict == "cannot-say"):
            state.unsure = True
            self._source(ROWS, number)
        elif change.kind in ROWS_DIFFER and change.verdict != "safe":
            self._rows(number, certain=ROWS_DIFFER[change.kind])
        elif change.kind == "consumer-changed" and change.verdict != "safe":
            self._source(ROWS, number)
            state.hit(Effect.WRONG, certain=True)
        elif change.kind in MOVED and change.verdict != "safe" and self.node.materialized in KEEPS_ROWS:
            self._rows(number, certain=False)
        elif change.kind == "source-removed":
            _fail(state, number, "the warehouse no longer has it", certain=False)
            self._rows(number, certain=False)
            state.unsure = True
        else:
            state.sources.setdefault(ROWS, number)

    def _source(self, key: str, number: int) -> None:
        if key == ROWS and self.state.sources.get(ROWS) is not None and ROWS not in self.state.wrong:
            self.state.sources[ROWS] = number
        self.state.sources.setdefault(key, number)

    def _rows(self, number: int, *, certain: bool) -> None:
        self._source(ROWS, number)
        self.state.wrong[ROWS] = self.state.wrong.get(ROWS, False) or certain

    def _retyped_or_other(self, number: int, change: Change) -> None:
        if change.verdict == "safe":
            return
        key = self._key(change.column)
        self._source(key, number)
        if change.kind == "column-retyped":
            self.state.retyped[key] = (change.was, change.now)
        self.state.wrong[key] = self.state.wrong.get(key, False) or change.certainty == "certain"

    def _key(self, column: str) -> str:
        return self.scene.base.reader.key_of(self.pair.base_id, column) if self.pair is not None else self.scene.head.reader.key_of(self.unique_id, column)


def _info(side: Side, unique_id: str) -> TableInfo | None:
    """A node's columns: what its SQL yields, or what the warehouse listed of a source or seed; None where neither is known."""
    node = side.nodes[unique_id]
    if node.resource_type in {"model", "snapshot"}:
        side.reader.read((unique_id,), whole=True)
        found = side.reader.lineages.get(unique_id)
        return info_of(unique_id, [found.resolved]) if found is not None and found.resolved is not None else None
    info = side.reader.info(unique_id)
    return info if info.complete else None
