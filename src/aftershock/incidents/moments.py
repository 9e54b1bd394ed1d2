"""When things happened, as the record has them: in their order, whatever a few minutes between the clocks of two machines, or a rounded time, say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aftershock import times

if TYPE_CHECKING:
    from aftershock.model.record import Edited, Record

SKEW = timedelta(minutes=5)
"""How far the clocks of two machines may be apart, and how roughly people tell times."""


def is_later(moment: str, than: str) -> bool:
    """Whether one time (ISO 8601 in UTC) is later than another by more than clocks may be apart."""
    return times.parse(moment, "time") > times.parse(than, "time") + SKEW


def floor(record: Record) -> tuple[str, str]:
    """The last thing before which nothing may happen any more: when it was, and what it was."""
    marks = (
        (record.detected_at, "detected"),
        (record.mitigated_at, "mitigated"),
        (record.resolved_at, "resolved"),
        (record.closed_at, record.status.value),
        (record.reopened_at, "reopened"),
    )
    return max(marks, key=lambda mark: mark[0])


def moved(record: Record, happened_at: str, at: str) -> str:
    """When a change of status took place: not after it was recorded (``at``), not before what came before it.

    Args:
        record: the incident before it.
        happened_at: what a person says; ``at`` where empty.
        at: when it was recorded.
    """
    return max(min(happened_at or at, at), floor(record)[0])


def corrected(record: Record, change: Edited, at: str) -> dict[str, str]:
    """The times that an edit sets, in their order: started, detected, mitigated or resolved.

    Args:
        record: the incident before it.
        change: the edit.
        at: when it was recorded.
    """
    after = [time for time in (record.mitigated_at, record.resolved_at, record.closed_at, record.reopened_at) if time]
    detected = min([record.detected_at if change.detected_at is None else change.detected_at, at, *after])
    started = min(record.started_at if change.started_at is None else change.started_at, detected)
    until = record.bad_until if change.bad_until is None else min(change.bad_until, at)
    return {"detected_at": detected, "started_at": started, "bad_until": max(until, started) if until else ""}
