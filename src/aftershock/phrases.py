"""Numbers and lists as a sentence has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def counted(number: int, one: str, many: str = "") -> str:
    """``1 table``, ``1,200 tables``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listing(parts: Sequence[str], limit: int = 0) -> str:
    """``a``, ``a and b``, ``a, b and c``; beyond ``limit`` (0 for none) ``a, b and 3 more``."""
    if limit and len(parts) > limit:
        parts = [*parts[:limit], f"{len(parts) - limit:,} more"]
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1] if parts else ""]))
