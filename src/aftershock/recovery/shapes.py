"""What a node is to a recovery: how dbt builds it, and what else decides whether that repairs or destroys."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from aftershock.model import BAD_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.model import Node

Shape = Literal[
    "source",
    "foreign",
    "seed",
    "snapshot",
    "view",
    "ephemeral",
    "function",
    "table",
    "refreshed",
    "microbatch",
    "append",
    "keyed",
    "overwrite",
    "custom-incremental",
    "custom",
    "export",
    "exposure",
    "semantic",
]
"""``foreign`` is another project's model; ``refreshed`` the warehouse keeps up itself (materialized views); ``keyed`` replaces rows by a
unique key; ``overwrite`` replaces partitions; ``custom`` is a materialization or strategy whose working is not known here."""

Fact = Literal[
    "failing",
    "confirmed",
    "errored",
    "not-run",
    "built",
    "unrun",
    "blocked",
    "forced",
    "window",
    "backfill",
    "timed",
    "key",
    "takes-all",
    "sync",
    "replaces",
    "closes",
    "dropped",
    "merges",
    "own-code",
    "reselects",
]
"""``confirmed``: the incident is, for a data loss. ``errored``, ``not-run``, ``built``: by the last run. ``unrun``: not built since the data became bad.
``blocked``, ``forced``: ``full_refresh: false``, ``true``. ``window``: the bad time is known and the node's batches too. ``backfill``: its start is
known and so is the variable that the SQL starts from. ``timed``: the bad time is known, and by which column its rows have a time. ``key``: a key tells its
rows apart. ``takes-all``: each run selects everything that it reads. ``sync``: ``on_schema_change: sync_all_columns``. ``replaces``: every stored row of
a key is deleted before the key is inserted. ``closes``: a snapshot closes rows that its input does not hold. ``dropped``: an earlier step of the plan drops it.
``merges``: its batches are merged by key, which removes no row. ``own-code``: its SQL, as the artifacts have it, may be what was wrong.
``reselects``: a run takes a window again once its rows are deleted."""

INCREMENTAL_SHAPES: frozenset[Shape] = frozenset({"microbatch", "append", "keyed", "overwrite", "custom-incremental"})

TABLES = frozenset({"table", "external", "distributed_table"})
REFRESHED = frozenset({"materialized_view", "dynamic_table", "streaming_table"})
INCREMENTALS = frozenset({"incremental", "distributed_incremental"})
REPLACES_BY_KEY = frozenset({"", "merge", "delete+insert", "delete_insert"})
DELETES_FIRST = frozenset({"delete+insert", "delete_insert"})
CLOSES = frozenset({"invalidate", "new_record"})
STRATEGIES: dict[str, Shape] = {"microbatch": "microbatch", "append": "append", "insert_overwrite": "overwrite"}
TYPES: dict[str, Shape] = {"source": "source", "seed": "seed", "snapshot": "snapshot", "function": "function", "exposure": "exposure"}
GOOD_STATUSES = frozenset({"success", "reused"})
MERGING_ADAPTERS = frozenset({"postgres", "greenplum", "alloydb"})
"""Adapters on which microbatch is a MERGE by unique key: a row that is gone from what it reads stays. Seen with dbt-postgres 1.11."""
CASCADING_ADAPTERS = frozenset({"postgres", "redshift"})
"""Adapters on which replacing a table drops the views that read it."""


def shape_of(node: Node) -> Shape:
    """The shape of any affected node."""
    if node.resource_type == "saved_query" and node.exports:
        return "export"
    if node.resource_type != "model":
        return TYPES.get(node.resource_type, "semantic")
    if not node.path:  # dbt writes no file for a model that another project's manifest brought in
        return "foreign"
    return _model(node)


def _model(node: Node) -> Shape:
    kind = node.materialized
    if kind in INCREMENTALS:
        return _incremental(node)
    if kind in TABLES:
        return "table"
    if kind in REFRESHED:
        return "refreshed"
    return "view" if kind == "view" else "ephemeral" if kind == "ephemeral" else "custom"


def _incremental(node: Node) -> Shape:
    strategy = node.build.strategy
    if strategy in REPLACES_BY_KEY:  # without a key, these strategies only insert
        return "keyed" if node.build.unique_key else "append"
    return STRATEGIES.get(strategy, "custom-incremental")


def facts_of(node: Node, given: Iterable[Fact], status: str) -> frozenset[Fact]:
    """What holds for this node apart from its shape.

    Args:
        node: an affected node.
        given: what holds because of the incident.
        status: what the last run said of it, in lower case; empty where it said nothing.
    """
    held = (
        status in BAD_STATUSES,
        status == "skipped",
        status in GOOD_STATUSES,
        node.build.full_refresh is False,
        node.build.full_refresh is True,
        bool(node.build.unique_key or node.primary_key),
        node.build.takes_all,
        node.build.on_schema_change == "sync_all_columns",
        node.build.strategy in DELETES_FIRST,
        node.build.hard_deletes in CLOSES,
    )
    return _facts(held, frozenset(given))


KNOWN: tuple[Fact, ...] = ("errored", "not-run", "built", "blocked", "forced", "key", "takes-all", "sync", "replaces", "closes")


@cache
def _facts(held: tuple[bool, ...], given: frozenset[Fact]) -> frozenset[Fact]:
    """Few sets, since most nodes have the same facts."""
    return given | {fact for fact, holds in zip(KNOWN, held, strict=True) if holds}
