from __future__ import annotations

import msgspec
import pytest
from recovery_builder import incremental, microbatch, ran

from aftershock.model import Window
from aftershock.recovery.windows import Span, backfill_flags, span_of, window_flags


@pytest.mark.parametrize(
    ("size", "since", "until", "start", "end"),
    [
        ("hour", "2026-03-01T05:10Z", "2026-03-01T06:00Z", "2026-03-01T05:00:00", "2026-03-01T06:00:00"),
        ("hour", "2026-03-01T23:10Z", "2026-03-01T23:20Z", "2026-03-01T23:00:00", "2026-03-02T00:00:00"),
        ("day", "2026-02-28", "2026-02-28T00:00:01", "2026-02-28T00:00:00", "2026-03-01T00:00:00"),
        ("day", "2026-03-01T00:30+02:00", "2026-03-01", "2026-02-28T00:00:00", "2026-03-01T00:00:00"),
        ("month", "2026-01-31", "2026-02-01", "2026-01-01T00:00:00", "2026-02-01T00:00:00"),
        ("month", "2026-01-31", "2026-04-30", "2026-01-01T00:00:00", "2026-05-01T00:00:00"),
        ("year", "2024-12-31", "2024-12-31T01:00", "2024-01-01T00:00:00", "2025-01-01T00:00:00"),
        ("day", "0999-03-01", "0999-03-02", "0999-03-01T00:00:00", "0999-03-02T00:00:00"),
    ],
)
def test_bounds_widen_to_whole_batches(size: str, since: str, until: str, start: str, end: str) -> None:
    flags = window_flags(microbatch("m", batch_size=size), Window(since, until))
    assert flags == ("--event-time-start", start, "--event-time-end", end)


@pytest.mark.parametrize(
    ("size", "window"),
    [
        ("day", Window()),
        ("day", Window("2026-03-01")),
        ("day", Window("", "2026-03-01")),
        ("day", Window("2026-03-02", "2026-03-01")),
        ("day", Window("2026-03-02", "2026-03-02")),
        ("day", Window("yesterday", "2026-03-02")),
        ("day", Window("9999-12-31", "9999-12-31T01:00")),
        ("week", Window("2026-03-01", "2026-03-02")),
        ("", Window("2026-03-01", "2026-03-02")),
    ],
)
def test_no_window_where_it_cannot_be_written(size: str, window: Window) -> None:
    assert window_flags(microbatch("m", batch_size=size), window) == ()


def test_only_microbatch_has_windows() -> None:
    assert window_flags(incremental("m", batch_size="day"), Window("2026-03-01", "2026-03-02")) == ()


KNOWN = Window("2026-03-01T05:10Z")


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (None, '{"from_date": "2026-03-01"}'),
        ({}, '{"from_date": "2026-03-01"}'),
        ("{}", '{"from_date": "2026-03-01"}'),
        ({"land": "Å", "from_date": "2020-01-01"}, '{"from_date": "2026-03-01", "land": "Å"}'),
    ],
)
def test_a_variable_that_names_a_start_is_given_beside_those_of_the_run(given: object, value: str) -> None:
    run = msgspec.structs.replace(ran(), args={"vars": given})
    assert backfill_flags(incremental("m", vars=("currency", "from_date"), starts=("from_date",)), KNOWN, run) == ("--vars", value)


@pytest.mark.parametrize("names", [(), ("currency",), ("since", "start_date"), ("start_dates",)])
def test_no_variable_is_guessed(names: tuple[str, ...]) -> None:
    assert backfill_flags(incremental("m", vars=names, starts=names), KNOWN, None) == ()


def test_no_variable_without_a_start_or_beside_text_that_cannot_be_joined() -> None:
    node = incremental("m", vars=("since",), starts=("since",))
    assert backfill_flags(node, Window("", "2026-03-01"), None) == ()
    assert backfill_flags(node, KNOWN, msgspec.structs.replace(ran(), args={"vars": "currency: EUR"})) == ()


def test_a_variable_that_is_only_named_like_a_start_is_no_command() -> None:
    assert backfill_flags(incremental("m", vars=("since",)), KNOWN, None) == ()


LONG = Window("2026-03-02T04:00:00Z")
AT = {"at": "TIMESTAMP", "id": "BIGINT"}


@pytest.mark.parametrize(
    ("build", "types", "span"),
    [
        ({"watermark": "at"}, AT, Span("at", "2026-03-02T04:00:00")),
        ({"watermark": "AT", "back_seconds": 3 * 86400}, AT, Span("at", "2026-02-27T04:00:00")),
        ({"watermark": "id"}, AT, Span("at", "2026-03-02T04:00:00")),
        ({"watermark": "id"}, {**AT, "seen": "DATE"}, None),
        ({"watermark": "id"}, {"id": "BIGINT"}, None),
        ({"watermark": "id", "event_time": "seen"}, {**AT, "seen": "DATE"}, Span("seen", "2026-03-02T00:00:00")),
        ({"watermark": "loaded_at"}, {}, Span("loaded_at", "2026-03-02T04:00:00")),
        ({"watermark": "order_date"}, {}, Span("order_date", "2026-03-02T00:00:00")),
        ({"watermark": "order_date"}, {"order_date": "TIMESTAMP"}, Span("order_date", "2026-03-02T04:00:00")),
        ({"watermark": "at"}, {"at": "timestamp with time zone"}, Span("at", "2026-03-02T04:00:00Z")),
        ({"watermark": "at"}, {"at": "TIMESTAMP_TZ"}, Span("at", "2026-03-02T04:00:00Z")),
        ({"watermark": "batch"}, {}, None),
        ({"event_time": "at"}, AT, None),
        ({"takes_all": True}, AT, None),
    ],
)
def test_the_rows_that_the_bad_time_may_have_reached(build: dict[str, object], types: dict[str, str], span: Span | None) -> None:
    assert span_of(incremental("m", **build), LONG, types) == span


def test_where_a_model_was_wrong_its_first_run_took_rows_of_the_day_before() -> None:
    assert span_of(incremental("m", watermark="at", back_seconds=3600), LONG, AT, late=True) == Span("at", "2026-03-01T03:00:00")


@pytest.mark.parametrize(("lookback", "start"), [(0, "2026-03-02"), (1, "2026-03-01"), (3, "2026-02-27"), (-1, "2026-03-02")])
def test_the_first_wrong_run_of_a_microbatch_model_took_its_lookback_too(lookback: int, start: str) -> None:
    flags = window_flags(microbatch("m", lookback=lookback), Window("2026-03-02T04:00:00Z", "2026-03-03"), late=True)
    assert flags[1] == f"{start}T00:00:00"


def test_a_span_has_no_end_since_later_rows_may_be_sums_over_it_and_is_not_known_without_a_start() -> None:
    node = incremental("m", watermark="at")
    assert span_of(node, Window("2026-03-02", "2026-03-02T04:00:00Z"), AT) == Span("at", "2026-03-02T00:00:00")
    assert span_of(node, Window("", "2026-03-02T04:00:00Z"), AT) is None
    assert span_of(node, Window("0001-01-01"), AT, late=True) is None
