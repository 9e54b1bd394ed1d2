"""An expression of sqlglot's -> what it uses, in which role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from aftershock.sql.needs import PASSING, STANDING, around
from aftershock.sql.query import AGGREGATED, BARE, SPREADS, WINDOWED, NamedWindow, Ordinal, Ref, Role, Sub, Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aftershock.sql.dialects import Dialect
    from aftershock.sql.query import Query, Use, Uses

    ReadQuery = Callable[[exp.Expression], Query]
    Bound = frozenset[str]
    """Names of a lambda's parameters, which are no columns, beside flags of where the walk is."""
    Where = tuple[Bound, int]
    Work = tuple[exp.Expression, int, Where]

NOWHERE: Where = (frozenset(), SPREADS)
QUERIES = (exp.Select, exp.SetOperation, exp.Subquery)
_COLUMNS = getattr(exp, "Columns", None)


class Expressions:
    """Reads expressions of one dialect; ``read_query`` reads the queries in them.

    The walk keeps its own stack: a sum of thousands of terms is a tree as deep, which no recursion survives.
    """

    def __init__(self, dialect: Dialect, read_query: ReadQuery) -> None:
        self.dialect = dialect
        self.read_query = read_query

    def key(self, identifier: exp.Expression | str | None) -> str:
        """An identifier as the warehouse compares it."""
        if isinstance(identifier, exp.Identifier):
            return self.dialect.key(identifier.this, quoted=bool(identifier.args.get("quoted")))
        if isinstance(identifier, str):
            return self.dialect.key(identifier)
        return self.dialect.key(identifier.name) if identifier is not None else ""

    def uses(self, expression: exp.Expression | None, role: int = Role.TRANSFORMATION) -> Uses:
        """Everything that an expression reads. A bare column keeps ``role``; within anything else IDENTITY becomes TRANSFORMATION."""
        if expression is None:
            return ()
        return tuple(self._walk(expression, role))

    def all_uses(self, expressions: list[exp.Expression] | None, role: int) -> Uses:
        """As :meth:`uses`, of several."""
        return tuple(use for expression in expressions or () for use in self.uses(expression, role))

    def sorting(self, order: exp.Expression | None, role: int = Role.SORT) -> Uses:
        """What an ORDER BY or GROUP BY list reads; a bare number is the place of an output column."""
        return tuple(use for expression in (order.expressions if order is not None else ()) for use in self.keyed(expression, role))

    def keyed(self, expression: exp.Expression, role: int) -> Uses:
        """One element of such a list."""
        bare = expression.this if isinstance(expression, exp.Ordered) else expression
        if isinstance(bare, exp.Literal) and not bare.is_string and bare.name.isdecimal() and len(bare.name) < 9:  # noqa: PLR2004  # no query has so many columns
            return (Ordinal(int(bare.name), role),)
        found = self.uses(bare, role)
        return (Ref(found[0].parts, role, BARE),) if isinstance(bare, exp.Column) and len(found) == 1 and isinstance(found[0], Ref) else found

    def parts(self, column: exp.Expression) -> tuple[str, ...]:
        """The names of a column reference, outermost first."""
        args = column.args
        found = [args.get("catalog"), args.get("db"), args.get("table"), column.this]
        return tuple(self.key(part) for part in found if part is not None and part != "")

    def _walk(self, expression: exp.Expression, role: int) -> Iterator[Use]:
        stack: list[Work] = [(expression, role, NOWHERE)]
        while stack:
            node, role, bound = stack.pop()
            kind = type(node)
            if kind is exp.Column:
                yield from self._column(node, role, bound)
            elif kind in (exp.Paren, exp.Alias, exp.Ordered):
                stack.append((node.this, role, bound))
            elif isinstance(node, QUERIES):
                yield Sub(self.read_query(node), _inner(role), width=1)
            elif isinstance(node, exp.Exists):
                yield from self._exists(node, role, bound, stack)
            elif _COLUMNS is not None and isinstance(node, _COLUMNS):
                yield self._columns(node, _inner(role))
            else:
                special = _SPECIAL.get(kind)
                if special is None:
                    inner = _inner(role)
                    if isinstance(node, exp.AggFunc):
                        inner = max(Role.AGGREGATION, role)
                        bound = (bound[0], bound[1] | AGGREGATED)
                    bound = (bound[0], around(node, bound[1]))
                    stack.extend((child, inner, bound) for child in children(node))
                else:
                    bound = (bound[0], around(node, bound[1]) if kind in PASSING else bound[1] & STANDING)
                    yield from special(self, node, role if kind is exp.Dot else _inner(role), bound, stack)

    def _column(self, node: exp.Expression, role: int, bound: Where) -> Iterator[Use]:
        if isinstance(node.this, exp.Star):
            yield Whole(role, self.parts(node)[:-1])
            return
        parts = self.parts(node)
        if parts[0] not in bound[0]:
            yield Ref(parts, role, bound[1] & ~SPREADS if role == Role.IDENTITY or role > Role.AGGREGATION else bound[1])

    def _dot(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        """``a.b.c.d.e`` beyond what a column reference can hold, or a field of any other expression."""
        names: list[str] = []
        base = node
        while isinstance(base, exp.Dot):
            field = base.args.get("expression")
            if not isinstance(field, exp.Identifier):
                stack.extend((child, _inner(role), bound) for child in children(node))
                return
            names.append(self.key(field))
            base = base.this
        if isinstance(base, exp.Paren):  # (o).amount
            base = base.this
        if not isinstance(base, exp.Column):
            stack.append((base, _inner(role), bound))
            return
        parts = (*self.parts(base), *reversed(names))
        if parts[0] not in bound[0]:
            yield Ref(parts, role, bound[1])

    def _exists(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        if isinstance(node.this, QUERIES):
            yield Sub(self.read_query(node.this), _inner(role), exists=True)
        else:  # EXISTS(array, lambda) of Spark
            stack.extend((child, _inner(role), bound) for child in children(node))

    def _columns(self, node: exp.Expression, role: int) -> Use:
        pattern, without, _ = self.choice(node.this)
        return Whole(role, (), pattern, without)

    def choice(self, chosen: exp.Expression) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """What COLUMNS(…) chooses: a regular expression (empty for all), what is left out, and names that it lists."""
        if isinstance(chosen, exp.Literal) and chosen.is_string:
            return chosen.name, (), ()
        if isinstance(chosen, (exp.Array, exp.Tuple)):
            return "", (), tuple(self.key(item.name) for item in chosen.expressions)
        star = chosen.this if isinstance(chosen, exp.Column) else chosen
        if isinstance(star, exp.Star):
            return "", tuple(self.key(item) for item in except_of(star)), ()
        return "", (), ()

    def _case(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        condition, apart = role if role > Role.AGGREGATION else Role.CONDITIONAL, _apart(bound)
        if node.this is not None:
            stack.append((node.this, condition, apart))
        for branch in node.args.get("ifs") or ():
            stack.append((branch.this, condition, apart))
            stack.extend((value, role, bound) for value in (branch.args.get("true"),) if value is not None)
        if (default := node.args.get("default")) is not None:
            stack.append((default, role, bound))
        yield from ()

    def _if(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        stack.append((node.this, role if role > Role.AGGREGATION else Role.CONDITIONAL, _apart(bound)))
        stack.extend((value, role, bound) for key in ("true", "false") if isinstance(value := node.args.get(key), exp.Expression))
        yield from ()

    def _window(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        window = role if role > Role.AGGREGATION else Role.WINDOW
        bound = (bound[0], bound[1] | WINDOWED)
        stack.append((node.this, role, bound))
        if (alias := node.args.get("alias")) is not None:
            yield NamedWindow(self.key(alias))
        inner = [*(node.args.get("partition_by") or ()), node.args.get("order"), node.args.get("spec")]
        stack.extend((child, window, _apart(bound)) for child in inner if isinstance(child, exp.Expression))

    def _filter(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        stack.append((node.this, role, bound))
        stack.append((node.expression, role if role > Role.AGGREGATION else Role.FILTER, _apart(bound)))
        yield from ()

    def _within(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        """``percentile_cont(0.5) WITHIN GROUP (ORDER BY amount)``: what is sorted is what is aggregated."""
        inner = max(Role.AGGREGATION, role)
        stack.extend((child, inner, bound) for child in (node.this, node.expression))
        yield from ()

    def _order(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        """ORDER BY within an aggregate."""
        if isinstance(node.this, exp.Expression):
            stack.append((node.this, role, bound))
        stack.extend((child, role if role > Role.AGGREGATION else Role.SORT, bound) for child in node.expressions)
        yield from ()

    def _lambda(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        names = frozenset(self.key(name) for name in node.expressions)
        stack.append((node.this, role, (bound[0] | names, bound[1])))
        yield from ()

    def _named(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        """``name => value``, ``value AS name`` in a struct: the name is none of a column."""
        stack.append((node.expression, role, bound))
        yield from ()

    def _in(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        """``(a, b) IN (SELECT …)``: the query must have as many columns."""
        query = node.args.get("query")
        if isinstance(query, QUERIES):
            width = len(node.this.expressions) if isinstance(node.this, exp.Tuple) else 1
            yield Sub(self.read_query(query), role, width=width)
        stack.extend((child, role, bound) for child in children(node) if child is not query)

    def _parameter(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        """``$1`` of Snowflake, ``#1`` of DuckDB: a column by its place."""
        place = node.this
        digits = place.name if isinstance(place, exp.Expression) else str(place)
        if digits.isdecimal() and len(digits) < 6:  # noqa: PLR2004  # no relation has so many columns
            yield Whole(role, place=int(digits))
        stack.extend((child, role, bound) for child in children(node))

    def _star(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:  # noqa: ARG002  # as its neighbours
        """``object_construct(*)``: all columns at once."""
        yield Whole(role, without=tuple(self.key(item.this if isinstance(item, exp.Column) else item) for item in except_of(node)))

    def _count(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        """``count(*)`` counts rows, whatever their columns."""
        inner = max(role, Role.AGGREGATION)
        stack.extend((child, inner, (bound[0], bound[1] | AGGREGATED)) for child in children(node) if not isinstance(child, exp.Star))
        yield from ()

    def _comprehension(self, node: exp.Expression, role: int, bound: Where, stack: list[Work]) -> Iterator[Use]:
        """``[x + 1 for x in list if x > 0]``."""
        names = {self.key(name) for name in (node.expression, node.args.get("position")) if isinstance(name, exp.Expression)}
        inner = (bound[0] | names, bound[1])
        stack.append((node.this, role, inner))
        stack.extend((child, role, where) for child, where in ((node.args.get("iterator"), bound), (node.args.get("condition"), inner)) if child is not None)
        yield from ()


def kind_of(expression: exp.Expression) -> int:
    """AGGREGATED, WINDOWED, both or neither: what an expression contains outside the queries in it."""
    found, stack = 0, [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.Window):
            found |= WINDOWED
            stack.extend(child for child in children(node) if child is not node.this)
            called = node.this.this if isinstance(node.this, (exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)) else node.this
            stack.extend(children(called) if isinstance(called, exp.Expression) else ())
        elif not isinstance(node, QUERIES):
            found |= AGGREGATED if isinstance(node, exp.AggFunc) else 0
            stack.extend(children(node))
    return found


def _apart(bound: Where) -> Where:
    """Where a part of an expression stands that decides, and is not computed with."""
    return bound[0], bound[1] & STANDING


def _inner(role: int) -> int:
    """The role of a part: what is computed from a column is no longer the column."""
    return Role.TRANSFORMATION if role == Role.IDENTITY else role


def children(node: exp.Expression) -> Iterator[exp.Expression]:
    """The expressions directly in this one."""
    for value in node.args.values():
        if isinstance(value, exp.Expression):
            yield value
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, exp.Expression):
                    yield item


def except_of(star: exp.Expression) -> list[exp.Expression]:
    """What EXCEPT or EXCLUDE takes from a star; the key has changed its name between versions of sqlglot."""
    found = star.args.get("except_") or star.args.get("except") or []
    return found if isinstance(found, list) else [found]


_SPECIAL: dict[type, Callable[..., "Iterator[Use]"]] = {  # noqa: UP037  # names for type checkers only
    exp.Case: Expressions._case,  # noqa: SLF001  # its own table
    exp.If: Expressions._if,  # noqa: SLF001  # as above
    exp.Window: Expressions._window,  # noqa: SLF001  # as above
    exp.Filter: Expressions._filter,  # noqa: SLF001  # as above
    exp.WithinGroup: Expressions._within,  # noqa: SLF001  # as above
    exp.Order: Expressions._order,  # noqa: SLF001  # as above
    exp.Lambda: Expressions._lambda,  # noqa: SLF001  # as above
    exp.PropertyEQ: Expressions._named,  # noqa: SLF001  # as above
    exp.Kwarg: Expressions._named,  # noqa: SLF001  # as above
    exp.Count: Expressions._count,  # noqa: SLF001  # as above
    exp.Dot: Expressions._dot,  # noqa: SLF001  # as above
    exp.Star: Expressions._star,  # noqa: SLF001  # as above
    exp.In: Expressions._in,  # noqa: SLF001  # as above
    exp.Parameter: Expressions._parameter,  # noqa: SLF001  # as above
    exp.PositionalColumn: Expressions._parameter,  # noqa: SLF001  # as above
    exp.Comprehension: Expressions._comprehension,  # noqa: SLF001  # as above
}
