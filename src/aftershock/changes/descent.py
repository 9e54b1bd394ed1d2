"""What changes do to every node of the head: each query bound twice, to its relations as they were and as they are once the head is built.

An unchanged query is bound to both worlds: what no longer binds, what it no longer yields and what now means something else follows. A query
that was changed itself is bound to the new world only, so that a rename which is carried through is no break. Where something was not read,
everything that depends on it may be concerned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.changes.outcomes import Outcomes
from aftershock.changes.types import holds_text
from aftershock.changes.worlds import Touched
from aftershock.columns.consequences import RUN_TYPES
from aftershock.columns.states import ROWS, Origin
from aftershock.model import TABLE_TYPES, UNAFFECTED_TYPES, Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aftershock.changes.semantics import Used
    from aftershock.changes.unit_tests import UnitTest
    from aftershock.changes.worlds import Root
    from aftershock.columns.project import ProjectLineage
    from aftershock.columns.resolve import Resolved
    from aftershock.model import Node
    from aftershock.model.lineage import Consequence


class Descent(Outcomes):
    """A walk from the changed nodes of the head to all that depends on them.

    Args:
        lineage: the head's code, whose catalog says nothing of what the change may have touched.
        mode: the row of :data:`aftershock.changes.stored.STORED` that holds for a node.
        tests: unit tests by model.
        used: the columns that metrics and the like say they use.
    """

    def __init__(self, lineage: ProjectLineage, *, mode: Callable[[str], str], tests: Mapping[str, tuple[UnitTest, ...]], used: Used) -> None:
        super().__init__(lineage, mode)
        self.tests = tests
        self.used = used
        self.roots: Mapping[str, Root] = {}

    def descend(self, roots: Mapping[str, Root]) -> dict[str, Consequence]:
        """What happens at and below the roots, by unique_id; nodes to which nothing happens are left out.

        Args:
            roots: the changed nodes, by unique_id of the head.
        """
        self.roots = roots
        self.states.update((unique_id, root.state) for unique_id, root in roots.items())
        tested = {
            parent for root in roots if root in self.graph and self.graph.nodes[root].resource_type == "test" for parent in self.graph.parents(root)
        }  # below it dbt waits for the test
        for together in self._order(self.graph.descendants({**roots, **dict.fromkeys(tested)})):
            concerned = [unique_id for unique_id in together if self._is_concerned(unique_id)]
            self.lineage.read(concerned)
            for unique_id in concerned:
                self._visit(unique_id)
        for state in self.states.values():
            if isinstance(state, Touched) and state.held is not None:
                state.hit(Effect.SKIPPED, certain=state.held)
        return {unique_id: self._told(unique_id, state) for unique_id, state in self.states.items() if state.effects}

    def _is_concerned(self, unique_id: str) -> bool:
        return unique_id in self.roots or super()._is_concerned(unique_id)

    def _visit(self, unique_id: str) -> None:
        node = self.graph.nodes[unique_id]
        if node.resource_type == "unit_test":
            return  # looked at with its model, before which dbt runs it
        parents = [parent for parent in self.graph.parents(unique_id) if parent in self.states]
        state = self._state(unique_id) or Touched()
        if node.resource_type in RUN_TYPES | {"function"}:
            self._skipped(unique_id, state, parents)
        if node.resource_type in RUN_TYPES or node.resource_type in UNAFFECTED_TYPES:
            self._read_node(node, state, parents)
        else:
            self._consumer(node, state, parents)
        self._unit_tests(unique_id, state)
        if state.is_news or unique_id in self.roots:
            self.states[unique_id] = state
        if node.resource_type == "test" and Effect.FAILS in state.effects:
            self._block(unique_id, certain=state.effects[Effect.FAILS])

    def _skipped(self, unique_id: str, state: Touched, parents: Iterable[str]) -> None:  # type: ignore[override]  # all states here are of this kind
        """A node below one that fails is skipped; below a test that cannot run it is held, unless the run has no tests."""
        known = list(parents)
        test, certain = self.blocked.pop(unique_id, ("", False))
        super()._skipped(unique_id, state, known)
        if test:
            self.blocked[unique_id] = (test, certain)
            state.hold(certain=certain)
            state.origin.setdefault(ROWS, Origin(test, ROWS))
        for parent in known:
            its = self._state(parent)
            if its is not None and its.held is not None:
                state.hold(certain=its.held)
                state.origin.setdefault(ROWS, Origin(parent, ROWS))

    # a node with code

    def _read_node(self, node: Node, state: Touched, parents: list[str]) -> None:
        if state.failed >= 0:
            self.stays(state)
            return
        found = self.lineage.lineages.get(node.unique_id)
        if found is None or found.resolved is None or state.unsure:
            self._unread(node, state, parents)
            return
        self._unsure(node, found.resolved, state, parents)
        self._called(node, state, parents)
        if not state.own and not state.whole and not any(self.world(relation) is not None for relation in found.resolved.relations):
            self._values(node, found.resolved, state)
            self.types(node, state)
            if state.effects.get(Effect.FAILS):
                self.stays(state)
        elif not self.bound(node, state):
            self._unread(node, state, parents)
            return
        if node.is_relation:
            self.hooked(node, state)
        if not state.effects.keys() - {Effect.SKIPPED}:
            spelled = [parent for parent in parents if self._is_spelled(node, parent)] if found.partly else []
            self._unread(node, state, [*(parent for parent in found.unseen if parent in self.states), *spelled])

    def _unsure(self, node: Node, resolved: Resolved, state: Touched, parents: Iterable[str]) -> None:
        """A parent of which nobody can say how it differs may concern whatever reads it."""
        for parent in parents:
            its = self._state(parent)
            if its is None or not its.unsure:
                continue
            state.hit(Effect.WRONG, certain=False)
            state.wrong.setdefault(ROWS, False)
            state.origin.setdefault(ROWS, Origin(parent, ROWS))
            if any(relation == parent for relation, _ in resolved.reads):
                state.hit(Effect.FAILS, certain=False)
            if any(relation == parent for relation, _, _ in resolved.opens):
                state.unsure = True
        if node.resource_type in UNAFFECTED_TYPES:
            state.wrong = {}

    def _called(self, node: Node, state: Touched, parents: Iterable[str]) -> None:
        """A function that computes something else, which no name in the SQL shows."""
        for parent in parents:
            if self.graph.nodes[parent].resource_type == "function" and self.states[parent].wrong:
                state.hit(Effect.WRONG, certain=False)
                state.wrong[ROWS] = state.wrong.get(ROWS, False)
                state.origin.setdefault(ROWS, Origin(parent, ROWS))
        if node.resource_type in UNAFFECTED_TYPES:
            state.wrong = {}

    def _unread(self, node: Node, state: Touched, parents: list[str]) -> None:  # type: ignore[override]  # all states here are of this kind
        super()._unread(node, state, parents)
        for parent in parents:
            its = self._state(parent)
            if its is not None and (its.unsure or (its.world is not None and its.world.differs)):
                state.hit(Effect.FAILS, certain=False)
                state.hit(Effect.WRONG, certain=False)
                state.origin.setdefault(ROWS, Origin(parent, ROWS))
                state.wrong = {ROWS: False} if node.is_relation or node.materialized == "ephemeral" else {}

    # tests of a model's own, and consumers

    def _unit_tests(self, unique_id: str, state: Touched) -> None:
        """Unit tests run before their model, and one that cannot run keeps dbt from building it."""
        for test in self.tests.get(unique_id, ()):
            why = self._broken(test, unique_id, state)
            may = (state.own and bool(state.sources)) or state.unsure
            if not why and not may:
                continue
            its = Touched()
            its.why = why
            its.hit(Effect.FAILS, certain=bool(why))
            its.origin[ROWS] = Origin(unique_id, ROWS)
            its.sources[ROWS] = next(iter(state.sources.values()), -1)
            self.states[test.unique_id] = its
            if why:
                state.hold(certain=True)

    def _broken(self, test: UnitTest, unique_id: str, state: Touched) -> str:
        """Why a unit test cannot run, as a part of a sentence; empty where it can."""
        if state.effects.get(Effect.FAILS) and state.why and not state.why.startswith(("its contract", "its table", "its configuration")):
            return state.why
        gone = {self._name(unique_id, key).casefold() for key in state.dropped} | {key.casefold() for key in state.dropped}
        for column in test.expects:
            if column.casefold() in gone:
                return f"it expects {column}, which {self.graph.nodes[unique_id].label} no longer yields"
        for relation, column, texts in test.values:
            known = state if relation == unique_id else self._state(relation)
            kind = known.retyped.get(self.lineage.key_of(relation, column)) if known is not None else None
            wrong = next((text for text in texts if not holds_text(kind.now, text)), None) if kind is not None and kind.itself else None
            if kind is not None and wrong is not None and self.graph.nodes[relation].materialized != "ephemeral":
                return f"it has {wrong} for {column} of {self.graph.nodes[relation].label}, which is {kind.now}"
        for relation, columns in test.given:
            lacks = {key.casefold() for key in self._removed(relation)}
            found = next((column for column in columns if column.casefold() in lacks), "")
            if found and self.graph.nodes[relation].materialized != "ephemeral":
                return f"it gives {found} of {self.graph.nodes[relation].label}, which no longer has it"
        return ""

    def _used(self, node: Node) -> dict[str, set[str]]:
        columns = self.used.columns.get(node.unique_id)
        return super()._used(node) if columns is None else {self.graph.nodes[table].name.casefold(): words for table, words in columns.items()}

    def _is_changed(self, unique_id: str) -> bool:
        """Whether a node that holds no data is defined otherwise itself."""
        return unique_id in self.roots and self.graph.nodes[unique_id].resource_type not in TABLE_TYPES

    def _consumer(self, node: Node, state: Touched, parents: Iterable[str]) -> None:  # type: ignore[override]  # as above
        tables = self.used.tables(node.unique_id)
        known = [*(table for table in tables if table in self.states), *(parent for parent in parents if not tables or self._is_changed(parent))]
        super()._consumer(node, state, known)
        for parent in known:
            its = self._state(parent)
            if its is not None and its.held is not None:
                state.hit(Effect.STALE, certain=its.held)
                state.origin.setdefault(ROWS, Origin(parent, ROWS))
            if its is not None and its.unsure and self.graph.nodes[parent].resource_type in TABLE_TYPES:
                state.hit(Effect.WRONG, certain=False)
                state.hit(Effect.FAILS, certain=False)
                state.origin.setdefault(ROWS, Origin(parent, ROWS))
