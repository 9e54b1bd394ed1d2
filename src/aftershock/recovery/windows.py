"""The window of a microbatch run: whole batches, in the form that dbt accepts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aftershock import times

if TYPE_CHECKING:
    from aftershock.model import Node, Window

FLOORS: dict[str, dict[str, int]] = {
    "hour": {"minute": 0, "second": 0},
    "day": {"hour": 0, "minute": 0, "second": 0},
    "month": {"day": 1, "hour": 0, "minute": 0, "second": 0},
    "year": {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0},
}
LONGEST = {"hour": timedelta(hours=1), "day": timedelta(days=1), "month": timedelta(days=31), "year": timedelta(days=366)}


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


def _written(moment: datetime) -> str:
    """Seconds and no zone, or dbt rejects it; dbt takes it as UTC."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _floor(moment: datetime, size: str) -> datetime:
    return moment.replace(**FLOORS[size])  # type: ignore[arg-type]


def _ceiling(moment: datetime, size: str) -> datetime:
    floor = _floor(moment, size)
    return floor if floor == moment else _floor(floor + LONGEST[size], size)
