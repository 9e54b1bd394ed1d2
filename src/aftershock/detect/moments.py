"""Times as dbt's files have them."""

from __future__ import annotations

import re

from aftershock import times

_FRACTION = re.compile(r"(?<=\d\d:\d\d:\d\d)\.\d+")


def stamp(text: str) -> str:
    """A time as ISO 8601 in UTC; empty where a file says none."""
    found = times.read(text)
    return times.iso(found) if found is not None else ""


def to_seconds(text: str) -> str:
    """A sentence whose times have no fractions of a second."""
    return _FRACTION.sub("", text)
