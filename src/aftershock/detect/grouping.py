"""Findings into groups of one cause each: what a person on call would call one incident."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from aftershock.detect.blame import blamed, everything_above, related
from aftershock.detect.rows import BREAK, DOUBLE, FAILURE, LOSS, QUALITY, STALE, Finding
from aftershock.model import Category

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from aftershock.detect.scene import Scene

FLOWS = frozenset({DOUBLE, LOSS, STALE})
"""What is wrong with a node in one of these is as wrong in all that is built from it, whatever its columns are called."""

ORPHANS = "relationships-test"
"""The rule of tests that find values which refer to nothing."""


class Group(msgspec.Struct, frozen=True):
    """Findings with one cause.

    ``nodes`` are those at its root; ``findings`` start with those about them. ``origin`` says that the node was found by what it lost, ``proof`` how,
    and ``invented`` as in Blame.
    """

    category: Category
    nodes: tuple[str, ...]
    findings: tuple[Finding, ...]
    origin: bool = False
    proof: str = ""
    invented: bool = False

    @property
    def roots(self) -> tuple[Finding, ...]:
        """The findings at the root."""
        if self.origin:
            return self.findings
        nodes = set(self.nodes)
        return tuple(item for item in self.findings if nodes.issuperset(item.nodes) or not nodes.isdisjoint(item.nodes)) or self.findings

    @property
    def failing(self) -> tuple[str, ...]:
        """The nodes that failed at the root: those that read the origin where there is one."""
        return tuple(node for node in _nodes(self.findings) if node not in self.nodes) or self.nodes if self.origin else self.nodes

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the findings at the root are about, each once in whatever case."""
        found: dict[str, str] = {}
        for item in self.roots:
            for column in item.reading.columns:
                found.setdefault(column.casefold(), column)
        return tuple(found.values())

    def joined(self, other: Group) -> Group:
        """This group with the evidence of another, whose nodes are no roots of their own."""
        return msgspec.structs.replace(self, findings=(*self.findings, *other.findings), proof=self.proof or other.proof)


def grouped(findings: Sequence[Finding], scene: Scene) -> tuple[Group, ...]:
    """Every finding in exactly one group."""
    parts: dict[str, list[Finding]] = defaultdict(list)
    for item in sorted(findings, key=lambda item: (item.unique_id, item.file, item.reading.rule)):
        parts[_sort(item)].append(item)
    groups = _with_several([*_blames(parts["missing"], scene), *_by_key(parts["single"], scene)], parts["several"])
    groups = _absorbed(_along_lineage(groups, scene), scene)
    return tuple(msgspec.structs.replace(group, nodes=scene.graph.in_order(group.nodes)) for group in groups)


def _sort(item: Finding) -> str:
    if item.reading.missing and (item.reading.columns or item.reading.relation):
        return "missing"
    return "single" if len(item.nodes) <= 1 or item.reading.cause else "several"


def _blames(missing: Sequence[Finding], scene: Scene) -> list[Group]:
    groups = []
    for category in Category:
        for found in blamed([item for item in missing if item.category is category], scene):
            nodes = (found.origin,) if found.origin else _nodes(found.findings)
            groups.append(Group(category, nodes, found.findings, bool(found.origin), found.proof, found.invented))
    return groups


def _by_key(findings: Iterable[Finding], scene: Scene) -> list[Group]:
    keyed: dict[Hashable, list[Finding]] = defaultdict(list)
    for item in findings:
        columns = item.reading.columns if item.category is QUALITY else ()
        keyed[(item.category, item.reading.cause or (item.nodes, columns))].append(item)
    return [Group(found[0].category, _nodes(found), tuple(found)) for together in keyed.values() for found in _apart(together, scene)]


def _apart(findings: list[Finding], scene: Scene) -> list[list[Finding]]:
    """Errors of one text about types, on nodes that share nothing above them, are different changes."""
    if len(findings) == 1 or findings[0].category is not BREAK or not findings[0].reading.cause:
        return [findings]
    return related([(item, everything_above(item.nodes, scene)) for item in findings])


def _nodes(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(node for item in findings for node in item.nodes))


