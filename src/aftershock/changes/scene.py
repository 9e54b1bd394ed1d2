"""What every rule looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.changes.stored import mode_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aftershock.changes.making import Making
    from aftershock.changes.pairing import Pairing
    from aftershock.changes.places import Places
    from aftershock.changes.sides import Pair, Side
    from aftershock.changes.texts import Texts
    from aftershock.graph import LineageGraph
    from aftershock.model import Policy
    from aftershock.model.changes import QueryDiff


class Scene(NamedTuple):
    """Two projects, and what is known of them together.

    Attributes:
        base: the project before.
        head: the project after.
        pairing: which nodes are the same.
        by_head: the pairs by the head's unique_id.
        places: where relations lie.
        texts: which code is the same text.
        making: makes changes.
        policy: what is in force.
        now: the time of the question.
        diffs: how queries differ, by the head's unique_id, of those whose text differs.
        macros: macros that differ, each with the nodes of the head that use it.
        graph: the head's graph, with consumers that the head no longer declares.
        rewritten: nodes of the head whose code is not the same text, whatever that means.
    """

    base: Side
    head: Side
    pairing: Pairing
    by_head: Mapping[str, Pair]
    places: Places
    texts: Texts
    making: Making
    policy: Policy
    now: datetime
    diffs: Mapping[str, QueryDiff]
    macros: Mapping[str, tuple[str, ...]]
    graph: LineageGraph
    rewritten: frozenset[str] = frozenset()

    def mode(self, unique_id: str) -> str:
        """The row of :data:`aftershock.changes.stored.STORED` that holds for the next run of a node of the head."""
        pair = self.by_head.get(unique_id)
        node = self.head.nodes[unique_id]
        return mode_of(pair.base if pair is not None else None, node, same_relation=pair is None or not self.places.moved(pair))
