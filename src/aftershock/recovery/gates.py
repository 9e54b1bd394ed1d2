"""What must be true before anything is rebuilt: the cause is gone, the snapshot job waits, what may be lost is copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.impact.observed import read_sources
from aftershock.model import Category, Phase, Step
from aftershock.recovery.actions import COMMANDS, SCRIPTED
from aftershock.recovery.rules import RESTORED
from aftershock.recovery.treatment import restored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.model import Assessment, Node, Run
    from aftershock.recovery.people import People
    from aftershock.recovery.repair import Repair
    from aftershock.recovery.statements import Writer, Written
    from aftershock.recovery.treatment import Treatment

BUILDING = frozenset({"build", "run", "seed", "snapshot", "retry"})
FRESH = "Have the load resumed, and wait until its freshness passes: a run before that builds the same old data."
NO_FRESHNESS = "Have the load resumed, and compare its newest row by hand, since no freshness is declared: a run before that builds the same old data."

CAUSES: dict[Category, tuple[str, str]] = {
    Category.DATA_QUALITY: (
        "Have the values corrected where they are loaded, back to the first bad row: a rebuild before that builds them again.",
        "Correct the cause first, its SQL or what it reads: a rebuild before that builds the same values again.",
    ),
    Category.PIPELINE_FAILURE: (
        "Have the load completed: a run before that builds old or partial data.",
        "Correct the error that dbt reported; a run before that fails again.",
    ),
    Category.SCHEMA_BREAK: (
        "Have the column restored, or adapt the SQL that reads it and give the column up explicitly.",
        "Restore the column, or adapt the SQL that reads it and give the column up explicitly.",
    ),
    Category.STALE_DATA: (
        FRESH,
        "Find what it waits for: a run before new data is there builds the same old data.",
    ),
    Category.DATA_LOSS: (
        "Stop the schedule that writes here and below, have the rows restored and compare their number per day: any rebuild before that makes the loss permanent.",
        "Stop the schedule, then compare rows per day with what it reads: build it and what is below it only once nothing is missing upstream, else restore first.",
    ),
    Category.DUPLICATE_LOAD: (
        "Have the duplicates removed here, at the lowest layer, by key: everything above is rebuilt from it.",
        "Find the lowest layer that holds the duplicates and remove them there by key: everything above is rebuilt from it.",
    ),
}
"""What a category asks of a failing source's owner, and of the owner of a failing node that dbt builds."""

UNCONFIRMED = (
    "Stop the schedule that writes here and below, and count its rows per day against where they come from: any rebuild before that makes a loss permanent.",
    "Stop the schedule, then count its rows per day against upstream: what follows builds it again, and is right only if upstream holds all that was lost.",
)
"""As in CAUSES, for a loss that is only inferred or that an intact upstream may make good."""

FOREIGN = "It belongs to another project: have it repaired there first."
LANDED = "Count the rows of the failed run's time: where any of them landed, delete them before an append run, or they are doubled."
COUNT = "Make sure that upstream holds at least as many rows per window as what is rebuilt: where it does not, leave that one out and correct it with SQL."
GAP = "Is the gap longer than the last batch and the lookback? Then ask again with --since: the plain run would leave a hole, and report success."
PAUSE = (
    "Hold dbt snapshot, and dbt build which runs it, until its input is right: what it takes now stays in its history, and versions during the pause are lost."
)
MISSED = "The last run did not build these: were runs before --since missed too? Then ask again with the time of the last good one, or batches are left out."
SCHEDULE = "Hold whatever runs {} on a schedule until this plan is done: a run in between builds on what is half repaired."
COPY = "Copy these relations in the warehouse: what a later step drops, or a person changes, cannot be had from elsewhere."
STORAGE = "A copy of each in the warehouse's storage: drop them once the incident is closed."
TARGET_COPY = "target-incident"
TARGET = "Copy dbt's files first (cp -r target target-incident): the first command overwrites run_results.json, which dbt retry and the postmortem need."
RESUME = "Once the tests pass, let dbt snapshot, and dbt build which runs it, run again: each day that they wait is a day without versions."
RELEASE = "Once the tests pass, let the schedule run again."
RESTART = "Once the tests pass, start the schedule that was stopped again, snapshots included."
SCHEDULER = "whoever schedules dbt"
OPERATOR = "whoever runs this plan"


def target_copy() -> Phase:
    """Before everything where dbt will run: nobody should correct a cause with dbt and lose what the incident left."""
    return Phase("backup", (Step("backup", (), TARGET, who=OPERATOR),))


def preamble(  # noqa: PLR0913, PLR0917  # all that decides what must be true first
    treatments: Sequence[Treatment], assessment: Assessment, graph: LineageGraph, people: People, repair: Repair, run: Run | None
) -> Iterator[Phase]:
    """The phases gate, pause, backup and restore, each only where there is something to do."""
    writer = repair.writer
    gates = (*_causes(treatments, assessment, graph, people, writer), *_checks(treatments, assessment.radius.category, writer))
    if gates:
        yield Phase("gate", gates)
    held = (*_held(treatments, run), *_snapshots_held(treatments, assessment.radius.category))
    if held:
        yield Phase("pause", held)
    copied = _of(item for item in treatments if item.rule.copy)
    if copied:
        yield Phase("backup", tuple(_acted(Step("backup", copied, COPY, who=OPERATOR, costs=STORAGE), writer.copies(copied) if writer else (), repair)))
    lost = restored(treatments, assessment)
    if lost:
        past = f" {writer.past()}" if writer is not None and writer.past() else ""
        step = Step("restore", lost, f"{RESTORED}{past}", who=people.of(*lost))
        yield Phase("restore", tuple(_shown(step, writer.restores(lost) if writer else ())))


