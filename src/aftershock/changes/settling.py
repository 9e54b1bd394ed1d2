"""What a change means for whoever reads the node, once it is known who that is and what happens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock.changes.queries import ANY
from aftershock.changes.stored import STORED
from aftershock.changes.wholes import CONSUMERS, TESTS
from aftershock.model import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aftershock.changes.descent import Descent
    from aftershock.changes.scene import Scene
    from aftershock.changes.worlds import Root
    from aftershock.model import Node
    from aftershock.model.changes import Change

LOST = frozenset({"column-removed", "column-renamed"})
LATER = frozenset({"column-added", "column-reordered", "column-retyped"})
"""Kinds that by themselves may break nothing."""


class _Blame(NamedTuple):
    """By the number of the change from which it comes, a node or test that certainly fails or loses columns, and one whose values certainly differ."""

    broken: dict[int, str]
    other: dict[int, str]


def settled(scene: Scene, changes: Sequence[Change], descent: Descent, roots: Mapping[str, Root]) -> tuple[Change, ...]:
    """The changes, with what those of columns mean for those who read them; one from which anything fails is breaking, whatever its kind.

    Args:
        scene: both projects.
        changes: all changes; those that are acknowledged stay as they are.
        descent: the walk, when it is done.
        roots: where it started.
    """
    broken, other = _hit(scene, descent, roots, Effect.FAILS, Effect.LOSES_COLUMNS), _hit(scene, descent, roots, Effect.WRONG)
    blame = _Blame(_first(broken), _first(other))
    found = [
        change if change.acknowledged else _settled(scene, number, change, descent, roots.get(change.unique_id), blame) for number, change in enumerate(changes)
    ]
    for unique_id, numbers in broken.items():
        beside = [number for start in numbers if (root := roots.get(changes[start].unique_id)) is not None for number in root.state.sources.values()]
        if not any(found[number].verdict == "breaking" for number in (*numbers, *beside)):
            found[numbers[0]] = _breaking(scene, found[numbers[0]], descent, unique_id)
    return tuple(found)


def _hit(scene: Scene, descent: Descent, roots: Mapping[str, Root], *effects: Effect) -> dict[str, list[int]]:
    """The nodes of the head that certainly have one of these effects, each with the numbers of the changes from which that may come."""
    hit = sorted(unique_id for unique_id, state in descent.states.items() if any(state.effects.get(effect) for effect in effects))
    found = {unique_id: starts_of(descent, roots, unique_id) for unique_id in hit if unique_id in scene.head.nodes}
    return {unique_id: numbers for unique_id, numbers in found.items() if numbers}


def _first(found: Mapping[str, Sequence[int]]) -> dict[int, str]:
    """By number, the first node that comes of no other change."""
    return {numbers[0]: unique_id for unique_id, numbers in reversed(list(found.items())) if len(numbers) == 1}


def starts_of(descent: Descent, roots: Mapping[str, Root], unique_id: str) -> list[int]:
    """The number of the change from which an effect on a node comes; those of all that are above it where the way there is not known.

    Args:
        descent: the walk.
        roots: where it started.
        unique_id: the node.
    """
    start = descent.start_of(unique_id)
    if start >= 0:
        return [start]
    above = descent.graph.ancestors((unique_id,))
    return sorted({number for root in roots if root in above for number in roots[root].state.sources.values() if number >= 0})


def _breaking(scene: Scene, change: Change, descent: Descent, unique_id: str) -> Change:
    """A change from which a node certainly fails or loses columns, and of which nothing else says so."""
    return msgspec.structs.replace(change, verdict="breaking", certainty="certain", reason=_without(change, _what(scene, descent, unique_id)))


def _settled(  # noqa: PLR0913, PLR0917  # all that is known of one change
    scene: Scene, number: int, change: Change, descent: Descent, root: Root | None, blame: _Blame
) -> Change:
    node = scene.head.nodes.get(change.unique_id)
    if root is None or node is None:
        return change
    if root.state.failed == number or (root.state.failed >= 0 and change.kind.startswith("column-")):
        return _failing(change, root, node)
    if change.column != ANY and (change.kind in LOST or (change.kind == "column-retyped" and change.verdict == "breaking")):
        found = _kept(scene, _of_column(scene, change, descent, node))
        return msgspec.structs.replace(found, certainty="certain") if number in blame.broken and found.verdict == "breaking" else found
    return _by_blame(scene, number, change, descent, blame)


def _by_blame(scene: Scene, number: int, change: Change, descent: Descent, blame: _Blame) -> Change:
    """A change that by itself breaks nothing, or of which nobody can say, and of which something follows all the same."""
    if number in blame.broken and change.column == ANY:
        reason = f"{change.reason}, and {scene.head.label(blame.broken[number])} names one"
        return msgspec.structs.replace(change, verdict="breaking", certainty="certain", reason=reason)
    if number in blame.broken and change.kind in LATER:
        return msgspec.structs.replace(change, verdict="breaking", reason=_without(change, _what(scene, descent, blame.broken[number])))
    if number in blame.other and change.kind in LATER and change.verdict == "safe":
        return msgspec.structs.replace(change, verdict="risky", reason=_without(change, f"{scene.head.label(blame.other[number])} has other values for it"))
    return change


def _what(scene: Scene, descent: Descent, unique_id: str) -> str:
    """What becomes of a node, as a part of a sentence."""
    state, label = descent.states[unique_id], scene.head.label(unique_id)
    fails = state.effects.get(Effect.FAILS) and state.why
    return f"{label} {_stops(scene.head.nodes[unique_id])}: {state.why}" if fails else f"{label} is no longer what it was"


def _stops(node: Node) -> str:
    """That something comes to nothing."""
    return "cannot run" if node.resource_type in TESTS else "is not built"


def _without(change: Change, what: str) -> str:
    """The reason, without its calming end."""
    return f"{change.reason.partition(', and nothing')[0]}, and {what}"


def _failing(change: Change, root: Root, node: Node) -> Change:
    """A change of columns for which dbt, or the warehouse, refuses to build the node itself."""
    why = f"{node.label} {_stops(node)}: {root.state.why}"
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
    return msgspec.structs.replace(change, verdict="safe", certainty="likely", reason=f"{change.reason}, and nothing in dbt uses it")


def _kept(scene: Scene, change: Change) -> Change:
    """A column that nobody misses, and that stays in a table whose new rows have no value in it."""
    if change.verdict != "safe" or change.kind not in LOST or STORED[scene.mode(change.unique_id)].lost != "kept":
        return change
    return msgspec.structs.replace(change, verdict="risky", reason=f"{change.reason}; it stays in the table, without values in what runs write from now on")


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
