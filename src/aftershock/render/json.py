"""The report for programs, in the shape of `aftershock.render.document`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from aftershock.recovery.statements import one_line
from aftershock.render import summary
from aftershock.render.document import (
    SCHEMA_VERSION,
    AffectedExposure,
    AffectedNode,
    Artifact,
    AssessmentDocument,
    ChecklistAnswer,
    DataConsumer,
    DataOwner,
    DbtProject,
    Due,
    ErrorBody,
    ErrorDocument,
    FailingNode,
    Impacts,
    Incident,
    Link,
    Metric,
    OutsideConsumer,
    ReadCoverage,
    Recovery,
    RecoveryPhase,
    RecoveryStep,
    SeverityVerdict,
    Table,
    Window,
)
from aftershock.render.encoding import encoded
from aftershock.render.escape import http_url, shell

if TYPE_CHECKING:
    from aftershock.errors import AftershockError
    from aftershock.model import Report

_Shape = TypeVar("_Shape", bound=msgspec.Struct)


def json(report: Report) -> str:
    """The report as an `AssessmentDocument`, indented by two, with a line end."""
    return encoded(_document(report))


def error_json(error: AftershockError) -> str:
    """An error as an `ErrorDocument`."""
    suggestions = getattr(error, "nearest", ()) or getattr(error, "candidates", ())
    return encoded(ErrorDocument(SCHEMA_VERSION, ErrorBody(type(error).__name__, error.place, error.problem, error.remedy, suggestions)))


def _document(report: Report) -> AssessmentDocument:
    assessment, radius = report.assessment, report.assessment.radius
    return AssessmentDocument(
        schema_version=SCHEMA_VERSION,
        summary=summary.verdict(report),
        incident=_incident(report),
        severity=_copy(assessment.severity, SeverityVerdict),
        impacts=_copy(assessment, Impacts),
        affected=tuple(_copy(item, AffectedNode) for item in summary.affected(report)),
        tables=_tables(report),
        dashboards=tuple(_copy(item, AffectedExposure) for item in sorted(assessment.dashboards, key=lambda item: item.unique_id)),
        metrics=tuple(Metric(unique_id, summary.label(report, unique_id)) for unique_id in sorted(assessment.metrics)),
        hidden_consumers=tuple(_copy(item, OutsideConsumer) for item in summary.hidden(report)),
        consumers=tuple(_copy(item, DataConsumer) for item in sorted(assessment.consumers, key=lambda item: item.owner)),
        owners=tuple(_copy(item, DataOwner) for item in sorted(assessment.owners, key=lambda item: (not item.failing, item.owner, item.evidence))),
        unowned=tuple(sorted(assessment.unowned)),
        tests=tuple(sorted(radius.tests)),
        checklist=tuple(_copy(item, ChecklistAnswer) for item in report.checklist),
        recovery=_recovery(report),
        deadlines=tuple(_copy(item, Due) for item in sorted(assessment.deadlines, key=lambda item: (item.at, item.what))),
        project=_copy(report.project, DbtProject),
        artifacts=tuple(_copy(item, Artifact) for item in sorted(report.files, key=lambda item: (item.kind, item.path))),
        warnings=report.warnings,
        notes=assessment.notes,
        links=_links(report),
        coverage=None if radius.coverage is None else _copy(radius.coverage, ReadCoverage),
    )


def _incident(report: Report) -> Incident:
    assessment = report.assessment
    failing = tuple(FailingNode(seed.unique_id, summary.label(report, seed.unique_id), seed.via, seed.note) for seed in assessment.radius.seeds)
    window = Window(assessment.window.since, assessment.window.until)
    return Incident(assessment.radius.category, summary.seeds(report), failing, assessment.detected_at, window, assessment.radius.columns)


def _tables(report: Report) -> tuple[Table, ...]:
    known = {item.unique_id: (item.relation_name, item.effects) for item in report.assessment.radius.affected}
    return tuple(Table(unique_id, summary.label(report, unique_id), *known.get(unique_id, ("", ()))) for unique_id in sorted(report.assessment.tables))


def _recovery(report: Report) -> Recovery:
    plan = report.recovery
    numbers = iter(summary.steps(report))
    phases = tuple(RecoveryPhase(phase.kind, tuple(_step(next(numbers)) for _ in phase.steps)) for phase in plan.phases)
    return Recovery(phases, tuple(sorted(plan.untouched)), plan.notes)


def _step(item: summary.NumberedStep) -> RecoveryStep:
    step = item.step
    line = shell(one_line(step.argv, step.sql))
    return RecoveryStep(
        item.number,
        step.kind,
        step.nodes,
        step.why,
        step.destroys,
        (line,) if line else (),
        step.argv,
        step.who,
        step.requires,
        step.costs,
        step.is_irreversible,
        step.sql,
    )


def _links(report: Report) -> tuple[Link, ...]:
    docs = ((item.unique_id, summary.docs_link(report, item.unique_id, item.resource_type)) for item in report.assessment.radius.affected)
    own = ((item.unique_id, http_url(item.url)) for item in report.assessment.dashboards)
    found = [Link(unique_id, "docs", url) for unique_id, url in docs if url] + [Link(unique_id, "exposure", url) for unique_id, url in own if url]
    return tuple(sorted(found, key=lambda link: (link.unique_id, link.kind, link.url)))


def _copy(value: object, shape: type[_Shape]) -> _Shape:
    """``value`` of the model as ``shape``: the fields of the same names."""
    return msgspec.convert(value, shape, from_attributes=True)
