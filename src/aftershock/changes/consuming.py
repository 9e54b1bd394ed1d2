"""Exposures, metrics, semantic models and saved queries that come, go or differ, by what is written of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.changes.wholes import CONSUMERS
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair
    from aftershock.model import Node
    from aftershock.model.changes import Change

MOST_NAMED = 3


def consumer_changes(scene: Scene) -> Iterator[Change]:
    """Every consumer that is new, gone or another one."""
    for unique_id in (*scene.pairing.removed, *scene.pairing.disabled):
        node = scene.base.nodes[unique_id]
        if node.resource_type not in CONSUMERS:
            continue
        if node.resource_type == "exposure":
            reason = f"{_name(node)} is no longer declared: whether it is still used cannot be seen"
            yield scene.making.change(unique_id, "consumer-changed", "risky", reason, certainty="likely")
        else:
            yield scene.making.change(unique_id, "consumer-changed", "breaking", f"{_name(node)} is gone: whoever asks for it gets an error")
    for unique_id in scene.pairing.added:
        node = scene.head.nodes[unique_id]
        if node.resource_type in CONSUMERS:
            yield scene.making.change(unique_id, "consumer-changed", "safe", f"{_name(node)} is new")
    for pair in scene.pairing.pairs:
        if pair.head.resource_type in CONSUMERS and not pair.alike and (pair.base, pair.old) != (pair.head, pair.new):
            yield from _differences(scene, pair)


def _differences(scene: Scene, pair: Pair) -> Iterator[Change]:
    name = _name(pair.head)
    was, now = {scene.pairing.renamed.get(parent, parent) for parent in pair.base.parents}, set(pair.head.parents)
    if pair.head.resource_type == "exposure":
        if was != now:
            labels = [listing(sorted(map(side.label, ids)), MOST_NAMED) for side, ids in ((scene.base, pair.base.parents), (scene.head, pair.head.parents))]
            yield scene.making.change(pair.head_id, "consumer-changed", "safe", f"{name} reads other nodes now", was=labels[0], now=labels[1])
        return
    kept = {item if scene.places.same else item.name for item in pair.head.exports}
    gone = [item for item in pair.base.exports if (item if scene.places.same else item.name) not in kept]
    if gone:
        tables = listing([item.relation or item.name for item in gone], MOST_NAMED)
        yield scene.making.change(pair.head_id, "consumer-changed", "breaking", f"{name} no longer writes {tables}", was=tables)
    parts = {key for key in {*pair.old.body, *pair.new.body} if pair.old.body.get(key) != pair.new.body.get(key)} - {"exports"}
    if parts:
        yield scene.making.change(pair.head_id, "consumer-changed", "risky", f"{name} is defined otherwise ({listing(sorted(parts), MOST_NAMED)})")


def _name(node: Node) -> str:
    return f"the {node.resource_type.replace('_', ' ')} {node.exposure.label if node.exposure is not None and node.exposure.label else node.label}"
