"""Which deadlines come next. Pure: times are ISO 8601 in UTC, and a deadline is a number of minutes later, whatever clocks on walls do meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aftershock import times
from aftershock.errors import UsageError
from aftershock.model import Deadline, Severity

if TYPE_CHECKING:
    from aftershock.model import Clocks
    from aftershock.model.record import Record, ResolutionCode

NOTIFICATION = "initial notification"
CHECKLIST = "impact checklist"
NEXT_UPDATE = "next update"
POSTMORTEM = "postmortem"

UNKNOWN_LEVEL = Severity.P1
"""Whose clock counts where nothing was assessed: nothing shows that it is mild."""


def after_opening(detected_at: str, level: Severity | None, clocks: Clocks) -> tuple[Deadline, ...]:
    """The first deadlines of an incident, soonest first.

    Args:
        detected_at: when it was detected; without a zone it is UTC.
        level: decides when the next update is due; None where nothing was assessed.
        clocks: minutes for each.

    Raises:
        UsageError: it is no time, or a deadline lies beyond the calendar.
    """
    minutes = {NOTIFICATION: clocks.initial_notification, CHECKLIST: clocks.impact_checklist, NEXT_UPDATE: _interval(level, clocks)}
    due = [_due(what, detected_at, after, "detected_at") for what, after in minutes.items()]
    return tuple(sorted(due, key=lambda deadline: deadline.at))


def after_message(at: str, level: Severity | None, clocks: Clocks) -> tuple[Deadline, ...]:
    """The next update, once people were told something, or once an incident was taken up again.

    Args:
        at: when they were told.
        level: the severity in force; None where nothing was assessed.
        clocks: minutes for each level.

    Raises:
        UsageError: as after_opening.
    """
    return (_due(NEXT_UPDATE, at, _interval(level, clocks)),)


def after_override(record: Record, level: Severity | None, at: str, clocks: Clocks) -> tuple[Deadline, ...]:
    """The next update under another severity: counted anew from the last message, or from detection where there was none.

    It is never later than people were promised, and not before the severity changed.

    Args:
        record: the incident before the change.
        level: the severity after it.
        at: when it is changed.
        clocks: minutes for each level.

    Returns:
        Nothing where no update is due, or where the one that is due stays as it is.

    Raises:
        UsageError: as after_opening.
    """
    due = next((due for due in record.deadlines if due.what == NEXT_UPDATE and not due.met_at), None)
    if due is None:
        return ()
    anew = max(_due(NEXT_UPDATE, last_message(record), _interval(level, clocks)).at, at)
    return (Deadline(NEXT_UPDATE, anew),) if anew < due.at else ()


def after_correction(record: Record, detected_at: str, clocks: Clocks) -> tuple[Deadline, ...]:
    """The deadlines that count from detection, once its time was corrected; the next update only where nobody was told anything yet.

    Args:
        record: the incident before the correction.
        detected_at: the time that is right.
        clocks: minutes for each.

    Raises:
        UsageError: as after_opening.
    """
    known = {due.what for due in record.deadlines if due.what != NEXT_UPDATE or last_message(record) == record.detected_at}
    return tuple(due for due in after_opening(detected_at, record.level, clocks) if due.what in known)


def after_resolution(at: str, clocks: Clocks, code: ResolutionCode = "fixed") -> tuple[Deadline, ...]:
    """The postmortem of an incident that was fixed; nothing where there was nothing to fix.

    Args:
        at: when it was resolved.
        clocks: minutes.
        code: how it was resolved.

    Raises:
        UsageError: as after_opening.
    """
    return (_due(POSTMORTEM, at, clocks.postmortem),) if code == "fixed" else ()


def last_message(record: Record) -> str:
    """When people were last told something; when it was detected where they were not, and when it was taken up again where that is later."""
    told = [due.met_at for due in (*record.past, *record.deadlines) if due.what in {NOTIFICATION, NEXT_UPDATE}]
    return max(record.detected_at, record.reopened_at, *told)


def _interval(level: Severity | None, clocks: Clocks) -> int:
    return clocks.next_update[(level or UNKNOWN_LEVEL).value]


def _due(what: str, start: str, minutes: int, place: str = "at") -> Deadline:
    try:
        return Deadline(what, times.iso(times.parse(start, place) + timedelta(minutes=minutes)))
    except OverflowError:
        raise UsageError(place, f"{start!r} has no deadlines within the calendar", "Give the time at which it happened") from None
