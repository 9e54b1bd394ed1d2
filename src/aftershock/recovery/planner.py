"""Assessment -> RecoveryPlan: gates first, then the repair in dependency order, then the proof."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from aftershock.model import Phase, RecoveryPlan, Step
from aftershock.phrases import counted, listing
from aftershock.recovery.actions import ACTIONS, COMMANDS, Action
from aftershock.recovery.carried import carried
from aftershock.recovery.commands import batches
from aftershock.recovery.gates import gated_sources, preamble, resume_steps, target_copy
from aftershock.recovery.names import listed
from aftershock.recovery.people import People
from aftershock.recovery.rules import NOT_SELECTABLE, RULES, Rule
from aftershock.recovery.schedule import stages
from aftershock.recovery.selectors import Selectors
from aftershock.recovery.shapes import CASCADING_ADAPTERS
from aftershock.recovery.treatment import Treatment, treatments
from aftershock.recovery.verify import confirm_steps, count_steps, freshness_steps, test_steps, untested

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.model import Assessment, Policy, Project, Run
    from aftershock.recovery.carried import Carried

APART = frozenset({"gate", "confirm", "leave"})
"""Actions that have their place before or after the repair, or none."""

ORDER: tuple[Action, ...] = (
    "restore",
    "seed",
    "build",
    "run",
    "snapshot",
    "seed-header",
    "full-refresh",
    "window",
    "backfill",
    "fill-window",
    "sql",
    "ask",
    "export",
)
"""Which kind of step goes first where dependencies leave it open."""

NOUNS = {"view": "view", "ephemeral": "ephemeral model", "semantic": "metric or semantic node", "function": "function"}


class Work(NamedTuple):
    """What may share a step: one command, or one person and one reason. ``rule`` is a row of RULES, -1 for commands."""

    order: int
    action: Action
    flags: tuple[str, ...]
    rule: int
    who: str


def plan(assessment: Assessment, graph: LineageGraph, *, run: Run | None, project: Project, policy: Policy) -> RecoveryPlan:
    """The way back from an incident, as far as the artifacts allow: nothing is run, and no command is made up.

    Args:
        assessment: what is affected, and since when.
        graph: the lineage of the project.
        run: the run that failed; its target and variables are carried into every command.
        project: whose adapter decides what a rebuild drops, and whose groups own nodes.
        policy: what else names owners, for those who must act upstream.

    Returns:
        Phases in order; a kind of phase comes again where a later one depends on another kind. Every affected node that keeps rows is in
        exactly one repairing step (a gate for sources), or in ``untouched``.

    Raises:
        ArtifactError: the manifest's edges form a cycle.
    """
    selectors, people, kept = Selectors(graph), People(assessment, graph, project.groups, policy), carried(run)
    category = assessment.radius.category
    treated = tuple(treatments(assessment, graph, selectors, run=run, adapter=project.info.adapter))
    sources = gated_sources(treated, category, graph)
    proof = (
        *freshness_steps(sources, graph, selectors, kept),
        *test_steps(treated, graph, selectors, kept),
        *count_steps(treated),
        *confirm_steps(treated, people),
        *resume_steps(treated, category),
    )
    phases = (
        *preamble(treated, assessment, graph, people),
        *_joined(_repair(treated, graph, selectors, people, kept), graph),
        *([Phase("verify", proof)] if proof else []),
    )
    untouched = tuple(sorted(item.unique_id for item in treated if item.rule.action == "leave"))
    has_commands = any(step.argv for phase in phases for step in phase.steps)
    overwrites = any(step.argv and step.kind != "freshness" for phase in phases for step in phase.steps)
    phases = (*([target_copy()] if overwrites else ()), *phases)
    notes = (*(kept.notes if has_commands else ()), *_notes(treated, assessment, graph, project))
    return RecoveryPlan(phases, untouched, notes)


def _repair(treated: Sequence[Treatment], graph: LineageGraph, selectors: Selectors, people: People, kept: Carried) -> Iterator[Phase]:
    """One phase of one step for everything that is built or done by hand, in order."""
    by_id = {item.unique_id: item for item in treated}
    kinds = {item.unique_id: None if item.rule.action in APART else _work(item, people) for item in treated}
    for work, nodes in stages(kinds, graph, rank=lambda work: work, late=lambda work: ACTIONS[work.action].phase == "manual"):
        phase = ACTIONS[work.action].phase
        chosen = [by_id[unique_id] for unique_id in nodes]
        words = [selectors.exact(unique_id) for unique_id in nodes] if work.action in COMMANDS else []
        for batch in batches(words) if words else [slice(None)]:
            yield Phase(phase, (_step(work, chosen[batch], words[batch], people, kept),))


def _work(item: Treatment, people: People) -> Work:
    action = item.rule.action
    if action in COMMANDS:
        return Work(ORDER.index(action), action, (*ACTIONS[action].flags, *item.flags), -1, "")
    return Work(ORDER.index(action), action, (), _number(item.rule), people.of(item.unique_id))


def _number(rule: Rule) -> int:
    return len(RULES) if rule is NOT_SELECTABLE else next(number for number, row in enumerate(RULES) if row is rule)


def _step(work: Work, items: Sequence[Treatment], words: Sequence[str], people: People, kept: Carried) -> Step:
    does = ACTIONS[work.action]
    nodes = tuple(item.unique_id for item in items)
    why = " ".join(dict.fromkeys(text for item in items for text in (item.rule.why, item.hint) if text))
    destroys = " ".join(dict.fromkeys(item.rule.destroys for item in items if item.rule.destroys))
    argv = ("dbt", *does.words, "--select", *words, *work.flags, *kept.beside(work.flags)) if words else ()
    return Step(does.kind, nodes, why, destroys, argv, people.of(*nodes) if work.who else "")


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


def _notes(treated: Sequence[Treatment], assessment: Assessment, graph: LineageGraph, project: Project) -> Iterator[str]:
    left = Counter((NOUNS.get(item.shape, item.shape), item.rule.why) for item in treated if item.rule.action == "leave")
    if left:
        parts = [f"{counted(number, noun)} ({why[0].lower()}{why[1:-1]})" for (noun, why), number in sorted(left.items())]
        yield f"Nothing is run for {listing(parts)}."
    dated = {item.rule.action for item in treated} & {"window", "backfill"}
    if dated:
        if "window" in dated and not assessment.window.until:
            yield f"The window ends at {assessment.detected_at}, when it was detected: --until ends it later where bad or missing rows came after that."
        yield "The window is taken as the rows' event time in UTC and widened to whole batches; models that look back further need a wider one."
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
