"""Every affected node with the rule that decides about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.model import BAD_STATUSES, Catalog, Category, Run, Window
from aftershock.phrases import listing
from aftershock.recovery.actions import COMMANDS
from aftershock.recovery.history import unbuilt_since
from aftershock.recovery.rules import NOT_SELECTABLE, WRONG_ROWS, Rule, rule_for
from aftershock.recovery.shapes import CASCADING_ADAPTERS, INCREMENTAL_SHAPES, MERGING_ADAPTERS, Fact, Shape, facts_of, shape_of
from aftershock.recovery.windows import Span, backfill_flags, span_of, start_vars, window_flags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.model import Assessment, Node
    from aftershock.recovery.selectors import Selectors
    from aftershock.recovery.statements import Writer

TIMED = frozenset({"delete-window", "replace-window"})
"""Actions of SQL that a node's time is needed for."""
REBUILT: frozenset[Shape] = frozenset({"table", "view", "refreshed", "custom"})


class Evidence(msgspec.Struct, frozen=True):
    """What is known besides the manifest: the run that failed, earlier runs with the newest last, and what the warehouse said of its columns.

    ``dated`` are incremental models whose rows have the failing sources' own time, so that bad rows are those of the bad time.
    """

    run: Run | None = None
    history: tuple[Run, ...] = ()
    catalog: Catalog | None = None
    dated: frozenset[str] = frozenset()

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs, the newest last."""
        return (*self.history, *((self.run,) if self.run is not None else ()))

    def status(self, unique_id: str) -> str:
        """What the last run said of a node, in lower case; empty where it said nothing."""
        found = self.run.results.get(unique_id) if self.run is not None else None
        return found.status if found is not None else ""

    def types(self, unique_id: str) -> Mapping[str, str]:
        """A relation's columns and their types as the warehouse said them; empty where it did not."""
        found = self.catalog.tables.get(unique_id) if self.catalog is not None else None
        return found.columns if found is not None else {}


class Treatment(msgspec.Struct, frozen=True):
    """What is done about one affected node.

    ``flags`` are those of its own command: a window's, or a variable's; empty where it has none. ``hint`` adds to the rule's reason what only
    this node's configuration tells, a full sentence. ``span`` are the rows that the bad time may have reached, where that is known.
    """

    unique_id: str
    shape: Shape
    facts: frozenset[Fact]
    rule: Rule
    flags: tuple[str, ...] = ()
    hint: str = ""
    span: Span | None = None

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


def treatments(  # noqa: PLR0913  # what decides
    assessment: Assessment, graph: LineageGraph, selectors: Selectors, *, evidence: Evidence, adapter: str, writer: Writer | None = None
) -> Iterator[Treatment]:
    """Every affected node's treatment, no node before one that it depends on.

    Where the SQL of a window cannot be written, a node is treated as if the time of its rows were not known.
    """
    replaced: set[str] = set()
    radius = assessment.radius
    doubtful = _own_code(assessment, graph)
    for unique_id in graph.in_order(item.unique_id for item in radius.affected):
        node = graph.nodes[unique_id]
        shape, window = shape_of(node), bad_time(assessment, whole=not _batched(node, graph))
        late = bool(doubtful) or (radius.category in WRONG_ROWS | {Category.SCHEMA_BREAK} and unique_id not in evidence.dated)
        window = _whole_history(node, assessment) if radius.category is Category.DATA_LOSS and _is_failing(unique_id, assessment) else window
        batches, backfill = window_flags(node, window, late=bool(doubtful)), backfill_flags(node, assessment.window, evidence.run, late=late)
        merges = shape == "microbatch" and adapter in MERGING_ADAPTERS
        span = span_of(node, assessment.window, evidence.types(unique_id), late=late) if shape in INCREMENTAL_SHAPES - {"microbatch"} else None
        span = Span(node.build.event_time, batches[1], batches[3]) if merges and batches else span
        below = adapter in CASCADING_ADAPTERS and not replaced.isdisjoint(graph.parents(unique_id))
        given: dict[Fact, bool] = {
            "failing": _is_failing(unique_id, assessment),
            "confirmed": assessment.confirmed,
            "window": bool(batches),
            "backfill": bool(backfill) and evidence.status(unique_id) not in BAD_STATUSES | {"skipped"},  # it would leave out what was not taken before
            "timed": span is not None,
            "dropped": below,
            "merges": merges,
            "own-code": unique_id in doubtful,
            "reselects": shape == "keyed" or (shape == "append" and node.build.strict),
            "unrun": unbuilt_since(unique_id, assessment.window.since, evidence.history, evidence.run),
        }
        facts = facts_of(node, (fact for fact, holds in given.items() if holds), evidence.status(unique_id))
        rule = rule_for(radius.category, shape, facts)
        if rule.action in COMMANDS and selectors.find(unique_id) is None:
            rule = NOT_SELECTABLE
        flags = {"window": batches, "backfill": backfill}.get(rule.action, ())
        treatment = Treatment(unique_id, shape, facts, rule, flags, _hint(node, shape, rule), span)
        if writer is not None and rule.action in TIMED and writer.script(treatment, rule.action) is None:
            rule = rule_for(radius.category, shape, facts - {"timed"})
            treatment = Treatment(unique_id, shape, facts - {"timed"}, rule, (), _hint(node, shape, rule))
        if treatment.replaces or (below and shape == "ephemeral"):
            replaced.add(unique_id)
        yield treatment


