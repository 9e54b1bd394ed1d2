"""The shape of lineage as JSON: its keys in the order in which they are printed; their JSON Schema is published.

``schema_version`` is MAJOR.MINOR: keys are added within a major version, never renamed or removed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model.lineage import Kind, Subtype
from aftershock.render.document import Artifact, DbtProject, ErrorDocument, published

LINEAGE_VERSION: Literal["1.0"] = "1.0"


class Question(msgspec.Struct, frozen=True):
    """What was asked: a node, which of its columns, which way and how far (`depth` in nodes, null for all)."""

    unique_id: str
    name: str
    columns: tuple[str, ...]
    direction: Literal["up", "down", "both"]
    depth: int | None


class WayNode(msgspec.Struct, frozen=True):
    """A node on the way.

    `depth` is negative upstream, 0 for the start; `columns` are those on the way, `carried` those of them that hold values of the start or give
    them to it; `rows` whether its rows as a whole are on the way; `sure` whether a way to it is certain throughout; `unread` why its code was not
    read, empty where it was.
    """

    unique_id: str
    resource_type: str
    name: str
    relation_name: str
    depth: int
    columns: tuple[str, ...]
    carried: tuple[str, ...]
    rows: bool
    sure: bool
    unread: str


class ColumnOf(msgspec.Struct, frozen=True):
    """A column of a node; `column` is empty for its rows as a whole and * for columns that are not known one by one.

    `node` is a unique_id, or `outside:` and a relation's name where SQL reads what is no node of the project.
    """

    node: str
    column: str


class ColumnUse(msgspec.Struct, frozen=True):
    """One use of a column: `kind` and `subtype` are OpenLineage's words.

    `named` is false where it is reached through stars alone, `certain` false where it may be of another column, or code was not read.
    """

    source: ColumnOf
    target: ColumnOf
    kind: Kind
    subtype: Subtype
    named: bool
    certain: bool


class UnreadNode(msgspec.Struct, frozen=True):
    """A node whose code was not read, and why."""

    unique_id: str
    name: str
    reason: str


class CodeRead(msgspec.Struct, frozen=True):
    """How much code was read: `read` of `nodes`; `attributed` of `references`, the names in it; of `known` nodes all columns are known."""

    nodes: int
    read: int
    references: int
    attributed: int
    known: int
    unread: tuple[UnreadNode, ...]
    partly: tuple[UnreadNode, ...]


class LineageDocument(msgspec.Struct, frozen=True):
    """Column lineage by aftershock. Nodes are named by dbt's unique_id; lists are sorted, so equal inputs give equal bytes."""

    schema_version: Literal["1.0"]
    summary: str
    question: Question
    nodes: tuple[WayNode, ...]
    edges: tuple[ColumnUse, ...]
    coverage: CodeRead
    project: DbtProject
    artifacts: tuple[Artifact, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    read_at: str


def schema() -> str:
    """The JSON Schema (draft 2020-12) of `LineageDocument` and `ErrorDocument`, as it is published in the documentation."""
    return published(f"aftershock lineage {LINEAGE_VERSION}", LineageDocument, ErrorDocument)
