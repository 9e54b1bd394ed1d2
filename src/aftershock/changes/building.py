"""How a node is built, and where: rules for settings that decide what its next run makes of the rows that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.changes.found import Finding, setting, written_out
from aftershock.changes.places import respelled
from aftershock.changes.stored import KEEPS_ROWS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair
    from aftershock.model import Node
    from aftershock.model.changes import Change, Judgement

BUILT = frozenset({"model", "seed", "snapshot"})
LAYOUT = ("partition_by", "cluster_by", "sort", "dist", "sort_type", "order_by", "primary_key", "distributed_by", "liquid_clustered_by", "indexes", "engine")
ENGINE = "engine"
BESIDE = ("pre-hook", "post-hook", "sql_header")
"""Settings that hold SQL which runs beside a node's own."""


class Setting(NamedTuple):
    """A setting of an incremental model or snapshot, what another value does to rows that are there, and what holds where none is given."""

    of: str
    key: str
    reason: str
    default: object = None


INCREMENTAL: tuple[Setting, ...] = (
    Setting("*", "unique_key", "rows that are there were told apart by the old key, and may stay beside their new versions"),
    Setting("incremental", "incremental_strategy", "new rows are put beside, or in place of, other rows than before"),
    Setting("incremental", "incremental_predicates", "new rows are put beside, or in place of, other rows than before"),
    Setting("incremental", "merge_update_columns", "other columns are updated where a row is there already"),
    Setting("incremental", "merge_exclude_columns", "other columns are updated where a row is there already"),
    Setting("incremental", "event_time", "other rows count as those of a period"),
    Setting("incremental", "begin", "a full refresh starts at another time"),
    Setting("incremental", "batch_size", "rows are replaced by other periods"),
    Setting("incremental", "lookback", "another number of periods is built again by each run", 1),
    Setting("snapshot", "strategy", "other changes make a new version of a row"),
    Setting("snapshot", "check_cols", "other changes make a new version of a row"),
    Setting("snapshot", "updated_at", "versions get their times from elsewhere"),
    Setting("snapshot", "hard_deletes", "rows that are gone from the source are treated otherwise"),
    Setting("snapshot", "invalidate_hard_deletes", "rows that are gone from the source are treated otherwise"),
    Setting("snapshot", "dbt_valid_to_current", "current versions are marked otherwise"),
    Setting("snapshot", "snapshot_meta_column_names", "the columns that dbt adds have other names"),
)
"""By materialization, ``*`` for both."""

MATERIALIZATIONS: tuple[tuple[str, str, Judgement, str], ...] = (
    ("*", "ephemeral", "breaking", "dbt no longer builds it as a relation, and leaves the old one as it is"),
    ("ephemeral", "*", "safe", "dbt builds it as a relation now"),
    ("incremental", "*", "risky", "it is built anew from what its sources hold now: rows that only its table kept are lost"),
    ("snapshot", "*", "breaking", "its history is no longer kept"),
    ("table", "incremental", "risky", "rows that are there stay, and later runs only add to them"),
    ("*", "incremental", "risky", "it is built whole once, and later runs only add to it"),
    ("table", "view", "safe", "it shows what its sources hold at every query"),
    ("view", "table", "safe", "it shows what its sources held at the last run"),
    ("*", "materialized_view", "risky", "the warehouse, or dbt, refreshes it in its own time, and dbt does not always carry over a changed query"),
    ("materialized_view", "*", "safe", "it is built by each run"),
    ("*", "*", "cannot-say", "what this materialization does is not known"),
)
"""From, to (``*`` is any), what it means for whoever reads the node, and why; the first row that fits."""


def materialization(scene: Scene, pair: Pair) -> Iterator[Finding]:
    """Another materialization, by its table, and other SQL that runs beside the node's own."""
    old, new = pair.base.materialized, pair.head.materialized
    if pair.head.resource_type in BUILT and old != new and (not pair.old.config or setting(scene, pair, "materialized") is not None):
        row = next(row for row in MATERIALIZATIONS if row[0] in {"*", old} and row[1] in {"*", new})
        yield Finding(row[2], f"{pair.head.label} was {old} and is {new} now: {row[3]}", old, new, certainty="unknown" if row[2] == "cannot-say" else "certain")
    for key in BESIDE:
        found = setting(scene, pair, key)
        if found is not None and pair.head.resource_type in BUILT and (was := _hooks(found[0])) != (now := _hooks(found[1])):
            yield Finding("risky", f"what runs beside {pair.head.label} differs ({key})", was, now, certainty="likely")


