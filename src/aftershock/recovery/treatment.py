"""Every affected node with the rule that decides about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.recovery.rules import COMMANDS, NOT_SELECTABLE, Rule, rule_for
from aftershock.recovery.shapes import CASCADING_ADAPTERS, INCREMENTAL_SHAPES, Fact, Shape, facts_of, shape_of
from aftershock.recovery.windows import window_flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.graph import LineageGraph
    from aftershock.model import Assessment, Run
    from aftershock.recovery.selectors import Selectors

REBUILT: frozenset[Shape] = frozenset({"table", "view", "refreshed", "custom"})


class Treatment(msgspec.Struct, frozen=True):
    """What is done about one affected node. ``window`` holds the flags of its window command, empty where it has none."""

    unique_id: str
    shape: Shape
    facts: frozenset[Fact]
    rule: Rule
    window: tuple[str, ...] = ()

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
    radius = assessment.radius
    failing = {seed.unique_id for seed in radius.seeds}
    results = run.results if run is not None else {}
    replaced: set[str] = set()
    for unique_id in graph.in_order(item.unique_id for item in radius.affected):
        node = graph.nodes[unique_id]
        shape, window = shape_of(node), window_flags(node, assessment.window)
        status = results[unique_id].status if unique_id in results else ""
        facts = facts_of(node, failing=unique_id in failing, status=status, windowed=bool(window))
        below = adapter in CASCADING_ADAPTERS and not replaced.isdisjoint(graph.parents(unique_id))
        facts = facts | {"dropped"} if below else facts
        rule = rule_for(radius.category, shape, facts)
        if rule.action in COMMANDS and selectors.find(unique_id) is None:
            rule = NOT_SELECTABLE
        treatment = Treatment(unique_id, shape, facts, rule, window if rule.action == "window" else ())
        if treatment.replaces or (below and shape == "ephemeral"):
            replaced.add(unique_id)
        yield treatment
