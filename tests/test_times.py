"""Times as people and dbt write them, in UTC to the second."""

from __future__ import annotations

import subprocess
import sys
import zoneinfo
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aftershock import times
from aftershock.errors import UsageError

MARCH = datetime(2026, 3, 1, 6, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T06:00:00Z",
        "2026-03-01T06:00:00z",
        "2026-03-01 06:00",
        "2026-03-01T06:00",
        " 2026-03-01T06:00:00+00:00 ",
        "2026-03-01T07:00:00+01:00",
        "2026-03-01T00:30:00-05:30",
        "2026-03-01T06:00:00.1Z",
        "2026-03-01T06:00:00,5Z",
        "2026-03-01T06:00:00.123456",
        "2026-03-01T06:00:00.123456789Z",
        "2026-03-01T07:00:00.123456789+01:00",
    ],
)
def test_a_time_is_utc_to_the_second(text: str) -> None:
    assert times.parse(text, "--since") == times.read(text) == MARCH
    assert times.iso(times.parse(text, "--since")) == "2026-03-01T06:00:00Z"


def test_hours_since_a_time_that_a_file_says() -> None:
    assert times.hours_since("2026-03-01T04:30:00.9Z", MARCH) == 1.5
    assert times.hours_since("2026-03-01T07:00:00", MARCH) == -1
    assert times.hours_since("yesterday", MARCH) is None


def test_a_date_is_its_midnight() -> None:
    assert times.iso(times.parse("2026-03-01", "--since")) == "2026-03-01T00:00:00Z"


