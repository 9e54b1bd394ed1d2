"""The first event of an incident: from what a person asked about, or from what detect proposes."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import msgspec

from aftershock import times
from aftershock.incidents.clocks import after_opening
from aftershock.model.record import Opened
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aftershock.model import Category, Clocks, Report
    from aftershock.model.detection import Detection, Proposal

MOST_NAMES = 3


def opened_from_report(  # noqa: PLR0913  # what a person may say of it
    report: Report,
    *,
    clocks: Clocks,
    source: str = "",
    title: str = "",
    summary: str = "",
    evidence: Sequence[str] = (),
    rows: Mapping[str, int] | None = None,
    uid: str = "",
    seen: Sequence[str] = (),
    results_at: str = "",
) -> Opened:
    """The opening of an incident that was assessed.

    Args:
        report: the assessment; its category, nodes, window and time of detection are the incident's.
        clocks: minutes for its first deadlines.
        source: what detected it, one phrase; empty where unknown.
        title: one line; made from nodes and category where empty.
        summary: one sentence for the documents; made from the assessment by them where empty.
        evidence: what was seen, one sentence each.
        rows: row counts of affected tables by unique_id, from :func:`row_counts`.
        uid: the incident's own id in every store; a new one where empty.
        seen: what the evidence is about (unique_ids).
        results_at: when the newest of the results was written; empty where unknown.
    """
    assessment = report.assessment
    nodes = tuple(seed.unique_id for seed in assessment.radius.seeds)
    names = [report.labels.get(unique_id, unique_id) for unique_id in nodes]
    category = assessment.radius.category
    return Opened(
        uid=uid or uuid.uuid4().hex,
        title=title or f"{category.facts.title}: {listing(names, MOST_NAMES)}",
        category=category,
        detected_at=assessment.detected_at,
        report=report,
        nodes=nodes,
        source=source,
        summary=summary,
        started_at=assessment.window.since,
        evidence=tuple(evidence),
        deadlines=after_opening(assessment.detected_at, assessment.severity.level, clocks),
        rows=dict(rows or {}),
        seen=tuple(seen),
        results_at=results_at,
    )


def opened_unassessed(  # noqa: PLR0913  # what a person may say of it
    title: str, category: Category, *, detected_at: str, clocks: Clocks, source: str = "", summary: str = "", started_at: str = ""
) -> Opened:
    """The opening of an incident of which only the symptom is known: nobody can name a node yet."""
    return Opened(
        uid=uuid.uuid4().hex,
        title=title,
        category=category,
        detected_at=detected_at,
        source=source,
        summary=summary,
        started_at=started_at,
        deadlines=after_opening(detected_at, None, clocks),
    )


def opened_from_proposal(proposal: Proposal, detection: Detection, report: Report, *, clocks: Clocks, rows: Mapping[str, int] | None = None) -> Opened:
    """The opening of an incident that detect proposes.

    Args:
        proposal: one of ``detection.incidents``.
        detection: where it stands.
        report: the assessment of its nodes under its category.
        clocks: minutes for its first deadlines.
        rows: as for :func:`opened_from_report`.
    """
    return opened_from_report(
        report,
        clocks=clocks,
        source=_source(proposal, detection),
        title=proposal.title,
        evidence=_evidence(proposal, detection),
        rows=rows,
        seen=_seen(proposal),
        results_at=_results_at(proposal),
    )


def opened_without_nodes(proposal: Proposal, detection: Detection, *, clocks: Clocks, detected_at: str) -> Opened:
    """The opening of an incident that detect proposes without a node that could be assessed.

    Args:
        proposal: one of ``detection.incidents``.
        detection: where it stands.
        clocks: minutes for its first deadlines.
        detected_at: when it was noticed, ISO 8601 in UTC.
    """
    began = times.read(proposal.started_at)
    started = times.iso(began) if began is not None else ""
    opened = opened_unassessed(
        proposal.title,
        proposal.category,
        detected_at=detected_at,
        clocks=clocks,
        source=_source(proposal, detection),
        started_at=started if started <= detected_at else "",
    )
    return msgspec.structs.replace(opened, evidence=_evidence(proposal, detection), seen=_seen(proposal), results_at=_results_at(proposal))


def _evidence(proposal: Proposal, detection: Detection) -> tuple[str, ...]:
    says = [f"{detection.labels.get(clue.unique_id, clue.unique_id)}: {clue.says}" for clue in proposal.evidence]
    return (*says, *proposal.doubts)


def _seen(proposal: Proposal) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clue.unique_id for clue in proposal.evidence))


def _results_at(proposal: Proposal) -> str:
    """When the newest result was written that the proposal rests on; when it was noticed where none says that."""
    found = [moment for clue in proposal.evidence if (moment := times.read(clue.at)) is not None]
    moment = max(found) if found else times.read(proposal.detected_at)
    return times.iso(moment) if moment is not None else ""


def _source(proposal: Proposal, detection: Detection) -> str:
    """``dbt source freshness`` or ``dbt build``, with when it wrote what was read."""
    kinds = {clue.file for clue in proposal.evidence}
    named = []
    for file in detection.files:
        if file.path and file.kind in kinds:
            command = {"sources": "dbt source freshness", "catalog": "the catalog"}.get(file.kind, f"dbt {file.which}" if file.which else "dbt")
            named.append(f"{command} of {times.shown(file.generated_at, 'UTC')}" if file.generated_at else command)
    return listing(named) or "aftershock detect"
