"""Times as people and dbt write them, in UTC to the second."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
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
