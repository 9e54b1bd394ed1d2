"""A query -> what it yields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from aftershock.sql.comparing.scopes import Col, Open, Relation, Scope, Source, open_term
from aftershock.sql.comparing.selections import Selection
from aftershock.sql.comparing.selects import Selects
from aftershock.sql.comparing.terms import VOLATILE, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aftershock.sql.comparing.facts import Known, Relations
    from aftershock.sql.comparing.terms import Terms
    from aftershock.sql.dialects import Dialect

_SELF = "recursion"


class Cte:
    """A CTE, read once where something reads it. ``env`` are those that it sees; ``itself`` stands for it while it is read."""

    __slots__ = ("columns", "env", "found", "itself", "key", "node", "outer", "recursive")

    def __init__(self, node: exp.Expression, key: str, env: Mapping[str, object], outer: Scope | None, *, recursive: bool) -> None:
        self.node = node
        self.key = key
        self.columns: tuple[tuple[str, str], ...] = ()
        self.env = env
        self.outer = outer
        self.recursive = recursive
        self.itself: Relation | None = None
        self.found: Relation | None = None


class Queries(Selects):
    """Reads the queries of one side.

    Args:
        terms: those of the comparison.
        dialect: how names are compared.
        relations: the relations that they may read.
        inlined: relations that are CTEs here, by the CTE's key.
    """

    def __init__(self, terms: Terms, dialect: Dialect, relations: Relations, inlined: Mapping[str, Known]) -> None:
        super().__init__(terms, dialect, relations)
        self.inlined = inlined
        self._depth = 0

    def query(self, node: exp.Expression, outer: Scope | None, env: Mapping[str, object]) -> Relation:
        """What a query yields."""
        env = self.ctes(node, env, outer)
        if isinstance(node, exp.Select):
            return self.select(node, outer, env)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, outer, env)
        if isinstance(node, (exp.Subquery, exp.Paren)):
            return self._parenthesised_query(node, outer, env)
        if isinstance(node, (exp.Values, exp.Table, exp.Pivot, exp.Unnest)):
            return self.select(exp.Select(expressions=[exp.Star()], **{_FROM: exp.From(this=node)}), outer, env)
        return Relation(self.terms.make("text", node.sql()), [], (Open(self.terms.make("hole"), frozenset(), ""),))

    def _parenthesised_query(self, node: exp.Expression, outer: Scope | None, env: Mapping[str, object]) -> Relation:
        """``(SELECT …) ORDER BY …``, or sources in parentheses."""
        inner, args = node.this, node.args
        if any(args.get(key) for key in ("joins", "where", "group", "pivots", "laterals", "qualify", "sample")) or isinstance(inner, exp.Table):
            bare = exp.Subquery(this=inner, **{key: value for key, value in args.items() if key in {"alias", "joins", "pivots", "sample"} and value})
            rest = {key: value for key, value in args.items() if key not in {"this", "alias", "joins", "pivots", "sample", "with_", "with"} and value}
            return self.select(exp.Select(expressions=[exp.Star()], **{_FROM: exp.From(this=bare), **rest}), outer, env)
        return self._modified(node, self.query(inner, outer, env), outer, env)

    def _modified(self, node: exp.Expression, found: Relation, outer: Scope | None, env: Mapping[str, object]) -> Relation:
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

    # WITH

    def ctes(self, node: exp.Expression, env: Mapping[str, object], outer: Scope | None = None) -> Mapping[str, object]:
        """The CTEs that a query sees: those around it, and its own."""
        clause = node.args.get("with_") or node.args.get("with")
        if clause is None:
            return env
        known = dict(env)
        for item in clause.expressions:
            key, columns = self.shapes.alias(item)
            recursive = bool(clause.args.get("recursive")) or (self.dialect.recursive and key not in known)
            cte = Cte(item.this, key, dict(known), outer, recursive=recursive)
            cte.columns = columns
            known[key] = cte
        return known

    def cte(self, entry: object) -> Relation:
        """What a CTE yields."""
        assert isinstance(entry, Cte)  # noqa: S101  # what _with() made
        if entry.itself is not None:
            return entry.itself
        if entry.found is None:
            inlined = self.inlined.get(entry.key)
            recursive = entry.recursive and isinstance(entry.node, exp.SetOperation) and _reads(entry.node, entry.key, self)
            if inlined is not None:
                found = self._through(inlined, entry)
            else:
                found = self._recursive(entry) if recursive else self.query(entry.node, entry.outer, entry.env)
                found = self.renamed(found, entry.columns)
            if found.rows.bits & VOLATILE:  # all that read it read the same rows, which they would not if each had it for itself
                found = Relation(self.terms.make("extra", found.rows, self.terms.make("text", "once")), found.cols, found.opens, found.order)
            self.places.setdefault(found.rows, entry.key)
            entry.found = found
        return entry.found

    def _through(self, known: Known, entry: Cte) -> Relation:
        """A relation whose SQL is here only since it has no table of its own: what it is made of is its own affair."""
        if known.complete:
            return self._listed(known)
        inner = self.renamed(self.query(entry.node, entry.outer, entry.env), entry.columns)
        successors = dict(known.successors)
        cols = [col._replace(term=self.terms.make("col", successors.get(col.key, col.key)), made=None) for col in inner.cols]
        opens = tuple(Open(self.terms.make("hole"), frozenset(col.key for col in cols), known.relation, known.successors) for _ in inner.opens[:1])
        return Relation(self.terms.make("scan", known.relation), cols, opens)

    def _listed(self, known: Known) -> Relation:
        successors = dict(known.successors)
        cols = [Col(name, key, self.terms.make("col", successors.get(key, key))) for name, key, _ in known.columns]
        return Relation(self.terms.make("scan", known.relation), cols)

    # set operations

    def _set_operation(self, node: exp.Expression, outer: Scope | None, env: Mapping[str, object]) -> Relation:
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
        return self._modified(node, self._united(pending, distinct=distinct), outer, env)

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
        return named._replace(term=term, made=made[0] if len({id(item) for item in made}) == 1 else None)

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
        cols = [col._replace(term=terms.make("union-col", terms.make("id", col.key), whole)) for col in first.cols]
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
        rows = terms.make("setop", f"{type(node).__name__} {' '.join(words)}", *sides)
        cols = [col._replace(term=terms.make("union-col", terms.make("id", str(place)), col.term)) for place, col in enumerate(left.cols)]
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

    # recursion

    def _recursive(self, entry: Cte) -> Relation:
        """A CTE that reads itself: each of its columns is its own start and step, with those of the columns that these read."""
        terms, node = self.terms, entry.node
        start = self.renamed(self.query(node.this, entry.outer, entry.env), entry.columns)
        self._depth += 1
        level = self._depth
        cols = [col._replace(term=terms.make("rec-col", level, place), made=None) for place, col in enumerate(start.cols)]
        again = Cte(node, entry.key, entry.env, entry.outer, recursive=True)
        again.itself = Relation(terms.make(_SELF, level), cols)
        step = self.query(node.args["expression"], entry.outer, {**entry.env, entry.key: again})
        self._depth -= 1
        pairs = [terms.sequence((one.term, two.term)) for one, two in zip(start.cols, step.cols, strict=False)]
        if start.opens or step.opens or len(start.cols) != len(step.cols):
            pairs = [terms.sequence([*start.values(terms), *step.values(terms)])] * len(start.cols)
        distinct = not (isinstance(node, exp.Union) and node.args.get("distinct") is False)
        needed = range(len(pairs)) if distinct else _reached(step.rows, pairs, level)
        rows = terms.make("recursive", f"{type(node).__name__} {distinct}", start.rows, step.rows, _definitions(terms, needed, pairs))
        found = [
            col._replace(term=terms.make("union-col", _definitions(terms, _reached(pairs[place], pairs, level) | {place}, pairs), terms.make("id", str(place))))
            for place, col in enumerate(start.cols)
        ]
        return self._modified(node, Relation(rows, found), entry.outer, entry.env)


def _definitions(terms: Terms, places: Iterable[int], pairs: list[Term]) -> Term:
    return terms.sequence(terms.sequence((terms.make("id", str(place)), pairs[place])) for place in sorted(places))


def _reached(start: Term, pairs: list[Term], level: int) -> set[int]:
    """The columns of a recursion that a term reads, and those that they read."""
    found: set[int] = set()
    stack: list[Term] = [start]
    seen: set[Term] = set()
    while stack:
        item = stack.pop()
        if item in seen:
            continue
        seen.add(item)
        if item.kind == "rec-col" and item.args[0] == level and isinstance(item.args[1], int) and item.args[1] not in found and item.args[1] < len(pairs):
            found.add(item.args[1])
            stack.append(pairs[item.args[1]])
        stack.extend(item.parts)
    return found


def _reads(node: exp.Expression, key: str, reader: Queries) -> bool:
    """Whether a query reads a relation of this name."""
    return any(reader.key(table.this) == key for table in node.find_all(exp.Table) if isinstance(table.this, exp.Identifier) and not table.args.get("db"))


_FROM = "from_" if "from_" in exp.Select.arg_types else "from"
