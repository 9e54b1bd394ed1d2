"""What a store promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from incidents_building import at, moved, opened, report, resolved

from aftershock.errors import Conflict, StoreError, UnknownName, UsageError
from aftershock.incidents import codec
from aftershock.incidents.fold import fold
from aftershock.incidents.store import Store, open_store
from aftershock.model.record import Absorbed, Assessed, Edited, Event, Moved, Noted, Status

if TYPE_CHECKING:
    from pathlib import Path

BY = {"by": "ada", "at": at("06:10")}


def create(store: Store, uid: str = "u1", **facts: Any) -> str:  # noqa: ANN401  # any field of an opening
    return store.create(opened(uid=uid, **facts), **BY).id


def raw(store: Store, statement: str, **values: Any) -> None:  # noqa: ANN401  # of any type
    """Do to a database what the store itself never does."""
    import sqlalchemy as sa

    with store._database.writing() as connection:
        connection.execute(sa.text(statement), values)


def test_incidents_are_numbered_from_1_and_found_as_people_type_them(store: Store) -> None:
    assert [create(store, uid) for uid in ("a", "b", "c")] == ["INC-1", "INC-2", "INC-3"]
    for text in ("INC-2", "inc-2", "2", " Inc-2 ", "INC2", "002"):
        assert store.get(text).uid == "b"
    assert [record.id for record in store.all()] == ["INC-1", "INC-2", "INC-3"]


def test_what_was_recorded_is_read_by_another_process_alike(store: Store, url: str, tmp_path: Path) -> None:
    create(store, report=report(), source="dbt build")
    record = store.append("1", [moved(Status.INVESTIGATING), Noted("x"), Edited(root_cause="y")], **BY)
    with open_store(url, project=tmp_path) as other:
        assert other.get("1") == record == store.get("1")
        assert other.all() == store.all() == (record,)
        assert fold("INC-1", other.events("1")) == record
        assert [event.number for event in other.events("1")] == [1, 2, 3, 4]
        assert {event.by for event in other.events("1")} == {"ada"}


def test_each_reads_what_the_other_has_added(store: Store, url: str, tmp_path: Path) -> None:
    create(store)
    with open_store(url, project=tmp_path) as other:
        for turn in range(4):
            one, two = (store, other) if turn % 2 else (other, store)
            assert one.append("1", [Noted(f"note {turn}")], **BY).events == turn + 2
            assert two.get("1").timeline[-1].what == f"note {turn}"
        assert other.all() == store.all()


def test_all_changes_are_recorded_or_none(store: Store) -> None:
    create(store)
    with pytest.raises(UsageError, match="cannot become closed"):
        store.append("1", [Noted("x"), moved(Status.INVESTIGATING), moved(Status.CLOSED)], **BY)
    assert store.get("1").events == 1
    assert len(store.events("1")) == 1
    assert store.append("1", [Noted("y")], **BY).events == 2


def test_no_change_is_no_event(store: Store) -> None:
    create(store)
    assert store.append("1", [], **BY) == store.get("1")


def test_an_id_is_never_given_twice_and_a_uid_neither(store: Store) -> None:
    create(store)
    with pytest.raises(UsageError, match="there is one with the uid u1 already"):
        create(store)
    with pytest.raises(UsageError, match="needs a title"):
        create(store, "u2", title="")
    assert create(store, "u2") == "INC-2"
    assert re.fullmatch("[0-9a-f]{32}", store.create(opened(uid=""), **BY).uid)


def test_an_incident_that_there_is_not_says_which_there_are(store: Store) -> None:
    with pytest.raises(UnknownName) as caught:
        store.get("INC-1")
    assert str(caught.value) == "INC-1: there is no such incident. There is none yet."
    for number in range(8):
        create(store, f"u{number}")
        if not number:
            with pytest.raises(UnknownName, match="There is INC-1"):
                store.get("2")
    for read in (store.get, store.events, lambda text: store.append(text, [Noted("x")], **BY), lambda text: store.export([text])):
        with pytest.raises(UnknownName) as caught:
            read("INC-77")
        assert str(caught.value) == "INC-77: there is no such incident. There are INC-4, INC-5, INC-6, INC-7 and INC-8; 3 earlier ones."


@pytest.mark.parametrize("text", ["", "INC-", "INC-0", "0", "-1", "INC-1; drop table x", "INC-1234567890", "stg_orders", "\uff11", "INC-1\n2", "x" * 500])
def test_what_is_no_id_is_one_clear_error(own: Store, text: str) -> None:
    with pytest.raises(UnknownName) as caught:
        own.get(text)
    assert str(caught.value) == f"{text[:80]!r}: is not the id of an incident. Ids look like INC-12; aftershock incident list shows them."


def test_whoever_has_seen_less_is_told(store: Store) -> None:
    create(store)
    assert store.append("1", [Noted("x")], expected=1, **BY).events == 2
    with pytest.raises(Conflict) as caught:
        store.append("1", [Noted("y")], expected=1, **BY)
    assert str(caught.value) == ("INC-1: somebody else changed it meanwhile: 1 change since. Look at it (aftershock incident show INC-1), then try again.")
    with pytest.raises(Conflict, match="it has 2 events"):
        store.append("1", [Noted("y")], expected=7, **BY)
    assert store.get("1").events == 2


def test_open_ones_are_those_of_which_something_is_left_to_do(store: Store) -> None:
    for number, changes in enumerate(
        (
            [],
            [moved(Status.INVESTIGATING)],
            [resolved(code="no-action")],
            [resolved(code="no-action"), moved(Status.CLOSED)],
            [moved(Status.CANCELLED, reason="x")],
            [resolved(code="no-action"), moved(Status.CLOSED), moved(Status.INVESTIGATING, reason="y")],
        )
    ):
        store.append(create(store, f"u{number}"), changes, **BY)
    assert [record.id for record in store.all(open_only=True)] == ["INC-1", "INC-2", "INC-3", "INC-6"]
    assert len(store.all()) == 6


def test_a_merge_is_both_halves_or_none(store: Store) -> None:
    create(store, "a"), create(store, "b"), create(store, "c")
    both = store.append_many({"inc-1": [Moved(Status.MERGED, "same batch", into="2")], "2": [Absorbed("1", "Orders")]}, **BY)
    assert (both["INC-1"].merged_into, both["INC-2"].absorbed) == ("INC-2", ("INC-1",))
    assert store.get("1") == both["INC-1"]
    for changes, said in (
        ({"3": [Moved(Status.MERGED, into="2")]}, "INC-3: it cannot be merged into INC-2 without a change of both"),
        ({"3": [Absorbed("2")]}, "INC-2: it cannot be merged into INC-3 without a change of both"),
        ({"3": [Moved(Status.MERGED, into="3"), Absorbed("3")]}, "INC-3: it cannot be merged into itself"),
        ({"3": [Moved(Status.MERGED, into="1")], "1": [Absorbed("3")]}, "INC-3: INC-1 was itself merged into INC-2"),
        ({"3": [Moved(Status.MERGED, into="9")], "9": [Absorbed("3")]}, "INC-9: there is no such incident"),
        ({"2": [Moved(Status.MERGED, into="3"), Absorbed("3")], "3": [Moved(Status.MERGED, into="2"), Absorbed("2")]}, "INC-2: it was merged into INC-3"),
    ):
        with pytest.raises((UsageError, UnknownName)) as caught:
            store.append_many(changes, **BY)  # type: ignore[arg-type]  # each of its own kind
        assert str(caught.value).startswith(said)
    assert [record.events for record in store.all()] == [2, 2, 1]


HOSTILE = "\x00\x1b[31m\u202e<script>@channel ünïcode 😀 \u2028\n\r\t\"'\\ $$ %s :x {}"


def test_hostile_text_comes_back_as_it_was(store: Store) -> None:
    create(store, title=HOSTILE, source=HOSTILE)
    store.append("1", [Noted(HOSTILE), Edited(root_cause=HOSTILE)], by=HOSTILE, at=at("06:10"))
    store._ledger.forget()
    found = store.get("1")
    assert (found.title, found.source, found.root_cause) == (HOSTILE,) * 3
    assert {entry.by for entry in found.timeline if entry.what == HOSTILE} == {HOSTILE}
    assert store.load(store.export())[0].added == 0


@given(st.text(st.characters() | st.sampled_from("\x00\u2028'\"\\") | st.characters(categories=["Cs"])))
@example("a file's name: \udcff")
@settings(max_examples=60, deadline=None)
def test_every_text_can_be_kept(text: str) -> None:
    event = Event(1, at("06:00"), text, Noted(text))
    again = codec.decode(codec.encode(event, "x"), "x", "INC-1", 1)
    spelled = text.encode("utf-8", "backslashreplace").decode()
    assert (again.by, again.change) == (spelled, Noted(spelled))


@given(text=st.text(min_size=1).filter(str.strip))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_database_keeps_every_text(store: Store, text: str) -> None:
    if not store.all():
        create(store)
    before = store.get("1").events
    store.append("1", [Noted(text)], **BY)
    store._ledger.forget()
    assert store.events("1")[before].change == Noted(text)


def test_a_big_report_is_kept_whole(store: Store) -> None:
    found = report()
    labels = {f"model.shop.m{number}": "x" * 200 for number in range(5_000)}
    big = msgspec.structs.replace(found, labels=labels)
    create(store, report=big)
    record = store.append("1", [Assessed(big)], **BY)
    store._ledger.forget()
    assert store.get("1") == record
    assert record.report == big
    assert len(store.export()) > 2_000_000


def test_what_is_too_large_is_one_clear_error(own: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "LARGEST", 1000)
    create(own)
    with pytest.raises(UsageError) as caught:
        own.append("1", [Noted("x" * 1000)], **BY)
    assert "what is to be recorded has 1," in str(caught.value)
    assert own.get("1").events == 1


def test_an_event_of_a_later_aftershock_is_one_clear_error(store: Store) -> None:
    create(store)
    store.append("1", [Noted("x")], **BY)
    for body, said in (
        ('{"number":2,"at":"2026-03-01T06:10:00Z","by":"ada","change":{"kind":"teleported"}}', "event 2 of INC-1 is of a kind that aftershock"),
        ('{"number":2,"at":"2026-03-01T06:10:00Z","by":"ada","change":{"kind":"noted","text":5}}', "does not read as aftershock"),
        ('{"number":3,"at":"2026-03-01T06:10:00Z","by":"ada","change":{"kind":"noted","text":"x"}}', "event 3 is where event 2 should be"),
        ('{"number":2,"at":"2026', "event 2 of INC-1 is damaged"),
        (
            '{"number":2,"at":"2026-03-01T06:10:00Z","by":"ada","change":{"kind":"opened","uid":"z","title":"t","category":"data-loss","detected_at":""}}',
            "INC-1 is damaged",
        ),
    ):
        raw(store, "update aftershock_event set body = :body where number = 2", body=body)
        store._ledger.forget()
        for read in (lambda: store.get("1"), store.all, lambda: store.append("1", [Noted("y")], **BY)):
            with pytest.raises(StoreError) as caught:
                read()
            assert said in str(caught.value)
    raw(store, "delete from aftershock_event where number = 2")
    store._ledger.forget()
    with pytest.raises(StoreError, match="INC-1 is damaged: 1 of its 2 events can be read"):
        store.get("1")


def test_bytes_that_are_no_text_are_damage(own: Store) -> None:
    create(own)
    raw(own, "update aftershock_event set body = cast(x'7b22ff22' as text)")
    own._ledger.forget()
    for read in (lambda: own.get("1"), own.all, lambda: own.append("1", [Noted("y")], **BY), own.export):
        with pytest.raises(StoreError) as caught:
            read()
        assert "damaged" in str(caught.value)


def test_a_store_that_was_replaced_is_read_anew(own: Store) -> None:
    create(own)
    own.append("1", [Noted("x"), Noted("y")], **BY)
    raw(own, "delete from aftershock_event where number = 3")
    raw(own, "update aftershock_incident set events = 2")
    assert own.get("1").events == 2
    raw(own, "update aftershock_incident set uid = 'other'")
    assert own.get("1").events == 2


def test_a_time_that_is_none_is_refused(own: Store) -> None:
    with pytest.raises(UsageError, match="now is not a time in UTC: 'now'"):
        own.create(opened(), by="ada", at="now")
    create(own)
    with pytest.raises(UsageError, match="now is not a time in UTC: '06:10'"):
        own.append("1", [Noted("x")], by="ada", at="06:10")
