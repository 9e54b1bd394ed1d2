"""Two projects -> what the second changes, what that does, and whether the policy lets it pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock import times
from aftershock.changes import guards
from aftershock.changes.building import batch_changes
from aftershock.changes.configs import config_changes
from aftershock.changes.consuming import consumer_changes
from aftershock.changes.descent import Descent
from aftershock.changes.hidden import hidden_changes
from aftershock.changes.macro_changes import macro_changes
from aftershock.changes.policy import Rules, acknowledged, comments, judged
from aftershock.changes.queries import function_change, query_changes
from aftershock.changes.reach import Reach
from aftershock.changes.repairs import repairs
from aftershock.changes.roots import roots
from aftershock.changes.scenes import scene_of
from aftershock.changes.seeds import seed_changes, too_large
from aftershock.changes.semantics import columns_used
from aftershock.changes.settling import settled, starts_of
from aftershock.changes.sides import open_side, with_nodes
from aftershock.changes.sources import drift, source_changes
from aftershock.changes.testing import test_changes
from aftershock.changes.unit_tests import unit_tests
from aftershock.changes.unlinked import linked
from aftershock.changes.wholes import TESTS, whole_changes
from aftershock.config.checking import FAIL_ON
from aftershock.errors import UsageError
from aftershock.impact import with_declared
from aftershock.labels import labels
from aftershock.model import Policy
from aftershock.model.changes import JUDGEMENTS, CheckCoverage, CheckReport
from aftershock.phrases import counted, listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Side
    from aftershock.changes.worlds import Root
    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Artifacts, Catalog, Node
    from aftershock.model.changes import Change, ChangeImpact
    from aftershock.model.definition import Definitions

DECLARED = "exposure.aftershock."
MOST_NAMED = 5


def check(  # noqa: PLR0913  # the public question
    base: Artifacts,
    head: Artifacts,
    *,
    base_catalog: Catalog | None = None,
    head_catalog: Catalog | None = None,
    base_reader: ProjectLineage | None = None,
    head_reader: ProjectLineage | None = None,
    base_definitions: Definitions | None = None,
    head_definitions: Definitions | None = None,
    policy: Policy | None = None,
    fail_on: str = "",
    also: Sequence[Change] = (),
    policy_changes: Sequence[str] = (),
    now: str = "",
) -> CheckReport:
    """What a change of a project breaks, whom that reaches, and whether the policy lets it pass.

    Args:
        base: what dbt left of the project as it is, from :func:`aftershock.read_artifacts`.
        head: the same of the project as it is to be.
        base_catalog: what the warehouse said of its relations; the one beside the base's manifest where None and no reader is given.
        head_catalog: the same of the head. With both, sources and seeds whose columns differ are changes too.
        base_reader: column lineage of the base, from :func:`aftershock.open_lineage`; opened here where None.
        head_reader: the same of the head.
        base_definitions: what the base's manifest says beyond nodes and code; what its reader has where None.
        head_definitions: the same of the head.
        policy: what is in force, which is the base's; the defaults where None.
        fail_on: what fails the check, instead of the policy's own: breaking, risky, a severity or never.
        also: changes that somebody found elsewhere, such as files that could not be rendered.
        policy_changes: what the head changes in the policy, for the report.
        now: the time of the question; the present where empty.

    Raises:
        ArtifactError: one of the two has nothing to compare, or its file cannot be read.
        UsageError: they are not of one project and warehouse; a time that is none; nothing that could fail a check.
        ConfigError: the policy names nodes that the base does not have.
    """
    if fail_on and fail_on not in FAIL_ON:
        raise UsageError("fail_on", f"there is no {fail_on!r}", f"Say one of {', '.join(FAIL_ON)}")
    policy, asked_at = policy or Policy(), times.parse(now, "now") if now else times.now()
    declared = with_declared(base.project, policy)
    sides = (
        open_side(with_nodes(base, declared.nodes), base_reader, base_catalog, base_definitions),
        open_side(with_nodes(head, {**head.project.nodes, **_declared(declared.nodes)}), head_reader, head_catalog, head_definitions),
    )
    guards.refuse(*sides)
    catalogs = sides[0].reader.catalog, sides[1].reader.catalog
    scene = scene_of(*sides, policy, asked_at)
    rules = Rules(policy.check, base.project, head.project, {head_id: base_id for base_id, head_id in scene.pairing.renamed.items()})
    changes = (*_changes(scene, *catalogs), *also)
    scene, unlinked = linked(scene, changes)
    reach, notes = _reached(scene, changes, rules)
    severity, impact = reach.severity(), reach.impact()
    verdict = judged(reach.changes, severity, rules, fail_on)
    return CheckReport(
        verdict.changes,
        impact,
        severity,
        verdict.failed,
        fail_on or policy.check.fail_on,
        _coverage(scene),
        tuple(policy_changes),
        base.project.info,
        head.project.info,
        (*base.files, *head.files),
        tuple(dict.fromkeys((*_warnings(scene, *sides), *unlinked, *notes, *_heard(base), *_heard(head)))),
        _labels(scene, verdict.changes, impact),
        times.iso(asked_at),
        policy.docs_url,
        repairs(scene, reach.changes, reach.descent, impact),
    )


def _reached(scene: Scene, changes: Sequence[Change], rules: Rules) -> tuple[Reach, tuple[str, ...]]:
    """The changes, judged by what they do and marked where they are acknowledged, with what the others reach; and notes on acknowledgements."""
    said = comments(scene.head.code.nodes, scene.head.nodes, [change.unique_id for change in changes])
    walked, accepted = list(changes), -1
    while True:  # without what is accepted, something may follow from another change
        descent, started = _walk(scene, walked)
        found = {unique_id: its for unique_id, its in descent.descend(started).items() if starts_of(descent, started, unique_id)}  # others it had before
        marked = acknowledged(settled(scene, walked, descent, started), rules, scene.now, said)
        before, accepted = accepted, sum(bool(change.acknowledged) for change in marked.changes)
        if accepted in {0, before}:
            order = _order(marked.changes)
            return Reach(scene, [marked.changes[number] for number in order], descent, found, started, order), marked.notes
        walked = [now if now.acknowledged else change for now, change in zip(marked.changes, walked, strict=True)]


def _declared(nodes: Mapping[str, Node]) -> dict[str, Node]:
    """The exposures that the policy declares. What they read is looked up in the base: that it is gone from the head is for the answer to say."""
    return {unique_id: node for unique_id, node in nodes.items() if unique_id.startswith(DECLARED)}


def _changes(scene: Scene, base: Catalog | None, head: Catalog | None) -> Iterator[Change]:
    """Every change, in no order."""
    yield from whole_changes(scene)
    for pair in scene.pairing.pairs:
        kind = pair.head.resource_type
        if pair.head_id in scene.diffs:
            yield from query_changes(scene, pair, scene.diffs[pair.head_id])
        yield from hidden_changes(scene, pair)
        if kind == "source":
            yield from source_changes(scene, pair)
        elif kind == "seed":
            yield from seed_changes(scene, pair)
        elif kind == "function":
            yield from function_change(scene, pair)
        if kind not in TESTS:
            yield from config_changes(scene, pair)
    yield from batch_changes(scene)
    yield from drift(scene, base, head)
    yield from test_changes(scene)
    yield from consumer_changes(scene)
    yield from macro_changes(scene)


def _walk(scene: Scene, changes: Sequence[Change]) -> tuple[Descent, dict[str, Root]]:
    reader = scene.head.reader if scene.graph is scene.head.graph else scene.head.reader.over(scene.graph)
    descent = Descent(reader, mode=scene.mode, tests=unit_tests(scene.head), used=columns_used(scene.head))
    return descent, roots(scene, changes)


def _order(changes: Sequence[Change]) -> list[int]:
    """The numbers of changes, the worst first."""
    ranks = {verdict: rank for rank, verdict in enumerate(JUDGEMENTS)}
    return sorted(range(len(changes)), key=lambda number: (ranks[(it := changes[number]).verdict], it.unique_id, it.kind, it.column, it.reason))


def _coverage(scene: Scene) -> CheckCoverage:
    unread = {unique_id: diff.unread for unique_id, diff in sorted(scene.diffs.items()) if diff.unread}
    return CheckCoverage(len(scene.rewritten), len(scene.rewritten) - len(unread), unread)


def _warnings(scene: Scene, base: Side, head: Side) -> Iterator[str]:
    """What limits the answer, one sentence each."""
    yield from guards.doubts(base, head)
    yield from too_large(scene)
    if scene.texts.elsewhere:
        labels_ = listing(sorted(map(scene.head.label, scene.texts.elsewhere)), MOST_NAMED)
        number = counted(len(scene.texts.elsewhere), "unchanged node")
        yield f"The base and the head are compiled for different targets, and the SQL of {number} differs for that alone: {labels_}."


def _heard(artifacts: Artifacts) -> Iterator[str]:
    """What was said of the files when they were read, without what is of results: a check asks for none."""
    return (warning for warning in artifacts.warnings if "run_results.json" not in warning and not warning.startswith("sources.json"))


def _labels(scene: Scene, changes: Sequence[Change], impact: ChangeImpact) -> dict[str, str]:
    """What people call everything that the report mentions."""
    mentioned = dict.fromkeys(_mentioned(changes, impact))
    found = labels([unique_id for unique_id in mentioned if unique_id in scene.head.graph], scene.head.graph)
    return {unique_id: found.get(unique_id) or _other_label(scene, unique_id) for unique_id in mentioned}


def _other_label(scene: Scene, unique_id: str) -> str:
    if unique_id.startswith("macro."):
        return unique_id.rpartition(".")[2]
    return scene.head.label(unique_id) if unique_id in scene.head.project.disabled else scene.base.label(unique_id)


def _mentioned(changes: Sequence[Change], impact: ChangeImpact) -> Iterator[str]:
    yield from (change.unique_id for change in changes)
    for ids in (impact.fails, impact.skipped, impact.loses_columns, impact.wrong, impact.failing_tests, impact.metrics):
        yield from ids
    for board in impact.dashboards:
        yield from (board.unique_id, *board.path)
    for person in impact.consumers:
        yield from person.exposures
    for owner in impact.owners:
        yield from owner.nodes
    for hidden in impact.hidden:
        yield from (hidden.unique_id, *hidden.nodes)
    for proof in impact.proofs:
        yield from (proof.unique_id, *(step.node for step in proof.steps))
