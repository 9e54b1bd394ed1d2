"""Which columns a pattern chooses. Patterns come with the SQL, so none is tried that could run for long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aftershock.columns.relations import Col
    from aftershock.sql.query import Star

SAFE = re.compile(r"(?:[^\\()*+?{|]|\\.|[|*+?]|\((?:\?[:i]+)?|\)){0,200}", re.DOTALL)
MOST_REPEATS = 4
REPEATED_GROUP = re.compile(r"\)\s*[*+?{]")


def chosen(star: Star, cols: list[Col]) -> list[Col]:
    """The columns that a star lets through; all where there is no pattern, or one that could take long to try."""
    if star.names:
        return [col for col in cols if col.key in star.names]
    if star.like:
        return _like(star.like, cols)
    if not star.pattern or not _is_safe(star.pattern):
        return cols
    try:
        tried = re.compile(star.pattern)
    except re.error:
        return cols
    return [col for col in cols if tried.search(col.name)]


def _like(like: str, cols: list[Col]) -> list[Col]:
    if like.count("%") > MOST_REPEATS:
        return cols
    pattern = "".join(".*" if part == "%" else "." if part == "_" else re.escape(part) for part in re.split("([%_])", like))
    return [col for col in cols if re.fullmatch(pattern, col.name, re.IGNORECASE)]


def _is_safe(pattern: str) -> bool:
    """Whether a regular expression has few repetitions, none of a group."""
    repeats = sum(pattern.count(sign) for sign in "*+?")
    return SAFE.fullmatch(pattern) is not None and repeats <= MOST_REPEATS and not REPEATED_GROUP.search(pattern)
