"""The impact checklist: eight questions, each answered from the artifacts, or left open with what to find out and from whom."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aftershock.model import ChecklistItem
from aftershock.phrases import counted, listing

if TYPE_CHECKING:
    from aftershock.model import Assessment, Impact, RecoveryPlan

MOST_NAMES = 3
SHORT_SECONDS = 90
SHORT_MINUTES = 90


def checklist(assessment: Assessment, plan: RecoveryPlan, *, declared_exposures: int) -> tuple[ChecklistItem, ...]:
    """The eight items for an assessment and its plan.

    Args:
        assessment: the facts.
        plan: what is to be run.
        declared_exposures: how many exposures the project has in all; none means that nobody can know the dashboards from the artifacts.
    """
    return (
        _tables(assessment),
        _dashboards(assessment, declared_exposures),
        _stakeholders(assessment, declared_exposures),
        _impact("Financial impact", assessment.financial, "does this affect revenue reporting or billing?", assessment),
        _impact("Regulatory impact", assessment.regulatory, "does this affect compliance data?", assessment),
        _impact("Customer-facing", assessment.customer_facing, "is incorrect data visible to end users?", assessment),
        _blast_radius(assessment),
        _estimate(plan, assessment),
    )


def _tables(assessment: Assessment) -> ChecklistItem:
    names = {item.unique_id: item.relation_name or item.name for item in assessment.radius.affected}
    answer = counted(len(assessment.tables), "table") if assessment.tables else "none"
    return ChecklistItem("Affected tables", "done", answer, tuple(names[unique_id] for unique_id in assessment.tables))


def _dashboards(assessment: Assessment, declared: int) -> ChecklistItem:
    found = assessment.dashboards
    people = [item for item in found if not item.automation]
    answer = (
        f"{counted(len(people), 'dashboard or report', 'dashboards and reports')}, {counted(len(found) - len(people), 'automation')}"
        if found
        else "none declared"
    )
    evidence = tuple(f"{item.name} ({item.type})" for item in found)
    if not declared:
        return ChecklistItem(
            "Affected dashboards", "open", "unknown", (), f"The project declares no exposures: ask {_people(assessment)} who reads the affected tables."
        )
    if assessment.radius.hidden:
        ask = f"Readers outside dbt's graph are known to exist. Ask which dashboards they feed: {_whom_of_hidden(assessment)}."
        return ChecklistItem("Affected dashboards", "open", answer, evidence, ask)
    return ChecklistItem("Affected dashboards", "done", answer, evidence)


def _stakeholders(assessment: Assessment, declared: int) -> ChecklistItem:
    """Done only where somebody is named for everything, and nothing says that there are readers whom nobody knows."""
    consumers = [item.owner.label for item in assessment.consumers]
    owners = [item.owner.label for item in assessment.owners]
    answer = f"{counted(len(consumers), 'consumer')}, {counted(len(owners), 'owner')}" if consumers or owners else "unknown"
    evidence = (*(f"consumer {name}" for name in consumers), *(f"owner {name}" for name in owners))
    asks: list[str] = []
    if assessment.unowned or not evidence:
        nobody = f"Nobody is named for {listing(assessment.unowned, MOST_NAMES)}" if assessment.unowned else "Nobody is named"
        asks.append(f"{nobody}: ask {_people(assessment)} who relies on it.")
    elif not declared:
        asks.append(f"The project declares no exposures: ask {_people(assessment)} who relies on the data.")
    if assessment.radius.hidden:
        asks.append(f"Readers outside dbt's graph are known to exist. Ask who they are: {_whom_of_hidden(assessment)}.")
    return ChecklistItem("Affected stakeholders", "open" if asks else "done", answer, evidence, " ".join(asks))


def _impact(item: str, impact: Impact, question: str, assessment: Assessment) -> ChecklistItem:
    if impact.answer != "unknown":
        return ChecklistItem(item, "done", impact.answer, impact.evidence)
    hint = " Privacy markers were found." if impact.evidence else " No marker says so, and its absence proves nothing."
    return ChecklistItem(item, "open", "unknown", impact.evidence, f"Ask {_people(assessment)}: {question}{hint}")


def _blast_radius(assessment: Assessment) -> ChecklistItem:
    below = assessment.radius.below
    types = Counter(item.resource_type for item in below)
    parts = [counted(types["model"], "downstream model")]
    parts += [counted(types[kind], kind) for kind in ("snapshot", "seed", "function") if types[kind]]
    parts.append(counted(len(assessment.dashboards), "exposure"))
    if assessment.metrics:
        parts.append(counted(len(assessment.metrics), "metric"))
    if below:
        parts.append(f"up to {counted(max(item.depth for item in below), 'step')} away")
    answer = ", ".join(parts)
    return ChecklistItem("Blast radius", "done", answer)


def _estimate(plan: RecoveryPlan, assessment: Assessment) -> ChecklistItem:
    """Never done: no artifact tells how long the cause takes to fix, and that comes first."""
    commands = sum(bool(step.argv) for phase in plan.phases for step in phase.steps)
    nodes = {unique_id for phase in plan.phases for step in phase.steps if step.argv and phase.kind != "verify" for unique_id in step.nodes}
    found = plan.estimate
    if not nodes:
        answer = "unknown: no command repairs this by itself"
    elif found.low is None or found.high is None:
        answer = f"unknown: {counted(len(nodes), 'node')} to rebuild, too little is known of earlier runs"
    else:
        answer = f"{duration(found.low)} to {duration(found.high)} for {counted(commands, 'command')}, {counted(len(nodes), 'node')} to rebuild"
    return ChecklistItem("Recovery estimate", "open", answer, found.basis, f"Ask {_people(assessment)} how long the cause takes to fix.")


def duration(seconds: float) -> str:
    """``4.2 s``, ``12 min``, ``2.5 h``."""
    if seconds < SHORT_SECONDS:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds / 60 < SHORT_MINUTES else f"{seconds / 3600:.1f} h"


def _whom_of_hidden(assessment: Assessment) -> str:
    """Every reader outside the graph with whoever owns the node that leads to them, once for each owner."""
    asked: dict[str, list[str]] = {}
    for item in assessment.radius.hidden:
        own = [entry.owner.label for entry in assessment.owners if item.unique_id in entry.nodes]
        asked.setdefault(listing(own, MOST_NAMES) or _people(assessment), []).append(item.what)
    return "; ".join(f"{whom} ({'; '.join(what)})" for whom, what in asked.items())


def _people(assessment: Assessment) -> str:
    """Whom to ask: the owners of failing nodes, else any owner, else whoever maintains the project."""
    first = [item.owner.label for item in assessment.owners if item.failing] or [item.owner.label for item in assessment.owners]
    return listing(first, MOST_NAMES) if first else "the project's maintainers"
