"""One question, from what a person typed to the whole way back, SQL included."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec

from aftershock import recovery, times
from aftershock.artifacts import read_catalog
from aftershock.errors import ArtifactError, UsageError
from aftershock.model import Catalog, CatalogTable, Category, Engine
from aftershock.triage import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Artifacts, Estimate, Policy, RecoveryPlan, Report, Run, Severity
    from aftershock.triage import Case

RUNNING = frozenset({"build", "run", "seed", "snapshot", "retry", "test"})


def plan(  # noqa: PLR0913  # the public question
    artifacts: Artifacts,
    nodes: str | Sequence[str],
    category: Category | str,
    *,
    engine: str = "dbt",
    target: str = "",
    history: Sequence[Run] = (),
    threads: int | None = None,
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
    """As :func:`aftershock.assess`, with the whole plan: its SQL, how long it takes, and the commands of one engine.

    Args:
        artifacts: as for assess.
        nodes: as for assess.
        category: as for assess.
        engine: what rebuilds: ``dbt``, ``dagster`` or ``sql``.
        target: dbt's target for every command; that of the run that failed where empty.
        history: earlier runs, from :func:`aftershock.read_runs`: how long nodes take, and which were not built since the data became bad.
        threads: how many nodes dbt builds at once; as the runs say where None.
        selected: as for assess.
        policy: as for assess.
        since: as for assess.
        until: as for assess.
        detected_at: as for assess.
        columns: as for assess.
        catalog: as for assess; here it also says which columns a table has.
        reader: as for assess; here it also gives the queries of the models.
        confirmed: as for assess.
        severity: as for assess.
        reason: as for assess.
        skip_files: as for assess.
        patches: as for assess.
        now: as for assess.

    Raises:
        ArtifactError: the artifacts are older than the run that failed.
        NothingListed: as assess.
        SelectionError: as assess.
        UsageError: as assess, or the engine is none.
        ConfigError: as assess.
    """
    if engine not in get_args(Engine):
        raise UsageError("--engine", f"{engine!r} is none", f"Use one of: {', '.join(get_args(Engine))}")
    if target.startswith("-") or (target and not target.strip()):
        raise UsageError("--target", f"{target!r} is no name of a target", "Name one of profiles.yml")
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
    _check_age(case)
    catalog = catalog if catalog is not None else _catalog(case.artifacts)
    reader = (reader if reader is not None else _open(case.artifacts, catalog)).over(case.graph)
    runs = tuple(sorted(history, key=lambda run: run.generated_at))
    evidence = _dated(recovery.Evidence(case.artifacts.run, runs, _with_columns(catalog, case, reader)), case, reader)
    found = _planned(case, evidence, reader, target, engine)
    return case.report(msgspec.structs.replace(found, estimate=_estimate(found, case, evidence, threads)))


def _planned(case: Case, evidence: recovery.Evidence, reader: ProjectLineage, target: str, engine: str) -> RecoveryPlan:
    """The plan with the commands of the engine that was asked for."""
    from aftershock.recovery.writing import SqlWriter

    writer, project = SqlWriter(reader, case.assessment), case.artifacts.project
    found = recovery.plan(
        case.assessment,
        case.graph,
        evidence=evidence,
        project=project,
        policy=case.policy,
        writer=writer,
        target=target,
        engine="sql" if engine == "sql" else "dbt",
    )
    if engine == "dagster":
        from aftershock.recovery.dagster import as_dagster

        return as_dagster(found, project.nodes)
    return found


def _estimate(found: RecoveryPlan, case: Case, evidence: recovery.Evidence, threads: int | None) -> Estimate:
    from aftershock.recovery.estimate import estimate

    return estimate(found.phases, case.graph, evidence.runs, threads=threads)


def _open(artifacts: Artifacts, catalog: Catalog | None) -> ProjectLineage:
    from aftershock.columns.opening import open_lineage

    return open_lineage(artifacts, catalog=catalog)


def _catalog(artifacts: Artifacts) -> Catalog | None:
    path = next((Path(file.path) for file in artifacts.files if file.kind == "manifest" and file.path), None)
    return read_catalog(path.parent) if path is not None and path.is_file() else None


def _dated(evidence: recovery.Evidence, case: Case, reader: ProjectLineage) -> recovery.Evidence:
    """The evidence, with which models' rows have the failing sources' own time; asked only where there is a bad time."""
    from aftershock.recovery.dating import dated

    seeds = [case.graph.nodes[seed.unique_id] for seed in case.assessment.radius.seeds]
    sources = frozenset(node.unique_id for node in seeds if node.source is not None)
    if not case.assessment.window.since or len(sources) < len(seeds):
        return evidence
    timed = [item.unique_id for item in case.assessment.radius.affected if case.graph.nodes[item.unique_id].build.watermark]
    return msgspec.structs.replace(evidence, dated=dated(reader, timed, sources, evidence))


def _with_columns(catalog: Catalog | None, case: Case, reader: ProjectLineage) -> Catalog:
    """The catalog, and for affected incremental models that it lacks the columns that their SQL yields, of no known type."""
    from aftershock.recovery.queries import Queries

    tables, queries = dict(catalog.tables) if catalog is not None else {}, Queries(reader)
    for item in case.assessment.radius.affected:
        node = case.graph.nodes[item.unique_id]
        if node.build.watermark and item.unique_id not in tables and (columns := queries.columns(item.unique_id)):
            tables[item.unique_id] = CatalogTable(item.unique_id, columns=dict.fromkeys(columns, ""))
    return msgspec.structs.replace(catalog, tables=tables) if catalog is not None else Catalog(tables=tables)


def _check_age(case: Case) -> None:
    """Refuse what was written before the failure that is to be repaired: its statuses are of another run.

    Raises:
        ArtifactError: it was.
    """
    run, since = case.artifacts.run, times.read(case.assessment.window.since)
    if run is None or since is None or case.assessment.radius.category is not Category.PIPELINE_FAILURE or run.which not in RUNNING:
        return
    written = times.read(run.generated_at)
    if written is not None and written < since:
        place = next((file.path for file in case.artifacts.files if file.kind == "run_results"), "") or "run_results.json"
        raise ArtifactError(
            place,
            f"it was written at {times.iso(written)}, before --since {times.iso(since)}: the run that failed is not in it",
            "Give the target directory of the run that failed",
        )
