"""The bad time as a command can say it: whole batches of microbatch, the variable from which other SQL starts, or a span of a column."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from aftershock import times
from aftershock.recovery.carried import vars_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.model import Node, Run, Window

FLOORS: dict[str, dict[str, int]] = {
    "hour": {"minute": 0, "second": 0},
    "day": {"hour": 0, "minute": 0, "second": 0},
    "month": {"day": 1, "hour": 0, "minute": 0, "second": 0},
    "year": {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0},
}
LONGEST = {"hour": timedelta(hours=1), "day": timedelta(days=1), "month": timedelta(days=31), "year": timedelta(days=366)}

START_VARS = frozenset({"backfill_start", "backfill_start_date", "backfill_from", "window_start", "start_date", "from_date", "since"})
"""Names of project variables, in lower case, that by custom give the first day which a run takes. A custom is no proof: steps say what to look for."""

LATE = timedelta(days=1)
"""How much before the bad time a span starts where a model was wrong, besides what a run looks back: its first wrong run took rows of the day before."""
TEMPORAL = re.compile(r"date|timestamp", re.IGNORECASE)
TIMELIKE = re.compile(r"(?:^|_)(?:at|on|ts|time|date|datetime|timestamp|day|hour|month|tstamp)$|(?:date|time|timestamp)$", re.IGNORECASE)
"""Names that columns with a time have by custom."""
ZONED = re.compile(r"tz|with time zone", re.IGNORECASE)
DAYLIKE = re.compile(r"(?:^|_)(?:on|date|day|month)$|date$", re.IGNORECASE)
"""Names that columns of days have by custom."""


class Span(msgspec.Struct, frozen=True):
    """Rows whose ``column`` is at or after ``start`` and, where it is not empty, before ``end``: ISO 8601 in UTC, with ``Z`` where the column has a zone."""

    column: str
    start: str
    end: str = ""


def window_flags(node: Node, window: Window, *, late: bool = False) -> tuple[str, ...]:
    """``--event-time-start``, ``--event-time-end`` and their values, widened to whole batches; the end is exclusive.

    Where a model was wrong (``late``), its first wrong run took the batches of its lookback too. Empty where no such command can be written: not a
    microbatch model, an end or the batch size unknown, or nothing between the ends.
    """
    since, until = times.read(window.since), times.read(window.until)
    size = node.build.batch_size
    if node.build.strategy != "microbatch" or size not in FLOORS or since is None or until is None or since >= until:
        return ()
    try:
        start, end = _floor(since - LONGEST[size] * (max(node.build.lookback, 0) if late else 0), size), _ceiling(until, size)
    except (OverflowError, ValueError):  # the last batch that a calendar can hold
        return ()
    return ("--event-time-start", _written(start), "--event-time-end", _written(end))


def start_vars(node: Node) -> tuple[str, ...]:
    """The variables in the node's own SQL from which it may start."""
    return tuple(name for name in node.build.vars if name.lower() in START_VARS)


def backfill_flags(node: Node, window: Window, run: Run | None, *, late: bool = False) -> tuple[str, ...]:
    """``--vars`` and its value: the day from which a run must take rows in the one variable from which the node starts, and the variables of the run.

    Empty where the start is unknown, there is no such variable or more than one, its SQL does not show that it selects from there on, or the run's
    own variables cannot be joined with it. ``late`` is as for :func:`span_of`.
    """
    start, names = _start(node, window, late=late), tuple(name for name in start_vars(node) if name in node.build.starts)
    given = run.args.get("vars") if run is not None else None
    if start is None or len(names) != 1 or (vars_text(given) and not isinstance(given, dict)):
        return ()
    known = given if isinstance(given, dict) else {}
    return ("--vars", json.dumps({**known, names[0]: start.date().isoformat()}, sort_keys=True, ensure_ascii=False))


def span_of(node: Node, window: Window, types: Mapping[str, str], *, late: bool = False) -> Span | None:
    """The rows of an incremental model that the bad time may have reached, by a column that gives their time.

    That is its event_time, else the column whose newest value its runs start from, else the only column that the warehouse gives a date or time.
    It starts as long before the bad time as a run looks back, and at a day's start where the column may hold days. None where the bad time's start is
    unknown, how far back a run looks is unknown, or no column is certain. It has no end: rows after the bad time may be sums over it.

    Args:
        node: the model.
        window: the bad time.
        types: the types of its columns by name, as far as the warehouse said them.
        late: whether the bad time is when something ran, and not that of rows: then the first wrong run took rows of the time before, too.
    """
    start = _start(node, window, late=late)
    column = time_column(node, types)
    if start is None or not column:
        return None
    kind = next((kind for name, kind in _known(node, types).items() if name.lower() == column.lower()), "")
    if not re.search(r"time", kind, re.IGNORECASE) and (kind or DAYLIKE.search(column)):
        start = _floor(start, "day")
    zone = "Z" if ZONED.search(kind) else ""
    return Span(column, _written(start) + zone)


def time_column(node: Node, types: Mapping[str, str]) -> str:
    """The column that gives the time of a model's rows; empty where how far back its runs look, or the column, is not certain."""
    return (node.build.event_time or _time_column(node, types)) if node.build.watermark else ""


def _start(node: Node, window: Window, *, late: bool) -> datetime | None:
    """From when on rows may be bad; None where that is not known."""
    since = times.read(window.since)
    try:
        if since is None:
            return None
        start = since - timedelta(seconds=node.build.back_seconds) - (LATE if late else timedelta())
        return _period(start, node.build.grain)
    except (OverflowError, ValueError):
        return None


def _period(moment: datetime, grain: str) -> datetime:
    """The start of the period that holds the moment; a week may begin on any day, so that it is the same day a week before."""
    if grain == "week":
        return _floor(moment - timedelta(days=7), "day")
    if grain == "quarter":
        return _floor(moment, "month").replace(month=(moment.month - 1) // 3 * 3 + 1)
    return _floor(moment, grain) if grain in FLOORS else moment


def _known(node: Node, types: Mapping[str, str]) -> Mapping[str, str]:
    """The types of a node's columns: as the warehouse said, else as declared."""
    declared = {column.name.lower(): column.data_type for column in node.columns if column.data_type}
    return (
        {**{name: declared.get(name.lower(), "") for name in types}, **declared, **{name: kind for name, kind in types.items() if kind}} if types else declared
    )


def _time_column(node: Node, types: Mapping[str, str]) -> str:
    known = _known(node, types)
    watermark = node.build.watermark
    kind = next((kind for name, kind in known.items() if name.lower() == watermark.lower()), "")
    if TEMPORAL.search(kind) or (not kind and TIMELIKE.search(watermark)):
        return next((name for name in types if name.lower() == watermark.lower()), watermark)
    temporal = [name for name in types if TEMPORAL.search(known[name]) or (not known[name] and TIMELIKE.search(name))]
    return temporal[0] if len(temporal) == 1 else ""


def _written(moment: datetime) -> str:
    """Seconds and no zone, or dbt rejects it; dbt takes it as UTC."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _floor(moment: datetime, size: str) -> datetime:
    return moment.replace(microsecond=0, **FLOORS[size])  # type: ignore[arg-type]


def _ceiling(moment: datetime, size: str) -> datetime:
    floor = _floor(moment, size)
    return floor if floor == moment else _floor(floor + LONGEST[size], size)
