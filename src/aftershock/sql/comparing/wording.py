"""How a difference is worded: names without what dbt adds, expressions cut to what a person reads."""

from __future__ import annotations

import re

from sqlglot import exp

from aftershock.sql.comparing.blocks import FROM

LONGEST = 60
"""Characters of one expression that are shown, of two that differ from shortly before where they do."""
AROUND = 20
_EPHEMERAL = re.compile(r"__dbt__cte__(?=\w)", re.IGNORECASE)
"""What dbt puts before the name of a model whose SQL is in that of its readers."""


def plain(text: str) -> str:
    """A text without what dbt puts before the names of models."""
    return _EPHEMERAL.sub("", text)


def told(conditions: list[str]) -> str:
    """Conditions after what is said of them; nothing where one is not known."""
    return f": {_cut(' and '.join(conditions))}" if conditions and all(conditions) else ""


def became(was: str, now: str) -> str:
    """Two expressions after what is said of them; of long ones what stands where they differ."""
    if not was or not now:
        return ""
    start = next((place for place, (one, two) in enumerate(zip(was, now, strict=False)) if one != two), min(len(was), len(now)))
    if max(len(was), len(now)) > LONGEST and start > AROUND:
        was, now = (f"…{text[start - AROUND :]}" for text in (was, now))
    return f": {_cut(was)} became {_cut(now)}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def join_of(kind: str) -> str:
    """A join's kind in SQL's words."""
    return "JOIN" if kind == FROM else f"{kind.upper()} JOIN"


def is_cast_of_same(old: exp.Expression, new: exp.Expression) -> bool:
    """Whether two expressions differ by the type that they are cast to alone."""
    bare = [node.this if isinstance(node, exp.Cast) else node for node in (old, new)]
    return bare[0] == bare[1]


def is_window_of_same(old: exp.Expression, new: exp.Expression) -> bool:
    """Whether two expressions are the same call over other windows."""
    return isinstance(old, exp.Window) and isinstance(new, exp.Window) and old.this == new.this
