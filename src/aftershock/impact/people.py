"""Who owns what is affected, and who uses it: one entry for each person or team."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import pairwise
from typing import TYPE_CHECKING

from aftershock.model import Consumer, Dashboard, NodeOwner, Owner
from aftershock.owners import parse_owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.model import BlastRadius, Group, Node, Policy

Claim = tuple[Owner, str, str]
"""Who, for which unique_id, and where that is said."""


def dashboards(radius: BlastRadius, graph: LineageGraph, policy: Policy) -> tuple[Dashboard, ...]:
    """Every affected exposure, those that act on the data by themselves last."""
    found = []
    for item in radius.affected:
        node = graph.nodes[item.unique_id]
        if node.exposure is not None:
            automation = node.exposure.type in policy.severity.automation_types
            owners = node.exposure.owners or parse_owner(node.meta.get("owner"))
            kind, maturity, url = node.exposure.type, node.exposure.maturity, node.exposure.url
            name = node.exposure.label or node.name
            found.append(Dashboard(node.unique_id, name, kind, automation, maturity, url, owners, item.effects, item.path, item.certainty))
    return tuple(sorted(found, key=lambda item: (item.automation, item.unique_id)))


def consumers(found: Sequence[Dashboard], radius: BlastRadius, graph: LineageGraph) -> tuple[Consumer, ...]:
    """Everybody who uses affected data: owners of exposures with all of theirs, and subscribers (``meta.subscribers``) of affected nodes."""
    claims: list[Claim] = [(owner, item.unique_id, "") for item in found for owner in item.owners]
    claims += [(owner, item.unique_id, "") for item in radius.affected for owner in parse_owner(graph.nodes[item.unique_id].meta.get("subscribers"))]
    return tuple(Consumer(owner, tuple(dict.fromkeys(unique_id for _, unique_id, _ in mine))) for owner, mine in merge(claims))


def owners(
    radius: BlastRadius, graph: LineageGraph, groups: Mapping[str, Group], policy: Policy, columns: Sequence[str] = ()
) -> tuple[tuple[NodeOwner, ...], tuple[str, ...]]:
    """Who is responsible for the affected nodes (owners of failing nodes first), and the unique_ids for which nobody is named.

    Every failure of a node asks for its own owner: several tests may have several, and one without falls back on the node's.
    Exposures are not here: their owners are consumers.
    """
    failures: dict[str, list[Node | None]] = {}
    for seed in radius.seeds:
        failures.setdefault(seed.unique_id, []).append(graph.nodes[seed.via] if seed.via else None)
    claims: list[Claim] = []
    unowned: list[str] = []
    for item in radius.affected:
        node = graph.nodes[item.unique_id]
        if node.exposure is not None:
            if not node.exposure.owners and not parse_owner(node.meta.get("owner")):
                unowned.append(node.unique_id)
            continue
        found = failures.get(node.unique_id, [None])
        mine = [claim for test in found for claim in _claims(node, test, groups, policy, () if item.depth else columns)]
        if mine:
            claims += mine
        else:
            unowned.append(node.unique_id)
    failing = {item.unique_id for item in radius.affected if not item.depth}
    entries = []
    for owner, mine in merge(claims):
        unique_ids = tuple(dict.fromkeys(unique_id for _, unique_id, _ in mine))
        entries.append(NodeOwner(owner, unique_ids, mine[0][2], not failing.isdisjoint(unique_ids)))
    return tuple(sorted(entries, key=lambda entry: (not entry.failing, -len(entry.nodes), entry.owner))), tuple(unowned)


def owners_of(node: Node, groups: Mapping[str, Group], policy: Policy) -> tuple[Owner, ...]:
    """Who is responsible for one node, affected or not; empty where nobody is named."""
    return tuple(owner for owner, _, _ in _claims(node, None, groups, policy, ()))


def _claims(node: Node, test: Node | None, groups: Mapping[str, Group], policy: Policy, columns: Sequence[str]) -> Iterator[Claim]:
    """The first of these that names anybody; the order is the one in which a more specific statement overrides a more general one."""
    for found, evidence in _statements(node, test, groups, policy, columns):
        if found:
            for owner in found:
                yield owner, node.unique_id, evidence
            return


def _statements(node: Node, test: Node | None, groups: Mapping[str, Group], policy: Policy, columns: Sequence[str]) -> Iterator[tuple[tuple[Owner, ...], str]]:
    if test is not None:
        yield _meta_owner(test.meta), f"meta.owner of the test {test.name}"
    wanted = {column.casefold() for column in (*columns, test.test.column if test is not None and test.test is not None else "")}
    concerned = [column for column in node.columns if column.name.casefold() in wanted]
    yield _together((_meta_owner(column.meta), f"meta.owner of the column {node.label}.{column.name}") for column in concerned)
    yield _meta_owner(node.meta), f"meta.owner of {node.label}"
    if node.group in groups:
        yield groups[node.group].owners, f"owner of the group {node.group}"
    if node.source is not None:
        yield _meta_owner(node.source.meta), f"meta.owner of the source {node.source.source_name}"
    for rule in policy.owners:
        if matches(rule.path, rule.tag, rule.package, rule.node, node):
            yield (rule.owner,), "owners in aftershock.yml"
    if policy.default_owner is not None:
        yield (policy.default_owner,), "default_owner in aftershock.yml"


def _together(statements: Iterable[tuple[tuple[Owner, ...], str]]) -> tuple[tuple[Owner, ...], str]:
    """Statements of one rank as one: nobody overrides anybody, so that all whom they name are told."""
    made = [(found, evidence) for found, evidence in statements if found]
    return tuple(owner for found, _ in made for owner in found), ", ".join(evidence for _, evidence in made)


def matches(path: str, tag: str, package: str, name: str, node: Node) -> bool:
    """Whether a node meets every condition that is not empty."""
    return (
        (not path or fnmatchcase(node.path, path) or node.path.startswith(path.rstrip("/") + "/"))
        and (not tag or tag in node.tags)
        and (not package or package == node.package)
        and (not name or name in {node.unique_id, node.name, node.label})
    )


def _meta_owner(meta: Mapping[str, object]) -> tuple[Owner, ...]:
    return parse_owner(meta.get("owner")) or parse_owner(meta.get("owners"))


def merge(claims: Iterable[Claim]) -> list[tuple[Owner, list[Claim]]]:
    """One entry for each person or team, in order of first mention, with everything that they claim.

    The same e-mail or the same Slack handle is the same person. A bare name, or a bare channel, joins the one person who has it, if there is
    exactly one: two people of one name, or of one channel, stay two.
    """
    claims = list(claims)
    people = _people([owner for owner, _, _ in claims])
    entries: dict[str, list[Claim]] = {}
    for claim in claims:
        entries.setdefault(people[claim[0]], []).append(claim)
    return [(_fullest(owner for owner, _, _ in mine), mine) for mine in entries.values()]


def _people(everybody: Sequence[Owner]) -> dict[Owner, str]:
    """A key for each owner, equal where they are one person."""
    linked: dict[str, str] = {}

    def first(key: str) -> str:
        while linked.setdefault(key, key) != key:
            key = linked[key]
        return key

    for owner in everybody:
        for key, other in pairwise(_addresses(owner)):
            linked[first(other)] = first(key)
    known: dict[str, set[str]] = {}
    for owner in everybody:
        for hint in _hints(owner) if _addresses(owner) else ():
            known.setdefault(hint, set()).add(first(_addresses(owner)[0]))
    return {owner: first(addresses[0]) if (addresses := _addresses(owner)) else _join(next(iter(_hints(owner)), ""), known) for owner in everybody}


def _join(hint: str, known: Mapping[str, set[str]]) -> str:
    homes = known.get(hint, set())
    return next(iter(homes)) if len(homes) == 1 else hint


def _addresses(owner: Owner) -> list[str]:
    """What tells one person from another: an e-mail, a Slack handle, or a name in a channel, which several people may share."""
    shared = owner.slack.startswith("#")
    handle = [f"slack {owner.slack.casefold()}"] if owner.slack and not shared else []
    member = [f"name {owner.name.casefold()} in {owner.slack.casefold()}"] if shared and owner.name and not owner.email else []
    return ([f"email {owner.email.casefold()}"] if owner.email else []) + handle + member


def _hints(owner: Owner) -> list[str]:
    """What may tell who is meant: a name, a channel."""
    channel = owner.slack if owner.slack.startswith("#") else ""
    return [f"hint {word.casefold()}" for word in (owner.name, channel) if word]


def _fullest(found: Iterable[Owner]) -> Owner:
    everything = list(found)
    name, email, slack = (next((value for owner in everything if (value := getattr(owner, part))), "") for part in ("name", "email", "slack"))
    return Owner(name, email, slack)
