"""Names, times and queries as parts of a statement."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from aftershock.sql.repairing.warehouses import Warehouse, warehouse_of
from aftershock.times import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlglot import Token

QUERY = "aftershock_query"
_ZONED = re.compile(r"T.*(?:[zZ]|[+-]\d\d:?\d\d)$")
_FRACTION = re.compile(r":\d\d[.,](\d+)")
_DIGITS = 6


class NoQuery(ValueError):  # noqa: N818  # reads as what is wrong
    """Why a text cannot be used as one query, as a part of a sentence."""


class Rows(msgspec.Struct, frozen=True):
    """A query in two parts: ``name AS (…)`` for each common table expression that stands first, and the SELECT that reads them."""

    select: str
    ctes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The query."""
        return f"WITH {_lines(self.ctes)}\n{self.select}" if self.ctes else self.select

    def inside(self, select: str, where: str = "") -> Rows:
        """``SELECT … FROM (this) AS aftershock_query WHERE …``."""
        tail = f"\nWHERE {where}" if where else ""
        return Rows(f"SELECT {select}\nFROM (\n{self.select}\n) AS {QUERY}{tail}", self.ctes)

    def then(self, *steps: tuple[str, str], select: str) -> Rows:
        """What reads further named steps, each over those before it."""
        return Rows(select, (*self.ctes, *(f"{name} AS (\n{text}\n)" for name, text in steps)))


def quoted(name: str, adapter: str) -> str:
    """A column's name as its dialect quotes it."""
    from sqlglot import exp

    return exp.to_identifier(name, quoted=True).sql(dialect=warehouse_of(adapter).read or None)


def listed(names: Iterable[str], adapter: str, owner: str = "") -> str:
    """Columns with commas between, each behind ``owner.`` where that is given."""
    return ", ".join(f"{owner}.{quoted(name, adapter)}" if owner else quoted(name, adapter) for name in names)


def actual(name: str, columns: Sequence[str]) -> str:
    """A column as the warehouse spells it: dbt writes ``dbt_valid_from`` where Snowflake has DBT_VALID_FROM."""
    if name in columns:
        return name
    found = [column for column in columns if column.lower() == name.lower()]
    return found[0] if len(found) == 1 else name


def grouped(names: Iterable[str], adapter: str) -> str:
    """Columns for PARTITION BY or ORDER BY in a window, of types that may stand there."""
    form = warehouse_of(adapter).groups
    return ", ".join(form.format(quoted(name, adapter)) for name in names)


def utc(text: str, place: str) -> str:
    """A time as ``2026-03-01 06:00:00``, in UTC, with a fraction where it has one.

    Raises:
        UsageError: it is not a time; the error names ``place``.
    """
    moment = parse(text, place).replace(tzinfo=None)
    found = _FRACTION.search(text)
    fraction = found[1][:_DIGITS].rstrip("0") if found else ""
    return moment.isoformat(" ", "seconds") + (f".{fraction}" if fraction else "")


def moment(text: str, place: str, adapter: str) -> str:
    """A time as a literal that is cast to the dialect's timestamp: to one with a zone where the text has one and the dialect such a type."""
    zoned = bool(_ZONED.search(text.strip())) and warehouse_of(adapter).zoned
    zone = "+00:00" if _is_bigquery(adapter) or zoned else ""
    return f"CAST('{utc(text, place)}{zone}' AS {zoned or warehouse_of(adapter).timestamp})"


def within(column: str, start: str, end: str, adapter: str, owner: str = "") -> str:
    """``start <= column AND column < end``, either bound open where it is empty."""
    value = listed([column], adapter, owner)
    # a literal there is of one of three types that do not compare with one another, and dbt's own batches cast the column too
    value = f"CAST({value} AS TIMESTAMP)" if _is_bigquery(adapter) else value
    low = [f"{value} >= {moment(start, 'start', adapter)}"] if start else []
    high = [f"{value} < {moment(end, 'end', adapter)}"] if end else []
    return " AND ".join([*low, *high]) or "1 = 1"


def rows_of(query: str, ctes: Mapping[str, str] | None, adapter: str) -> Rows:
    """A query and the ephemeral parents that it names.

    Args:
        query: one SELECT, which may start with WITH. Its text is kept as it is, but for what stands behind its last word.
        ctes: the SQL of each name that it reads and that no relation has, in an order in which they can be defined.
        adapter: dbt's adapter type.

    Raises:
        NoQuery: it is not one query, or the brackets in it do not match.
    """
    warehouse, before, parts = warehouse_of(adapter), [], {**(ctes or {}), "": query}
    for name, text in parts.items():
        head, body = _flat(text, warehouse) if warehouse.flat else ("", _tokens(text, warehouse)[0])
        before += [head] if head else []
        if not name:
            return Rows(body, tuple(before))
        before.append(f"{name} AS (\n{body}\n)")
    raise AssertionError


def refuse_own(relation: str, query: str, ctes: Mapping[str, str] | None) -> None:
    """Let no query through that would find its own table emptied.

    Raises:
        NoQuery: the relation stands in it, as dbt writes ``{{ this }}``.
    """
    before = r"(?<![\w.])" if relation[:1].isalnum() else r"(?<!\.)"
    own = re.compile(rf"{before}{re.escape(relation)}(?![\w.])")
    if any(own.search(text) for text in (query, *(ctes or {}).values())):
        raise NoQuery("it reads the table that it is to fill")


def free_prefix(columns: Iterable[str]) -> str:
    """A prefix that no column of a table starts with, for columns of our own beside them."""
    taken, prefix = [column.lower() for column in columns], "aftershock_"
    while any(column.startswith(prefix) for column in taken):
        prefix += "_"
    return prefix


def _is_bigquery(adapter: str) -> bool:
    return warehouse_of(adapter).read == "bigquery"


def _lines(parts: Sequence[str]) -> str:
    return ",\n".join(parts)


def _tokens(text: str, warehouse: Warehouse) -> tuple[str, list[Token]]:
    """A query without its last semicolon and the comments behind it, and its tokens."""
    from sqlglot import Dialect, TokenType
    from sqlglot.errors import SqlglotError

    try:
        tokens = Dialect.get_or_raise(warehouse.read or None).tokenize(text)
    except SqlglotError as error:
        raise NoQuery(f"it cannot be read: {str(error).splitlines()[0]}") from None
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    depths = {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}
    depth = 0
    for token in tokens:
        depth += depths.get(token.token_type, 0)
        if depth < 0 or token.token_type is TokenType.SEMICOLON:
            raise NoQuery("it is more than one query" if depth >= 0 else "a bracket in it was never opened")
    if depth or not tokens:
        raise NoQuery("a bracket in it is never closed" if depth else "it is empty")
    return text[: tokens[-1].end + 1], tokens


def _flat(text: str, warehouse: Warehouse) -> tuple[str, str]:
    """What a query's own WITH defines, and the rest; for dialects in which no WITH may stand inside brackets."""
    from sqlglot import TokenType

    body, tokens = _tokens(text, warehouse)
    if tokens[0].token_type is not TokenType.WITH:
        return "", body
    depth, defines = 0, False
    for token, after in pairwise(tokens[1:]):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        defines = defines or (not depth and token.token_type is TokenType.ALIAS)
        if defines and not depth and token.token_type is TokenType.R_PAREN:
            if after.token_type is not TokenType.COMMA:
                return text[tokens[1].start : token.end + 1], text[after.start : tokens[-1].end + 1]
            defines = False
    raise NoQuery("its WITH has no SELECT")