def _flag(node: Node) -> str:
    return "" if node.build.full_refresh is None else str(node.build.full_refresh).lower()


def _hooks(value: object) -> str:
    items = value if isinstance(value, list) else [value]
    return "; ".join(" ".join(written_out(item.get("sql") if isinstance(item, dict) else item).split()) for item in items)


def incremental(scene: Scene, pair: Pair) -> Iterator[Finding]:
    """Other settings of a node that keeps its rows, and another layout of a table."""
    label, kind = pair.head.label, pair.head.materialized
    if kind in KEEPS_ROWS and pair.base.materialized == kind:
        for row in INCREMENTAL:
            found = setting(scene, pair, row.key, row.default) if row.of in {"*", kind} else None
            if found is not None:
                yield Finding("risky", f"{row.key} of {label} differs: {row.reason}", written_out(found[0]), written_out(found[1]))
        found = setting(scene, pair, "on_schema_change", "ignore")
        if found is not None and kind == "incremental":
            old, new = (written_out(value) or "ignore" for value in found)
            verdict: Judgement = "safe" if new == "fail" else "risky"
            yield Finding(verdict, f"when the columns of {label} change again, dbt does {new} and no longer {old} (on_schema_change)", old, new)
        if pair.base.build.full_refresh != pair.head.build.full_refresh:
            new = "each run builds it anew" if pair.head.build.full_refresh is True else "its own setting decides no longer whether a run builds it anew"
            reason = "a full refresh of it is passed over without a word" if pair.head.build.full_refresh is False else new
            yield Finding("risky", f"full_refresh of {label} differs: {reason}", _flag(pair.base), _flag(pair.head))
    if pair.head.resource_type in BUILT and kind in {*TABLES, "snapshot"}:
        for key in LAYOUT:
            found = setting(scene, pair, key)
            if found is not None:
                kept = kind in KEEPS_ROWS
                reason = "the table that is there keeps its layout until a full refresh, or refuses the new one" if kept else "its rows are the same"
                if key == ENGINE and not kept:
                    reason = "engines differ in which rows of one key they keep"
                verdict = "risky" if kept or key == ENGINE else "safe"
                yield Finding(verdict, f"{key} of {label} differs: {reason}", written_out(found[0]), written_out(found[1]))


def batch_changes(scene: Scene) -> Iterator[Change]:
    """Microbatch models whose batches get other rows, since something that they read has another event_time, by which dbt filters it for each batch."""
    for pair in scene.pairing.pairs:
        found = None if pair.alike else setting(scene, pair, "event_time")
        for child in scene.head.graph.children(pair.head_id) if found is not None else ():
            node = scene.head.nodes[child]
            if found is None or node.build.strategy != "microbatch" or child not in scene.by_head:
                continue
            old, new = map(written_out, found)
            read = f"what {node.label} reads of {pair.head.label}"
            reason = f"dbt filters {read} by {new} now" if new else f"dbt no longer filters {read}, so that each batch gets all of its rows"
            yield scene.making.change(child, "incremental-changed", "risky", f"{reason} (event_time)", was=old, now=new)


def moved(scene: Scene, pair: Pair) -> Iterator[Finding]:
    """A relation of the same node that lies elsewhere, and not for another target alone; or that has its name in other quotes, or another case."""
    if pair.head.resource_type == "source" or pair.base_id != pair.head_id:
        return
    old, new = pair.base.relation_name, pair.head.relation_name
    if not scene.places.moved(pair):
        info = scene.base.project.info, scene.head.project.info
        if scene.places.same and info[0].dbt_version == info[1].dbt_version and respelled(pair.base, pair.head, info[1].adapter):
            reason = f"the name of {pair.head.label} is written otherwise: to a warehouse that minds quotes or case it is another relation"
            yield Finding("risky", reason, old, new, certainty="unknown")
        return
    lost = "; the new one starts without the rows that only the old one kept" if pair.head.materialized in KEEPS_ROWS else ""
    reason = f"{pair.head.label} is written to another relation, and the old one stays as it is: dbt's own readers follow, all others do not{lost}"
    yield Finding("breaking", reason, old, new, certainty="certain" if scene.places.same else "likely")
