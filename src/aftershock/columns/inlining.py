"""Which relations' own queries are read in their place when two queries are compared, and what is left of a difference then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock.columns.facts import MOST_CHARACTERS, MOST_INLINED
from aftershock.model.changes import QueryDiff

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from aftershock.columns.facts import Facts

    Wanted = Callable[[str], bool]


class Inlined(NamedTuple):
    """The queries that are read in the place of relations on both sides, by unique_id."""

    base: dict[str, str]
    head: dict[str, str]


def inlined_fresh(sides: tuple[Facts, Facts], pairs: Mapping[str, tuple[str, str]]) -> dict[str, Inlined]:
    """The queries of what only one side's project has: there is nothing on the other side that it could be compared with.

    Args:
        sides: the base's facts and the head's.
        pairs: nodes of both, by any name.
    """
    found: list[dict[str, dict[str, str]]] = []
    for place, (side, other) in enumerate(((sides[0], sides[1]), (sides[1], sides[0]))):
        names = {key: pair[place] for key, pair in pairs.items()}
        fresh = dict.fromkeys(parent for name in names.values() for parent in side.lineage.graph.parents(name) if not other.has(side.relation(parent)))
        side.texts(fresh)
        found.append({key: _walked(side, name, _missing_in(other))[0] for key, name in names.items()})
    return {key: Inlined(found[0][key], found[1][key]) for key in pairs}


def _missing_in(side: Facts) -> Wanted:
    return lambda relation: not side.has(relation)


def inlined_between(sides: tuple[Facts, Facts], pair: tuple[str, str], changed: Collection[str]) -> Inlined:
    """The queries of what changed, of what only one side's project has, and of what only one side of the node reads.

    Args:
        sides: the base's facts and the head's.
        pair: a node of both.
        changed: relations whose own queries differ.
    """
    base, head = sides
    before, after = ({side.relation(parent) for parent in side.parents(name)} for side, name in zip(sides, pair, strict=True))
    old, reached = _walked(base, pair[0], lambda relation: relation in changed or relation not in after)
    new, _ = _walked(head, pair[1], lambda relation: relation in changed or (relation not in before and relation not in reached))
    return Inlined(old, new)


def _walked(side: Facts, unique_id: str, wanted: Wanted) -> tuple[dict[str, str], set[str]]:
    """The queries of the wanted ones among what a node reads, and among what these read; and the relations at which that ends."""
    found: dict[str, str] = {}
    ends: set[str] = set()
    todo = list(side.lineage.graph.parents(unique_id))
    while todo:
        name = todo.pop(0)
        if name in found:
            continue
        text = side.texts((name,)).get(name, "") if wanted(side.relation(name)) and len(found) < MOST_INLINED else ""
        if not text or sum(map(len, found.values())) + len(text) > MOST_CHARACTERS:
            ends.add(side.relation(name))
            continue
        found[name] = text
        todo.extend(side.lineage.graph.parents(name))
    return found, ends


def left_of(own: QueryDiff, whole: QueryDiff) -> QueryDiff:
    """What is left of a node's own difference where the queries of what it reads are read with it.

    Args:
        own: how its query differs, where what it reads is taken for the same.
        whole: how it differs where the queries of some of that are read in their place.
    """
    if whole.same:
        return whole
    if whole.unread or whole.opaque or whole.rows or own.opaque or own.unread:
        return own
    told = {name for name, _ in whole.values} | {name for name, _, _ in whole.retyped} | {name for names in whole.renamed for name in names}
    told |= {*whole.removed, *whole.added}
    if "*" in told:
        return own
    found = msgspec.structs.replace(
        own,
        values=tuple(item for item in own.values if item[0] in told),
        retyped=tuple(item for item in own.retyped if item[0] in told),
        narrowed=tuple(name for name in own.narrowed if name in told),
        rows=(),
    )
    return QueryDiff(same=True, recased=own.recased) if found == QueryDiff(recased=own.recased) else found
