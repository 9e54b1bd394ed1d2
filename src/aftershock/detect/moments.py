"""Times as dbt's files have them."""

from __future__ import annotations

from aftershock import times


def stamp(text: str) -> str:
    """A time as ISO 8601 in UTC; empty where a file says none."""
    found = times.read(text)
    return times.iso(found) if found is not None else ""
