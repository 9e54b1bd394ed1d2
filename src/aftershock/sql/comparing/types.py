"""Types of columns, as far as the SQL and the warehouse's own list tell them, and whether one holds every value of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.sql.comparing.spelling import listed_type, named_type, own_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aftershock.sql.comparing.facts import Side
    from aftershock.sql.comparing.scopes import Col
    from aftershock.sql.comparing.terms import Term, Terms
    from aftershock.sql.dialects import Dialect

_INTEGERS = {"TINYINT": 3, "SMALLINT": 5, "MEDIUMINT": 7, "INT": 10, "BIGINT": 19, "INT128": 39, "INT256": 77}
"""Digits of the greatest value."""
_SIGNED = {"UTINYINT": "SMALLINT", "USMALLINT": "INT", "UMEDIUMINT": "INT", "UINT": "BIGINT", "UBIGINT": "INT128", "UINT128": "INT256"}
"""The smallest type with a sign that holds one without."""
_EXACT = {"FLOAT": 7, "DOUBLE": 15}
"""Digits that a binary fraction holds exactly."""
_TEXTS = frozenset({"TEXT", "VARCHAR", "NVARCHAR", "CHAR", "NCHAR", "BPCHAR", "STRING"})
_DECIMALS = {"duckdb": (18, 3), "snowflake": (38, 0), "bigquery": (38, 9), "spark": (10, 0), "databricks": (10, 0), "redshift": (18, 0), "tsql": (18, 0)}
"""Precision and scale of a decimal for which none are given."""
_FRACTIONS = frozenset({"databricks", "duckdb", "snowflake", "spark"})
"""Dialects in which a number with a point is as exact as it is written."""
_COUNTING = frozenset({"bigquery", "databricks", "duckdb", "mysql", "postgres", "redshift", "spark", "trino"})
"""Dialects that count in BIGINT."""
_TRUTHS = frozenset({"LT", "LTE", "IN", "NOT", "IS", "LIKE", "ILIKE", "REGEXPLIKE", "SIMILARTO", "STARTSWITH", "ENDSWITH", "CONTAINS"})
_WORDS = frozenset({"CONCAT", "CONCATWS", "LOWER", "UPPER", "TRIM", "SUBSTRING", "REPLACE", "LEFT", "RIGHT", "MD5", "INITCAP", "GROUPCONCAT"})
_COUNTS = frozenset({"COUNT", "ROWNUMBER", "RANK", "DENSERANK", "NTILE", "COUNTIF", "APPROXDISTINCT"})
_LENGTHS = frozenset({"bigquery", "duckdb", "trino"})
"""Dialects in which the length of a text is a BIGINT."""
_OF_ARGUMENT = frozenset({"MIN", "MAX", "ANYVALUE", "FIRST", "LAST", "FIRSTVALUE", "LASTVALUE", "NTHVALUE", "LAG", "LEAD", "FILTER", "ABS", "DISTINCT", "NEG"})


class Types:
    """Tells types of two sides.

    Args:
        terms: those of the comparison.
        dialect: whose types these are.
        base: what is known of the base.
        head: what is known of the head.
    """

    def __init__(self, terms: Terms, dialect: Dialect, base: Side, head: Side) -> None:
        self.terms = terms
        self.dialect = dialect
        self._own = [{key: listed_type(name, dialect) for key, name in side.types} for side in (base, head)]
        self._known = [self._relations(side) for side in (base, head)]

    def _relations(self, side: Side) -> dict[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for item in (*side.known, *(known for _, known in side.inlined)):
            if item.inside is not None:
                found.update(self._relations(item.inside))
            successors = dict(item.successors)
            found.update(((item.relation, successors.get(key, key)), listed_type(name, self.dialect)) for _, key, name in item.columns)
        return found

    def normal(self, name: str) -> str:
        """A type under one name; as it is where it is not known."""
        return named_type(name, self.dialect)

    def changed(
        self, columns: Mapping[str, tuple[Col, Col]], base: Term, head: Term
    ) -> tuple[tuple[tuple[str, str, str], ...], frozenset[str], tuple[str, ...]]:
        """Columns whose type is another, keys of those of which that is all, and names of those whose new type does not hold every old value."""
        retyped: list[tuple[str, str, str]] = []
        only: set[str] = set()
        narrowed: list[str] = []
        for key, (before, after) in columns.items():
            was = self._type(before.term, base, 0) or self._own[0].get(key, "")
            now = self._type(after.term, head, 1) or self._own[1].get(key, "")
            if not was or not now or was == now:
                continue
            retyped.append((after.name, own_words(was, self.dialect), own_words(now, self.dialect)))
            held = holds(was, now, self.dialect.read)
            if not held:
                narrowed.append(after.name)
            if _is_cast_more(before.term, after.term) or (not held and _bare(before.term) is _bare(after.term)):
                only.add(key)
        return tuple(retyped), frozenset(only), tuple(narrowed)

    def _type(self, term: Term, rows: Term, side: int) -> str:
        """The type of a value of one row; empty where it cannot be told."""
        found = _BY_KIND.get(term.kind)
        return found(self, term, rows, side) if found is not None else ""

    def _column(self, term: Term, rows: Term, side: int) -> str:
        while rows.kind in {"limit", "group", "first", "unfold", "sorted", "extra"}:
            rows = rows.parts[0]
        return self._known[side].get((str(rows.args[0]), str(term.args[0])), "") if rows.kind == "scan" else ""

    def _at(self, term: Term, _: Term, side: int) -> str:
        holder, leaf = term.parts
        return self._type(leaf, holder.parts[0], side) if holder.kind == "slot" else ""

    def _inner(self, term: Term, rows: Term, side: int) -> str:
        return self._type(term.parts[0], rows, side)

    def _looked_up(self, term: Term, _: Term, side: int) -> str:
        return self._type(term.parts[-1], term.parts[0], side)

    def _scalar(self, term: Term, _: Term, side: int) -> str:
        values = term.parts[1].parts
        return self._type(values[0], term.parts[0], side) if len(values) == 1 else ""

    def _window(self, term: Term, _: Term, side: int) -> str:
        return self._type(term.parts[1].parts[0], term.parts[0], side)

    def _literal(self, term: Term, _: Term, side: int) -> str:  # noqa: ARG002  # as its neighbours
        kind, text = map(str, term.args)
        if kind == "text":
            return self.normal("TEXT")
        if text.isdecimal():
            return self.normal("INT" if len(text) < _INTEGERS["INT"] else "BIGINT")
        if self.dialect.read not in _FRACTIONS:
            return ""
        whole, fraction = text.partition(".")[::2]
        return f"DECIMAL({len(whole.lstrip('0')) + len(fraction)}, {len(fraction)})" if (whole + fraction).isdecimal() else ""

    def _chain(self, term: Term, _: Term, side: int) -> str:  # noqa: ARG002  # as its neighbours
        return self.normal("TEXT") if all(part.args[0] == "DPIPE" for part in term.parts if part.kind == "operator") else ""

    def _truth(self, *_: object) -> str:
        return "BOOLEAN"

    def _case(self, term: Term, rows: Term, side: int) -> str:
        _, branches, otherwise = term.parts
        return self._common([*(branch.parts[1] for branch in branches.parts), otherwise], rows, side)

    def _common(self, values: list[Term], rows: Term, side: int) -> str:
        found = {self._type(value, rows, side) for value in values if value.kind != "null"}
        return found.pop() if len(found) == 1 else ""

    def _union(self, term: Term, rows: Term, side: int) -> str:
        while rows.kind in {"limit", "group", "first", "unfold", "sorted", "extra"}:
            rows = rows.parts[0]
        if rows.kind != "union" or len(rows.parts) != len(term.parts):
            return ""
        found = {self._type(value, branch, side) for value, branch in zip(term.parts, rows.parts, strict=True) if value.kind != "null"}
        return found.pop() if len(found) == 1 else ""

    def _function(self, term: Term, rows: Term, side: int) -> str:  # noqa: PLR0911  # one return a kind
        name = str(term.args[0])
        if name in {"CAST", "TRYCAST"}:
            return str(term.parts[1].args[0])
        if name in _TRUTHS:
            return "BOOLEAN"
        if name in _WORDS:
            return self.normal("TEXT")
        if name in _COUNTS:
            return self.normal("BIGINT") if self.dialect.read in _COUNTING else ""
        if name == "LENGTH":
            return self.normal("BIGINT") if self.dialect.read in _LENGTHS else ""
        if name == "COALESCE":
            return self._common(term.parts, rows, side)
        if name in _OF_ARGUMENT and term.parts:
            return self._type(term.parts[0], rows, side)
        return ""


_BY_KIND: dict[str, Callable[[Types, Term, Term, int], str]] = {
    "col": Types._column,  # noqa: SLF001  # its own table
    "at": Types._at,  # noqa: SLF001  # as above
    "agg": Types._inner,  # noqa: SLF001  # as above
    "extended": Types._inner,  # noqa: SLF001  # as above
    "once": Types._inner,  # noqa: SLF001  # as above
    "lookup": Types._looked_up,  # noqa: SLF001  # as above
    "scalar": Types._scalar,  # noqa: SLF001  # as above
    "win": Types._window,  # noqa: SLF001  # as above
    "literal": Types._literal,  # noqa: SLF001  # as above
    "case": Types._case,  # noqa: SLF001  # as above
    "union-col": Types._union,  # noqa: SLF001  # as above
    "chain": Types._chain,  # noqa: SLF001  # as above
    "function": Types._function,  # noqa: SLF001  # as above
    **dict.fromkeys(("true", "false", "and", "or", "pair", "exists"), Types._truth),  # noqa: SLF001  # as above
}


def _is_cast(term: Term) -> bool:
    return term.kind == "function" and term.args[0] == "CAST" and len(term.parts) == 2  # noqa: PLR2004  # the value and the type


def _is_cast_more(before: Term, after: Term) -> bool:
    """Whether the only change is one cast more around the same value."""
    return _is_cast(after) and after.parts[0] is before


def _bare(term: Term) -> Term:
    """What casts stand around."""
    while _is_cast(term):
        term = term.parts[0]
    return term


def holds(old: str, new: str, dialect: str) -> bool:
    """Whether a type holds every value of another, as readers compare it; never where one is not known.

    Args:
        old: the type that it was, in sqlglot's words.
        new: the type that it is.
        dialect: whose types these are.
    """
    (was, first), (now, second) = _parsed(old), _parsed(new)
    if was in _SIGNED:
        return now == "U" + _SIGNED[was] or holds(_SIGNED[was], new, dialect)
    if was in _TEXTS and now in _TEXTS:
        return was == now and _longer(first, second) if "CHAR" in (was, now) else _longer(first, second)
    if was in _INTEGERS:
        return _holds_digits(_INTEGERS[was], 0, now, second, dialect)
    if was == "DECIMAL" and now == "DECIMAL":
        precision, scale = _precision(first, dialect)
        return precision >= 0 and _holds_digits(precision - scale, scale, now, second, dialect)
    return was == "FLOAT" and now == "DOUBLE"


def _holds_digits(whole: int, scale: int, now: str, params: tuple[int, ...], dialect: str) -> bool:
    if now in _INTEGERS:
        return not scale and _INTEGERS[now] >= whole
    if now in _EXACT:
        return not scale and _EXACT[now] >= whole
    if now != "DECIMAL":
        return False
    precision, wide = _precision(params, dialect)
    return precision >= 0 and precision - wide >= whole and wide >= scale


def _precision(params: tuple[int, ...], dialect: str) -> tuple[int, int]:
    if not params:
        return _DECIMALS.get(dialect, (-1, 0))
    return params[0], params[1] if len(params) > 1 else 0


def _longer(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    return not new or (bool(old) and new[0] >= old[0])


def _parsed(name: str) -> tuple[str, tuple[int, ...]]:
    """``DECIMAL(10, 2)`` as its name and numbers."""
    base, _, rest = name.partition("(")
    numbers = [part.strip() for part in rest.rstrip(")").split(",")] if rest else []
    known = all(part.isdecimal() for part in numbers)
    return (base.strip(), tuple(map(int, numbers))) if known else (name, ())
