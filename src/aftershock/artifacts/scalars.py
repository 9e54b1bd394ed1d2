"""Loosely typed values of dbt's files as ours: versions and engines write the same value as a text, a number, a list or not at all."""

from __future__ import annotations

import math


def text(value: object) -> str:
    """A value as a text; empty for nothing, a list or a mapping."""
    return value if isinstance(value, str) else "" if value is None or isinstance(value, (dict, list)) else str(value)


def words(value: object) -> tuple[str, ...]:
    """One value or a list of them as texts, without those that are nothing."""
    if isinstance(value, (list, tuple)):
        return tuple(text(item) for item in value if item is not None)
    return (text(value),) if value else ()


_DIGITS = 9
"""A text of more digits is no number of batches or of days."""


def whole(value: object, default: int) -> int:
    """A whole number from 0, also where it is written as a text; ``default`` for anything else."""
    digits = text(value)
    return int(digits) if digits.isdecimal() and len(digits) <= _DIGITS else default


def number(value: object) -> float | None:
    """A finite number, also where it is written as a text; None for anything else."""
    try:
        found = float(value) if isinstance(value, (int, float, str)) else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and math.isfinite(found) else None