def _held(treatments: Sequence[Treatment], run: Run | None) -> Iterator[Step]:
    """The job that may run again in between, by the command that it last ran."""
    command = run.args.get("invocation_command") if run is not None else None
    if (
        run is not None
        and run.which in BUILDING
        and isinstance(command, str)
        and command
        and any(item.rule.action in COMMANDS | SCRIPTED for item in treatments)
    ):
        yield Step("pause", (), SCHEDULE.format(" ".join(command.split())), who=SCHEDULER)


def _snapshots_held(treatments: Sequence[Treatment], category: Category) -> Iterator[Step]:
    paused = _paused(treatments, category)
    if paused:
        yield Step("pause", paused, PAUSE, who=SCHEDULER)


def _acted(step: Step, found: Sequence[Written], repair: Repair) -> Iterator[Step]:
    """One step for each text that does it, and the step itself for the nodes that none does."""
    yield from (repair.written(each, step) for each in found)
    rest = tuple(unique_id for unique_id in step.nodes if all(unique_id not in each.nodes for each in found))
    if rest:
        yield msgspec.structs.replace(step, nodes=rest)


def _shown(step: Step, found: Sequence[Written]) -> Iterator[Step]:
    """The step once for each text, which a person checks before it is run, and for the nodes that have none."""
    yield from (msgspec.structs.replace(step, nodes=each.nodes, sql=each.text) for each in found)
    rest = tuple(unique_id for unique_id in step.nodes if all(unique_id not in each.nodes for each in found))
    if rest:
        yield msgspec.structs.replace(step, nodes=rest)


def resume_steps(treatments: Sequence[Treatment], category: Category, run: Run | None) -> Iterator[Step]:
    """What lets the jobs run again that a gate or the pause held."""
    paused = _paused(treatments, category)
    if category is Category.DATA_LOSS and (stopped := paused or _of(item for item in treatments if item.failing and _holds_data(item))):
        yield Step("confirm", stopped, RESTART, who=SCHEDULER)
    elif paused:
        yield Step("confirm", paused, RESUME, who=SCHEDULER)
    elif any(_held(treatments, run)):
        yield Step("confirm", (), RELEASE, who=SCHEDULER)


def gated_sources(treatments: Sequence[Treatment], category: Category, graph: LineageGraph) -> tuple[str, ...]:
    """The sources that somebody must repair first: failing ones; for stale data also those that failing nodes read."""
    failing = [item.unique_id for item in treatments if item.failing and _holds_data(item)]
    if category is Category.STALE_DATA:
        return read_sources(failing, graph)
    return tuple(unique_id for unique_id in failing if graph.nodes[unique_id].resource_type == "source")


def _causes(treatments: Sequence[Treatment], assessment: Assessment, graph: LineageGraph, people: People, writer: Writer | None) -> Iterator[Step]:
    """One step for each reason, whoever has to act on it."""
    category = assessment.radius.category
    of_source, of_built = CAUSES[category] if assessment.confirmed or category is not Category.DATA_LOSS else UNCONFIRMED
    sources = gated_sources(treatments, category, graph)
    wanted = [(unique_id, NO_FRESHNESS if of_source is FRESH and not _has_freshness(graph.nodes[unique_id]) else of_source) for unique_id in sources]
    for item in treatments:
        if item.rule.action == "gate" and item.shape == "foreign":
            wanted.append((item.unique_id, FOREIGN))
        elif item.failing and item.is_built and not (category is Category.STALE_DATA and set(read_sources([item.unique_id], graph)) & set(sources)):
            wanted.append((item.unique_id, of_built))
    grouped: dict[str, list[str]] = {}
    for unique_id, why in wanted:
        grouped.setdefault(why, []).append(unique_id)
    for why, nodes in grouped.items():
        sql = "".join(map(writer.hint, nodes)) if writer is not None and category is Category.DUPLICATE_LOAD else ""
        yield Step("gate", tuple(nodes), why, who=people.of(*nodes), sql=sql)


def _checks(treatments: Sequence[Treatment], category: Category, writer: Writer | None) -> Iterator[Step]:
    landed = _of(item for item in treatments if category is Category.PIPELINE_FAILURE and item.shape == "append" and "errored" in item.facts)
    if landed:
        yield Step("gate", landed, LANDED, who=OPERATOR)
    missed = _of(item for item in treatments if item.rule.action == "window" and not item.facts.isdisjoint({"errored", "not-run"}))
    if missed and category is not Category.PIPELINE_FAILURE:
        yield Step("gate", missed, MISSED, who=OPERATOR)
    gapped = _of(item for item in treatments if item.shape == "microbatch" and item.rule.action == "run" and item.rule.count)
    if gapped:
        yield Step("gate", gapped, GAP, who=OPERATOR)
    rebuilt = _of(item for item in treatments if item.rule.destroys and item.rule.copy and item.rule.action in COMMANDS and not (writer and item.rule.guard))
    if rebuilt:
        yield Step("gate", rebuilt, COUNT, who=OPERATOR)


def _paused(treatments: Sequence[Treatment], category: Category) -> tuple[str, ...]:
    """The snapshots that must not take what is there now; old input is not bad input."""
    return () if category is Category.STALE_DATA else _of(item for item in treatments if item.shape == "snapshot")


def _holds_data(item: Treatment) -> bool:
    return item.shape not in {"exposure", "semantic", "export"}


def _has_freshness(node: Node) -> bool:
    return node.source is not None and node.source.freshness


def _of(treatments: Iterable[Treatment]) -> tuple[str, ...]:
    return tuple(item.unique_id for item in treatments)
