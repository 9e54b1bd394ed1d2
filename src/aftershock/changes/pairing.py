"""Which nodes of the two projects are the same one: by unique_id, or renamed with the same SQL."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from aftershock.changes.sides import Pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from aftershock.changes.sides import Side
    from aftershock.model.changes import QueryDiff

    Compare = Callable[[Sequence[tuple[str, str]]], Mapping[str, QueryDiff]]

RENAMED_TYPES = frozenset({"model", "seed", "snapshot"})
MOST_CANDIDATES = 200
"""Pairs of a node that is gone and one that is new whose SQL is compared; beyond that they are told as gone and new."""
SHORTEST = 12
"""Characters of a template from which an equal one says something."""


class Pairing(NamedTuple):
    """Nodes in both projects, of the head only, of the base only, and those of the base that the head disables; by unique_id, sorted."""

    pairs: tuple[Pair, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    disabled: tuple[str, ...]

    @property
    def renamed(self) -> dict[str, str]:
        """The head's unique_id by that of the base, of nodes that were renamed."""
        return {pair.base_id: pair.head_id for pair in self.pairs if pair.base_id != pair.head_id}


def paired(base: Side, head: Side, compare: Compare) -> Pairing:
    """The nodes of two projects, side by side.

    Args:
        base: the project before.
        head: the project after.
        compare: says how the SQL of pairs of nodes differs; asked only for nodes that may have been renamed.
    """
    gone = [unique_id for unique_id in base.nodes if unique_id not in head.nodes]
    new = [unique_id for unique_id in head.nodes if unique_id not in base.nodes]
    renamed = _renamed(base, head, [item for item in gone if item not in head.project.disabled], new, compare)
    found = {unique_id: unique_id for unique_id in base.nodes if unique_id in head.nodes}
    found.update((base_id, head_id) for base_id, head_id in renamed)
    taken = set(found.values())
    return Pairing(
        tuple(Pair.of(base, head, base_id, head_id) for base_id, head_id in sorted(found.items())),
        tuple(sorted(unique_id for unique_id in new if unique_id not in taken)),
        tuple(sorted(unique_id for unique_id in gone if unique_id not in found and unique_id not in head.project.disabled)),
        tuple(sorted(unique_id for unique_id in gone if unique_id not in found and unique_id in head.project.disabled)),
    )


def _renamed(base: Side, head: Side, gone: Sequence[str], new: Sequence[str], compare: Compare) -> Iterator[tuple[str, str]]:
    """Nodes that are gone, with the one new node that is the same but for its name."""
    old_texts, new_texts = _by_text(base, gone), _by_text(head, new)
    found = [(ids[0], new_texts[text][0]) for text, ids in old_texts.items() if len(ids) == len(new_texts.get(text, ())) == 1]
    yield from found
    taken = {unique_id for pair in found for unique_id in pair} | {unique_id for text, ids in old_texts.items() if text in new_texts for unique_id in ids}
    left = [unique_id for unique_id in gone if unique_id not in taken and base.nodes[unique_id].resource_type in RENAMED_TYPES]
    fresh = [unique_id for unique_id in new if unique_id not in taken and head.nodes[unique_id].resource_type in RENAMED_TYPES]
    if len(left) * len(fresh) > MOST_CANDIDATES**2:
        return
    pairs = [(one, other) for one in left for other in fresh if _reads_alike(base, head, one, other, dict(found))]
    partners = Counter(other for _, other in pairs)
    lone = [(one, other) for one, other in pairs if partners[other] == 1]
    if 0 < len(lone) <= MOST_CANDIDATES:
        known = [pair for pair in found if head.nodes[pair[1]].resource_type != "seed"]  # what reads these reads the same
        diffs = compare([*known, *lone])
        same = [(one, other) for one, other in lone if other in diffs and diffs[other].same]
        chosen = Counter(one for one, _ in same)
        yield from ((one, other) for one, other in same if chosen[one] == 1)


def _by_text(side: Side, unique_ids: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """Nodes by their type and their template, or the digest of their file."""
    found: dict[tuple[str, str], list[str]] = {}
    for unique_id in unique_ids:
        kind = side.nodes[unique_id].resource_type
        checksum = side.definition(unique_id).checksum
        text = (checksum if checksum.startswith("sha") else "") if kind == "seed" else side.code_of(unique_id).raw.strip()
        if kind in RENAMED_TYPES and len(text) >= SHORTEST:
            found.setdefault((kind, text), []).append(unique_id)
    return found


def _reads_alike(base: Side, head: Side, old: str, new: str, renamed: Mapping[str, str]) -> bool:
    """Whether two nodes are of one type, have SQL, and read the same nodes."""
    return (
        base.nodes[old].resource_type == head.nodes[new].resource_type
        and bool(base.code_of(old).raw or base.compiled(old))
        and {renamed.get(parent, parent) for parent in base.nodes[old].parents} == set(head.nodes[new].parents)
    )
