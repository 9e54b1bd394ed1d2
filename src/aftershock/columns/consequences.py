"""A column that is gone, or wrong -> what that does to every node below: the same binding once more, with the column thought away.

A node is looked at after its parents. Where its code was read, only what its names mean now counts; where it was not, everything that depends
on it may be concerned. Nothing is left out because it could not be read.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from aftershock.columns.masks import DIRECT, SURE, roles
from aftershock.columns.relating import OUTSIDE
from aftershock.columns.states import ROWS, Origin, State
from aftershock.columns.writing import keeps, refused
from aftershock.model import TABLE_TYPES, UNAFFECTED_TYPES, Effect
from aftershock.model.lineage import ColumnStep, Consequence
from aftershock.sql.query import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aftershock.columns.project import ProjectLineage
    from aftershock.columns.relations import Inputs, TableInfo
    from aftershock.columns.resolve import Resolved
    from aftershock.model import Node

RUN_TYPES = frozenset({"model", "snapshot", "seed"})


def consequences(lineage: ProjectLineage, roots: Mapping[str, Iterable[str]], *, gone: bool, tests_block: bool = True) -> dict[str, Consequence]:
    """What happens below columns that are gone or wrong, by unique_id, failing nodes included.

    Args:
        lineage: the project's code, read as far as it is needed.
        roots: the columns, as people write them, of each node.
        gone: whether they are gone from the relation; otherwise their values are wrong.
        tests_block: whether dbt skips what is below a node whose test cannot run, as ``dbt build`` does and ``dbt run`` does not.
    """
    return Descent(lineage, gone=gone, tests_block=tests_block).follow(roots)


class Descent:
    """A walk from changed nodes to all that depends on them, parents first; `follow` starts it once.

    Args:
        lineage: as for :func:`consequences`.
        gone: as for :func:`consequences`.
        tests_block: as for :func:`consequences`.
    """

    def __init__(self, lineage: ProjectLineage, *, gone: bool, tests_block: bool) -> None:
        self.lineage = lineage
        self.graph = lineage.graph
        self.gone = gone
        self.tests_block = tests_block
        self.states: dict[str, State] = {}
        self.blocked: dict[str, tuple[str, bool]] = {}

    def follow(self, roots: Mapping[str, Iterable[str]]) -> dict[str, Consequence]:
        """What happens below the roots, themselves included, by unique_id."""
        for unique_id, columns in roots.items():
            self._start(unique_id, columns)
        for together in self._order(self.graph.descendants(roots)):
            concerned = [unique_id for unique_id in together if self._is_concerned(unique_id)]
            self.lineage.read(concerned)
            for unique_id in concerned:
                self._visit(unique_id)
        return {unique_id: self._told(unique_id, state) for unique_id, state in self.states.items()}

    def _order(self, below: Iterable[str]) -> list[list[str]]:
        """Groups of nodes that do not depend on each other, parents first; tests before what runs beside them, since dbt build waits for tests."""
        ranks = self.graph.ranks(below)
        keys = {unique_id: (rank, self.graph.nodes[unique_id].resource_type != "test") for unique_id, rank in ranks.items()}
        return [sorted(group) for _, group in groupby(sorted(keys, key=lambda unique_id: (keys[unique_id], unique_id)), key=keys.__getitem__)]

    def _is_concerned(self, unique_id: str) -> bool:
        return unique_id in self.blocked or any(parent in self.states for parent in self.graph.parents(unique_id))

    def _start(self, unique_id: str, columns: Iterable[str]) -> None:
        state = self.states[unique_id] = State()
        keys = {self.lineage.key_of(unique_id, column): column for column in columns}
        state.columns.update(dict.fromkeys(keys.values()))
        if self.gone:
            state.removed = frozenset(keys)
            state.hit(Effect.LOSES_COLUMNS, certain=True)
            self._reads_itself(unique_id, state)
        else:
            state.wrong = dict.fromkeys(keys, True)
            state.hit(Effect.WRONG, certain=True)

    def _reads_itself(self, unique_id: str, state: State) -> None:
        """An incremental model that looks into its own table fails where that has lost the column."""
        self.lineage.read((unique_id,))
        found = self.lineage.lineages.get(unique_id)
        if found is None or found.resolved is None or unique_id not in found.resolved.relations:
            return
        for statement in self.lineage.statements(unique_id):
            old = self.lineage.bind(unique_id, statement, self.lineage.info)
            new = self.lineage.bind(unique_id, statement, self._info)
            problems = [problem for problem in new.problems if problem not in old.problems]
            if problems:
                state.why = state.why or problems[0]
                state.hit(Effect.FAILS, certain=True)

    def _visit(self, unique_id: str) -> None:
        node = self.graph.nodes[unique_id]
        parents = [parent for parent in self.graph.parents(unique_id) if parent in self.states]
        state = self.states.get(unique_id) or State()  # a failing node may lie below another one
        if node.resource_type in RUN_TYPES | {"function"}:
            self._skipped(unique_id, state, parents)
        if node.resource_type in RUN_TYPES or node.resource_type in UNAFFECTED_TYPES:
            self._read(node, state, parents)
        else:
            self._consumer(node, state, parents)
        if state.effects:
            self.states[unique_id] = state
        if self.tests_block and node.resource_type == "test" and Effect.FAILS in state.effects:
            self._block(unique_id, certain=state.effects[Effect.FAILS])

    def _block(self, test: str, *, certain: bool) -> None:
        """``dbt build`` skips what is below everything that a failing test depends on."""
        below = [self.graph.descendants((parent,)).keys() - {parent} for parent in self.graph.parents(test)]
        for unique_id in frozenset.intersection(*(frozenset(nodes) for nodes in below)) if below else ():
            if self.graph.nodes[unique_id].resource_type in RUN_TYPES:
                known = self.blocked.get(unique_id)
                self.blocked[unique_id] = (test, certain or (known is not None and known[1]))

    def _skipped(self, unique_id: str, state: State, parents: Iterable[str]) -> None:
        """A node below one that dbt fails to build, or skips, is skipped, and so is one below a test that fails."""
        for parent in parents:
            its = self.states[parent]
            ephemeral = self.graph.nodes[parent].materialized == "ephemeral"
            for effect in (Effect.FAILS, Effect.SKIPPED):
                if effect in its.effects:  # an ephemeral model's SQL is in that of its readers, which fail with it
                    state.hit(Effect.FAILS if effect is Effect.FAILS and ephemeral else Effect.SKIPPED, certain=its.effects[effect])
                    state.origin.setdefault(ROWS, Origin(parent, ROWS))
                    state.why = state.why or (its.why if ephemeral else "")
        if unique_id in self.blocked:
            test, certain = self.blocked[unique_id]
            state.hit(Effect.SKIPPED, certain=certain)
            state.origin.setdefault(ROWS, Origin(test, ROWS))

    def _read(self, node: Node, state: State, parents: list[str]) -> None:
        found = self.lineage.lineages.get(node.unique_id)
        if found is None or found.resolved is None:
            self._unread(node, state, parents)
            return
        self._values(node, found.resolved, state)
        if self._changed(found.resolved):
            self._bind_again(node, found.resolved, state)
        if not state.effects.keys() - {Effect.SKIPPED}:
            spelled = [parent for parent in parents if self._is_spelled(node, parent)] if found.partly else []
            self._unread(node, state, [*(parent for parent in found.unseen if parent in self.states), *spelled])

    def _is_spelled(self, node: Node, parent: str) -> bool:
        """Whether a template that was not read whole has a changed column's name anywhere in it."""
        its = self.states[parent]
        words = {word.casefold() for word in WORD.findall(self.lineage.code.nodes[node.unique_id].raw)}
        return not words.isdisjoint(key.casefold() for key in (*its.removed, *its.wrong) if key)

    def _unread(self, node: Node, state: State, parents: list[str]) -> None:
        """A node whose code was not read may use whatever changed in any parent."""
        for parent in parents:
            its = self.states[parent]
            if its.removed:
                state.hit(Effect.FAILS, certain=False)
                state.hit(Effect.LOSES_COLUMNS, certain=False)
            if its.wrong:
                state.hit(Effect.WRONG, certain=False)
            if its.removed or its.wrong:
                key = next(iter(its.removed or its.wrong))
                state.origin.setdefault(ROWS, Origin(parent, key))
                state.wrong = {ROWS: False}
        if not node.is_relation and node.materialized != "ephemeral":
            state.wrong = {}

    def _changed(self, resolved: Resolved) -> bool:
        """Whether a relation that a query reads has lost a column."""
        return any(relation in self.states and self.states[relation].removed for relation in resolved.relations)

    def _info(self, unique_id: str) -> TableInfo:
        state = self.states.get(unique_id)
        info = self.lineage.info(unique_id)
        return info._replace(removed=state.removed) if state is not None and state.removed else info

    # what depends on values

    def _values(self, node: Node, resolved: Resolved, state: State) -> None:
        """Which of a node's columns are computed from wrong ones."""
        changed = {unique_id: its.wrong for unique_id, its in self.states.items() if its.wrong and unique_id in resolved.relations}
        if not changed:
            return
        for relation, wrong in changed.items():
            if ROWS in wrong:
                state.spoil(Effect.WRONG, ROWS, Origin(relation, ROWS), certain=wrong[ROWS])
        parts = [("", ROWS, resolved.rows), *resolved.columns, *([("", ROWS, resolved.further)] if resolved.further else [])]
        if node.resource_type in UNAFFECTED_TYPES:
            parts.append(("", ROWS, resolved.reads))
        for name, key, inputs in parts:
            hit = self._hit(inputs, changed)
            if hit is not None:
                state.spoil(Effect.WRONG, key, hit[0], certain=hit[1])
                state.columns.update({name: None} if name else {})
        for relation, without, _ in resolved.opens:
            for key, certain in changed.get(relation, {}).items():
                if key and key not in without:
                    state.spoil(Effect.WRONG, key, Origin(relation, key, 1), certain=certain)
                    state.columns.setdefault(key)

    def _hit(self, inputs: Inputs, changed: Mapping[str, Mapping[str, bool]]) -> tuple[Origin, bool] | None:
        """A wrong column among inputs, if there is one, a sure one first."""
        best: tuple[Origin, bool] | None = None
        for (relation, key), mask in inputs.items():
            wrong = changed.get(relation)
            if not wrong:
                continue
            for hit, certain in wrong.items():
                if hit == key or (key == "*" and hit and hit not in self._known(relation)):
                    sure = certain and bool(mask & SURE)
                    if best is None or (sure, mask & DIRECT) > (best[1], best[0][2] & DIRECT):
                        best = Origin(relation, hit, mask), sure
        return best

    def _known(self, relation: str) -> set[str]:
        return set(self.lineage.names(relation)) if not relation.startswith(OUTSIDE) else set()

    # what binds

    def _bind_again(self, node: Node, before: Resolved, state: State) -> None:
        """Bind a node's names where its parents have lost columns."""
        lost: dict[str, str] = {}
        statements, adds = self.lineage.statements(node.unique_id), self.lineage.implied(node.unique_id)
        as_it_was = len(statements) == 1 and not any(adds) and self.lineage.is_current(node.unique_id)  # what was bound is this statement, and nothing else
        for statement in statements:
            old = before if as_it_was else self.lineage.bind(node.unique_id, statement, self.lineage.info)
            new = self.lineage.bind(node.unique_id, statement, self._info)
            problems = [problem for problem in new.problems if problem not in old.problems]
            if problems:
                state.why = state.why or problems[0]
            else:
                lost.update(self._lost(old, new))
                self._rebound(old, new, lost, state)
        for parent, key in adds.filters:
            if key in self._removed(parent):
                state.why = state.why or f"dbt filters {self.graph.nodes[parent].label} by {self._name(parent, key)}, its event_time"
        self._trace(before, state)
        if state.why:
            state.hit(Effect.FAILS, certain=True)
            return
        maybe = self._maybe(before)
        if maybe is not None:
            state.hit(Effect.FAILS, certain=False)
            state.origin.setdefault(ROWS, maybe)
        if lost:
            self._lose(node, lost, state)

    def _lost(self, old: Resolved, new: Resolved) -> dict[str, str]:
        """Output columns that are no more, by key."""
        left = {key for _, key, _ in new.columns}
        found = {key: name for name, key, _ in old.columns if key not in left}
        passed = {key: key for relation, without, _ in old.opens for key in self._removed(relation) if key not in without and key not in left}
        return {**passed, **found}

    def _removed(self, relation: str) -> frozenset[str]:
        state = self.states.get(relation)
        return state.removed if state is not None else frozenset()

    def _rebound(self, old: Resolved, new: Resolved, lost: Mapping[str, str], state: State) -> None:
        """Columns and rows that come of something else now."""
        now = {key: inputs for _, key, inputs in new.columns}
        for name, key, inputs in old.columns:
            if key in lost or inputs.keys() == now.get(key, inputs).keys():
                continue
            origin = next((Origin(relation, column, mask) for (relation, column), mask in inputs.items() if column in self._removed(relation)), None)
            if origin is not None:
                self._rebind(key, origin, state, there=self._is_there(old, inputs, now.get(key, {})))
                state.columns.setdefault(name)
        if old.rows.keys() != new.rows.keys():
            origin = next((Origin(relation, column, mask) for (relation, column), mask in old.rows.items() if column in self._removed(relation)), None)
            if origin is not None and not self._only_star(old, new, origin):
                self._rebind(ROWS, origin, state, there=self._is_there(old, old.rows, new.rows))

    def _is_there(self, old: Resolved, before: Inputs, now: Inputs) -> bool:
        """Whether columns that names mean now are there for sure, not only perhaps in a relation whose columns are not known, or as a struct's field."""
        more = {item: mask for item, mask in now.items() if item not in before}
        return all(mask & SURE and (item in old.reads or item[1] in self._known(item[0])) for item, mask in more.items())

    @staticmethod
    def _rebind(key: str, origin: Origin, state: State, *, there: bool) -> None:
        """A column or the rows come of something else now, or do not bind where that is not there."""
        state.spoil(Effect.WRONG, key, origin, certain=there and bool(origin.mask & SURE))
        if not there:
            state.hit(Effect.FAILS, certain=False)

    @staticmethod
    def _only_star(old: Resolved, new: Resolved, origin: Origin) -> bool:
        """Whether rows depended on the column only because DISTINCT or UNION compares all that a star passes on."""
        return set(roles(origin[2])) == {Role.GROUP_BY} and len(old.columns) != len(new.columns)

    def _trace(self, before: Resolved, state: State) -> None:
        """Which lost column of which parent reaches this node, and by what use."""
        for (relation, column), mask in before.reads.items():
            if column in self._removed(relation):
                state.origin.setdefault(ROWS, Origin(relation, column, mask))
                return
        for _, key, inputs in before.columns:
            for (relation, column), mask in inputs.items():
                if column in self._removed(relation):
                    state.origin.setdefault(key, Origin(relation, column, mask))
        for relation, without, _ in before.opens:
            for key in self._removed(relation):
                if key not in without:
                    state.origin.setdefault(key, Origin(relation, key, 1))

    def _maybe(self, before: Resolved) -> Origin | None:
        """A reference that may be of a lost column, though it need not."""
        for (relation, column), mask in before.reads.items():
            if not mask & SURE and column in self._removed(relation):
                return Origin(relation, column, mask)
        for unknown in before.unknown:
            for relation in unknown.candidates or before.relations:
                hit = next((key for key in self._removed(relation) if key in unknown.parts), None)
                if hit is not None:
                    return Origin(relation, hit)
        return None

    def _lose(self, node: Node, lost: Mapping[str, str], state: State) -> None:
        """What it means for a node's relation that its SQL no longer yields some columns."""
        state.columns.update(dict.fromkeys(lost.values()))
        if node.resource_type in UNAFFECTED_TYPES:
            return
        code = self.lineage.code.nodes.get(node.unique_id)
        why = refused(node, lost, code.config if code is not None else {}, self.lineage.dialect.read)
        if why:
            state.why = why
            state.hit(Effect.FAILS, certain=True)
            return
        state.hit(Effect.LOSES_COLUMNS, certain=True)
        if keeps(node):
            for key in lost:
                state.spoil(Effect.WRONG, key, state.origin.get(key, Origin(node.unique_id, key)), certain=True)
        else:
            state.removed |= frozenset(lost)

    # who only consumes

    def _consumer(self, node: Node, state: State, parents: Iterable[str]) -> None:
        """An exposure, metric or the like: by node, or by the columns that it says it uses."""
        used = self._used(node)
        for parent in parents:
            its = self.states[parent]
            if self.graph.nodes[parent].resource_type not in TABLE_TYPES:  # it holds no data of its own: this shows what that shows
                for effect, certain in its.effects.items():
                    state.hit(effect, certain=certain)
                    state.origin.setdefault(ROWS, Origin(parent, ROWS))
                continue
            name = self.graph.nodes[parent].name.casefold()
            columns = used.get(name, used.get("")) if used else None
            touched = {column.casefold() for column in its.columns} | {key.casefold() for key in (*its.removed, *its.wrong)}
            concerned = columns is None or bool(touched & columns) or ROWS in its.wrong
            if concerned and (its.removed or Effect.LOSES_COLUMNS in its.effects):
                state.hit(Effect.FAILS, certain=columns is not None)
            if concerned and its.wrong:
                state.hit(Effect.WRONG, certain=its.wrong.get(ROWS, False) or (columns is not None and any(its.wrong.values())))
            if Effect.FAILS in its.effects or Effect.SKIPPED in its.effects:
                state.hit(Effect.STALE, certain=its.effects.get(Effect.FAILS, False) or its.effects.get(Effect.SKIPPED, False))
            if Effect.STALE in its.effects:
                state.hit(Effect.STALE, certain=its.effects[Effect.STALE])
            if state.effects:
                key = next(iter(its.removed or its.wrong or {ROWS: True}))
                state.origin.setdefault(ROWS, Origin(parent, key))

    def _used(self, node: Node) -> dict[str, set[str]]:
        """The columns that a consumer says it uses, by the folded name of their node, empty where it names none; nothing where it says nothing."""
        return _referenced(node)

    # telling

    def _told(self, unique_id: str, state: State) -> Consequence:
        if self.graph.nodes[unique_id].materialized == "ephemeral" and Effect.SKIPPED in state.effects:
            state.effects[Effect.STALE] = state.effects.pop(Effect.SKIPPED)  # it is never run, so never skipped; what it is made of is old
        effects = tuple(effect for effect in Effect if effect in state.effects)
        consumes = self.graph.nodes[unique_id].resource_type not in TABLE_TYPES | UNAFFECTED_TYPES
        certain = (all if consumes else any)(state.effects.values())  # a dashboard that may fail is not told as one that is surely stale
        if certain:  # what only may happen is not said beside what does
            effects = tuple(effect for effect in effects if state.effects[effect])
        return Consequence(unique_id, effects, tuple(sorted(state.columns)), certain, tuple(self._steps(unique_id, state)), state.why)

    def _steps(self, unique_id: str, state: State) -> Iterator[ColumnStep]:
        """The way from the changed column to this node, found backwards."""
        found = [ColumnStep(unique_id, next(iter(state.columns), ""))]
        origin = state.origin.get(ROWS) or next(iter(state.origin.values()), None)
        seen = {unique_id}
        while origin is not None:
            node, key, mask = origin
            if node in seen:
                break
            seen.add(node)
            first = roles(mask)[0] if roles(mask) else None
            kind = "" if first is None else "DIRECT" if first <= Role.AGGREGATION else "INDIRECT"
            found.append(ColumnStep(node, self._name(node, key), kind, first.name if first is not None else ""))
            its = self.states.get(node)
            origin = None if its is None else its.origin.get(key) or its.origin.get(ROWS) or next(iter(its.origin.values()), None)
        return reversed(found)

    def _name(self, unique_id: str, key: str) -> str:
        if not key or unique_id not in self.graph.nodes:
            return key
        return self.lineage.names(unique_id).get(key, key)


WORD = re.compile(r"\w+")


def _referenced(node: Node) -> dict[str, set[str]]:
    """Columns that an exposure says it uses (Elementary's ``referenced_columns``), by the folded name of their node, empty where it names none."""
    listed = node.meta.get("referenced_columns") if node.exposure is not None else None
    found: dict[str, set[str]] = {}
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and isinstance(item.get("column_name") or item.get("column"), str):
            words = WORD.findall(str(item.get("node") or ""))
            found.setdefault(words[-1].casefold() if words else "", set()).add(str(item.get("column_name") or item.get("column")).casefold())
    return found
