"""What stands in FROM -> sources: relations, subqueries, table functions, pivots, and how they are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from aftershock.sql.expressions import children
from aftershock.sql.query import Derived, Function, Item, Join, Joined, Pivot, Role, Select, Star, Sub, Table, Unpivot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from aftershock.sql.expressions import Expressions
    from aftershock.sql.query import Query, Source, Use, Uses

    Named = tuple[tuple[str, str], ...]

HIDING = frozenset({"SEMI", "ANTI"})
QUERIES = (exp.Select, exp.SetOperation)


class Sources:
    """Reads FROM clauses of one dialect.

    Args:
        expressions: reads what is in them.
        read_query: reads a query in FROM.
    """

    def __init__(self, expressions: Expressions, read_query: Callable[[exp.Expression], Query]) -> None:
        self.expressions = expressions
        self.read_query = read_query

    def of(self, select: exp.Expression) -> tuple[Join, ...]:
        """Every source of a SELECT in order, from FROM, JOIN and LATERAL VIEW."""
        args = select.args
        first = args.get("from_") or args.get("from")
        found: list[Join] = []
        if first is not None:
            found.extend(self._with_joins(first.this))
            found.extend(Join(self.source(item)) for item in first.args.get("expressions") or ())
        for join in args.get("joins") or ():
            found.extend(self._join(join))
        found.extend(Join(self.source(lateral)) for lateral in args.get("laterals") or ())
        return tuple(found)

    def source(self, node: exp.Expression) -> Source:
        """One source, with its pivots around it."""
        found = self._plain(node)
        for pivot in node.args.get("pivots") or ():
            found = self.pivot(pivot, found)
        return found

    def _with_joins(self, node: exp.Expression) -> Iterator[Join]:
        """A source, and what is joined to it inside its own node."""
        yield Join(self.source(node))
        if isinstance(node, exp.Subquery) and not isinstance(node.this, QUERIES):
            return  # the joins belong to what is in parentheses
        if not isinstance(node, exp.Subquery):
            for join in node.args.get("joins") or ():
                yield from self._join(join)
            for lateral in node.args.get("laterals") or ():
                yield Join(self.source(lateral))

    def _join(self, join: exp.Expression) -> Iterator[Join]:
        args = join.args
        on = (*self.expressions.uses(args.get("on"), Role.JOIN), *self.expressions.uses(args.get("match_condition"), Role.JOIN))
        using = tuple(self.expressions.key(name.this if isinstance(name, exp.Column) else name) for name in args.get("using") or ())
        kind, side = (str(args.get(name) or "").upper() for name in ("kind", "side"))
        natural = str(args.get("method") or "").upper() == "NATURAL"
        first, *more = self._with_joins(join.this)
        found = first.source
        for pivot in args.get("pivots") or ():
            found = self.pivot(pivot, found)
        yield Join(found, on, using, natural, hidden=kind in HIDING or side in HIDING)
        yield from more
        yield from (Join(self.source(item)) for item in args.get("expressions") or ())

    def _plain(self, node: exp.Expression) -> Source:  # noqa: PLR0911  # one line for each kind of source
        if isinstance(node, exp.Table):
            return self._table(node)
        if isinstance(node, exp.Subquery):
            return self._subquery(node)
        if isinstance(node, exp.Lateral):
            return self._lateral(node)
        if isinstance(node, exp.Pivot):
            return self.pivot(node, self.source(node.this))
        if isinstance(node, QUERIES):
            return Derived(self.read_query(node), "")
        if isinstance(node.this, (exp.Table, exp.Subquery)) and not isinstance(node, (exp.Func, exp.Values)):
            return self.source(node.this)  # FINAL, ONLY and whatever else stands around a relation
        return self._function(node, node)

    def _table(self, node: exp.Expression) -> Source:
        alias, columns = self.alias(node)
        if not isinstance(node.this, (exp.Identifier, exp.Dot, str)):
            return self._function(node.this, node)
        parts = tuple(self.expressions.key(part) for part in _table_parts(node))
        return Table(parts, alias or parts[-1], columns, bool(alias))

    def _subquery(self, node: exp.Expression) -> Source:
        alias, columns = self.alias(node)
        inner = node.this
        joins = node.args.get("joins")
        if isinstance(inner, QUERIES) and not joins:
            modified = any(node.args.get(key) for key in ("order", "limit", "where", "with_", "with"))
            return Derived(self.read_query(node if modified else inner), alias, columns)
        inside = [*self._with_joins(inner), *(found for join in joins or () for found in self._join(join))]
        if len(inside) == 1 and not alias and not columns:
            return inside[0].source
        return Joined(tuple(inside), alias, columns)

    def _lateral(self, node: exp.Expression) -> Source:
        alias, columns = self.alias(node)
        inner = node.this
        if isinstance(inner, exp.Subquery) and isinstance(inner.this, QUERIES):
            return Derived(self.read_query(inner.this), alias, columns, lateral=True)
        if isinstance(inner, QUERIES):
            return Derived(self.read_query(inner), alias, columns, lateral=True)
        return self._function(inner, node)

    def _function(self, node: exp.Expression, holder: exp.Expression) -> Source:
        """UNNEST, FLATTEN, VALUES, or any function whose result is read as a table."""
        alias, columns = self.alias(holder)
        if not alias and not columns and node is not holder:
            alias, columns = self.alias(node)
        if isinstance(node, exp.Values):
            return self._values(node, alias, columns)
        offset = node.args.get("offset")
        if isinstance(offset, exp.Identifier):
            columns = (*columns, (offset.name, self.expressions.key(offset)))
        uses = (*self.expressions.uses(_without_alias(node), Role.TRANSFORMATION), *self._relations_in(node))
        if not uses and isinstance(literal := _identified(node), str):
            parts = tuple(self.expressions.dialect.key(part.strip('"`')) for part in literal.split("."))
            return Table(parts, alias or parts[-1], columns, bool(alias))
        name = alias or self.expressions.key(_function_name(node))
        is_open = not columns or (isinstance(node, exp.Unnest) and not _names_columns(holder, node))
        called = _function_name(node) if isinstance(node, exp.Anonymous) else ""
        return Function(uses, name, columns, is_open, called)

    def _relations_in(self, node: exp.Expression) -> Uses:
        """Relations that a table function is given: all of their columns, since only the function knows which it reads."""
        found: list[Use] = []
        stack: list[exp.Expression] = list(children(node))
        while stack:
            item = stack.pop()
            if isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier):
                found.append(Sub(Select((Star(),), (Join(self._table(item)),)), Role.TRANSFORMATION))
            elif not isinstance(item, (*QUERIES, exp.Subquery)):
                stack.extend(children(item))
        return tuple(found)

    def _values(self, node: exp.Expression, alias: str, columns: Named) -> Source:
        first = node.expressions[0] if node.expressions else None
        width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        start = 0 if self.expressions.dialect.read == "duckdb" else 1
        prefix = {"duckdb": "col", "spark": "col", "databricks": "col"}.get(self.expressions.dialect.read, "column")
        made = tuple((name := f"{prefix}{place}", self.expressions.dialect.key(name)) for place in range(start, start + width))
        uses = self.expressions.all_uses(list(node.expressions), Role.TRANSFORMATION)
        return Function(uses, alias, (*columns, *made[len(columns) :]), open=False)

    def alias(self, node: exp.Expression) -> tuple[str, Named]:
        """The key of a source's alias and its renamed columns, as (name, key)."""
        alias = node.args.get("alias")
        if not isinstance(alias, exp.TableAlias):
            return (self.expressions.key(alias), ()) if isinstance(alias, exp.Identifier) else ("", ())
        name = self.expressions.key(alias.this) if alias.this is not None else ""
        return name, self.named(alias.args.get("columns") or ())

    def named(self, identifiers: Iterable[exp.Expression]) -> Named:
        """Identifiers as (name, key)."""
        plain = [item.this if isinstance(item, (exp.ColumnDef, exp.Column, exp.Alias)) else item for item in identifiers]
        return tuple((item.name, self.expressions.key(item)) for item in plain)

    def pivot(self, node: exp.Expression, source: Source) -> Source:
        """PIVOT or UNPIVOT around a source."""
        alias, columns = self.alias(node)
        return self._unpivot(node, source, alias, columns) if node.args.get("unpivot") else self._pivot(node, source, alias, columns)

    def _pivot(self, node: exp.Expression, source: Source, alias: str, columns: Named) -> Source:
        short = node.args.get("using") is not None or not _fields(node)  # DuckDB's PIVOT … ON … USING …
        values = node.args.get("using") or () if short else node.expressions
        aggregates = tuple(Item(item.alias_or_name, self.expressions.key(item.alias_or_name), self.expressions.uses(item)) for item in values)
        on = self.expressions.all_uses(
            node.expressions if short else [field.this if isinstance(field, exp.In) else field for field in _fields(node)], Role.CONDITIONAL
        )
        chosen = [] if short else [item for field in _fields(node) if isinstance(field, exp.In) for item in children(field) if item is not field.this]
        asked: list[exp.Expression] = [item for item in chosen if isinstance(item, (*QUERIES, exp.Subquery))]
        on = (*on, *self.expressions.all_uses(asked, Role.CONDITIONAL))
        group = node.args.get("group")
        groups = self.expressions.all_uses(group.expressions, Role.IDENTITY) if group is not None else None
        names = () if asked else self.named(node.args.get("columns") or ())  # what a query yields, only the data tells
        return Pivot(source, aggregates, on, names, groups, alias, columns)

    def _unpivot(self, node: exp.Expression, source: Source, alias: str, columns: Named) -> Source:
        into = node.args.get("into")
        if into is not None:  # DuckDB's UNPIVOT … ON … INTO NAME … VALUE …
            values, names = self.named(into.expressions), self.named([into.this])
            groups = tuple(self.expressions.uses(_aliased(item), Role.IDENTITY) for item in node.expressions)
            return Unpivot(source, groups, values, names, alias, columns, self.expressions.dialect.read == "bigquery")
        if not _fields(node):
            names = (("name", self.expressions.dialect.key("name")),)
            values = (("value", self.expressions.dialect.key("value")),)
            return Unpivot(source, tuple(self.expressions.uses(_aliased(item), Role.IDENTITY) for item in node.expressions), values, names, alias, columns)
        values = self.named(item for value in node.expressions for item in (value.expressions if isinstance(value, exp.Tuple) else [value]))
        fields = _fields(node)
        names = self.named(field.this for field in fields)
        groups = tuple(self._group(item) for field in fields for item in field.expressions)
        return Unpivot(source, groups, values, names, alias, columns, self.expressions.dialect.read == "bigquery")

    def _group(self, item: exp.Expression) -> Uses:
        inner = _aliased(item)
        members = inner.expressions if isinstance(inner, exp.Tuple) else [inner]
        return self.expressions.all_uses([exp.column(member.copy()) if isinstance(member, exp.Identifier) else member for member in members], Role.IDENTITY)


