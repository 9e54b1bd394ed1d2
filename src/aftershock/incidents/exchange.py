"""Incidents as one JSON document, to carry them from one store to another.

{"schema_version": "1.0", "incidents": [{"id": "INC-1", "uid": "…", "events": [{"number": 1, "at": "…", "by": "…", "change": {"kind": "opened", …}}]}]}
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from aftershock.errors import UsageError
from aftershock.incidents import codec, lifecycle
from aftershock.incidents.fold import step
from aftershock.model.record import Absorbed, Event, Moved, Opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aftershock.model.record import Record

SCHEMA_VERSION = "1.0"
SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"
PLACE = "import"
_NOT_PLAIN = re.compile("[^\x20-\x7e\n]")


class Exported(msgspec.Struct, frozen=True):
    """One incident of the document."""

    id: str
    uid: str
    events: tuple[Event, ...]


class Export(msgspec.Struct, frozen=True):
    """The document."""

    schema_version: str
    incidents: tuple[Exported, ...]


class Imported(msgspec.Struct, frozen=True):
    """What became of one incident of the document: its id here, its id there, its uid, and how many events were new."""

    id: str
    was: str
    uid: str
    added: int
    is_new: bool

    @property
    def what(self) -> str:
        """What was done, a phrase without a full stop."""
        if not self.added:
            return "nothing new"
        events = f"{self.added} event{'' if self.added == 1 else 's'}"
        if not self.is_new:
            return f"{events} added"
        return f"taken over with {events}" + (f", as {self.was} in the file" if self.was != self.id else "")


def written(incidents: Iterable[tuple[str, str, Sequence[str]]]) -> bytes:
    """The document, in ASCII, so that it is the same to every terminal and tool.

    Args:
        incidents: id, uid, and the events as they are kept.
    """
    lines = [f'{{"id": {json.dumps(incident)}, "uid": {json.dumps(uid)}, "events": [\n{joined(events)}\n]}}' for incident, uid, events in incidents]
    text = f'{{"schema_version": "{SCHEMA_VERSION}", "incidents": [{joined(lines)}]}}\n'
    return _NOT_PLAIN.sub(lambda found: json.dumps(found[0])[1:-1], text).encode("ascii")


def joined(parts: Iterable[str]) -> str:
    """The parts of a list of JSON's, one a line."""
    return ",\n".join(parts)


class Incoming(msgspec.Struct, frozen=True):
    """An incident of a document that was read: its events as values, and as they were written."""

    id: str
    uid: str
    events: tuple[Event, ...]
    raw: tuple[Any, ...]

    def renamed(self, ids: Mapping[str, str]) -> Incoming:
        """With the ids of other incidents as they are called here."""
        raw = tuple(_renamed(item, ids) for item in self.raw)
        return Incoming(self.id, self.uid, tuple(msgspec.convert(item, Event, strict=True) for item in raw), raw)

    def texts(self) -> list[str]:
        """The events as they are kept."""
        return [msgspec.json.encode(item).decode() for item in self.raw]


def mentioned(events: Iterable[Event]) -> set[str]:
    """The ids of other incidents that events name."""
    changes = [event.change for event in events]
    return {change.into for change in changes if isinstance(change, Moved) and change.into} | {
        change.incident for change in changes if isinstance(change, Absorbed)
    }


def read(data: bytes) -> tuple[Incoming, ...]:
    """The incidents of a document, in its order.

    Raises:
        UsageError: it is no such document, of a later version, or contradicts itself.
        StoreError: an event is of a kind that this aftershock does not know.
    """
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UsageError(PLACE, f"it is not JSON ({error})", "Name a file that aftershock incident export wrote") from None
    if not isinstance(document, dict) or not isinstance(document.get("incidents"), list) or not isinstance(document.get("schema_version"), str):
        raise UsageError(PLACE, "it is no export of incidents", "Name a file that aftershock incident export wrote")
    version = document["schema_version"]
    if version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise UsageError(PLACE, f"it is of version {version[:20]!r}; this aftershock reads {SCHEMA_VERSION}", "Upgrade aftershock")
    found = tuple(_incident(item, number) for number, item in enumerate(document["incidents"]))
    for name in ("id", "uid"):
        names = [getattr(incident, name) for incident in found]
        if twice := next((text for text in names if names.count(text) > 1), ""):
            raise UsageError(PLACE, f"{name} {twice} is there twice", "Export them again")
    return found


def validated(incoming: Incoming) -> Record:
    """The record of an incident, each of whose events was possible when it was recorded.

    Raises:
        UsageError: one was not.
    """
    record: Record | None = None
    latest = ""
    for event in incoming.events:
        latest = max(latest, event.at)
        try:
            lifecycle.check_time(incoming.id, "its time", event.at)
            lifecycle.check(record, event.change, now=latest)
            record = step(record, event, incoming.id)
        except UsageError as error:
            raise UsageError(PLACE, f"event {event.number} of {incoming.id} cannot be: {error.problem}", "Export it again") from None
    if record is None:
        raise UsageError(PLACE, f"{incoming.id} has no events", "Export it again")
    return record


def schema() -> str:
    """The JSON Schema of the document, as text."""
    shapes, definitions = msgspec.json.schema_components((Export,), ref_template="#/$defs/{name}")
    document = {"$schema": SCHEMA_ID, "title": "Incidents exported by aftershock", **shapes[0], "$defs": dict(sorted(definitions.items()))}
    return json.dumps(document, indent=2) + "\n"


def _incident(item: Any, number: int) -> Incoming:  # noqa: ANN401  # JSON
    name = item.get("id") if isinstance(item, dict) else None
    if not isinstance(name, str) or not lifecycle.ID.fullmatch(name):
        raise UsageError(PLACE, f"incident {number + 1} of the file has no id", "Export it again")
    uid, raw = item.get("uid"), item.get("events")
    if not isinstance(uid, str) or not isinstance(raw, list):
        raise UsageError(PLACE, f"{name} has no uid or no events", "Export it again")
    events = [_event(value, name, place) for place, value in enumerate(raw, 1)]
    if [event.number for event in events] != list(range(1, len(events) + 1)):
        raise UsageError(PLACE, f"the events of {name} are not numbered from 1 on", "Export it again")
    if not events or not isinstance(events[0].change, Opened) or events[0].change.uid != uid:
        raise UsageError(PLACE, f"{name} is not opened by its first event", "Export it again")
    return Incoming(name, uid, tuple(events), tuple(raw))


def _event(value: object, incident: str, number: int) -> Event:
    try:
        return msgspec.convert(value, Event, strict=True)
    except (msgspec.ValidationError, RecursionError) as error:
        raise codec.refused(error, PLACE, incident, number) from None


def _renamed(item: Any, ids: Mapping[str, str]) -> Any:  # noqa: ANN401  # JSON
    change = item["change"]
    key = {"moved": "into", "absorbed": "incident"}.get(change["kind"], "")
    old = change.get(key)
    return {**item, "change": {**change, key: ids[old]}} if old in ids else item
