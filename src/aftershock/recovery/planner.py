"""Assessment -> RecoveryPlan: gates first, then the repair in dependency order, then the proof."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aftershock.model import Phase, RecoveryPlan, Step
from aftershock.phrases import counted, listing
from aftershock.recovery.actions import COMMANDS
from aftershock.recovery.carried import carried
from aftershock.recovery.gates import TARGET_COPY, gated_sources, preamble, resume_steps, target_copy
from aftershock.recovery.names import listed
from aftershock.recovery.people import People
from aftershock.recovery.repair import Repair
from aftershock.recovery.retry import can_retry
from aftershock.recovery.selectors import Selectors
from aftershock.recovery.shapes import CASCADING_ADAPTERS, INCREMENTAL_SHAPES
from aftershock.recovery.treatment import Evidence, Treatment, treatments
from aftershock.recovery.verify import confirm_steps, count_steps, freshness_steps, test_steps, untested

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.model import Assessment, Category, Engine, Policy, Project, Run
    from aftershock.recovery.statements import Writer

RETRY = "dbt runs again exactly what failed or was skipped, with the arguments that the run had."
FIXED = "The error is corrected."
REPLACING = frozenset({"backfill", "delete-window", "replace-window", "replace-keys", "replace-all"})
NOUNS = {
    **dict.fromkeys(INCREMENTAL_SHAPES, "incremental model"),
    "view": "view",
    "ephemeral": "ephemeral model",
    "semantic": "metric or semantic node",
    "function": "function",
}


def plan(  # noqa: PLR0913  # all that a plan is made of
    assessment: Assessment,
    graph: LineageGraph,
    *,
    evidence: Evidence,
    project: Project,
    policy: Policy,
    writer: Writer | None = None,
    target: str = "",
    engine: Engine = "dbt",
) -> RecoveryPlan:
    """The way back from an incident, as far as the artifacts allow: nothing is run, and no command is made up.

    Args:
        assessment: what is affected, and since when.
        graph: the lineage of the project.
        evidence: the run that failed, whose target and variables are carried into every command; earlier runs; the warehouse's columns.
        project: whose adapter decides what a rebuild drops, and whose groups own nodes.
        policy: what else names owners, for those who must act upstream.
        writer: writes the SQL of steps; without one such a step has neither SQL nor command.
        target: dbt's target, where a person names it.
        engine: what rebuilds: ``sql`` for statements instead of dbt's commands; the commands of other engines are made from dbt's afterwards.

    Returns:
        Phases in order; a kind of phase comes again where a later one depends on another kind. Every affected node that keeps rows is in a
        repairing step (a gate for sources), or in ``untouched``.

    Raises:
        ArtifactError: the manifest's edges form a cycle.
    """
    selectors, people, kept = Selectors(graph), People(assessment, graph, project.groups, policy), carried(evidence.run, target)
    category = assessment.radius.category
    treated = tuple(treatments(assessment, graph, selectors, evidence=evidence, adapter=project.info.adapter, writer=writer))
    sources = gated_sources(treated, category, graph)
    repair = Repair(graph, selectors, people, kept, writer, "sql" if engine == "sql" else "dbt")
    proof = (
        *test_steps(treated, graph, selectors, kept),
        *count_steps(treated, repair),
        *freshness_steps(sources, graph, selectors, kept),
        *confirm_steps(treated, people),
        *resume_steps(treated, category, evidence.run),
    )
    phases = (
        *preamble(treated, assessment, graph, people, repair, evidence.run),
        *_joined(_repaired(treated, category, evidence.run, repair), graph),
        *([Phase("verify", proof)] if proof else []),
    )
    untouched = tuple(sorted(item.unique_id for item in treated if item.rule.action == "leave"))
    has_commands = any(step.argv for phase in phases for step in phase.steps)
    overwrites = any(step.argv and step.kind != "freshness" for phase in phases for step in phase.steps)
    phases = (*([target_copy()] if overwrites else ()), *phases)
    notes = (*(kept.notes if has_commands else ()), *_notes(treated, assessment, graph, project, evidence))
    return RecoveryPlan(phases, untouched, notes, asks_target=has_commands and kept.asks_target, engine=repair.engine)


def _repaired(treated: Sequence[Treatment], category: Category, run: Run | None, repair: Repair) -> Iterator[Phase]:
    if repair.engine != "dbt" or not can_retry(treated, category, run, repair.graph):
        yield from repair.phases(treated)
        return
    nodes = tuple(item.unique_id for item in treated if item.rule.action in COMMANDS)
    destroys = " ".join(dict.fromkeys(item.rule.destroys for item in treated if item.rule.action in COMMANDS and item.rule.destroys))
    argv = ("dbt", "retry", "--state", TARGET_COPY, *repair.kept.words)
    yield Phase("plain", (Step("retry", nodes, RETRY, destroys, argv, requires=FIXED),))
    yield from repair.phases([item for item in treated if item.rule.action not in COMMANDS])


def _joined(phases: Iterable[Phase], graph: LineageGraph) -> Iterator[Phase]:
    """Neighbours of one kind as one phase, where none of its steps waits for another. Few phases have such a neighbour."""
    current: Phase | None = None
    for phase in phases:
        if current is not None and current.kind == phase.kind and graph.descendants(_nodes(current)).keys().isdisjoint(_nodes(phase)):
            current = Phase(phase.kind, (*current.steps, *phase.steps))
        else:
            if current is not None:
                yield current
            current = phase
    if current is not None:
        yield current


def _nodes(phase: Phase) -> list[str]:
    return [unique_id for step in phase.steps for unique_id in step.nodes]


def _notes(treated: Sequence[Treatment], assessment: Assessment, graph: LineageGraph, project: Project, evidence: Evidence) -> Iterator[str]:
    left = Counter((NOUNS.get(item.shape, item.shape), item.rule.why) for item in treated if item.rule.action == "leave")
    if left:
        parts = [f"{counted(number, noun)} ({why[0].lower()}{why[1:-1]})" for (noun, why), number in sorted(left.items())]
        yield f"Nothing is run for {listing(parts)}."
    states = [item.unique_id for item in treated if item.shape in {"snapshot", "append"} and item.rule.action in {"run", "snapshot"}]
    if states:
        yield f"States in between cannot be had again where their source has overwritten them since the last good run: {listed(states, graph)}."
    dated = {item.rule.action for item in treated} & {"window", "backfill"}
    if dated:
        if "window" in dated and not assessment.window.until:
            yield f"The window ends at {assessment.detected_at}, when it was detected: --until ends it later where bad or missing rows came after that."
        yield "The window is taken as the rows' event time in UTC and widened to whole batches; models that look back further need a wider one."
    if any(item.rule.action in REPLACING for item in treated):
        yield "Rows that are replaced are computed anew, with what the tables that they join hold today; by their time, rows whose own time was wrong are not found."
    if any(item.span is not None and item.rule.action in REPLACING and item.unique_id not in evidence.dated for item in treated):
        yield "Where rows have another time than the bad ones, they are replaced from a day before --since on, since a run takes rows of the day before: where the schedule runs less often, give an earlier --since."
    if project.info.adapter in CASCADING_ADAPTERS and any(item.replaces for item in treated):
        yield f"On {project.info.adapter}, views and grants outside dbt on what is replaced are dropped with it: create them again."
    unseen = [hidden for hidden in assessment.radius.hidden if hidden.kind == "same_relation" and hidden.nodes]
    if unseen:
        names = listed((hidden.unique_id for hidden in unseen), graph)
        below = len({unique_id for hidden in unseen for unique_id in hidden.nodes})
        yield f"dbt draws no edge from {names} to what reads the same relation as a source: {below} nodes below that are not in this plan."
    bare = untested(treated, graph)
    if bare:
        yield f"No test would show whether {listed(bare, graph)} {'is' if len(bare) == 1 else 'are'} repaired: compare row counts by hand."
