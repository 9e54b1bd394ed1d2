"""A query -> what it yields: output columns, and what its rows depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.columns.grouping import ungrouped
from aftershock.columns.masks import NAMED, PASSED, SURE
from aftershock.columns.names import sources_named
from aftershock.columns.patterns import chosen
from aftershock.columns.relations import Col, Inputs, Open, Rel, add, merged, renamed, unsure, used
from aftershock.columns.scopes import Alias, CteEntry, Output, Scope, Unknown
from aftershock.columns.sources import Sources, listed
from aftershock.sql.dialects import GROUP, HAVING, LIMIT, ORDER, QUALIFY, SELECT, WHERE
from aftershock.sql.query import AGGREGATED, Item, Ref, Role, Select, SetOperation, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aftershock.columns.relations import TableInfo
    from aftershock.sql.query import Query, Star, With

MOST_PASSES = 4
"""Times that a recursive CTE is walked; its inputs are found when a pass adds none, in practice the second."""


class Queries(Sources):
    """Walks queries."""

    def query(self, query: Query, outer: Scope | None, env: Mapping[str, CteEntry]) -> Output:
        """What a query yields."""
        if query.with_.ctes:
            env = self._with(query.with_, outer, env)
            wanted = _wanted(query) if self.dialect.lazy else None
            for cte in query.with_.ctes:  # in order, so that a chain of hundreds needs no recursion
                if wanted is None or cte.key in wanted:
                    self.cte(env[cte.key])
                else:
                    self.relations.extend(self.find_table(parts).relation for parts in tables_of(cte.query) if parts[0] not in env)
        return self._select(query, outer, env) if isinstance(query, Select) else self._set_operation(query, outer, env)

    def _with(self, with_: With, outer: Scope | None, env: Mapping[str, CteEntry]) -> Mapping[str, CteEntry]:
        known = dict(env)
        for cte in with_.ctes:
            recursive = isinstance(cte.query, SetOperation) and (with_.recursive or (self.dialect.recursive and cte.key not in known))
            known[cte.key] = CteEntry(cte, dict(known), outer, recursive=recursive)
        return known

    def cte(self, entry: CteEntry) -> Output:
        """What a CTE yields."""
        if entry.found is None:
            cte = entry.cte
            if entry.recursive and isinstance(cte.query, SetOperation) and (cte.key,) in tables_of(cte.query):
                found = self._recursive(entry, cte.query)
            else:
                found = self.query(cte.query, entry.outer, entry.env)
                found.cols = renamed(found.cols, cte.columns)
            inlined = self.inlined.get(cte.key)
            entry.found = found if inlined is None else self._through(inlined, found)
        return entry.found

    def _recursive(self, entry: CteEntry, query: SetOperation) -> Output:
        """The first branch gives the columns; the others read them, until no pass adds an input."""
        cte, outer, env = entry.cte, entry.outer, entry.env
        start = SetOperation(query.branches[:1], query.by_name, query.distinct, query.filters, (), query.with_)
        known = self.query(start, outer, env)
        known.cols = renamed(known.cols, cte.columns)
        for _ in range(MOST_PASSES):
            again = CteEntry(cte, env, outer, recursive=False)
            again.found = known
            found = self.query(query, outer, {**env, cte.key: again})
            found.cols = renamed(found.cols, cte.columns)
            same = [col.inputs for col in found.cols] == [col.inputs for col in known.cols] and found.rows == known.rows
            known = found
            if same:
                break
        return known

    def _through(self, info: TableInfo, found: Output) -> Output:
        """An inlined relation: each of its columns also is a column of that relation, unless it is thought away."""
        node, gone = info.relation, info.removed
        self.relations.append(node)
        cols = [col._replace(inputs=merged((col.inputs, {(node, col.key): PASSED | SURE}))) for col in found.cols if col.key not in gone]
        further = (Open(node, frozenset(col.key for col in cols), found.closed),) if found.opens else ()
        opens = tuple(item._replace(without=item.without | gone) for item in found.opens) if gone else found.opens
        return Output(cols, (*opens, *further), found.rows, found.ghosts | gone, found.other)

    def _set_operation(self, query: SetOperation, outer: Scope | None, env: Mapping[str, CteEntry]) -> Output:
        outputs = [self.query(branch, outer, env) for branch in query.branches]
        cols = _by_name(outputs) if query.by_name else self._by_place(outputs)
        opens = tuple(dict.fromkeys(item for output in outputs for item in output.opens))
        rows = merged(output.rows for output in outputs)
        if query.distinct:
            add(rows, used(merged(_whole(output) for output in outputs), Role.GROUP_BY, within=False))
        if query.filters:
            add(rows, used(merged(_whole(output) for output in outputs[1:]), Role.FILTER, within=False))
        others = [output.other for output in outputs if output.other is not None]
        ghosts = frozenset[str]() if query.by_name else frozenset().union(*(output.ghosts for output in outputs))
        found = Output(cols, opens, rows, ghosts, merged(others) if others else None)
        if query.order:
            scope = Scope(outer, env)
            scope.rels.append(Rel("", cols, opens=opens, other=found.other, removed=ghosts))
            add(rows, self.row_inputs(query.order, scope, ORDER, found))
        return found

    def _by_place(self, outputs: Sequence[Output]) -> list[Col]:
        if len({len(output.cols) for output in outputs if output.closed}) > 1:
            self.problems.append("the branches of a set operation have different numbers of columns")
            self.unknown.append(Unknown(("*",), tuple(sorted({relation for output in outputs for col in output.cols for relation, _ in col.inputs}))))
        if not all(output.closed for output in outputs):
            if len({len(output.ghosts) for output in outputs}) > 1:
                self.problems.append("a branch of a set operation has lost a column")
            return self._loosely(outputs)
        cols = list(outputs[0].cols)
        for output in outputs[1:]:
            for place, col in enumerate(output.cols[: len(cols)]):
                cols[place] = cols[place]._replace(inputs=merged((cols[place].inputs, col.inputs)), fields=None)
        return cols

    def _loosely(self, outputs: Sequence[Output]) -> list[Col]:
        """Branches by place, where one has columns that are not known: by place before and after the stars, by name between.

        The first branch gives the names. What has none of them between the stars of another branch may be any of those that this one lacks.
        """
        opens = [output for output in outputs if not output.closed]
        head, tail = min(output.ends[0] for output in opens), min(output.ends[1] for output in opens)
        first, *others = [Rel("", output.cols[head : len(output.cols) - tail], opens=output.opens, other=output.other) for output in outputs]
        middle: dict[str, list[Inputs]] = {col.key: [col.inputs] for col in first.cols}
        names = {col.key: col for rel in (first, *others) for col in rel.cols}
        for rel in others:
            extra = merged(col.inputs for col in rel.cols if col.key not in first.by_key)
            for key, inputs in middle.items():
                if key in rel.by_key:
                    inputs.append(rel.by_key[key].inputs)
                else:
                    inputs.append(unsure(merged((rel.may_have(key) or {}, extra))))
            if extra and first.closed:
                self.unknown.append(Unknown(("*",), tuple(sorted({item.relation for output in opens for item in output.opens}))))
        if not first.closed:
            for rel in others:
                for col in rel.cols:
                    middle.setdefault(col.key, [unsure(first.may_have(col.key) or {})]).append(col.inputs)
        found = [names[key]._replace(inputs=merged(inputs), fields=None) for key, inputs in middle.items()]
        cols = outputs[0].cols
        before = [_at(outputs, place, col) for place, col in enumerate(cols[:head])]
        return [*before, *found, *(_at(outputs, place - tail, col) for place, col in enumerate(cols[len(cols) - tail :] if tail else []))]

    def _select(self, query: Select, outer: Scope | None, env: Mapping[str, CteEntry]) -> Output:
        scope = Scope(outer, env)
        scope.windows = dict(query.windows)
        rows: Inputs = {}
        for join in query.joins:
            add(rows, self.join(join, scope))
        for let in query.lets:
            scope.aliases[let.key] = Alias(self.inputs(let.uses, scope, SELECT))
        found = self._items(query, scope)
        self.problems.extend(ungrouped(query, lambda use: self._is_own(use, scope), self.dialect.read))
        for uses, clause in (
            (query.where, WHERE),
            (query.group, GROUP),
            (query.having, HAVING),
            (query.qualify, QUALIFY),
            (query.distinct_on, ORDER),
            (query.order, ORDER),
            (query.limit, LIMIT),
        ):
            if uses:
                add(rows, self.row_inputs(uses, scope, clause, found))
        if not self.dialect.lazy:
            for _, uses in query.windows:
                self.inputs(uses, scope, SELECT)  # what an unused window names must bind all the same
        if query.distinct:
            add(rows, used(_whole(found), Role.GROUP_BY, within=False))
        elif query.group_all:
            keys = [col for col, kind in zip(found.cols, found.kinds, strict=True) if not kind & AGGREGATED]
            add(rows, used(_whole(Output(keys, found.opens, {}, other=found.other)), Role.GROUP_BY, within=False))
        found.rows = rows
        return found

    @staticmethod
    def _is_own(use: Ref, scope: Scope) -> bool:
        """Whether a reference surely is to a column of one of the sources of its own query."""
        if len(use.parts) == 1:
            return any(rel.has(use.parts[0]) is not None for rel in scope.rels)
        return any(rel.has(use.parts[-1]) is not None for rel in sources_named(use.parts[:-1], scope.rels))

    def _items(self, query: Select, scope: Scope) -> Output:
        cols: list[Col] = []
        kinds: list[int] = []
        parts: list[Output] = []
        ends = (-1, 0)
        scope.later = {item.key: item for item in query.items if isinstance(item, Item) and item.aliased}
        for item in query.items:
            if isinstance(item, Item):
                scope.later.pop(item.key, None)
                col = self._item(item, scope)
                cols.append(col)
                kinds.append(item.kind)
                if item.aliased or not (item.unnamed or self._is_field(item, scope)):  # from here on a name may be this alias, but not before
                    known = scope.aliases.get(item.key)
                    scope.aliases[item.key] = Alias(col.inputs, item.kind) if known is None else Alias(merged((known.inputs, col.inputs)), known.kind)
            else:
                found = self._star(item, scope)
                before = len(cols)
                cols.extend(found.cols)
                kinds.extend(0 for _ in found.cols)
                parts.append(found)
                if not found.closed:
                    ends = (before if ends[0] < 0 else ends[0], len(cols))
        others = [part.other for part in parts if part.other is not None]
        opens = tuple(dict.fromkeys(item for part in parts for item in part.opens))
        ghosts = frozenset().union(*(part.ghosts for part in parts))
        return Output(cols, opens, {}, ghosts, merged(others) if others else None, tuple(kinds), (max(ends[0], 0), len(cols) - ends[1]))

    def _is_field(self, item: Item, scope: Scope) -> bool:
        """Whether an output column without AS is a struct's field, whose name is no alias."""
        use = item.uses[0] if item.uses else None
        return isinstance(use, Ref) and len(use.parts) > 1 and not self.qualified(use.parts[:1], scope)

    def _item(self, item: Item, scope: Scope) -> Col:
        inputs = self.inputs(item.uses, scope, SELECT)
        fields = {field.key: self.inputs(field.uses, scope, SELECT) for field in item.fields} or _fields_of(item, scope)
        return Col(item.name, item.key, inputs, fields, item.unnamed)

    def _star(self, star: Star, scope: Scope) -> Output:
        rels = self.qualified(star.qualifier, scope) if star.qualifier else scope.rels
        if star.qualifier and not rels:
            return self._star_of_struct(star, scope)
        cols = _less(star, rels, scope)
        picked = chosen(star, cols)
        self.spend(len(picked))
        replaced = {item.key: item for item in star.replace}
        renames = {old: (name, key) for old, name, key in star.rename}
        found = [self._listed(col, star, replaced, renames, scope) for col in picked if col.key not in star.without]
        self._name_listed(star, rels)
        self._missing(star, rels, cols, picked)
        named = frozenset(star.without) | replaced.keys() | renames.keys()
        closed = all(rel.closed for rel in rels)
        if not closed:
            found.extend(self._unseen(replaced, renames, {col.key for col in picked}, rels, scope))
        opens = tuple(Open(item.relation, item.without | named, item.complete) for rel in rels for item in rel.opens)
        ghosts = frozenset().union(*(rel.ghosts for rel in rels)) - frozenset(star.without)
        others = [rel.other for rel in rels if rel.other is not None]
        return Output(found, opens, {}, ghosts, merged(others) if others else None)

    def _listed(self, col: Col, star: Star, replaced: Mapping[str, Item], renames: Mapping[str, tuple[str, str]], scope: Scope) -> Col:
        """One column of a star, as it comes out."""
        if col.key in replaced:
            return self._item(replaced[col.key], scope)._replace(name=col.name, key=col.key)
        if col.key in renames:
            name, key = renames[col.key]
            return col._replace(name=name, key=key)
        return col._replace(inputs=used(col.inputs, star.role)) if star.role else col

    def _name_listed(self, star: Star, rels: Sequence[Rel]) -> None:
        """What EXCLUDE, REPLACE and RENAME name is read: without it the query does not bind."""
        for key in (*star.without, *(item.key for item in star.replace), *(old for old, _, _ in star.rename), *(key for _, key in star.without_of)):
            for rel in rels:
                col = rel.has(key)
                inputs = col.inputs if col is not None else rel.may_have(key)
                if inputs:
                    self.note(inputs, Role.FILTER)

    def _missing(self, star: Star, rels: Sequence[Rel], cols: Sequence[Col], picked: Sequence[Col]) -> None:
        """What a star names and its sources do not have."""
        closed = all(rel.closed for rel in rels)
        lost = frozenset().union(*(rel.removed | rel.ghosts for rel in rels))
        seen = {col.key for col in cols}
        named = {*star.without, *(item.key for item in star.replace), *star.names}
        self.problems.extend(f"{key} after * is no column" for key in sorted(named - seen) if closed or key in lost)
        for table, key in star.without_of:
            sides = [rel for rel in rels if rel.alias == table]
            if sides and not any(rel.has(key) for rel in sides) and (all(rel.closed for rel in sides) or any(key in rel.removed for rel in sides)):
                self.problems.append(f"{table}.{key} after * is no column")
        if (star.pattern or star.like) and closed and not picked:
            self.problems.append(f"no column is like {star.pattern or star.like}")

    def _unseen(self, replaced: Mapping[str, Item], renames: Mapping[str, tuple[str, str]], seen: set[str], rels: Sequence[Rel], scope: Scope) -> list[Col]:
        """Columns of an open relation that a star names in REPLACE or RENAME."""
        found = [self._item(item, scope) for key, item in replaced.items() if key not in seen]
        for old, (name, key) in renames.items():
            inputs = [inputs for rel in rels if (inputs := rel.may_have(old)) is not None] if old not in seen else []
            if inputs:
                found.append(Col(name, key, used(merged(inputs), Role.IDENTITY, flags=NAMED)))
        return found

    def _star_of_struct(self, star: Star, scope: Scope) -> Output:
        """``s.*`` where s is a struct."""
        self.references += 1
        inputs, bound = self.bind(Ref(star.qualifier, Role.TRANSFORMATION), scope, SELECT)
        if not bound:
            self.unbound(star.qualifier, inputs)
        fields = next((col.fields for rel in scope.rels if (col := rel.has(star.qualifier[-1])) is not None and col.fields), None)
        self.note(inputs, Role.TRANSFORMATION)
        if fields:
            return Output([Col(key, key, used(found, Role.IDENTITY, flags=NAMED)) for key, found in fields.items() if key not in star.without], (), {})
        return Output([], (), {}, other=used(inputs, Role.TRANSFORMATION, flags=NAMED))


