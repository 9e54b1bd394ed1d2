"""What is found of columns: what a change does to each node, and a column's whole way."""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model.columns import ColumnEdge, ColumnRef, ColumnStep, Coverage, Kind, Subtype, Unread
from aftershock.model.incident import Effect
from aftershock.model.project import ArtifactFile, ProjectInfo

__all__ = [
    "ColumnEdge",
    "ColumnRef",
    "ColumnStep",
    "Consequence",
    "Coverage",
    "Kind",
    "LineageEdge",
    "LineageNode",
    "LineageReport",
    "NodeColumns",
    "Subtype",
    "Unread",
]


class Consequence(msgspec.Struct, frozen=True):
    """What a change of columns does to one node.

    ``columns`` are those of the node that it concerns (empty where it concerns all, or none in particular); ``certain`` is false where the
    node's code was not read, or a name in it may be of another column; ``steps`` lead from the changed column to this node; ``why`` says
    what no longer binds, where something does not.
    """

    unique_id: str
    effects: tuple[Effect, ...]
    columns: tuple[str, ...] = ()
    certain: bool = True
    steps: tuple[ColumnStep, ...] = ()
    why: str = ""


class LineageEdge(msgspec.Struct, frozen=True, order=True):
    """One use of a node's column by another node, from ``source`` (upstream) to ``target`` (downstream).

    ``target.column`` is empty where the use decides about the rows of the node, ``source.column`` where it is such rows that are used.
    The rest is as in :class:`ColumnEdge`.
    """

    source: ColumnRef
    target: ColumnRef
    kind: Kind
    subtype: Subtype
    named: bool
    certain: bool = True


class LineageNode(msgspec.Struct, frozen=True):
    """A node on a column's way.

    ``depth`` counts nodes from the start, negative upstream, 0 for the start itself. ``columns`` are its columns on the way, as the SQL writes
    them; ``rows`` whether the way leads through its rows as a whole. ``unread`` says why its code was not read: then everything that depends
    on it may be on the way.
    """

    unique_id: str
    resource_type: str
    name: str
    relation_name: str
    depth: int
    columns: tuple[str, ...]
    rows: bool = False
    unread: str = ""


class LineageReport(msgspec.Struct, frozen=True):
    """The whole answer to "where does this come from, and where does it go".

    ``start`` is the node that was asked about, ``columns`` those of its columns (all that are known where none was named), ``direction`` up, down
    or both, ``depth`` the most nodes away, None for all. ``nodes`` are in order of depth, then unique_id; ``edges`` are sorted. ``facets`` are the
    nodes whose code was read, each with all of its columns' inputs, for formats that describe datasets one by one. ``labels`` gives the name that
    people use for every unique_id here; ``read_at`` is when the question was asked (ISO 8601, UTC).
    """

    start: str
    columns: tuple[str, ...]
    direction: Literal["up", "down", "both"]
    depth: int | None
    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
    facets: tuple[NodeColumns, ...]
    coverage: Coverage
    project: ProjectInfo
    files: tuple[ArtifactFile, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    labels: dict[str, str]
    read_at: str


class NodeColumns(msgspec.Struct, frozen=True):
    """A node's output columns in order, with their types where the warehouse or YAML gives them, and every edge that leads into them or into its rows."""

    unique_id: str
    relation_name: str
    columns: tuple[tuple[str, str], ...]
    edges: tuple[LineageEdge, ...]
