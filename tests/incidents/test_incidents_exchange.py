"""Incidents as a document: out of one store, into another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from incidents_building import at, moved, opened, report, resolved

from aftershock.errors import StoreError, UnknownName, UsageError
from aftershock.incidents import exchange
from aftershock.incidents.store import Store, open_store
from aftershock.model.record import Absorbed, Edited, Moved, Noted, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "incident.schema.json"
BY = {"by": "ada", "at": at("06:10")}


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "other.db"), project=tmp_path) as opened_:
        yield opened_


def fill(store: Store) -> None:
    """A resolved incident, one that absorbed another, and that other one."""
    store.create(opened(uid="first", report=report(), title="T\u202eitle\x00"), **BY)
    store.append("1", [moved(Status.MITIGATED), Noted("x"), resolved(code="no-action")], **BY)
    store.create(opened(uid="second"), **BY)
    store.create(opened(uid="third"), **BY)
    store.append_many({"3": [Moved(Status.MERGED, into="2")], "2": [Absorbed("3")]}, **BY)


def without_ids(store: Store) -> list[tuple[str, str, int]]:
    return [(record.uid, record.status.value, record.events) for record in store.all()]


def test_the_published_schema_is_this_one_and_exports_meet_it(own: Store) -> None:
    assert SCHEMA.read_text(encoding="utf-8") == exchange.schema()
    fill(own)
    document = json.loads(own.export())
    jsonschema.Draft202012Validator.check_schema(json.loads(exchange.schema()))
    jsonschema.Draft202012Validator(json.loads(exchange.schema())).validate(document)
    assert document["schema_version"] == "1.0"
    assert [(incident["id"], incident["uid"], len(incident["events"])) for incident in document["incidents"]] == [
        ("INC-1", "first", 4),
        ("INC-2", "second", 2),
        ("INC-3", "third", 2),
    ]
    assert set(own.export()) <= {10, *range(0x20, 0x7F)}


def test_a_store_goes_into_an_empty_one_as_it_is(store: Store, other: Store) -> None:
    fill(store)
    done = other.load(store.export())
    assert [(item.id, item.was, item.uid, item.added, item.what) for item in done] == [
        ("INC-1", "INC-1", "first", 4, "taken over with 4 events"),
        ("INC-2", "INC-2", "second", 2, "taken over with 2 events"),
        ("INC-3", "INC-3", "third", 2, "taken over with 2 events"),
    ]
    assert other.all() == store.all()
    assert other.export() == store.export()
    assert [item.what for item in other.load(store.export())] == ["nothing new"] * 3
    assert other.create(opened(uid="new"), **BY).id == "INC-4"


def test_an_id_that_is_taken_is_given_anew_and_what_names_it_follows(store: Store, other: Store) -> None:
    fill(other)
    store.create(opened(uid="mine"), **BY)
    store.create(opened(uid="mine2"), **BY)
    done = store.load(other.export())
    assert [(item.was, item.id) for item in done] == [("INC-1", "INC-4"), ("INC-2", "INC-5"), ("INC-3", "INC-3")]
    assert done[0].what == "taken over with 4 events, as INC-1 in the file"
    assert store.get("3").merged_into == "INC-5"
    assert store.get("3").timeline[-1].what == "Merged into INC-5"
    assert store.get("5").absorbed == ("INC-3",)
    assert [item.added for item in store.load(other.export())] == [0, 0, 0]
    assert store.create(opened(uid="new"), **BY).id == "INC-6"
    back = other.load(store.export())
    assert [(item.id, item.was, item.added) for item in back if item.added] == [("INC-7", "INC-1", 1), ("INC-8", "INC-2", 1), ("INC-6", "INC-6", 1)]
    assert other.get("3").merged_into == "INC-2"


def test_one_that_is_named_comes_along(own: Store, other: Store) -> None:
    fill(own)
    assert [item.was for item in other.load(own.export(["2"]))] == ["INC-2", "INC-3"]
    assert [item.was for item in other.load(own.export(["INC-3", "1"]))] == ["INC-1", "INC-2", "INC-3"]
    with pytest.raises(UnknownName):
        own.export(["9"])
    assert json.loads(own.export(["1"]))["incidents"][0]["id"] == "INC-1"


def test_what_went_on_there_is_added(own: Store, other: Store) -> None:
    fill(own)
    other.load(own.export())
    own.append("1", [moved(Status.INVESTIGATING, reason="again"), Noted("y")], **BY)
    older = other.export()
    done = other.load(own.export())
    assert [item.what for item in done] == ["2 events added", "nothing new", "nothing new"]
    assert other.all() == own.all()
    assert [record.id for record in other.all(open_only=True)] == ["INC-1", "INC-2"]
    assert [item.added for item in own.load(older)] == [0, 0, 0]


def test_what_went_on_differently_is_refused_and_nothing_is_taken(own: Store, other: Store) -> None:
    fill(own)
    other.load(own.export())
    own.append("1", [Noted("here")], **BY)
    other.append("1", [Noted("there")], **BY)
    own.create(opened(uid="new"), **BY)
    with pytest.raises(UsageError) as caught:
        other.load(own.export())
    assert str(caught.value) == (
        "import: INC-1 of the file is INC-1 here, and went on differently from event 5 on. Keep one of them; what the other one says can be added as notes."
    )
    assert [record.id for record in other.all()] == ["INC-1", "INC-2", "INC-3"]


def changed(own: Store, change: Callable[[dict[str, Any]], Any]) -> bytes:
    document = json.loads(own.export())
    change(document)
    return json.dumps(document).encode()


def event(document: dict[str, Any], number: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = document["incidents"][0]["events"][number - 1]
    return found


WRONG: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda d: d.update(schema_version="2.0"), "it is of version '2.0'; this aftershock reads 1.0. Upgrade aftershock."),
    (lambda d: d.pop("schema_version"), "it is no export of incidents"),
    (lambda d: d.update(incidents={}), "it is no export of incidents"),
    (lambda d: d["incidents"].append(3), "incident 4 of the file has no id"),
    (lambda d: d["incidents"][0].update(id="../1"), "incident 1 of the file has no id"),
    (lambda d: d["incidents"][0].update(id="INC-2"), "id INC-2 is there twice"),
    (lambda d: d["incidents"][0].pop("uid"), "INC-1 has no uid or no events"),
    (lambda d: d["incidents"][0].update(events=[]), "INC-1 is not opened by its first event"),
    (lambda d: d["incidents"][0].update(uid="x"), "INC-1 is not opened by its first event"),
    (lambda d: d["incidents"][0]["events"].pop(1), "the events of INC-1 are not numbered from 1 on"),
    (lambda d: event(d, 3)["change"].update(kind="teleported"), "event 3 of INC-1 is of a kind that aftershock"),
    (lambda d: event(d, 3)["change"].update(text=5), "event 3 of INC-1 does not read as aftershock"),
    (lambda d: event(d, 3)["change"].update(text=""), "event 3 of INC-1 cannot be: it needs a text"),
    (lambda d: event(d, 3).update(at="soon"), "event 3 of INC-1 cannot be: its time is not a time in UTC: 'soon'"),
    (lambda d: event(d, 3).update(at=""), "event 3 of INC-1 cannot be: its time is not a time in UTC: ''"),
    (lambda d: event(d, 4)["change"].update(to="closed"), "event 4 of INC-1 cannot be: it is mitigated: from there it cannot become closed"),
    (lambda d: event(d, 2)["change"].update(happened_at="2027-01-01T00:00:00Z"), "which is in the future"),
    (lambda d: d["incidents"].pop(2), "INC-2 names INC-3, which is not in the file. Export both of them together."),
    (lambda d: event(d)["change"].update(uid="a/b") or d["incidents"][0].update(uid="a/b"), "'a/b' cannot be its uid"),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_a_document_that_cannot_be_changes_nothing(own: Store, other: Store, change: Callable[[dict[str, Any]], Any], said: str) -> None:
    fill(own)
    with pytest.raises((UsageError, StoreError)) as caught:
        other.load(changed(own, change))
    assert str(caught.value).startswith("import: ")
    assert said in str(caught.value)
    assert other.all() == ()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff", b'{"schema_version": 1}', b"[" * 100_000, b'{"schema_version": "1.0", "incidents": [{"a": 1e999}]}']
)
def test_what_is_no_document(own: Store, data: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        own.load(data)
    assert str(caught.value).startswith("import: ")


def test_an_empty_document_is_nothing(own: Store) -> None:
    assert own.load(own.export()) == ()


def test_what_a_later_aftershock_added_to_an_event_goes_through(own: Store, other: Store) -> None:
    """Of the same version of the document: a reader passes over what it does not know, and does not lose it."""
    fill(own)
    other.load(changed(own, lambda document: event(document, 3)["change"].update(mood="calm")))
    assert event(json.loads(other.export()), 3)["change"] == {"kind": "noted", "text": "x", "mood": "calm"}
    assert other.get("1").timeline[-2].what == "x"


def test_events_that_two_clocks_recorded_go_through(own: Store, other: Store) -> None:
    own.create(opened(), by="ada", at=at("06:10"))
    own.append("1", [moved(Status.MITIGATED, "06:12")], by="ada", at=at("06:12"))
    own.append("1", [Edited(root_cause="x"), resolved(code="no-action")], by="grace", at=at("06:09"))
    other.load(own.export())
    assert other.all() == own.all()
