"""A plan's rebuilding dbt commands as Dagster's: ``dagster asset materialize`` or ``dg launch``, and ``dagster job backfill`` where a job is named.

What Dagster has no command for stays dbt's, and a note says why. Nothing here imports Dagster.
"""

from __future__ import annotations

import json
import shlex
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Literal

import msgspec

from aftershock.errors import UsageError
from aftershock.model import Phase, RecoveryPlan, Step
from aftershock.phrases import listing
from aftershock.recovery.carried import NO_TARGET
from aftershock.recovery.commands import batches
from aftershock.recovery.dagster_keys import asset_words, is_asset
from aftershock.recovery.dagster_partitions import partitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aftershock.model import Node
    from aftershock.recovery.dagster_partitions import Partitions

Launcher = Literal["", "dagster", "dg"]

REBUILDS = frozenset({"run", "seed", "snapshot", "retry", "full-refresh", "window"})
BACKFILL = ("dagster", "job", "backfill")
CARRIED = ("--target", "--profile", "--vars", "--profiles-dir", "--project-dir")
"""Options of dbt's that the code location decides in Dagster."""

UNDERSTOOD = frozenset({"--select", "--full-refresh", "--event-time-start", "--event-time-end", *CARRIED})
RETRIED = frozenset({"--state", *CARRIED})
MOST_NAMES = 5

AGAIN = "These failed or were skipped."

NO_ASSET = "dagster-dbt makes no asset of an ephemeral model or a function"
NO_WORD = "no selection of Dagster's names its asset alone"
NO_COUNTERPART = "Dagster has no counterpart to an option of the command"
FULL_BATCHES = "a partition's time together with --full-refresh deletes all other batches of a microbatch model"
NO_FULL_REFRESH = "Dagster has no --full-refresh, and no op is named whose run config has it"
NO_PARTITION = "a microbatch model's asset has partitions as a rule, and its window is unknown or not one of whole hours, days or months"

FOUND = (
    "The commands find the code location by [tool.dg] in the pyproject.toml of the folder that they are run in: name its module or file where there is none."
)
KEYS = (
    "Assets have the names that dagster-dbt's default translator gives them, and those without a window are taken as unpartitioned: "
    "where the code location differs, Dagster refuses the command."
)
INSTANCE = (
    "The commands run where they are typed: set DAGSTER_HOME to the deployment's, or the runs are not recorded there; "
    "where they are, switch off automation of the assets below until the plan is done."
)
BUILDS = "Seeds and snapshots are built only where the asset's own dbt command is build: with run, Dagster reports success and nothing is built."
CHECKS = "Tests and freshness stay dbt's: Dagster has a command for asset checks alone only where a job of yours selects them."
PARTITIONED = "Its asset has a partition for each {size} in UTC, {last} among them{policy}."
POLICY = ", and BackfillPolicy.single_run()"
WINDOWS = (
    "A partitioned asset's code has to hand its partition's time window to dbt. Dagster knows a partition once its time is over, unless the definition "
    "has an end_offset: where it does not know the last one, end one earlier, and leave the rest to the schedule."
)
RANGES = (
    "@dbt_assets sets BackfillPolicy.single_run() by itself for time partitions; where an asset has another, or a component none, Dagster refuses the range: "
    "then run each partition with --partition."
)
QUEUED = (
    "The job {job} holds exactly these assets, and the daemon runs: the command only queues a run for each partition, so go on once all of them have succeeded."
)
ONE_STEP = "The job {job} is not used: more than one step would start it, each for other assets."
OP = "All of these belong to the op {op}, whose config takes full_refresh and hands --full-refresh to dbt: those of another op would only be run."


class CodeLocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where Dagster finds the assets, and what they offer.

    Attributes:
        module: the Python module with the definitions (``-m``).
        file: the Python file with the definitions (``-f``), instead of a module.
        directory: the folder that it is loaded from (``-d``).
        workspace: a workspace file (``-w``), for ``dagster job backfill``, which alone takes one.
        launcher: ``dagster`` for ``dagster asset materialize``, which needs a module or file; ``dg`` for ``dg launch``, which needs the
            package dagster-dg-cli and also finds a project by itself. Empty: ``dagster`` with a module or file, ``dg`` without.
        op: the op of the assets, by default the name of the function under ``@dbt_assets``, whose config has a field ``full_refresh``;
            empty where there is none.
        job: a job of exactly the assets that need a window; with it a range of partitions becomes one run for each. Left aside where several
            steps need a range.
    """

    module: str = ""
    file: str = ""
    directory: str = ""
    workspace: str = ""
    launcher: Launcher = ""
    op: str = ""
    job: str = ""

    @property
    def program(self) -> Literal["dagster", "dg"]:
        """The launcher in force."""
        return self.launcher or ("dagster" if self.module or self.file else "dg")

    def words(self) -> tuple[str, ...]:
        """The options that name it."""
        given = (("-m", self.module), ("-f", self.file), ("-d", self.directory))
        return tuple(word for flag, value in given if value for word in (flag, value))


ANYWHERE = CodeLocation()


class _Kept(msgspec.Struct, frozen=True):
    """Nodes that dbt goes on to rebuild, and why."""

    why: str
    nodes: tuple[str, ...]


def as_dagster(plan: RecoveryPlan, nodes: Mapping[str, Node], location: CodeLocation = ANYWHERE) -> RecoveryPlan:
    """The same plan with Dagster's commands wherever a dbt command rebuilds something and Dagster has one for it.

    A step may become several, each in a phase of its own, where its models have different partitions or its names do not fit one command.

    Args:
        plan: a plan with dbt's commands.
        nodes: the project's nodes by unique_id, all of them: an asset's name must be its own.
        location: where Dagster finds the assets.

    Returns:
        A plan whose every node is in the steps of the same kinds as before. Its notes say what the code location has to have, and which
        nodes dbt still rebuilds.

    Raises:
        UsageError: the location has both a module and a file, or neither and the launcher is ``dagster``.
    """
    _check(location)
    words = asset_words(nodes)
    phases: list[Phase] = []
    kept: list[_Kept] = []
    done: list[Step] = []
    for phase in plan.phases:
        results = [_turned(step, nodes, words, location) for step in phase.steps]
        kept += [item for item in results if isinstance(item, _Kept)]
        done += [step for step, item in zip(phase.steps, results, strict=True) if isinstance(item, tuple) and item != (step,)]
        columns = [(step,) if isinstance(item, _Kept) else item for step, item in zip(phase.steps, results, strict=True)]
        phases += [Phase(phase.kind, tuple(step for step in row if step is not None)) for row in zip_longest(*columns)]
    if location.job and sum(step.argv[:3] == BACKFILL for phase in phases for step in phase.steps) > 1:
        found = as_dagster(plan, nodes, msgspec.structs.replace(location, job=""))
        return msgspec.structs.replace(found, notes=(*found.notes, ONE_STEP.format(job=location.job)))
    notes = (*_still_true(plan.notes, phases), *_notes(done, phases, nodes, kept, location))
    return RecoveryPlan(tuple(phases), plan.untouched, notes, plan.estimate, plan.asks_target, "dagster")


def _check(location: CodeLocation) -> None:
    if location.module and location.file:
        raise UsageError("code location", "it has a module and a file", "Name one of them")
    if location.program == "dagster" and not location.module and not location.file:
        raise UsageError("code location", "dagster asset materialize needs a module or a file", "Name one, or launch with dg")


def _turned(step: Step, nodes: Mapping[str, Node], words: Mapping[str, str], location: CodeLocation) -> tuple[Step, ...] | _Kept:
    """What a step becomes, one after another: itself where dbt does not rebuild anything in it."""
    if step.kind not in REBUILDS or step.argv[:1] != ("dbt",):
        return (step,)
    options = _options(step.argv)
    for why, found in _obstacles(step, options, nodes, words, location):
        if found:
            return _Kept(why, tuple(found))
    return tuple(_pieces(step, options, nodes, words, location))


def _options(argv: Sequence[str]) -> dict[str, str]:
    """A command's options and their values, joined by blanks."""
    options: dict[str, list[str]] = {}
    values: list[str] = []
    for word in argv:
        if word.startswith("--"):
            values = options.setdefault(word, [])
        else:
            values.append(word)
    return {option: " ".join(found) for option, found in options.items()}


def _obstacles(
    step: Step, options: Mapping[str, str], nodes: Mapping[str, Node], words: Mapping[str, str], location: CodeLocation
) -> Iterator[tuple[str, Sequence[str]]]:
    """Why Dagster may not be able to do a step, and the nodes for which that holds."""
    microbatches = [unique_id for unique_id in step.nodes if nodes[unique_id].build.strategy == "microbatch"]
    yield NO_ASSET, [unique_id for unique_id in step.nodes if not is_asset(nodes[unique_id])]
    yield NO_WORD, [unique_id for unique_id in step.nodes if unique_id not in words]
    if not options.keys() <= (RETRIED if step.kind == "retry" else UNDERSTOOD) or (step.kind == "window" and "--event-time-start" not in options):
        yield NO_COUNTERPART, step.nodes
    if "--full-refresh" in options:  # with a partition's window it would leave a microbatch model nothing else
        yield FULL_BATCHES, microbatches
        yield NO_FULL_REFRESH, () if location.op else step.nodes
    timed = step.nodes if step.kind == "window" else microbatches
    yield NO_PARTITION, [unique_id for unique_id in timed if partitions(options, nodes[unique_id].build.batch_size) is None]


