"""Who reads a document: everybody, each owner of affected nodes, or each owner of affected dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render.documents.case import Case
from aftershock.render.documents.moments import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.model.record import Audience, Record


def readers(  # noqa: PLR0913, PLR0917  # what a document depends on
    record: Record, audience: Audience, clock: tuple[str, str], rows: Mapping[str, int], url: str = "", next_update: str = ""
) -> tuple[Case, ...]:
    """The incident as each reader sees it.

    Args:
        record: the incident.
        audience: for whom.
        clock: the moment of writing (ISO 8601 in UTC), and the zone.
        rows: row counts by unique_id.
        url: where the incident can be looked at.
        next_update: when the next update is due, where the record does not say it yet.
    """
    whole = Case(record, Clock(*clock), audience, rows=rows, url=url, next_update=next_update)
    if audience == "engineers":
        return (whole,)
    if audience == "owners":
        owners = record.report.assessment.owners if record.report is not None else ()
        return tuple(whole._replace(recipient=entry.owner, nodes=frozenset(entry.nodes)) for entry in owners)
    return _stakeholders(whole)


def _stakeholders(whole: Case) -> tuple[Case, ...]:
    """One for each consumer; where nobody is named, one for nobody, unless nothing is there that anybody could look at."""
    if whole.report is None:
        return (whole,)
    assessment = whole.report.assessment
    named = tuple(whole._replace(recipient=user.owner, nodes=frozenset(user.exposures)) for user in assessment.consumers)
    if named or not assessment.dashboards:
        return named
    return (whole._replace(nodes=frozenset(item.unique_id for item in assessment.dashboards)),)
