"""Records for programs, in the shape of `aftershock.render.incidents.document`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from aftershock.render import summary
from aftershock.render.document import AssessmentDocument
from aftershock.render.encoding import encoded
from aftershock.render.incidents import words
from aftershock.render.incidents.document import (
    RECORD_VERSION,
    Counted,
    Happened,
    Lessons,
    ListedIncident,
    NamedNode,
    Outcome,
    People,
    Pointer,
    RecordDocument,
    RecordedAction,
    RecordedDelivery,
    RecordedDue,
    RecordedSeverity,
    RecordedTimes,
    RecordsDocument,
    VerifiedBy,
)
from aftershock.render.json import json as assessment_json
from aftershock.render.plan.document import PlanDocument
from aftershock.render.plan.json import json as plan_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model.record import Due, Record

_Shape = TypeVar("_Shape", bound=msgspec.Struct)


def record_json(record: Record, now: str) -> str:
    """The record as a `RecordDocument`, indented by two, with a line end.

    Args:
        record: the incident.
        now: the moment, ISO 8601 in UTC.
    """
    report = record.report
    return encoded(
        RecordDocument(
            schema_version=RECORD_VERSION,
            id=record.id,
            uid=record.uid,
            title=record.title,
            category=record.category,
            status=record.status,
            severity=_copy(record, RecordedSeverity),
            source=record.source,
            summary=record.summary,
            evidence=record.evidence,
            nodes=tuple(NamedNode(unique_id, summary.label(report, unique_id) if report is not None else unique_id) for unique_id in record.nodes),
            times=_copy(record, RecordedTimes),
            people=_copy(record, People),
            impact=_counted(record),
            root_cause=record.root_cause,
            fix=record.fix,
            fix_status=record.fix_status,
            eta=record.eta,
            update=record.update,
            outcome=_outcome(record),
            lessons=Lessons(record.postmortem_at, record.went_well, record.to_improve, record.lucky),
            deadlines=tuple(_due(due, now) for due in record.deadlines),
            past=tuple(_due(due, "") for due in record.past),
            actions=tuple(_copy(item, RecordedAction) for item in record.actions),
            references=tuple(_copy(item, Pointer) for item in record.references),
            deliveries=tuple(_copy(item, RecordedDelivery) for item in record.deliveries),
            absorbed=record.absorbed,
            merged_into=record.merged_into,
            timeline=tuple(_copy(item, Happened) for item in record.timeline),
            rows=dict(sorted(record.rows.items())),
            events=record.events,
            next=words.verbs(record),
            assessment=None if report is None else msgspec.json.decode(assessment_json(report).encode(), type=AssessmentDocument),
            plan=None if report is None else msgspec.json.decode(plan_json(report).encode(), type=PlanDocument),
        )
    )


def records_json(records: Sequence[Record], now: str) -> str:
    """The list as a `RecordsDocument`, indented by two, with a line end."""
    return encoded(RecordsDocument(RECORD_VERSION, tuple(_listed(record, now) for record in records)))


def _listed(record: Record, now: str) -> ListedIncident:
    due = words.due_next(record, now)
    return ListedIncident(
        id=record.id,
        uid=record.uid,
        title=record.title,
        category=record.category,
        status=record.status,
        severity=record.level,
        commander=record.commander,
        detected_at=record.detected_at,
        changed_at=record.changed_at,
        open_actions=words.open_actions(record),
        overdue=tuple(_due(item, now) for item in record.overdue(now)),
        due=None if due is None else _due(due, now),
    )


def _counted(record: Record) -> Counted:
    if record.report is None:
        return Counted(None, None, None, record.announced_affected)
    found = record.report.assessment
    return Counted(len(found.radius.below), len(found.tables), len(found.dashboards), record.announced_affected)


def _outcome(record: Record) -> Outcome:
    verified = None if record.checked is None else _copy(record.checked, VerifiedBy)
    return Outcome(record.code, record.reason, record.data_is_now, record.lasting, verified)


def _due(due: Due, now: str) -> RecordedDue:
    return RecordedDue(due.what, due.at, due.met_at, due.is_overdue(now))


def _copy(value: object, shape: type[_Shape]) -> _Shape:
    return msgspec.convert(value, shape, from_attributes=True)
