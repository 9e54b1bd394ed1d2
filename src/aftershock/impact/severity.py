"""How bad it is: a deterministic policy whose every step is a named rule with its evidence.

Order: start, raise once, lower once, cap by environment, override. Metadata that is missing never lowers. Of changes that are not made yet, :func:`intended`
lowers once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from aftershock.impact import markers as marked
from aftershock.impact.observed import Observed, observed, read_sources
from aftershock.model import Category, Freshness, HiddenConsumer, Node, Policy, Reason, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.impact.markers import Mark
    from aftershock.model import BlastRadius, Markers, Run

    Rule = Callable[["Scene"], Iterator[tuple[str, str]]]
    Finder = Callable[[Node, Markers], Mark | None]


class Scene(msgspec.Struct, frozen=True):
    """What the rules look at: failing nodes, everything affected (failing included), and what was observed about them."""

    category: Category
    confirmed: bool
    roots: tuple[Node, ...]
    affected: tuple[Node, ...]
    hidden: tuple[HiddenConsumer, ...]
    sources: tuple[str, ...]
    declared_exposures: int
    observed: Observed
    target: str
    has_results: bool
    freshness: Freshness | None
    policy: Policy

    @property
    def exposures(self) -> tuple[Node, ...]:
        """The affected exposures."""
        return tuple(node for node in self.affected if node.exposure is not None)


def judge(  # noqa: PLR0913  # the public question of this module
    radius: BlastRadius,
    graph: LineageGraph,
    policy: Policy,
    *,
    run: Run | None = None,
    freshness: Freshness | None = None,
    confirmed: bool = True,
    override: tuple[Severity, str] | None = None,
) -> Verdict:
    """The severity of an incident.

    Args:
        radius: what is affected.
        graph: the project's lineage.
        policy: thresholds, markers and switches.
        run: the last run's results, for what was observed and for its target.
        freshness: source freshness results.
        confirmed: false for a data loss that is only inferred, or whose rows can be derived again from an intact upstream.
        override: a person's level and reason.
    """
    scene = _scene(radius, graph, policy, run, freshness, confirmed=confirmed)
    level, reasons = _start(scene)
    for step in (_raise, _lower, _cap):
        level, added = step(scene, level)
        reasons += added
    computed = level
    if override is not None:
        level, why = override
        reasons.append(Reason("override", "override", f"set to {level.value} by a person instead of {computed.value}: {why}"))
    missing = tuple(_missing(scene))
    confidence: Literal["high", "medium", "low"] = "low" if not scene.declared_exposures else "medium" if missing else "high"
    return Verdict(level, computed, scene.category.facts.typical, tuple(reasons), confidence, missing)


def _scene(  # noqa: PLR0913  # as judge
    radius: BlastRadius, graph: LineageGraph, policy: Policy, run: Run | None, freshness: Freshness | None, *, confirmed: bool
) -> Scene:
    roots = tuple(graph.nodes[item.unique_id] for item in radius.affected if not item.depth)
    target = run.args.get("target") if run is not None else None
    return Scene(
        radius.category,
        confirmed,
        roots,
        tuple(graph.nodes[item.unique_id] for item in radius.affected),
        radius.hidden,
        read_sources([node.unique_id for node in roots], graph),
        sum(node.exposure is not None for node in graph.nodes.values()),
        observed(radius.seeds, radius.category, graph, run, freshness),
        target if isinstance(target, str) else "",
        run is not None,
        freshness,
        policy,
    )


def _start(scene: Scene) -> tuple[Severity, list[Reason]]:
    level = scene.category.facts.mild
    reasons = [Reason("start-typical", "start", f"{scene.category.value} is typically {scene.category.facts.typical}; the mild end is {level.value}")]
    if scene.category is Category.DATA_LOSS and not scene.confirmed and _on(scene, "unconfirmed-loss"):
        level = Severity.P1
        reasons.append(Reason("unconfirmed-loss", "start", f"an inferred loss starts at {level.value} instead of {scene.category.facts.mild.value}"))
    return level, reasons


def _raise(scene: Scene, level: Severity) -> tuple[Severity, list[Reason]]:
    """One level at most, with every reason that holds for it."""
    rules = {Severity.P2: TO_P1, Severity.P1: TO_P0}.get(level, ())
    if level is Severity.P1 and scene.observed == "warn":
        return level, []
    reasons = [Reason(name, "raise", evidence, unique_id) for name, rule in rules if _on(scene, name) for unique_id, evidence in rule(scene)]
    return (_step(level, -1) if reasons else level), reasons


def _lower(scene: Scene, level: Severity) -> tuple[Severity, list[Reason]]:
    """One level at most, or down to P2 for mere warnings; a confirmed data loss stays at P1 or above.

    Warnings that change nothing leave the other rule to decide, or else knowing of them would be worse than not knowing.
    """
    floor = Severity.P1 if scene.category is Category.DATA_LOSS and scene.confirmed else Severity.P3
    reasons: list[Reason] = []
    if scene.observed == "warn" and _on(scene, "lower-warn-only"):
        reasons.append(Reason("lower-warn-only", "cap", "every result at the failing nodes is a warning: at most P2"))
        lowered = _milder(level, Severity.P2, floor)
        if lowered is not level:
            return lowered, reasons
    if not scene.declared_exposures:
        reason = Reason("keep-no-exposures", "keep", "the project declares no exposures, so nothing is known of who reads the data: not lowered")
        return level, [*reasons, reason] if _on(scene, "keep-no-exposures") else reasons
    if _on(scene, "lower-no-consumer") and level is not floor and not _reaches_anybody(scene):
        evidence = f"none of the project's {scene.declared_exposures:,} exposures, no public model, no export and no marker is downstream"
        return _milder(level, _step(level, +1), floor), [*reasons, Reason("lower-no-consumer", "lower", evidence)]
    return level, reasons


def _cap(scene: Scene, level: Severity) -> tuple[Severity, list[Reason]]:
    targets = scene.policy.severity.production_targets
    if not targets or not scene.target or scene.target in targets or not _on(scene, "cap-not-production"):
        return level, []
    evidence = f"the run's target is {scene.target}; production targets are {', '.join(targets)}: at most P3"
    return Severity.P3, [Reason("cap-not-production", "cap", evidence)]


def intended(verdict: Verdict, policy: Policy) -> Verdict:
    """A verdict on values that are others because somebody changed what computes them: one level milder, as they may well be what is wanted.

    Args:
        verdict: as :func:`judge` gives it.
        policy: may turn the rule off.
    """
    level = _step(verdict.level, +1)
    if level is verdict.level or not policy.severity.rules.get("lower-intended", True):
        return verdict
    reason = Reason("lower-intended", "lower", "changes that are only risky: the new values may well be as intended")
    return msgspec.structs.replace(verdict, level=level, computed=level, reasons=(*verdict.reasons, reason))


def _on(scene: Scene, rule: str) -> bool:
    return scene.policy.severity.rules.get(rule, True)


def _step(level: Severity, steps: int) -> Severity:
    return list(Severity)[min(max(level.rank + steps, 0), len(Severity) - 1)]


def _milder(level: Severity, other: Severity, floor: Severity) -> Severity:
    """The milder of two levels, but nothing milder than the floor."""
    return list(Severity)[min(max(level.rank, other.rank), floor.rank)]


def _first(scene: Scene, nodes: Sequence[Node], find: Finder) -> Iterator[tuple[str, str]]:
    """The first node with this marker, and how many more there are."""
    found = [mark for node in nodes if (mark := find(node, scene.policy.markers)) is not None]
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        yield found[0].unique_id, f"{found[0].evidence}{more}"


def _critical_marker(scene: Scene) -> Iterator[tuple[str, str]]:
    return _first(scene, scene.affected, marked.critical)


def _automation(scene: Scene) -> Iterator[tuple[str, str]]:
    types = scene.policy.severity.automation_types
    for node in scene.exposures:
        if node.exposure is not None and node.exposure.type in types:
            yield node.unique_id, f"an exposure of type {node.exposure.type} acts on the data"


def _public_model(scene: Scene) -> Iterator[tuple[str, str]]:
    return ((item.unique_id, item.what) for item in scene.hidden if item.kind == "public_model")


def _export(scene: Scene) -> Iterator[tuple[str, str]]:
    return ((item.unique_id, item.what) for item in scene.hidden if item.kind == "export")


def _many_exposures(scene: Scene) -> Iterator[tuple[str, str]]:
    if len(scene.exposures) >= scene.policy.severity.many_exposures:
        yield "", f"{len(scene.exposures):,} exposures are affected (from {scene.policy.severity.many_exposures})"


def _many_tables(scene: Scene) -> Iterator[tuple[str, str]]:
    tables = sum(node.is_relation for node in scene.affected)
    if tables >= scene.policy.severity.many_tables:
        yield "", f"{tables:,} tables are affected (from {scene.policy.severity.many_tables})"


def _freshness_error(scene: Scene) -> Iterator[tuple[str, str]]:
    statuses = scene.freshness.sources if scene.freshness is not None else {}
    for source in scene.sources:
        if source in statuses and statuses[source].status == "error":
            yield source, "source freshness is past its error threshold"


def _critical_root(scene: Scene) -> Iterator[tuple[str, str]]:
    return _first(scene, [node for node in scene.roots if node.exposure is None], marked.critical)


def _critical_exposure(scene: Scene) -> Iterator[tuple[str, str]]:
    return _first(scene, scene.exposures, marked.critical)


def _regulatory(scene: Scene) -> Iterator[tuple[str, str]]:
    return _first(scene, _roots_and_exposures(scene), marked.regulatory)


def _customer_facing(scene: Scene) -> Iterator[tuple[str, str]]:
    return _first(scene, _roots_and_exposures(scene), marked.customer_facing)


def _roots_and_exposures(scene: Scene) -> tuple[Node, ...]:
    return (*scene.roots, *(node for node in scene.exposures if node not in scene.roots))


TO_P1: tuple[tuple[str, Rule], ...] = (
    ("raise-critical-marker", _critical_marker),
    ("raise-automation-exposure", _automation),
    ("raise-public-model", _public_model),
    ("raise-export", _export),
    ("raise-many-exposures", _many_exposures),
    ("raise-many-tables", _many_tables),
    ("raise-freshness-error", _freshness_error),
)
TO_P0: tuple[tuple[str, Rule], ...] = (
    ("raise-p0-critical-node", _critical_root),
    ("raise-p0-critical-exposure", _critical_exposure),
    ("raise-p0-regulatory", _regulatory),
    ("raise-p0-customer-facing", _customer_facing),
)

MARKERS: tuple[Finder, ...] = (marked.critical, marked.regulatory, marked.financial, marked.customer_facing, marked.privacy)


def _reaches_anybody(scene: Scene) -> bool:
    if scene.exposures or scene.hidden:
        return True
    return any(find(node, scene.policy.markers) is not None for node in scene.affected for find in MARKERS)


def _missing(scene: Scene) -> Iterator[str]:
    """Metadata whose absence limited the judgement, each a phrase that says what follows."""
    if not scene.declared_exposures:
        yield "no exposures are declared: who reads the end tables is unknown"
    if not scene.has_results:
        yield "no run results: what dbt saw at the failing nodes is unknown"
    if scene.category is Category.STALE_DATA and scene.sources and scene.freshness is None:
        yield "no source freshness results: how old the data is, is unknown"
    elif scene.category is Category.STALE_DATA and scene.freshness is not None:
        absent = [source for source in scene.sources if source not in scene.freshness.sources]
        if absent:
            yield f"sources.json does not have {', '.join(absent)}: absent is not fresh"
    exposures = [node.exposure for node in scene.exposures if node.exposure is not None]
    if lacking := sum(not item.maturity for item in exposures):
        yield f"{lacking} of {len(exposures)} affected exposures state no maturity: how much depends on them is unknown"
    if lacking := sum(not any(owner.email for owner in item.owners) for item in exposures):
        yield f"{lacking} of {len(exposures)} affected exposures have no owner e-mail"
    if scene.policy.severity.production_targets and not scene.target:
        yield "the run does not say its target: whether this is production is unknown"
