"""Whether a column's new type holds every value of the old one, for types that a catalog or YAML names and no SQL tells more of."""

from __future__ import annotations

import re

PARTS = re.compile(r"([a-z][a-z0-9_ ]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?")
WHOLE = ("tinyint", "smallint", "integer", "bigint", "hugeint")
"""From narrow to wide."""
SAME = {"int": "integer", "int2": "smallint", "int4": "integer", "int8": "bigint", "int64": "bigint", "byteint": "tinyint", "long": "bigint"}
SAME |= {"character varying": "varchar", "nvarchar": "varchar", "string": "text", "char varying": "varchar", "real": "float", "float4": "float"}
SAME |= {"double precision": "double", "float8": "double", "numeric": "decimal", "number": "decimal", "bool": "boolean"}
TEXTS = frozenset({"varchar", "text"})


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


def alike(one: str, other: str) -> bool:
    """Whether two types are the same but for their length, precision and scale, as a contract compares them."""
    first, second = _read(one), _read(other)
    if first is None or second is None:
        return one.strip().casefold() == other.strip().casefold()
    return first[0] == second[0] or {first[0], second[0]} <= TEXTS


def _read(text: str) -> tuple[str, int | None, int | None] | None:
    found = PARTS.fullmatch(text.strip().casefold())
    if found is None:
        return None
    size, scale = (int(part[:9]) if part else None for part in found.groups()[1:])
    return SAME.get(found[1].strip(), found[1].strip()), size, scale
