"""A check for programs, in the shape of `aftershock.render.check.document`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from aftershock.render.check import audience, words
from aftershock.render.check.advice import advice
from aftershock.render.check.document import (
    CHECK_VERSION,
    AcknowledgedChange,
    CheckDocument,
    CheckedChange,
    CheckedConsumer,
    CheckedCoverage,
    CheckedDashboard,
    CheckedImpact,
    CheckedOwner,
    OutsideReader,
    Proof,
)
from aftershock.render.document import Artifact, DbtProject, SeverityVerdict
from aftershock.render.encoding import encoded

if TYPE_CHECKING:
    from aftershock.model.changes import Change, CheckReport

_Shape = TypeVar("_Shape", bound=msgspec.Struct)


def json(report: CheckReport) -> str:
    """The report as a `CheckDocument`, indented by two, with a line end."""
    return encoded(
        CheckDocument(
            schema_version=CHECK_VERSION,
            verdict=words.verdict(report),
            outcome=report.outcome,
            fail_on=report.fail_on,
            failed=report.failed,
            changes=tuple(_change(report, change) for change in report.changes),
            impact=_impact(report),
            severity=None if report.severity is None else _copy(report.severity, SeverityVerdict),
            acknowledged=tuple(
                AcknowledgedChange(item.unique_id, item.kind, item.column, item.acknowledged, item.by, item.until) for item in words.accepted(report)
            ),
            coverage=_copy(report.coverage, CheckedCoverage),
            policy_changes=report.policy_changes,
            advice=tuple(item.whole for item in advice(report)),
            base=_copy(report.base, DbtProject),
            head=_copy(report.head, DbtProject),
            artifacts=tuple(_copy(file, Artifact) for file in report.files),
            warnings=report.warnings,
            labels=dict(sorted(report.labels.items())),
            read_at=report.read_at,
        )
    )


def _change(report: CheckReport, item: Change) -> CheckedChange:
    return CheckedChange(
        item.unique_id,
        item.kind,
        item.column,
        item.verdict,
        item.certainty,
        item.reason,
        words.name(report, item.unique_id),
        item.was,
        item.now,
        item.path,
        item.line,
        item.fails,
        item.acknowledged,
        item.by,
        item.until,
    )


def _impact(report: CheckReport) -> CheckedImpact:
    impact = report.impact
    return CheckedImpact(
        impact.fails,
        impact.skipped,
        impact.loses_columns,
        impact.wrong,
        impact.failing_tests,
        tuple(_copy(item, CheckedDashboard) for item in audience.dashboards(report)),
        impact.metrics,
        tuple(CheckedConsumer(_copy(person.owner, CheckedOwner), person.exposures, person.nodes) for person in audience.people(report)),
        tuple(_copy(item, OutsideReader) for item in impact.hidden),
        tuple(_copy(item, Proof) for item in impact.proofs),
    )


def _copy(value: object, shape: type[_Shape]) -> _Shape:
    """``value`` of the model as ``shape``: the fields of the same names."""
    return msgspec.convert(value, shape, from_attributes=True)
