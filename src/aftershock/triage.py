"""One question, from what a person typed to the whole answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from aftershock import impact, recovery, times
from aftershock.errors import UnknownName, UsageError
from aftershock.graph import LineageGraph
from aftershock.labels import labels
from aftershock.model import STALE_AFTER_HOURS, Artifacts, Assessment, Category, Policy, RecoveryPlan, Report, Severity, Window
from aftershock.recovery.estimate import estimate
from aftershock.select import resolve_all, select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Catalog, Seed

SKEW = timedelta(minutes=5)
"""How far the clocks of two machines may be apart."""


def assess(  # noqa: PLR0913  # the public question
    artifacts: Artifacts,
    nodes: str | Sequence[str],
    category: Category | str,
    *,
    selected: Sequence[str] = (),
    policy: Policy | None = None,
    since: str = "",
    until: str = "",
    detected_at: str = "",
    columns: Sequence[str] = (),
    catalog: Catalog | None = None,
    reader: ProjectLineage | None = None,
    confirmed: bool = True,
    severity: Severity | str | None = None,
    reason: str = "",
    skip_files: bool = False,
    patches: Callable[[], Mapping[str, str]] | None = None,
    now: str = "",
) -> Report:
    """What is affected, who must know, how bad it is and what to run.

    Args:
        artifacts: what dbt left, from :func:`aftershock.read_artifacts`.
        nodes: the failing nodes as a person would type them, or their unique_ids.
        category: one of the six, or its slug.
        selected: more of them, as unique_ids from :func:`find`: what holds no data (analyses, hooks) is left out with a warning, not refused.
        policy: what is in force; the defaults where none is given.
        since: when the data became bad (ISO 8601, UTC without a zone); empty where unknown. Not after it was detected.
        until: when it stopped being bad.
        detected_at: when it was noticed, not in the future; now where empty. Deadlines count from here.
        columns: columns of the failing nodes that are concerned: of a schema break or bad values, only what these reach is affected.
        catalog: what the warehouse says of its relations' columns; the one beside the manifest where None.
        reader: column lineage of the project, from :func:`aftershock.open_lineage`; opened here where there are columns and None is given.
        confirmed: false for a data loss that is only inferred, or whose rows an intact upstream still has; for no other category.
        severity: a person's own level; needs a reason.
        reason: why.
        skip_files: pass over file paths that hold no node, for lists that a program wrote (``git diff --name-only``).
        patches: gives the YAML file that describes each node, asked only where a YAML file is named; see :func:`aftershock.read_patches`.
        now: the time of the question; the present where empty.

    Raises:
        NothingListed: with ``skip_files``, nothing in the list is a node.
        SelectionError: a name means nothing, several nodes, or a node that holds no data.
        UsageError: a time, category or severity that is none, or that contradicts another.
        ConfigError: the policy names nodes that are not there.
    """
    case = examine(
        artifacts,
        nodes,
        category,
        selected=selected,
        policy=policy,
        since=since,
        until=until,
        detected_at=detected_at,
        columns=columns,
        catalog=catalog,
        reader=reader,
        confirmed=confirmed,
        severity=severity,
        reason=reason,
        skip_files=skip_files,
        patches=patches,
        now=now,
    )
    evidence = recovery.Evidence(case.artifacts.run)
    plan = recovery.plan(case.assessment, case.graph, evidence=evidence, project=case.artifacts.project, policy=case.policy)
    return case.report(msgspec.structs.replace(plan, estimate=estimate(plan.phases, case.graph, evidence.runs)))


class Case(msgspec.Struct, frozen=True):
    """An incident as far as it is understood: what a plan and a report are made from.

    ``artifacts`` have the exposures that the policy declares; ``graph`` is over them; ``left_out`` says what of the question was passed over.
    """

    assessment: Assessment
    artifacts: Artifacts
    graph: LineageGraph
    policy: Policy
    left_out: tuple[str, ...]
    asked_at: datetime

    def report(self, plan: RecoveryPlan) -> Report:
        """The assessment with a plan, its checklist, and what it was read from."""
        assessment, artifacts, graph = self.assessment, self.artifacts, self.graph
        exposures = sum(node.exposure is not None for node in graph.nodes.values())
        return Report(
            assessment,
            plan,
            impact.checklist(assessment, plan, declared_exposures=exposures),
            artifacts.project.info,
            artifacts.files,
            (*artifacts.warnings, *self.left_out, *_ages(artifacts, self.asked_at)),
            labels(dict.fromkeys(unique_id for unique_id in _mentioned(assessment, plan) if unique_id in graph), graph),
            times.iso(self.asked_at),
            self.policy.docs_url,
        )


def examine(  # noqa: PLR0913  # as assess
    artifacts: Artifacts,
    nodes: str | Sequence[str],
    category: Category | str,
    *,
    selected: Sequence[str] = (),
    policy: Policy | None = None,
    since: str = "",
    until: str = "",
    detected_at: str = "",
    columns: Sequence[str] = (),
    catalog: Catalog | None = None,
    reader: ProjectLineage | None = None,
    confirmed: bool = True,
    severity: Severity | str | None = None,
    reason: str = "",
    skip_files: bool = False,
    patches: Callable[[], Mapping[str, str]] | None = None,
    now: str = "",
) -> Case:
    """As :func:`assess`, without a plan."""
    policy, category = policy or Policy(), _category(category)
    if not confirmed and category is not Category.DATA_LOSS:
        raise UsageError("--unconfirmed", f"it is about a data loss, not {category.value}", "Use --category data-loss, or leave it out")
    asked_at = times.parse(now, "now") if now else times.now()
    detected = _detected(detected_at, asked_at)
    window = _window(since, until, min(detected, asked_at))
    project = impact.with_declared(artifacts.project, policy)
    artifacts = msgspec.structs.replace(artifacts, project=project)
    graph = LineageGraph.of(project)
    texts = [nodes] if isinstance(nodes, str) else nodes
    columns = (columns,) if isinstance(columns, str) else tuple(dict.fromkeys(columns))
    found = resolve_all(texts, graph, project.disabled, selected=selected, skip_files=skip_files, patches=patches, tables=bool(columns))
    if columns:
        reader = _reader(artifacts, graph, columns, found.seeds, category, reader, catalog)
    assessment = impact.assess(
        artifacts,
        graph,
        found.seeds,
        category,
        policy=policy,
        detected_at=times.iso(detected),
        window=window,
        columns=columns,
        reader=reader if columns else None,
        confirmed=confirmed,
        override=_override(severity, reason),
    )
    left_out = tuple(f"{text} was left out: {why}." for text, why in found.skipped)
    return Case(assessment, artifacts, graph, policy, left_out, asked_at)


def _reader(  # noqa: PLR0913, PLR0917  # all that columns are looked up by
    artifacts: Artifacts,
    graph: LineageGraph,
    columns: Sequence[str],
    seeds: Sequence[Seed],
    category: Category,
    reader: ProjectLineage | None,
    catalog: Catalog | None,
) -> ProjectLineage:
    """The project's column lineage, once it is known that the failing nodes have these columns. Loaded here: most questions name no column."""
    from aftershock.columns.naming import check_columns
    from aftershock.columns.opening import open_lineage

    found = (reader if reader is not None else open_lineage(artifacts, catalog=catalog)).over(graph)
    check_columns(found, [seed.unique_id for seed in seeds], columns, gone=category is Category.SCHEMA_BREAK)
    return found


