"""What stands in FROM -> relations with columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.columns.masks import NAMED, PASSED, SPREADS, SURE
from aftershock.columns.names import Names
from aftershock.columns.relations import Col, Inputs, Open, Rel, add, merged, renamed, unsure, used
from aftershock.columns.scopes import Output, Scope, Shared, Unknown
from aftershock.sql.dialects import ON, SELECT, WHERE
from aftershock.sql.query import Derived, Function, Joined, Pivot, Ref, Role, Table, Unpivot, Whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aftershock.columns.relations import Named
    from aftershock.columns.scopes import CteEntry
    from aftershock.sql.query import Join, Source, Uses


class Sources(Names):
    """Adds sources to scopes."""

    def cte(self, entry: CteEntry) -> Output:
        """What a CTE yields."""
        raise NotImplementedError

    def join(self, join: Join, scope: Scope) -> Inputs:
        """Add a source to the scope. Returns what the rows depend on through it."""
        before = list(scope.rels)
        rels = self._source(join.source, scope)
        self.spend(sum(len(rel.cols) for rel in rels))
        rows = merged(rel.rows for rel in rels)
        if join.natural:
            add(rows, self._natural(before, rels, scope))
        for key in join.using:
            add(rows, self._using(key, before, rels, scope))
        scope.rels = [*before, *rels]
        add(rows, self.row_inputs(join.on, scope, ON))
        if join.hidden:
            scope.rels = before
        return rows

    def _natural(self, before: Sequence[Rel], rels: Sequence[Rel], scope: Scope) -> Inputs:
        ours = {col.key for rel in before for col in rel.cols}
        common = [key for rel in rels for key in (col.key for col in rel.cols) if key in ours]
        rows: Inputs = {}
        for key in dict.fromkeys(common):
            add(rows, self._using(key, before, rels, scope, named=False))
        if not all(rel.closed for rel in (*before, *rels)):
            add(rows, unsure(used(merged(rel.whole() for rel in (*before, *rels)), Role.JOIN, within=False)))
        elif not common:
            self.problems.append("a NATURAL JOIN has no common column")
        return rows

    def _using(self, key: str, before: Sequence[Rel], rels: Sequence[Rel], scope: Scope, *, named: bool = True) -> Inputs:
        """A column that both sides have, and which is one from here on."""
        self.references += named
        before_it = scope.joined.get(key)
        sides: list[Inputs] = []
        for found in (before_it.inputs if before_it is not None else _on_side(key, before), _on_side(key, rels)):
            if found is None:
                self.problems.append(f"{key} in USING is no column of one side")
            else:
                sides.append(found)
        both = used(merged(sides), Role.IDENTITY, flags=NAMED if named else 0)
        owners = before_it.rels if before_it is not None else [rel for rel in before if rel.has(key) is not None]
        scope.joined[key] = Shared(both, [*owners, *(rel for rel in rels if rel.has(key) is not None)])
        if named:
            self.note(both, Role.JOIN)
        return used(both, Role.JOIN, within=False)

    def _source(self, source: Source, scope: Scope) -> list[Rel]:
        if isinstance(source, Table):
            return [self._table(source, scope)]
        if isinstance(source, Derived):
            return [self._derived(source, scope)]
        if isinstance(source, Function):
            return [self._function(source, scope)]
        if isinstance(source, Joined):
            return self._parenthesised(source, scope)
        return [self._pivot(source, scope) if isinstance(source, Pivot) else self._unpivot(source, scope)]

    def _named(self, rel_cols: list[Col], names: Named, *, closed: bool) -> list[Col]:
        """Columns under the names that an alias gives them."""
        if len(names) > len(rel_cols) and closed:
            self.problems.append(f"an alias names {len(names)} columns of {len(rel_cols)}")
        return renamed(rel_cols, names)

    def _table(self, source: Table, scope: Scope) -> Rel:
        entry = scope.env.get(source.parts[0]) if len(source.parts) == 1 else None
        if entry is not None:
            return self._output(source.alias, self.cte(entry), source.columns)
        struct = self._struct_table(source, scope)
        if struct is not None:
            return struct
        info = self.find_table(source.parts)
        self.relations.append(info.relation)
        listed = [(name, key) for name, key in info.columns if key not in info.removed]
        cols = [Col(name, key, {(info.relation, key): PASSED | SURE | SPREADS}, plain=key in info.plain) for name, key in listed]
        opens = (Open(info.relation, frozenset(key for _, key in info.columns) | info.removed, info.complete),)
        cols = self._named(cols, source.columns, closed=info.complete)
        return Rel(source.alias, cols, parts=source.parts, opens=opens, removed=info.removed, ghosts=info.removed)

    def _struct_table(self, source: Table, scope: Scope) -> Rel | None:
        """``FROM t, t.items``: an array of a source before it, read as a table."""
        if len(source.parts) == 1 or not any(rel.alias == source.parts[0] for rel in scope.rels):
            return None
        inputs, bound = self.bind(Ref(source.parts, Role.TRANSFORMATION), scope, WHERE)
        if not bound:
            return None
        self.note(inputs, Role.TRANSFORMATION)
        return Rel(source.alias, [], other=used(inputs, Role.TRANSFORMATION, flags=NAMED))

    def _derived(self, source: Derived, scope: Scope) -> Rel:
        sees = source.lateral or self.dialect.implicit_lateral
        return self._output(source.alias, self.query(source.query, scope if sees else scope.outer, scope.env), source.columns)

    def _output(self, alias: str, found: Output, names: Named) -> Rel:
        """A query's output as a source. Of two columns of one name the second gets a number, where the dialect numbers them."""
        cols = self._named(numbered(found.cols) if self.dialect.numbers else found.cols, names, closed=found.closed)
        return Rel(alias, cols, opens=found.opens, other=found.other, rows=found.rows, ghosts=found.ghosts, removed=found.ghosts)

    def _function(self, source: Function, scope: Scope) -> Rel:
        if source.called:
            self.unknown.append(Unknown((source.called,)))
        inputs = self.inputs(source.uses, scope, WHERE)
        fields = self._exploded(source, scope)
        cols = [Col(name, key, inputs) for name, key in source.columns]
        cols.extend(Col(key, key, found) for key, found in fields.items())
        is_open = source.open and not fields
        if is_open and source.alias and not any(col.key == source.alias for col in cols):
            cols.append(Col(source.alias, source.alias, inputs, unnamed=True))
        return Rel(source.alias, cols, other=inputs if is_open else None, rows=used(inputs, Role.FILTER, within=False))

    @staticmethod
    def _exploded(source: Function, scope: Scope) -> Mapping[str, Inputs]:
        """The fields of an array of structs that the query made itself."""
        use = source.uses[0] if len(source.uses) == 1 else None
        if not isinstance(use, Ref):
            return {}
        found = (col.fields for rel in scope.rels if (col := rel.has(use.parts[-1])) is not None)
        return next((fields for fields in found if fields), {})

    def _parenthesised(self, source: Joined, scope: Scope) -> list[Rel]:
        inner = Scope(scope.outer, scope.env)
        rows: Inputs = {}
        for join in source.joins:
            add(rows, self.join(join, inner))
        if not source.alias:
            scope.joined.update(inner.joined)
            for rel in inner.rels[:1]:
                rel.rows = rows
            return inner.rels
        found = Output(listed(inner.rels, inner, merge=True), _opens(inner), rows, _ghosts(inner), _other(inner))
        return [self._output(source.alias, found, source.columns)]

    def _pivot(self, source: Pivot, scope: Scope) -> Rel:
        inner = Scope(scope.outer, scope.env)
        inner.rels = self._source(source.source, scope)
        rows = merged(rel.rows for rel in inner.rels)
        aggregates = [used(self.inputs(item.uses, inner, SELECT), Role.AGGREGATION) for item in source.aggregates] or [{}]
        spread = used(self.inputs(source.on, inner, SELECT), Role.CONDITIONAL, within=False)
        gone = _spelled(use for item in source.aggregates for use in item.uses) | _spelled(source.on)
        cols, opens = self._kept(source.groups, inner, gone)
        add(rows, used(merged(col.inputs for col in cols), Role.GROUP_BY, within=False))
        add(rows, spread)
        per_value = len(source.names) % len(aggregates) == 0
        for place, (name, key) in enumerate(source.names):
            value = aggregates[place % len(aggregates)] if per_value else merged(aggregates)
            cols.append(Col(name, key, merged((value, spread))))
        other = None if source.names else merged((*aggregates, spread))
        rel = self._output(source.alias or _alias_of(inner), Output(cols, opens, rows, _ghosts(inner), other), source.columns)
        rel.pivoted = True
        return rel

    def _kept(self, groups: Uses | None, inner: Scope, gone: frozenset[str]) -> tuple[list[Col], tuple[Open, ...]]:
        """The columns of a pivot's source that stay as they are."""
        if groups is not None:
            return [Col(use.parts[-1], use.parts[-1], self.inputs((use,), inner, SELECT)) for use in groups if isinstance(use, Ref)], ()
        cols = [col for rel in inner.rels for col in rel.cols if col.key not in gone]
        return cols, _opens(inner, gone)

    def _unpivot(self, source: Unpivot, scope: Scope) -> Rel:
        inner = Scope(scope.outer, scope.env)
        inner.rels = self._source(source.source, scope)
        rows = merged(rel.rows for rel in inner.rels)
        groups = [[self.inputs((use,), inner, SELECT) for use in group] for group in source.groups]
        gone = frozenset().union(*(_spelled(group) for group in source.groups))
        wholes = [use for group in source.groups for use in group if isinstance(use, Whole)]
        if wholes:
            gone |= frozenset(col.key for rel in inner.rels for col in rel.cols) - frozenset(key for use in wholes for key in use.without)
        cols, opens = self._kept(None, inner, gone)
        everything = merged(inputs for group in groups for inputs in group)
        made: list[Col] = []
        for place, (name, key) in enumerate(source.values):
            wide = len(source.values) > 1 and all(len(group) == len(source.values) for group in groups)
            inputs = merged(group[place] for group in groups) if wide else everything
            made.append(Col(name, key, used(inputs, Role.TRANSFORMATION)))
        which = [Col(name, key, used(everything, Role.CONDITIONAL)) for name, key in source.names]
        cols.extend([*made, *which] if source.values_first else [*which, *made])
        add(rows, used(everything, Role.FILTER, within=False))
        ghosts = frozenset[str]() if wholes else _ghosts(inner)
        return self._output(source.alias or _alias_of(inner), Output(cols, opens, rows, ghosts), source.columns)


