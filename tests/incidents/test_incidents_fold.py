"""What events add up to."""

from __future__ import annotations

import msgspec
import pytest
from incidents_building import GREEN, at, due, events, judged, moved, opened, record, report, resolved

from aftershock.incidents.fold import fold, step
from aftershock.model import Category, Severity
from aftershock.model.record import (
    Absorbed,
    ActionAdded,
    ActionChanged,
    ActionItem,
    Announced,
    Assessed,
    Assigned,
    Checked,
    Delivery,
    Due,
    Edited,
    Moved,
    Noted,
    Overridden,
    Reference,
    Referenced,
    Sent,
    Status,
    Updated,
)

FIRST = (due("initial notification", "06:15"), due("impact checklist", "06:30"), due("next update", "07:00"))


def lines(*changes: object) -> list[str]:
    return [f"{entry.at[11:16]} {entry.what}" for entry in record(*changes).timeline]  # type: ignore[arg-type]


def test_an_opening_is_a_record_in_triage() -> None:
    found = record(opened(report=report(), source="dbt build", deadlines=FIRST, rows={"a": 3}))
    assert (found.id, found.uid, found.status, found.events) == ("INC-1", "u1", Status.TRIAGE, 1)
    assert (found.started_at, found.detected_at, found.declared_at) == (at("05:30"), at("06:00"), at("06:05"))
    assert found.level is found.computed is report().assessment.severity.level
    assert found.nodes == ("model.shop.stg_orders",)
    assert found.category is Category.DUPLICATE_LOAD  # what a person says, not the report
    assert [(item.what, item.at[11:16], item.met_at) for item in found.deadlines] == [
        ("initial notification", "06:15", ""),
        ("impact checklist", "06:30", ""),
        ("next update", "07:00", ""),
    ]
    assert found.rows == {"a": 3}
    assert (found.override, found.commander, found.eta, found.announced_affected, found.checked) == ("", "", "", None, None)


def test_nothing_is_known_of_an_incident_that_was_not_assessed() -> None:
    found = record(opened())
    assert (found.level, found.computed, found.report, found.nodes, found.started_at) == (None, None, None, (), "")


def test_a_report_assessed_later_says_what_is_affected_and_which_category_it_is() -> None:
    found = record(opened(nodes=("a",)), Assessed(report(), rows={"t": 1}), Assessed(judged(Severity.P0), why="the app reads it"))
    assert found.category is Category.PIPELINE_FAILURE
    assert found.nodes == ("model.shop.stg_orders",)
    assert (found.level, found.rows) == (Severity.P0, {"t": 1})
    assert lines(opened(), Assessed(judged(Severity.P2)), Assessed(judged(Severity.P0), why="the app reads it"))[-2:] == [
        "06:06 Impact assessed, severity now P2",
        "06:07 Impact assessed again, severity now P0 (was P2): the app reads it",
    ]


def test_a_severity_that_a_person_sets_stays_until_it_is_given_back() -> None:
    start = (opened(report=judged(Severity.P2)), Overridden(Severity.P0, "the board reads it"))
    found = record(*start, Assessed(judged(Severity.P1)))
    assert (found.level, found.computed, found.override) == (Severity.P0, Severity.P1, "the board reads it")
    back = record(*start, Assessed(judged(Severity.P1)), Overridden(None, "it was read"))
    assert (back.level, back.computed, back.override) == (Severity.P1, Severity.P1, "")
    assert lines(*start, Overridden(None, "it was read"))[-2:] == [
        "06:06 Severity set to P0 by ada (computed P2): the board reads it",
        "06:07 Severity given back to the policy by ada: P2 (it was read)",
    ]


def test_a_severity_set_in_the_assessment_counts_as_set() -> None:
    found = record(opened(report=report(severity="P0")))
    assert (found.level, found.override) == (Severity.P0, "The board reads it")
    assert found.computed is not Severity.P0
    assert record(opened(report=report(severity="P0")), Assessed(report())).level is Severity.P0