def _pieces(step: Step, options: Mapping[str, str], nodes: Mapping[str, Node], words: Mapping[str, str], location: CodeLocation) -> Iterator[Step]:
    """One step for each run of nodes with the same partitions, cut where a selection grows too long for one word of a command."""
    refresh = "--full-refresh" in options
    for days, run in groupby(step.nodes, key=lambda unique_id: partitions(options, nodes[unique_id].build.batch_size)):
        chosen = tuple(run)
        names = [words[unique_id] for unique_id in chosen]
        for batch in batches(names):
            argv = _command(",".join(names[batch]), days, location, refresh=refresh)
            requires = " ".join(filter(None, (step.requires, *_requires(days, location, refresh=refresh))))
            piece = msgspec.structs.replace(step, nodes=chosen[batch], argv=argv, requires=requires)
            yield msgspec.structs.replace(piece, kind="run", why=AGAIN) if step.kind == "retry" else piece


def _command(selection: str, days: Partitions | None, location: CodeLocation, *, refresh: bool) -> tuple[str, ...]:
    if days is not None and _is_queued(days, location):
        where = ("-w", location.workspace) if location.workspace else location.words()
        return (*BACKFILL, "--job", location.job, "--from", days.first, "--to", days.last, "--noprompt", *where)
    start = ("dagster", "asset", "materialize", "--select") if location.program == "dagster" else ("dg", "launch", "--assets")
    config = ("--config-json", json.dumps({"ops": {location.op: {"config": {"full_refresh": True}}}})) if refresh else ()
    return (*start, selection, *(days.flags if days is not None else ()), *config, *location.words())


def _is_queued(days: Partitions, location: CodeLocation) -> bool:
    return bool(location.job) and days.is_range


def _requires(days: Partitions | None, location: CodeLocation, *, refresh: bool) -> Iterator[str]:
    if refresh:
        yield OP.format(op=location.op)
    if days is not None:
        queued = _is_queued(days, location)
        yield PARTITIONED.format(size=days.size, last=days.last, policy=POLICY if days.is_range and not queued else "")
        if queued:
            yield QUEUED.format(job=location.job)


def _still_true(notes: Sequence[str], phases: Sequence[Phase]) -> tuple[str, ...]:
    """The plan's own notes, without the one on dbt's target where no dbt command is left."""
    has_dbt = any(step.argv[:1] == ("dbt",) for phase in phases for step in phase.steps)
    return tuple(note for note in notes if has_dbt or note != NO_TARGET)


def _notes(done: Sequence[Step], phases: Sequence[Phase], nodes: Mapping[str, Node], kept: Sequence[_Kept], location: CodeLocation) -> Iterator[str]:
    """What the code location has to have, as far as a command depends on it; then what dbt still does. ``done`` are the dbt steps that are Dagster's now."""
    if done:
        yield _same_warehouse(done[0])
        yield KEYS
        yield INSTANCE
        if not location.words():
            yield FOUND
        flags = {word for phase in phases for step in phase.steps if step.kind == "window" for word in step.argv}
        if not flags.isdisjoint({"--partition", "--partition-range", "--from"}):
            yield WINDOWS
        if "--partition-range" in flags:
            yield RANGES
        if any(nodes[unique_id].resource_type != "model" for step in done for unique_id in step.nodes):
            yield BUILDS
        if any(step.kind in {"test", "freshness"} for phase in phases for step in phase.steps):
            yield CHECKS
    for why in dict.fromkeys(item.why for item in kept):
        names = [nodes[unique_id].label for item in kept if item.why == why for unique_id in item.nodes]
        yield f"dbt rebuilds {listing(names, MOST_NAMES)}, and what is in the same command: {why}."


def _same_warehouse(step: Step) -> str:
    """Which options the dbt commands had, for which Dagster's have no place."""
    given = [f"{option} {shlex.quote(value)}" for option, value in _options(step.argv).items() if option in CARRIED]
    if not given:
        return "Dagster's commands take no --target: make sure that the code location's dbt has the one that failed, or another warehouse is repaired."
    return f"The failed run had {listing(given)}: Dagster takes no such option, so make sure that the code location's dbt has the same, or another warehouse is repaired."