def listed(rels: Sequence[Rel], scope: Scope, *, merge: bool) -> list[Col]:
    """The columns of relations as a star lists them: those joined by USING once."""
    if not merge or not scope.joined:
        return [col for rel in rels for col in rel.cols]
    cols: list[Col] = []
    done: set[str] = set()
    for rel in rels:
        for col in rel.cols:
            shared = scope.joined.get(col.key)
            if shared is None or not any(owner is rel for owner in shared.rels):
                cols.append(col)
            elif col.key not in done:
                done.add(col.key)
                cols.append(col._replace(inputs=shared.inputs))
    return cols


def numbered(cols: list[Col]) -> list[Col]:
    """Columns of which none has another's name: the second ``a`` is ``a_1``."""
    taken: set[str] = set()
    found: list[Col] = []
    for col in cols:
        name, key, number = col.name, col.key, 0
        while key in taken:
            number += 1
            name, key = f"{col.name}_{number}", f"{col.key}_{number}"
        taken.add(key)
        found.append(col if not number else col._replace(name=name, key=key))
    return found


def _on_side(key: str, rels: Sequence[Rel]) -> Inputs | None:
    known = [col.inputs for rel in rels if (col := rel.has(key)) is not None]
    if known:
        return merged(known)
    possible = [inputs for rel in rels if (inputs := rel.may_have(key)) is not None]
    if not possible:
        return None
    return possible[0] if len(possible) == 1 else unsure(merged(possible))


def _opens(scope: Scope, gone: frozenset[str] = frozenset()) -> tuple[Open, ...]:
    return tuple(Open(item.relation, item.without | gone, item.complete) for rel in scope.rels for item in rel.opens)


def _other(scope: Scope) -> Inputs | None:
    found = [rel.other for rel in scope.rels if rel.other is not None]
    return merged(found) if found else None


def _ghosts(scope: Scope) -> frozenset[str]:
    return frozenset().union(*(rel.ghosts for rel in scope.rels))


def _alias_of(scope: Scope) -> str:
    return scope.rels[0].alias if len(scope.rels) == 1 else ""


def _spelled(uses: Iterable[object]) -> frozenset[str]:
    """The last names of references."""
    return frozenset(use.parts[-1] for use in uses if isinstance(use, Ref))
