"""The two worlds of a change, and what a query means in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.changes.worlds import Touched, World
from aftershock.columns import consequences
from aftershock.columns.masks import NAMED, SURE
from aftershock.columns.states import ROWS, Origin
from aftershock.model import TABLE_TYPES, UNAFFECTED_TYPES, Effect
from aftershock.phrases import listing
from aftershock.sql.query import Join, Select, SetOperation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aftershock.columns.project import ProjectLineage
    from aftershock.columns.relations import Inputs, TableInfo
    from aftershock.columns.resolve import Resolved
    from aftershock.sql.query import Statement

MOST_NAMED = 3


class Binding(consequences.Descent):
    """Binds queries to relations as they were and as they will be."""

    def __init__(self, lineage: ProjectLineage) -> None:
        super().__init__(lineage, gone=True, tests_block=True)
        self.olds: dict[str, list[Resolved]] = {}

    def _state(self, unique_id: str) -> Touched | None:
        found = self.states.get(unique_id)
        return found if isinstance(found, Touched) else None

    def world(self, unique_id: str) -> World | None:
        """A relation before and after; None where its columns are the same."""
        state = self._state(unique_id)
        return state.world if state is not None else None

    def _before(self, unique_id: str) -> TableInfo:
        world = self.world(unique_id)
        return world.before if world is not None else self.lineage.info(unique_id)

    def _after(self, unique_id: str) -> TableInfo:
        world = self.world(unique_id)
        return world.after if world is not None else self.lineage.info(unique_id)

    def _together(self, unique_id: str) -> TableInfo:
        world = self.world(unique_id)
        return world.together() if world is not None else self.lineage.info(unique_id)

    def both(self, unique_id: str, statement: Statement, *, own: bool) -> tuple[Resolved, Resolved]:
        """What a statement means before and after.

        Args:
            unique_id: the node whose code it is.
            statement: as the head has it.
            own: whether the change is in it: then "before" is the new world with what is gone put back, since the old one never saw it.
        """
        adds = self.lineage.implied(unique_id)

        def after(relation: str) -> TableInfo:  # what a node reads of itself is the table as the last run left it
            return self._before(relation) if relation == unique_id else self._after(relation)

        old = self.lineage.bind(unique_id, statement, self._together if own else self._before)
        new = self.lineage.bind(unique_id, statement, after)
        if self._learn(old):
            new = self.lineage.bind(unique_id, statement, after)
        return adds.on(old), adds.on(new)

    def _learn(self, old: Resolved) -> bool:
        """Columns that were read through a list that was not whole, and which a list that now is whole does not have: they are gone."""
        found = False
        for relation, key in old.reads:
            state = self._state(relation)
            if state is None or state.world is None or key == "*":
                continue
            before, after = state.world.before, state.world.after
            if not before.complete and after.complete and key not in after.removed and all(key != known for _, known in after.columns):
                state.removed |= {key}
                state.world = state.world._replace(after=after._replace(removed=after.removed | {key}))
                found = True
        return found

    def _absent(self, new: Resolved, state: Touched) -> None:
        """Columns that a changed query names and that no relation which it reads has."""
        missing: dict[str, list[str]] = {}
        for (relation, key), mask in new.reads.items():
            if not mask & SURE and relation in self.graph.nodes and self._lacks(relation, key):
                missing.setdefault(key, []).append(relation)
        for unknown in new.unknown:
            said = f"{'.'.join(unknown.parts)} is no column"
            if said in state.known:
                continue
            if not unknown.candidates and said in new.problems:  # of a CTE of its own, or an ephemeral model that stands in it: no relation can have it
                self._fails(state, said, certain=True)
            for key, relations in missing.items():
                if key in unknown.parts and set(unknown.candidates) <= set(relations):
                    labels = sorted(self.graph.nodes[relation].label for relation in relations)
                    self._fails(state, f"{key} is no column of {labels[0]}", certain=all(self._is_listed(relation) for relation in relations))

    def _misread(self, new: Resolved, state: Touched) -> None:
        """What else a changed query has that no warehouse takes, as far as the columns of what it reads are known."""
        for problem in new.problems:
            if problem not in state.known and not problem.endswith(" is no column"):
                self._fails(state, problem, certain=all(self._is_listed(relation) for relation in new.relations if relation in self.graph.nodes))

    @staticmethod
    def _fails(state: Touched, why: str, *, certain: bool) -> None:
        state.why = state.why or why
        state.hit(Effect.FAILS, certain=certain)
        if certain and state.failed < 0:
            state.failed = next(iter(state.sources.values()), -1)

    def _lacks(self, relation: str, key: str) -> bool:
        info = self._after(relation)
        return info.complete and all(key != known for _, known in info.columns)

    def _is_listed(self, relation: str, depth: int = 0) -> bool:
        """Whether a relation's columns are those that its SQL lists, and not a catalog's, which may be older; of a source nothing else can say."""
        if self.graph.nodes[relation].resource_type == "source":
            return self.lineage.catalog is not None and relation in self.lineage.catalog.tables
        self.lineage.read((relation,), whole=True)
        found = self.lineage.lineages.get(relation)
        if found is None or found.resolved is None or depth > len(self.graph.nodes):
            return False
        return found.resolved.closed and all(self._is_listed(parent, depth + 1) for parent, _, _ in found.resolved.opens)

    # names that mean something else

    def other_names(self, unique_id: str, old: Resolved, new: Resolved, lost: Mapping[str, str], state: Touched) -> None:
        """Columns and rows that come of something else since a relation has more columns, or others at their place."""
        now = {key: inputs for _, key, inputs in new.columns}
        for name, key, inputs in old.columns:
            if key not in lost and key in now:
                self._other_inputs(unique_id, key, inputs, now[key], state)
                state.columns.update({name: None} if key in state.wrong else {})
        self._other_inputs(unique_id, ROWS, old.rows, new.rows, state)

    def _other_inputs(self, unique_id: str, key: str, old: Inputs, new: Inputs, state: Touched) -> None:
        more = new.keys() - old.keys()
        grown = sorted((relation, column) for relation, column in more if (world := self.world(relation)) is not None and column in world.gained)
        if grown:
            origin = Origin(*grown[0])
            twin = any(column == grown[0][1] and relation != grown[0][0] for relation, column in old.keys() & new.keys())
            if twin:
                state.why = state.why or f"{grown[0][1]} is a column of several of its relations now"
                state.hit(Effect.FAILS, certain=not self._is_loose(unique_id, rows=key == ROWS))
            state.spoil(Effect.WRONG, key, origin, certain=True)
        elif more and key != ROWS and not any(column in self._removed(relation) for relation, column in old.keys() - new.keys()):
            moved = next((relation for relation, _ in sorted((*old, *new)) if (world := self.world(relation)) is not None and world.reordered), None)
            if moved is not None:
                state.spoil(Effect.WRONG, key, Origin(moved, ROWS), certain=True)

    def _is_loose(self, unique_id: str, *, rows: bool) -> bool:
        """Whether several columns of one name need be no error: a node's SQL joins or unites by names; or there are several queries in it.

        The last counts for rows only, which depend on what all of them read.
        """
        selects = 0
        for item in _parts(self.lineage.statements(unique_id)):
            if isinstance(item, SetOperation) or (isinstance(item, Join) and item.natural):
                return True
            selects += isinstance(item, Select)
        return rows and selects > len(self.lineage.statements(unique_id))

    # where an effect comes from

    def start_of(self, unique_id: str) -> int:
        """The number of the change from which an effect on a node comes; -1 where the way there ends before one."""
        state = self._state(unique_id)
        if state is None:
            return -1
        if state.failed >= 0:
            return state.failed
        origin = state.origin.get(ROWS) or next(iter(state.origin.values()), None)
        seen = {unique_id}
        while origin is not None and origin.node not in seen:
            seen.add(origin.node)
            state = self._state(origin.node)
            if state is None:
                return -1
            if origin.key in state.sources:
                return state.sources[origin.key]
            if state.failed >= 0:
                return state.failed
            origin = state.origin.get(origin.key) or state.origin.get(ROWS) or next(iter(state.origin.values()), None)
        return next(iter(state.sources.values()), -1) if state is not None else -1

    def lost(self, unique_id: str) -> tuple[str, ...]:
        """Names of the columns that a node loses through what it reads."""
        state = self._state(unique_id)
        return tuple(state.lost.values()) if state is not None else ()

    def is_held(self, unique_id: str) -> bool:
        """Whether only a test keeps dbt from building a node."""
        state = self._state(unique_id)
        return state is not None and state.held is not None

    # who uses a column

    def uses(self, unique_id: str, key: str) -> tuple[bool, bool]:
        """Whether anything that reads a node uses one of its columns, and whether that is sure."""
        found = [self._use(child, unique_id, key) for child in self.graph.children(unique_id)]
        return any(use for use, _ in found), any(use and sure for use, sure in found)

    def users(self, unique_id: str, key: str) -> str:
        """Who uses a column, and who only passes it on, as a part of a sentence."""
        found = [child for child in self.graph.children(unique_id) if self._use(child, unique_id, key)[0]]
        first = sorted(found, key=lambda child: (self.graph.nodes[child].resource_type in UNAFFECTED_TYPES, child))
        losing = [child for child in first if self._only_loses(child, key)]
        using = [child for child in first if child not in losing]
        said = ((using, "uses", "use", "it"), (losing, "loses", "lose", "it too (select *)"))
        return "; ".join(f"{self._labels(ids)} {one if len(ids) == 1 else several} {what}" for ids, one, several, what in said if ids)

    def _labels(self, unique_ids: Sequence[str]) -> str:
        return listing([self.graph.nodes[unique_id].label for unique_id in unique_ids], MOST_NAMED)

    def _only_loses(self, child: str, key: str) -> bool:
        """Whether a node that is built all the same no longer has a column."""
        its = self._state(child)
        return its is not None and Effect.FAILS not in its.effects and key in its.lost

    def _use(self, child: str, unique_id: str, key: str) -> tuple[bool, bool]:
        node = self.graph.nodes[child]
        if node.resource_type == "unit_test":
            its = self._state(child)
            return (its is not None and Effect.FAILS in its.effects and bool(its.why)), True
        if node.resource_type not in TABLE_TYPES and node.resource_type not in UNAFFECTED_TYPES:
            listed = self._used(node)
            columns = listed.get(self.graph.nodes[unique_id].name.casefold(), listed.get("")) if listed else None
            return columns is None or key.casefold() in columns, columns is not None
        lineage = self.lineage.lineages.get(child)
        if lineage is None or lineage.resolved is None or unique_id in lineage.unseen:
            return True, False
        its, tests = self._state(child), node.resource_type == "test"
        found = [_reads(old, unique_id, key, None if tests else its) for old in self.olds.get(child, [lineage.resolved])]
        return any(use for use, _ in found), any(use and sure for use, sure in found)


def _reads(resolved: Resolved, relation: str, key: str, its: Touched | None) -> tuple[bool, bool]:
    """Whether a query names a column, or passes it on so that something of its node differs, and whether that is sure.

    ``its`` is what is known of the node: None where what it yields matters to nobody, as a test's does.
    """
    masks = [inputs[relation, key] for inputs in (resolved.reads, resolved.rows) if (relation, key) in inputs]
    for _, column, inputs in resolved.columns:
        mask = inputs.get((relation, key), 0)
        if mask & NAMED or (mask and its is not None and _is_concerned(its, column)):
            masks.append(mask)
    if masks:
        return True, any(mask & SURE for mask in masks)
    if its is not None and any(item == relation and key not in without for item, without, complete in resolved.opens if not complete):
        return True, True
    asked = any(key in unknown.parts and (relation in unknown.candidates or not unknown.candidates) for unknown in resolved.unknown)
    return asked or bool(resolved.further and (relation, "*") in resolved.further), False


def _is_concerned(its: Touched, column: str) -> bool:
    """Whether a column that a node yields, or all that it is, is another one."""
    return Effect.FAILS in its.effects or ROWS in its.wrong or any(column in found for found in (its.dropped, its.removed, its.wrong, its.retyped))


def _parts(found: object) -> Iterator[object]:
    """Every part of a statement."""
    stack: list[object] = [found]
    while stack:
        item = stack.pop()
        yield item
        if isinstance(item, tuple):
            stack.extend(item)
        elif (fields := getattr(item, "__struct_fields__", None)) is not None:
            stack.extend(getattr(item, name) for name in fields)
