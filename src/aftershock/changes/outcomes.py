"""What becomes of a node's relation once what it reads, or its own SQL, yields other columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.changes.binding import Binding
from aftershock.changes.hooks import PRE, hooks
from aftershock.changes.refusing import Asked, refusal
from aftershock.changes.stored import STORED, keeps_rows
from aftershock.changes.types import STRICT, alike, becomes, is_text, refuses, spreads, unlike
from aftershock.changes.worlds import Retyped, Touched, World, info_of, ordered
from aftershock.columns.masks import DIRECT, PASSED, SPREADS, SURE
from aftershock.columns.names import TooMuch
from aftershock.columns.relations import TableInfo
from aftershock.columns.states import ROWS, Origin
from aftershock.model import UNAFFECTED_TYPES, Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aftershock.columns.project import ProjectLineage
    from aftershock.columns.relations import Inputs
    from aftershock.columns.resolve import Resolved
    from aftershock.model import Node
    from aftershock.sql.query import Statement


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
        self._declared(node, declared, state)
        for key, (was, now, itself) in state.retyped.items():
            name = self._name(node.unique_id, key)
            kind = declared.get(name.casefold(), "") if node.build.contract else ""
            if kind and not (itself and now and alike(kind, now)):
                sure = bool(was and now) and alike(kind, was) and not alike(kind, now)
                sure = sure if itself else spreads(kind, now) and name.casefold() not in state.declared and self.lineage.dialect.read in STRICT
                state.why = state.why or f"its contract has {name} as {kind}, and its SQL yields {now or 'another type'}"
                state.hit(Effect.FAILS, certain=sure)
            if not itself:
                continue
            row = STORED[self.mode(node.unique_id)]
            if row.retyped == "fails" or (row.retyped == "kept" and becomes(was, now) == "breaking"):
                sure = row.retyped == "fails" and bool(was and now) and not alike(was, now)
                state.why = state.why or f"its table has {name} as {was or 'another type'}, and its SQL yields {now or 'another'}"
                state.hit(Effect.FAILS, certain=sure)
        if not state.effects.get(Effect.FAILS):
            return
        self.stays(state)
        if (mine := [state.sources[key] for key in state.retyped if key in state.sources]) and state.failed < 0:
            state.failed = mine[0]

    def _declared(self, node: Node, declared: Mapping[str, str], state: Touched) -> None:
        """A contract that says another type of a column, whose SQL is the same."""
        for folded, (was, number) in state.declared.items():
            key = self.lineage.key_of(node.unique_id, folded)
            kind = declared.get(folded, "")
            if not node.build.contract or not kind or not was or key in state.retyped or key in state.wrong or alike(kind, was):
                continue
            sure = unlike(kind, was, self.lineage.dialect.read)
            state.why = state.why or f"its contract has {self._name(node.unique_id, key)} as {kind}, and its SQL yields {was}"
            state.hit(Effect.FAILS, certain=sure)
            if sure and state.failed < 0:
                state.failed = number

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
            self._misread(new, state)
            return
        new = self._under_old_names(new)
        inputs = {key: found for _, key, found in old.columns}
        for key in gone:  # what passes a column on under its own name does so under the new one
            twins = [other for _, other, found in new.columns if other not in inputs and found and found == inputs.get(key)]
            state.renamed.update({key: twins[0]} if len(twins) == 1 else {})
        self._rebound(old, new, gone, state)
        self.other_names(node.unique_id, old, new, gone, state)

    def _under_old_names(self, new: Resolved) -> Resolved:
        """A query in the new world, where a column that only has another name counts as what it was: it may be read by its place."""
        names: dict[tuple[str, str], tuple[str, str]] = {}
        for relation in new.relations:
            state = self._state(relation)
            before = {key for _, key in state.world.before.columns} if state is not None and state.world is not None else set()
            names.update({(relation, key): (relation, old) for old, key in (state.renamed if state is not None else {}).items() if key not in before})
        if not names:
            return new
        columns = tuple((name, key, _renamed(inputs, names)) for name, key, inputs in new.columns)
        return msgspec.structs.replace(new, columns=columns, rows=_renamed(new.rows, names))

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
        if lost and row.lost == "kept":
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
        if found is None or found.why in state.known:
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
        self._computes(resolved, state)
        for _, key, inputs in (*resolved.columns, ("", ROWS, resolved.rows)):
            for (relation, column), mask in inputs.items():
                its = self._state(relation)
                if its is None or column not in its.retyped:
                    continue
                was, now, itself = its.retyped[column]
                if key and mask & DIRECT == PASSED:
                    alone = len(inputs) == 1 or is_text(now)  # of several that meet in a UNION a text decides for all
                    state.retyped[key] = Retyped(was, now, itself and alone)
                    state.origin.setdefault(key, Origin(relation, column, mask))
                    continue
                if key and mask & SPREADS and mask & SURE and spreads(was, now):
                    state.retyped.setdefault(key, Retyped(was, now, itself=False))
                    state.origin.setdefault(key, Origin(relation, column, mask))
                if becomes(was, now) == "breaking":
                    state.why = state.why or f"it computes with {self._name(relation, column)}, whose type is another one"
                    state.hit(Effect.FAILS, certain=False)
                    state.origin.setdefault(key, Origin(relation, column, mask))

    def _computes(self, resolved: Resolved, state: Touched) -> None:
        """What a query does with values of a type for which the warehouse does not do it."""
        for (relation, column), flags in resolved.needs.items():
            its = self._state(relation)
            known = its.retyped.get(column) if its is not None else None
            kind = (
                (known.now if known.itself else "")
                if known is not None
                else self._listed(relation, column, flags & ~state.needed.get((relation, column), 0), state)
            )
            if not refuses(flags, kind, self.lineage.dialect.read):
                continue
            state.why = f"it computes with {self._name(relation, column)} of {self.graph.nodes[relation].label}, which is {kind}"
            state.hit(Effect.FAILS, certain=True)
            if known is None:
                mine = (state.sources[key] for _, key, inputs in resolved.columns if (relation, column) in inputs and key in state.sources)
                state.failed = next(mine, next(iter(state.sources.values()), -1))
            else:
                state.origin[ROWS] = Origin(relation, column, resolved.reads.get((relation, column), 0))
            return

    def _listed(self, relation: str, column: str, flags: int, state: Touched) -> str:
        """The type that the warehouse lists for a column with which a changed query does something new; empty where it does not."""
        table = self.lineage.catalog.tables.get(relation) if flags and state.own and self.lineage.catalog is not None else None
        return next((kind for name, kind in table.columns.items() if name == self._name(relation, column)), "") if table is not None else ""

    def hooked(self, node: Node, state: Touched) -> None:
        """What runs beside a node's SQL, and names a column that is gone."""
        if state.effects.get(Effect.FAILS):
            return
        lost = {self._name(item, key).casefold(): (item, key) for item in self.graph.parents(node.unique_id) for key in self._removed(item)}
        lost.update({name.casefold(): (node.unique_id, key) for key, name in {**state.gone, **state.lost}.items() if key in state.removed})
        for hook in hooks(self.lineage, node, lost):
            named = next(item for name, item in lost.items() if name in hook.words)
            problem = next((problem for statement in hook.statements for problem in self._hook_problems(node, statement, hook.key, state)), "")
            if hook.statements and not problem:
                continue
            state.why = state.why or f"its {hook.key} names {self._name(*named)}, which is gone"
            state.hit(Effect.FAILS, certain=bool(problem))
            if problem and named[0] == node.unique_id and named[1] in state.sources:
                state.failed = state.sources[named[1]]
            else:
                state.origin[ROWS] = Origin(*named)

    def _hook_problems(self, node: Node, statement: Statement, key: str, state: Touched) -> list[str]:
        """What no longer binds in a hook: one before the node's own SQL sees its table as it was."""

        def before(relation: str) -> TableInfo:
            return state.world.before if relation == node.unique_id and state.world is not None else self._before(relation)

        def after(relation: str) -> TableInfo:
            own = relation == node.unique_id
            return before(relation) if own and key == PRE else state.world.after if own and state.world is not None else self._after(relation)

        old = self.lineage.bind(node.unique_id, statement, before)
        return [problem for problem in self.lineage.bind(node.unique_id, statement, after).problems if problem not in old.problems]

    def _origin_of(self, keys: Iterable[str]) -> Origin:
        """Where columns that are new come from: a changed node that has them."""
        wanted = frozenset(keys)
        worlds = ((unique_id, self.world(unique_id)) for unique_id in self.states)
        found = next((unique_id for unique_id, world in worlds if world is not None and (world.gained | world.lost) & wanted), "")
        return Origin(found, next(iter(sorted(wanted)), ROWS))


def _renamed(inputs: Inputs, names: Mapping[tuple[str, str], tuple[str, str]]) -> Inputs:
    """Inputs under other names."""
    return {names.get(item, item): mask for item, mask in inputs.items()}
