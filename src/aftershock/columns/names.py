"""Names in expressions -> what they stand for, in the order in which a warehouse looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.columns import masks
from aftershock.columns.masks import AROUND, DIRECT, NAMED, PASSED, SURE, bit
from aftershock.columns.patterns import chosen
from aftershock.columns.relations import Inputs, Rel, add, merged, unsure, used
from aftershock.columns.scopes import Alias, Output, Unknown
from aftershock.sql.dialects import GROUP, HAVING, LIMIT, ORDER, PSEUDO, SELECT, WHERE
from aftershock.sql.query import AGGREGATED, BARE, NEEDS, NO_TEXT, SPREADS, WINDOWED, NamedWindow, Ordinal, Ref, Role, Star, Sub, Whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aftershock.columns.relations import Col, TableInfo
    from aftershock.columns.scopes import CteEntry, Scope
    from aftershock.sql.dialects import Dialect
    from aftershock.sql.query import Query, Use, Uses

LENIENT = frozenset({"", "clickhouse"})
"""Dialects that take one of several columns of a name, or of which that is not known."""
FIRST = frozenset({"duckdb", "postgres"})
"""Dialects in which a name is a column before it is an output column's."""
MOST_WORK = 500_000
"""Columns and inputs that one statement may make, so that a hundred nested joins of a table with itself end."""


class TooMuch(ValueError):  # noqa: N818  # reads as what happened; becomes a reason at once
    """A statement whose columns multiply without end."""


