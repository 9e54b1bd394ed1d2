"""What the results of a recovery prove: node by node repaired, still bad, or not shown."""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model.plan import RecoveryPlan
from aftershock.model.project import ArtifactFile, Freshness, ProjectInfo, Run

ProofState = Literal["still_bad", "not_run", "not_tested", "not_judged", "untested", "repaired"]
"""``still_bad``: a result says so, or it was built from what is bad. ``not_run``: nothing that counts built or checked it. ``not_tested``: built, but a
test on it has not run since. ``not_judged``: no result can prove it, a person must. ``untested``: built, and it has no test. ``repaired``: proved."""

STATES: tuple[ProofState, ...] = ("still_bad", "not_run", "not_tested", "not_judged", "untested", "repaired")
"""In the order in which they need somebody."""


class RecordedRun(msgspec.Struct, frozen=True):
    """One run_results.json, and where it was read."""

    file: str
    run: Run


class RecordedFreshness(msgspec.Struct, frozen=True):
    """One sources.json, and where it was read."""

    file: str
    freshness: Freshness


class Recorded(msgspec.Struct, frozen=True):
    """What the steps of a recovery left behind."""

    runs: tuple[RecordedRun, ...] = ()
    freshness: tuple[RecordedFreshness, ...] = ()


class PlanRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A plan that was followed: its phases, the unique_ids of the failing nodes, the category's slug and the target, each empty where it does not say."""

    plan: RecoveryPlan
    nodes: tuple[str, ...] = ()
    category: str = ""
    target: str = ""
    file: str = ""


class Evidence(msgspec.Struct, frozen=True):
    """One result that a judgement rests on: in which file, of which node or test, its status, and when (ISO 8601 as dbt wrote it)."""

    file: str
    unique_id: str
    status: str
    at: str


class NodeProof(msgspec.Struct, frozen=True):
    """The judgement on one node.

    ``why`` is one sentence without a full stop; ``failing`` whether it is a node of the incident itself; ``confirmed`` whether a person vouches for it.
    """

    unique_id: str
    resource_type: str
    state: ProofState
    why: str
    evidence: tuple[Evidence, ...] = ()
    failing: bool = False
    confirmed: bool = False

    @property
    def is_repaired(self) -> bool:
        """Whether it counts as repaired; ``untested`` does, and is said."""
        return self.state in {"repaired", "untested"}

    @property
    def is_open(self) -> bool:
        """Whether the recovery is not over because of it: what nothing can prove holds it up only where the incident is about it."""
        return not self.is_repaired and (self.state != "not_judged" or self.failing)


class Confirmation(msgspec.Struct, frozen=True):
    """What a person has to confirm, since no result of dbt's says it."""

    who: str
    nodes: tuple[str, ...]
    why: str


class Verification(msgspec.Struct, frozen=True):
    """The whole answer: every node with its judgement, and what that was read from.

    ``since`` and ``read_at`` are ISO 8601 in UTC; ``target`` is the dbt target whose runs counted, empty where none says; ``labels`` gives the name that
    people use for every unique_id that is mentioned.
    """

    since: str
    target: str
    nodes: tuple[NodeProof, ...]
    confirm: tuple[Confirmation, ...]
    notes: tuple[str, ...]
    project: ProjectInfo
    files: tuple[ArtifactFile, ...]
    warnings: tuple[str, ...]
    labels: dict[str, str]
    read_at: str

    @property
    def is_repaired(self) -> bool:
        """Whether nothing is left to do or to prove."""
        return not any(node.is_open for node in self.nodes)

    def of(self, state: ProofState) -> tuple[NodeProof, ...]:
        """The nodes in one state."""
        return tuple(node for node in self.nodes if node.state == state)
