"""What may happen to an incident, and when: each change is checked against the record before it becomes an event.

    triage → investigating → mitigated → monitoring → resolved → postmortem → closed

Steps may be skipped where that is natural; an incident that is not over can be cancelled or merged into another; what is over can be reopened.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aftershock import times
from aftershock.errors import UnknownName, UsageError
from aftershock.incidents import moments
from aftershock.incidents.clocks import POSTMORTEM
from aftershock.model.record import (
    Absorbed,
    ActionAdded,
    ActionChanged,
    Announced,
    Assessed,
    Edited,
    Moved,
    Noted,
    Opened,
    Overridden,
    Referenced,
    Sent,
    Status,
    Updated,
)
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.model import Deadline
    from aftershock.model.record import Change, Record

_ENDS = (Status.CANCELLED, Status.MERGED)
_AGAIN = Status.INVESTIGATING

TRANSITIONS: dict[Status, tuple[Status, ...]] = {
    Status.TRIAGE: (Status.INVESTIGATING, Status.MITIGATED, Status.RESOLVED, *_ENDS),
    Status.INVESTIGATING: (Status.MITIGATED, Status.RESOLVED, *_ENDS),
    Status.MITIGATED: (Status.MONITORING, Status.RESOLVED, _AGAIN, *_ENDS),
    Status.MONITORING: (Status.RESOLVED, _AGAIN, *_ENDS),
    Status.RESOLVED: (Status.POSTMORTEM, Status.CLOSED, _AGAIN),
    Status.POSTMORTEM: (Status.CLOSED, _AGAIN),
    Status.CLOSED: (Status.POSTMORTEM, _AGAIN),
    Status.CANCELLED: (_AGAIN,),
    Status.MERGED: (),
}
"""Where an incident may go from where it stands, the natural next step first."""

AFTER_MERGE = (Sent, Announced)
"""What is still recorded of an incident that was merged: messages that were on their way."""

ID = re.compile(r"INC-[1-9]\d{0,8}", re.ASCII)
"""How an incident is called."""

UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
"""How an incident is called in every store."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def check(record: Record | None, change: Change, *, now: str) -> None:
    """Whether a change may be recorded.

    Args:
        record: the incident before it; None where the change opens it.
        change: what is to be recorded.
        now: the moment at which it is recorded, ISO 8601 in UTC.

    Raises:
        UsageError: it contradicts the record: a step that there is not, times in the wrong order or in the future, something needed that is missing.
        UnknownName: it is about an action item that there is not.
    """
    place = record.id if record is not None else "incident"
    check_time(place, "now", now)
    if isinstance(change, Opened):
        if record is not None:
            raise UsageError(place, "it is open already", "Open another one, or assess it anew")
        _opened(place, change, now)
    elif record is None:
        raise UsageError(place, "it is not open yet", "Open it first")
    else:
        if record.status is Status.MERGED and not isinstance(change, AFTER_MERGE):
            raise UsageError(place, f"it was merged into {record.merged_into}", f"Say it of {record.merged_into}")
        _changed(record, change, now)
    if isinstance(change, (Opened, Assessed, Edited, Moved, Overridden, Announced)):
        _deadlines(place, change.deadlines)


def check_merge(record: Record, into: Record) -> None:
    """Whether an incident may be merged into another one.

    Args:
        record: what is merged.
        into: what goes on.

    Raises:
        UsageError: they are the same, or the other one is closed, cancelled or itself merged.
    """
    if record.uid == into.uid:
        raise UsageError(record.id, "it cannot be merged into itself", "Name the incident that goes on")
    if into.status is Status.MERGED:
        raise UsageError(record.id, f"{into.id} was itself merged into {into.merged_into}", f"Merge it into {into.merged_into}")
    if into.status in {Status.CLOSED, Status.CANCELLED}:
        raise UsageError(record.id, f"{into.id} is {into.status.value}", f"Reopen {into.id} first, or name another one")


def check_time(place: str, what: str, text: str) -> None:
    """Whether a time is written as all times of a record are, so that they compare as texts.

    Args:
        place: the incident, for the error.
        what: what the time is of.
        text: the time.

    Raises:
        UsageError: it is not.
    """
    moment = times.read(text)
    if moment is None or times.iso(moment) != text:
        raise UsageError(place, f"{what} is not a time in UTC: {text[:80]!r}", "Write it as 2026-03-01T06:00:00Z")


def _opened(place: str, change: Opened, now: str) -> None:
    if not UID.fullmatch(change.uid):
        raise UsageError(place, f"{change.uid[:80]!r} cannot be its uid", "Use up to 64 letters, digits, hyphens and underscores")
    _said(place, "a title", change.title)
    _past(place, "it was detected", change.detected_at, now)
    if change.started_at:
        check_time(place, "started_at", change.started_at)
        _in_order(place, "it was detected", change.detected_at, "it started", change.started_at)


def _changed(record: Record, change: Change, now: str) -> None:  # noqa: C901  # one case for each kind of change
    place = record.id
    match change:
        case Moved():
            _moved(record, change, now)
        case Edited():
            _edited(record, change, now)
        case Noted():
            _said(place, "a text", change.text)
            if change.happened_at:
                _past(place, "it happened", change.happened_at, now)
        case Overridden():
            _said(place, "a reason", change.reason)
        case Updated() if record.status.is_over:
            raise UsageError(place, f"it is {record.status.value}: there is nothing to report", "Reopen it first")
        case Sent():
            check_time(place, "delivery", change.delivery.at)
        case ActionAdded():
            _said(place, "a text", change.item)
            _date(place, change.due)
        case ActionChanged():
            _action(record, change)
        case Referenced():
            _said(place, "an address", change.reference.url)
        case Absorbed():
            _absorbed(place, change)


