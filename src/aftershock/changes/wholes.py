"""Nodes that come, go, or get another name -> changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.changes.contracts import breach_of_removal, is_past
from aftershock.changes.places import name_of, place_of, respelled
from aftershock.changes.stored import KEEPS_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair
    from aftershock.model import Node
    from aftershock.model.changes import Certainty, Change, ChangeKind, Judgement

CONSUMERS = frozenset({"exposure", "metric", "semantic_model", "saved_query"})
TESTS = frozenset({"test", "unit_test"})
DATALESS = frozenset({"analysis", "operation", "rpc", "sql_operation"})
"""What nobody reads."""


def whole_changes(scene: Scene) -> Iterator[Change]:
    """Every node that is in one of the projects only, or has another name; tests and consumers are told elsewhere."""
    for unique_id in scene.pairing.added:
        node = scene.head.nodes[unique_id]
        if _is_told(node):
            kind: ChangeKind = "source-added" if node.resource_type == "source" else "node-added"
            yield scene.making.change(unique_id, kind, "safe", f"{node.label} is new", written=node.resource_type == "model")
    for unique_id in scene.pairing.removed:
        node = scene.base.nodes[unique_id]
        if _is_told(node):
            yield _gone(scene, unique_id, node, disabled=False)
    for unique_id in scene.pairing.disabled:
        node = scene.base.nodes[unique_id]
        if _is_told(node):
            yield _gone(scene, unique_id, node, disabled=True)
    for pair in scene.pairing.pairs:
        if pair.base_id != pair.head_id and _is_told(pair.head):
            yield _renamed(scene, pair)


def _is_told(node: Node) -> bool:
    return node.resource_type not in CONSUMERS | TESTS | DATALESS


def _gone(scene: Scene, unique_id: str, node: Node, *, disabled: bool) -> Change:
    definition = scene.base.definition(unique_id)
    if node.resource_type == "source":
        watched = definition.freshness and node.source is not None and node.source.freshness
        reason = f"{node.label} is no longer declared" + ("; how fresh it is, is no longer watched" if watched else "")
        return scene.making.change(unique_id, "source-removed", "risky" if watched else "safe", reason)
    kind: ChangeKind = "node-disabled" if disabled else "node-removed"
    what = f"{node.label} is {'disabled' if disabled else 'gone'}"
    breach = breach_of_removal(node, definition, scene.now, disabled=disabled)
    if node.materialized == "ephemeral":
        return scene.making.change(unique_id, kind, "safe", f"{what}; it was part of other models' SQL only")
    announced = is_past(definition.deprecation_date, scene.now)
    verdict: Judgement = "risky" if announced else "breaking"
    certainty: Certainty = "certain" if announced or breach or _may_be_read(scene, unique_id, node) else "likely"
    why = "its deprecation date has passed" if announced else breach or "dbt builds it no more, and its relation stays as it is"
    return scene.making.change(unique_id, kind, verdict, f"{what}: {why}", certainty=certainty, was=node.relation_name)


def _may_be_read(scene: Scene, unique_id: str, node: Node) -> bool:
    """Whether somebody outside of dbt surely reads a node of the base: one that no model reads, or that a consumer or other projects do."""
    kinds = {scene.base.nodes[child].resource_type for child in scene.base.graph.children(unique_id)}
    return node.access == "public" or not kinds & {"model", "snapshot"} or bool(kinds & CONSUMERS)


def _renamed(scene: Scene, pair: Pair) -> Change:
    """The same node under another name: of the same relation it is the same to all who read that."""
    old, new = pair.base.label, pair.head.label
    here = name_of(pair.base) == name_of(pair.head) and scene.places.became.get(place_of(pair.base), place_of(pair.base)) == place_of(pair.head)
    here = here and not (scene.places.same and respelled(pair.base, pair.head, scene.head.project.info.adapter))
    if here or pair.base.materialized == "ephemeral":
        where = "writes the same relation" if here else "is part of the SQL of other models only"
        reason = f"{old} is called {new} now, and {where}"
        return scene.making.change(pair.head_id, "node-renamed", "safe", reason, was=old, now=new, base_id=pair.base_id, written=True)
    breach = breach_of_removal(pair.base, pair.old, scene.now, disabled=False)
    lost = ", and the new one starts without the rows that only the old one kept" if pair.head.materialized in KEEPS_ROWS else ""
    why = breach or f"the old relation stays as it is: dbt's own readers follow, all others do not{lost}"
    certainty: Certainty = "certain" if breach or _may_be_read(scene, pair.base_id, pair.base) else "likely"
    reason = f"{old} is called {new} now: {why}"
    return scene.making.change(pair.head_id, "node-renamed", "breaking", reason, certainty=certainty, was=old, now=new, base_id=pair.base_id, written=True)
