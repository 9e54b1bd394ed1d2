"""Effects in words: facts where they are known, "may" where a schema broke and nobody read the SQL of what lies below."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aftershock.model import Category, Dashboard, Effect
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model import Affected, Report

_ONE = {
    Effect.WRONG: "wrong",
    Effect.STALE: "stale",
    Effect.FAILS: "fails",
    Effect.SKIPPED: "skipped",
    Effect.LOSES_COLUMNS: "loses columns",
    Effect.MISSING_ROWS: "missing rows",
    Effect.DUPLICATED_ROWS: "duplicated rows",
}
_MANY = _ONE | {
    Effect.FAILS: "fail",
    Effect.LOSES_COLUMNS: "lose columns",
    Effect.MISSING_ROWS: "with missing rows",
    Effect.DUPLICATED_ROWS: "with duplicated rows",
}
_MAY = {
    Effect.WRONG: "be wrong",
    Effect.STALE: "be stale",
    Effect.FAILS: "fail",
    Effect.SKIPPED: "be skipped",
    Effect.LOSES_COLUMNS: "lose columns",
    Effect.MISSING_ROWS: "lack rows",
    Effect.DUPLICATED_ROWS: "have duplicated rows",
}
_ABOUT_COLUMNS = (Effect.WRONG, Effect.LOSES_COLUMNS, Effect.MISSING_ROWS, Effect.DUPLICATED_ROWS, Effect.STALE)
_STOPPING = frozenset({Category.PIPELINE_FAILURE, Category.SCHEMA_BREAK})
"""Where being skipped follows from the incident; elsewhere it is what the last run reported besides."""


def possible(report: Report, item: Affected | Dashboard) -> bool:
    """Whether the effects on ``item`` are no more than what the graph allows: below single columns, or a broken schema, where its SQL was not read."""
    radius = report.assessment.radius
    single = radius.category is Category.SCHEMA_BREAK or radius.coverage is not None
    return single and len(item.path) > 1 and item.certainty != "column"


def words(report: Report, item: Affected | Dashboard) -> str:
    """``wrong, missing rows``, or ``may fail, lose columns``, with the columns concerned and what no longer binds where that is known."""
    if isinstance(item, Dashboard) or not item.effects:
        return kinds(report, item)
    may = possible(report, item)
    told = [f"{(_MAY if may else _ONE)[effect]}{_detail(item, effect)}" for effect in item.effects]
    return f"{'may ' if may else ''}{', '.join(told)}"


def _detail(item: Affected, effect: Effect) -> str:
    """What an effect is about, in parentheses: said once, at the first effect that it belongs to."""
    if effect is Effect.FAILS:
        return f" ({item.why})" if item.why else ""
    about = next((known for known in item.effects if known in _ABOUT_COLUMNS), None)
    return f" ({', '.join(item.columns)})" if item.columns and effect is about else ""


def kinds(report: Report, item: Affected | Dashboard) -> str:
    """``wrong, missing rows``, or ``may fail, lose columns``: our own words alone, without anything from the artifacts."""
    if item.effects and possible(report, item):
        return f"may {', '.join(_MAY[effect] for effect in item.effects)}"
    return ", ".join(_ONE[effect] for effect in item.effects)


def tally(report: Report, items: Sequence[Affected]) -> str:
    """How many by effect, most first: ``9 wrong, 2 stale``, ``27 wrong (26 of them skipped in the last run)``, ``18 may lose columns``."""
    reported = report.assessment.radius.category not in _STOPPING
    found = Counter((possible(report, item), effect) for item in items for effect in item.effects)
    skipped = found.pop((False, Effect.SKIPPED), 0) if reported else 0
    order = sorted(found.items(), key=lambda pair: (-pair[1], pair[0][0], pair[0][1].value))
    parts = [f"{number:,} {_said(effect, number, may=may)}" for (may, effect), number in order]
    if not skipped:
        return ", ".join(parts)
    return f"{listing(parts)} ({skipped:,} of them skipped in the last run)"


def _said(effect: Effect, number: int, *, may: bool) -> str:
    if may:
        return f"may {_MAY[effect]}"
    return _ONE[effect] if number == 1 and effect in {Effect.FAILS, Effect.LOSES_COLUMNS} else _MANY[effect]
