"""When things are due, from the moment of detection. Times are ISO 8601 in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.incidents.clocks import after_opening

if TYPE_CHECKING:
    from aftershock.model import Clocks, Deadline, Severity


def deadlines(detected_at: str, level: Severity, clocks: Clocks) -> tuple[Deadline, ...]:
    """The first deadlines of an incident, soonest first.

    Args:
        detected_at: ISO 8601; without a zone it is UTC.
        level: decides when the next update is due.
        clocks: minutes for each.

    Raises:
        UsageError: a deadline lies beyond the calendar.
    """
    return after_opening(detected_at, level, clocks)
