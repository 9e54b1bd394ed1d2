"""SQL text -> a Statement of ours, by way of sqlglot: one parse, one walk."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import msgspec
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from aftershock.sql.dialects import dialect_of
from aftershock.sql.expressions import QUERIES, Expressions, children, except_of, kind_of
from aftershock.sql.query import Cte, Item, Role, Select, SetOperation, Star, Statement, With
from aftershock.sql.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.sql.dialects import Dialect
    from aftershock.sql.query import Query, Uses

_COLUMNS: type[exp.Expression] | None = getattr(exp, "Columns", None)
_OF_CLASS = re.compile(r" for <class '[^']*'>")
_WRITES = {exp.Merge: "MERGE", exp.Update: "UPDATE", exp.Delete: "DELETE"}


class CannotRead(ValueError):  # noqa: N818  # reads as what happened; becomes a value at once
    """Why a text is no query that can be followed, as a part of a sentence."""


def read_sql(sql: str, dialect: str = "") -> Statement:
    """A query, or the query of an INSERT or CREATE … AS.

    Args:
        sql: one statement.
        dialect: a dbt adapter or a dialect of sqlglot's.

    Raises:
        CannotRead: it is not SQL of this dialect, several statements, or none that yields rows.
        RecursionError: it is nested too deeply for the parser.
    """
    found = dialect_of(dialect)
    with _quiet():
        try:
            trees = [tree for tree in sqlglot.parse(sql, read=found.read or None) if tree is not None and not isinstance(tree, exp.Semicolon)]
        except SqlglotError as error:
            raise CannotRead(f"it cannot be parsed: {_first_line(error)}") from None
        if len(trees) != 1:
            raise CannotRead(f"it is {len(trees)} statements" if trees else "it is empty")
        return _Reader(found).statement(cast("exp.Expression", trees[0]))


@contextmanager
def _quiet() -> Iterator[None]:
    """Sqlglot warns on a logger of what it cannot understand; we return it as a value."""
    logger = logging.getLogger("sqlglot")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _first_line(error: Exception) -> str:
    """Sqlglot's message without the terminal's colours and the text around."""
    details = getattr(error, "errors", None)
    text = details[0].get("description") if details else ""
    line = details[0].get("line") if details else None
    text = _OF_CLASS.sub("", text) or str(error).splitlines()[0]
    return f"{text.rstrip('.')}{f' (line {line})' if line else ''}"


class _Reader:
    """Reads one tree of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.expressions = Expressions(dialect, self.query)
        self.sources = Sources(self.expressions, self.query)

    def statement(self, tree: exp.Expression) -> Statement:
        if isinstance(tree, exp.Insert):
            return self._insert(tree)
        if isinstance(tree, exp.Create):
            return self._create(tree)
        return Statement(self.query(tree))

    def _insert(self, tree: exp.Expression) -> Statement:
        body = tree.args.get("expression")
        if body is None:
            raise CannotRead("it is an INSERT without a query")
        target, columns = self._target(tree.this)
        partition = tree.args.get("partition")
        fixed = [item.this for item in (partition.expressions if isinstance(partition, exp.Expression) else ()) if isinstance(item, exp.EQ)]
        with_ = self._with(tree)
        query = self.query(body)
        if with_.ctes:
            query = _with_outer(query, with_)
        return Statement(query, columns, target, by_name=bool(tree.args.get("by_name")), fixed=self.sources.named(fixed))

    def _create(self, tree: exp.Expression) -> Statement:
        body = tree.args.get("expression")
        if body is None or str(tree.args.get("kind")).upper() not in {"TABLE", "VIEW", "DYNAMIC TABLE", "MATERIALIZED VIEW"}:
            raise CannotRead("it is a CREATE without a query")
        target, columns = self._target(tree.this)
        query = self.query(body)
        with_ = self._with(tree)
        return Statement(_with_outer(query, with_) if with_.ctes else query, columns, target)

    def _target(self, node: exp.Expression) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        table = node.this if isinstance(node, exp.Schema) else node
        columns = self.sources.named(node.expressions) if isinstance(node, exp.Schema) else ()
        parts = [table.args.get(key) for key in ("catalog", "db", "this")] if isinstance(table, exp.Table) else []
        return tuple(self.expressions.key(part) for part in parts if isinstance(part, exp.Expression)), columns

    def query(self, node: exp.Expression) -> Query:
        """Any tree that yields rows."""
        if isinstance(node, exp.Select):
            return self._select(node)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node)
        if isinstance(node, exp.Subquery):
            return self._parenthesised(node)
        if isinstance(node, (exp.Values, exp.Table, exp.Pivot, exp.Unnest)):
            return Select((Star(),), tuple(self.sources.of(exp.Select(**{_FROM: exp.From(this=node)}))))
        if isinstance(node, exp.Paren):
            return self.query(node.this)
        written = next((word for kind, word in _WRITES.items() if isinstance(node, kind)), "")
        what = f"a {written}" if written else f"not a query ({node.sql()[:40]})" if isinstance(node, exp.Command) else f"not a query ({node.key})"
        raise CannotRead(f"it is {what}")

    def _parenthesised(self, node: exp.Expression) -> Query:
        """``(SELECT …) ORDER BY …``, or sources in parentheses."""
        inner = node.this
        args = node.args
        plain = not any(args.get(key) for key in ("joins", "order", "where", "group", "pivots", "laterals", "qualify"))
        with_ = self._with(node)
        if plain and isinstance(inner, (exp.Select, exp.SetOperation, exp.Subquery, exp.Paren, exp.Values)):
            query = self.query(inner)
        else:
            bare = exp.Subquery(this=inner, **{key: args[key] for key in ("alias", "joins", "pivots") if args.get(key)})
            order = self.expressions.sorting(args.get("order"))
            query = Select((Star(),), self.sources.of(exp.Select(**{_FROM: exp.From(this=bare)})), order=order)
        return _with_outer(query, with_) if with_.ctes else query

    def _select(self, node: exp.Expression) -> Select:
        args = node.args
        uses = self.expressions.uses
        distinct = args.get("distinct")
        on = distinct.args.get("on") if distinct is not None else None
        group = args.get("group")
        where = [*uses(_this(args.get("where")), Role.FILTER), *uses(_this(args.get("prewhere")), Role.FILTER)]
        match = _unqualified(args.get("match"))
        for clause in (args.get("connect"), match):
            where.extend(uses(clause, Role.FILTER))
        measures = self._measures(match)
        with_ = self._with(node)
        return Select(
            (*self._items(node.expressions), *(measures if any(item.is_star for item in node.expressions) else ())),
            self.sources.of(node),
            tuple(where),
            self._group(group),
            group is not None and group.args.get("all") is True,
            uses(_this(args.get("having")), Role.FILTER),
            uses(_this(args.get("qualify")), Role.FILTER),
            tuple(use for key in ("order", "sort", "distribute", "cluster") for use in self.expressions.sorting(args.get(key))),
            (*uses(args.get("limit"), Role.FILTER), *uses(args.get("offset"), Role.FILTER)),
            distinct is not None and on is None,
            self._distinct_on(on),
            tuple(self._window(window) for window in args.get("windows") or ()),
            with_,
            (*self._scalars(node), *measures),
        )

    def _distinct_on(self, on: exp.Expression | None) -> Uses:
        if on is None:
            return ()
        members = on.expressions if isinstance(on, exp.Tuple) else [on.this if isinstance(on, exp.Paren) else on]
        return tuple(use for member in members for use in self.expressions.keyed(member, Role.GROUP_BY))

    def _group(self, group: exp.Expression | None) -> Uses:
        if group is None:
            return ()
        sets = [item for key in ("grouping_sets", "cube", "rollup") for item in (group.args.get(key) or ()) if isinstance(item, exp.Expression)]
        inner = [member for item in (*group.expressions, *sets) for member in _members(item)]
        return tuple(use for item in inner for use in self.expressions.keyed(item, Role.GROUP_BY))

    def _window(self, window: exp.Expression) -> tuple[str, Uses]:
        """A named window, which may build on another one (``w2 AS (w1 ORDER BY x)``)."""
        inner = [*(window.args.get("partition_by") or ()), window.args.get("order"), window.args.get("spec"), window.args.get("alias")]
        name = self.expressions.key(window.this)
        uses = [use for item in inner if isinstance(item, exp.Expression) for use in self._window_part(item)]
        return name, tuple(uses)

    def _window_part(self, item: exp.Expression) -> Uses:
        from aftershock.sql.query import NamedWindow

        if isinstance(item, exp.Identifier):
            return (NamedWindow(self.expressions.key(item)),)
        return self.expressions.uses(item, Role.WINDOW)

    def _items(self, nodes: list[exp.Expression]) -> tuple[Item | Star, ...]:
        found: list[Item | Star] = []
        unnamed = 0
        for node in nodes:
            found.append(self._item(node, unnamed))
            unnamed += isinstance(found[-1], Item) and found[-1].unnamed
        return tuple(found)

    def _item(self, node: exp.Expression, place: int) -> Item | Star:
        """An output column; ``place`` is its number among those without a name."""
        star = self._star(node)
        if star is not None:
            return star
        if isinstance(node, exp.Aliases):  # several names for what one function yields
            name = ", ".join(item.name for item in node.args.get("expressions") or ())
            return Item(name, self.expressions.key(name), self.expressions.uses(node.this, Role.IDENTITY), aliased=True, unnamed=True)
        alias = node.args.get("alias") if isinstance(node, exp.Alias) else None
        value = node.this if isinstance(node, exp.Alias) else node
        if isinstance(value, exp.Dot) and isinstance(value.args.get("expression"), exp.Star):  # the fields of what an expression makes
            return Item(f"_{place}", self.dialect.key(f"_{place}"), self.expressions.uses(value.this, Role.TRANSFORMATION), unnamed=True)
        uses = self.expressions.uses(value, Role.IDENTITY)
        fields, kind = self._fields(value), kind_of(value)
        if alias is not None:
            return Item(node.alias, self.expressions.key(alias), uses, aliased=True, fields=fields, kind=kind)
        named = _named(value)
        if named is not None:
            return Item(named.name, self.expressions.key(named), uses)
        name = self._made_up(value) or f"_{place}"
        return Item(name, self.dialect.key(name), uses, unnamed=True, fields=fields, kind=kind)

    def _made_up(self, value: exp.Expression) -> str:
        """What PostgreSQL and its kin call an expression that has no name."""
        if self.dialect.read not in {"postgres", "redshift", "materialize", "risingwave"}:
            return ""
        while isinstance(value, (exp.Window, exp.Filter, exp.Cast, exp.Paren)):
            if isinstance(value, exp.Cast) and isinstance(value.this, exp.Column):
                return str(value.this.name)
            value = value.this
        if isinstance(value, exp.Case):
            return "case"
        if isinstance(value, exp.Anonymous):
            return str(value.this).lower()
        return value.sql_name().lower() if isinstance(value, exp.Func) else ""

    def _fields(self, value: exp.Expression) -> tuple[Item, ...]:
        """The fields of a struct that is made here."""
        while isinstance(value, (exp.Paren, exp.Array)):
            inner = value.this if isinstance(value, exp.Paren) else (value.expressions or [None])[0]
            if inner is None:
                return ()
            value = inner
        if not isinstance(value, exp.Struct):
            return ()
        found = []
        for member in value.expressions:
            if isinstance(member, (exp.PropertyEQ, exp.Alias)):
                name = member.this if isinstance(member, exp.PropertyEQ) else member.args["alias"]
                inner = member.expression if isinstance(member, exp.PropertyEQ) else member.this
                found.append(Item(name.name, self.expressions.key(name), self.expressions.uses(inner, Role.IDENTITY)))
            elif isinstance(member, exp.Column):
                found.append(Item(member.name, self.expressions.key(member.this), self.expressions.uses(member, Role.IDENTITY)))
            else:
                return ()
        return tuple(found)

    def _star(self, node: exp.Expression) -> Star | None:
        """A star, ``t.*``, ``COLUMNS(…)``, or an expression around such that becomes one column for each."""
        found = node.this if isinstance(node, exp.Alias) else node
        if _COLUMNS is not None and (chosen := _columns_in(found)) is not None:
            return None if _is_unpacked(chosen) else self._chosen(found, chosen)
        found, like = (
            (found.this, found.expression.name) if isinstance(found, _PLAIN_LIKES) and _is_star(found.this) and not found.args.get("negate") else (found, "")
        )
        found = _innermost(found) if isinstance(found, (exp.Not, *_LIKES)) and _is_star(_innermost(found)) else found
        if _APPLY is not None and isinstance(found, _APPLY) and _is_star(found.this):
            return Star(role=Role.AGGREGATION)
        qualifier: tuple[str, ...] = ()
        if isinstance(found, exp.Column) and isinstance(found.this, exp.Star):
            qualifier, found = self.expressions.parts(found)[:-1], found.this
        elif isinstance(found, exp.Dot) and isinstance(found.args.get("expression"), exp.Star):
            if not isinstance(found.this, (exp.Column, exp.Dot)) or not isinstance(_base(found.this), exp.Column):
                return None
            qualifier, found = _dot_names(self.expressions, found.this), found.expression
        if not isinstance(found, exp.Star):
            return None
        excluded = [(_table_of(item), self.expressions.key(_identifier(item))) for item in except_of(found)]
        return Star(
            qualifier,
            tuple(key for table, key in excluded if table is None),
            tuple(self._replaced(item) for item in found.args.get("replace") or ()),
            tuple(self._renamed(item) for item in found.args.get("rename") or ()),
            like=like or _text(found.args.get("ilike")),
            without_of=tuple((self.expressions.key(table), key) for table, key in excluded if table is not None),
        )

    def _chosen(self, around: exp.Expression, chosen: exp.Expression) -> Star:
        """COLUMNS(…), alone or in an expression that becomes one column for each."""
        role = Role.IDENTITY if around is chosen else Role.AGGREGATION if isinstance(around, exp.AggFunc) else Role.TRANSFORMATION
        pattern, without, names = self.expressions.choice(chosen.this)
        return Star((), without, pattern=pattern, role=role, names=names)

    def _replaced(self, item: exp.Expression) -> Item:
        name = item.args.get("alias")
        return Item(item.alias_or_name, self.expressions.key(name), self.expressions.uses(item.this, Role.IDENTITY), aliased=True)

    def _renamed(self, item: exp.Expression) -> tuple[str, str, str]:
        new = item.args.get("alias") or item.args.get("expression")
        old = item.this
        return self.expressions.key(_identifier(old)), (new.name if isinstance(new, exp.Expression) else str(new)), self.expressions.key(_identifier(new))

    def _set_operation(self, node: exp.Expression) -> SetOperation:
        """Branches from left to right, walked in a loop: five hundred SELECTs are a tree of that depth."""
        rights: list[exp.Expression] = []
        names, distinct, filters = False, False, False
        with_, order = self._with(node), self.expressions.sorting(node.args.get("order"))
        left = node
        while isinstance(left, exp.SetOperation) and (left is node or not any(left.args.get(key) for key in ("order", "with_", "with", "limit"))):
            rights.append(left.args["expression"])
            names = names or bool(left.args.get("by_name"))
            distinct = distinct or left.args.get("distinct") is not False
            filters = filters or not isinstance(left, exp.Union)
            left = left.this
        branches = [self.query(left), *(self.query(right) for right in reversed(rights))]
        return SetOperation(tuple(branches), names, distinct, filters, order, with_)

    def _with(self, node: exp.Expression) -> With:
        found = node.args.get("with_") or node.args.get("with")
        if found is None:
            return With()
        ctes = tuple(self._cte(cte) for cte in found.expressions if _is_cte(cte))
        return With(ctes, bool(found.args.get("recursive")))

    def _cte(self, cte: exp.Expression) -> Cte:
        name, columns = self.sources.alias(cte)
        return Cte(name, self.query(cte.this), columns)

    def _scalars(self, node: exp.Expression) -> tuple[Item, ...]:
        """``WITH expression AS name`` of ClickHouse."""
        found = node.args.get("with_") or node.args.get("with")
        return tuple(self._let(cte.this, cte.args.get("alias")) for cte in found.expressions if not _is_cte(cte)) if found is not None else ()

    def _measures(self, match: exp.Expression | None) -> tuple[Item, ...]:
        """What MATCH_RECOGNIZE computes, under its names."""
        measures = (item.this for item in (match.args.get("measures") or ())) if match is not None else ()
        return tuple(self._let(item.this, item.args.get("alias")) for item in measures if isinstance(item, exp.Alias))

    def _let(self, value: exp.Expression, alias: exp.Expression | None) -> Item:
        name = alias.this if isinstance(alias, exp.TableAlias) else alias
        return Item(name.name if name is not None else "", self.expressions.key(name), self.expressions.uses(value, Role.TRANSFORMATION), aliased=True)


