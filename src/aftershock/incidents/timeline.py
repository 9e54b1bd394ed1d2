"""The timeline: a line in words for every event that a reader of the postmortem cares for, in order of time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from aftershock.incidents import moments
from aftershock.model.record import Absorbed, Announced, Assessed, Assigned, Edited, Moved, Noted, Overridden, Sent, Status, TimelineEntry, Updated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model.record import Delivery, Event, Record

DOCUMENTS = {
    "notification": "Initial notification",
    "update": "Status update",
    "resolution": "Resolution",
    "postmortem": "Postmortem",
    "checklist": "Impact checklist",
}
ROLES = {"commander": "leads the response", "comms": "speaks for the response"}
CODES = {"expected": "Resolved: the data is as expected", "false-positive": "Resolved: a false alarm", "no-action": "Resolved without action"}


def opening(record: Record, event: Event) -> tuple[TimelineEntry, ...]:
    """The first lines: when the problem began, when it was noticed, when the incident was declared."""
    level = f" as {record.level.value}" if record.level is not None else ""
    declared = TimelineEntry(event.at, f"Incident declared{level}", event.by, event.number)
    return (*(TimelineEntry(at, what, event.by, event.number) for at, what in _marks(record)), declared)


def after(before: Record, record: Record, event: Event) -> tuple[TimelineEntry, ...]:
    """The timeline after an event.

    Args:
        before: the record before it.
        record: the record after it, but for its timeline.
        event: what was recorded.
    """
    entries = before.timeline
    if _marks(before) != _marks(record):
        entries = _marked(entries, before, record, event)
    for at, what, url in _lines(before, record, event):
        entry = TimelineEntry(at, what, event.by, event.number, url)
        place = bisect_right(entries, _order(entry), key=_order)
        entries = (*entries, entry) if place == len(entries) else (*entries[:place], entry, *entries[place:])
    return entries


def _order(entry: TimelineEntry) -> tuple[str, int]:
    return entry.at, entry.event


def _marks(record: Record) -> list[tuple[str, str]]:
    """The lines that are facts of the record, not events: they change when a fact is corrected."""
    noticed = (record.detected_at, f"Alert fired: {record.source}" if record.source else "Issue reported")
    return [(record.started_at, "The problem began"), noticed] if record.started_at else [noticed]


def _marked(entries: tuple[TimelineEntry, ...], before: Record, record: Record, event: Event) -> tuple[TimelineEntry, ...]:
    """The timeline with the lines of corrected facts in place of the old ones."""
    old = set(_marks(before))
    kept = [entry for entry in entries if (entry.at, entry.what) not in old]
    who = {entry.what: (entry.by, entry.event) for entry in entries if (entry.at, entry.what) in old}
    for at, what in reversed(_marks(record)):
        by, number = who.get(what, (event.by, 1))
        entry = TimelineEntry(at, what, by, number)
        kept.insert(bisect_left(kept, _order(entry), key=_order), entry)
    return tuple(kept)


def _lines(before: Record, record: Record, event: Event) -> Iterator[tuple[str, str, str]]:  # noqa: C901  # one case for each kind of change
    """When, what and where to look, for one event."""
    match event.change:
        case Noted() as note:
            yield min(note.happened_at or event.at, event.at), note.text, note.url
        case Moved() as moved:
            yield moments.moved(before, moved.happened_at, event.at), _moved(before, record, moved), ""
        case Edited() as edited:
            for what in _edited(before, edited):
                yield event.at, what, ""
        case Assessed() as assessed:
            yield event.at, _assessed(before, record, assessed), ""
        case Overridden() as overridden:
            yield event.at, _overridden(record, overridden, event.by), ""
        case Assigned() as assigned if who := _assigned(before, assigned):
            yield event.at, who, ""
        case Updated() as updated if updated.text:
            yield event.at, f"Update: {updated.text}", ""
        case Announced() as announced if not announced.delivery:
            yield event.at, f"{DOCUMENTS[announced.document]} posted", ""
        case Sent() as sent:
            yield min(sent.delivery.at, event.at), _sent(sent.delivery), ""
        case Absorbed() as absorbed:
            yield event.at, f"{absorbed.incident} was merged into this one" + _because(absorbed.title), ""


def _moved(before: Record, record: Record, moved: Moved) -> str:
    if moved.to is Status.INVESTIGATING:
        begun = "Investigation started" if before.status is Status.TRIAGE else "Reopened" if before.status.is_over else "The fix did not hold"
        return begun + _because(moved.reason)
    if moved.to is Status.RESOLVED:
        return _resolved(moved)
    if moved.to is Status.MERGED:
        return f"Merged into {record.merged_into}" + _because(moved.reason)
    words = {
        Status.MITIGATED: "Mitigated: the cause is corrected" if not moved.reason else "Mitigated",
        Status.MONITORING: "Monitoring started",
        Status.POSTMORTEM: "Postmortem started",
        Status.CLOSED: "Closed",
        Status.CANCELLED: "Cancelled",
    }
    return words[moved.to] + _because(moved.reason)


def _resolved(moved: Moved) -> str:
    if moved.code != "fixed":
        return CODES.get(moved.code or "", "Resolved") + _because(moved.reason)
    if moved.checked is not None and moved.checked.forced:
        return "Resolved although verification was not complete" + _because(moved.checked.forced)
    return "Verification complete, incident resolved" + _because(moved.reason)


def _edited(before: Record, edited: Edited) -> Iterator[str]:
    if edited.root_cause and edited.root_cause != before.root_cause:
        yield f"{'Root cause corrected' if before.root_cause else 'Root cause identified'}: {edited.root_cause}"
    if edited.fix and edited.fix != before.fix:
        yield f"Fix applied: {edited.fix}"


def _assessed(before: Record, record: Record, assessed: Assessed) -> str:
    change = ""
    if record.level is not None and record.level is not before.level:
        change = f", severity now {record.level.value}" + (f" (was {before.level.value})" if before.level is not None else "")
    return f"Impact assessed{' again' if before.report is not None else ''}{change}" + _because(assessed.why)


def _overridden(record: Record, overridden: Overridden, by: str) -> str:
    who = f" by {by}" if by else ""
    if overridden.level is None:
        level = f": {record.level.value}" if record.level is not None else ""
        return f"Severity given back to the policy{who}{level}" + (f" ({overridden.reason})" if overridden.reason else "")
    computed = f" (computed {record.computed.value})" if record.computed is not None else ""
    return f"Severity set to {overridden.level.value}{who}{computed}" + _because(overridden.reason)


def _assigned(before: Record, assigned: Assigned) -> str:
    held = before.commander if assigned.role == "commander" else before.comms
    return f"{assigned.who} {ROLES[assigned.role]}" if assigned.who else f"{held} no longer {ROLES[assigned.role]}" if held else ""


def _sent(delivery: Delivery) -> str:
    to = f"{delivery.target} ({delivery.recipient})" if delivery.recipient else delivery.target
    what = DOCUMENTS[delivery.document]
    return f"{what} sent to {to}" if delivery.status == "sent" else f"{what} could not be sent to {to}" + _because(delivery.error)


def _because(text: str) -> str:
    return f": {text}" if text else ""