class Names:
    """Binds names, and keeps what one walk over a statement finds: what was read, what is unknown, what does not bind."""

    def __init__(self, find_table: FindTable, dialect: Dialect, inlined: Mapping[str, TableInfo], *, fields: bool = False) -> None:
        self.find_table = find_table
        self.dialect = dialect
        self.inlined = inlined
        self.fields = fields
        self.reads: Inputs = {}
        self.unknown: list[Unknown] = []
        self.problems: list[str] = []
        self.references = 0
        self.relations: list[str] = []
        self.needs: Inputs = {}
        self.work = 0

    def query(self, query: Query, outer: Scope | None, env: Mapping[str, CteEntry]) -> Output:
        """What a query yields."""
        raise NotImplementedError

    def spend(self, work: int) -> None:
        """Count what is made.

        Raises:
            TooMuch: it is more than any real statement makes.
        """
        self.work += work
        if self.work > MOST_WORK:
            raise TooMuch

    def inputs(self, uses: Uses, scope: Scope, clause: str) -> Inputs:
        """What the uses of one expression come from."""
        if len(uses) == 1:
            return self._input(uses[0], scope, clause)
        found: Inputs = {}
        for use in uses:
            add(found, self._input(use, scope, clause))
        return found

    def _input(self, use: Use, scope: Scope, clause: str) -> Inputs:
        if isinstance(use, Ref):
            return self._ref(use, scope, clause)
        if isinstance(use, Sub):
            return self._sub(use, scope)
        if isinstance(use, Whole):
            return self._whole(use, scope)
        if isinstance(use, NamedWindow):
            return used(self.inputs(scope.windows.get(use.key, ()), scope, clause), Role.IDENTITY, within=False)
        return {}

    def row_inputs(self, uses: Uses, scope: Scope, clause: str, output: Output | None = None) -> Inputs:
        """Inputs of a clause that decides about rows; ordinals mean columns of ``output``."""
        found: Inputs = {}
        for use in uses:
            inputs = self._ordinal(use, output, clause) if isinstance(use, Ordinal) else self._input(use, scope, clause)
            add(found, used(inputs, use.role if isinstance(use, Ordinal) else Role.IDENTITY, within=False))
        return found

    def _ordinal(self, use: Ordinal, output: Output | None, clause: str) -> Inputs:
        if output is None or not 0 < use.place <= len(output.cols):
            if output is not None and output.closed:
                self.problems.append(f"there is no output column {use.place}")
            return {}
        kind = output.kinds[use.place - 1] if use.place <= len(output.kinds) else 0
        if kind and clause == GROUP:
            self.problems.append(f"output column {use.place} cannot be grouped by")
        return output.cols[use.place - 1].inputs

    def _ref(self, use: Ref, scope: Scope, clause: str) -> Inputs:
        self.references += 1
        inputs, bound = self.bind(use, scope, clause)
        if not bound:
            self.unbound(use.parts, inputs)
        found = used(inputs, use.role, flags=NAMED)
        if use.where & SPREADS:
            found.update((key, found[key] | masks.SPREADS) for key, mask in inputs.items() if mask & masks.SPREADS)
        if use.where & NEEDS:
            self._need(inputs, use.where & NEEDS)
        self.note(found, use.role)
        return found

    def _need(self, inputs: Inputs, flags: int) -> None:
        """Remember what is done with the values of columns as they are. Of one of several that meet in a UNION a text alone decides for all."""
        flags = flags if len(inputs) == 1 else flags & NO_TEXT
        for key, mask in inputs.items():
            if flags and mask & SURE and mask & (DIRECT | DIRECT << AROUND) == PASSED:
                self.needs[key] = self.needs.get(key, 0) | flags

    def unbound(self, parts: tuple[str, ...], inputs: Inputs) -> None:
        """A reference that is of nothing that is known."""
        self.unknown.append(Unknown(parts, tuple(sorted({relation for relation, _ in inputs}))))
        self.problems.append(f"{'.'.join(parts)} is no column")

    def note(self, inputs: Inputs, role: int) -> None:
        """Remember that these columns are read."""
        self.spend(len(inputs))
        mask = bit(role) | NAMED
        reads = self.reads
        for key, known in inputs.items():
            reads[key] = reads.get(key, 0) | mask | (known & SURE)

    def _sub(self, use: Sub, scope: Scope) -> Inputs:
        found = self.query(use.query, scope, scope.env)
        if use.width and not use.exists and found.closed and len(found.cols) != use.width:
            self.problems.append(f"a subquery has {len(found.cols)} columns, not {use.width}")
        values = Rel("", found.cols, opens=found.opens, other=found.other).whole()
        inputs = used(values, Role.FILTER, within=False) if use.exists else used(values, use.role)
        add(inputs, used(found.rows, use.role, within=False))
        return inputs

    def _whole(self, use: Whole, scope: Scope) -> Inputs:
        rels = self.qualified(use.qualifier, scope) if use.qualifier else scope.rels
        if use.qualifier and not rels:
            return self._ref(Ref(use.qualifier, use.role), scope, SELECT)
        if use.place:
            return used(self._at(use.place, rels), use.role, flags=NAMED)
        inputs = merged(rel.whole() for rel in rels)
        if use.pattern or use.without:
            gone = frozenset(use.without)
            picked = [col for col in chosen(Star(pattern=use.pattern), [col for rel in rels for col in rel.cols]) if col.key not in gone]
            inputs = merged([*(col.inputs for col in picked), *(rel.further() for rel in rels)])
            if not picked and all(rel.closed for rel in rels):
                self.problems.append(f"no column is like {use.pattern}")
            known = {col.key for rel in rels for col in rel.cols}
            self.problems.extend(f"{key} after * is no column" for key in sorted(gone - known) if all(rel.closed for rel in rels))
        return used(inputs, use.role)

    def _at(self, place: int, rels: Iterable[Rel]) -> Inputs:
        """The column at a place, where the columns are known; else it may be any."""
        known = list(rels)
        cols = [col for rel in known for col in rel.cols]
        if not all(rel.closed for rel in known):
            return unsure(merged(rel.whole() for rel in known))
        if place > len(cols):
            self.problems.append(f"there is no column {place}")
            return {}
        return cols[place - 1].inputs

    # binding

    def qualified(self, qualifier: tuple[str, ...], scope: Scope) -> list[Rel]:
        """The sources that a qualifier names, in this scope or the nearest one around it."""
        around: Scope | None = scope
        while around is not None:
            found = sources_named(qualifier, around.rels)
            if found:
                return found
            around = around.outer
        return []

    def bind(self, use: Ref, scope: Scope, clause: str) -> tuple[Inputs, bool]:
        """What a reference comes from, and whether it binds at all."""
        parts = use.parts
        if len(parts) > 1 and (found := self._bind_qualified(parts, scope)) is not None:
            return found, True
        around: Scope | None = scope
        possible: list[Inputs] = []
        while around is not None:
            found, sure = self._bind_here(use, around, clause if around is scope or clause in {LIMIT, WHERE} else SELECT)
            if found is not None and not (possible and use.where & AGGREGATED):  # an aggregate of outer columns is not allowed here
                possible.append(found)
            if sure:
                self._outer_aggregate(use, around, scope)
                break
            around = around.outer
        if len(possible) == 1:
            return possible[0], True
        if possible:
            found = unsure(merged(possible))
            self.unknown.append(Unknown(parts, tuple(sorted({relation for relation, _ in found}))))
            return found, True
        return self._last_resort(use, scope)

    def _outer_aggregate(self, use: Ref, found: Scope, scope: Scope) -> None:
        """An aggregate of nothing but outer columns is the outer query's, which seldom is what was meant, or allowed."""
        if found is not scope and use.where & AGGREGATED:
            self.problems.append(f"{'.'.join(use.parts)} is aggregated outside its query")

    def _last_resort(self, use: Ref, scope: Scope) -> tuple[Inputs, bool]:
        """A later item's alias, a name that every table has unseen, or a column that is too new for what is known."""
        name = use.parts[0]
        if len(use.parts) == 1:
            found = self._ahead(name, scope)
            if found is not None:
                return found, self.dialect.forward
            if name.casefold() in PSEUDO:
                return {}, True
            alias = scope.aliases.get(name)
            if alias is not None:
                return alias.inputs, False
        around: Scope | None = scope
        while around is not None:
            rels = sources_named(use.parts[:1], around.rels) if len(use.parts) > 1 else []
            key = use.parts[1] if rels else name
            newer = merged(rel.might_have(key) for rel in rels or around.rels)
            if newer:
                return unsure(newer), False
            around = around.outer
        return {}, False

    def _ahead(self, name: str, scope: Scope) -> Inputs | None:
        """Inputs of an item that comes later under this alias; worked out once, and nothing while that is going on."""
        known = scope.ahead.get(name)
        if known is None and (item := scope.later.get(name)) is not None:
            scope.ahead[name] = {}
            known = scope.ahead[name] = self.inputs(item.uses, scope, SELECT)
        return known

    def _bind_here(self, use: Ref, scope: Scope, clause: str) -> tuple[Inputs | None, bool]:
        """What a reference comes from in one scope, or None; and whether nothing else is possible."""
        parts = use.parts
        alias = self._alias(use, scope, clause)
        first = clause == HAVING or (clause == ORDER and use.where & BARE)
        if alias is not None and first and len(parts) == 1 and not use.where & AGGREGATED:
            return alias.inputs, True
        known, possible = self._column(parts, scope, alone=alias is None or self.dialect.read in FIRST)
        if known is not None:
            return known, True
        if alias is not None:
            if possible is not None:
                return unsure(merged((alias.inputs, possible))), True
            if not self._may_stand(alias, use, clause):
                self.problems.append(f"{parts[0]} is an output column that cannot stand where it does")
            return alias.inputs, True
        rels = sources_named(parts, scope.rels) if len(parts) == 1 else []
        if rels:  # the row itself, as a value
            row = merged(rel.whole() for rel in rels)
            return (row, True) if possible is None else (unsure(merged((row, possible))), True)
        return possible, False

    def _alias(self, use: Ref, scope: Scope, clause: str) -> Alias | None:
        """The output column that a name may mean in this clause."""
        if clause not in self.dialect.aliases or (clause == GROUP and not use.where & BARE):
            return None
        return scope.aliases.get(use.parts[0])

    @staticmethod
    def _may_stand(alias: Alias, use: Ref, clause: str) -> bool:
        """Whether an aggregated or windowed output column may be used there."""
        if alias.kind & AGGREGATED and (clause in {WHERE, GROUP} or use.where & AGGREGATED):
            return False
        return not (alias.kind & WINDOWED and (clause in {WHERE, GROUP, HAVING} or use.where & (AGGREGATED | WINDOWED)))

    def _bind_qualified(self, parts: tuple[str, ...], scope: Scope) -> Inputs | None:
        """A name with its source before it, in the nearest scope that has such a source."""
        around: Scope | None = scope
        while around is not None:
            for length in range(len(parts) - 1, 0, -1):
                rels = sources_named(parts[:length], around.rels)
                key, fields = parts[length], parts[length + 1 :]
                known = next((col for rel in rels if (col := rel.has(key)) is not None), None)
                if known is not None:
                    return self._field(known, fields)
                possible = [inputs for rel in rels if (inputs := rel.may_have(key)) is not None]
                if possible:
                    return merged(possible)
            around = around.outer
        return None

    def _field(self, col: Col, fields: tuple[str, ...]) -> Inputs:
        """A column, or a field of the struct that it is."""
        if not fields:
            return col.inputs
        if col.fields and fields[0] in col.fields:
            return col.fields[fields[0]]
        if not self.fields:
            return used(col.inputs, Role.TRANSFORMATION)
        path = ".".join(fields)
        return {(relation, f"{column}.{path}"): mask for (relation, column), mask in used(col.inputs, Role.TRANSFORMATION).items()}

    def _several(self, name: str, rels: list[Rel]) -> None:
        """A name that several sources have: which one is meant the warehouse does not guess."""
        if all(rel.closed and not rel.by_key[name].unnamed for rel in rels if name in rel.by_key):
            self.problems.append(f"{name} is a column of several of its relations")

    def _column(self, parts: tuple[str, ...], scope: Scope, *, alone: bool = True) -> tuple[Inputs | None, Inputs | None]:
        """An unqualified name (with fields behind): the column that it surely is, and what it may be otherwise; ``alone`` where it is nothing else."""
        name, fields = parts[0], parts[1:]
        if name in scope.joined:
            return scope.joined[name].inputs, None
        known = [(rel, col) for rel in scope.rels if (col := rel.has(name)) is not None and not (fields and col.plain)]
        if known:
            found = [self._field(col, fields) for _, col in known]
            if fields and not any(col.fields for _, col in known) and self.qualified(parts[:1], scope):
                return None, unsure(merged(found))  # a source of this name lacks the column, and whether that of another one has fields is not known
            if len(known) > 1 and not fields and alone and self.dialect.read not in LENIENT:
                self._several(name, [rel for rel, _ in known])
            hearsay = not any(rel.closed for rel, _ in known)  # columns that YAML declares may be another source's in truth
            others = [inputs for rel in scope.rels if rel.has(name) is None and (inputs := rel.may_have(name)) is not None] if hearsay else []
            return merged([*found, *(unsure(inputs) for inputs in others)]) if len(found) + len(others) > 1 else found[0], None
        able = [rel for rel in scope.rels if not rel.pivoted] if fields else scope.rels  # what only the data names is no struct with fields
        if fields and self.qualified(parts[:1], scope):
            able = []  # a source of this name is there: that it lacks the column makes no struct of another one
        possible = [inputs for rel in able if (inputs := rel.may_have(name)) is not None]
        if not possible:
            return None, None
        if self.fields and fields:
            possible = [{_deeper(key, parts): mask for key, mask in inputs.items()} for inputs in possible]
        if len(possible) == 1:
            return None, possible[0]
        self.unknown.append(Unknown(parts, tuple(sorted({relation for inputs in possible for relation, _ in inputs}))))
        return None, unsure(merged(possible))


def _deeper(key: tuple[str, str], parts: tuple[str, ...]) -> tuple[str, str]:
    """A field of a column: of the column of this name, or of one whose elements have a field of this name."""
    relation, column = key
    return relation, ".".join((column, *(parts[1:] if column == parts[0] else parts)))


def sources_named(qualifier: tuple[str, ...], rels: Iterable[Rel]) -> list[Rel]:
    """The sources of this alias, in another case where none fits exactly; else those whose own name ends so."""
    if len(qualifier) == 1:
        found = [rel for rel in rels if rel.alias == qualifier[0]]
        if found:
            return found
        folded = qualifier[0].casefold()
        found = [rel for rel in rels if rel.alias and rel.alias.casefold() == folded]
        if found:
            return found
    size = len(qualifier)
    return [rel for rel in rels if rel.parts and (rel.parts[-size:] == qualifier or (size > 1 and qualifier[-len(rel.parts) :] == rel.parts))]


if TYPE_CHECKING:
    from collections.abc import Callable

    FindTable = Callable[[tuple[str, ...]], TableInfo]
