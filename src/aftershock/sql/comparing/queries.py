"""A query -> what it yields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from aftershock.sql.comparing.facts import Relations
from aftershock.sql.comparing.scopes import Col, Open, Relation, Scope
from aftershock.sql.comparing.sets import Sets
from aftershock.sql.comparing.terms import VOLATILE, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aftershock.sql.comparing.facts import Known, Side
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


class Queries(Sets):
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
        self._insides: dict[str, Relation | None] = {}

    def query(self, node: exp.Expression, outer: Scope | None, env: Mapping[str, object]) -> Relation:
        """What a query yields."""
        env = self.ctes(node, env, outer)
        if isinstance(node, exp.Select):
            return self.select(node, outer, env)
        if isinstance(node, exp.SetOperation):
            return self.set_operation(node, outer, env)
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
        return self.modified(node, self.query(inner, outer, env), outer, env)

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
            found = self._once(found)
            self.places.setdefault(found.rows, entry.key)
            entry.found = found
        return entry.found

    def _through(self, known: Known, entry: Cte) -> Relation:
        """A relation whose SQL is here only since it has no table of its own: what it is made of is its own affair."""
        if known.complete:
            return self._listed(known)
        inner = self.renamed(self.query(entry.node, entry.outer, entry.env), entry.columns)
        successors = dict(known.successors)
        cols = [col._replace(term=self.terms.make("col", successors.get(col.key, col.key)), made=None, kind="") for col in inner.cols]
        opens = tuple(Open(self.terms.make("hole"), frozenset(col.key for col in cols), known.relation, known.successors) for _ in inner.opens[:1])
        return Relation(self.terms.make("scan", known.relation), cols, opens)

    def inside(self, known: Known) -> Relation | None:
        """What a relation's own query yields, where that is to be read in its place and can be."""
        if known.inside is None:
            return None
        if known.relation not in self._insides:
            self._insides[known.relation] = self._read_inside(known, known.inside)
        return self._insides[known.relation]

    def _read_inside(self, known: Known, inside: Side) -> Relation | None:
        """A query of other relations and CTEs than this one; its rows come in no order."""
        tree = only_query(inside.texts[0], self.dialect) if inside.texts else None
        if tree is None:
            return None
        reader = Queries(self.terms, self.dialect, Relations(inside.known), dict(inside.inlined))
        reader.blocks, reader.words, reader.places, reader.branches, reader.wanting = self.blocks, self.words, self.places, self.branches, self.wanting
        reader.labels, reader.paths = self.labels, self.paths
        found = reader.query(tree, None, {})
        self.hearsay |= reader.hearsay
        self.labels.update(reader.relations.labels)
        self.paths.update(reader.relations.paths)
        keys = [col.key for col in found.cols]
        if len(set(keys)) < len(keys):
            return None
        if found.rows.kind != "scan":
            self.places.setdefault(found.rows, known.label)
        return self._once(Relation(found.rows, found.cols, found.opens))

    def _once(self, found: Relation) -> Relation:
        """All that read it read the same rows, which they would not if each had what is volatile for itself."""
        if not found.rows.bits & VOLATILE:
            return found
        return Relation(self.terms.make("extra", found.rows, self.terms.make("text", "once")), found.cols, found.opens, found.order)

    def _listed(self, known: Known) -> Relation:
        successors = dict(known.successors)
        cols = [Col(name, key, self.terms.make("col", successors.get(key, key)), kind=kind if known.settled else "") for name, key, kind in known.columns]
        return Relation(self.terms.make("scan", known.relation), cols)

    # recursion

    def _recursive(self, entry: Cte) -> Relation:
        """A CTE that reads itself: each of its columns is its own start and step, with those of the columns that these read."""
        terms, node = self.terms, entry.node
        start = self.renamed(self.query(node.this, entry.outer, entry.env), entry.columns)
        self._depth += 1
        level = self._depth
        cols = [col._replace(term=terms.make("rec-col", level, place), made=None, kind="") for place, col in enumerate(start.cols)]
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
            col._replace(
                term=terms.make("union-col", _definitions(terms, _reached(pairs[place], pairs, level) | {place}, pairs), terms.make("id", str(place))), kind=""
            )
            for place, col in enumerate(start.cols)
        ]
        return self.modified(node, Relation(rows, found), entry.outer, entry.env)


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


def only_query(text: str, dialect: Dialect) -> exp.Expression | None:
    """The query that a text is; None where it is something else, or several."""
    try:
        trees = [tree for tree in sqlglot.parse(text, read=dialect.read or None) if tree is not None and not isinstance(tree, exp.Semicolon)]
    except SqlglotError:
        return None
    return trees[0] if len(trees) == 1 and isinstance(trees[0], (exp.Select, exp.SetOperation, exp.Subquery)) else None


_FROM = "from_" if "from_" in exp.Select.arg_types else "from"