def _at(outputs: Sequence[Output], place: int, col: Col) -> Col:
    """The column at a place, from 0 or from the end, of all branches."""
    inputs = [output.cols[place].inputs for output in outputs if -len(output.cols) <= place < len(output.cols)]
    return col._replace(inputs=merged(inputs), fields=None)


def _fields_of(item: Item, scope: Scope) -> Mapping[str, Inputs] | None:
    """A struct that is passed on keeps its fields."""
    use = item.uses[0] if len(item.uses) == 1 else None
    if not isinstance(use, Ref) or use.role != Role.IDENTITY:
        return None
    found = (col.fields for rel in scope.rels if (col := rel.has(use.parts[-1])) is not None)
    return next((fields for fields in found if fields), None)


def _less(star: Star, rels: Sequence[Rel], scope: Scope) -> list[Col]:
    """The columns that a star may list, without those that are taken from one source only."""
    if not star.without_of:
        return listed(rels, scope, merge=not star.qualifier)
    gone = set(star.without_of)
    taken = {id(col) for rel in rels for col in rel.cols if (rel.alias, col.key) in gone}
    return [col for col in listed(rels, scope, merge=not star.qualifier) if id(col) not in taken]


def _whole(output: Output) -> Inputs:
    return Rel("", output.cols, opens=output.opens, other=output.other).whole()