def _own_code(assessment: Assessment, graph: LineageGraph) -> frozenset[str]:
    """Nodes whose SQL in the artifacts may be what was wrong: failing ones that dbt builds, and those that their SQL becomes a part of.

    Not after a loss, which is of rows that were there.
    """
    if assessment.radius.category not in WRONG_ROWS:
        return frozenset()
    found: set[str] = set()
    todo = [seed.unique_id for seed in assessment.radius.seeds if graph.nodes[seed.unique_id].resource_type in {"model", "snapshot", "function"}]
    while todo:
        unique_id = todo.pop()
        if unique_id not in found:
            found.add(unique_id)
            todo += graph.children(unique_id) if graph.nodes[unique_id].materialized == "ephemeral" else ()
    return frozenset(found)


def bad_time(assessment: Assessment, *, whole: bool = False) -> Window:
    """When data was bad: to the end where that is known, else until somebody noticed; with ``whole`` always until then."""
    since, until = assessment.window.since, assessment.window.until
    return Window(since, (until if not whole else "") or (assessment.detected_at if since else ""))


def _is_failing(unique_id: str, assessment: Assessment) -> bool:
    return any(seed.unique_id == unique_id for seed in assessment.radius.seeds)


def _whole_history(node: Node, assessment: Assessment) -> Window:
    """All batches of a model that lost rows itself, which may be of any age."""
    return Window(node.build.begin, assessment.detected_at)


def _batched(node: Node, graph: LineageGraph) -> bool:
    """Whether each batch of a microbatch model reads only its own time: dbt filters what it reads only where that has an event_time."""
    parents = [graph.nodes[parent] for parent in graph.parents(node.unique_id)]
    return all(parent.build.event_time for parent in parents if parent.is_relation or parent.materialized == "ephemeral")


def restored(treated: Sequence[Treatment], assessment: Assessment) -> tuple[str, ...]:
    """Failing nodes that keep rows and lost some for good: somebody must look for a copy before anything is built."""
    if assessment.radius.category is not Category.DATA_LOSS or not assessment.confirmed:
        return ()
    kept = INCREMENTAL_SHAPES | {"table", "custom", "refreshed"}
    return tuple(item.unique_id for item in treated if item.failing and item.shape in kept and item.rule.action != "leave")


def _hint(node: Node, shape: Shape, rule: Rule) -> str:
    """What would have spared a full refresh."""
    if rule.action != "full-refresh" or shape != "keyed" or not (names := start_vars(node)):
        return ""
    return f"{node.label} reads the variable {listing(names)}: where its SQL starts there, a run with it in --vars may replace only the bad time."