def _aliased(item: exp.Expression) -> exp.Expression:
    """What an alias within a pivot's list names."""
    return item.this if isinstance(item, (exp.Alias, exp.PivotAlias)) else item


def _fields(pivot: exp.Expression) -> list[exp.Expression]:
    found = pivot.args.get("fields") or pivot.args.get("field") or []
    return found if isinstance(found, list) else [found]


def _table_parts(node: exp.Expression) -> Iterator[exp.Expression | str]:
    for part in (node.args.get("catalog"), node.args.get("db"), node.this):
        yield from _dotted(part)


def _dotted(part: exp.Expression | str | None) -> Iterator[exp.Expression | str]:
    if isinstance(part, exp.Dot):
        yield from _dotted(part.this)
        yield from _dotted(part.args.get("expression"))
    elif part:
        yield part


def _function_name(node: exp.Expression) -> str:
    name = node.args.get("this") if isinstance(node, exp.Anonymous) else None
    return name if isinstance(name, str) else node.key


def _identified(node: exp.Expression) -> str | None:
    """The name in ``IDENTIFIER('db.t')``."""
    named = node.key == "dynamicidentifier" or (isinstance(node, exp.Anonymous) and str(node.this).upper() == "IDENTIFIER")
    literals = [child for child in children(node) if isinstance(child, exp.Literal)] if named else []
    return str(literals[0].name) if len(literals) == 1 else None


def _without_alias(node: exp.Expression) -> exp.Expression:
    """UNNEST and its kin keep their alias among their arguments, where its names would pass for columns."""
    return node.this if isinstance(node, exp.Alias) else node


def _names_columns(*nodes: exp.Expression) -> bool:
    """Whether AS gives columns, not only a table name."""
    return any(isinstance(alias := node.args.get("alias"), exp.TableAlias) and alias.this is not None and alias.args.get("columns") for node in nodes)
