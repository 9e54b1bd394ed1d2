"""The impact checklist: eight questions, each answered from the artifacts, or left open with what to find out and from whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.model import ChecklistItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aftershock.model import Assessment, Impact, RecoveryPlan, Run

ITEMS = (
    "Affected tables",
    "Affected dashboards",
    "Affected stakeholders",
    "Financial impact",
    "Regulatory impact",
    "Customer-facing",
    "Blast radius",
    "Recovery estimate",
)
"""The source document's eight, in its order."""


def checklist(assessment: Assessment, plan: RecoveryPlan, *, run: Run | None, declared_exposures: int) -> tuple[ChecklistItem, ...]:
    """The eight items for an assessment and its plan.

    Args:
        assessment: the facts.
        plan: what is to be run.
        run: the last run, whose timings the estimate uses.
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
        _estimate(plan, run, assessment),
    )


def _tables(assessment: Assessment) -> ChecklistItem:
    names = {item.unique_id: item.relation_name or item.name for item in assessment.radius.affected}
    answer = _count(len(assessment.tables), "table") if assessment.tables else "none"
    return ChecklistItem("Affected tables", "done", answer, tuple(names[unique_id] for unique_id in assessment.tables))


def _dashboards(assessment: Assessment, declared: int) -> ChecklistItem:
    found = assessment.dashboards
    people = [item for item in found if not item.automation]
    answer = (
        f"{_count(len(people), 'dashboard or report', 'dashboards and reports')}, {_count(len(found) - len(people), 'automation')}"
        if found
        else "none declared"
    )
    evidence = tuple(f"{item.name} ({item.type})" for item in found)
    if not declared:
        return ChecklistItem(
            "Affected dashboards", "open", "unknown", (), f"The project declares no exposures: ask {_people(assessment)} who reads the affected tables."
        )
    if assessment.radius.hidden:
        ask = f"Readers outside dbt's graph are known to exist ({assessment.radius.hidden[0].what}): ask {_people(assessment)} which dashboards they feed."
        return ChecklistItem("Affected dashboards", "open", answer, evidence, ask)
    return ChecklistItem("Affected dashboards", "done", answer, evidence)


def _stakeholders(assessment: Assessment, declared: int) -> ChecklistItem:
    """Done only where somebody is named for everything, and nothing says that there are readers whom nobody knows."""
    consumers = [item.owner.label for item in assessment.consumers]
    owners = [item.owner.label for item in assessment.owners]
    answer = f"{_count(len(consumers), 'consumer')}, {_count(len(owners), 'owner')}" if consumers or owners else "unknown"
    evidence = (*(f"consumer {name}" for name in consumers), *(f"owner {name}" for name in owners))
    if assessment.unowned or not evidence:
        nobody = f"Nobody is named for {_names(assessment.unowned)}" if assessment.unowned else "Nobody is named"
        return ChecklistItem("Affected stakeholders", "open", answer, evidence, f"{nobody}: ask {_people(assessment)} who relies on it.")
    if not declared or assessment.radius.hidden:
        why = "Readers outside dbt's graph are known to exist" if declared else "The project declares no exposures"
        return ChecklistItem("Affected stakeholders", "open", answer, evidence, f"{why}: ask {_people(assessment)} who relies on the data.")
    return ChecklistItem("Affected stakeholders", "done", answer, evidence)


def _impact(item: str, impact: Impact, question: str, assessment: Assessment) -> ChecklistItem:
    if impact.answer != "unknown":
        return ChecklistItem(item, "done", impact.answer, impact.evidence)
    hint = " Privacy markers were found." if impact.evidence else " No marker says so, and its absence proves nothing."
    return ChecklistItem(item, "open", "unknown", impact.evidence, f"Ask {_people(assessment)}: {question}{hint}")


def _blast_radius(assessment: Assessment) -> ChecklistItem:
    below = assessment.radius.below
    models = sum(item.resource_type in {"model", "snapshot", "seed"} for item in below)
    deepest = max((item.depth for item in below), default=0)
    metrics = f", {_count(len(assessment.metrics), 'metric')}" if assessment.metrics else ""
    answer = f"{_count(models, 'downstream model')}, {_count(len(assessment.dashboards), 'exposure')}{metrics}" + (
        f", up to {_count(deepest, 'step')} away" if below else ""
    )
    return ChecklistItem("Blast radius", "done", answer)


def _estimate(plan: RecoveryPlan, run: Run | None, assessment: Assessment) -> ChecklistItem:
    rebuilt = [unique_id for phase in plan.phases for step in phase.steps if step.argv and phase.kind != "verify" for unique_id in step.nodes]
    timed = [run.results[unique_id].seconds for unique_id in rebuilt if run and unique_id in run.results and run.results[unique_id].seconds > 0]
    people = f"Ask {_people(assessment)} how long the cause takes to fix."
    if not rebuilt:
        return ChecklistItem("Recovery estimate", "open", "unknown: no command of dbt's repairs this by itself", (), people)
    if not timed:
        return ChecklistItem("Recovery estimate", "open", f"unknown: {_count(len(rebuilt), 'node')} to rebuild, no timings of earlier runs", (), people)
    answer = f"{_count(len(rebuilt), 'node')} to rebuild; {len(timed)} of them took {_duration(sum(timed))} one after another in the last run"
    return ChecklistItem("Recovery estimate", "open", answer, (), people)


def _duration(seconds: float) -> str:
    if seconds < 90:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004


def _people(assessment: Assessment) -> str:
    """Whom to ask: the owners of failing nodes, else any owner, else whoever maintains the project."""
    first = [item.owner.label for item in assessment.owners if item.failing] or [item.owner.label for item in assessment.owners]
    return _names(first) if first else "the project's maintainers"


def _names(names: Sequence[str] | Iterable[str], most: int = 3) -> str:
    everything = list(names)
    more = f" and {len(everything) - most} more" if len(everything) > most else ""
    return ", ".join(everything[:most]) + more


def _count(number: int, singular: str, plural: str = "") -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
