"""UNION, EXCEPT and INTERSECT -> what they yield, and what ORDER BY and LIMIT behind a query leave of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from aftershock.sql.comparing.scopes import Col, Open, Relation, Scope, Source, open_term
from aftershock.sql.comparing.selections import Selection
from aftershock.sql.comparing.selects import Selects

if TYPE_CHECKING:
    from collections.abc import Mapping

COLLATING = frozenset({"", "doris", "fabric", "mysql", "singlestore", "sqlite", "starrocks", "tsql"})
"""Dialects in which texts that differ may be equal, so that it matters whose is kept."""


class Sets(Selects):
    """Reads set operations."""

    def modified(self, node: exp.Expression, found: Relation, outer: Scope | None, env: Mapping[str, object]) -> Relation:
        """A query with an ORDER BY and LIMIT behind it."""
        order = node.args.get("order")
        if order is not None:
            terms, instance, scope = self.terms, self.terms.instance(), Scope(outer, env)
            cols = [col._replace(term=terms.seen(col.term, instance)) for col in found.cols]
            opens = tuple(item._replace(template=terms.seen(item.template, instance)) for item in found.opens)
            scope.sources = [Source("", (), cols, opens, terms.make("at", instance, terms.make("row")))]
            listed = self.sorting(order, Selection(scope, cols, list(opens)))
            sorted_by = terms.sequence(terms.close(term, {instance: None}) for term in listed)
            found = Relation(found.rows, found.cols, found.opens, sorted_by)
        return self.limited(node, found)

    def set_operation(self, node: exp.Expression, outer: Scope | None, env: Mapping[str, object]) -> Relation:
        """Branches from left to right, walked in a loop: five hundred SELECTs are a tree of that depth."""
        levels: list[exp.Expression] = []
        left = node
        while isinstance(left, exp.SetOperation) and (left is node or not any(left.args.get(key) for key in ("order", "with_", "with", "limit", "offset"))):
            levels.append(left)
            left = left.this
        found = self.query(left, outer, env)
        pending = [found]
        distinct = False
        for level in reversed(levels):
            right = self.query(level.args["expression"], outer, env)
            plain = isinstance(level, exp.Union) and not any(level.args.get(key) for key in ("by_name", "side", "kind", "on"))
            if plain and (level.args.get("distinct") is not False or not distinct):
                pending.append(right)  # a UNION drops what is equal in all branches before it too
                distinct = level.args.get("distinct") is not False
                continue
            found = self._united(pending, distinct=distinct)
            pending, distinct = ([found, right], False) if plain else ([self._combined_sets(level, found, right)], False)
        return self.modified(node, self._united(pending, distinct=distinct), outer, env)

    def _united(self, parts: list[Relation], *, distinct: bool) -> Relation:
        """The rows of all branches."""
        if len(parts) == 1:
            return parts[0]
        branches = [branch for part in parts for branch in self._branches(part, distinct=distinct)]
        if any(branch.opens for branch in branches) or len({len(branch.cols) for branch in branches}) > 1:
            found = self._loosely(branches)
        else:
            names = branches[0].cols
            if not any(branch.rows.free for branch in branches):
                branches.sort(key=lambda branch: branch.rows.number)
            terms = self.terms
            cols = [self._union_column(col, [branch.cols[place] for branch in branches]) for place, col in enumerate(names)]
            found = Relation(terms.make("union", *(branch.rows for branch in branches)), cols)
        return self.distinct(found, "UNION") if distinct else found

    def _union_column(self, named: Col, cols: list[Col]) -> Col:
        """A column of a UNION: its value in each branch."""
        term = self.terms.make("union-col", *(col.term for col in cols))
        made = tuple(col.made for col in cols)
        self.branches.setdefault(term, made)
        kind = named.kind if len({col.kind for col in cols}) == 1 else ""
        return named._replace(term=term, made=made[0] if len({id(item) for item in made}) == 1 else None, kind=kind)

    def _branches(self, part: Relation, *, distinct: bool) -> list[Relation]:
        """The branches of a branch that is itself a UNION; its duplicates do not matter where all are dropped later."""
        rows = part.rows
        if distinct and rows.kind == "group" and rows.parts[1].kind == "set" and not part.opens:
            inner = Relation(rows.parts[0], part.cols)
            if set(rows.parts[1].args) == {col.term for col in part.cols}:
                return self._branches(inner, distinct=True)
        if rows.kind != "union" or part.opens or not all(col.term.kind == "union-col" and len(col.term.args) == len(rows.args) for col in part.cols):
            return [part]
        return [Relation(branch, [col._replace(term=col.term.parts[place]) for col in part.cols]) for place, branch in enumerate(rows.parts)]

    def _loosely(self, branches: list[Relation]) -> Relation:
        """Branches of which not all columns are known: each column may depend on all of each branch, except where all are one star."""
        terms = self.terms
        rows = terms.make("union", *(branch.rows for branch in branches))
        if all(not branch.cols and len(branch.opens) == 1 for branch in branches):
            template = terms.make("union-col", *(open_term(terms, branch.opens[0]) for branch in branches))
            return Relation(rows, [], (Open(template, frozenset(), branches[0].opens[0].relation),))
        whole = terms.sequence(terms.sequence(branch.values(terms)) for branch in branches)
        first = branches[0]
        cols = [col._replace(term=terms.make("union-col", terms.make("id", col.key), whole), kind="") for col in first.cols]
        opens = (Open(terms.make("union-col", terms.make("hole"), whole), frozenset(col.key for col in cols), ""),) if first.opens else ()
        return Relation(rows, cols, opens)

    def _combined_sets(self, node: exp.Expression, left: Relation, right: Relation) -> Relation:
        """EXCEPT and INTERSECT, by all columns; UNION BY NAME."""
        terms = self.terms
        words = [f"{key}:{value}" for key, value in sorted(node.args.items()) if key in {"distinct", "by_name", "side", "kind", "on"} and value]
        if (
            isinstance(node, exp.Union)
            and node.args.get("by_name")
            and not left.opens
            and not right.opens
            and not any(map(node.args.get, ("side", "kind", "on")))
        ):
            return self._by_name(left, right, distinct=node.args.get("distinct") is not False)
        sides = [terms.sequence((side.rows, terms.sequence(side.values(terms)))) for side in (left, right)]
        values = [[col.term] for col in left.cols]
        known = not left.opens and not right.opens and len(left.cols) == len(right.cols)
        if isinstance(node, exp.Intersect) and known and not node.args.get("by_name") and self.dialect.read not in COLLATING:
            order = sorted((0, 1), key=lambda side: sides[side].number)  # what is in both is in both whichever comes first
            values = [[(one, two)[side].term for side in order] for one, two in zip(left.cols, right.cols, strict=True)]
            sides = [sides[side] for side in order]
        rows = terms.make("setop", f"{type(node).__name__} {' '.join(words)}", *sides)
        cols = [
            col._replace(term=terms.make("union-col", terms.make("id", str(place)), *value), kind="")
            for place, (col, value) in enumerate(zip(left.cols, values, strict=True))
        ]
        return Relation(rows, cols, tuple(item._replace(template=terms.make("union-col", item.template)) for item in left.opens))

    def _by_name(self, left: Relation, right: Relation, *, distinct: bool) -> Relation:
        """Branches whose columns go by name; what one lacks is NULL there."""
        order = {col.key: col for side in (left, right) for col in reversed(side.cols)}
        keys = list(dict.fromkeys(col.key for side in (left, right) for col in side.cols))
        sides = [{col.key: col for col in side.cols} for side in (left, right)]
        missing = self.terms.make("null")
        aligned = [
            Relation(side.rows, [order[key]._replace(term=known[key].term if key in known else missing) for key in keys])
            for side, known in zip((left, right), sides, strict=True)
        ]
        return self._united(aligned, distinct=distinct)
