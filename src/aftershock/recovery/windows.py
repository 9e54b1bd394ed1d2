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
"""How much before the bad time a span starts besides what a model looks back: rows arrive late."""
TEMPORAL = re.compile(r"date|timestamp", re.IGNORECASE)
TIMELIKE = re.compile(r"(?:^|_)(?:at|on|ts|time|date|datetime|timestamp|day|hour|month|tstamp)$|(?:date|time|timestamp)$", re.IGNORECASE)
"""Names that columns with a time have by custom."""


class Span(msgspec.Struct, frozen=True):
    """Rows whose ``column`` is at or after ``start`` and, where it is not empty, before ``end``: ISO 8601 in UTC without a zone."""

    column: str
    start: str
    end: str = ""


def window_flags(node: Node, window: Window) -> tuple[str, ...]:
    """``--event-time-start``, ``--event-time-end`` and their values, widened to whole batches; the end is exclusive.

    Empty where no such command can be written: not a microbatch model, an end or the batch size unknown, or nothing between the ends.
    """
    since, until = times.read(window.since), times.read(window.until)
    size = node.build.batch_size
    if node.build.strategy != "microbatch" or size not in FLOORS or since is None or until is None or since >= until:
        return ()
    try:
        start, end = _floor(since, size), _ceiling(until, size)
    except (OverflowError, ValueError):  # the last batch that a calendar can hold
        return ()
    return ("--event-time-start", _written(start), "--event-time-end", _written(end))


def start_vars(node: Node) -> tuple[str, ...]:
    """The variables in the node's own SQL from which it may start."""
    return tuple(name for name in node.build.vars if name.lower() in START_VARS)


def backfill_flags(node: Node, window: Window, run: Run | None) -> tuple[str, ...]:
    """``--vars`` and its value: the day from which a run must take rows in the one variable from which the node starts, and the variables of the run.

    Empty where the start is unknown, there is no such variable or more than one, its SQL does not show that it selects from there on, or the run's
    own variables cannot be joined with it.
    """
    start, names = _start(node, window), tuple(name for name in start_vars(node) if name in node.build.starts)
    given = run.args.get("vars") if run is not None else None
    if start is None or len(names) != 1 or (vars_text(given) and not isinstance(given, dict)):
        return ()
    known = given if isinstance(given, dict) else {}
    return ("--vars", json.dumps({**known, names[0]: start.date().isoformat()}, sort_keys=True, ensure_ascii=False))


def span_of(node: Node, window: Window, types: Mapping[str, str]) -> Span | None:
    """The rows of an incremental model that the bad time may have reached, by a column that gives their time.

    That is its event_time, else the column whose newest value its runs start from, else the only column that the warehouse gives a date or time.
    It starts as long before the bad time as a run looks back. Where a key tells rows apart, a day is added for rows that come late, and it is widened to
    whole days; a model that only appends may hold what its source no longer shows, so that not a row more is replaced than must be. None where the bad
    time's start is unknown, how far back a run looks is unknown, or no column is certain.

    Args:
        node: the model.
        window: the bad time.
        types: the types of its columns by name, as far as the warehouse said them.
    """
    since = times.read(window.since)
    if since is None or not node.build.watermark:
        return None
    keyed = bool(node.build.unique_key or node.primary_key)
    start = _start(node, window) if keyed else _before(since, timedelta(seconds=node.build.back_seconds))
    if start is None:
        return None
    column = node.build.event_time or _time_column(node, types)
    until = times.read(window.until)
    try:
        end = _written(_ceiling(until + LATE, "day")) if until is not None else ""
    except (OverflowError, ValueError):
        end = ""
    return Span(column, _written(start), end) if column else None


def _start(node: Node, window: Window) -> datetime | None:
    """The first day whose rows the bad time may have reached."""
    since = times.read(window.since)
    start = _before(since, timedelta(seconds=node.build.back_seconds) + LATE) if since is not None else None
    return _floor(start, "day") if start is not None else None


def _before(moment: datetime, length: timedelta) -> datetime | None:
    """As much earlier; None before the calendar's first day."""
    try:
        return moment - length
    except OverflowError:
        return None


def _time_column(node: Node, types: Mapping[str, str]) -> str:
    declared = {column.name: column.data_type for column in node.columns if column.data_type}
    known = {**declared, **types}
    watermark = node.build.watermark
    kind = next((kind for name, kind in known.items() if name.lower() == watermark.lower()), "")
    if TEMPORAL.search(kind) or (not kind and TIMELIKE.search(watermark)):
        return next((name for name in types if name.lower() == watermark.lower()), watermark)
    temporal = [name for name, kind in types.items() if TEMPORAL.search(kind)]
    return temporal[0] if len(temporal) == 1 else ""


def _written(moment: datetime) -> str:
    """Seconds and no zone, or dbt rejects it; dbt takes it as UTC."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _floor(moment: datetime, size: str) -> datetime:
    return moment.replace(microsecond=0, **FLOORS[size])  # type: ignore[arg-type]


def _ceiling(moment: datetime, size: str) -> datetime:
    floor = _floor(moment, size)
    return floor if floor == moment else _floor(floor + LONGEST[size], size)