@pytest.mark.parametrize(
    "text", ["", " ", "yesterday", "2026", "2026-13-01", "2026-02-30", "06:00", "2026-03-01T25:00", "Z", ".", "2026.03.01", "1e9", "0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00"]
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    assert times.read(text) is None
    with pytest.raises(UsageError) as caught:
        times.parse(text, "--since")
    assert str(caught.value) == f"--since: {text!r} is not a time. Write it as 2026-03-01T06:00, in UTC or with its zone (+01:00)."


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001  # the strategy adds the zones


@given(MOMENTS)
def test_what_is_written_reads_back(moment: datetime) -> None:
    assert times.read(moment.isoformat()) == moment.replace(microsecond=0)
    assert times.parse(times.iso(moment), "x") == moment.replace(microsecond=0)


@given(MOMENTS, MOMENTS)
def test_texts_sort_as_times_do(one: datetime, other: datetime) -> None:
    first, second = one.replace(microsecond=0), other.replace(microsecond=0)
    assert (times.iso(first) < times.iso(second)) == (first < second)


@given(st.text(max_size=30))
def test_no_text_is_more_than_no_time(text: str) -> None:
    moment = times.read(text)
    assert moment is None or moment.tzinfo is timezone.utc


def test_now_is_in_utc_to_the_second() -> None:
    before = datetime.now(timezone.utc)
    now = times.now()
    assert now.microsecond == 0
    assert timedelta(seconds=-1) < now - before < timedelta(minutes=1)
    assert times.iso(now).endswith("Z")


BERLIN = "Europe/Berlin"
SUNDAY = datetime(2026, 3, 29, 8, 4, 30, tzinfo=timezone.utc)
"""10:04:30 in Berlin, on the day on which its clocks were put forward at 02:00."""


def typed(text: str, *, now: datetime = SUNDAY, zone: str = BERLIN, future: bool = False) -> str:
    return times.iso(times.typed(text, "--at", now=now, zone=zone, future=future))


@pytest.mark.parametrize(
    ("text", "past", "future"),
    [
        ("now", "2026-03-29T08:04:30Z", "2026-03-29T08:04:30Z"),
        ("NOW", "2026-03-29T08:04:30Z", "2026-03-29T08:04:30Z"),
        ("9:00", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"),
        ("09:00", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"),
        ("10:04", "2026-03-29T08:04:00Z", "2026-03-30T08:04:00Z"),
        ("10:05", "2026-03-29T08:04:30Z", "2026-03-29T08:05:00Z"),  # rounded up: now
        ("10:06", "2026-03-28T09:06:00Z", "2026-03-29T08:06:00Z"),
        ("10:04:30", "2026-03-29T08:04:30Z", "2026-03-29T08:04:30Z"),
        ("10:04:31", "2026-03-28T09:04:31Z", "2026-03-29T08:04:31Z"),
        ("14:05", "2026-03-28T13:05:00Z", "2026-03-29T12:05:00Z"),
        ("14:05:30.5", "2026-03-28T13:05:30Z", "2026-03-29T12:05:30Z"),
        ("2:05 pm", "2026-03-28T13:05:00Z", "2026-03-29T12:05:00Z"),
        ("2:05PM", "2026-03-28T13:05:00Z", "2026-03-29T12:05:00Z"),
        ("12:05 am", "2026-03-28T23:05:00Z", "2026-03-29T22:05:00Z"),
        ("12:05 pm", "2026-03-28T11:05:00Z", "2026-03-29T10:05:00Z"),
        ("9:00 am UTC", "2026-03-28T09:00:00Z", "2026-03-29T09:00:00Z"),
        ("14:05Z", "2026-03-28T14:05:00Z", "2026-03-29T14:05:00Z"),
        ("14:05 UTC", "2026-03-28T14:05:00Z", "2026-03-29T14:05:00Z"),
        ("14:05 gmt", "2026-03-28T14:05:00Z", "2026-03-29T14:05:00Z"),
        ("14:05 +05:30", "2026-03-28T08:35:00Z", "2026-03-29T08:35:00Z"),
        ("14:05-0330", "2026-03-28T17:35:00Z", "2026-03-29T17:35:00Z"),
        ("06:05+02", "2026-03-29T04:05:00Z", "2026-03-30T04:05:00Z"),
        ("23:30 America/New_York", "2026-03-29T03:30:00Z", "2026-03-30T03:30:00Z"),
    ],
)
def test_a_time_of_day_is_the_last_such_time_or_the_next(text: str, past: str, future: str) -> None:
    assert typed(text) == past
    assert typed(text, future=True) == future


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("yesterday 14:05", "2026-03-28T13:05:00Z"),
        ("Yesterday  14:05", "2026-03-28T13:05:00Z"),
        ("today 9:00", "2026-03-29T07:00:00Z"),
        ("today 23:00", "2026-03-29T21:00:00Z"),
        ("tomorrow 10:00", "2026-03-30T08:00:00Z"),
        ("yesterday", "2026-03-27T23:00:00Z"),
        ("today", "2026-03-28T23:00:00Z"),
        ("tomorrow", "2026-03-29T22:00:00Z"),
        ("2026-03-28", "2026-03-27T23:00:00Z"),
        ("2026-03-28 14:05", "2026-03-28T13:05:00Z"),
        ("2026-03-28T14:05:06", "2026-03-28T13:05:06Z"),
        ("2026-03-28t14:05", "2026-03-28T13:05:00Z"),
        ("2026-03-28T14:05:06.789Z", "2026-03-28T14:05:06Z"),
        ("2026-03-28T14:05+01:00", "2026-03-28T13:05:00Z"),
        ("2026-03-28 14:05 Asia/Tokyo", "2026-03-28T05:05:00Z"),
        ("2026-03-28 Asia/Tokyo", "2026-03-27T15:00:00Z"),
        ("20 min ago", "2026-03-29T07:44:30Z"),
        ("20min ago", "2026-03-29T07:44:30Z"),
        ("20 minutes ago", "2026-03-29T07:44:30Z"),
        ("20m ago", "2026-03-29T07:44:30Z"),
        ("2h ago", "2026-03-29T06:04:30Z"),
        ("2 hrs ago", "2026-03-29T06:04:30Z"),
        ("1 h 30 min ago", "2026-03-29T06:34:30Z"),
        ("1h30m ago", "2026-03-29T06:34:30Z"),
        ("an hour ago", "2026-03-29T07:04:30Z"),
        ("A minute ago", "2026-03-29T08:03:30Z"),
        ("90 s ago", "2026-03-29T08:03:00Z"),
        ("12 hours ago", "2026-03-28T20:04:30Z"),
        ("24 h ago", "2026-03-28T08:04:30Z"),
        ("1 day ago", "2026-03-28T09:04:30Z"),  # the same time of day, 23 hours ago
        ("2 days ago", "2026-03-27T09:04:30Z"),
        ("1 day 1 h ago", "2026-03-28T08:04:30Z"),
        ("2 weeks ago", "2026-03-15T09:04:30Z"),
        ("in 30 min", "2026-03-29T08:34:30Z"),
        ("in 2 days", "2026-03-31T08:04:30Z"),
        ("in a week", "2026-04-05T08:04:30Z"),
    ],
)
def test_days_and_spans_mean_one_moment(text: str, moment: str) -> None:
    assert typed(text) == typed(text, future=True) == moment


NONE = [
    "", " ", "soon", "ago", " ago", "in", "in ", "5 ago", "min ago", "-5 min ago", "1.5 h ago", "5 months ago", "5 min before", "25:00", "14:60", "14:05:60",
    "14:5", "1405", "14:05 pm", "0:05 am", "2 pm", "2026-02-30", "2026-3-1", "2026-03-28T", "2026-03-28 T14:05", "28.03.2026", "2026-W13-6", "20260328T1405", "2026-03-28 14",
    "2026-03-28 14:05 +1", "2026-03-28 14:05+25:00", "yesterday 14:05 ago", "0000-01-01", "1 h 30", "in 5 min ago", "٢٠ min ago", "14:05\x00",
    "999999 weeks ago", "in 999999 weeks", "0001-01-01", "14:05 ../etc/passwd", "now UTC", "Z", "UTC", "Europe/Berlin",
]  # fmt: skip


@pytest.mark.parametrize("text", NONE)
@pytest.mark.parametrize("future", [False, True])
def test_what_nobody_can_mean(text: str, future: bool) -> None:  # noqa: FBT001  # a case
    with pytest.raises(UsageError) as caught:
        typed(text, future=future)
    assert str(caught.value) == f'--at: {text!r} is not a time. Write it as 14:05, "20 min ago", "yesterday 14:05" or 2026-03-01T06:00+01:00.'


def test_what_is_too_long_is_not_shown_whole() -> None:
    with pytest.raises(UsageError) as caught:
        typed("1 h " * 10_000 + "ago")
    assert str(caught.value).startswith("--at: '1 h 1 h 1 h 1 h 1 h '… is not a time. Write it as")


@pytest.mark.parametrize("name", ["CET", "EST", "IST", "BST", "CST", "America", "Berlin", "EST5EDT"])
def test_letters_that_name_several_zones_are_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        typed(f"14:05 {name}")
    assert str(caught.value) == f"--at: {name!r} does not name one time zone. Write UTC, an offset (+01:00), or the region and city: Europe/Berlin."


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("Europe/Atlantis", "Write the region and city: Europe/Berlin."),
        ("europe/berlin", "Did you mean Europe/Berlin?"),
        ("America/Argentina", "Write the region"),
    ],
)
def test_zones_that_there_are_not(name: str, remedy: str) -> None:
    for ask in (lambda: typed(f"14:05 {name}"), lambda: times.zone_of(name, "--at")):
        with pytest.raises(UsageError) as caught:
            ask()
        assert str(caught.value).startswith(f"--at: there is no time zone {name!r}. {remedy}")


