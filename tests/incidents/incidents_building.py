"""Changes and events in a line or two. Times are hours and minutes of one day."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from aftershock.incidents.fold import fold
from aftershock.model import Category, Clocks, Deadline, Severity
from aftershock.model.record import Checked, Event, Moved, Opened, Status

if TYPE_CHECKING:
    from aftershock.model import Report
    from aftershock.model.record import Change, Record

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "artifacts"
CLOCKS = Clocks()
GREEN = Checked("2026-03-01T10:00:00Z", since="2026-03-01T09:00:00Z", repaired=3, total=3)


def at(clock: str, day: int = 1) -> str:
    """``at("12:15")`` is a time of 1 March 2026; seconds may be given."""
    return f"2026-03-{day:02}T{clock if clock.count(':') == 2 else clock + ':00'}Z"


def due(what: str, clock: str, day: int = 1) -> Deadline:
    return Deadline(what, at(clock, day))


def opened(**facts: Any) -> Opened:  # noqa: ANN401  # any field
    return Opened(**{"uid": "u1", "title": "Orders are doubled", "category": Category.DUPLICATE_LOAD, "detected_at": at("06:00"), **facts})


def moved(to: Status, clock: str = "", **facts: Any) -> Moved:  # noqa: ANN401  # as above
    return Moved(to, happened_at=at(clock) if clock else "", **facts)


def resolved(clock: str = "", checked: Checked | None = GREEN, **facts: Any) -> Moved:  # noqa: ANN401  # as above
    return moved(Status.RESOLVED, clock, **{"code": "fixed", "checked": checked, **facts})


def events(*changes: Change | tuple[str, Change], by: str = "ada") -> list[Event]:
    """Events a minute apart from 06:05 on; a change may bring its own time of recording."""
    found = []
    for number, item in enumerate(changes, 1):
        clock, change = item if isinstance(item, tuple) else (f"06:{4 + number:02}", item)
        found.append(Event(number, at(clock), by, change))
    return found


def record(*changes: Change | tuple[str, Change]) -> Record:
    return fold("INC-1", events(*changes))


@cache
def report(nodes: str = "stg_orders", category: str = "pipeline-failure", severity: str | None = None) -> Report:
    """A real report on shop, detected at 06:00."""
    import aftershock

    artifacts = aftershock.read_artifacts(FIXTURES / "model_error")
    return aftershock.assess(
        artifacts,
        nodes,
        category,
        since=at("05:30"),
        detected_at=at("06:00"),
        now=at("06:05"),
        severity=severity,
        reason="The board reads it" if severity else "",
    )


def judged(level: Severity, computed: Severity | None = None) -> Report:
    """The report with another verdict."""
    found = report()
    verdict = msgspec.structs.replace(found.assessment.severity, level=level, computed=computed or level)
    return msgspec.structs.replace(found, assessment=msgspec.structs.replace(found.assessment, severity=verdict))