def _unqualified(match: exp.Expression | None) -> exp.Expression | None:
    """MATCH_RECOGNIZE with its columns under their bare names: what qualifies them there is a variable of its pattern."""
    for column in match.find_all(exp.Column) if match is not None else ():
        column.set("table", None)
    return match


def _is_cte(cte: exp.Expression) -> bool:
    return isinstance(cte.this, _QUERY_TREES) and not cte.args.get("scalar")


_QUERY_TREES = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values, exp.Table, exp.Pivot)
_LIKES = tuple(kind for name in ("Like", "ILike", "SimilarTo", "Glob", "RegexpLike") if (kind := getattr(exp, name, None)) is not None)
_PLAIN_LIKES = (exp.Like, exp.ILike)
_APPLY = getattr(exp, "Apply", None)
_FROM = "from_" if "from_" in exp.Select.arg_types else "from"


def _with_outer(query: Query, outer: With) -> Query:
    """The query with CTEs of a statement around it before its own."""
    mine = query.with_
    return msgspec.structs.replace(query, with_=With((*outer.ctes, *mine.ctes), outer.recursive or mine.recursive))


def _this(node: exp.Expression | None) -> exp.Expression | None:
    return node.this if node is not None else None


def _identifier(node: exp.Expression | None) -> exp.Expression | None:
    """The name of what may have been parsed as a column."""
    return node.this if isinstance(node, exp.Column) else node


