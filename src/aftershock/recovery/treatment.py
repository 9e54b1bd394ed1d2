"""Every affected node with the rule that decides about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.model import Window
from aftershock.phrases import listing
from aftershock.recovery.actions import COMMANDS
from aftershock.recovery.rules import NOT_SELECTABLE, Rule, rule_for
from aftershock.recovery.shapes import CASCADING_ADAPTERS, INCREMENTAL_SHAPES, Fact, Shape, facts_of, shape_of
from aftershock.recovery.windows import backfill_flags, start_vars, window_flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.graph import LineageGraph
    from aftershock.model import Assessment, Node, Run
    from aftershock.recovery.selectors import Selectors

REBUILT: frozenset[Shape] = frozenset({"table", "view", "refreshed", "custom"})


class Treatment(msgspec.Struct, frozen=True):
    """What is done about one affected node.

    ``flags`` are those of its own command: a window's, or a variable's; empty where it has none. ``hint`` adds to the rule's reason what only
    this node's configuration tells, a full sentence.
    """

    unique_id: str
    shape: Shape
    facts: frozenset[Fact]
    rule: Rule
    flags: tuple[str, ...] = ()
    hint: str = ""

    @property
    def failing(self) -> bool:
        """Whether a person named it."""
        return "failing" in self.facts

    @property
    def is_built(self) -> bool:
        """Whether a project of ours builds it."""
        return self.shape not in {"source", "foreign", "exposure", "semantic", "export"}

    @property
    def replaces(self) -> bool:
        """Whether its step drops the relation and makes another."""
        whole = self.shape in REBUILT or (self.shape in INCREMENTAL_SHAPES and "forced" in self.facts)
        return self.rule.action in {"full-refresh", "seed-header"} or (self.rule.action == "run" and whole)


def treatments(assessment: Assessment, graph: LineageGraph, selectors: Selectors, *, run: Run | None, adapter: str) -> Iterator[Treatment]:
    """Every affected node's treatment, no node before one that it depends on."""
    radius, window = assessment.radius, bad_time(assessment)
    failing = {seed.unique_id for seed in radius.seeds}
    results = run.results if run is not None else {}
    replaced: set[str] = set()
    for unique_id in graph.in_order(item.unique_id for item in radius.affected):
        node = graph.nodes[unique_id]
        shape, batches, backfill = shape_of(node), window_flags(node, window), backfill_flags(node, window, run)
        status = results[unique_id].status if unique_id in results else ""
        facts = facts_of(node, failing=unique_id in failing, status=status, windowed=bool(batches), confirmed=assessment.confirmed, backfilled=bool(backfill))
        below = adapter in CASCADING_ADAPTERS and not replaced.isdisjoint(graph.parents(unique_id))
        facts = facts | {"dropped"} if below else facts
        rule = rule_for(radius.category, shape, facts)
        if rule.action in COMMANDS and selectors.find(unique_id) is None:
            rule = NOT_SELECTABLE
        flags = {"window": batches, "backfill": backfill}.get(rule.action, ())
        treatment = Treatment(unique_id, shape, facts, rule, flags, _hint(node, shape, rule))
        if treatment.replaces or (below and shape == "ephemeral"):
            replaced.add(unique_id)
        yield treatment


def bad_time(assessment: Assessment) -> Window:
    """When data was bad: to the end where it is known, else until somebody noticed."""
    since, until = assessment.window.since, assessment.window.until
    return Window(since, until or (assessment.detected_at if since else ""))


def _hint(node: Node, shape: Shape, rule: Rule) -> str:
    """What would have spared a full refresh."""
    if rule.action != "full-refresh" or shape != "keyed" or not (names := start_vars(node)):
        return ""
    return f"{node.label} reads the variable {listing(names)}: where its SQL starts there, a run with it in --vars may replace only the bad time."
