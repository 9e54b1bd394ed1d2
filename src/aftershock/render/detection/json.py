"""A detection for programs, in the shape of `aftershock.render.detection.document`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.render.detection import words
from aftershock.render.detection.document import DETECTION_VERSION, DetectionDocument, Evidence, FoundIncident, OtherCategory
from aftershock.render.document import Artifact, DbtProject, SeverityReason
from aftershock.render.encoding import encoded

if TYPE_CHECKING:
    from aftershock.model.detection import Clue, Detection, Proposal


def json(found: Detection) -> str:
    """The detection as a `DetectionDocument`, indented by two, with a line end."""
    document = DetectionDocument(
        schema_version=DETECTION_VERSION,
        summary=words.verdict(found),
        incidents=tuple(_incident(item) for item in found.incidents),
        code_faults=tuple(_evidence(clue) for clue in found.code_faults),
        notes=found.notes,
        project=msgspec.convert(found.project, DbtProject, from_attributes=True),
        files=tuple(msgspec.convert(file, Artifact, from_attributes=True) for file in found.files),
        warnings=found.warnings,
        labels=dict(sorted(found.labels.items())),
        read_at=found.read_at,
    )
    return encoded(document)


def _incident(item: Proposal) -> FoundIncident:
    return FoundIncident(
        item.category,
        item.confidence,
        item.title,
        item.nodes,
        item.skipped,
        item.severity.level,
        item.severity.confidence,
        tuple(SeverityReason(reason.rule, reason.change, reason.evidence, reason.node) for reason in item.severity.reasons),
        tuple(_evidence(clue) for clue in item.evidence),
        tuple(OtherCategory(other.category, other.why) for other in item.alternatives),
        item.doubts,
        item.columns,
        item.started_at,
        item.detected_at,
        item.confirmed,
        item.origins,
    )


def _evidence(clue: Clue) -> Evidence:
    return Evidence(clue.unique_id, clue.status, clue.rule, clue.says, clue.message, clue.file, clue.at)
