"""Expressions that are another one's other name -> that one, before any name is bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Callable

_PARTS = {
    "Year": "YEAR", "Quarter": "QUARTER", "Month": "MONTH", "Week": "WEEK", "Day": "DAY", "DayOfMonth": "DAY", "DayOfYear": "DOY", "DayOfWeek": "DOW",
    "Hour": "HOUR", "Minute": "MINUTE", "Second": "SECOND",
}  # fmt: skip
_CALENDAR = frozenset({"Year", "Quarter", "Month", "Day", "DayOfMonth"})
"""Parts of a date that every dialect counts alike."""
_EXTRACTING = frozenset({"databricks", "duckdb", "mysql", "snowflake", "spark", "trino"})
_SKIPPING = tuple(
    kind
    for name in ("Sum", "Min", "Max", "Avg", "Count", "Stddev", "StddevPop", "StddevSamp", "Variance", "VariancePop")
    if (kind := getattr(exp, name, None)) is not None
)
"""Aggregates that look at nothing but the values that are not NULL, in any order."""
_MODIFIERS = frozenset({"this", "big_int"})


def plainer(node: exp.Expression, read: str) -> exp.Expression:
    """The same expression by the name that is compared.

    Args:
        node: any expression.
        read: the dialect, by the parser's name.
    """
    change = _BY_NAME.get(type(node).__name__)
    return node if change is None else change(node, read)


def _part(node: exp.Expression, read: str) -> exp.Expression:
    """``month(d)`` is ``extract(month from d)``."""
    name = type(node).__name__
    if read not in _EXTRACTING or (read != "duckdb" and name not in _CALENDAR) or _said(node) != {"this"}:
        return node
    return exp.Extract(this=exp.Var(this=_PARTS[name]), expression=node.this)


def _call(node: exp.Expression, read: str) -> exp.Expression:
    """``date_part('month', d)`` is ``extract(month from d)``."""
    args = node.expressions
    if str(node.this).lower() != "date_part" or read not in {"duckdb", "postgres"} or len(args) != 2:  # noqa: PLR2004  # what, and of what
        return node
    return exp.Extract(this=exp.Var(this=args[0].name), expression=args[1]) if isinstance(args[0], exp.Literal) and args[0].is_string else node


def _filtered(node: exp.Expression, read: str) -> exp.Expression:
    """``sum(x) FILTER (WHERE c)`` is ``sum(CASE WHEN c THEN x END)``, of aggregates that pass over NULL."""
    call, condition = node.this, node.expression
    if not isinstance(call, _SKIPPING) or not isinstance(condition, exp.Where) or not _said(call) <= _MODIFIERS:
        return node
    inner = _narrowed(call, condition)
    if inner is None:
        return node
    found: exp.Expression = type(call)(**{**call.args, "this": inner})
    return _counted(found, read) if isinstance(call, exp.Count) else found


def _narrowed(call: exp.Expression, condition: exp.Expression) -> exp.Expression | None:
    """What an aggregate looks at where a condition holds; None where that is not one value."""
    value = call.this
    if isinstance(value, exp.Distinct):
        one = len(value.expressions) == 1 and _said(value) == {"expressions"}
        return exp.Distinct(expressions=[_where(value.expressions[0], condition)]) if one else None
    if isinstance(value, exp.Star):
        return _where(exp.Literal.number(1), condition) if isinstance(call, exp.Count) and not _said(value) else None
    return _where(value, condition) if isinstance(value, exp.Expression) else None


def _where(value: exp.Expression, condition: exp.Expression) -> exp.Expression:
    return exp.Case(ifs=[exp.If(this=condition.this, true=value)])


def _counted(node: exp.Expression, _: str) -> exp.Expression:
    """``count(CASE WHEN c THEN 'x' END)`` counts where c holds, whatever it says there."""
    case = node.this.unnest() if node.this is not None else None
    if not isinstance(case, (exp.Case, exp.If)) or not _said(node) <= _MODIFIERS:
        return node
    choice = isinstance(case, exp.Case)
    branches, default = (case.args.get("ifs") or [], case.args.get("default")) if choice else ([case], case.args.get("false"))
    if not all(isinstance(item.args["true"].unnest(), exp.Literal) for item in branches) or not (default is None or isinstance(default, exp.Null)):
        return node
    ifs = [exp.If(this=item.this, true=exp.Literal.number(1)) for item in branches]
    return type(node)(**{**node.args, "this": exp.Case(this=case.this if choice else None, ifs=ifs)})


def _decoded(node: exp.Expression, _: str) -> exp.Expression:
    """``decode(x, 1, 'a', 'b')`` is a CASE where it looks for values alone, not for NULL."""
    value, *rest = node.expressions
    searched = rest[: len(rest) // 2 * 2 : 2]
    if not searched or not all(isinstance(item, exp.Literal) for item in searched):
        return node
    default = rest[-1] if len(rest) % 2 else None
    return exp.Case(this=value, ifs=[exp.If(this=one, true=two) for one, two in zip(searched, rest[1::2], strict=False)], default=default)


def _either(node: exp.Expression, _: str) -> exp.Expression:
    """``nvl2(x, a, b)`` is a CASE."""
    missing = exp.Is(this=node.this, expression=exp.Null())
    return exp.Case(ifs=[exp.If(this=exp.Not(this=missing), true=node.args["true"])], default=node.args.get("false"))


def _said(node: exp.Expression) -> set[str]:
    return {key for key, value in node.args.items() if value is not None and value is not False and value != []}


_BY_NAME: dict[str, Callable[[exp.Expression, str], exp.Expression]] = {
    **dict.fromkeys(_PARTS, _part),
    "Anonymous": _call,
    "Filter": _filtered,
    "Count": _counted,
    "DecodeCase": _decoded,
    "Nvl2": _either,
}


def rows_wanted(node: exp.Expression) -> exp.Expression:
    """``FETCH FIRST 3 ROWS ONLY`` is ``LIMIT 3``; what stays as it is leaves a share of the rows, or those that tie."""
    options = node.args.get("limit_options")
    special = isinstance(options, exp.Expression) and any(options.args.get(key) for key in ("percent", "with_ties"))
    if not isinstance(node, exp.Fetch) or special or node.args.get("percent") or node.args.get("with_ties"):
        return node
    return exp.Limit(expression=node.args.get("count") or exp.Literal.number(1))