WITHOUT_ZONES = """
import sys
sys.modules["tzdata"] = None
import zoneinfo
zoneinfo.reset_tzpath([])
from aftershock import times
from aftershock.errors import UsageError
try:
    times.zone_of("Europe/Berlin", "timezone")
except UsageError as error:
    print(error)
print(times.shown("2026-03-01T06:00:00Z", "UTC"))
"""


def test_a_machine_without_time_zones_is_told_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", WITHOUT_ZONES], capture_output=True, text=True, check=True)
    assert done.stdout == "timezone: this machine has no data of time zones. Install them: pip install tzdata.\n2026-03-01 06:00 UTC\n"


FORWARD = "is never there: clocks are put forward over it. Say which is meant: 2026-03-29T00:30:00Z or 2026-03-29T01:30:00Z."
BACK = "is there twice: clocks are put back over it. Say which is meant: 2026-10-25T00:30:00Z or 2026-10-25T01:30:00Z."
AUTUMN = datetime(2026, 10, 25, 9, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "now", "said"),
    [
        ("2026-03-29 02:30", SUNDAY, FORWARD),
        ("02:30", SUNDAY, FORWARD),
        ("today 2:30", SUNDAY, FORWARD),
        ("2026-03-29 02:30 Europe/Berlin", AUTUMN, FORWARD),
        ("2026-10-25 02:30", SUNDAY, BACK),
        ("02:30", AUTUMN, BACK),
        ("yesterday 02:30", AUTUMN + timedelta(days=1), BACK),
    ],
)
def test_a_time_that_clocks_show_twice_or_never_is_asked_about(text: str, now: datetime, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        typed(text, now=now)
    assert str(caught.value) == f"--at: {text!r} {said}"


def test_a_time_that_is_there_twice_is_clear_while_only_one_of_them_is_past() -> None:
    between = datetime(2026, 10, 25, 1, 0, tzinfo=timezone.utc)  # 02:00 for the second time
    assert typed("02:30", now=between) == "2026-10-25T00:30:00Z"
    assert typed("02:30", now=between, future=True) == "2026-10-25T01:30:00Z"
    assert typed("02:30", now=datetime(2026, 3, 29, 0, 15, tzinfo=timezone.utc)) == "2026-03-28T01:30:00Z"  # before the gap: yesterday's
    with pytest.raises(UsageError, match="never there"):
        typed("02:30", now=datetime(2026, 3, 29, 0, 15, tzinfo=timezone.utc), future=True)


def test_a_day_begins_at_its_first_moment_where_midnight_is_skipped() -> None:
    """Cairo's clocks go from 00:00 to 01:00 in that night."""
    assert typed("2026-04-24", zone="Africa/Cairo") == "2026-04-23T22:00:00Z"
    assert times.shown("2026-04-23T22:00:00Z", "Africa/Cairo") == "2026-04-24 01:00 EEST (2026-04-23 22:00Z)"


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        ("2026-03-01T06:00:59Z", "UTC", "2026-03-01 06:00 UTC"),
        ("2026-03-01T06:00:00Z", BERLIN, "2026-03-01 07:00 CET (06:00Z)"),
        ("2026-03-01T23:30:00Z", BERLIN, "2026-03-02 00:30 CET (2026-03-01 23:30Z)"),
        ("2026-10-25T00:30:00Z", BERLIN, "2026-10-25 02:30 CEST (00:30Z)"),
        ("2026-10-25T01:30:00Z", BERLIN, "2026-10-25 02:30 CET (01:30Z)"),
        ("2026-03-01T06:00:00Z", "America/Sao_Paulo", "2026-03-01 03:00 -03 (06:00Z)"),
        ("2026-03-01T06:00:00Z", "Europe/London", "2026-03-01 06:00 GMT (06:00Z)"),
        ("9999-12-31T23:59:00Z", BERLIN, "9999-12-31 23:59 UTC"),
        ("", BERLIN, ""),
        ("soon", BERLIN, "soon"),
    ],
)
def test_a_shown_time_has_one_meaning(moment: str, zone: str, text: str) -> None:
    assert times.shown(moment, zone) == text


