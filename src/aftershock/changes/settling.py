"""What a change means for whoever reads the node, once it is known who that is and what happens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock.changes.queries import ANY
from aftershock.changes.wholes import CONSUMERS
from aftershock.model import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aftershock.changes.descent import Descent
    from aftershock.changes.scene import Scene
    from aftershock.changes.worlds import Root
    from aftershock.model import Node
    from aftershock.model.changes import Change

LOST = frozenset({"column-removed", "column-renamed"})
LATER = frozenset({"column-added", "column-reordered"})
"""Kinds that by themselves break nothing."""


class _Blame(NamedTuple):
    """By the number of the change from which it comes, a node that certainly fails or loses columns, and one whose values certainly differ."""

    broken: dict[int, str]
    other: dict[int, str]


def settled(scene: Scene, changes: Sequence[Change], descent: Descent, roots: Mapping[str, Root]) -> tuple[Change, ...]:
    """The changes, with what those of columns mean for those who read them.

    Args:
        scene: both projects.
        changes: all changes; none of them is left out of the walk.
        descent: the walk, when it is done.
        roots: where it started.
    """
    blame = _blamed(descent, roots)
    return tuple(_settled(scene, number, change, descent, roots.get(change.unique_id), blame) for number, change in enumerate(changes))


def _blamed(descent: Descent, roots: Mapping[str, Root]) -> _Blame:
    found = _Blame({}, {})
    for unique_id, state in sorted(descent.states.items()):
        if unique_id in roots and roots[unique_id].state.failed >= 0:
            continue
        if state.effects.get(Effect.FAILS) or state.effects.get(Effect.LOSES_COLUMNS):
            found.broken.setdefault(descent.start_of(unique_id), unique_id)
        if state.effects.get(Effect.WRONG):
            found.other.setdefault(descent.start_of(unique_id), unique_id)
    return found


def _settled(  # noqa: PLR0913, PLR0917  # all that is known of one change
    scene: Scene, number: int, change: Change, descent: Descent, root: Root | None, blame: _Blame
) -> Change:
    node = scene.head.nodes.get(change.unique_id)
    if root is None or node is None:
        return change
    if root.state.failed == number or (root.state.failed >= 0 and change.kind.startswith("column-")):
        return _failing(change, root, node)
    if change.column != ANY and (change.kind in LOST or (change.kind == "column-retyped" and change.verdict == "breaking")):
        return _of_column(scene, change, descent, node)
    return _by_blame(scene, number, change, blame)


def _by_blame(scene: Scene, number: int, change: Change, blame: _Blame) -> Change:
    """A change that by itself breaks nothing, or of which nobody can say, and of which something follows all the same."""
    if number in blame.broken and change.column == ANY:
        reason = f"{change.reason}, and {scene.head.label(blame.broken[number])} names one"
        return msgspec.structs.replace(change, verdict="breaking", certainty="certain", reason=reason)
    if number in blame.broken and change.kind in LATER:
        return msgspec.structs.replace(
            change, verdict="breaking", reason=_without(change, f"{scene.head.label(blame.broken[number])} is no longer what it was")
        )
    if number in blame.other and change.kind in LATER and change.verdict == "safe":
        return msgspec.structs.replace(change, verdict="risky", reason=_without(change, f"{scene.head.label(blame.other[number])} has other values for it"))
    return change


def _without(change: Change, what: str) -> str:
    """The reason, without its calming end."""
    return f"{change.reason.partition(', and nothing')[0]}, and {what}"


def _failing(change: Change, root: Root, node: Node) -> Change:
    """A change of columns for which dbt, or the warehouse, refuses to build the node itself."""
    why = f"{node.label} is not built: {root.state.why}"
    if change.kind in {"column-added", "column-reordered"} and change.column.casefold() not in why.casefold():
        return change
    return msgspec.structs.replace(change, verdict="breaking", certainty="certain", reason=f"{change.reason}; {why}")


def _of_column(scene: Scene, change: Change, descent: Descent, node: Node) -> Change:
    key = scene.base.reader.key_of(scene.by_head[change.unique_id].base_id, change.column)
    used, sure = descent.uses(change.unique_id, key)
    retyped = change.kind == "column-retyped"
    if used:
        certainty = change.certainty if retyped and change.certainty != "certain" else "likely" if retyped or not sure else "certain"
        return msgspec.structs.replace(change, verdict="breaking", certainty=certainty, reason=f"{change.reason}, and {descent.users(change.unique_id, key)}")
    if node.materialized == "ephemeral":
        return msgspec.structs.replace(change, verdict="safe", reason=f"{change.reason}, and nothing reads it")
    whom = _others(scene, node)
    if whom:
        return msgspec.structs.replace(change, verdict="breaking", certainty="likely", reason=f"{change.reason}, and {whom}")
    return msgspec.structs.replace(change, verdict="safe", certainty="likely", reason=f"{change.reason}, and none of those in dbt that read it uses it")


def _others(scene: Scene, node: Node) -> str:
    """Who may read a node's columns without dbt's knowing which; empty where everybody who is known was looked at."""
    if node.resource_type == "source":
        return ""  # nobody gets it from this project
    children = [scene.head.nodes[child] for child in scene.head.graph.children(node.unique_id)]
    if node.access == "public":
        return "it is public: other projects may read it"
    if node.build.contract:
        return "its contract is enforced, so that somebody relies on it"
    if any(child.resource_type in CONSUMERS for child in children):
        return ""
    if not any(child.resource_type in {"model", "snapshot"} for child in children):
        return "no model reads it: whoever queries it is outside of dbt"
    return ""
