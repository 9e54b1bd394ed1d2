"""Incidents' records as text or JSON: every renderer is a pure function, picked by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model.record import Record

__all__ = ["INCIDENT_FORMATS", "render_incident", "render_incidents"]

INCIDENT_FORMATS = ("text", "json")
"""The names that `render_incident` and `render_incidents` know, the default first."""


def render_incident(  # noqa: PLR0913  # what `render` takes, and the clock
    record: Record, name: str = "text", *, now: str, zone: str = "UTC", width: int = 100, colour: bool = False, show_all: bool = False
) -> str:
    """A record in the format called ``name``.

    Args:
        record: the incident.
        name: one of `INCIDENT_FORMATS`.
        now: the moment, ISO 8601 in UTC: what is overdue follows from it.
        zone: the IANA name of the zone in which times are shown (text).
        width: the terminal's width in cells (text).
        colour: whether the terminal shows colours (text).
        show_all: everything, instead of the first screen (text).

    Raises:
        UsageError: there is no such format or zone.
    """
    _known(name)
    if name == "json":
        from aftershock.render.incidents.json import record_json

        return record_json(record, now)
    from aftershock.render.incidents.text import text

    return text(record, (now, zone), width=width, colour=colour, show_all=show_all)


def render_incidents(  # noqa: PLR0913  # as above
    records: Sequence[Record], name: str = "text", *, now: str, zone: str = "UTC", width: int = 100, colour: bool = False, show_all: bool = False
) -> str:
    """A list of records in the format called ``name``, in the order given.

    Args:
        records: the incidents.
        name: one of `INCIDENT_FORMATS`.
        now: as for `render_incident`.
        zone: as for `render_incident`.
        width: as for `render_incident`.
        colour: as for `render_incident`.
        show_all: whole titles, instead of what fits into a row (text).

    Raises:
        UsageError: there is no such format or zone.
    """
    _known(name)
    if name == "json":
        from aftershock.render.incidents.json import records_json

        return records_json(records, now)
    from aftershock.render.incidents.table import table

    return table(records, (now, zone), width=width, colour=colour, show_all=show_all)


def _known(name: str) -> None:
    if name not in INCIDENT_FORMATS:
        raise UsageError("--format", f"there is no format {name}", f"Use one of: {', '.join(INCIDENT_FORMATS)}")
