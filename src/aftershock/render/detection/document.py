"""The shape of a detection as JSON: its keys in the order in which they are printed; their JSON Schema is published.

``schema_version`` is MAJOR.MINOR: keys are added within a major version, never renamed or removed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model import Category, Severity
from aftershock.render.document import Artifact, DbtProject, ErrorDocument, SeverityReason, published

DETECTION_VERSION: Literal["1.0"] = "1.0"


class Evidence(msgspec.Struct, frozen=True):
    """A result that an incident rests on: whose it is, its `status`, the `rule` that read it, what it `says`, dbt's own `message`, cut, where it was read and when."""

    unique_id: str
    status: str
    rule: str
    says: str
    message: str
    file: Literal["run_results", "sources", "manifest", "catalog"]
    at: str


class OtherCategory(msgspec.Struct, frozen=True):
    """Another category that the evidence allows, and what speaks for it."""

    category: Category
    why: str


class FoundIncident(msgspec.Struct, frozen=True):
    """One incident: `nodes` at the root of it by unique_id, `skipped` what dbt did not build because of them.

    `severity` is what the policy says of the nodes under this `category`, by `severity_reasons`. `alternatives` are other categories, likeliest first;
    `doubts` say why the alert may be false. `columns` are those of the one node that it is about. Times are ISO 8601 in UTC, empty where unknown.
    `confirmed` is false for a data loss that is only inferred. `origins` are the relations in which the nodes miss a column, or that are gone, where that is
    known: what has to be repaired first; `columns` are then theirs.
    """

    category: Category
    confidence: Literal["high", "medium", "low"]
    title: str
    nodes: tuple[str, ...]
    skipped: tuple[str, ...]
    severity: Severity
    severity_confidence: Literal["high", "medium", "low"]
    severity_reasons: tuple[SeverityReason, ...]
    evidence: tuple[Evidence, ...]
    alternatives: tuple[OtherCategory, ...]
    doubts: tuple[str, ...]
    columns: tuple[str, ...]
    started_at: str
    detected_at: str
    confirmed: bool
    origins: tuple[str, ...]


class DetectionDocument(msgspec.Struct, frozen=True):
    """What artifacts show, worst incident first. `code_faults` are failing unit tests; `notes` say what could not be judged; `labels` are names by unique_id."""

    schema_version: Literal["1.0"]
    summary: str
    incidents: tuple[FoundIncident, ...]
    code_faults: tuple[Evidence, ...]
    notes: tuple[str, ...]
    project: DbtProject
    files: tuple[Artifact, ...]
    warnings: tuple[str, ...]
    labels: dict[str, str]
    read_at: str


def schema() -> str:
    """The JSON Schema (draft 2020-12) of `DetectionDocument` and `ErrorDocument`, as it is published in the documentation."""
    return published(f"aftershock detect {DETECTION_VERSION}", DetectionDocument, ErrorDocument)
