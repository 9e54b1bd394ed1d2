"""Expressions -> terms. What is only another way of writing becomes the same term; whatever is not known to be that stays different."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sqlglot import exp

from aftershock.sql.comparing.names import Names
from aftershock.sql.comparing.spelling import VOLATILE_NAMES, keeps_value, type_name
from aftershock.sql.comparing.terms import VOLATILE
from aftershock.sql.comparing.truths import among, chosen, negated
from aftershock.sql.expressions import QUERIES, Expressions, except_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.sql.comparing.scopes import Relation, Scope
    from aftershock.sql.comparing.terms import Arg, Term

    Bound = Mapping[str, Term]


class Where:
    """Where an expression stands: in which SELECT and clause, within which lambdas, and whether an aggregate is around it or a window is to come."""

    __slots__ = ("aggregated", "bound", "clause", "scope", "windowed")

    def __init__(self, scope: Scope, clause: str, bound: Bound, *, aggregated: bool = False, windowed: bool = False) -> None:
        self.scope = scope
        self.clause = clause
        self.bound = bound
        self.aggregated = aggregated
        self.windowed = windowed

    def within(self, *, aggregated: bool | None = None, windowed: bool = False, bound: Bound | None = None) -> Where:
        """The place of a part."""
        inside = self.aggregated if aggregated is None else aggregated
        return Where(self.scope, self.clause, self.bound if bound is None else bound, aggregated=inside, windowed=windowed)


class Scalars(Names):
    """Reads expressions of one side."""

    def query(self, node: exp.Expression, outer: Scope | None, env: Mapping[str, object]) -> Relation:
        """What a query yields."""
        raise NotImplementedError

    def value(self, node: exp.Expression, scope: Scope, clause: str) -> Term:
        """What an expression stands for."""
        return self.term(node, Where(scope, clause, {}))

    def keyed(self, node: exp.Expression, scope: Scope, clause: str) -> Term:
        """What an element of GROUP BY or ORDER BY stands for, where a name may be that of an output column."""
        while isinstance(node, exp.Paren):
            node = node.this
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
            return self.bind(self.parts(node), scope, clause, bare=True, written=_written(node))
        return self.value(node, scope, clause)

    @cached_property
    def names(self) -> Expressions:
        """Reads identifiers."""
        return Expressions(self.dialect, lambda _: None)  # type: ignore[arg-type, return-value]  # no query is read by it

    def key(self, identifier: exp.Expression | str | None) -> str:
        """An identifier as the warehouse compares it."""
        return self.names.key(identifier)

    def parts(self, column: exp.Expression) -> tuple[str, ...]:
        """The names of a column reference."""
        return self.names.parts(column)

    def term(self, node: exp.Expression, where: Where) -> Term:
        """What an expression stands for; a chain of operators, such as a sum of hundreds, is walked in a loop."""
        chain: list[exp.Expression] = []
        while type(node) in _CHAINS:
            chain.append(node)
            node = node.this
        found = self.single(node, where)
        for item in reversed(chain):
            if isinstance(item, exp.Paren):
                continue
            query = _asked(item)
            if query is not None:
                found = self._is_in(found, query, where)
                found = negated(self.terms, found, self.dialect.read) if isinstance(item, exp.NEQ) else found
                continue
            found = self._combined(item, found, self.term(item.expression, where))
        return found

    def single(self, node: exp.Expression, where: Where) -> Term:
        """What an expression that is no operator stands for."""
        raise NotImplementedError

    def _combined(self, node: exp.Expression, left: Term, right: Term) -> Term:
        """Two operands of an operator."""
        terms, name = self.terms, type(node).__name__
        if isinstance(node, exp.And):
            return terms.collection((left, right), "and")
        if isinstance(node, exp.Or):
            return terms.collection((left, right), "or")
        if name in _SYMMETRIC:
            return terms.pair(name.upper(), left, right)
        if name in _TURNED:
            return terms.make("function", _TURNED[name], right, left)
        rest = [item for key, value in node.args.items() if key not in {"this", "expression", "negate"} for item in self.arg(key, value, None)]
        if name in _COMPARING:
            made = terms.make("function", name.upper(), left, right, *rest)
            return negated(terms, made, self.dialect.read) if node.args.get("negate") else made
        turns = name in _SUMS and self.dialect.read in _ADDING
        return terms.chain(left, terms.make("operator", name.upper(), int(turns), *rest), right)

    def plain(self, node: exp.Expression, where: Where, *, windowed: bool = False) -> Term:
        """Any expression by its name and parts; ``windowed`` where it stands around the call of a window."""
        name = type(node).__name__.upper()
        inner = where if where.windowed == windowed else where.within(windowed=windowed)
        args: list[Arg] = []
        for key, value in node.args.items():
            if key not in _UNSAID or (key == "quoted" and self.dialect.read != "snowflake"):
                args.extend(self.arg(key, value, inner))
        made = self.terms.make("function", name, *args)
        return self.terms.make("volatile", made) if name in VOLATILE_NAMES else made

    def arg(self, key: str, value: object, where: Where | None) -> list[Arg]:
        """One argument of an expression with its name; none where it is not given."""
        if value is None or value is False or value in ([], ""):
            return []
        if key == "unit" and isinstance(value, exp.Literal):
            return [key, self.terms.make("word", value.name.upper())]
        if isinstance(value, list):
            return [key, self.terms.sequence(self.part(item, where) for item in value)]
        return [key, self.part(value, where)]

    def part(self, value: object, where: Where | None) -> Term:
        """A part of an expression, whatever it is; as it is written where no names are bound."""
        if isinstance(value, exp.Expression) and where is not None:
            return self.term(value, where)
        if isinstance(value, list):
            return self.terms.sequence(self.part(item, where) for item in value)
        if isinstance(value, exp.Expression):
            return self.terms.make("text", value.sql())
        return self.terms.make("text", f"{type(value).__name__}:{value}")

    def _read_column(self, node: exp.Expression, where: Where) -> Term:
        if isinstance(node.this, exp.Star):
            return self._read_star(node, where)
        parts = self.parts(node)
        if parts[0] in where.bound:
            return self.field(where.bound[parts[0]], parts[1:], _written(node)[1:])
        found = self.bind(parts, where.scope, where.clause, aggregated=where.aggregated, written=_written(node))
        return self.terms.make("outer-join", found) if node.args.get("join_mark") else found

    def _read_star(self, node: exp.Expression, where: Where) -> Term:
        """``object_construct(*)``, ``count(t.*)``: all columns at once."""
        star = node.this if isinstance(node, exp.Column) else node
        qualifier = self.parts(node)[:-1] if isinstance(node, exp.Column) else ()
        without = self.terms.collection(self.terms.make("id", self.key(item.this if isinstance(item, exp.Column) else item)) for item in except_of(star))
        sources = [source for source in where.scope.sources if not source.hidden and (not qualifier or source.alias == qualifier[-1])]
        return self.terms.make("function", "ALL", self._whole(sources), without)

    def _read_identifier(self, node: exp.Expression, where: Where) -> Term:
        key = self.key(node)
        return where.bound.get(key) or self.terms.make("id", key)

    def _read_literal(self, node: exp.Expression, _: Where) -> Term:
        return self.terms.make("literal", "text" if node.is_string else "number", node.this if node.is_string else node.this.lower())

    def _read_var(self, node: exp.Expression, _: Where) -> Term:
        return self.terms.make("word", str(node.this).upper())

    def _read_boolean(self, node: exp.Expression, _: Where) -> Term:
        return self.terms.make("true" if node.this else "false")

    def _read_null(self, node: exp.Expression, _: Where) -> Term:  # noqa: ARG002  # as its neighbours
        return self.terms.make("null")

    def _read_case(self, node: exp.Expression, where: Where) -> Term:
        operand = self.term(node.this, where) if node.this is not None else None
        branches = [(self.term(item.this, where), self.term(item.args["true"], where)) for item in node.args.get("ifs") or ()]
        return chosen(self.terms, operand, branches, self._otherwise(node.args.get("default"), where), self.dialect.read)

    def _read_if(self, node: exp.Expression, where: Where) -> Term:
        branch = self.term(node.this, where), self.term(node.args["true"], where)
        return chosen(self.terms, None, [branch], self._otherwise(node.args.get("false"), where), self.dialect.read)

    def _read_not(self, node: exp.Expression, where: Where) -> Term:
        return negated(self.terms, self.term(node.this, where), self.dialect.read)

    def _otherwise(self, node: exp.Expression | None, where: Where) -> Term:
        return self.terms.make("null") if node is None else self.term(node, where)

    def _read_between(self, node: exp.Expression, where: Where) -> Term:
        if node.args.get("symmetric"):
            return self.plain(node, where)
        value, low, high = (self.term(node.args[key], where) for key in ("this", "low", "high"))
        if value.bits & VOLATILE:
            return self.plain(node, where)
        return self.terms.collection((self.terms.make("function", "LTE", low, value), self.terms.make("function", "LTE", value, high)), "and")

    def _read_in(self, node: exp.Expression, where: Where) -> Term:
        args = node.args
        if any(args.get(key) for key in ("unnest", "field", "is_global")):
            return self.plain(node, where)
        value, query = self.term(node.this, where), args.get("query")
        if query is not None:
            return self._is_in(value, query, where)
        return among(self.terms, value, [self.term(item, where) for item in args.get("expressions") or ()], self.dialect.read)

    def _is_in(self, value: Term, query: exp.Expression, where: Where) -> Term:
        return self.terms.make("function", "IN", value, self.term(query, where))

    def _read_coalesce(self, node: exp.Expression, where: Where) -> Term:
        return self.terms.make("function", "COALESCE", *(self.term(item, where) for item in (node.this, *node.expressions)))

    def _read_dot(self, node: exp.Expression, where: Where) -> Term:
        """A field, or a function that lies in a schema: one of the project's own is the same wherever it lies."""
        called = node.args.get("expression")
        if isinstance(called, exp.Identifier):
            return self.field(self.term(node.this, where), (self.key(called),), (called.name,))
        if not isinstance(called, exp.Anonymous):
            return self.plain(node, where)
        names = [part for part in node.this.flatten() if isinstance(part, exp.Identifier)] if isinstance(node.this, exp.Dot) else [node.this]
        known = self.relations.of((*(self.key(name) for name in names), self.key(called.this)))
        if known is None:
            return self.plain(node, where)
        return self.terms.make("function", f"CALL {known.relation}", self.terms.sequence(self.term(item, where) for item in called.expressions))

    def _read_extract(self, node: exp.Expression, where: Where) -> Term:
        """``date_part('month', d)`` is ``extract(month from d)``."""
        if not isinstance(node.this, exp.Literal):
            return self.plain(node, where)
        return self.plain(exp.Extract(this=exp.Var(this=node.this.name), expression=node.expression), where)

    def _read_datetrunc(self, node: exp.Expression, where: Where) -> Term:
        """``trunc(d, 'month')`` of Snowflake is ``date_trunc('month', d)``: either keeps the type of what it is given."""
        if self.dialect.read != "snowflake" or set(node.args) - {"this", "unit", "input_type_preserved"}:
            return self.plain(node, where)
        return self.plain(exp.TimestampTrunc(this=node.this, unit=node.args.get("unit"), input_type_preserved=True), where)

    def _read_dateadd(self, node: exp.Expression, where: Where) -> Term:
        """``date_add(d, interval '1 day')`` of DuckDB is ``d + interval '1 day'``."""
        if self.dialect.read != "duckdb" or not isinstance(node.expression, exp.Interval) or node.args.get("unit") is not None:
            return self.plain(node, where)
        return self.terms.chain(self.term(node.this, where), self.terms.make("operator", "ADD", 1), self.term(node.expression, where))

    def _read_alias(self, node: exp.Expression, where: Where) -> Term:
        """A name within an expression is part of it: that of a struct's field."""
        return self.terms.make("function", "NAMED", self.terms.make("id", self.key(node.args.get("alias"))), self.term(node.this, where))

    def _read_struct(self, node: exp.Expression, where: Where) -> Term:
        """Fields that are made of columns have their names."""
        fields = []
        for item in node.expressions:
            found = self.term(item, where)
            name = item.name if isinstance(item, exp.Column) else ""
            fields.append(self.terms.make("function", "NAMED", self.terms.make("id", self.dialect.key(name)), found) if name else found)
        return self.terms.make("function", "STRUCT", self.terms.sequence(fields))

    def _read_cast(self, node: exp.Expression, where: Where) -> Term:
        rest = [item for key, value in node.args.items() if key not in {"this", "to", "safe"} for item in self.arg(key, value, where)]
        value, kind = self.term(node.this, where), type_name(node.args["to"], self.dialect)
        if not rest and keeps_value(self.kinds.get(value, ""), kind, self.dialect):
            return value
        return self.terms.make("function", type(node).__name__.upper(), value, self.terms.make("type", kind), *rest)

    _read_trycast = _read_cast


