"""The plan for programs, in the shape of `aftershock.render.plan.document`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.recovery.statements import one_line
from aftershock.render import summary
from aftershock.render.encoding import encoded
from aftershock.render.plan import words
from aftershock.render.plan.document import PLAN_VERSION, PlanDocument, PlanEstimate, PlanIncident, PlanPhase, PlanStep, PlanTarget

if TYPE_CHECKING:
    from aftershock.model import Report


def json(report: Report, *, shell: str = "posix") -> str:
    """The plan as a `PlanDocument`, indented by two, with a line end.

    Args:
        report: whose plan it is.
        shell: one of `words.SHELLS`.
    """
    plan, assessment = report.recovery, report.assessment
    numbers = iter(summary.steps(report))
    return encoded(
        PlanDocument(
            schema_version=PLAN_VERSION,
            summary=summary.verdict(report),
            incident=PlanIncident(assessment.radius.category, summary.seeds(report), assessment.window.since, assessment.window.until, assessment.detected_at),
            severity=assessment.severity.level,
            engine=plan.engine,
            shell=msgspec.convert(shell, words.ShellName),
            target=PlanTarget(not words.asks_target(plan), words.target(plan)),
            estimate=PlanEstimate(plan.estimate.low, plan.estimate.high, plan.estimate.basis),
            phases=tuple(PlanPhase(phase.kind, tuple(_step(next(numbers), shell) for _ in phase.steps)) for phase in plan.phases),
            untouched=tuple(sorted(plan.untouched)),
            notes=words.notes(report, shell),
            warnings=report.warnings,
        )
    )


def _step(item: summary.NumberedStep, shell: str) -> PlanStep:
    step = item.step
    line = words.SHELLS[shell](one_line(step.argv, step.sql))
    return PlanStep(
        item.number,
        step.kind,
        step.nodes,
        step.why,
        step.requires,
        step.destroys,
        step.costs,
        step.is_irreversible,
        (line,) if line else (),
        step.argv,
        step.sql,
        step.who,
    )
