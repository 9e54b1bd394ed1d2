"""What the artifacts show of a failed run: incidents proposed, each with its evidence, and what only looks like one."""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model.category import Category
from aftershock.model.incident import Verdict
from aftershock.model.project import ArtifactFile, ProjectInfo

Confidence = Literal["high", "medium", "low"]


class Clue(msgspec.Struct, frozen=True, omit_defaults=True):
    """One result that a proposal rests on.

    ``unique_id`` is the node, test or source whose result it is, ``status`` as dbt wrote it in lower case; ``rule`` names the row of the table that
    read it, ``says`` is what it means, one sentence without a full stop, and ``message`` dbt's own words, cut. ``at`` is ISO 8601 in UTC, empty where
    the file does not say.
    """

    unique_id: str
    status: str
    rule: str
    says: str
    file: Literal["run_results", "sources", "manifest", "catalog"] = "run_results"
    message: str = ""
    at: str = ""


class Alternative(msgspec.Struct, frozen=True):
    """Another category that the evidence allows, and what speaks for it: one sentence without a full stop."""

    category: Category
    why: str


class Proposal(msgspec.Struct, frozen=True, omit_defaults=True):
    """One incident that the artifacts show.

    ``title`` is one sentence without a full stop. ``nodes`` are the data nodes at the root of it (a failing test stands for what it tests), ``skipped``
    what dbt did not build because of them, ``columns`` those of the nodes that the evidence is about where there is one node and it says so.
    ``alternatives`` are other categories, likeliest first. ``doubts`` say why the alert may be false, each a full sentence; empty where nothing speaks
    for that. ``severity`` is what the policy says of the nodes under this category. ``started_at`` and ``detected_at`` are ISO 8601 in UTC, empty where
    unknown. ``confirmed`` is false for a data loss that is only inferred. ``origins`` are the relations in which the nodes miss a column, or that are gone,
    where that is known: what has to be looked at, and repaired, first. ``columns`` are then theirs.
    """

    category: Category
    confidence: Confidence
    title: str
    nodes: tuple[str, ...]
    skipped: tuple[str, ...]
    severity: Verdict
    evidence: tuple[Clue, ...]
    alternatives: tuple[Alternative, ...] = ()
    doubts: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    started_at: str = ""
    detected_at: str = ""
    confirmed: bool = True
    origins: tuple[str, ...] = ()

    @property
    def roots(self) -> tuple[str, ...]:
        """Where it begins: the origins and the nodes, each once."""
        return tuple(dict.fromkeys((*self.origins, *self.nodes)))


class Detection(msgspec.Struct, frozen=True):
    """Everything that a look at the artifacts found, worst incident first.

    ``code_faults`` are failures that say something about code and nothing about data: unit tests. ``notes`` are full sentences on what could not be
    judged. ``labels`` gives the name that people use for every unique_id that is mentioned, for an incident's nodes one that names nothing else;
    ``paths`` the file of each incident's nodes that the project itself defines, relative to it; ``read_at`` is ISO 8601 in UTC.
    """

    incidents: tuple[Proposal, ...]
    code_faults: tuple[Clue, ...]
    notes: tuple[str, ...]
    project: ProjectInfo
    files: tuple[ArtifactFile, ...]
    warnings: tuple[str, ...]
    labels: dict[str, str]
    read_at: str
    paths: dict[str, str] = {}