def _by_name(outputs: Sequence[Output]) -> list[Col]:
    cols: dict[str, Col] = {}
    for output in outputs:
        for col in output.cols:
            known = cols.get(col.key)
            cols[col.key] = col if known is None else known._replace(inputs=merged((known.inputs, col.inputs)), fields=None)
    return list(cols.values())


def _wanted(query: Query) -> set[str]:
    """The CTEs of a query that it reads, itself or through one another."""
    by_key = {cte.key: cte for cte in query.with_.ctes}
    bare = msgspec.structs.replace(query, with_=type(query.with_)())
    found: set[str] = set()
    todo = [parts[0] for parts in tables_of(bare)]
    while todo:
        key = todo.pop()
        if key in by_key and key not in found:
            found.add(key)
            todo.extend(parts[0] for parts in tables_of(by_key[key].query))
    return found


def tables_of(query: object) -> set[tuple[str, ...]]:
    """The names of relations anywhere in a query, CTEs among them."""
    found: set[tuple[str, ...]] = set()
    stack: list[object] = [query]
    while stack:
        item = stack.pop()
        if isinstance(item, Table):
            found.add(item.parts)
        elif isinstance(item, msgspec.Struct):
            stack.extend(getattr(item, name) for name in item.__struct_fields__)
        elif isinstance(item, tuple):
            stack.extend(item)
    return found
