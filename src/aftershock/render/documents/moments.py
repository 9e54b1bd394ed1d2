"""Times as people read them: in one zone, to the minute, never without saying which zone."""

from __future__ import annotations

from typing import NamedTuple

from aftershock import times

MINUTE, HOUR, DAY = 60, 3600, 86400


class Clock(NamedTuple):
    """The moment of writing (ISO 8601 in UTC) and the zone (an IANA name) in which times are shown."""

    now: str
    zone: str = "UTC"

    def shown(self, iso: str) -> str:
        """``2026-03-01 06:00 UTC``; what is no time stays as it is.

        Raises:
            UsageError: there is no such zone.
        """
        return times.shown(iso, self.zone)

    def day(self, iso: str) -> str:
        """``2026-03-01``; what is no time stays as it is."""
        local = times.local(iso, self.zone)
        return iso if local is None else f"{local:%Y-%m-%d}"

    def hour(self, iso: str) -> str:
        """``06:00``; what is no time stays as it is."""
        local = times.local(iso, self.zone)
        return iso if local is None else f"{local:%H:%M}"

    def names(self, isos: list[str]) -> list[str]:
        """What the zone is called at these times, each name once: one, or two around a change of the clocks."""
        found = [local.tzname() or self.zone for iso in isos if (local := times.local(iso, self.zone)) is not None]
        return list(dict.fromkeys(found)) or [self.zone]


def between(start: str, end: str) -> float | None:
    """Seconds from one time to another, negative where it is earlier; None where one of them is no time."""
    first, last = times.read(start), times.read(end)
    return None if first is None or last is None else (last - first).total_seconds()


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``2 h 15 min``, ``3 days 4 h``: the two largest units, the smaller one rounded down."""
    whole = int(abs(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < DAY:
        return _two(f"{whole // HOUR} h", whole % HOUR // MINUTE, "min")
    days = whole // DAY
    return _two(f"{days} day{'' if days == 1 else 's'}", whole % DAY // HOUR, "h")


def _two(larger: str, smaller: int, unit: str) -> str:
    return f"{larger} {smaller} {unit}" if smaller else larger