def _absorbed(place: str, change: Absorbed) -> None:
    _id(place, change.incident)
    for what, moment in (("detected_at", change.detected_at), ("started_at", change.started_at)):
        if moment:
            check_time(place, what, moment)


def _moved(record: Record, change: Moved, now: str) -> None:
    _step(record, change)
    _past(record.id, f"it was {change.to.value}", change.happened_at or now, now)
    before, what = moments.floor(record)
    _in_order(record.id, f"it was {change.to.value}", change.happened_at or now, f"it was {what}", before)
    if change.to is Status.RESOLVED:
        _resolved(record, change)
    elif change.to is Status.MERGED:
        _id(record.id, change.into)
    elif change.to is Status.CLOSED and not change.reason.strip() and any(due.what == POSTMORTEM and not due.met_at for due in record.deadlines):
        if record.status is Status.RESOLVED:
            raise UsageError(record.id, "its postmortem is still due", "Write it (postmortem), or close it with the reason why there is none")
    elif change.to is Status.CANCELLED or (change.to is _AGAIN and record.status is not Status.TRIAGE):
        _said(record.id, "a reason", change.reason)


def _step(record: Record, change: Moved) -> None:
    possible = TRANSITIONS[record.status]
    if change.to in possible:
        return
    if change.to is record.status:
        raise UsageError(record.id, f"it is {change.to.value} already", "Nothing is left to do")
    names = listing([status.value for status in possible]).replace(" and ", " or ")
    raise UsageError(record.id, f"it is {record.status.value}: from there it cannot become {change.to.value}", f"It can become {names}" if names else "")


def _resolved(record: Record, change: Moved) -> None:
    if change.code is None:
        raise UsageError(record.id, "it is not said how it was resolved", "Say fixed, expected, false-positive or no-action")
    if change.code != "fixed":
        return
    checked = change.checked
    if checked is None:
        raise UsageError(record.id, "it is not verified", "Run aftershock verify, or resolve it by force, with a reason")
    check_time(record.id, "checked", checked.at)
    if checked.forced.strip():
        return
    if not checked.is_green:
        left = f": {listing(checked.left, 3)}" if checked.left else ""
        raise UsageError(record.id, f"it is not repaired{left}", "Repair the rest, or resolve it by force, with a reason")
    if record.mitigated_at and (not checked.since or checked.since < record.mitigated_at):
        since = f"counted results from {checked.since} on" if checked.since else "counted results of any time"
        remedy = f"Verify it with results newer than {record.mitigated_at}, or resolve it by force, with a reason"
        raise UsageError(record.id, f"its verification {since}, but it was mitigated at {record.mitigated_at}", remedy)


def _edited(record: Record, change: Edited, now: str) -> None:
    place = record.id
    if change.title is not None:
        _said(place, "a title", change.title)
    if change.postmortem_at:
        check_time(place, "postmortem_at", change.postmortem_at)
    detected = record.detected_at
    if change.detected_at is not None:
        detected = change.detected_at
        _past(place, "it was detected", detected, now)
        for moment, what in ((record.mitigated_at, "mitigated"), (record.resolved_at, "resolved"), (record.closed_at, record.status.value)):
            if moment:
                _in_order(place, f"it was {what}", moment, "it was detected", detected)
    started = record.started_at if change.started_at is None else change.started_at
    if started:
        check_time(place, "started_at", started)
        _in_order(place, "it was detected", detected, "it started", started)
    if change.bad_until:
        _past(place, "its data was bad", change.bad_until, now)
    until = record.bad_until if change.bad_until is None else change.bad_until
    if until and started:
        _in_order(place, "its data stopped being bad", until, "it started", started)


def _action(record: Record, change: ActionChanged) -> None:
    numbers = [action.number for action in record.actions]
    if change.number not in numbers:
        there = f"There are {numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else "There is number 1 only" if numbers else "There are none"
        raise UnknownName(f"action {change.number}", f"{record.id} has no such action item", otherwise=there)
    if change.item is not None:
        _said(record.id, "a text", change.item)
    _date(record.id, change.due or "")


def _deadlines(place: str, deadlines: Iterable[Deadline]) -> None:
    for deadline in deadlines:
        _said(place, "the name of what is due", deadline.what)
        check_time(place, deadline.what, deadline.at)


def _said(place: str, what: str, text: str) -> None:
    if not text.strip():
        raise UsageError(place, f"it needs {what}", f"Give {what}")


def _id(place: str, text: str) -> None:
    if not ID.fullmatch(text):
        raise UsageError(place, f"{text[:80]!r} is not the id of an incident", "Ids look like INC-12")


def _date(place: str, text: str) -> None:
    if text and (not _DATE.fullmatch(text) or times.read(text) is None):
        raise UsageError(place, f"{text[:80]!r} is not a date", "Write it as 2026-03-01")


def _past(place: str, what: str, moment: str, now: str) -> None:
    check_time(place, what, moment)
    if moments.is_later(moment, now):
        raise UsageError(place, f"{what} at {moment}, which is in the future: it is {now}", "Give when that was")


def _in_order(place: str, later: str, late: str, earlier: str, early: str) -> None:
    if moments.is_later(early, late):
        raise UsageError(place, f"{later} at {late}, before {earlier} at {early}", "Give the time that is right, or correct the other one")
