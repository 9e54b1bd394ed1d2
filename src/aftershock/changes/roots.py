"""Changes -> where a walk over the head starts: each changed node's relation before and after, and what of it is others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.changes.queries import ANY
from aftershock.changes.refusing import Asked, refusal
from aftershock.changes.stored import KEEPS_ROWS
from aftershock.changes.worlds import Retyped, Root, Touched, World, info_of
from aftershock.columns.relations import TableInfo
from aftershock.columns.states import ROWS
from aftershock.model import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Side
    from aftershock.model.changes import Change

ROWS_DIFFER = {"rows-changed": True, "seed-changed": True, "source-changed": False, "materialization-changed": False, "incremental-changed": False}
"""Kinds after which every column of a node may have other values, and whether that is sure. A moved table that keeps rows starts without them."""
LOST = frozenset({"column-removed", "column-renamed"})
CODED = frozenset({"model", "snapshot", "test"})
BUILT = frozenset({"model", "snapshot"})
TESTED = frozenset({"test-changed", "macro-changed"})
"""Kinds after which the SQL of a test is another one."""
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
    for unique_id, number, parent in _orphans(scene, changes):
        state = found.setdefault(unique_id, Root(Touched(), unique_id)).state
        if unique_id in scene.head.nodes and parent in scene.head.nodes[unique_id].parents:
            _fail(state, number, f"it reads {scene.base.label(parent)}, which is gone")
        else:  # only the base says that it reads this
            _age(state, number)
    for unique_id, number in _left_behind(scene, changes):
        _age(found.setdefault(unique_id, Root(Touched(), unique_id)).state, number)
    return found


def _starts(scene: Scene, change: Change) -> Iterator[str]:
    """The nodes of the head at which a change starts."""
    if change.unique_id in scene.head.nodes:
        yield change.unique_id
    elif change.kind == "macro-changed":
        users = [scene.head.nodes[unique_id] for unique_id in scene.macros.get(change.unique_id, ())]
        cannot = change.verdict == "cannot-say"
        yield from (node.unique_id for node in users if (node.is_relation if cannot else node.resource_type == "test"))


def _orphans(scene: Scene, changes: Sequence[Change]) -> Iterator[tuple[str, int, str]]:
    """Nodes that read what is gone, with the change that takes it away, and what it is: dbt refuses those of the head."""
    gone = missing(scene, changes)
    for parent, unique_id in scene.graph.dangling:
        if parent in gone:
            yield unique_id, gone[parent], parent


def missing(scene: Scene, changes: Sequence[Change]) -> dict[str, int]:
    """The nodes of the base that are no more, also under a new name, each with the number of the change that says so.

    Args:
        scene: both projects.
        changes: all of them; those that are acknowledged do not count.
    """
    found = {}
    for number, change in enumerate(changes):
        if change.acknowledged:
            continue
        if change.kind in GONE:
            found[change.unique_id] = number
        elif change.kind == "node-renamed" and change.unique_id in scene.by_head:
            found[scene.by_head[change.unique_id].base_id] = number
    return {unique_id: number for unique_id, number in found.items() if unique_id not in scene.head.nodes}


def _left_behind(scene: Scene, changes: Sequence[Change]) -> Iterator[tuple[str, int]]:
    """Exposures of nodes whose relation is another one now, and dbt leaves the old one as it is: what they show may come from that."""
    for number, change in enumerate(changes):
        left = change.kind in MOVED or (change.kind == "materialization-changed" and change.now == "ephemeral")
        if left and change.verdict == "breaking" and not change.acknowledged and change.unique_id in scene.graph:
            children = scene.graph.children(change.unique_id)
            yield from ((child, number) for child in children if scene.graph.nodes[child].resource_type == "exposure")


def _age(state: Touched, number: int) -> None:
    """An exposure that may show a relation which dbt no longer builds."""
    state.hit(Effect.STALE, certain=False)
    state.sources.setdefault(ROWS, number)


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
        written = self.node.resource_type in CODED if self.pair is None else any(change.kind in TESTED for _, change in self.changes)
        state.own = self.unique_id in self.scene.rewritten or written
        state.whole = any(change.kind in WHOLE for _, change in self.changes)
        for number, change in self.changes:
            self._effect(number, change)
        state.world = self._world()
        lineage = self.scene.base.reader.lineages.get(base_id) if self.pair is not None else None
        if lineage is not None and lineage.resolved is not None:
            state.known = frozenset((*lineage.resolved.problems, *self._refused()))
            state.needed = lineage.resolved.needs
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

    def _refused(self) -> Iterator[str]:
        """Why dbt refused to write the node already before the change."""
        info = _info(self.scene.base, self.pair.base_id) if self.pair is not None else None
        if self.pair is None or info is None or self.node.resource_type not in BUILT:
            return
        code = self.scene.base.code_of(self.pair.base_id)
        asked = Asked(self.pair.base, self.mode, World(info, info), {}, code.config, self.scene.base.reader.dialect.read)
        found = refusal(asked, whole=True)
        if found is not None:
            yield found.why

    def _effect(self, number: int, change: Change) -> None:
        state = self.state
        if change.kind in LOST and change.column == ANY:
            self._source(ROWS, number)
        elif change.kind in LOST:
            self._gone(number, change)
        elif change.kind == "column-added":
            self._source(self.scene.head.reader.key_of(self.unique_id, change.column), number)
        elif change.kind in {"values-changed", "column-retyped"}:
            self._retyped_or_other(number, change)
        elif change.kind == "sql-unread" or (change.kind == "macro-changed" and change.verdict == "cannot-say"):
            state.unsure = True
            self._source(ROWS, number)
        elif change.kind in ROWS_DIFFER and change.verdict != "safe" and not self._is_inlined(change):
            self._others(number, change)
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
            self._besides(number, change)

    def _source(self, key: str, number: int) -> None:
        if key == ROWS and self.state.sources.get(ROWS) is not None and ROWS not in self.state.wrong:
            self.state.sources[ROWS] = number
        self.state.sources.setdefault(key, number)

    def _besides(self, number: int, change: Change) -> None:
        self.state.sources.setdefault(ROWS, number)
        if change.kind == "contract-changed" and change.now:
            self.state.declared[change.column.casefold()] = (change.was, number)

    def _gone(self, number: int, change: Change) -> None:
        key = self._key(change.column)
        self._source(key, number)
        self.state.gone[key] = change.column
        if change.kind == "column-renamed":
            self.state.renamed[key] = self.scene.head.reader.key_of(self.unique_id, change.now)

    def _is_inlined(self, change: Change) -> bool:
        """Whether a node's query only becomes a part of its readers', which shows them what it showed; a table that kept rows showed more than its query."""
        inlined = change.kind == "materialization-changed" and change.now == self.node.materialized == "ephemeral"
        return inlined and self.pair is not None and self.pair.base.materialized not in KEEPS_ROWS

    def _others(self, number: int, change: Change) -> None:
        if change.kind == "seed-changed" and change.verdict == "breaking":
            _fail(self.state, number, change.reason)
        else:
            self._rows(number, certain=ROWS_DIFFER[change.kind] and change.certainty != "unknown")

    def _rows(self, number: int, *, certain: bool) -> None:
        self._source(ROWS, number)
        self.state.wrong[ROWS] = self.state.wrong.get(ROWS, False) or certain

    def _retyped_or_other(self, number: int, change: Change) -> None:
        key = self._key(change.column)
        if change.kind == "column-retyped":  # a table that is there, or a contract, may mind what no query does
            self.state.retyped[key] = Retyped(change.was, change.now)
        self._source(key, number)
        if change.verdict != "safe":
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
