"""``aftershock.verify``: what is judged, by which results, and who is asked about the rest."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from aftershock import impact, times
from aftershock.errors import ArtifactError, UsageError
from aftershock.graph import LineageGraph
from aftershock.impact.observed import read_sources
from aftershock.impact.people import owners_of
from aftershock.labels import labels
from aftershock.model import UNAFFECTED_TYPES, ArtifactFile, Category, Group, Policy
from aftershock.model.proof import PlanRecord, Recorded, RecordedFreshness, RecordedRun, Verification
from aftershock.phrases import listing
from aftershock.recovery.proof import Proof, Scope, prove
from aftershock.recovery.proof.record import moment
from aftershock.select import resolve_all
from aftershock.triage import SKEW, examine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Artifacts, Catalog

NOTHING = Recorded()
_SHOWN = 3
IN_PLAN = frozenset({"run", "seed", "snapshot", "retry", "full-refresh", "window", "sql", "restore", "freshness", "confirm", "gate"})
"""Kinds of steps whose nodes are affected; those of a test step are tests, those of a backup are only copied."""


class Asked(msgspec.Struct, frozen=True):
    """The scope of the question over its graph, with what the policy says of owners."""

    scope: Scope
    graph: LineageGraph
    groups: dict[str, Group]
    policy: Policy


def verify(  # noqa: PLR0913  # the public question
    artifacts: Artifacts,
    nodes: str | Sequence[str] = (),
    category: Category | str | None = None,
    *,
    since: str,
    selected: Sequence[str] = (),
    recorded: Recorded = NOTHING,
    plan: PlanRecord | None = None,
    target: str = "",
    confirmed: Sequence[str] = (),
    columns: Sequence[str] = (),
    catalog: Catalog | None = None,
    reader: ProjectLineage | None = None,
    policy: Policy | None = None,
    patches: Callable[[], Mapping[str, str]] | None = None,
    now: str = "",
) -> Verification:
    """Which nodes are repaired, by what dbt has recorded since a time; see :func:`aftershock.recovery.proof.prove` for the rules.

    Args:
        artifacts: what dbt left now, from :func:`aftershock.read_artifacts`.
        nodes: the failing nodes as a person would type them: they and everything affected below them is judged. Every node of the project where neither
            ``nodes`` nor ``selected`` nor ``plan`` is given.
        category: what happened to them, or its slug; unknown where None.
        since: the time (ISO 8601, UTC without a zone) from which results prove something: when the cause was corrected, or the repair began.
        selected: more failing nodes, as unique_ids from :func:`aftershock.find`.
        recorded: the results of the recovery's steps, from :func:`aftershock.read_recorded`; those of ``artifacts`` count too.
        plan: the plan that was followed, from :func:`aftershock.read_plan`, instead of ``nodes``: its nodes are judged, and each has to be built as it says.
        target: dbt's target of the incident; that of the plan, else of the results, where empty.
        confirmed: nodes for which a person vouches, as a person would type them.
        columns: columns of the failing nodes: only what they reach is judged.
        catalog: what the warehouse lists; used where it is newer than what it is about.
        reader: column lineage of the project, from :func:`aftershock.open_lineage`.
        policy: what is in force; the defaults where none is given.
        patches: as for :func:`aftershock.assess`.
        now: the time of the question; the present where empty.

    Raises:
        UsageError: ``since`` is no time or in the future, options contradict each other, or the results are of several targets.
        ArtifactError: no results are as new as ``since``, or the plan is of another project.
        SelectionError: a name means nothing, several nodes, or a node that holds no data.
        ConfigError: the policy names nodes that are not there.
    """
    asked_at = times.parse(now, "now") if now else times.now()
    start = _since(since, asked_at)
    nodes, columns = ((value,) if isinstance(value, str) else tuple(value) for value in (nodes, columns))
    policy = policy or Policy()
    if plan is not None and (nodes or selected or category is not None or columns):
        raise UsageError("--plan", "it says itself which nodes and what happened to them", "Leave out NODE, --category and --column")
    if not (nodes or selected) and (category is not None or columns):
        raise UsageError("--column" if columns else "--category", "it is about failing nodes", "Name them, or leave it out")
    asked = (
        _below(artifacts, nodes, category, selected=selected, columns=columns, catalog=catalog, reader=reader, policy=policy, patches=patches, now=now)
        if nodes or selected
        else _all_of(artifacts, policy, plan)
    )
    found = _with_own(artifacts, recorded)
    _check_new(found, start, artifacts)
    vouched = _confirmed(confirmed, asked, artifacts)
    target = target or (plan.target if plan is not None else "")
    proof = prove(asked.graph, asked.scope, found, since=start, target=target, confirmed=vouched, catalog=catalog, who=partial(_who, asked=asked))
    return _answer(proof, asked, artifacts, found, start, asked_at)


def _since(text: str, now: datetime) -> datetime:
    start = times.parse(text, "--since")
    if start > now + SKEW:
        raise UsageError("--since", f"{text} is in the future", "Give when the cause was corrected, or the repair began")
    return start


def _below(  # noqa: PLR0913  # as verify
    artifacts: Artifacts,
    nodes: Sequence[str],
    category: Category | str | None,
    *,
    selected: Sequence[str],
    columns: Sequence[str],
    catalog: Catalog | None,
    reader: ProjectLineage | None,
    policy: Policy,
    patches: Callable[[], Mapping[str, str]] | None,
    now: str,
) -> Asked:
    """The failing nodes and what is affected below them, and the sources that stale ones read: without columns every category reaches the same nodes."""
    case = examine(
        artifacts,
        nodes,
        category if category is not None else Category.DATA_QUALITY,
        selected=selected,
        columns=columns,
        catalog=catalog,
        reader=reader,
        policy=policy,
        patches=patches,
        now=now,
    )
    radius = case.assessment.radius
    failing = [seed.unique_id for seed in radius.seeds]
    known = radius.category if category is not None else None
    late = read_sources(failing, case.graph) if known is Category.STALE_DATA else ()
    scope = Scope(tuple(dict.fromkeys([*(item.unique_id for item in radius.affected), *late])), frozenset([*failing, *late]), category=known)
    return Asked(scope, case.graph, case.artifacts.project.groups, policy)


def _all_of(artifacts: Artifacts, policy: Policy, plan: PlanRecord | None) -> Asked:
    """The nodes of a plan, else every one of the project that holds data or reads it."""
    project = impact.with_declared(artifacts.project, policy)
    graph = LineageGraph.of(project)
    if plan is None:
        nodes = tuple(unique_id for unique_id, node in graph.nodes.items() if node.resource_type not in UNAFFECTED_TYPES)
        if not nodes:
            raise ArtifactError(_manifest(artifacts), "it has no node that could be judged", "Give the target directory of a project")
        return Asked(Scope(nodes), graph, project.groups, policy)
    named = [unique_id for phase in plan.plan.phases for step in phase.steps if step.kind in IN_PLAN for unique_id in step.nodes]
    wanted = dict.fromkeys([*plan.nodes, *named, *plan.plan.untouched])
    strangers = sorted(unique_id for unique_id in wanted if unique_id not in graph)
    if strangers or not wanted:
        what = f"the manifest does not have {listing(strangers, _SHOWN)}" if strangers else "it names no node"
        raise ArtifactError(plan.file or "--plan", what, "Make the plan from this project, or name the failing nodes instead")
    category = Category(plan.category) if plan.category in {item.value for item in Category} else None
    gated = [unique_id for phase in plan.plan.phases for step in phase.steps if step.kind == "gate" for unique_id in step.nodes]
    failing = frozenset([*plan.nodes, *(unique_id for unique_id in gated if graph.nodes[unique_id].resource_type == "source")])
    return Asked(Scope(tuple(wanted), failing, plan.plan, category), graph, project.groups, policy)


def _with_own(artifacts: Artifacts, recorded: Recorded) -> Recorded:
    """What was given, and what lies beside the manifest."""
    paths = {file.kind: file.path for file in artifacts.files}
    own_run = (RecordedRun(paths.get("run_results") or "run_results.json", artifacts.run),) if artifacts.run is not None else ()
    own_freshness = (RecordedFreshness(paths.get("sources") or "sources.json", artifacts.freshness),) if artifacts.freshness is not None else ()
    return Recorded((*own_run, *recorded.runs), (*own_freshness, *recorded.freshness))


def _check_new(found: Recorded, since: datetime, artifacts: Artifacts) -> None:
    """Refuse to judge by nothing.

    Raises:
        ArtifactError: no results are as new as ``since``.
    """
    written = [item.run.generated_at for item in found.runs] + [item.freshness.generated_at for item in found.freshness]
    known = [at for text in written if (at := moment(text)) is not None]
    if not any(at >= since for at in known):
        last = f"the newest results are of {times.iso(max(known))}" if known else "there are no results"
        raise ArtifactError(_manifest(artifacts), f"{last}, and --since is {times.iso(since)}", "Run the repair, or give what it wrote with --run-results")


def _manifest(artifacts: Artifacts) -> str:
    return next((str(Path(file.path).parent) for file in artifacts.files if file.kind == "manifest" and file.path), "manifest.json")


def _confirmed(texts: Sequence[str], asked: Asked, artifacts: Artifacts) -> frozenset[str]:
    """What a person vouches for.

    Raises:
        SelectionError: a name means nothing, or several nodes.
        UsageError: it is a node that is not judged.
    """
    texts = (texts,) if isinstance(texts, str) else texts
    if not texts:
        return frozenset()
    found = frozenset(seed.unique_id for seed in resolve_all(texts, asked.graph, artifacts.project.disabled).seeds)
    others = sorted(found.difference(asked.scope.nodes))
    if others:
        raise UsageError("--confirmed", f"{listing(others, _SHOWN)} {'is' if len(others) == 1 else 'are'} not among the nodes that are judged", "Leave it out")
    return found


def _who(unique_id: str, asked: Asked) -> str:
    """Who answers for a node; says it where nobody is declared."""
    node = asked.graph.nodes[unique_id]
    own = node.exposure.owners if node.exposure is not None else ()
    named = [owner.label for owner in own or owners_of(node, asked.groups, asked.policy)]
    if named:
        return ", ".join(dict.fromkeys(named))
    loader = node.source.loader if node.source is not None else ""
    return f"whoever runs its loader, {loader}" if loader else "its owner, who is not declared"


def _answer(proof: Proof, asked: Asked, artifacts: Artifacts, found: Recorded, since: datetime, now: datetime) -> Verification:  # noqa: PLR0913, PLR0917  # one of each
    mentioned = [item.unique_id for item in proof.nodes] + [unique_id for item in proof.confirm for unique_id in item.nodes]
    return Verification(
        times.iso(since),
        proof.target,
        proof.nodes,
        proof.confirm,
        proof.notes,
        artifacts.project.info,
        tuple(_files(artifacts, found)),
        artifacts.warnings,
        labels(dict.fromkeys(unique_id for unique_id in mentioned if unique_id in asked.graph), asked.graph),
        times.iso(now),
    )


def _files(artifacts: Artifacts, found: Recorded) -> Iterator[ArtifactFile]:
    """What was read: the target directory's files, and each that was given."""
    yield from artifacts.files
    seen = {file.path for file in artifacts.files}
    for item in found.runs:
        if item.file not in seen:
            yield ArtifactFile("run_results", item.file, item.run.generated_at, item.run.invocation_id, item.run.dbt_version, item.run.which)
    for source in found.freshness:
        if source.file not in seen:
            yield ArtifactFile("sources", source.file, source.freshness.generated_at, source.freshness.invocation_id, source.freshness.dbt_version)