def _with_several(groups: list[Group], several: Iterable[Finding]) -> list[Group]:
    """A test of several nodes is evidence of what one of them has already; else it is an incident of all of them."""
    alone: dict[Hashable, list[Finding]] = defaultdict(list)
    for item in several:
        at = next((at for at, group in enumerate(groups) if group.category is item.category and not set(group.nodes).isdisjoint(item.nodes)), None)
        if at is None:
            alone[(item.category, frozenset(item.nodes))].append(item)
        else:
            groups[at] = groups[at].joined(Group(item.category, item.nodes, (item,)))
    return [*groups, *(Group(found[0].category, found[0].nodes, tuple(found)) for found in alone.values())]


def _along_lineage(groups: list[Group], scene: Scene) -> list[Group]:
    """Groups of one category on one line of lineage: the upper one is the root, the lower ones are evidence.

    Wrong values follow from those of the same column above rather than from other ones of the same node.
    """
    ranks = scene.graph.ranks({node for group in groups for node in group.nodes})
    order = sorted(
        groups, key=lambda group: (min((ranks[node] for node in group.nodes), default=0), group.category is not FAILURE, not _stops(group), group.nodes)
    )
    kept: list[Group] = []
    places: dict[str, list[int]] = defaultdict(list)
    for group in order:
        distances = _upper(group, kept, places, scene)
        if distances:
            at = min(distances, key=lambda at: (not _stops(kept[at]), group.category is QUALITY and not distances[at], distances[at], at))
            kept[at] = kept[at].joined(group)
        else:
            for node in group.nodes:
                places[node].append(len(kept))
            kept.append(group)
    return kept


def _stops(group: Group) -> bool:
    return any(item.stops for item in group.findings)


def _upper(group: Group, kept: list[Group], places: dict[str, list[int]], scene: Scene) -> dict[int, int]:
    """The groups from which this one follows, at or above all of its nodes, with how far they are."""
    found: dict[int, int] = {}
    for number, node in enumerate(group.nodes):
        here: dict[int, int] = {}
        for above, distance in scene.above(node).items():
            for at in places.get(above, ()):
                here[at] = min(distance, here.get(at, distance))
        found = {at: max(distance, found.get(at, 0)) for at, distance in here.items() if not number or at in found}
    return {at: distance for at, distance in found.items() if _follows(group, kept[at])}


def _follows(lower: Group, upper: Group) -> bool:
    """Whether one group follows from another that is at or above it."""
    same = set(lower.nodes) <= set(upper.nodes)
    if lower.category is not upper.category:
        return same and lower.origin and upper.category is FAILURE
    if same or lower.category in FLOWS:
        return True
    if lower.category is FAILURE:
        return False
    columns = {column.casefold() for column in upper.columns}
    others = {column.casefold() for column in lower.columns}
    if lower.category is QUALITY and not others:
        return any(f"_{column}_" in item.words for column in columns for item in lower.findings)
    return not columns.isdisjoint(others)


def _absorbed(groups: list[Group], scene: Scene) -> list[Group]:
    """Values that refer to nothing are no incident of their own where the table that they refer to lost rows, nor is what goes with them."""
    places = {node: at for at, group in enumerate(groups) if group.category is LOSS for node in group.nodes}
    kept: dict[int, Group] = dict(enumerate(groups))
    for at, group in enumerate(groups):
        reached = [_losses(item, places, scene) for item in group.findings if item.reading.rule == ORPHANS] if group.category is QUALITY else []
        lost = min((place for found in reached for place in found), default=None)
        if lost is None:
            continue
        orphans = tuple(item for item in group.findings if lost in _losses(item, places, scene))
        rest = tuple(item for item in group.findings if item not in orphans)
        kept[lost] = kept[lost].joined(Group(QUALITY, (), orphans))
        nodes = _nodes(rest)
        kept[at] = msgspec.structs.replace(group, findings=rest, nodes=tuple(node for node in group.nodes if node in nodes) or nodes)
    return [group for group in kept.values() if group.findings]


def _losses(item: Finding, places: dict[str, int], scene: Scene) -> set[int]:
    """The losses from which a finding may follow: a test of several nodes that this project wrote compares them as a relationships test does."""
    several = item.reading.rule == "singular-test" and len(item.nodes) > 1
    compared = item.against if item.reading.rule == ORPHANS else item.nodes if several else ()
    above = everything_above((node for node in compared if node in scene.graph), scene)
    return {places[node] for node in above if node in places}
