"""What one item of FROM yields: a relation, a CTE, a subquery, a table function, or sources in parentheses."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from sqlglot import exp

from aftershock.sql.comparing.calls import Calls
from aftershock.sql.comparing.names import JSON_BY_DOT
from aftershock.sql.comparing.pivots import pivoted
from aftershock.sql.comparing.scalars import Where
from aftershock.sql.comparing.scopes import Col, Open, Relation, Scope
from aftershock.sql.dialects import WHERE
from aftershock.sql.sources import Sources as Shapes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aftershock.sql.comparing.facts import Known
    from aftershock.sql.comparing.scopes import Source
    from aftershock.sql.comparing.terms import Term

    Named = tuple[tuple[str, str], ...]

_QUERIES = (exp.Select, exp.SetOperation)
_TABLE = frozenset({"this", "alias", "db", "catalog", "joins", "laterals", "pivots", "hints", "indexed"})
"""Parts of a relation in FROM that say which it is; all others change what it yields."""


class Group(NamedTuple):
    """Columns of a relation that are one source's: how many, how many of them open, and the source's names."""

    cols: int
    opens: int
    alias: str
    parts: tuple[str, ...] = ()


class Read(NamedTuple):
    """What an item of FROM yields, as which sources; ``outer`` where a row of those before it stays that it has nothing for."""

    relation: Relation
    groups: tuple[Group, ...]
    outer: bool = False


def read_as(relation: Relation, alias: str, parts: tuple[str, ...] = (), *, outer: bool = False) -> Read:
    """A relation as one source."""
    return Read(relation, (Group(len(relation.cols), len(relation.opens), alias, parts),), outer)


class Items(Calls):
    """Reads items of FROM."""

    def cte(self, entry: object) -> Relation:
        """What a CTE yields."""
        raise NotImplementedError

    def inside(self, known: Known) -> Relation | None:
        """What a relation's own query yields, where that is read in its place."""
        raise NotImplementedError

    def add_sources(self, select: exp.Expression, scope: Scope) -> None:
        """Add everything in FROM, JOIN and LATERAL VIEW."""
        raise NotImplementedError

    @cached_property
    def shapes(self) -> Shapes:
        """Reads aliases."""
        return Shapes(self.names, lambda _: None)  # type: ignore[arg-type, return-value]  # no query is read by it

    def read(self, node: exp.Expression, scope: Scope, pivots: Iterable[exp.Expression] = ()) -> Read:
        """What an item of FROM yields, with the pivots around it."""
        around: list[exp.Expression] = [node] if isinstance(node, exp.Pivot) else [*(node.args.get("pivots") or ()), *pivots]
        found = self.read(node.this, scope) if isinstance(node, exp.Pivot) else self._plain_item(node, scope)
        for pivot in around:
            alias, columns = self.shapes.alias(pivot)
            relation = pivoted(self, pivot, found.relation, scope)
            found = read_as(self.renamed(relation, columns), alias or found.groups[0].alias)
        return found

    def _plain_item(self, node: exp.Expression, scope: Scope) -> Read:
        alias, columns = self.shapes.alias(node)
        if isinstance(node, exp.Table):
            return self._table(node, scope, alias, columns)
        if isinstance(node, exp.Subquery) and (node.args.get("joins") or not isinstance(node.this, (*_QUERIES, exp.Subquery))):
            return self._parenthesised(node, scope, alias, columns)
        if isinstance(node, (*_QUERIES, exp.Subquery)):
            outer = scope if self.dialect.implicit_lateral else scope.outer
            return read_as(self.renamed(self.query(node, outer, scope.env), columns), alias)
        if isinstance(node, exp.Lateral):
            return self._lateral(node, scope, alias, columns)
        if isinstance(node.this, (exp.Table, exp.Subquery)) and not isinstance(node, (exp.Func, exp.Values)):
            found = self.read(node.this, scope)  # FINAL, ONLY and whatever else stands around a relation
            return found._replace(relation=self._with(found.relation, self.terms.make("text", type(node).__name__), self._rest(node, {"this"}, scope)))
        return self._call(node, node, scope)

    def _with(self, relation: Relation, *more: Term) -> Relation:
        """A relation of which more is said than its name."""
        return Relation(self.terms.make("extra", relation.rows, *more), relation.cols, relation.opens, relation.order)

    def _table(self, node: exp.Expression, scope: Scope, alias: str, columns: Named) -> Read:
        if not isinstance(node.this, (exp.Identifier, exp.Dot, str)):
            return self._call(node.this, node, scope)
        parts = tuple(self.key(part) for part in _parts(node))
        entry = scope.env.get(parts[0]) if len(parts) == 1 else None
        if entry is None and len(parts) > 1 and any(source.alias == parts[0] for source in scope.sources):  # FROM t, t.items
            return self._call(exp.Unnest(expressions=[exp.column(parts[-1], table=parts[-2])]), node, scope)
        found = self.cte(entry) if entry is not None else self.relation(parts)
        rest = self._rest(node, _TABLE, scope)
        if rest.args:
            found = self._with(found, rest)
        return read_as(self.renamed(found, columns), alias or parts[-1], () if entry is not None else parts)

    def relation(self, parts: tuple[str, ...]) -> Relation:
        """A relation by its name."""
        known, terms = self.relations.of(parts), self.terms
        inside = self.inside(known) if known is not None else None
        if inside is not None:
            return inside
        hole = terms.make("hole")
        if known is None:
            return Relation(terms.make("scan", "outside:" + ".".join(parts)), [], (Open(hole, frozenset(), ""),))
        successors = dict(known.successors)
        cols = [Col(name, key, terms.make("col", successors.get(key, key)), kind=kind if known.settled else "") for name, key, kind in known.columns]
        opens = () if known.complete else (Open(hole, frozenset(col.key for col in cols), known.relation, known.successors),)
        return Relation(terms.make("scan", known.relation), cols, opens)

    def _rest(self, node: exp.Expression, without: Iterable[str], scope: Scope) -> Term:
        """Everything else that a node says."""
        where = Where(scope, WHERE, {})
        said = [(key, value) for key, value in sorted(node.args.items()) if key not in without and value is not None and value is not False and value != []]
        parts = [self.terms.make("function", key, self.part(value, where)) for key, value in said]
        return self.terms.sequence(self.terms.make("volatile", part) if part.args[0] == "sample" else part for part in parts)

    def renamed(self, relation: Relation, names: Named) -> Relation:
        """A relation whose columns have other names by place; those beyond the names keep theirs."""
        if not names:
            return relation
        cols = [col._replace(name=name, key=key, unnamed=False) for col, (name, key) in zip(relation.cols, names, strict=False)]
        more = [Col(name, key, self.terms.make("col", f"#{place}")) for place, (name, key) in list(enumerate(names))[len(cols) :]]
        return Relation(relation.rows, [*cols, *relation.cols[len(cols) :], *more], relation.opens, relation.order)

    def _parenthesised(self, node: exp.Expression, scope: Scope, alias: str, columns: Named) -> Read:
        inner = Scope(scope.outer, scope.env)
        self.add_sources(exp.Select(**{_FROM: exp.From(this=node.this), "joins": node.args.get("joins")}), inner)
        rows, slots = self.blocks.close(inner)
        if alias or columns:
            return read_as(self.renamed(self.closed(*listed(inner.sources, inner), rows, slots), columns), alias)
        cols = [col for source in inner.sources for col in source.cols]
        opens = [item for source in inner.sources for item in source.opens]
        groups = tuple(Group(len(source.cols), len(source.opens), source.alias, source.parts) for source in inner.sources)
        return Read(self.closed(cols, opens, rows, slots), groups)

    def closed(self, cols: Iterable[Col], opens: Iterable[Open], rows: Term, slots: Mapping[Term, Term | None]) -> Relation:
        """Columns of an open SELECT as those of its closed rows."""
        close = self.terms.closing(slots)
        closed = [col._replace(term=close(col.term)) for col in cols]
        return Relation(rows, closed, tuple(item._replace(template=close(item.template)) for item in opens))

    def _lateral(self, node: exp.Expression, scope: Scope, alias: str, columns: Named) -> Read:
        inner = node.this
        outer = node.args.get("cross_apply") is False
        if isinstance(inner, (*_QUERIES, exp.Subquery)):
            return read_as(self.renamed(self.query(inner, scope, scope.env), columns), alias, outer=outer)
        return self._call(inner, node, scope)._replace(outer=outer)

    def _call(self, node: exp.Expression, holder: exp.Expression, scope: Scope) -> Read:
        """UNNEST, FLATTEN, VALUES, or any function whose result is read as a table. Its columns go by place where they are given names."""
        terms = self.terms
        alias, columns = self.shapes.alias(holder)
        if not alias and not columns and node is not holder:
            alias, columns = self.shapes.alias(node)
        if isinstance(node, exp.Values):
            return self._values(node, alias, columns, scope)
        offset = node.args.get("offset")
        said = self._rest(node, {"alias", "offset", "pivots", "joins", "laterals"}, scope)
        around = (
            self._rest(holder, {"this", "alias", "pivots", "joins", "laterals", "view", "cross_apply"}, scope) if holder is not node else terms.sequence([])
        )
        name = str(node.this).upper() if isinstance(node, exp.Anonymous) else ""
        rows = terms.make("call", f"{type(node).__name__} {name}", said, around, terms.make("text", str(bool(offset))))
        cols = [Col(each, key, terms.make("col", f"#{place}")) for place, (each, key) in enumerate(columns)]
        if isinstance(offset, exp.Identifier):
            cols.append(Col(offset.name, self.key(offset), terms.make("col", "#offset")))
        if alias and not any(col.key == alias for col in cols) and not columns:
            cols.append(Col(alias, alias, terms.make("col", "#0"), unnamed=True))
        is_open = not columns or (isinstance(node, exp.Unnest) and not alias)
        cased = isinstance(node, exp.Unnest) and self.dialect.read in JSON_BY_DOT
        opens = (Open(terms.make("hole"), frozenset(col.key for col in cols), "", cased=cased),) if is_open else ()
        return read_as(Relation(rows, cols, opens), alias or name.lower() or node.key)

    def _values(self, node: exp.Expression, alias: str, columns: Named, scope: Scope) -> Read:
        first = node.expressions[0] if node.expressions else None
        width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        start = 0 if self.dialect.read == "duckdb" else 1
        prefix = {"duckdb": "col", "spark": "col", "databricks": "col"}.get(self.dialect.read, "column")
        made = [(name := f"{prefix}{place}", self.dialect.key(name)) for place in range(start, start + width)]
        cols = [Col(name, key, self.terms.make("col", f"#{place}")) for place, (name, key) in enumerate([*columns, *made[len(columns) :]])]
        rows = self.terms.make("values", *sorted((self.value(row, scope, WHERE) for row in node.expressions), key=lambda term: term.number))
        return read_as(Relation(rows, cols), alias)


def listed(sources: Iterable[Source], scope: Scope, *, merge: bool = True) -> tuple[list[Col], list[Open]]:
    """The columns of sources as a star lists them: those joined by USING once."""
    cols: list[Col] = []
    done: set[str] = set()
    known = [source for source in sources if not source.hidden]
    for source in known:
        for col in source.cols:
            shared = scope.joined.get(col.key) if merge else None
            if shared is None or not any(owner is source for owner in shared.sources):
                cols.append(col)
            elif col.key not in done:
                done.add(col.key)
                cols.append(col._replace(term=shared.term, kind=""))
    return cols, [item for source in known for item in source.opens]


def _parts(node: exp.Expression) -> Iterator[exp.Expression | str]:
    """The names of a relation, outermost first."""
    stack = [node.this, node.args.get("db"), node.args.get("catalog")]
    while stack:
        part = stack.pop()
        if isinstance(part, exp.Dot):
            stack.extend((part.args.get("expression"), part.this))
        elif part:
            yield part


_FROM = "from_" if "from_" in exp.Select.arg_types else "from"
