"""Calls, windows, lambdas and queries in expressions -> terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from aftershock.sql.comparing.scalars import Scalars
from aftershock.sql.comparing.spelling import AGGREGATES, UNFOLDING, VOLATILE_NAMES, WORDS, type_name
from aftershock.sql.comparing.synonyms import plainer
from aftershock.sql.dialects import SELECT
from aftershock.sql.expressions import QUERIES, except_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from aftershock.sql.comparing.scalars import Where
    from aftershock.sql.comparing.scopes import Scope
    from aftershock.sql.comparing.terms import Term


class Calls(Scalars):
    """Reads what is more than its parts. ``_read_…`` is called for the expression of that name."""

    def single(self, node: exp.Expression, where: Where) -> Term:
        """What an expression that is no operator stands for."""
        node = plainer(node, self.dialect.read)
        read: Callable[[exp.Expression, Where], Term] | None = getattr(self, f"_read_{type(node).__name__.lower()}", None)
        if read is not None:
            return read(node, where)
        if isinstance(node, QUERIES):
            return self.subquery(node, where)
        if isinstance(node, exp.DataType):
            return self.terms.make("type", type_name(node, self.dialect))
        if isinstance(node, UNFOLDING) and where.clause == SELECT and not where.aggregated:
            return self._unfolding(node, where)
        return self._aggregate(node, where) if isinstance(node, exp.AggFunc) else self.plain(node, where)

    def _read_anonymous(self, node: exp.Expression, where: Where) -> Term:
        name = str(node.this if isinstance(node.this, str) else node.name).upper()
        if self._is_unfolding(name) and where.clause == SELECT and not where.aggregated:
            return self._unfolding(node, where)
        if name.lower() in AGGREGATES:
            return self._aggregate(node, where)
        return self._function(node, where)

    def _function(self, node: exp.Expression, where: Where) -> Term:
        """A function that the parser does not know."""
        name = str(node.this if isinstance(node.this, str) else node.name).upper()
        inner = where.within() if where.windowed else where
        args = self.terms.sequence(self.term(item, inner) for item in node.expressions)
        made = self.terms.make("function", f"{type(node).__name__.upper()} {name}", args)
        return self.terms.make("volatile", made) if name in VOLATILE_NAMES else made

    def _is_unfolding(self, name: str) -> bool:
        return name.lower() in WORDS["unfolding"] and not (self.dialect.read == "duckdb" and name.lower() in WORDS["lists in duckdb"])

    def _unfolding(self, node: exp.Expression, where: Where) -> Term:
        """A function in the SELECT list that makes several rows of one."""
        made = self.terms.make("unfold", self._function(node, where) if isinstance(node, exp.Anonymous) else self.plain(node, where))
        where.scope.unfolded.append(made)
        return made

    def _aggregate(self, node: exp.Expression, where: Where) -> Term:
        inner = where.within(aggregated=not where.windowed)
        if isinstance(node, exp.Count) and isinstance(node.this, (exp.Literal, exp.Star)) and not node.expressions and not except_of(node.this):
            made = self.terms.make("function", "COUNT", "this", self.terms.make("star"))
        else:
            made = self._function(node, inner) if isinstance(node, exp.Anonymous) else self.plain(node, inner)
        if where.windowed or where.aggregated:
            return made
        where.scope.aggregated = True
        return self.terms.make("agg", made)

    def _read_filter(self, node: exp.Expression, where: Where) -> Term:
        """FILTER, WITHIN GROUP, IGNORE NULLS, and what else stands around a call and belongs to it."""
        if where.windowed or where.aggregated:
            return self.plain(node, where, windowed=where.windowed)
        if not _holds_aggregate(node.this):
            return self.plain(node, where)
        where.scope.aggregated = True
        return self.terms.make("agg", self.plain(node, where.within(aggregated=True)))

    _read_withingroup = _read_ignorenulls = _read_respectnulls = _read_filter

    def _read_window(self, node: exp.Expression, where: Where) -> Term:
        terms, args = self.terms, self._inherited(node, where.scope)
        call = self.term(node.this, where.within(aggregated=False, windowed=True))
        inner = where.within(aggregated=where.aggregated)
        keys = terms.collection(self.term(item, inner) for item in args.get("partition_by") or ())
        order = self.ordering(args.get("order"), inner)
        spec = args.get("spec")
        rest = self.arg("first", args.get("first"), where)
        frame = terms.sequence(self._frame(spec, inner)) if spec is not None and not _is_default(spec, ordered=bool(order.args)) else terms.sequence([])
        return terms.make("open-win", terms.make("window", call, keys, order, frame, *rest))

    def _frame(self, spec: exp.Expression, where: Where) -> list[Term]:
        """A window's frame, whose words are in any case."""
        found: list[Term] = []
        said = {**spec.args, "end": spec.args.get("end") or "CURRENT ROW"}
        for key, value in sorted(said.items()):
            if value:
                found.append(self.terms.make("word", key))
                found.append(self.terms.make("word", value.upper()) if isinstance(value, str) else self.part(value, where))
        return found

    def _inherited(self, node: exp.Expression, scope: Scope) -> dict[str, Any]:
        """A window's parts, with those of the named window that it builds on."""
        args = dict(node.args)
        seen: set[str] = set()
        alias = args.get("alias")
        while isinstance(alias, exp.Identifier):
            key = self.key(alias)
            base = scope.windows.get(key)
            if base is None or key in seen:
                break
            seen.add(key)
            args.update({name: base.args.get(name) for name in ("partition_by", "order", "spec") if not args.get(name)})
            alias = base.args.get("alias")
        return args

    def ordering(self, order: exp.Expression | None, where: Where) -> Term:
        """What an ORDER BY sorts by, in order."""
        return self.terms.sequence(self.ordered(item, self.term(_sorted(item), where)) for item in (order.expressions if order is not None else ()))

    def ordered(self, item: exp.Expression, value: Term) -> Term:
        """One element of an ORDER BY with its direction."""
        if not isinstance(item, exp.Ordered):
            return self.terms.make("ordered", value, 0, 0)
        fill = self.arg("with_fill", item.args.get("with_fill"), None)
        return self.terms.make("ordered", value, int(bool(item.args.get("desc"))), int(bool(item.args.get("nulls_first"))), *fill)

    def _read_order(self, node: exp.Expression, where: Where) -> Term:
        """ORDER BY within an aggregate."""
        around = [self.term(node.this, where)] if node.this is not None else []
        return self.terms.make("function", "ORDER", *around, self.ordering(node, where))

    def _read_lambda(self, node: exp.Expression, where: Where) -> Term:
        names = [self.key(item if isinstance(item, exp.Identifier) else item.this) for item in node.expressions]
        bound = {**where.bound, **{name: self.terms.make("parameter", len(where.bound) + place) for place, name in enumerate(names)}}
        return self.terms.make("function", "LAMBDA", self.terms.make("text", str(len(names))), self.term(node.this, where.within(bound=bound)))

    def _read_comprehension(self, node: exp.Expression, where: Where) -> Term:
        names = [self.key(item) for item in (node.expression, node.args.get("position")) if isinstance(item, exp.Expression)]
        bound = {**where.bound, **{name: self.terms.make("parameter", len(where.bound) + place) for place, name in enumerate(names)}}
        inner = where.within(bound=bound)
        condition = node.args.get("condition")
        parts = [self.term(node.this, inner), self.term(node.args["iterator"], where), *([self.term(condition, inner)] if condition is not None else [])]
        return self.terms.make("function", "COMPREHENSION", self.terms.make("text", str(len(names))), *parts)

    def _read_exists(self, node: exp.Expression, where: Where) -> Term:
        if not isinstance(node.this, QUERIES):
            return self.plain(node, where)
        return self.terms.make("exists", self.query(node.this, where.scope, where.scope.env).rows)

    def _read_parameter(self, node: exp.Expression, where: Where) -> Term:
        """``$1``: a column by its place, of whatever is there."""
        rows = self.terms.collection(source.row for source in where.scope.sources)
        return self.terms.make("name", f"${node.name or node.this}", rows)

    _read_positionalcolumn = _read_parameter

    def _read_columns(self, node: exp.Expression, where: Where) -> Term:
        """COLUMNS(…): each of several columns in turn, or all of them as arguments."""
        inner = node.this.this if isinstance(node.this, exp.Column) else node.this
        if isinstance(inner, exp.Star):
            chosen = self.terms.collection(self.terms.make("id", self.key(item.this if isinstance(item, exp.Column) else item)) for item in except_of(inner))
        else:
            chosen = self.term(inner, where)
        if node.args.get("unpack"):
            return self.terms.make("function", "UNPACKED", self._read_star(exp.Star(), where), chosen)
        return self.terms.make("each", chosen)

    def _read_table(self, node: exp.Expression, where: Where) -> Term:
        """A relation that a function is given."""
        return self.subquery(exp.Select(expressions=[exp.Star()], **{FROM_ARG: exp.From(this=node.copy())}), where)

    def subquery(self, node: exp.Expression, where: Where) -> Term:
        """A query as a value."""
        found = self.query(node, where.scope, where.scope.env)
        values = self.terms.sequence(found.values(self.terms))
        return self.terms.make("scalar", found.rows, values, found.order if found.order is not None else self.terms.sequence([]))


def _sorted(item: exp.Expression) -> exp.Expression:
    return item.this if isinstance(item, exp.Ordered) else item


def _holds_aggregate(node: exp.Expression) -> bool:
    """Whether what stands inside FILTER and its kin is an aggregate, or a function that nobody knows, which must be one there."""
    while isinstance(node, _AROUND):
        node = node.this
    return isinstance(node, (exp.AggFunc, exp.Anonymous))


def _is_default(spec: exp.Expression, *, ordered: bool) -> bool:
    """Whether a window's frame is the one that it has where none is written."""
    words = {key: str(value).upper() for key, value in spec.args.items() if value}
    plain = {"kind": "RANGE", "start": "UNBOUNDED", "start_side": "PRECEDING"}
    return ordered and words in ({**plain, "end": "CURRENT ROW"}, plain)


FROM_ARG = "from_" if "from_" in exp.Select.arg_types else "from"
_AROUND = tuple(kind for name in ("Filter", "WithinGroup", "IgnoreNulls", "RespectNulls") if (kind := getattr(exp, name, None)) is not None)
