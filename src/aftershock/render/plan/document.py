"""The shape of a recovery plan as JSON: its keys in the order in which they are printed; their JSON Schema is published.

``schema_version`` is MAJOR.MINOR: keys are added within a major version, never renamed or removed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model import Category, Severity
from aftershock.model.plan import Engine, PhaseKind, StepKind
from aftershock.render.document import ErrorDocument, published

PLAN_VERSION: Literal["1.0"] = "1.0"


class PlanIncident(msgspec.Struct, frozen=True):
    """What is repaired: `nodes` are the unique_ids of the failing nodes; times are ISO 8601 in UTC, empty where unknown."""

    category: Category
    nodes: tuple[str, ...]
    since: str
    until: str
    detected_at: str


class PlanTarget(msgspec.Struct, frozen=True):
    """dbt's target: where it is not `known`, run nothing before a person has named it, and add `--target` to every dbt command.

    `name` is what the commands carry; empty where they carry none.
    """

    known: bool
    name: str


class PlanEstimate(msgspec.Struct, frozen=True):
    """How long the commands take, in seconds; null where nothing tells. `basis` says what that rests on."""

    low_seconds: float | None
    high_seconds: float | None
    basis: tuple[str, ...]


class PlanStep(msgspec.Struct, frozen=True):
    """One thing to do: `argv` as words and `commands` as lines for `shell`, both empty where a person (`who`) acts.

    `requires` must be true before it; `destroys` says what it could destroy, which makes a command `irreversible`; `costs` what it costs. `sql` are the
    statements that the command runs; without a command, statements for whoever acts to check and run.
    """

    number: int
    kind: StepKind
    nodes: tuple[str, ...]
    why: str
    requires: str
    destroys: str
    costs: str
    irreversible: bool
    commands: tuple[str, ...]
    argv: tuple[str, ...]
    sql: str
    who: str


class PlanPhase(msgspec.Struct, frozen=True):
    """Steps that may be done once all earlier phases are."""

    kind: PhaseKind
    steps: tuple[PlanStep, ...]


class PlanDocument(msgspec.Struct, frozen=True):
    """A recovery plan by aftershock. Nodes are named by dbt's unique_id; equal inputs give equal bytes."""

    schema_version: Literal["1.0"]
    summary: str
    incident: PlanIncident
    severity: Severity
    engine: Engine
    shell: Literal["posix", "powershell"]
    target: PlanTarget
    estimate: PlanEstimate
    phases: tuple[PlanPhase, ...]
    untouched: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def schema() -> str:
    """The JSON Schema (draft 2020-12) of `PlanDocument` and `ErrorDocument`, as it is published in the documentation."""
    return published(f"aftershock plan {PLAN_VERSION}", PlanDocument, ErrorDocument)
