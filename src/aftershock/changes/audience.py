"""Who is concerned by a change, by what the head says of people and by what the base says: nobody drops out because the change no longer names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock.impact.people import consumers, dashboards, merge, owners
from aftershock.model import Consumer, NodeOwner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.model import BlastRadius, Dashboard, Group, HiddenConsumer, Policy


class Described(NamedTuple):
    """What is reached, in a graph whose nodes are described as one of the two projects does, with the groups as that has them."""

    radius: BlastRadius
    graph: LineageGraph
    groups: Mapping[str, Group]


class Audience(NamedTuple):
    """Dashboards, whom to tell, who is responsible, and readers that dbt does not know."""

    dashboards: tuple[Dashboard, ...]
    consumers: tuple[Consumer, ...]
    owners: tuple[NodeOwner, ...]
    hidden: tuple[HiddenConsumer, ...]


def audience(sides: Sequence[Described], policy: Policy) -> Audience:
    """Everybody whom any of the descriptions names, once each.

    Args:
        sides: the descriptions, the one that names things first.
        policy: who owns what nobody owns.
    """
    boards = _dashboards([dashboards(side.radius, side.graph, policy) for side in sides])
    told = [consumers(boards, side.radius, side.graph) for side in sides]
    responsible = [owners(side.radius, side.graph, side.groups, policy)[0] for side in sides]
    hidden = dict.fromkeys(item for side in sides for item in side.radius.hidden)
    return Audience(boards, _consumers(told), _owners(responsible), tuple(hidden))


def _dashboards(found: Sequence[Sequence[Dashboard]]) -> tuple[Dashboard, ...]:
    first, *more = found
    known: dict[str, Dashboard] = {board.unique_id: board for board in first}
    for board in (board for boards in more for board in boards):
        mine = known.get(board.unique_id, board)
        people = tuple(dict.fromkeys((*mine.owners, *board.owners)))
        known[board.unique_id] = msgspec.structs.replace(mine, owners=people, automation=mine.automation or board.automation)
    return tuple(sorted(known.values(), key=lambda board: (board.automation, board.unique_id)))


def _consumers(found: Sequence[Sequence[Consumer]]) -> tuple[Consumer, ...]:
    if len(found) == 1:
        return tuple(found[0])
    claims = [(person.owner, unique_id, "") for people in found for person in people for unique_id in person.exposures]
    return tuple(Consumer(owner, tuple(dict.fromkeys(unique_id for _, unique_id, _ in mine))) for owner, mine in merge(claims))


def _owners(found: Sequence[Sequence[NodeOwner]]) -> tuple[NodeOwner, ...]:
    if len(found) == 1:
        return tuple(found[0])
    failing = {unique_id for people in found for person in people if person.failing for unique_id in person.nodes}
    claims = [(person.owner, unique_id, person.evidence) for people in found for person in people for unique_id in person.nodes]
    merged = []
    for owner, mine in merge(claims):
        nodes = tuple(dict.fromkeys(unique_id for _, unique_id, _ in mine))
        merged.append(NodeOwner(owner, nodes, mine[0][2], not failing.isdisjoint(nodes)))
    return tuple(sorted(merged, key=lambda person: (not person.failing, -len(person.nodes), person.owner)))