def test_a_whole_life() -> None:
    changes = [
        opened(source="dbt build", started_at=at("05:00"), deadlines=FIRST),
        ("06:07", moved(Status.INVESTIGATING)),
        ("06:10", Announced("notification", deadlines=(due("next update", "07:10"),))),
        ("06:20", Announced("checklist")),
        ("07:05", Updated("The loader ran twice", "in progress", at("09:30"), 4)),
        ("07:15", Announced("update", deadlines=(due("next update", "08:15"),))),
        ("08:00", Edited(root_cause="a retry without a key", fix="removed the second batch")),
        ("09:00", moved(Status.MITIGATED, "08:50")),
        ("09:05", moved(Status.MONITORING)),
        ("10:05", resolved(checked=msgspec.structs.replace(GREEN, since=at("08:50")), deadlines=(due("postmortem", "10:05", 3),))),
        ("10:06", Announced("resolution")),
        ("10:07", Edited(data_is_now="fresh", lasting="none")),
        ("11:00", moved(Status.POSTMORTEM)),
        ("11:01", ActionAdded("add a key", "Ada", "2026-03-08")),
        ("11:30", Announced("postmortem")),
        ("12:00", moved(Status.CLOSED)),
    ]
    found = record(*changes)  # type: ignore[arg-type]
    assert found.status is Status.CLOSED
    assert (found.started_at, found.detected_at, found.declared_at, found.mitigated_at, found.resolved_at, found.closed_at) == tuple(
        map(at, ("05:00", "06:00", "06:05", "08:50", "10:05", "12:00"))
    )
    assert (found.code, found.root_cause, found.fix, found.fix_status, found.data_is_now, found.lasting) == (
        "fixed",
        "a retry without a key",
        "removed the second batch",
        "applied",
        "fresh",
        "none",
    )
    assert (found.eta, found.update, found.announced_affected) == (at("09:30"), "The loader ran twice", 4)
    assert found.deadlines == (
        Due("initial notification", at("06:15"), at("06:10")),
        Due("impact checklist", at("06:30"), at("06:20")),
        Due("next update", at("08:15"), at("10:05")),
        Due("postmortem", at("10:05", 3), at("11:30")),
    )
    assert found.past == (Due("next update", at("07:10"), at("07:15")),)
    assert found.actions == (ActionItem(1, "add a key", "Ada", "2026-03-08"),)
    assert [f"{entry.at[11:16]} {entry.what}" for entry in found.timeline] == [
        "05:00 The problem began",
        "06:00 Alert fired: dbt build",
        "06:05 Incident declared",
        "06:07 Investigation started",
        "06:10 Initial notification posted",
        "06:20 Impact checklist posted",
        "07:05 Update: The loader ran twice",
        "07:15 Status update posted",
        "08:00 Root cause identified: a retry without a key",
        "08:00 Fix applied: removed the second batch",
        "08:50 Mitigated: the cause is corrected",
        "09:05 Monitoring started",
        "10:05 Verification complete, incident resolved",
        "10:06 Resolution posted",
        "11:00 Postmortem started",
        "11:30 Postmortem posted",
        "12:00 Closed",
    ]


def test_what_is_sent_is_met_by_its_announcement_and_shown_once() -> None:
    sent = Delivery(1, "notification", "data-team", "sent", at("06:06"))
    found = record(opened(deadlines=FIRST), Sent(sent), Announced("notification", delivery=1))
    assert [entry.what for entry in found.timeline][-1] == "Initial notification sent to data-team"
    assert found.deadlines[0].met_at == at("06:07")


def test_a_delivery_that_failed_is_said_and_its_retry_keeps_the_number() -> None:
    failed = Delivery(1, "update", "mail", "failed", at("06:06"), recipient="Growth", error="the server refused it")
    sent = msgspec.structs.replace(failed, status="sent", at=at("06:07"), attempts=2, error="")
    found = record(opened(), Sent(failed), Sent(sent))
    assert found.deliveries == (sent,)
    assert [entry.what for entry in found.timeline][-2:] == [
        "Status update could not be sent to mail (Growth): the server refused it",
        "Status update sent to mail (Growth)",
    ]


def test_two_who_send_at_once_lose_no_delivery_and_what_was_sent_stays_sent() -> None:
    one = Delivery(1, "update", "slack", "sent", at("06:06"))
    other = Delivery(1, "update", "mail", "sent", at("06:06"))
    assert record(opened(), Sent(one), Sent(other)).deliveries == (one, msgspec.structs.replace(other, number=2))
    assert record(opened(), Sent(one), Sent(msgspec.structs.replace(one, status="failed"))).deliveries == (one,)