def _written(column: exp.Expression) -> tuple[str, ...]:
    """The names of a column reference as they are written."""
    return tuple(part.name for key in ("catalog", "db", "table", "this") if (part := column.args.get(key)) is not None)


def _asked(node: exp.Expression) -> exp.Expression | None:
    """The query of ``x = ANY (SELECT …)``, which is ``x IN (SELECT …)``, or of ``x <> ALL (SELECT …)``; None of anything else."""
    asked = node.args.get("expression")
    fits = (isinstance(node, exp.EQ) and isinstance(asked, exp.Any)) or (isinstance(node, exp.NEQ) and isinstance(asked, exp.All))
    inner = asked.this if asked is not None and fits else None
    while isinstance(inner, exp.Paren):
        inner = inner.this
    return inner if isinstance(inner, QUERIES) else None


_UNSAID = frozenset({"variant_extract", "quoted"})
"""Which of two ways of writing it was: ``a:b`` or ``get_path(a, 'b')``, and of Snowflake's paths, ``a:b`` or ``a:"b"``."""
_SYMMETRIC = frozenset({"EQ", "NEQ", "NullSafeEQ", "NullSafeNEQ"})
_SUMS = frozenset({"Add", "Mul"})
_ADDING = frozenset({"bigquery", "databricks", "duckdb", "postgres", "redshift", "snowflake", "spark", "trino"})
"""Dialects in which ``+`` joins no texts, so that its sides may change places."""
_COMPARING = frozenset({"LT", "LTE", "Is", "Like", "ILike"})
_TURNED = {"GT": "LT", "GTE": "LTE"}
_OPERATORS = (
    "And Or Add Sub Mul Div IntDiv Mod DPipe EQ NEQ GT GTE LT LTE NullSafeEQ NullSafeNEQ BitwiseAnd BitwiseOr BitwiseXor BitwiseLeftShift "
    "BitwiseRightShift Is Like ILike"
)
_CHAINS = frozenset({exp.Paren, *(kind for name in _OPERATORS.split() if (kind := getattr(exp, name, None)) is not None)})
