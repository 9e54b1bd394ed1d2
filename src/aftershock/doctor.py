"""What the artifacts lack: whether they are there and belong together, and which missing metadata makes answers weaker."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import msgspec

from aftershock import times
from aftershock.graph import LineageGraph
from aftershock.impact import with_declared
from aftershock.impact.markers import critical
from aftershock.impact.people import owners
from aftershock.model import STALE_AFTER_HOURS, UNAFFECTED_TYPES, Affected, Artifacts, BlastRadius, Catalog, Category, Policy
from aftershock.model.diagnosis import Diagnosis, FileAge, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from aftershock.model import ArtifactFile, Node

EXAMPLES = 3
_WORST_FIRST = ("error", "warning", "note")
_WRITTEN_BY = {"run_results": "dbt build", "sources": "dbt source freshness", "catalog": "dbt docs generate"}


class Scene(msgspec.Struct, frozen=True):
    """What the checks look at; ``unowned`` are the unique_ids for which nobody is named, by the rules that an assessment follows."""

    artifacts: Artifacts
    files: tuple[FileAge, ...]
    graph: LineageGraph
    policy: Policy
    catalog: Catalog | None
    unowned: frozenset[str]

    def of(self, *resource_types: str) -> list[Node]:
        """The enabled nodes of these types."""
        return [node for node in self.graph.nodes.values() if node.resource_type in resource_types]


def diagnose(artifacts: Artifacts, *, catalog: Catalog | None = None, policy: Policy | None = None, now: str = "") -> Diagnosis:
    """Which artifacts are there, whether they belong together, and what they lack, worst first.

    Args:
        artifacts: what dbt left, from :func:`aftershock.read_artifacts`.
        catalog: the catalog beside them, where there is one.
        policy: what is in force: owners and exposures that it declares are not missing.
        now: the time of the question (ISO 8601); the present where empty.

    Raises:
        UsageError: ``now`` is not a time.
        ConfigError: the policy names nodes that are not there.
    """
    policy = policy or Policy()
    asked_at = times.parse(now, "now") if now else times.now()
    project = with_declared(artifacts.project, policy)
    graph = LineageGraph.of(project)
    artifacts = msgspec.structs.replace(artifacts, project=project)
    files = tuple(_aged(file, catalog, asked_at) for file in artifacts.files)
    scene = Scene(artifacts, files, graph, policy, catalog, _unowned(graph, artifacts, policy))
    found = [finding for check in CHECKS for finding in check(scene)]
    found.sort(key=lambda finding: _WORST_FIRST.index(finding.level))
    resources = dict(sorted(Counter(node.resource_type for node in graph.nodes.values()).items()))
    return Diagnosis(project.info, files, resources, tuple(found), times.iso(asked_at))


def _data_nodes(graph: LineageGraph) -> list[Node]:
    """The nodes that an incident can affect."""
    return [node for node in graph.nodes.values() if node.resource_type not in UNAFFECTED_TYPES]


def _aged(file: ArtifactFile, catalog: Catalog | None, now: datetime) -> FileAge:
    if file.kind == "catalog" and file.path and catalog is not None:
        file = msgspec.structs.replace(file, generated_at=catalog.generated_at, invocation_id=catalog.invocation_id)
    hours = times.hours_since(file.generated_at, now)
    return FileAge(file, None if hours is None else round(hours, 1))


def _unowned(graph: LineageGraph, artifacts: Artifacts, policy: Policy) -> frozenset[str]:
    """As if everything were affected: whoever would not be found then is missing."""
    everything = tuple(Affected(node.unique_id, node.resource_type, node.name, node.relation_name, 1, (node.unique_id,), ()) for node in _data_nodes(graph))
    radius = BlastRadius(Category.DATA_QUALITY, (), everything)
    return frozenset(owners(radius, graph, artifacts.project.groups, policy)[1])


def _belonging(scene: Scene) -> Iterator[Finding]:
    for sentence in scene.artifacts.warnings:
        yield Finding("artifacts-belong-together", "error", sentence.rstrip("."), "Copy all four artifacts from one dbt build")


def _missing_files(scene: Scene) -> Iterator[Finding]:
    lost = {
        "run_results": "which nodes failed, were skipped or only warned is not known, nor the run's target",
        "catalog": "column names cannot be checked, and tables' types and sizes are not known",
    }
    if any(node.source is not None and node.source.freshness for node in scene.graph.nodes.values()):
        lost["sources"] = "whether sources are fresh is not known"
    for item in scene.files:
        if not item.file.path and item.file.kind in lost:
            level: Literal["warning", "note"] = "note" if item.file.kind == "catalog" else "warning"
            yield Finding(f"missing-{item.file.kind}", level, f"{item.file.kind}.json is missing: {lost[item.file.kind]}", f"Run {_WRITTEN_BY[item.file.kind]}")


def _old_files(scene: Scene) -> Iterator[Finding]:
    for item in scene.files:
        if item.hours is not None and item.hours > STALE_AFTER_HOURS:
            what = f"{item.file.kind}.json is {item.hours / 24:.0f} days old: it describes the project as it was then"
            yield Finding(f"old-{item.file.kind}", "warning", what, f"Run {_WRITTEN_BY.get(item.file.kind, 'dbt build')}, or fetch the last run's artifacts")


def _not_compiled(scene: Scene) -> Iterator[Finding]:
    if scene.of("model") and not scene.artifacts.project.info.has_compiled_sql:
        run, info = scene.artifacts.run, scene.artifacts.project.info
        known = run is not None and run.which and run.invocation_id and run.invocation_id == info.invocation_id
        by = f"dbt {run.which}" if run is not None and known else "dbt ls, parse or test"
        what = f"manifest.json holds no compiled SQL: {by} wrote it{'' if known else ', or nothing was compiled'}"
        yield Finding("not-compiled", "note", what, "Run dbt compile or dbt build")


def _target(scene: Scene) -> Iterator[Finding]:
    run = scene.artifacts.run
    if run is not None and not run.args.get("target"):
        what = "the run's target is not recorded in run_results.json: it counts as production"
        yield Finding("unknown-target", "note", what, "Run dbt with --target")


def _no_exposures(scene: Scene) -> Iterator[Finding]:
    if not scene.of("exposure"):
        what = "no exposure is declared: no answer can name a dashboard or its readers, and severity is never lowered"
        yield Finding("no-exposures", "warning", what, "Declare exposures in dbt, or under exposures in aftershock.yml")


def _exposures(scene: Scene) -> Iterator[Finding]:
    found = scene.of("exposure")
    emails = {node.unique_id for node in found if node.exposure and any(owner.email for owner in node.exposure.owners)}
    yield from _lacking(
        "exposure-owner", "warning", "exposures without an owner: nobody is told", found, lambda node: node.unique_id in scene.unowned,
        "Give each exposure an owner",
    )  # fmt: skip
    yield from _lacking(
        "exposure-email", "note", "exposures whose owner has no e-mail address", found,
        lambda node: node.unique_id not in scene.unowned and node.unique_id not in emails, "Add owner.email",
    )  # fmt: skip
    yield from _lacking(
        "exposure-maturity", "note", "exposures without a maturity: a critical one cannot raise the severity", found,
        lambda node: node.exposure is not None and not node.exposure.maturity, "Add maturity: high, medium or low",
    )  # fmt: skip
    yield from _lacking(
        "exposure-url", "note", "exposures without a URL: no link leads to them", found,
        lambda node: node.exposure is not None and not node.exposure.url, "Add url",
    )  # fmt: skip


def _end_tables(scene: Scene) -> Iterator[Finding]:
    tables = [node for node in scene.of("model", "snapshot", "seed") if node.is_relation]
    yield from _lacking(
        "end-table-without-reader", "warning", "end tables (nothing in dbt reads them) that no exposure reads: who uses them is not known", tables,
        lambda node: all(scene.graph.nodes[child].resource_type in UNAFFECTED_TYPES for child in scene.graph.children(node.unique_id)),
        "Declare the dashboards that read them as exposures, or drop the tables",
    )  # fmt: skip


def _owners(scene: Scene) -> Iterator[Finding]:
    for kind in ("model", "source"):
        yield from _lacking(
            f"{kind}-owner", "warning", f"{kind}s without any owner: nobody is asked or told", scene.of(kind), lambda node: node.unique_id in scene.unowned,
            "Add meta.owner, a group, or an owners rule in aftershock.yml",
        )  # fmt: skip


def _freshness(scene: Scene) -> Iterator[Finding]:
    yield from _lacking(
        "source-freshness", "warning", "sources without a freshness check: late data is not noticed", scene.of("source"),
        lambda node: node.source is not None and not node.source.freshness, "Add freshness and loaded_at_field",
    )  # fmt: skip


def _markers(scene: Scene) -> Iterator[Finding]:
    nodes = _data_nodes(scene.graph)
    if nodes and not any(critical(node, scene.policy.markers) for node in nodes):
        what = "no node is marked as critical: severity cannot tell a key table from any other"
        yield Finding("no-critical-markers", "warning", what, "Add meta.tier: 1 or the tag critical to what matters most, or set markers in aftershock.yml")


def _public_models(scene: Scene) -> Iterator[Finding]:
    yield from _lacking(
        "public-models", "note", "public models: other projects may read them, which this manifest cannot show", scene.of("model"),
        lambda node: node.access == "public", "Declare their known readers under exposures in aftershock.yml",
    )  # fmt: skip


def _lacking(  # noqa: PLR0913, PLR0917  # every check reads like its finding
    rule: str, level: Literal["warning", "note"], what: str, nodes: Sequence[Node], lacks: Callable[[Node], bool], remedy: str
) -> Iterator[Finding]:
    """One finding for all nodes that lack something, if any does."""
    found = sorted(node.label for node in nodes if lacks(node))
    if found:
        yield Finding(rule, level, what, remedy, len(found), len(nodes), tuple(found[:EXAMPLES]))


CHECKS: tuple[Callable[[Scene], Iterator[Finding]], ...] = (
    _belonging,
    _no_exposures,
    _missing_files,
    _old_files,
    _owners,
    _end_tables,
    _exposures,
    _markers,
    _freshness,
    _not_compiled,
    _target,
    _public_models,
)
"""Every check, worst first within a level."""
