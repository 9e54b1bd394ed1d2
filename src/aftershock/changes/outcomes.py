"""What becomes of a node's relation once what it reads, or its own SQL, yields other columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.changes.binding import Binding
from aftershock.changes.refusing import Asked, refusal
from aftershock.changes.stored import STORED, keeps_rows
from aftershock.changes.types import alike
from aftershock.changes.worlds import Touched, World, info_of, ordered
from aftershock.columns.masks import DIRECT, PASSED
from aftershock.columns.names import TooMuch
from aftershock.columns.relations import TableInfo
from aftershock.columns.states import ROWS, Origin
from aftershock.model import UNAFFECTED_TYPES, Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aftershock.columns.project import ProjectLineage
    from aftershock.columns.resolve import Resolved
    from aftershock.model import Node


class Outcomes(Binding):
    """Says what each node's next run makes of its relation.

    Args:
        lineage: the head's code.
        mode: the row of :data:`aftershock.changes.stored.STORED` that holds for a node.
    """

    def __init__(self, lineage: ProjectLineage, mode: Callable[[str], str]) -> None:
        super().__init__(lineage)
        self.mode = mode

    def bound(self, node: Node, state: Touched) -> bool:
        """Bind a node's statements to both worlds; false where its columns multiply beyond what can be followed."""
        self.lineage.read(self.graph.parents(node.unique_id), whole=True)  # whose columns decide whose a name is
        try:
            pairs = [self.both(node.unique_id, statement, own=state.own) for statement in self.lineage.statements(node.unique_id)]
        except (TooMuch, RecursionError):
            return False
        lost: dict[str, str] = {}
        for old, new in pairs:
            self._values(node, new, state)
            self._compare(node, old, new, lost, state)
            self._trace(old, state)
            maybe = self._maybe(old)
            if maybe is not None:
                state.hit(Effect.FAILS, certain=False)
                state.origin.setdefault(ROWS, maybe)
        self.olds[node.unique_id] = [old for old, _ in pairs]
        for parent, key in self.lineage.implied(node.unique_id).filters:
            if key in self._removed(parent):
                state.why = state.why or f"dbt filters {self.graph.nodes[parent].label} by {self._name(parent, key)}, its event_time"
                state.hit(Effect.FAILS, certain=True)
        state.columns.update(dict.fromkeys(lost.values()))
        self.types(node, state)
        if state.effects.get(Effect.FAILS):
            state.origin.setdefault(ROWS, Origin(next((item for _, new in pairs for item in new.relations if self.world(item) is not None), ""), ROWS))
            self.stays(state)
        elif node.resource_type not in UNAFFECTED_TYPES:
            before = state.world.before if state.own and state.world is not None else info_of(node.unique_id, [old for old, _ in pairs])
            self._outcome(node, state, World(before, info_of(node.unique_id, [new for _, new in pairs])), lost)
        return True

    def types(self, node: Node, state: Touched) -> None:
        """What another type of a column is to a contract, or to a table that is there."""
        if node.resource_type in UNAFFECTED_TYPES:
            return
        declared = {column.name.casefold(): column.data_type for column in node.columns}
        for key, (was, now) in state.retyped.items():
            name = self._name(node.unique_id, key)
            kind = declared.get(name.casefold(), "") if node.build.contract else ""
            if kind:
                sure = bool(was and now) and alike(kind, was) and not alike(kind, now)
                state.why = state.why or f"its contract has {name} as {kind}, and its SQL yields {now or 'another type'}"
                state.hit(Effect.FAILS, certain=sure)
            row = STORED[self.mode(node.unique_id)]
            if row.retyped != "done":
                sure = row.retyped == "fails" and bool(was and now) and not alike(was, now)
                state.why = state.why or f"its table has {name} as {was or 'another type'}, and its SQL yields {now or 'another'}"
                state.hit(Effect.FAILS, certain=sure)
        if not state.retyped or not state.effects.get(Effect.FAILS):
            return
        self.stays(state)
        if (mine := [state.sources[key] for key in state.retyped if key in state.sources]) and state.failed < 0:
            state.failed = mine[0]

    @staticmethod
    def stays(state: Touched) -> None:
        """A node that is not built: its relation is as it was."""
        state.world, state.removed, state.wrong = None, frozenset(), {}

    def _compare(self, node: Node, old: Resolved, new: Resolved, lost: dict[str, str], state: Touched) -> None:
        """What a statement yields in both worlds."""
        problems = [problem for problem in new.problems if problem not in old.problems]
        if problems:
            state.why = state.why or problems[0]
            state.hit(Effect.FAILS, certain=True)
            return
        gone = self._lost(old, new)
        lost.update(gone)
        if state.own:
            self._absent(new, state)
            return
        self._rebound(old, new, gone, state)
        self.other_names(node.unique_id, old, new, gone, state)

    def _outcome(self, node: Node, state: Touched, world: World, through: Mapping[str, str]) -> None:
        """What a node's relation is once its query yields other columns.

        Args:
            node: the node.
            state: what is known of it.
            world: what its query yielded, and yields.
            through: names of the columns that it loses through what it reads, by key.
        """
        lost = {**state.gone, **through}
        state.dropped = frozenset(lost)
        if self._is_refused(node, state, world, lost):
            return
        row, gained = STORED[self.mode(node.unique_id)], world.gained
        after = {key for _, key in world.after.columns}
        absent = tuple(item for item in world.after.columns if item[1] in gained) if row.gained == "absent" else ()
        back = tuple(item for item in world.before.columns if item[1] not in after and (row.lost == "kept" or item[1] not in lost)) if state.own or lost else ()
        if row.lost == "kept":
            for key in lost:
                state.wrong[key] = True
                state.origin.setdefault(key, Origin(node.unique_id, key))
        else:
            state.removed |= frozenset(lost)
        if through:
            state.hit(Effect.LOSES_COLUMNS, certain=True)
            state.lost.update(through)
            if row.lost == "kept":
                state.hit(Effect.WRONG, certain=True)
        columns = (*(item for item in world.after.columns if item not in absent), *back)
        if keeps_rows(self.mode(node.unique_id)):  # a table that is there keeps its own order
            columns = ordered(columns, world.before.columns)
        state.removed |= {key for _, key in absent}
        found = World(world.before, TableInfo(node.unique_id, columns, world.after.complete, state.removed), absent)
        state.world = found if found.differs or absent or (lost and row.lost == "kept") else None  # where it is kept, the SQL does not tell the columns

    def _is_refused(self, node: Node, state: Touched, world: World, lost: Mapping[str, str]) -> bool:
        """Whether dbt, or the warehouse, does not write what the query yields now."""
        code = self.lineage.code.nodes.get(node.unique_id)
        asked = Asked(node, self.mode(node.unique_id), world, lost, code.config if code is not None else {}, self.lineage.dialect.read)
        found = refusal(asked, whole=state.own or state.whole)
        if found is None:
            return False
        state.why = state.why or found.why
        state.hit(Effect.FAILS, certain=found.certain)
        if found.certain:
            mine = next((state.sources[key] for key in sorted(found.keys) if key in state.sources), -1)
            if mine < 0 and found.keys & (lost.keys() | world.gained):
                state.origin.setdefault(ROWS, self._origin_of(found.keys))
            else:
                state.failed = mine if mine >= 0 else state.sources.get(ROWS, next(iter(state.sources.values()), -1))
            self.stays(state)
        return found.certain

    def _values(self, node: Node, resolved: Resolved, state: Touched) -> None:  # type: ignore[override]  # all states here are of this kind
        everything = self.states  # what a node reads of itself makes it no worse than it is
        self.states = {relation: everything[relation] for relation in resolved.relations if relation in everything and relation != node.unique_id}
        super()._values(node, resolved, state)
        self.states = everything
        for _, key, inputs in (*resolved.columns, ("", ROWS, resolved.rows)):
            for (relation, column), mask in inputs.items():
                its = self._state(relation)
                if its is None or column not in its.retyped:
                    continue
                if key and mask & DIRECT == PASSED:
                    state.retyped[key] = its.retyped[column]
                    state.origin.setdefault(key, Origin(relation, column, mask))
                else:
                    state.why = state.why or f"it computes with {self._name(relation, column)}, whose type is another one"
                    state.hit(Effect.FAILS, certain=False)
                    state.origin.setdefault(key, Origin(relation, column, mask))

    def _origin_of(self, keys: Iterable[str]) -> Origin:
        """Where columns that are new come from: a changed node that has them."""
        wanted = frozenset(keys)
        worlds = ((unique_id, self.world(unique_id)) for unique_id in self.states)
        found = next((unique_id for unique_id, world in worlds if world is not None and (world.gained | world.lost) & wanted), "")
        return Origin(found, next(iter(sorted(wanted)), ROWS))
