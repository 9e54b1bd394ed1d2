"""Which deadlines come next, and when something is overdue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incidents_building import CLOCKS, at, due, judged, moved, opened, record, report

from aftershock import times
from aftershock.errors import UsageError
from aftershock.impact.clocks import deadlines
from aftershock.incidents import clocks
from aftershock.model import Clocks, Deadline, Severity
from aftershock.model.record import Announced, Edited, Status

LEVELS = st.sampled_from(Severity)


def test_the_first_deadlines_are_those_of_the_domain() -> None:
    assert clocks.after_opening(at("12:00"), Severity.P0, CLOCKS) == (
        due("initial notification", "12:15"),
        due("impact checklist", "12:30"),
        due("next update", "12:30"),
    )
    updates = {level: clocks.after_message(at("12:00"), level, CLOCKS)[0].at for level in Severity}
    assert updates == dict(zip(Severity, (at("12:30"), at("13:00"), at("16:00"), at("12:00", 2)), strict=True))
    assert clocks.after_message(at("12:00"), None, CLOCKS) == clocks.after_message(at("12:00"), Severity.P1, CLOCKS)
    assert clocks.after_resolution(at("12:00"), CLOCKS) == (due("postmortem", "12:00", 3),)
    assert deadlines(at("12:00"), Severity.P0, CLOCKS) == clocks.after_opening(at("12:00"), Severity.P0, CLOCKS)


@pytest.mark.parametrize("code", ["expected", "false-positive", "no-action"])
def test_there_is_no_postmortem_where_nothing_was_fixed(code: str) -> None:
    assert clocks.after_resolution(at("12:00"), CLOCKS, code) == ()  # type: ignore[arg-type]


def test_they_are_configurable() -> None:
    given = Clocks(5, 10, {"P0": 1, "P1": 2, "P2": 3, "P3": 4}, 60)
    assert clocks.after_opening(at("12:00"), Severity.P3, given) == (
        due("next update", "12:04"),
        due("initial notification", "12:05"),
        due("impact checklist", "12:10"),
    )
    assert clocks.after_resolution(at("12:00"), given) == (due("postmortem", "13:00"),)


def opened_at(level: Severity, clock: str = "12:00") -> object:
    return opened(detected_at=at(clock), report=judged(level), deadlines=clocks.after_opening(at(clock), level, CLOCKS))


def test_a_severity_that_rises_brings_the_next_update_forward() -> None:
    told = (("12:00", opened_at(Severity.P2)), ("12:10", Announced("notification", deadlines=clocks.after_message(at("12:10"), Severity.P2, CLOCKS))))
    found = record(*told)  # type: ignore[arg-type]
    assert clocks.after_override(found, Severity.P1, at("12:20"), CLOCKS) == (due("next update", "13:10"),)  # from the last message
    assert clocks.after_override(found, Severity.P0, at("13:00"), CLOCKS) == (due("next update", "13:00"),)  # not before it was raised
    assert clocks.after_override(found, Severity.P3, at("12:20"), CLOCKS) == ()  # people were promised one
    silent = record(("12:00", opened_at(Severity.P2)))  # type: ignore[arg-type]
    assert clocks.after_override(silent, Severity.P1, at("12:20"), CLOCKS) == (due("next update", "13:00"),)  # from detection


def test_nothing_comes_forward_where_no_update_is_due() -> None:
    over = record(("12:00", opened_at(Severity.P2)), ("12:10", moved(Status.CANCELLED, reason="x")))  # type: ignore[arg-type]
    assert clocks.after_override(over, Severity.P0, at("12:20"), CLOCKS) == ()
    met = record(("12:00", opened_at(Severity.P2)), ("12:10", Announced("update")))  # type: ignore[arg-type]
    assert clocks.after_override(met, Severity.P0, at("12:20"), CLOCKS) == ()


@given(LEVELS, LEVELS, st.integers(0, 3 * 24 * 60))
def test_an_override_never_puts_the_next_update_off(before: Severity, after: Severity, minutes: int) -> None:
    start = times.parse(at("12:00"), "x")
    now = times.iso(start + (start - start.replace(minute=0)) + minutes * (start.replace(minute=1) - start))
    found = record(("12:00", opened_at(before)))  # type: ignore[arg-type]
    (old,) = [item.at for item in found.deadlines if item.what == "next update"]
    for deadline in clocks.after_override(found, after, now, CLOCKS):
        assert now <= deadline.at < old
        assert after.at_least(before)


def test_a_corrected_detection_moves_what_counts_from_it() -> None:
    found = record(("12:05", opened_at(Severity.P1)))  # type: ignore[arg-type]
    moved_ = clocks.after_correction(found, at("11:30"), CLOCKS)
    assert moved_ == (due("initial notification", "11:45"), due("impact checklist", "12:00"), due("next update", "12:30"))
    told = record(("12:05", opened_at(Severity.P1)), ("12:10", Announced("notification", deadlines=(due("next update", "13:10"),))))  # type: ignore[arg-type]
    corrected = clocks.after_correction(told, at("11:30"), CLOCKS)
    assert [item.what for item in corrected] == ["initial notification", "impact checklist"]
    edited = record(
        ("12:05", opened_at(Severity.P1)),  # type: ignore[arg-type]
        ("12:10", Announced("notification", deadlines=(due("next update", "13:10"),))),
        ("12:20", Edited(detected_at=at("11:30"), deadlines=corrected)),
    )
    assert [(item.what, item.at[11:16], item.met_at[11:16]) for item in edited.deadlines] == [
        ("initial notification", "11:45", "12:10"),
        ("impact checklist", "12:00", ""),
        ("next update", "13:10", ""),
    ]


def test_clocks_do_not_care_for_the_clocks_on_walls() -> None:
    """48 hours over the night in which Berlin's clocks are put forward are 48 hours, shown there as 49."""
    (deadline,) = clocks.after_resolution("2026-03-28T12:00:00Z", CLOCKS)
    assert deadline == Deadline("postmortem", "2026-03-30T12:00:00Z")
    assert times.shown("2026-03-28T12:00:00Z", "Europe/Berlin") == "2026-03-28 13:00 CET (12:00Z)"
    assert times.shown(deadline.at, "Europe/Berlin") == "2026-03-30 14:00 CEST (12:00Z)"


@pytest.mark.parametrize("text", ["yesterday", "9999-12-31T23:59:00Z"])
def test_a_time_without_deadlines_is_one_clear_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        clocks.after_opening(text, Severity.P0, CLOCKS)
    assert str(caught.value).startswith(f"detected_at: {text!r} ")
    assert report().assessment.deadlines == deadlines(at("06:00"), report().assessment.severity.level, CLOCKS)