def _named(value: exp.Expression) -> exp.Expression | None:
    """The identifier that names an expression without AS: that of a column or a field."""
    while isinstance(value, exp.Paren):
        value = value.this
    if isinstance(value, exp.Column):
        return value.this if isinstance(value.this, exp.Identifier) else None
    if isinstance(value, exp.Dot):
        field = value.args.get("expression")
        return field if isinstance(field, exp.Identifier) else None
    return value if isinstance(value, exp.Identifier) else None


def _base(node: exp.Expression) -> exp.Expression:
    """What the fields of ``a.b.c`` are of."""
    while isinstance(node, exp.Dot):
        node = node.this
    return node


def _dot_names(expressions: Expressions, node: exp.Expression) -> tuple[str, ...]:
    if isinstance(node, exp.Dot):
        return (*_dot_names(expressions, node.this), expressions.key(node.args.get("expression")))
    return expressions.parts(node) if isinstance(node, exp.Column) else (expressions.key(node),)


def _is_star(node: exp.Expression | None) -> bool:
    return isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))


def _columns_in(node: exp.Expression) -> exp.Expression | None:
    """COLUMNS(…) in an expression, but not in a query within it."""
    stack: list[exp.Expression] = [node]
    while stack:
        item = stack.pop()
        if _COLUMNS is not None and type(item) is _COLUMNS:
            return item
        if not isinstance(item, QUERIES):
            stack.extend(children(item))
    return None


def _innermost(node: exp.Expression) -> exp.Expression:
    """What NOT and LIKE stand around."""
    while isinstance(node, (exp.Not, *_LIKES)) and isinstance(node.this, exp.Expression):
        node = node.this
    return node


def _is_unpacked(columns: exp.Expression) -> bool:
    """``*COLUMNS(…)`` becomes several arguments of one function, not several columns."""
    return bool(columns.args.get("unpack"))


def _table_of(node: exp.Expression) -> exp.Expression | None:
    return node.args.get("table") if isinstance(node, exp.Column) else None


def _members(node: exp.Expression) -> list[exp.Expression]:
    """The elements of a grouping set, however deep its parentheses."""
    found: list[exp.Expression] = []
    stack = [node]
    while stack:
        item = stack.pop()
        inner = (
            item.expressions if isinstance(item, (exp.Tuple, exp.GroupingSets, exp.Cube, exp.Rollup)) else [item.this] if isinstance(item, exp.Paren) else []
        )
        stack.extend(inner)
        if not inner:
            found.append(item)
    return found


def _text(node: exp.Expression | str | None) -> str:
    return node if isinstance(node, str) else node.name if node is not None else ""