def test_local_time_is_what_clocks_show() -> None:
    there = times.local("2026-03-01T06:00:00Z", BERLIN)
    assert there is not None
    assert (there.hour, there.tzname()) == (7, "CET")
    assert times.local("soon", BERLIN) is None
    with pytest.raises(UsageError, match="timezone: 'CET' does not name one time zone"):
        times.local("2026-03-01T06:00:00Z", "CET")


NAMES = st.sampled_from(sorted(name for name in zoneinfo.available_timezones() if "/" in name))
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1), timezones=st.just(timezone.utc)).map(lambda moment: moment.replace(microsecond=0))  # noqa: DTZ001  # as above


@given(INSTANTS, NAMES)
def test_what_clocks_show_is_typed_back_or_asked_about(moment: datetime, name: str) -> None:
    there = moment.astimezone(zoneinfo.ZoneInfo(name))
    assume(there.utcoffset() == timedelta(minutes=(there.utcoffset() or timedelta()) // timedelta(minutes=1)))
    text = there.replace(tzinfo=None).isoformat(sep=" ")
    twice = there.replace(fold=1 - there.fold).utcoffset() != there.utcoffset()
    if twice:
        with pytest.raises(UsageError, match=f"is there twice.*{times.iso(moment)}"):
            times.typed(text, "x", now=moment, zone=name)
    else:
        assert times.typed(text, "x", now=moment, zone=name) == moment
    assert times.typed(there.isoformat(), "x", now=moment, zone="UTC") == moment


@given(INSTANTS, INSTANTS, NAMES, st.booleans())
def test_a_time_of_day_is_within_a_day_of_now(now: datetime, clock: datetime, name: str, future: bool) -> None:  # noqa: FBT001  # drawn
    try:
        found = times.typed(clock.strftime("%H:%M:%S"), "x", now=now, zone=name, future=future)
    except UsageError:
        return
    there = found.astimezone(zoneinfo.ZoneInfo(name))
    assert there.strftime("%H:%M:%S") == clock.strftime("%H:%M:%S")
    assert (now <= found <= now + timedelta(hours=49)) if future else (now - timedelta(hours=49) <= found <= now)


@given(st.text(max_size=120) | st.from_regex(r"[0-9a-zA-Z:+. -]{0,40}", fullmatch=True))
def test_no_text_is_more_than_no_typed_time(text: str) -> None:
    try:
        found = times.typed(text, "x", now=SUNDAY, zone=BERLIN)
    except UsageError:
        return
    assert found.tzinfo is timezone.utc
