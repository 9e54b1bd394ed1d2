"""Whether a column's new type holds every value of the old one, for types that a catalog or YAML names and no SQL tells more of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aftershock.sql.query import NO_NUMBER, NO_TEXT, NO_TIME

if TYPE_CHECKING:
    from aftershock.model.changes import Judgement

PARTS = re.compile(r"([a-z][a-z0-9_ ]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?")
NUMBER = re.compile(r"[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?|true|false|[+-]?(?:nan|inf(?:inity)?)", re.IGNORECASE)
WHOLE = ("tinyint", "smallint", "integer", "bigint", "hugeint")
"""From narrow to wide."""
SAME = {"int": "integer", "int2": "smallint", "int4": "integer", "int8": "bigint", "int64": "bigint", "byteint": "tinyint", "long": "bigint"}
SAME |= {"character varying": "varchar", "nvarchar": "varchar", "string": "text", "char varying": "varchar", "real": "float", "float4": "float"}
SAME |= {"double precision": "double", "float8": "double", "numeric": "decimal", "number": "decimal", "bool": "boolean"}
TEXTS = frozenset({"varchar", "text"})
FAMILIES = (
    frozenset({*WHOLE, "float", "double", "decimal", "utinyint", "usmallint", "uinteger", "ubigint", "bignumeric", "float64"}),
    frozenset({*TEXTS, "char", "bpchar", "nchar", "character"}),
    frozenset({"date", "datetime", "timestamp", "timestamptz", "timestamp with time zone", "timestamp without time zone", "timestamp_ntz", "timestamp_tz"}),
)
"""Types that every warehouse compares and computes with alike, so that what reads one reads another, if for other values."""


def widens(old: str, new: str) -> bool:
    """Whether every value of the old type is one of the new; false for anything that is not known to be so.

    Args:
        old: the type before, as a warehouse or a person writes it.
        new: the type after.
    """
    before, after = _read(old), _read(new)
    if before is None or after is None:
        return False
    (kind, size, scale), (other, more, finer) = before, after
    if kind == other == "decimal":
        return size is not None and more is not None and more - (finer or 0) >= size - (scale or 0) and (finer or 0) >= (scale or 0)
    if kind in TEXTS and other in TEXTS:
        return more is None or (size is not None and more >= size)
    if kind in WHOLE and other in WHOLE:
        return WHOLE.index(other) >= WHOLE.index(kind)
    return before == after or (kind, other) == ("float", "double")


def becomes(old: str, new: str) -> Judgement:
    """What another type means for those who read the column: nothing, other values, or that they may no longer be able to.

    Args:
        old: the type before, as a warehouse or a person writes it.
        new: the type after.
    """
    if widens(old, new):
        return "safe"
    first, second = _read(old), _read(new)
    kin = first is not None and second is not None and any(first[0] in family and second[0] in family for family in FAMILIES)
    return "risky" if kin else "breaking"


def alike(one: str, other: str) -> bool:
    """Whether two types are the same but for their length, precision and scale, as a contract compares them."""
    first, second = _read(one), _read(other)
    if first is None or second is None:
        return one.strip().casefold() == other.strip().casefold()
    return first[0] == second[0] or {first[0], second[0]} <= TEXTS


FLOATS = frozenset({"float", "double", "float64"})
REFUSING = frozenset({"athena", "bigquery", "duckdb", "postgres", "presto", "trino"})
"""Dialects that make no number or time of a text, and no text of either, to compute with it."""
STRICT = frozenset({"athena", "bigquery", "databricks", "duckdb", "spark", "trino"})
"""Dialects in whose contracts every two kinds of number differ."""


def refuses(needs: int, kind: str, dialect: str) -> bool:
    """Whether a warehouse certainly does not compute with values of a type.

    Args:
        needs: what is done with them, as flags of :mod:`aftershock.sql.query`.
        kind: the type; refused by nothing where it is not known.
        dialect: the warehouse's.
    """
    found = _read(kind)
    if found is None or dialect not in REFUSING:
        return False
    flags = (flag for family, flag in zip(FAMILIES, (NO_NUMBER, NO_TEXT, NO_TIME), strict=True) if found[0] in family)
    return any(needs & flag for flag in flags)


def spreads(old: str, new: str) -> bool:
    """Whether a number becomes a binary fraction, and with it whatever is added up from it."""
    first, second = _read(old), _read(new)
    return first is not None and second is not None and first[0] in FAMILIES[0] - FLOATS and second[0] in FLOATS


def is_text(kind: str) -> bool:
    """Whether values of a type are texts."""
    found = _read(kind)
    return found is not None and found[0] in FAMILIES[1]


def unlike(declared: str, yielded: str, dialect: str) -> bool:
    """Whether a contract's type certainly is not the one that the SQL yields."""
    if alike(declared, yielded):
        return False
    first, second = _read(declared), _read(yielded)
    known = first is not None and second is not None and all(any(item[0] in family for family in FAMILIES) for item in (first, second))
    return known and (dialect in STRICT or becomes(declared, yielded) == "breaking")


def holds_text(kind: str, text: str) -> bool:
    """Whether a text as it is written may be made a value of a type; true where that is not known."""
    found = _read(kind)
    if found is None:
        return True
    if found[0] in FAMILIES[0]:
        return NUMBER.fullmatch(text.strip()) is not None
    return found[0] not in FAMILIES[2] or any(letter.isdigit() for letter in text)


def _read(text: str) -> tuple[str, int | None, int | None] | None:
    found = PARTS.fullmatch(text.strip().casefold())
    if found is None:
        return None
    size, scale = (int(part[:9]) if part else None for part in found.groups()[1:])
    return SAME.get(found[1].strip(), found[1].strip()), size, scale
