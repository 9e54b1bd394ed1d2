"""``modules``: the harmless part of datetime, re, itertools and pytz. Their clock stands still at the moment when dbt's run began."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from aftershock.jinja.exposed import Exposed, Shelf
from aftershock.jinja.limits import MAX_TEXT, bounded, too_large
from aftershock.jinja.refusal import CannotRender

if TYPE_CHECKING:
    from aftershock.jinja.values import Value

DATETIME_NAMES = frozenset(
    {
        "year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold", "days", "seconds", "microseconds", "min", "max",
        "resolution", "date", "time", "timetz", "timestamp", "timetuple", "utctimetuple", "toordinal", "weekday", "isoweekday", "isocalendar",
        "isoformat", "ctime", "strftime", "replace", "astimezone", "utcoffset", "dst", "tzname", "total_seconds", "week", "utc",
        "strptime", "fromisoformat", "fromtimestamp", "utcfromtimestamp", "fromordinal", "fromisocalendar", "combine",
    }
)  # fmt: skip
DATETIME_TYPES = (dt.date, dt.time, dt.timedelta, dt.tzinfo)
MATCH_NAMES = frozenset({"group", "groups", "groupdict", "start", "end", "span", "pos", "endpos", "lastindex", "lastgroup", "string"})


def moment(text: str) -> dt.datetime:
    """An ISO 8601 time of a manifest, which ends in Z or an offset and may have nanoseconds.

    Raises:
        CannotRender: it is none.
    """
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\d*(Z|[+-]\d\d:\d\d)?", text)
    if match is None:
        raise CannotRender("the manifest does not say when dbt ran")
    whole, fraction, zone = match.groups()
    try:
        found = dt.datetime.fromisoformat(f"{whole}.{(fraction or '0')[:6]:0<6}{'' if zone in {None, 'Z'} else zone}")
    except ValueError:
        raise CannotRender("the manifest does not say when dbt ran") from None
    return found if found.tzinfo else found.replace(tzinfo=dt.timezone.utc)


class Clock(Exposed):
    """``modules.datetime.datetime`` or ``.date``: the class, with a clock that stands still."""

    NAMES: ClassVar[frozenset[str]] = frozenset({"now", "utcnow", "today", *DATETIME_NAMES})

    def __init__(self, started_at: str, cls: type[dt.date]) -> None:
        self._started_at = started_at
        self._class = cls

    def __getattr__(self, name: str) -> Value:
        if name in DATETIME_NAMES:
            return getattr(self._class, name)
        raise AttributeError(name)

    def __call__(self, *args: Value, **kwargs: Value) -> dt.date:
        """One of the class."""
        return self._class(*args, **kwargs)

    def now(self, tz: dt.tzinfo | None = None) -> dt.datetime:
        """When dbt's run began, in UTC where no zone is given."""
        found = moment(self._started_at)
        return found.astimezone(tz) if tz is not None else found.replace(tzinfo=None)

    def utcnow(self) -> dt.datetime:
        """When dbt's run began, in UTC."""
        return moment(self._started_at).astimezone(dt.timezone.utc).replace(tzinfo=None)

    def today(self) -> dt.date:
        """The day, or of ``datetime`` the moment, when dbt's run began."""
        return self.now() if issubclass(self._class, dt.datetime) else self.now().date()


class Zone(dt.tzinfo):
    """A time zone with the two methods that pytz adds."""

    def __init__(self, zone: dt.tzinfo) -> None:
        self._zone = zone

    def localize(self, moment: dt.datetime, **_is_dst: object) -> dt.datetime:
        """The same reading of the clock, in this zone."""
        return moment.replace(tzinfo=self._zone)

    def normalize(self, moment: dt.datetime, **_is_dst: object) -> dt.datetime:
        """The same moment, in this zone."""
        return moment.astimezone(self._zone)

    def utcoffset(self, moment: dt.datetime | None) -> dt.timedelta | None:
        """As of the zone."""
        return self._zone.utcoffset(moment)

    def dst(self, moment: dt.datetime | None) -> dt.timedelta | None:
        """As of the zone."""
        return self._zone.dst(moment)

    def tzname(self, moment: dt.datetime | None) -> str | None:
        """As of the zone."""
        return self._zone.tzname(moment)

    def fromutc(self, moment: dt.datetime) -> dt.datetime:
        """As of the zone."""
        return self._zone.fromutc(moment.replace(tzinfo=self._zone)).replace(tzinfo=self)

    def __str__(self) -> str:
        return str(self._zone)

    __repr__ = __str__


ZONE_NAMES = DATETIME_NAMES | {"localize", "normalize"}


def timezone(name: str) -> Zone:
    """``pytz.timezone``.

    Raises:
        CannotRender: there is no such zone on this machine.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return Zone(ZoneInfo(str(name)))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CannotRender(f"there is no time zone '{name}' here") from None


def substitute(pattern: Value, repl: str, string: str, count: int = 0, flags: int = 0) -> str:
    """``re.sub`` within the bounds.

    Raises:
        CannotRender: it replaces by what a macro makes, or makes too much.
    """
    if not isinstance(repl, str):
        raise CannotRender("it replaces by a macro in re.sub")
    found = re.compile(pattern, flags)
    if len(string) + sum(1 for _ in bounded(found.finditer(string))) * (len(repl) + len(string) // 100) > MAX_TEXT:
        raise too_large("a text")
    return found.sub(repl, string, count)


def _finditer(pattern: Value, string: str, flags: int = 0) -> list[re.Match[str]]:
    return list(bounded(re.finditer(pattern, string, flags)))


def _iterator(name: str) -> Value:
    def made(*args: Value, **kwargs: Value) -> list[Any]:
        return list(bounded(getattr(itertools, name)(*args, **kwargs), f"itertools.{name}"))

    return made


_RE = {name: getattr(re, name) for name in ("match", "search", "fullmatch", "findall", "split", "compile", "escape", "I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL", "X", "VERBOSE", "A", "ASCII")}  # fmt: skip
_FINITE = ("accumulate", "chain", "compress", "islice", "starmap", "zip_longest", "product", "permutations", "combinations", "combinations_with_replacement", "repeat")  # fmt: skip


@lru_cache(maxsize=64)
def modules(started_at: str) -> Shelf:
    """The ``modules`` of a run that began then."""
    return Shelf(
        "modules",
        {
            "datetime": Shelf(
                "modules.datetime",
                {
                    "datetime": Clock(started_at, dt.datetime),
                    "date": Clock(started_at, dt.date),
                    "time": dt.time,
                    "timedelta": dt.timedelta,
                    "timezone": dt.timezone,
                },
            ),
            "re": Shelf("modules.re", {**_RE, "sub": substitute, "finditer": _finditer}),
            "itertools": Shelf("modules.itertools", {name: _iterator(name) for name in _FINITE}),
            "pytz": Shelf("modules.pytz", {"timezone": timezone, "utc": Zone(dt.timezone.utc), "UTC": Zone(dt.timezone.utc)}),
        },
    )
