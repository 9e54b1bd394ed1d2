"""Two sides -> a scene: which nodes are the same, whose code differs, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.changes.deferring import undeferred
from aftershock.changes.joined import joined
from aftershock.changes.macro_changes import users_with_built
from aftershock.changes.macros import changed_macros, users
from aftershock.changes.making import Making
from aftershock.changes.pairing import paired
from aftershock.changes.places import places
from aftershock.changes.scene import Scene
from aftershock.changes.seeds import headers, tables
from aftershock.changes.texts import Texts
from aftershock.columns.comparing import compare

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from aftershock.changes.pairing import Pairing
    from aftershock.changes.sides import Pair, Side
    from aftershock.model import Policy
    from aftershock.model.changes import QueryDiff

CODED = frozenset({"model", "snapshot"})


def scene_of(base: Side, head: Side, policy: Policy, now: datetime) -> Scene:
    """What is known of two projects together. Only code whose text differs is parsed.

    Args:
        base: the project before.
        head: the project after.
        policy: what is in force.
        now: the time of the question.
    """
    macros = changed_macros(base, head)
    used_by = users_with_built(head, users(head, macros))
    concerned = {unique_id for ids in used_by.values() for unique_id in ids}
    first = paired(base, head, lambda _: {})
    texts, differing = _differing(base, head, first, concerned)
    head = undeferred(head, base, differing)
    seeds = headers(base, head, first)
    touched = _touched(base, head, first, differing, seeds)
    catalogs = base.reader.catalog, head.reader.catalog
    base, head = base.without(touched, catalogs[1]), head.without(touched, catalogs[0], tables(head, seeds))

    def compared(pairs: Sequence[tuple[str, str]]) -> Mapping[str, QueryDiff]:
        base.reader.read((base_id for base_id, _ in pairs), whole=True)
        head.reader.read((head_id for _, head_id in pairs), whole=True)
        return compare(base.reader, head.reader, pairs, built=catalogs[0]) if pairs else {}

    pairing = paired(base, head, compared) if first.added and (first.removed or first.disabled) else first
    if pairing.renamed != first.renamed:
        texts, differing = _differing(base, head, pairing, concerned)
    renamed = [(pair.base_id, pair.head_id) for pair in pairing.pairs if pair.base_id != pair.head_id and pair.head.resource_type in CODED]
    diffs = compared(list(dict.fromkeys([*renamed, *((pair.base_id, pair.head_id) for pair in differing)])))
    return Scene(
        base,
        head,
        pairing,
        {pair.head_id: pair for pair in pairing.pairs},
        places(pairing.pairs),
        texts,
        Making(base, head),
        policy,
        now,
        {unique_id: diff for unique_id, diff in diffs.items() if not diff.same},
        used_by,
        joined(base, head, pairing),
        frozenset(pair.head_id for pair in differing),
    )


def _differing(base: Side, head: Side, pairing: Pairing, concerned: set[str]) -> tuple[Texts, list[Pair]]:
    """The nodes whose code is not the same text."""
    texts = Texts(base, head, pairing.renamed, concerned, same_target=places(pairing.pairs).same)
    return texts, [pair for pair in pairing.pairs if pair.head.resource_type in CODED and not texts.same(pair)]


def _touched(base: Side, head: Side, pairing: Pairing, differing: Iterable[Pair], seeds: Collection[str]) -> set[str]:
    """Nodes whose columns may be others once the head is built: a catalog that lists them may be too old, or too new."""
    pairs = list(differing)
    before = [*(pair.base_id for pair in pairs), *pairing.removed, *pairing.disabled, *pairing.renamed]
    after = [*(pair.head_id for pair in pairs), *pairing.added, *pairing.renamed.values(), *seeds]
    return {*base.graph.descendants(unique_id for unique_id in before if unique_id in base.nodes), *head.graph.descendants(after)}
