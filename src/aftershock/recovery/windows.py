"""The window of a run: whole batches of microbatch, or the variable from which other SQL starts, in the form that dbt accepts."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aftershock import times
from aftershock.recovery.carried import vars_text

if TYPE_CHECKING:
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
    """``--vars`` and its value: the first day of the bad time in the one variable from which the node starts, and the variables of the run.

    Empty where the start is unknown, there is no such variable or more than one, or the run's own variables cannot be joined with it.
    """
    since, names = times.read(window.since), start_vars(node)
    given = run.args.get("vars") if run is not None else None
    if since is None or len(names) != 1 or (vars_text(given) and not isinstance(given, dict)):
        return ()
    known = given if isinstance(given, dict) else {}
    return ("--vars", json.dumps({**known, names[0]: since.date().isoformat()}, sort_keys=True, ensure_ascii=False))


def _written(moment: datetime) -> str:
    """Seconds and no zone, or dbt rejects it; dbt takes it as UTC."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _floor(moment: datetime, size: str) -> datetime:
    return moment.replace(**FLOORS[size])  # type: ignore[arg-type]


def _ceiling(moment: datetime, size: str) -> datetime:
    floor = _floor(moment, size)
    return floor if floor == moment else _floor(floor + LONGEST[size], size)
