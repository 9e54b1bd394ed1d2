"""One SELECT -> what it yields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from aftershock.sql.comparing.blocks import FROM
from aftershock.sql.comparing.joins import Joins
from aftershock.sql.comparing.scalars import Where
from aftershock.sql.comparing.scopes import Alias, Col, Entry, Made, Relation, Scope, open_term
from aftershock.sql.comparing.selections import Selection, holds, keeps, minds_order, name_of
from aftershock.sql.comparing.stars import starred
from aftershock.sql.comparing.synonyms import rows_wanted
from aftershock.sql.comparing.terms import OPEN_WINDOW, Term
from aftershock.sql.dialects import GROUP, HAVING, ORDER, QUALIFY, SELECT, WHERE
from aftershock.sql.reading import _Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_DIGITS = 5
_FILTERING = frozenset({"doris", "mysql", "singlestore", "starrocks"})
"""Dialects in which HAVING without GROUP BY is another WHERE; in others it makes one group of all rows."""
_HANDLED = frozenset(
    "with_ with expressions hint distinct from_ from laterals joins prewhere where group having qualify windows order sort distribute cluster limit offset "  # noqa: SIM905  # as people read it
    "operation_modifiers locks".split()  # as people read it
)
"""Clauses that are understood, or say nothing about what a SELECT yields; any other counts as it is written."""


class Selects(Joins):
    """Reads SELECTs."""

    def select(self, node: exp.Expression, outer: Scope | None, env: Mapping[str, object]) -> Relation:
        """What a SELECT yields."""
        scope = Scope(outer, env)
        scope.minds_order = minds_order(node)
        self.add_sources(node, scope)
        scope.windows = {self.key(item.this): item for item in node.args.get("windows") or ()}
        found = self._items(node, scope)
        self._clauses(node, found)
        self._group(node, found)
        self._windows(found)
        self._unfold(found)
        return self._rows(node, found)

    # columns

    def _items(self, node: exp.Expression, scope: Scope) -> Selection:
        found = Selection(scope, [], [])
        scope.later = {self.key(item.args["alias"]): item.this for item in node.expressions if isinstance(item, exp.Alias)}
        unnamed = 0
        for item in node.expressions:
            star = starred(self, item, scope)
            if star is not None:
                found.cols.extend(star[0])
                found.opens.extend(star[1])
                continue
            col = self._item(item, scope, unnamed)
            unnamed += col.unnamed
            found.cols.append(col)
        return found

    def _item(self, item: exp.Expression, scope: Scope, place: int) -> Col:
        value, alias = (item.this, item.args.get("alias")) if isinstance(item, exp.Alias) else (item, None)
        before = scope.aggregated
        scope.later.pop(self.key(alias), None) if alias is not None else None
        term = self.value(value, scope, SELECT)
        aggregated, scope.aggregated = scope.aggregated, before or scope.aggregated
        name = alias if alias is not None else name_of(value)
        if name is None:
            made_up = _Reader(self.dialect)._made_up(value) or f"_{place}"  # noqa: SLF001  # names are made up as lineage makes them up
            return Col(made_up, self.dialect.key(made_up), term, Made("", value), unnamed=True)
        key = self.key(name)
        if alias is not None or not isinstance(value, exp.Dot):
            scope.aliases.setdefault(key, Alias(term, aggregated))
        passed = self._passed(term, key if alias is None else "", scope) if isinstance(value, exp.Column) else None
        made = passed.made if passed is not None and passed.made is not None else Made("", value)
        kind = self.kinds.get(term, "")
        if alias is not None:
            return Col(name.name, key, term, made, kind=kind)
        return Col(passed.name if passed is not None else name.name, key, term, made, spelled=passed is not None and passed.spelled, kind=kind)

    def _passed(self, term: Term, key: str, scope: Scope) -> Col | None:
        """The column of a source that is only passed on, of this key where that is given."""
        return next((col for source in scope.sources for col in source.cols if col.term is term and (not key or col.key == key)), None)

    # clauses

    def _clauses(self, node: exp.Expression, found: Selection) -> None:
        args, scope = node.args, found.scope
        for name in ("prewhere", "where"):
            if args.get(name) is not None:
                scope.pool.append(self.condition(args[name].this, scope, WHERE))
        if args.get("having") is not None:
            scope.aggregated |= self.dialect.read not in _FILTERING
            found.tests.append(self.condition(args["having"].this, scope, HAVING))
        if args.get("qualify") is not None:
            found.qualify.append(self.condition(args["qualify"].this, scope, QUALIFY))
        distinct = args.get("distinct")
        on = distinct.args.get("on") if distinct is not None else None
        if on is not None:
            members = on.expressions if isinstance(on, exp.Tuple) else [on]
            found.on = [self._by_place(member, found, ORDER) for member in members]
        for name in ("order", "sort"):
            if args.get(name) is not None:
                found.order.extend(self.sorting(args[name], found))
        rest = [
            self.terms.make("function", key, self.part(value, Where(scope, WHERE, {})))
            for key, value in sorted(args.items())
            if key not in _HANDLED and value is not None and value is not False and value != []
        ]
        if rest:
            scope.pool.append(self.terms.make("function", "CLAUSES", *rest))

    def sorting(self, order: exp.Expression, found: Selection) -> list[Term]:
        """What an ORDER BY sorts by; ALL are all columns."""
        listed: list[Term] = []
        for item in order.expressions:
            inner = item.this if isinstance(item, exp.Ordered) else item
            if isinstance(inner, exp.Column) and inner.name.upper() == "ALL" and not inner.table and self.dialect.read == "duckdb":
                listed.extend(self.ordered(item, col.term) for col in found.cols)
            else:
                listed.append(self.ordered(item, self._by_place(inner, found, ORDER)))
        return listed

    def _by_place(self, node: exp.Expression, found: Selection, clause: str) -> Term:
        """An element of ORDER BY or GROUP BY: an expression, an alias, or the number of a column."""
        if isinstance(node, exp.Literal) and not node.is_string and node.name.isdecimal() and len(node.name) < MOST_DIGITS:
            place = int(node.name)
            if not found.opens and 0 < place <= len(found.cols):
                return found.cols[place - 1].term
            return self.terms.make("function", "PLACE", self.terms.make("text", node.name), *(col.term for col in found.cols), *self._opens(found))
        return self.keyed(node, found.scope, clause)

    def _opens(self, found: Selection) -> list[Term]:
        return [open_term(self.terms, item) for item in found.opens]

    # rows

    def _group(self, node: exp.Expression, found: Selection) -> None:
        """Make groups of the rows, where the SELECT does."""
        group, terms = node.args.get("group"), self.terms
        if group is None and not found.scope.aggregated:
            found.qualify = [*found.tests, *found.qualify] if found.tests else found.qualify
            found.tests = []
            return
        keys = self._keys(group, found) if group is not None else terms.make("all")
        rows, slots = self.blocks.close(found.scope)
        grouped = terms.make("group", rows, terms.close(keys, slots))
        self.words.setdefault(grouped, "GROUP BY" if group is not None else "aggregation")
        self._replace(found, grouped, slots)
        found.scope.pool.extend(found.tests)
        found.tests = []

    def _keys(self, group: exp.Expression, found: Selection) -> Term:
        terms = self.terms
        if group.args.get("all") is True:
            plain = [col.term for col in found.cols if not holds(col.term, "agg") and not col.term.bits & OPEN_WINDOW]
            keys = terms.collection([*plain, *self._opens(found)])
            return keys if keys.args else terms.make("all")
        plain = [self._by_place(item, found, GROUP) for item in group.expressions]
        sets = [
            terms.make("function", name.upper(), self._members(value, found))
            for name, value in sorted(group.args.items())
            if name not in {"expressions", "all"} and value
        ]
        return terms.make("sets", terms.collection(plain), *sets) if sets else terms.collection(plain)

    def _members(self, value: object, found: Selection) -> Term:
        """Grouping sets, however deep their parentheses."""
        if isinstance(value, list):
            return self.terms.sequence(self._members(item, found) for item in value)
        if isinstance(value, (exp.Tuple, exp.Cube, exp.Rollup, exp.GroupingSets)):
            return self.terms.make("function", type(value).__name__, *(self._members(item, found) for item in value.expressions))
        return self._by_place(value, found, GROUP) if isinstance(value, exp.Expression) else self.terms.make("text", str(value))

    def _replace(self, found: Selection, rows: Term, slots: Mapping[Term, Term | None]) -> None:
        """Say everything of these closed rows instead."""
        terms, instance = self.terms, self.terms.instance()
        found.scope.entries, found.scope.pool = [Entry(FROM, instance, rows)], []

        close, again = terms.closing(slots), terms.seeing(instance)

        def see(term: Term) -> Term:
            return self.blocks.follow(term, lambda item: again(close(item)))

        found.change(see)

    def _windows(self, found: Selection) -> None:
        """Give windows the rows that they look at: those before QUALIFY."""
        used = [col.term for col in found.cols] + found.qualify + found.order + found.on
        if any(term.bits & OPEN_WINDOW for term in used):
            terms = self.terms
            rows, slots = self.blocks.close(found.scope)
            close = terms.closing(slots)
            rows_of = terms.sequence(terms.make("at", entry.instance, terms.make("row")) for entry in found.scope.entries if keeps(slots.get(entry.instance)))

            def change(term: Term, _: int) -> Term | None:
                if term.kind != "open-win":
                    return None
                inner = terms.rewrite(term.parts[0], change, wanted)
                return terms.make("win", rows, close(inner), rows_of)

            def wanted(term: Term, _: int) -> bool:
                return bool(term.bits & OPEN_WINDOW)

            def see(term: Term) -> Term:
                return self.blocks.follow(term, lambda item: terms.rewrite(item, change, wanted))

            found.change(see)
        found.scope.pool.extend(found.qualify)
        found.qualify = []

    def _unfold(self, found: Selection) -> None:
        """Make several rows of one, where a column does."""
        if not found.scope.unfolded:
            return
        rows, slots = self.blocks.close(found.scope)
        unfolded = self.terms.collection(self.terms.close(term, slots) for term in found.scope.unfolded)
        self._replace(found, self.terms.make("unfold", rows, unfolded), slots)

    def _rows(self, node: exp.Expression, found: Selection) -> Relation:
        """The rows at last, with what DISTINCT and LIMIT leave of them."""
        terms = self.terms
        rows, slots = self.blocks.close(found.scope)
        closed = self.closed(found.cols, found.opens, rows, slots)
        order = terms.sequence(terms.close(term, slots) for term in found.order)
        distinct = node.args.get("distinct")
        if found.on:
            closed.rows = terms.make("first", rows, terms.collection(terms.close(term, slots) for term in found.on), order)
            self.words.setdefault(closed.rows, "DISTINCT ON")
        elif distinct is not None:
            closed = self.distinct(closed)
        if order.args:
            closed.order = order
        elif found.scope.passed is not None and len(found.scope.sources) == 1 and closed.rows.kind != "group":
            closed.order = terms.close(found.scope.passed, slots)
        return self.limited(node, closed)

    def distinct(self, relation: Relation, word: str = "DISTINCT") -> Relation:
        """Each row once: the same as to group by all columns."""
        keys = self.terms.collection(relation.values(self.terms))
        rows = relation.rows
        if rows.kind == "group" and rows.parts[1].kind in {"set", "all"} and set(rows.parts[1].args if rows.parts[1].kind == "set" else ()) <= set(keys.args):
            return Relation(rows, relation.cols, relation.opens)
        found = self.terms.make("group", rows, keys)
        self.words.setdefault(found, word)
        return Relation(found, relation.cols, relation.opens)

    def limited(self, node: exp.Expression, relation: Relation) -> Relation:
        """What LIMIT, OFFSET, TOP and FETCH leave."""
        terms, empty = self.terms, Scope(None, {})
        parts = [(name, node.args.get(name)) for name in ("limit", "offset")]
        said = [terms.make("function", name, *self._bounds(rows_wanted(value), empty)) for name, value in parts if isinstance(value, exp.Expression)]
        if not said:
            return relation
        order = relation.order if relation.order is not None else terms.sequence([])
        return Relation(terms.make("limit", relation.rows, order, terms.sequence(said)), relation.cols, relation.opens, relation.order)

    def _bounds(self, node: exp.Expression, scope: Scope) -> Iterable[Term]:
        where = Where(scope, "limit", {})
        return [self.terms.make("function", key, self.part(value, where)) for key, value in sorted(node.args.items()) if value]
