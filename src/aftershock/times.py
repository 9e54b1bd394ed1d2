"""Points in time: ISO 8601 in, ISO 8601 in UTC out."""

from __future__ import annotations

from datetime import datetime, timezone

from aftershock.errors import UsageError


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


def _for_python_310(text: str) -> str:
    """Python 3.10 knows neither ``Z`` nor fractions of other than three or six digits, which dbt writes both."""
    text = text[:-1] + "+00:00" if text[-1:] in {"Z", "z"} else text
    head, dot, tail = text.replace(",", ".").partition(".")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return head + tail[digits:] if dot else text
