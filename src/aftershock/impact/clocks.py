"""When things are due, from the moment of detection. Times are ISO 8601 in UTC."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aftershock import times
from aftershock.errors import UsageError
from aftershock.model import Deadline

if TYPE_CHECKING:
    from aftershock.model import Clocks, Severity


def deadlines(detected_at: str, level: Severity, clocks: Clocks) -> tuple[Deadline, ...]:
    """The first deadlines of an incident, soonest first.

    Args:
        detected_at: ISO 8601; without a zone it is UTC.
        level: decides when the next update is due.
        clocks: minutes for each.

    Raises:
        UsageError: a deadline lies beyond the calendar.
    """
    start = times.parse(detected_at, "detected_at")
    minutes = (
        ("initial notification", clocks.initial_notification),
        ("impact checklist", clocks.impact_checklist),
        ("next update", clocks.next_update[level.value]),
    )
    try:
        due = sorted(((start + timedelta(minutes=after), what) for what, after in minutes), key=lambda item: item[0])
    except OverflowError:
        raise UsageError("detected_at", f"{detected_at!r} has no deadlines within the calendar", "Give the time of detection") from None
    return tuple(Deadline(what, times.iso(at)) for at, what in due)