def test_an_update_counts_as_the_notification_that_was_forgotten() -> None:
    found = record(opened(deadlines=FIRST), ("06:40", Announced("update", deadlines=(due("next update", "07:40"),))))
    assert found.deadlines[0] == Due("initial notification", at("06:15"), at("06:40"))
    assert [item.what for item in found.overdue(at("06:45"))] == ["impact checklist"]


def test_what_was_never_done_is_past_once_the_incident_is_over_and_not_overdue_for_ever() -> None:
    found = record(opened(deadlines=FIRST), ("09:00", resolved(deadlines=(due("postmortem", "09:00", 3),))))
    assert found.past == (Due("initial notification", at("06:15")), Due("impact checklist", at("06:30")))
    assert [(item.what, item.met_at) for item in found.deadlines] == [("next update", at("09:00")), ("postmortem", "")]
    assert record(opened(deadlines=FIRST), moved(Status.CANCELLED, reason="a test of the alarm")).deadlines == ()


def test_reopening_takes_back_what_the_resolution_said() -> None:
    over = (opened(deadlines=FIRST), ("08:00", resolved(deadlines=(due("postmortem", "08:00", 3),))), ("08:01", Edited(data_is_now="fresh")))
    again = record(*over, ("09:00", moved(Status.INVESTIGATING, reason="the rows are back", deadlines=(due("next update", "10:00"),))))
    assert (again.status, again.resolved_at, again.code, again.checked, again.data_is_now, again.fix_status) == (
        Status.INVESTIGATING,
        "",
        None,
        None,
        "",
        "in progress",
    )
    assert (again.reopened_at, again.reason) == (at("09:00"), "the rows are back")
    assert again.deadlines == (Due("next update", at("10:00")),)
    assert Due("next update", at("07:00"), at("08:00")) in again.past
    assert again.timeline[-1].what == "Reopened: the rows are back"
    held = record(opened(), moved(Status.MITIGATED), moved(Status.INVESTIGATING, reason="they came back"))
    assert (held.mitigated_at, held.timeline[-1].what) == ("", "The fix did not hold: they came back")


def test_a_forced_resolution_says_why() -> None:
    forced = Checked(at("09:00"), repaired=1, total=3, left=("fct_orders",), forced="the quarter closes today")
    found = record(opened(), ("09:00", resolved(checked=forced)))
    assert found.checked == forced
    assert found.timeline[-1].what == "Resolved although verification was not complete: the quarter closes today"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("expected", "Resolved: the data is as expected: a sale"),
        ("false-positive", "Resolved: a false alarm: a sale"),
        ("no-action", "Resolved without action: a sale"),
    ],
)
def test_a_resolution_without_a_fix_says_which(code: str, said: str) -> None:
    assert lines(opened(), Moved(Status.RESOLVED, "a sale", code=code))[-1] == f"06:06 {said}"  # type: ignore[arg-type]


def test_merging_and_absorbing() -> None:
    one = record(opened(deadlines=FIRST), Moved(Status.MERGED, "the same batch", into="INC-3"))
    assert (one.status, one.merged_into, one.closed_at, one.deadlines) == (Status.MERGED, "INC-3", at("06:06"), ())
    assert one.timeline[-1].what == "Merged into INC-3: the same batch"
    other = record(opened(), Absorbed("INC-1", "Orders are doubled"))
    assert other.absorbed == ("INC-1",)
    assert other.timeline[-1].what == "INC-1 was merged into this one: Orders are doubled"


def test_what_is_absorbed_is_had_from_then_on() -> None:
    left = Absorbed("INC-1", "Orders", ("model.b",), ("b: fails",), ("test.b",), at("05:50"), at("05:00"), Severity.P0, {"model.b": 3}, results_at=at("05:40"))
    found = record(opened(nodes=("model.a",), evidence=("a: fails",), started_at=at("05:30")), Overridden(Severity.P2, "Nobody reads it"), left)
    assert (found.nodes, found.evidence, found.seen, found.rows) == (("model.a", "model.b"), ("a: fails", "b: fails"), ("test.b",), {"model.b": 3})
    assert (found.detected_at, found.started_at, found.results_at) == (at("05:50"), at("05:00"), at("05:40"))
    assert (found.level, found.computed, found.override) == (Severity.P0, Severity.P0, "")
    milder = record(opened(), Overridden(Severity.P2, "Nobody reads it"), msgspec.structs.replace(left, level=Severity.P3))
    assert (milder.level, milder.computed, milder.override) == (Severity.P2, Severity.P3, "Nobody reads it")
    assert record(opened(), Absorbed("INC-1")) == msgspec.structs.replace(record(opened(), Absorbed("INC-1")), nodes=(), level=None)


