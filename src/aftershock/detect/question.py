"""One question, from artifacts to incidents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from aftershock import impact, times
from aftershock.artifacts.files import find, is_directory, read_bytes
from aftershock.artifacts.results import read_catalog_bytes
from aftershock.artifacts.target import CATALOG
from aftershock.detect.absorbing import absorbed
from aftershock.detect.ages import look_at_freshness
from aftershock.detect.grouping import grouped
from aftershock.detect.held import held_back
from aftershock.detect.looking import look_at_run
from aftershock.detect.losses import look_at_arguments, look_at_catalogs, with_limited_tests
from aftershock.detect.moments import to_seconds
from aftershock.detect.proposing import propose, unexplained
from aftershock.detect.recent import recent
from aftershock.detect.scene import HOOK, Scene, readers, upward
from aftershock.errors import ArtifactError
from aftershock.graph import LineageGraph
from aftershock.labels import labels
from aftershock.model import Policy
from aftershock.model.detection import Detection
from aftershock.phrases import counted, listing
from aftershock.select import spelling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.detect.grouping import Group
    from aftershock.model import Artifacts, Catalog, Run
    from aftershock.model.detection import Clue, Proposal


def detect(  # noqa: PLR0913  # the public question
    artifacts: Artifacts,
    *,
    policy: Policy | None = None,
    catalog: Catalog | None = None,
    before: Catalog | str | Path | None = None,
    later: Sequence[Run] = (),
    now: str = "",
    since: str = "",
) -> Detection:
    """The incidents that artifacts show, each with its evidence.

    Args:
        artifacts: what dbt left, from :func:`aftershock.read_artifacts`.
        policy: what is in force, with rules of one's own; the defaults where None.
        catalog: what the warehouse says of its relations, newest.
        before: what it said before, or the catalog.json in which it said so, or the directory of that: with ``catalog`` it shows emptied tables, and
            columns that sources lost.
        later: runs since, from :func:`aftershock.read_runs`: what went well in them may be over.
        now: the time of the question (ISO 8601); the present where empty.
        since: the run must be of this time (ISO 8601) or later, and older source freshness is not judged; anything where empty.

    Returns:
        Incidents, worst first; every result that is bad or a warning is evidence of exactly one of them, a fault in code, or named in a note.

    Raises:
        ArtifactError: there are no run results, no freshness results and no two catalogs, or ``before`` is no catalog; or there is no run
            ``since``.
        ConfigError: the policy names nodes that are not there.
        UsageError: ``now`` or ``since`` is no time.
    """
    artifacts = recent(artifacts, since) if since else artifacts
    before = _catalog(Path(before)) if isinstance(before, (str, Path)) else before
    if artifacts.run is None and artifacts.freshness is None and (catalog is None or before is None):
        place = next((file.path for file in artifacts.files if file.kind == "manifest" and file.path), "artifacts")
        raise ArtifactError(place, "there are neither run results nor source freshness beside it", "Run dbt build or dbt source freshness first")
    moment = times.parse(now, "now") if now else times.now()
    policy = policy or Policy()
    project = impact.with_declared(artifacts.project, policy)
    graph = LineageGraph.of(project)
    code, configs = readers(artifacts)
    scene = Scene(msgspec.structs.replace(artifacts, project=project), graph, policy, catalog, before, tuple(later), moment, code, configs, upward(graph))
    seen = look_at_run(scene) + look_at_freshness(scene) + look_at_arguments(scene) + look_at_catalogs(scene)
    seen = with_limited_tests(seen, scene)
    groups = absorbed(grouped(seen.findings, scene), scene)
    groups = (*groups, *held_back(groups, seen.faults, scene))
    incidents = propose(groups, scene)
    return Detection(
        incidents,
        seen.faults,
        (*seen.notes, *_skips(groups, scene)),
        project.info,
        artifacts.files,
        _warnings(scene),
        _labels(incidents, seen.faults, scene),
        times.iso(moment),
        _paths(incidents, seen.faults, scene),
    )


def _catalog(path: Path) -> Catalog:
    """A catalog from its file, or from the target directory in which it is."""
    found = find(path, CATALOG) if is_directory(path) else path
    if found is None:
        raise ArtifactError(str(path), f"there is no {CATALOG}", "Give the file that dbt docs generate wrote")
    return read_catalog_bytes(read_bytes(found), str(found))


def _warnings(scene: Scene) -> tuple[str, ...]:
    """What reading the files gave, but for what a note on the run says, too."""
    idle = scene.run is not None and not scene.builds
    return tuple(to_seconds(line) for line in scene.artifacts.warnings if not idle or not line.startswith("run_results.json is of 'dbt "))


def _labels(incidents: Sequence[Proposal], faults: Sequence[Clue], scene: Scene) -> dict[str, str]:
    """Names of all that is mentioned; an incident's nodes are called so that a command takes the name."""
    graph = scene.graph
    hooks = {unique_id: scene.label(unique_id) for unique_id in _mentioned(incidents, faults) if HOOK.fullmatch(unique_id)}
    roots = dict.fromkeys(node for item in incidents for node in item.roots)
    found = labels(dict.fromkeys(unique_id for unique_id in _mentioned(incidents, faults) if unique_id in graph), graph)
    return {**found, **hooks, **{node: spelling(graph.nodes[node], graph) for node in roots}}


def _paths(incidents: Sequence[Proposal], faults: Sequence[Clue], scene: Scene) -> dict[str, str]:
    """Files of the project itself: those of a package lie elsewhere."""
    package = scene.artifacts.project.info.name
    mentioned = dict.fromkeys([*(node for item in incidents for node in item.roots), *(clue.unique_id for clue in faults)])
    nodes = [scene.graph.nodes[unique_id] for unique_id in mentioned if unique_id in scene.graph]
    return {node.unique_id: node.path for node in nodes if node.path and (not package or node.package == package)}


def _skips(groups: Sequence[Group], scene: Scene) -> Iterator[str]:
    """What dbt skipped for no failure that is an incident."""
    rest = unexplained(groups, scene) if scene.builds else ()
    run = scene.run
    if not rest or run is None:
        return
    why = "--fail-fast stopped the run" if run.args.get("fail_fast") is True else "nothing that failed is above them"
    yield f"{_were(rest)} skipped, and {why}: {_listed(rest, scene)}."


def _were(nodes: Sequence[str]) -> str:
    return f"{counted(len(nodes), 'node')} {'was' if len(nodes) == 1 else 'were'}"


def _listed(nodes: Sequence[str], scene: Scene) -> str:
    return listing([scene.label(item) for item in nodes], 10)


def _mentioned(incidents: Sequence[Proposal], faults: Sequence[Clue]) -> Iterator[str]:
    for item in incidents:
        yield from (*item.roots, *item.skipped, *(clue.unique_id for clue in item.evidence), *(reason.node for reason in item.severity.reasons))
    yield from (clue.unique_id for clue in faults)
