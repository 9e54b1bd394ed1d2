"""Sources of which nobody knows how old they are, because what broke what reads them broke that question, too: evidence of the break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.detect import states
from aftershock.detect.ages import age_column
from aftershock.detect.rows import BREAK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.detect.grouping import Group
    from aftershock.detect.rows import Finding
    from aftershock.detect.scene import Scene

UNKNOWN_AGE = frozenset({states.ABSENT.name, states.AGELESS.name, states.UNASKED.name})


def absorbed(groups: Sequence[Group], scene: Scene) -> tuple[Group, ...]:
    """The groups, where sources of unknown age are with the schema break that begins at them.

    Args:
        groups: every finding in exactly one.
        scene: where the sources and what reads them are.
    """
    kept = dict(enumerate(groups))
    for at, group in enumerate(groups):
        for item in group.findings if group.category is not BREAK else ():
            place = _break(item, kept, scene)
            if place is not None:
                kept[place] = _with(kept[place], item, scene)
                rest = tuple(other for other in kept[at].findings if other is not item)
                kept[at] = msgspec.structs.replace(kept[at], findings=rest, nodes=tuple(node for node in kept[at].nodes if node not in item.nodes))
    return tuple(group for group in kept.values() if group.findings)


def _break(item: Finding, groups: dict[int, Group], scene: Scene) -> int | None:
    if item.reading.rule not in UNKNOWN_AGE:
        return None
    return next((at for at, group in groups.items() if group.category is BREAK and _begins(group, item.unique_id, scene)), None)


def _begins(group: Group, source: str, scene: Scene) -> bool:
    """Whether a break is known to begin at a source, or what reads the source misses the column that tells its age."""
    if group.origin:
        return source in group.nodes
    column = age_column(scene.graph.nodes[source], scene).casefold()
    missing = {name.casefold() for item in group.findings if item.reading.missing for name in item.reading.columns}
    return bool(column) and missing == {column} and all(source in scene.graph.parents(node) for node in group.nodes)


def _with(group: Group, item: Finding, scene: Scene) -> Group:
    """The break with one more finding, which also shows where it begins."""
    columns = group.columns
    reading = msgspec.structs.replace(item.reading, columns=columns, others=())
    findings = (*group.findings, msgspec.structs.replace(item, reading=reading))
    if group.origin:
        return msgspec.structs.replace(group, findings=findings)
    proof = f"{scene.label(item.unique_id)} has no column {columns[0]} now: sources.json does not tell how old it is, which dbt reads from that column"
    return msgspec.structs.replace(group, findings=findings, nodes=(item.unique_id,), origin=True, proof=proof, invented=False)