def find(  # noqa: PLR0913  # everything that a selector may ask for
    artifacts: Artifacts,
    include: Sequence[str],
    exclude: Sequence[str] = (),
    *,
    policy: Policy | None = None,
    configs: Callable[[], Mapping[str, Mapping[str, Any]]] | None = None,
    patches: Callable[[], Mapping[str, str]] | None = None,
) -> tuple[str, ...]:
    """What a dbt selector means, as sorted unique_ids, for the ``nodes`` of :func:`assess`.

    Args:
        artifacts: what dbt left; ``result:`` and ``source_status:`` look there.
        include: selectors, as several arguments of ``--select``.
        exclude: what to take away from them.
        policy: what is in force: it may declare exposures.
        configs: gives every resource's config, for ``config:``; see :func:`aftershock.read_configs`.
        patches: gives the YAML file of every resource, for ``path:``; see :func:`aftershock.read_patches`.

    Raises:
        SelectionError: the selector cannot be understood, needs more than one manifest, or selects nothing.
    """
    project = impact.with_declared(artifacts.project, policy or Policy())
    graph = LineageGraph.of(project)
    found = select(
        include,
        exclude,
        graph,
        project=project,
        run=artifacts.run,
        freshness=artifacts.freshness,
        configs=configs,
        patches=patches,
        indirect="empty",  # a test is a failing node only where it was asked for
    )
    if not found:
        raise UnknownName(" ".join(include), "selects no node", otherwise="dbt ls lists what there is; result: and source_status: ask the last run")
    return tuple(sorted(found))


def _category(category: Category | str) -> Category:
    if isinstance(category, Category):
        return category
    try:
        return Category(category)
    except ValueError:
        raise UsageError("--category", f"{category!r} is none of the six", f"Use one of: {', '.join(item.value for item in Category)}") from None


def _override(severity: Severity | str | None, reason: str) -> tuple[Severity, str] | None:
    if severity is None or severity == "":
        if reason:
            raise UsageError("--reason", "it goes with --severity", "Give both, or none")
        return None
    if not reason.strip():
        raise UsageError("--severity", "an override needs a reason", "Add --reason 'why'")
    try:
        return (severity if isinstance(severity, Severity) else Severity(severity.upper())), reason.strip()
    except ValueError:
        raise UsageError("--severity", f"{severity!r} is no level", "Use P0, P1, P2 or P3") from None


def _detected(detected_at: str, now: datetime) -> datetime:
    detected = times.parse(detected_at, "--detected-at") if detected_at else now
    if detected > now + SKEW:
        raise UsageError("--detected-at", f"{detected_at} is in the future", "Give when it was noticed, or leave it out for now")
    return detected


def _window(since: str, until: str, detected: datetime) -> Window:
    start = times.parse(since, "--since") if since else None
    end = times.parse(until, "--until") if until else None
    if start and start > detected + SKEW:
        raise UsageError("--since", f"{since} is after the incident was detected ({times.iso(detected)})", "Give when the data became bad, or leave it out")
    if start and end and start >= end:
        raise UsageError("--until", f"{until} is not after --since {since}", "Give the end of the bad window")
    return Window(times.iso(start) if start else "", times.iso(end) if end else "")


def _ages(artifacts: Artifacts, now: datetime) -> Iterator[str]:
    for file in artifacts.files:
        hours = times.hours_since(file.generated_at, now)
        if hours is not None and hours > STALE_AFTER_HOURS:
            yield f"{file.kind}.json is {hours / 24:.0f} days old: it describes the project as it was then."


def _mentioned(assessment: Assessment, plan: RecoveryPlan) -> Iterator[str]:
    for item in assessment.radius.affected:
        yield from item.path
    for hidden in assessment.radius.hidden:
        yield hidden.unique_id
        yield from hidden.nodes
    for seed in assessment.radius.seeds:
        if seed.via:
            yield seed.via
    for phase in plan.phases:
        for step in phase.steps:
            yield from step.nodes
    yield from plan.untouched
