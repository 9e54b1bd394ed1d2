"""What may happen to an incident, and in which order."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from incidents_building import GREEN, at, due, moved, opened, record, resolved

from aftershock import times
from aftershock.errors import UnknownName, UsageError
from aftershock.incidents import codec, lifecycle
from aftershock.incidents.fold import fold, step
from aftershock.model import Deadline
from aftershock.model.record import (
    Absorbed,
    ActionAdded,
    ActionChanged,
    Announced,
    Checked,
    Delivery,
    Edited,
    Event,
    Moved,
    Noted,
    Overridden,
    Reference,
    Referenced,
    Sent,
    Status,
    Updated,
)

if TYPE_CHECKING:
    from aftershock.model.record import Change, Record

NOON = at("12:00")

NATURAL = {
    "triage": "investigating mitigated resolved cancelled merged",
    "investigating": "mitigated resolved cancelled merged",
    "mitigated": "monitoring resolved investigating cancelled merged",
    "monitoring": "resolved investigating cancelled merged",
    "resolved": "postmortem closed investigating",
    "postmortem": "closed investigating",
    "closed": "postmortem investigating",
    "cancelled": "investigating",
    "merged": "",
}
WAY: dict[Status, tuple[Change, ...]] = {
    Status.TRIAGE: (),
    Status.INVESTIGATING: (moved(Status.INVESTIGATING),),
    Status.MITIGATED: (moved(Status.MITIGATED),),
    Status.MONITORING: (moved(Status.MITIGATED), moved(Status.MONITORING)),
    Status.RESOLVED: (resolved(code="no-action"),),
    Status.POSTMORTEM: (resolved(code="no-action"), moved(Status.POSTMORTEM)),
    Status.CLOSED: (resolved(code="no-action"), moved(Status.CLOSED)),
    Status.CANCELLED: (moved(Status.CANCELLED, reason="x"),),
    Status.MERGED: (moved(Status.MERGED, into="INC-2"),),
}


def standing(status: Status) -> Record:
    return record(opened(), *WAY[status])


def refused(found: Record | None, change: Change, now: str = NOON) -> str:
    with pytest.raises((UsageError, UnknownName)) as caught:
        lifecycle.check(found, change, now=now)
    return str(caught.value)


@pytest.mark.parametrize(("start", "to"), [*itertools.product(Status, Status)], ids=lambda status: status.value)
def test_every_step_is_possible_or_refused(start: Status, to: Status) -> None:
    change = Moved(to, "why", code="no-action" if to is Status.RESOLVED else None, into="INC-2" if to is Status.MERGED else "")
    if to.value in NATURAL[start.value].split():
        lifecycle.check(standing(start), change, now=NOON)
        assert to in lifecycle.TRANSITIONS[start]
    else:
        said = refused(standing(start), change)
        assert said.startswith("INC-1: it ")
        assert to not in lifecycle.TRANSITIONS[start]


def test_a_step_that_there_is_not_names_those_that_there_are() -> None:
    assert refused(standing(Status.MONITORING), moved(Status.CLOSED)) == (
        "INC-1: it is monitoring: from there it cannot become closed. It can become resolved, investigating, cancelled or merged."
    )
    assert refused(standing(Status.CLOSED), moved(Status.CLOSED)) == "INC-1: it is closed already. Nothing is left to do."
    assert refused(standing(Status.MERGED), Noted("x")) == "INC-1: it was merged into INC-2. Say it of INC-2."


def test_what_was_on_its_way_when_it_was_merged_is_still_recorded() -> None:
    lifecycle.check(standing(Status.MERGED), Sent(Delivery(1, "update", "slack", "sent", NOON)), now=NOON)
    lifecycle.check(standing(Status.MERGED), Announced("update"), now=NOON)


@pytest.mark.parametrize("start", [Status.MITIGATED, Status.MONITORING, Status.RESOLVED, Status.POSTMORTEM, Status.CLOSED, Status.CANCELLED])
def test_taking_it_up_again_needs_a_reason(start: Status) -> None:
    assert refused(standing(start), moved(Status.INVESTIGATING)) == "INC-1: it needs a reason. Give a reason."
    assert refused(standing(start), moved(Status.INVESTIGATING, reason=" ")) == "INC-1: it needs a reason. Give a reason."


def test_cancelling_needs_a_reason_and_starting_does_not() -> None:
    assert "needs a reason" in refused(standing(Status.TRIAGE), moved(Status.CANCELLED))
    lifecycle.check(standing(Status.TRIAGE), moved(Status.INVESTIGATING), now=NOON)


def test_a_fixed_incident_is_closed_after_its_postmortem_or_with_a_reason() -> None:
    fixed = record(opened(), ("10:00", resolved(deadlines=(due("postmortem", "10:00", 3),))))
    assert refused(fixed, moved(Status.CLOSED)) == ("INC-1: its postmortem is still due. Write it (postmortem), or close it with the reason why there is none.")
    lifecycle.check(fixed, moved(Status.CLOSED, reason="a known fault, see INC-7"), now=NOON)
    lifecycle.check(fixed, moved(Status.POSTMORTEM), now=NOON)
    written = record(opened(), ("10:00", resolved(deadlines=(due("postmortem", "10:00", 3),))), ("11:00", Announced("postmortem")))
    lifecycle.check(written, moved(Status.CLOSED), now=NOON)


RESOLUTIONS = [
    (Moved(Status.RESOLVED), "it is not said how it was resolved. Say fixed, expected, false-positive or no-action."),
    (resolved(checked=None), "it is not verified. Run aftershock verify, or resolve it by force, with a reason."),
    (resolved(checked=Checked(NOON)), "it is not repaired. Repair the rest, or resolve it by force, with a reason."),
    (resolved(checked=Checked(NOON, repaired=1, total=2, left=("a",))), "it is not repaired: a. Repair the rest, or resolve it by force, with a reason."),
    (resolved(checked=Checked(NOON, repaired=1, total=2, left=("a",), forced=" ")), "it is not repaired: a."),
    (resolved(checked=Checked("noon", repaired=1, total=1)), "checked is not a time in UTC: 'noon'. Write it as 2026-03-01T06:00:00Z."),
    (
        resolved(checked=Checked(NOON, since=at("08:00"), repaired=1, total=1)),
        f"its verification counted results from {at('08:00')} on, but it was mitigated at {at('09:00')}. Verify it with results newer than {at('09:00')}, or",
    ),
    (resolved(checked=Checked(NOON, repaired=1, total=1)), f"its verification counted results of any time, but it was mitigated at {at('09:00')}."),
]


@pytest.mark.parametrize(("change", "said"), RESOLUTIONS)
def test_fixed_needs_a_proof_from_after_the_mitigation(change: Moved, said: str) -> None:
    found = record(opened(), ("09:00", moved(Status.MITIGATED)))
    assert f"INC-1: {said}" in refused(found, change)
    assert msgspec.structs.replace(GREEN, since=at("09:00")).is_green
    lifecycle.check(found, resolved(checked=msgspec.structs.replace(GREEN, since=at("09:00"))), now=NOON)
    lifecycle.check(found, resolved(checked=Checked(NOON, left=("a",), total=2, forced="the quarter closes")), now=NOON)


TIMES = [
    (moved(Status.MITIGATED, "05:00"), f"it was mitigated at {at('05:00')}, before it was detected at {at('06:00')}."),
    (moved(Status.MITIGATED, "12:06"), f"it was mitigated at {at('12:06')}, which is in the future: it is {NOON}. Give when that was."),
    (Moved(Status.MITIGATED, happened_at="14:05"), "it was mitigated is not a time in UTC: '14:05'."),
    (Moved(Status.MITIGATED, happened_at="2026-03-01T07:00"), "is not a time in UTC"),
    (Edited(detected_at=at("12:06")), "which is in the future"),
    (Edited(detected_at=at("04:00")), f"it was detected at {at('04:00')}, before it started at {at('05:00')}."),
    (Edited(started_at=at("06:30")), f"it was detected at {at('06:00')}, before it started at {at('06:30')}."),
    (Edited(detected_at=""), "it was detected is not a time"),
    (Edited(bad_until=at("04:00")), f"its data stopped being bad at {at('04:00')}, before it started at {at('05:00')}."),
    (Edited(bad_until=at("18:00")), "its data was bad at 2026-03-01T18:00:00Z, which is in the future"),
    (Edited(postmortem_at="tomorrow"), "postmortem_at is not a time"),
    (Edited(title=" "), "it needs a title"),
    (Noted("x", at("13:00")), "it happened at 2026-03-01T13:00:00Z, which is in the future"),
    (Noted(""), "it needs a text"),
    (Overridden(None, ""), "it needs a reason"),
    (Sent(Delivery(1, "update", "slack", "sent", "now")), "delivery is not a time"),
    (ActionAdded(" "), "it needs a text"),
    (ActionAdded("x", due="2026-02-30"), "'2026-02-30' is not a date. Write it as 2026-03-01."),
    (ActionAdded("x", due="2026-03-01T00:00"), "is not a date"),
    (ActionChanged(1), "action 1: INC-1 has no such action item. There are none."),
    (Referenced(Reference("")), "it needs an address"),
    (Absorbed("INC-0"), "'INC-0' is not the id of an incident"),
    (Moved(Status.MERGED), "'' is not the id of an incident"),
    (Announced("update", deadlines=(Deadline("next update", "soon"),)), "next update is not a time in UTC: 'soon'"),
    (opened(), "it is open already"),
]


@pytest.mark.parametrize(("change", "said"), TIMES)
def test_what_contradicts_the_record_is_refused_with_both_times(change: Change, said: str) -> None:
    assert said in refused(record(opened(started_at=at("05:00"))), change)


def test_a_detection_may_not_be_corrected_past_what_came_after_it() -> None:
    found = record(opened(), ("09:00", moved(Status.MITIGATED)), ("10:00", resolved(code="no-action")))
    assert f"it was mitigated at {at('09:00')}, before it was detected at {at('09:30')}" in refused(found, Edited(detected_at=at("09:30")))
    assert f"it was resolved at {at('08:00')}, before it was mitigated at {at('09:00')}" in refused(
        record(opened(), ("09:00", moved(Status.MITIGATED))), resolved("08:00", code="no-action")
    )


def test_action_items_that_there_are_not() -> None:
    assert "There is number 1 only." in refused(record(opened(), ActionAdded("a")), ActionChanged(2))
    assert "There are 1 to 2." in refused(record(opened(), ActionAdded("a"), ActionAdded("b")), ActionChanged(3))
    assert "needs a text" in refused(record(opened(), ActionAdded("a")), ActionChanged(1, item=""))


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.POSTMORTEM, Status.CLOSED, Status.CANCELLED])
def test_there_is_no_update_of_what_is_over(status: Status) -> None:
    assert refused(standing(status), Updated("x")) == f"INC-1: it is {status.value}: there is nothing to report. Reopen it first."


OPENINGS = [
    ({"uid": ""}, "'' cannot be its uid"),
    ({"uid": "a b"}, "cannot be its uid"),
    ({"uid": "x" * 65}, "cannot be its uid"),
    ({"title": "\n"}, "it needs a title"),
    ({"detected_at": at("12:06")}, "in the future"),
    ({"detected_at": ""}, "it was detected is not a time in UTC"),
    ({"started_at": at("06:06")}, f"it was detected at {at('06:00')}, before it started at {at('06:06')}"),
    ({"started_at": "x"}, "started_at is not a time"),
]


@pytest.mark.parametrize(("facts", "said"), OPENINGS)
def test_an_opening_that_cannot_be(facts: dict[str, Any], said: str) -> None:
    assert said in refused(None, opened(**facts))


def test_nothing_happens_before_the_opening() -> None:
    assert refused(None, Noted("x")) == "incident: it is not open yet. Open it first."


def test_where_an_incident_may_be_merged_into() -> None:
    one, other = record(opened()), msgspec.structs.replace(record(opened(uid="u2")), id="INC-2")
    lifecycle.check_merge(one, other)
    for into, said in (
        (one, "it cannot be merged into itself"),
        (msgspec.structs.replace(other, status=Status.CLOSED), "INC-2 is closed. Reopen INC-2 first, or name another one"),
        (msgspec.structs.replace(other, status=Status.CANCELLED), "INC-2 is cancelled"),
        (msgspec.structs.replace(other, status=Status.MERGED, merged_into="INC-3"), "INC-2 was itself merged into INC-3. Merge it into INC-3"),
    ):
        with pytest.raises(UsageError) as caught:
            lifecycle.check_merge(one, into)
        assert said in str(caught.value)


START = datetime(2026, 3, 1, 6, tzinfo=timezone.utc)
MINUTES = st.integers(-120, 30)


class Life(RuleBasedStateMachine):
    """Whatever people do, in any order and with any times: what is accepted leaves a record that makes sense."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.events: list[Event] = []
        self.record: Record | None = None

    def offer(self, change: Change) -> None:
        now = times.iso(self.now)
        try:
            lifecycle.check(self.record, change, now=now)
        except (UsageError, UnknownName):
            return
        event = Event(len(self.events) + 1, now, "ada", change)
        event = codec.decode(codec.encode(event, "x"), "x", "INC-1", event.number)
        self.events.append(event)
        self.record = step(self.record, event, "INC-1")

    def time(self, minutes: int) -> str:
        return times.iso(self.now + timedelta(minutes=minutes))

    @precondition(lambda self: self.record is None)
    @rule(minutes=MINUTES, started=MINUTES)
    def open(self, minutes: int, started: int) -> None:
        self.offer(opened(detected_at=self.time(minutes), started_at=self.time(started), deadlines=(Deadline("next update", self.time(60)),)))

    @rule(minutes=st.integers(-4, 90))
    def wait(self, minutes: int) -> None:
        """The next one to record something may have a clock that is a little behind."""
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.record is not None)
    @rule(data=st.data(), minutes=MINUTES, told=st.booleans(), reason=st.sampled_from(["", "why"]), green=st.booleans())
    def move(self, data: st.DataObject, minutes: int, told: bool, reason: str, green: bool) -> None:  # noqa: FBT001  # drawn
        assert self.record is not None
        to = data.draw(st.sampled_from(lifecycle.TRANSITIONS[self.record.status] or (Status.TRIAGE,)) | st.sampled_from(Status))
        checked = Checked(self.time(0), since=self.time(minutes), repaired=1, total=1) if green else None
        code = "fixed" if green else "expected"
        into = "INC-2" if to is Status.MERGED else ""
        due_ = (Deadline("postmortem", self.time(600)),) if green and to is Status.RESOLVED else ()
        self.offer(Moved(to, reason, self.time(minutes) if told else "", code, checked, into, due_))  # type: ignore[arg-type]

    @precondition(lambda self: self.record is not None)
    @rule(detected=st.none() | MINUTES, started=st.none() | MINUTES, until=st.none() | MINUTES)
    def edit(self, detected: int | None, started: int | None, until: int | None) -> None:
        given = {"detected_at": detected, "started_at": started, "bad_until": until}
        self.offer(Edited(**{name: self.time(minutes) for name, minutes in given.items() if minutes is not None}))  # type: ignore[arg-type]

    @precondition(lambda self: self.record is not None)
    @rule(document=st.sampled_from(["notification", "update", "resolution", "postmortem", "checklist"]))
    def tell(self, document: str) -> None:
        self.offer(Announced(document, deadlines=(Deadline("next update", self.time(60)),)))  # type: ignore[arg-type]

    @precondition(lambda self: self.record is not None)
    @rule(text=st.text(), minutes=MINUTES)
    def note(self, text: str, minutes: int) -> None:
        self.offer(Noted(text, self.time(minutes)))

    @invariant()
    def events_one_by_one_are_events_at_once(self) -> None:
        if self.record is not None:
            assert fold("INC-1", self.events) == self.record
            assert self.record.events == len(self.events)

    @invariant()
    def times_are_in_order(self) -> None:
        found = self.record
        if found is None:
            return
        told = [found.started_at, found.detected_at, found.mitigated_at, found.resolved_at, found.closed_at]
        known = [time for time in told if time]
        assert known == sorted(known)
        assert found.detected_at
        assert not found.bad_until or found.bad_until >= found.started_at
        assert [(entry.at, entry.event) for entry in found.timeline] == sorted((entry.at, entry.event) for entry in found.timeline)
        latest = max(event.at for event in self.events)
        assert max(known) <= latest

    @invariant()
    def the_status_agrees_with_the_rest(self) -> None:
        found = self.record
        if found is None:
            return
        assert bool(found.resolved_at) is (found.status in {Status.RESOLVED, Status.POSTMORTEM, Status.CLOSED})
        assert bool(found.closed_at) is (found.status in {Status.CLOSED, Status.CANCELLED, Status.MERGED})
        assert bool(found.code) is bool(found.resolved_at)
        assert bool(found.merged_into) is (found.status is Status.MERGED)
        assert found.status is not Status.MONITORING or found.mitigated_at
        names = [due_.what for due_ in found.deadlines]
        assert len(names) == len(set(names))
        waits = {due_.what for due_ in found.deadlines if not due_.met_at}
        assert not found.status.is_over or waits <= ({"postmortem"} if found.status in {Status.RESOLVED, Status.POSTMORTEM} else set())


Life.TestCase.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
TestLife = Life.TestCase