def test_correcting_a_time_moves_its_line() -> None:
    found = record(opened(source="dbt build", started_at=at("05:00")), Edited(detected_at=at("05:45"), source="a customer"), Edited(started_at=at("05:45")))
    assert [(entry.at[11:16], entry.what, entry.event) for entry in found.timeline] == [
        ("05:45", "The problem began", 1),
        ("05:45", "Alert fired: a customer", 1),
        ("06:05", "Incident declared", 1),
    ]
    assert [entry.what for entry in record(opened(started_at=at("05:00")), Edited(started_at="")).timeline] == ["Issue reported", "Incident declared"]


def test_notes_stand_where_they_happened() -> None:
    found = record(opened(), Noted("vendor confirms", at("06:01"), "https://x"), Noted("first"), Noted("a little ahead", at("06:10")))
    assert [(entry.at[11:16], entry.what, entry.url) for entry in found.timeline][1:] == [
        ("06:01", "vendor confirms", "https://x"),
        ("06:05", "Incident declared", ""),
        ("06:07", "first", ""),
        ("06:08", "a little ahead", ""),
    ]


def test_people_actions_and_references() -> None:
    found = record(
        opened(),
        Assigned("commander", "Ada"),
        Assigned("comms", "Grace"),
        Assigned("commander", ""),
        ActionAdded("one"),
        ActionAdded("two", "Ada"),
        ActionChanged(1, status="done", due="2026-03-08"),
        Referenced(Reference("https://t/1")),
        Referenced(Reference("https://t/2", "thread")),
        Referenced(Reference("https://t/1", "ticket")),
    )
    assert (found.commander, found.comms) == ("", "Grace")
    assert found.actions == (ActionItem(1, "one", due="2026-03-08", status="done"), ActionItem(2, "two", "Ada"))
    assert found.references == (Reference("https://t/2", "thread"), Reference("https://t/1", "ticket"))
    assert [entry.what for entry in found.timeline][2:] == ["Ada leads the response", "Grace speaks for the response", "Ada no longer leads the response"]


def test_how_many_people_were_told_of() -> None:
    below = len(report().assessment.radius.below)
    assert record(opened(report=report()), Announced("notification")).announced_affected == below
    assert record(opened(report=report()), Updated(affected=3), Announced("update")).announced_affected == 3
    assert record(opened(report=report()), Announced("checklist")).announced_affected is None
    assert record(opened(), Announced("notification")).announced_affected is None


def test_times_within_what_clocks_may_be_apart_are_put_in_order() -> None:
    found = record(opened(detected_at=at("06:08")), ("06:09", moved(Status.MITIGATED, "06:03")), ("06:10", resolved("06:12", checked=None, code="no-action")))
    assert (found.detected_at, found.mitigated_at, found.resolved_at) == (at("06:05"), at("06:05"), at("06:10"))
    behind = record(opened(), ("06:20", moved(Status.MITIGATED)), ("06:18", resolved(checked=None, code="no-action")))
    assert (behind.mitigated_at, behind.resolved_at) == (at("06:20"), at("06:20"))


def test_what_is_due_is_overdue_once_its_minute_is_past() -> None:
    found = record(opened(detected_at=at("12:00"), deadlines=(due("initial notification", "12:15"), due("next update", "12:15:40"))))
    assert found.overdue(at("12:15")) == ()
    assert found.overdue(at("12:15:59")) == ()
    assert [item.what for item in found.overdue(at("12:16"))] == ["initial notification", "next update"]
    assert found.overdue(at("12:16"))[0].met_at == ""


def test_events_out_of_place_are_refused() -> None:
    (first, second) = events(opened(), Noted("x"))
    with pytest.raises(ValueError, match="INC-1 has no events"):
        fold("INC-1", [])
    with pytest.raises(ValueError, match="event 2 of INC-1 is out of place: Noted"):
        fold("INC-1", [second])
    with pytest.raises(ValueError, match="event 1 of INC-1 is out of place: Opened"):
        step(fold("INC-1", [first]), first)
