"""What results prove of a recovery, as a pure function: nothing is read, and no clock is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.model.proof import STATES, Confirmation, NodeProof
from aftershock.phrases import counted
from aftershock.recovery.gates import OPERATOR
from aftershock.recovery.names import listed
from aftershock.recovery.proof.facts import Scope, facts_of
from aftershock.recovery.proof.judging import judged
from aftershock.recovery.proof.record import recorded
from aftershock.recovery.shapes import INCREMENTAL_SHAPES, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from aftershock.graph import LineageGraph
    from aftershock.model import Catalog
    from aftershock.model.proof import Recorded
    from aftershock.recovery.proof.facts import Facts
    from aftershock.recovery.proof.judging import Finding

__all__ = ["Proof", "Scope", "prove"]

LOOK = "Have them look at what they see: no result of dbt's says what a dashboard or a model shows."
CONFIRM = "Have them say that it is repaired: no result can prove it."
VOUCHED = "a person vouches for it (--confirmed)"


class Proof(msgspec.Struct, frozen=True):
    """Every node's judgement, the worst states first; who has to confirm what; what limits it, each a full sentence; the target whose runs counted."""

    nodes: tuple[NodeProof, ...]
    confirm: tuple[Confirmation, ...]
    notes: tuple[str, ...]
    target: str


def prove(  # noqa: PLR0913  # one of each kind of file, and what a person says
    graph: LineageGraph,
    scope: Scope,
    found: Recorded,
    *,
    since: datetime,
    target: str = "",
    confirmed: Collection[str] = (),
    catalog: Catalog | None = None,
    who: Callable[[str], str] = lambda _: "",
) -> Proof:
    """What the results since a time prove of each node.

    A stored node is repaired once it was built since then, after everything of the scope that it reads, and its tests passed after that. What keeps no
    rows is as good as what it reads. A source is as good as its freshness and its tests. What a person confirms is repaired unless a bad result stands
    against it: a word can fill a gap, not outweigh a failure.

    A source that has neither freshness nor a test, or an export, is ``not_judged``: no result can ever prove it. It does not keep the recovery open,
    unless it is a failing node: then it is what the incident is about, and somebody has to vouch for it with ``confirmed``.

    Args:
        graph: the project's lineage, without cycles.
        scope: what is judged.
        found: all results, of any time.
        since: the time from which results prove something, with its zone.
        target: the incident's dbt target; taken from the results where empty.
        confirmed: unique_ids of the scope for which a person vouches.
        catalog: what the warehouse lists; used where it is newer than what it is about.
        who: names whoever is responsible for a node.

    Raises:
        UsageError: the results are of several targets, and nothing says which is the incident's.
        ArtifactError: the manifest's edges form a cycle.
    """
    record = recorded(found.runs, since, target)
    order = graph.in_order(scope.nodes)
    facts = facts_of(graph, scope, record, order=order, freshness=found.freshness, catalog=catalog)
    findings: dict[str, Finding] = {}
    for unique_id in order:
        finding = judged(graph.nodes[unique_id], facts, findings)
        findings[unique_id] = _with_word(finding) if unique_id in confirmed else finding
    nodes = [
        NodeProof(unique_id, graph.nodes[unique_id].resource_type, item.state, item.why, item.evidence, unique_id in scope.failing, unique_id in confirmed)
        for unique_id, item in findings.items()
    ]
    # stable: causes before what follows from them, and in both none before one that it reads
    ordered = tuple(sorted(nodes, key=lambda item: (STATES.index(item.state), not item.failing, findings[item.unique_id].derived)))
    return Proof(ordered, tuple(_confirmations(ordered, scope, who)), (*record.notes, *_notes(ordered, facts)), record.target)


def _with_word(finding: Finding) -> Finding:
    if finding.firm:
        return finding._replace(why=f"{finding.why}; --confirmed does not outweigh a bad result")
    if finding.state in {"repaired", "untested"}:
        return finding._replace(why=f"{finding.why}; {VOUCHED}")
    return finding._replace(state="repaired", why=f"{VOUCHED}; without that: {finding.why}")


def _confirmations(nodes: Sequence[NodeProof], scope: Scope, who: Callable[[str], str]) -> Iterator[Confirmation]:
    """Who looks at dashboards that read what was repaired, who answers for what no result can prove, and whom the plan asks."""
    open_ = [item for item in nodes if not item.confirmed]
    asked: dict[tuple[str, str], list[str]] = {}
    for item in open_:
        if item.state == "not_judged" or (item.resource_type == "exposure" and item.is_repaired):
            asked.setdefault((who(item.unique_id), CONFIRM if item.state == "not_judged" else LOOK), []).append(item.unique_id)
    for (name, why), unique_ids in sorted(asked.items()):
        yield Confirmation(name, tuple(sorted(unique_ids)), why)
    known = {unique_id for unique_ids in asked.values() for unique_id in unique_ids} | {item.unique_id for item in nodes if item.resource_type == "exposure"}
    for step in (step for phase in scope.plan.phases for step in phase.steps) if scope.plan is not None else ():
        if step.kind == "confirm" and (not step.nodes or not known.issuperset(step.nodes)):
            yield Confirmation(step.who or OPERATOR, step.nodes, step.why)


def _notes(nodes: Sequence[NodeProof], facts: Facts) -> Iterator[str]:
    repaired: Mapping[str, NodeProof] = {item.unique_id: item for item in nodes if item.is_repaired and not item.confirmed}
    kept = [unique_id for unique_id in repaired if _kept_rows(unique_id, facts)]
    if kept:
        yield (
            f"{counted(len(kept), 'incremental model')} ({listed(kept, facts.graph)}) had plain runs, which leave older rows as they are: "
            "that these are right only tests say. With --plan it is checked that each was built as it has to be."
        )
    snapshots = [unique_id for unique_id in repaired if facts.graph.nodes[unique_id].resource_type == "snapshot"]
    if snapshots:
        yield f"A snapshot's run adds versions and corrects none: whether the history of {listed(snapshots, facts.graph)} is right, no result says."
    bare = [item.unique_id for item in nodes if item.state == "untested"]
    if bare:
        yield f"No test would show whether {listed(bare, facts.graph)} {'is' if len(bare) == 1 else 'are'} repaired: compare row counts by hand."


def _kept_rows(unique_id: str, facts: Facts) -> bool:
    """Whether an incremental model was built without a plan that says how, and without a full refresh or a window."""
    node, mark = facts.graph.nodes[unique_id], facts.rebuilt[unique_id].mark
    if mark is None or facts.scope.plan is not None or shape_of(node) not in INCREMENTAL_SHAPES or node.build.full_refresh is True:
        return False
    return mark.run.args.get("full_refresh") is not True and not mark.run.args.get("event_time_start")
