"""Points in time: as people and files write them in, UTC to the second out."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING

from aftershock.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

LONGEST = 100
"""Characters that a person may type for a time."""

ZONE = r"^(?:UTC|[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)+)$"
"""How the name of a time zone looks: IANA's, with a slash, which no two zones share; ``CET`` and the like mean several."""

_FORMS = 'Write it as 14:05, "20 min ago", "yesterday 14:05" or 2026-03-01T06:00+01:00'
_MINUTE = timedelta(minutes=1)
_NOON = 12
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_UNITS = {"s": timedelta(seconds=1), "m": _MINUTE, "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_UNIT = r"s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?"
_AMOUNT = re.compile(rf" ?(?P<count>\d{{1,6}}|an?(?= )) ?(?P<unit>{_UNIT})(?![a-z])", re.ASCII | re.IGNORECASE)
_WRITTEN = re.compile(
    r"(?:(?P<date>\d{4}-\d{2}-\d{2})|(?P<day>today|yesterday|tomorrow))?"
    r"(?:(?:^|T| )(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?(?: ?(?P<half>am|pm)(?![a-z]))?)?"
    r"(?: ?(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)| (?!ago$)(?P<zone>[a-z][a-z0-9_+/-]*))?",
    re.ASCII | re.IGNORECASE,
)


def parse(text: str, place: str) -> datetime:
    """A date or a time as a datetime in UTC; without a zone it is taken as UTC.

    Args:
        text: ``2026-03-01``, ``2026-03-01T06:00``, ``2026-03-01 06:00:00Z``, ``…+01:00``; fractions of a second are dropped.
        place: the option or key that it comes from.

    Raises:
        UsageError: it is not such a time.
    """
    moment = read(text)
    if moment is None:
        raise UsageError(place, f"{text!r} is not a time", "Write it as 2026-03-01T06:00, in UTC or with its zone (+01:00)")
    return moment


def read(text: str) -> datetime | None:
    """As :func:`parse`, but None for what is not a time: files say all sorts of things."""
    try:
        moment = datetime.fromisoformat(_for_python_310(text.strip()))
        return moment.replace(tzinfo=moment.tzinfo or timezone.utc).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def iso(moment: datetime) -> str:
    """``2026-03-01T06:00:00Z``."""
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def hours_since(text: str, moment: datetime) -> float | None:
    """How many hours before ``moment`` a file says that something was; negative where it was later, None where it says no time."""
    then = read(text)
    return None if then is None else (moment - then).total_seconds() / 3600


def now() -> datetime:
    """The current time in UTC, to the second."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def zone_of(name: str, place: str) -> tzinfo:
    """The time zone of an IANA name (``Europe/Berlin``), or of ``UTC``.

    Args:
        name: as typed.
        place: the option or key that it comes from.

    Raises:
        UsageError: there is no such zone, the name means several, or this machine knows no zones at all.
    """
    if name.upper() in {"UTC", "GMT", "Z"}:
        return timezone.utc
    if not re.match(ZONE, name):
        raise UsageError(place, f"{name[:LONGEST]!r} does not name one time zone", "Write UTC, an offset (+01:00), or the region and city: Europe/Berlin")
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone; a folder of zones
        known = zoneinfo.available_timezones()
    if not known:
        raise UsageError(place, "this machine has no data of time zones", "Install them: pip install tzdata")
    near = next((zone for zone in known if zone.lower() == name.lower()), "")
    raise UsageError(place, f"there is no time zone {name!r}", f"Did you mean {near}?" if near else "Write the region and city: Europe/Berlin")


def local(moment: str, zone: str | tzinfo) -> datetime | None:
    """What clocks in a time zone show at a moment (ISO 8601); None for what is not a time.

    Raises:
        UsageError: there is no such zone.
    """
    found = read(moment)
    try:
        return None if found is None else found.astimezone(_zone(zone))
    except OverflowError:
        return found


def shown(moment: str, zone: str | tzinfo) -> str:
    """A moment (ISO 8601) as a document shows it, to the minute: ``2026-03-01 07:00 CET (06:00Z)``, in UTC ``2026-03-01 06:00 UTC``.

    What is not a time stays as it is.

    Raises:
        UsageError: there is no such zone.
    """
    there = local(moment, zone)
    if there is None:
        return moment
    utc = there.astimezone(timezone.utc)
    text = _minutes(there)
    if there.tzinfo is timezone.utc:
        return f"{text} UTC"
    return f"{text} {there.tzname()} ({_minutes(utc) if utc.date() != there.date() else _minutes(utc)[-5:]}Z)"


def typed(text: str, place: str, *, now: datetime, zone: str | tzinfo, future: bool = False) -> datetime:
    """A time as people type it, in UTC to the second.

    Args:
        text: ``14:05``, ``2:05 pm``, ``14:05:30``, ``yesterday 14:05``, ``2026-03-01``, ``2026-03-01 14:05``, each also with a zone (``Z``, ``+01:00``,
            ``Europe/Berlin``); ``now``, ``20 min ago``, ``1 h 30 min ago``, ``in 2 days``. A day alone is its first moment.
        place: the option that it comes from.
        now: the moment of typing.
        zone: where times without a zone are meant.
        future: whether ``14:05`` is the next such time, not the last one. It is the last one too up to a minute early: people round up.

    Raises:
        UsageError: it is no time, names no single zone, or is a time that clocks there show twice, or never, because they are changed.
    """
    words = " ".join(text[: LONGEST + 1].split())
    if len(text) > LONGEST:
        raise UsageError(place, f"{text[:20]!r}… is not a time", _FORMS)
    try:
        found = _relative(words, now, _zone(zone)) or _written(words, place, now, _zone(zone), future=future)
    except (ValueError, OverflowError):  # 25:00, the year 0, a million weeks ago
        found = None
    if found is None:
        raise UsageError(place, f"{text!r} is not a time", _FORMS)
    return found.astimezone(timezone.utc).replace(microsecond=0)


def _relative(words: str, now: datetime, zone: tzinfo) -> datetime | None:
    """``now``, ``… ago`` or ``in …``. Hours are hours; days are days of the calendar, at the same time of day."""
    low = words.lower()
    if low == "now":
        return now
    if low.endswith(" ago"):
        body, sign = words[:-4], -1
    elif low.startswith("in "):
        body, sign = words[2:], 1
    else:
        return None
    days = rest = timedelta()
    while body:
        found = _AMOUNT.match(body)
        if found is None:
            return None
        count = int(found["count"]) if found["count"].isdigit() else 1
        span = count * _UNITS[found["unit"][0].lower()]
        days, rest = (days + span, rest) if span >= _UNITS["d"] and found["unit"][0].lower() in "dw" else (days, rest + span)
        body = body[found.end() :]
    return (now.astimezone(zone) + sign * days).astimezone(timezone.utc) + sign * rest


def _written(words: str, place: str, now: datetime, zone: tzinfo, *, future: bool) -> datetime | None:
    """A day, a time of day, or both."""
    found = _WRITTEN.fullmatch(words)
    if found is None or not (found["date"] or found["day"] or found["hour"]):
        return None
    zone = _offset(found["offset"]) if found["offset"] else zone_of(found["zone"], place) if found["zone"] else zone
    today = now.astimezone(zone).date()
    clock = time(_hour(found["hour"], found["half"]), int(found["minute"]), int(found["second"] or 0)) if found["hour"] else None
    if not (found["date"] or found["day"]):
        return _nearest(clock or time(), zone, now, future=future, exact=bool(found["second"]), error=lambda naive: _unclear(words, place, naive, zone))
    day = date.fromisoformat(found["date"]) if found["date"] else today + timedelta(days=_DAYS[found["day"].lower()])
    if clock is None:
        return datetime.combine(day, time()).replace(tzinfo=zone).astimezone(timezone.utc)
    naive = datetime.combine(day, clock)
    readings = _readings(naive, zone)
    if len(readings) != 1:
        raise _unclear(words, place, naive, zone)
    return readings[0]


def _hour(text: str, half: str | None) -> int:
    """The hour from 0; raises ValueError for one that a clock of twelve hours does not have."""
    if half is None:
        return int(text)
    if not 1 <= int(text) <= _NOON:
        raise ValueError(text)
    return int(text) % _NOON + (_NOON if half.lower() == "pm" else 0)


def _nearest(clock: time, zone: tzinfo, now: datetime, *, future: bool, exact: bool, error: Callable[[datetime], UsageError]) -> datetime | None:  # noqa: PLR0913  # one question
    """The last moment until ``now`` (the next from ``now`` on) at which clocks show this time of day."""
    here = now.astimezone(zone)
    limit = now if exact or future else now + _MINUTE
    for days in (0, 1) if future else (0, -1):
        naive = datetime.combine(here.date() + timedelta(days=days), clock)
        readings = _readings(naive, zone)
        fitting = [reading for reading in readings if (reading >= now if future else reading == now or reading < limit)]
        if len(fitting) > 1 or (not readings and (naive > here.replace(tzinfo=None)) is future):
            raise error(naive)
        if fitting:
            return fitting[0] if future else min(fitting[0], now)
    return None


def _readings(naive: datetime, zone: tzinfo) -> list[datetime]:
    """The moments, in UTC, at which clocks in a zone show this: one; none, or two, where they are changed."""
    both = [naive.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1)]
    return [moment for moment in dict.fromkeys(both) if moment.astimezone(zone).replace(tzinfo=None) == naive]


def _unclear(words: str, place: str, naive: datetime, zone: tzinfo) -> UsageError:
    early, late = sorted(naive.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1))
    problem = "is there twice: clocks are put back over it" if _readings(naive, zone) else "is never there: clocks are put forward over it"
    return UsageError(place, f"{words!r} {problem}", f"Say which is meant: {iso(early)} or {iso(late)}")


def _zone(zone: str | tzinfo) -> tzinfo:
    return zone_of(zone, "timezone") if isinstance(zone, str) else zone


def _offset(text: str) -> tzinfo:
    """``Z``, ``+01``, ``+0100`` or ``+01:00``."""
    if text in {"Z", "z"}:
        return timezone.utc
    digits = text[1:].replace(":", "").ljust(4, "0")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if text[0] == "-" else span)


def _minutes(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="minutes")


def _for_python_310(text: str) -> str:
    """Python 3.10 knows neither ``Z`` nor fractions of other than three or six digits, which dbt writes both."""
    text = text[:-1] + "+00:00" if text[-1:] in {"Z", "z"} else text
    head, dot, tail = text.replace(",", ".").partition(".")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return head + tail[digits:] if dot else text
