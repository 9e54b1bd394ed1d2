"""The shape of a verification as JSON: its keys in the order in which they are printed; their JSON Schema is published.

``schema_version`` is MAJOR.MINOR: keys are added within a major version, never renamed or removed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model.proof import ProofState
from aftershock.render.document import Artifact, DbtProject, ErrorDocument, published

PROOF_VERSION: Literal["1.0"] = "1.0"


class StateCounts(msgspec.Struct, frozen=True):
    """How many nodes are in each state; `untested` and `repaired` count as repaired."""

    still_bad: int
    not_run: int
    not_tested: int
    not_judged: int
    untested: int
    repaired: int
    total: int


class SeenResult(msgspec.Struct, frozen=True):
    """A result that a judgement rests on: the `file`, the node or test, its `status`, and when, as dbt wrote it."""

    file: str
    unique_id: str
    status: str
    at: str


class JudgedNode(msgspec.Struct, frozen=True):
    """A node with its `state`: still_bad, not_run, not_tested, not_judged (no result can prove it), untested (built, has no test) or repaired.

    `open` says whether it keeps the recovery from being over, `confirmed` whether a person vouches for it, `failing` whether the incident is about it.
    """

    unique_id: str
    label: str
    resource_type: str
    state: ProofState
    open: bool
    why: str
    failing: bool
    confirmed: bool
    evidence: tuple[SeenResult, ...]


class AskedPerson(msgspec.Struct, frozen=True):
    """What a person has to confirm, since no result says it."""

    who: str
    nodes: tuple[str, ...]
    why: str


class ProofDocument(msgspec.Struct, frozen=True):
    """What is repaired, by what dbt has recorded `since` a time. Nodes are named by dbt's unique_id; equal inputs give equal bytes."""

    schema_version: Literal["1.0"]
    verdict: str
    repaired: bool
    since: str
    target: str
    counts: StateCounts
    nodes: tuple[JudgedNode, ...]
    confirm: tuple[AskedPerson, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    project: DbtProject
    artifacts: tuple[Artifact, ...]
    read_at: str


def schema() -> str:
    """The JSON Schema (draft 2020-12) of `ProofDocument` and `ErrorDocument`, as it is published in the documentation."""
    return published(f"aftershock verify {PROOF_VERSION}", ProofDocument, ErrorDocument)
