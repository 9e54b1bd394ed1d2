"""What every format says about a record: which verbs are possible, what is due, how long ago."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.model.record import Status
from aftershock.render.documents.moments import between, duration

if TYPE_CHECKING:
    from aftershock.model.record import Due, Record

VERBS = {
    Status.MITIGATED: "mitigate",
    Status.MONITORING: "monitor",
    Status.RESOLVED: "resolve",
    Status.POSTMORTEM: "postmortem",
    Status.CLOSED: "close",
    Status.CANCELLED: "cancel",
    Status.MERGED: "merge",
}
"""The verb that leads to each status, but for the one that two lead to."""


def verbs(record: Record) -> tuple[str, ...]:
    """The verbs of ``aftershock incident`` that are possible now, the natural next one first."""
    from aftershock.incidents.lifecycle import TRANSITIONS

    begin = "start" if record.status is Status.TRIAGE else "reopen"
    found = [VERBS.get(to, begin) for to in TRANSITIONS[record.status]]
    if record.status.is_over:
        return tuple(found)
    return (*(() if record.commander else ("assign",)), *found, "update", "note")


def due_next(record: Record, now: str) -> Due | None:
    """What is overdue longest, else what is due next; None where nothing is."""
    late = record.overdue(now)
    waiting = sorted((due for due in record.deadlines if not due.met_at), key=lambda due: due.at)
    return (*late, *waiting, None)[0]


def timing(due: Due, now: str) -> str:
    """``next update in 18 min``, ``next update overdue by 12 min``, ``next update due now``."""
    left = between(now, due.at)
    if left is None:
        return f"{due.what} due {due.at}"
    if due.is_overdue(now):
        return f"{due.what} overdue by {duration(left)}"
    return f"{due.what} in {duration(left)}" if left > 0 else f"{due.what} due now"


def age(record: Record, now: str) -> str:
    """How long ago it was detected, or how long it was open."""
    seconds = between(record.detected_at or record.declared_at, (record.resolved_at or record.closed_at or now) if record.status.is_over else now)
    return duration(seconds) if seconds is not None and seconds >= 0 else ""


def open_actions(record: Record) -> int:
    """Follow-up work that is neither done nor dropped."""
    return sum(action.status == "open" for action in record.actions)
