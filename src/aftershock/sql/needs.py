"""What an expression needs of the values that it computes with, by which a strict warehouse refuses one of another family.

Told by sqlglot's own words for functions, and of what stands directly around a column: a warehouse that makes a number of a text by itself, as Snowflake
and Spark do, refuses none of it.
"""

from __future__ import annotations

from sqlglot import exp

from aftershock.sql.query import AGGREGATED, NEEDS, NO_NUMBER, NO_TEXT, NO_TIME, SPREADS, WINDOWED

STANDING = AGGREGATED | WINDOWED
"""Flags that hold for all that is within an expression."""
PASSING: frozenset[type] = frozenset({exp.Case, exp.If, exp.Window, exp.Filter})
"""Expressions with a walk of their own, whose value is one of those in them."""

_NUMERIC = "sum mul div intdiv mod abs round floor ceil sqrt ln log exp pow stddev stddevpop stddevsamp variance variancepop"
_MOMENTS = "timestamptrunc datetrunc datediff timestampdiff extract year quarter month week day dayofweek dayofmonth dayofyear lastday monthname dayname"
_WORDS = "upper lower initcap length trim like ilike substring left right splitpart regexplike startswith"
OWN = {
    **dict.fromkeys(_NUMERIC.split(), NO_TEXT | NO_TIME),
    **dict.fromkeys(("add", "sub", "neg", "avg", "timetostr"), NO_TEXT),
    **dict.fromkeys(_MOMENTS.split(), NO_TEXT | NO_NUMBER),
    **dict.fromkeys(_WORDS.split(), NO_NUMBER | NO_TIME),
}
ORDERED = frozenset({"gt", "gte", "lt", "lte", "between"})
ONE_OF = frozenset({"coalesce", "greatest", "least", "case", "if"})
ITSELF = frozenset({"window", "filter", "min", "max", "anyvalue", "first", "last", "firstvalue", "lastvalue", "lag", "lead", "distinct", "ignorenulls"})
"""Functions that give one of the values they are given."""
SPREADING = frozenset({"sum", "add", "sub", "mul", "neg", "abs", "round", *ONE_OF, *ITSELF})


def around(node: exp.Expression, flags: int) -> int:
    """Where the parts of an expression stand.

    Args:
        node: the expression.
        flags: where it stands itself.
    """
    key = node.key
    found = flags & STANDING | OWN.get(key, 0)
    if key in ITSELF or key in ONE_OF:
        found |= flags & NEEDS
    if (key in ORDERED or key in ONE_OF) and any(map(_is_number, _values(node))):
        found |= NO_TEXT
    return found | flags & SPREADS if key in SPREADING else found


def _values(node: exp.Expression) -> list[object]:
    """What an expression compares, or gives one of."""
    if isinstance(node, exp.Case):
        return [*(branch.args.get("true") for branch in node.args.get("ifs") or ()), node.args.get("default")]
    if isinstance(node, exp.If):
        return [node.args.get("true"), node.args.get("false")]
    return [node.this, *(node.args.get(name) for name in ("expression", "low", "high")), *node.expressions]


def _is_number(value: object) -> bool:
    inner = value.this if isinstance(value, (exp.Neg, exp.Paren)) else value
    return isinstance(inner, exp.Literal) and not inner.is_string
