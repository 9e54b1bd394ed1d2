"""The shape of a check as JSON: its keys in the order in which they are printed; their JSON Schema is published.

``schema_version`` is MAJOR.MINOR: keys are added within a major version, never renamed or removed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model.changes import Certainty, ChangeKind, Judgement
from aftershock.model.incident import Effect
from aftershock.render.document import Artifact, DbtProject, ErrorDocument, SeverityVerdict, Step, published

CHECK_VERSION: Literal["1.0"] = "1.0"


class CheckedChange(msgspec.Struct, frozen=True):
    """One difference between the two projects: `was` and `now` are the old and the new value where there is one, `path` and `line` where it is in the head.

    `fails` is whether it keeps the check from passing. Of a change that somebody accepted, `acknowledged` is the reason, with `by` and `until`.
    """

    unique_id: str
    kind: ChangeKind
    column: str
    verdict: Judgement
    certainty: Certainty
    reason: str
    label: str
    was: str
    now: str
    path: str
    line: int
    fails: bool
    acknowledged: str
    by: str
    until: str


class AcknowledgedChange(msgspec.Struct, frozen=True):
    """A change that somebody accepted: why, who, and up to which day."""

    unique_id: str
    kind: ChangeKind
    column: str
    reason: str
    by: str
    until: str


class CheckedDashboard(msgspec.Struct, frozen=True):
    """An affected exposure: `path` leads to it by unique_id; `certainty` is column where SQL was read."""

    unique_id: str
    name: str
    type: str
    automation: bool
    url: str
    owners: tuple[CheckedOwner, ...]
    effects: tuple[Effect, ...]
    path: tuple[str, ...]
    certainty: Literal["node", "column"]


class CheckedOwner(msgspec.Struct, frozen=True):
    """A person or team; parts may be empty, not all of them."""

    name: str
    email: str
    slack: str


class CheckedConsumer(msgspec.Struct, frozen=True):
    """A person or team to tell, once: the unique_ids of their affected exposures, and of the affected nodes that are theirs."""

    owner: CheckedOwner
    exposures: tuple[str, ...]
    nodes: tuple[str, ...]


class OutsideReader(msgspec.Struct, frozen=True):
    """Somebody who reads affected data outside dbt's graph, reached through the node `unique_id`."""

    kind: str
    unique_id: str
    what: str


class Proof(msgspec.Struct, frozen=True):
    """Why a node is concerned: `change` counts in `changes` from 0, `steps` are the way of the column to it, `why` what no longer binds."""

    unique_id: str
    change: int
    steps: tuple[Step, ...]
    why: str
    certain: bool


class CheckedImpact(msgspec.Struct, frozen=True):
    """What the changes that nobody accepted do downstream, by unique_id; `proofs` say how each is reached."""

    fails: tuple[str, ...]
    skipped: tuple[str, ...]
    loses_columns: dict[str, tuple[str, ...]]
    wrong: tuple[str, ...]
    failing_tests: tuple[str, ...]
    dashboards: tuple[CheckedDashboard, ...]
    metrics: tuple[str, ...]
    consumers: tuple[CheckedConsumer, ...]
    hidden_consumers: tuple[OutsideReader, ...]
    proofs: tuple[Proof, ...]


class CheckedCoverage(msgspec.Struct, frozen=True):
    """How much was compared: `changed` nodes with SQL, `compared` of them in both projects, and why the others were not, by unique_id."""

    changed: int
    compared: int
    unread: dict[str, str]


class CheckDocument(msgspec.Struct, frozen=True):
    """What a change breaks. `outcome` is failed, not-judged or passed, as the exit codes 1, 2 and 0; `severity` is null where nothing is breaking or risky.

    Nodes are named by dbt's unique_id; equal inputs give equal bytes.
    """

    schema_version: Literal["1.0"]
    verdict: str
    outcome: Literal["failed", "not-judged", "passed"]
    fail_on: str
    failed: tuple[str, ...]
    changes: tuple[CheckedChange, ...]
    impact: CheckedImpact
    severity: SeverityVerdict | None
    acknowledged: tuple[AcknowledgedChange, ...]
    coverage: CheckedCoverage
    policy_changes: tuple[str, ...]
    advice: tuple[str, ...]
    base: DbtProject
    head: DbtProject
    artifacts: tuple[Artifact, ...]
    warnings: tuple[str, ...]
    labels: dict[str, str]
    read_at: str


def schema() -> str:
    """The JSON Schema (draft 2020-12) of `CheckDocument`, `BacktestDocument` and `ErrorDocument`, as it is published in the documentation."""
    from aftershock.render.check.backtest import BacktestDocument

    return published(f"aftershock check {CHECK_VERSION}", CheckDocument, BacktestDocument, ErrorDocument)
