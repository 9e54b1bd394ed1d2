"""Events → the record that they add up to. Pure, and one event at a time, so that a store reads only what is new."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, get_origin

import msgspec

from aftershock.incidents import dues, moments, timeline
from aftershock.model.record import (
    Absorbed,
    ActionAdded,
    ActionChanged,
    ActionItem,
    Announced,
    Assessed,
    Assigned,
    Edited,
    FixStatus,
    Moved,
    Noted,
    Opened,
    Overridden,
    Record,
    Referenced,
    Sent,
    Status,
    Updated,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.model import Report, Severity
    from aftershock.model.record import Delivery, Event

NO_REASON = "no reason given"

FIX_AT: dict[Status, FixStatus] = {
    Status.INVESTIGATING: "in progress",
    Status.MITIGATED: "pending verification",
    Status.MONITORING: "pending verification",
    Status.RESOLVED: "applied",
}
"""Where the fix stands once an incident is moved there; a status update may say otherwise."""


def fold(incident: str, events: Iterable[Event]) -> Record:
    """The record of an incident.

    Args:
        incident: its id (``INC-12``).
        events: all of its events in their order; the first one opens it.

    Raises:
        ValueError: there is none, or not just the first one opens it.
    """
    record: Record | None = None
    for event in events:
        record = step(record, event, incident)
    if record is None:
        message = f"{incident} has no events"
        raise ValueError(message)
    return record


def step(record: Record | None, event: Event, incident: str = "") -> Record:
    """The record after one more event.

    Args:
        record: the record so far; None before the first event.
        event: the event.
        incident: the id, for the first event.

    Raises:
        ValueError: the first event does not open it, or a later one does.
    """
    change = event.change
    if isinstance(change, Opened) is (record is not None):
        message = f"event {event.number} of {incident or (record.id if record else '')} is out of place: {type(change).__name__}"
        raise ValueError(message)
    if isinstance(change, Opened):
        return _opened(incident, event, change)
    assert record is not None  # noqa: S101  # as above
    after = msgspec.structs.replace(record, **_fields(record, event), events=record.events + 1, changed_at=event.at)
    due = dues.after(dues.Dues(record.deadlines, record.past), change, after.status, event.at)
    return msgspec.structs.replace(after, deadlines=due.now, past=due.past, timeline=timeline.after(record, after, event))


def _opened(incident: str, event: Event, change: Opened) -> Record:
    detected = min(change.detected_at, event.at)
    facts: dict[str, Any] = {
        "id": incident,
        "uid": change.uid,
        "title": change.title,
        "category": change.category,
        "status": Status.TRIAGE,
        "source": change.source,
        "summary": change.summary,
        "evidence": change.evidence,
        "nodes": change.nodes,
        "started_at": min(change.started_at, detected),
        "detected_at": detected,
        "declared_at": event.at,
        "fix_status": "in progress",
        "events": 1,
        "changed_at": event.at,
        "rows": change.rows,
        "seen": change.seen,
        "results_at": change.results_at,
    }
    record = Record(**{**_nothing(), **facts})
    if change.report is not None:
        record = msgspec.structs.replace(record, **_reported(record, change.report, change.nodes))
    due = dues.after(dues.Dues(), change, record.status, event.at)
    return msgspec.structs.replace(record, category=change.category, deadlines=due.now, timeline=timeline.opening(record, event))


@cache
def _nothing() -> dict[str, Any]:
    """Every needed field of a record of which nothing is known: empty texts and tuples, else None."""
    needed = [field for field in msgspec.structs.fields(Record) if field.required]
    return {field.name: "" if field.type is str else () if get_origin(field.type) is tuple else None for field in needed}


def _fields(record: Record, event: Event) -> dict[str, Any]:  # noqa: C901, PLR0911, PLR0912  # one case for each kind of change
    """What a change sets; deadlines and timeline follow from it. What is not here only shows in the timeline."""
    match event.change:
        case Assessed() as assessed:
            return {**_reported(record, assessed.report, assessed.nodes), **_shown(record, assessed)}
        case Noted() as noted if noted.results_at:
            return {"results_at": max(record.results_at, noted.results_at)}
        case Edited() as edited:
            return _edited(record, edited, event.at)
        case Moved() as moved:
            return _moved(record, moved, event.at)
        case Overridden() as overridden:
            return _overridden(record, overridden)
        case Assigned() as assigned:
            return {assigned.role: assigned.who}
        case Updated() as updated:
            return {"update": updated.text, "fix_status": updated.fix_status, "eta": updated.eta or record.eta, "said_affected": updated.affected}
        case Announced() as announced:
            return {} if announced.document in {"checklist", "postmortem"} else {"announced_affected": _told(record, announced)}
        case Sent() as sent:
            return {"deliveries": _delivered(record.deliveries, sent.delivery)}
        case ActionAdded() as added:
            return {"actions": (*record.actions, ActionItem(len(record.actions) + 1, added.item, added.owner, added.due))}
        case ActionChanged() as changed:
            return {"actions": tuple(_changed(action, changed) if action.number == changed.number else action for action in record.actions)}
        case Referenced() as referenced:
            others = tuple(known for known in record.references if known.url != referenced.reference.url)
            return {"references": (*others, referenced.reference)}
        case Absorbed() as absorbed:
            return _absorbed(record, absorbed)
    return {}


def _shown(record: Record, change: Assessed) -> dict[str, Any]:
    """What shows the incident, besides the report."""
    return {
        "rows": change.rows or record.rows,
        "evidence": record.evidence if change.evidence is None else change.evidence,
        "seen": change.seen or record.seen,
        "results_at": max(record.results_at, change.results_at),
    }


def _absorbed(record: Record, change: Absorbed) -> dict[str, Any]:
    """An incident with what another one leaves to it: all nodes have to be repaired, and it is as bad as the worse one and as old as the older one."""
    level = _worse(record.level, change.level)
    detected = min(time for time in (record.detected_at, change.detected_at) if time)
    started = min((time for time in (record.started_at, change.started_at) if time), default="")
    return {
        "absorbed": (*record.absorbed, change.incident),
        "nodes": tuple(dict.fromkeys((*record.nodes, *change.nodes))),
        "evidence": tuple(dict.fromkeys((*record.evidence, *change.evidence))),
        "seen": tuple(dict.fromkeys((*record.seen, *change.seen))),
        "rows": {**change.rows, **record.rows},
        "detected_at": detected,
        "started_at": min(started, detected),
        "level": level,
        "computed": _worse(record.computed, change.level),
        "override": record.override if level is record.level else "",
        "results_at": max(record.results_at, change.results_at),
    }


def _worse(one: Severity | None, other: Severity | None) -> Severity | None:
    return min((level for level in (one, other) if level is not None), key=lambda level: level.rank, default=None)


def _reported(record: Record, report: Report, nodes: tuple[str, ...]) -> dict[str, Any]:
    """What a report says. A severity that a person has set stays until it is given back; one that the report itself carries counts as set."""
    assessment = report.assessment
    verdict, window = assessment.severity, assessment.window
    said = next((reason.evidence for reason in verdict.reasons if reason.change == "override"), "")
    why = said.partition(": ")[2] or said or NO_REASON  # the policy says first who set what
    override = why if verdict.level is not verdict.computed else record.override
    kept = bool(record.override) and verdict.level is verdict.computed
    return {
        "report": report,
        "category": assessment.radius.category,
        "nodes": nodes or tuple(seed.unique_id for seed in assessment.radius.seeds) or record.nodes,
        "computed": verdict.computed,
        "level": record.level if kept else verdict.level,
        "override": override,
        "started_at": min(window.since or record.started_at, record.detected_at),
        "bad_until": window.until or record.bad_until,
    }


def _edited(record: Record, change: Edited, at: str) -> dict[str, Any]:
    given = {name: value for name in change.__struct_fields__ if name != "deadlines" and (value := getattr(change, name)) is not None}
    times = {"started_at", "detected_at", "bad_until"}
    return {**given, **moments.corrected(record, change, at)} if times & given.keys() else given


LEARNING = frozenset({Status.POSTMORTEM, Status.CLOSED})
"""What comes after an incident is over leaves the reason for which it was over."""


def _moved(record: Record, change: Moved, at: str) -> dict[str, Any]:
    when = moments.moved(record, change.happened_at, at)
    fields: dict[str, Any] = {"status": change.to, "reason": change.reason or (record.reason if change.to in LEARNING else "")}
    if change.to in FIX_AT:
        fields["fix_status"] = FIX_AT[change.to]
    if change.to is Status.INVESTIGATING:
        again = record.status is not Status.TRIAGE
        ends = dict.fromkeys(("mitigated_at", "resolved_at", "closed_at", "eta", "data_is_now"), "")
        return {**fields, **ends, "code": None, "checked": None, "reopened_at": when} if again else fields
    if change.to is Status.MITIGATED:
        return {**fields, "mitigated_at": when}
    if change.to is Status.RESOLVED:
        return {**fields, "resolved_at": when, "code": change.code, "checked": change.checked}
    if change.to is Status.POSTMORTEM:
        return {**fields, "closed_at": ""}
    if change.to in {Status.CLOSED, Status.CANCELLED, Status.MERGED}:
        return {**fields, "closed_at": when, "merged_into": change.into}
    return fields


def _overridden(record: Record, change: Overridden) -> dict[str, Any]:
    level: Severity | None = change.level or record.computed
    return {"level": level, "override": (change.reason or NO_REASON) if change.level is not None else ""}


def _told(record: Record, change: Announced) -> int | None:
    """How many nodes people were told of: what the status update counted, else what the assessment counts."""
    if change.document == "update" and record.said_affected is not None:
        return record.said_affected
    return len(record.report.assessment.radius.below) if record.report is not None else record.announced_affected


def _delivered(known: tuple[Delivery, ...], new: Delivery) -> tuple[Delivery, ...]:
    """The deliveries with one more attempt. Two people who send at once may use one number twice: the second delivery gets the next one."""
    old = next((delivery for delivery in known if delivery.number == new.number), None)
    if old is None:
        return (*known, new)
    if (old.document, old.target, old.recipient) != (new.document, new.target, new.recipient):
        return (*known, msgspec.structs.replace(new, number=max(delivery.number for delivery in known) + 1))
    kept = old if old.status == "sent" and new.status == "failed" else new
    return tuple(kept if delivery is old else delivery for delivery in known)


def _changed(action: ActionItem, change: ActionChanged) -> ActionItem:
    given = {name: value for name in ("item", "owner", "due", "status") if (value := getattr(change, name)) is not None}
    return msgspec.structs.replace(action, **given)
