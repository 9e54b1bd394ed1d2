"""A group of findings into a proposal: its category with alternatives, how sure that is, how bad, and what speaks against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.detect.doubts import doubts, passed_later
from aftershock.detect.looking import skipped
from aftershock.detect.rows import LOSS, STALE
from aftershock.detect.titles import title
from aftershock.impact import blast_radius, judge
from aftershock.model import BlastRadius, Category, Seed
from aftershock.model.detection import Alternative, Clue, Proposal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aftershock.detect.grouping import Group
    from aftershock.detect.rows import Finding
    from aftershock.detect.scene import Scene
    from aftershock.model import Policy, Verdict
    from aftershock.model.detection import Confidence

SURE: tuple[Confidence, ...] = ("high", "medium", "low")


def propose(groups: Sequence[Group], scene: Scene) -> tuple[Proposal, ...]:
    """A proposal for each group, worst first."""
    stopped = skipped(scene)
    found = [_proposal(group, groups, stopped, scene) for group in groups]
    return tuple(sorted(found, key=_worst_first))


def _worst_first(item: Proposal) -> tuple[object, ...]:
    return item.severity.level.rank, SURE.index(item.confidence), list(Category).index(item.category), item.nodes, item.title


def _proposal(group: Group, groups: Sequence[Group], stopped: tuple[str, ...], scene: Scene) -> Proposal:
    lead = min(group.roots, key=lambda item: (SURE.index(item.reading.confidence), not item.stops, item.unique_id))
    confirmed = group.category is not LOSS or any(item.reading.confirmed for item in group.roots)
    speak_against = doubts(group, scene)
    since = [item.since for item in group.roots if item.since]
    at = [item.at for item in group.findings if item.at]
    return Proposal(
        group.category,
        _confidence(group, lead, scene),
        title(group, scene, lead),
        scene.graph.in_order(group.failing),
        _skipped(group, stopped, scene),
        _severity(group, groups, scene, confirmed=confirmed),
        tuple(_clue(item, group.proof if item is lead else "") for item in _lead_first(group.findings, lead)),
        _alternatives(group, lead),
        speak_against,
        _columns(group),
        min(since, default=""),
        min(at, default=""),
        confirmed,
        group.nodes if group.origin else (),
    )


def _columns(group: Group) -> tuple[str, ...]:
    """Columns of the one node at the root, where all that is known of it names some; those that an error misses are of what the node reads."""
    known = len(group.nodes) == 1 and group.category is not STALE and all(item.reading.columns for item in group.roots)
    return group.columns if known and (group.origin or not any(item.reading.missing for item in group.roots)) else ()


def _lead_first(findings: Sequence[Finding], lead: Finding) -> list[Finding]:
    return sorted(findings, key=lambda item: (item is not lead, not item.stops))


def _confidence(group: Group, lead: Finding, scene: Scene) -> Confidence:
    """That of the lead; more where two rules say the same or a catalog shows it, less where it may be over."""
    at = SURE.index(lead.reading.confidence)
    rules = {item.reading.rule for item in group.roots if item.reading.confidence != "low"}
    if group.origin or len(rules) > 1:
        at = max(at - 1, 0)
    if group.invented:
        at = SURE.index("low")
    results = sum(item.file == "run_results" for item in group.findings)
    if results and passed_later(group, scene) == results == len(group.findings):
        at = SURE.index("low")
    return SURE[at]


def _clue(item: Finding, proof: str) -> Clue:
    says = f"{item.reading.says}; {proof}" if proof else item.reading.says
    return Clue(item.unique_id, item.status, item.reading.rule, says, item.file, item.message, item.at)


def _alternatives(group: Group, lead: Finding) -> tuple[Alternative, ...]:
    """Other categories that the findings at the root allow: the lead's first, each once."""
    found: dict[Category, Alternative] = {}
    for item in (lead, *group.roots):
        for other in item.reading.others:
            if other.category is not group.category:
                found.setdefault(other.category, other)
    return tuple(found.values())


def _skipped(group: Group, stopped: tuple[str, ...], scene: Scene) -> tuple[str, ...]:
    """What was skipped below what failed: for a test that is everything below the nodes that it tests."""
    failed = [node for item in group.findings if item.stops for node in item.nodes]
    reached = scene.graph.descendants(failed) if failed and stopped else {}
    return scene.graph.in_order(item for item in stopped if item in reached and item not in group.nodes and item not in group.failing)


def _severity(group: Group, groups: Sequence[Group], scene: Scene, *, confirmed: bool) -> Verdict:
    """What the policy says of the nodes, judged by this incident's results: another one's at the same node are left out."""
    via = {node: item.unique_id for item in reversed(group.findings) for node in item.nodes if item.unique_id not in group.nodes}
    roots = dict.fromkeys((*group.nodes, *group.failing))
    seeds = tuple(Seed(node, via.get(node, "") if via.get(node, "") in scene.graph else "") for node in roots)
    run = scene.run
    if run is not None and scene.builds:
        own = {item.unique_id for item in group.findings}
        others = {item.unique_id for other in groups for item in other.findings} - own - set(group.nodes)
        if others:
            run = msgspec.structs.replace(run, results={key: result for key, result in run.results.items() if key not in others})
    info = scene.artifacts.project.info
    radius = blast_radius(seeds, group.category, scene.graph, info=info, run=run) if seeds else BlastRadius(group.category, (), ())
    policy = scene.policy if seeds else _never_lowered(scene.policy)
    return judge(radius, scene.graph, policy, run=run, freshness=scene.freshness, confirmed=confirmed)


def _never_lowered(policy: Policy) -> Policy:
    """That nobody is known to be downstream of nothing in particular is no reason to think it mild."""
    severity = msgspec.structs.replace(policy.severity, rules={**policy.severity.rules, "lower-no-consumer": False})
    return msgspec.structs.replace(policy, severity=severity)


def unexplained(groups: Iterable[Group], scene: Scene) -> tuple[str, ...]:
    """What was skipped below nothing that failed."""
    stopped = skipped(scene)
    failed = {node for group in groups for item in group.findings if item.stops for node in item.nodes}
    reached = scene.graph.descendants(failed) if stopped else {}
    return tuple(item for item in stopped if item not in reached)
