"""Where incidents are kept: appended to by many at once, read as records."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import msgspec

from aftershock.errors import Conflict, UsageError
from aftershock.incidents import codec, exchange, lifecycle
from aftershock.incidents.fold import step
from aftershock.incidents.names import id_of, number_of
from aftershock.incidents.places import place_of
from aftershock.model.record import Absorbed, Event, Moved, Opened, Status
from aftershock.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from aftershock.incidents.database import Database
    from aftershock.incidents.exchange import Imported
    from aftershock.incidents.ledger import Ledger
    from aftershock.model.record import Change, Record


def open_store(url: str = "", *, project: Path, create: bool = True) -> Store:
    """A store of incidents, of the newest schema: an older one is brought there, what is in it stays.

    Args:
        url: a file, ``sqlite:///FILE``, or ``postgresql://USER@HOST/DATABASE`` for a team; ``.aftershock/incidents.db`` in the project where empty.
            SQLite's write-ahead log needs a local disk: for a network share use PostgreSQL.
        project: the directory of the project.
        create: whether a store that is not there is made.

    Raises:
        NothingThere: there is none, and none is to be made.
        StoreError: it cannot be opened, is damaged, of something else, or of a later aftershock; it is left as it is.
        UsageError: ``url`` names no such place.
    """
    place = place_of(url, project)
    from aftershock.incidents.database import open_database
    from aftershock.incidents.ledger import Ledger

    return Store(open_database(place, create=create), Ledger(place.label))


class Store:
    """Incidents, each an append-only list of events. What a method has recorded when it returns survives a crash; what raises has recorded nothing.

    Incidents are named as people type them (``INC-12``, ``inc-12``, ``12``). Times are ISO 8601 in UTC. It is not to be carried over a fork.

    Args:
        database: where they are.
        ledger: what was read of them.
    """

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    @property
    def place(self) -> str:
        """Where it is, without user and password."""
        return self._database.place.label

    def create(self, change: Opened, *, by: str, at: str) -> Record:
        """Open an incident. Its number is one that none ever had.

        Args:
            change: what is known; without a uid it gets one.
            by: who opens it.
            at: the moment.

        Raises:
            UsageError: it cannot be opened so.
            StoreError: it could not be recorded.
        """
        from aftershock.incidents import rows

        change = msgspec.structs.replace(change, uid=change.uid or uuid.uuid4().hex)
        lifecycle.check(None, change, now=at)
        event = Event(1, at, by, change)
        body = codec.encode(event, "incident")
        with self._database.writing() as connection:
            number = rows.next_number(connection)
            if rows.by_uid(connection, [change.uid]):
                raise UsageError("incident", f"there is one with the uid {change.uid} already", "Give each a uid of its own")
            rows.insert(connection, number, change.uid)
            record = step(None, event, id_of(number))
            rows.add(connection, number, [(1, body)], record.status.value)
        self._ledger.remember({number: record})
        return record

    def append(self, incident: str, changes: Sequence[Change], *, by: str, at: str, expected: int | None = None) -> Record:
        """Record changes of an incident, all or none.

        Args:
            incident: which.
            changes: what changes, in order; each must be possible after those before it.
            by: who says so.
            at: the moment.
            expected: how many events whoever changes it has seen: where there are others by now, nothing is recorded. None where that does not matter.

        Raises:
            UnknownName: there is no such incident.
            UsageError: a change is not possible.
            Conflict: there are other events than expected.
            StoreError: they could not be recorded.
        """
        number = number_of(incident)
        return self._append({number: changes}, by, at, expected)[number]

    def append_many(self, changes: Mapping[str, Sequence[Change]], *, by: str, at: str) -> dict[str, Record]:
        """Record changes of several incidents, all or none. A merge is two: the one is moved (merged, into the other), the other absorbs it.

        Args:
            changes: what changes, for each incident.
            by: who says so.
            at: the moment.

        Returns:
            The new records by id.

        Raises:
            UnknownName: as append.
            UsageError: as append; or a merge is only half there.
            StoreError: as append.
        """
        by_number: dict[int, list[Change]] = {}
        for incident, parts in changes.items():
            by_number.setdefault(number_of(incident), []).extend(parts)
        return {record.id: record for record in self._append(by_number, by, at, None).values()}

    def get(self, incident: str) -> Record:
        """The record of an incident.

        Raises:
            UnknownName: there is no such incident.
            StoreError: it cannot be read.
        """
        number = number_of(incident)
        with self._database.reading() as connection:
            record = self._ledger.record(connection, number)
        self._ledger.remember({number: record})
        return record

    def events(self, incident: str) -> tuple[Event, ...]:
        """The events of an incident.

        Raises:
            UnknownName: as get.
            StoreError: as get.
        """
        number = number_of(incident)
        with self._database.reading() as connection:
            return tuple(event for event, _ in self._ledger.events(connection, number))

    def all(self, *, open_only: bool = False) -> tuple[Record, ...]:
        """The records of all incidents, by number.

        Args:
            open_only: only of those that are not closed, cancelled or merged.

        Raises:
            StoreError: they cannot be read.
        """
        with self._database.reading() as connection:
            records = self._ledger.records(connection, open_only=open_only)
        self._ledger.remember(records)
        return tuple(records.values())

    def export(self, incidents: Sequence[str] = ()) -> bytes:
        """Incidents with all of their events, as JSON; with those that they were merged into, or that were merged into them.

        Args:
            incidents: which; all of them where empty.

        Raises:
            UnknownName: as get.
            StoreError: as get.
        """
        from aftershock.incidents import rows, transfer

        numbers = [number_of(incident) for incident in incidents]
        with self._database.reading() as connection:
            return transfer.exported(connection, self._ledger, numbers if incidents else rows.numbers(connection))

    def load(self, data: bytes) -> tuple[Imported, ...]:
        """Take over what `export` wrote, all or nothing.

        One that is not here gets its own id where that is free, else the next. One that is here gets the events that it lacks.

        Args:
            data: the document.

        Returns:
            What became of each incident, in the order of the document.

        Raises:
            UsageError: it is no such document, an event in it is not possible, or an incident went on differently here and there.
            StoreError: an event is of a kind that this aftershock does not know; or it could not be recorded.
        """
        from aftershock.incidents import transfer

        incoming = exchange.read(data)
        with self._database.writing() as connection:
            done = transfer.take_over(connection, self._ledger, incoming)
        return tuple(done)

    def close(self) -> None:
        """Let go of the file or of the connections."""
        self._database.close()

    def __enter__(self) -> Store:  # noqa: PYI034  # Self is of Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.place!r})"

    def _append(self, changes: Mapping[int, Sequence[Change]], by: str, at: str, expected: int | None) -> dict[int, Record]:
        from aftershock.incidents import rows

        changes = {number: [_named(change) for change in parts] for number, parts in changes.items()}
        _check_pairs(changes)
        with self._database.writing() as connection:
            records = {number: self._ledger.record(connection, number, lock=True) for number in sorted(changes)}
            for record in records.values():
                _check_seen(record, expected)
            for number, parts in changes.items():
                bodies = []
                for change in parts:
                    event = self._next(records, number, change, by, at)
                    records[number] = step(records[number], event)
                    bodies.append((event.number, codec.encode(event, records[number].id)))
                rows.add(connection, number, bodies, records[number].status.value)
        self._ledger.remember(records)
        return records

    @staticmethod
    def _next(records: Mapping[int, Record], number: int, change: Change, by: str, at: str) -> Event:
        """The event of a change, which is possible."""
        record = records[number]
        lifecycle.check(record, change, now=at)
        if isinstance(change, Moved) and change.to is Status.MERGED:
            lifecycle.check_merge(record, records[number_of(change.into)])
        return Event(record.events + 1, at, by, change)


def _named(change: Change) -> Change:
    """A change with the id of another incident as all ids are written."""
    if isinstance(change, Moved) and change.into:
        return msgspec.structs.replace(change, into=id_of(number_of(change.into)))
    if isinstance(change, Absorbed):
        return msgspec.structs.replace(change, incident=id_of(number_of(change.incident)))
    return change


def _check_pairs(changes: Mapping[int, Sequence[Change]]) -> None:
    """Raise UsageError for a merge of which only one incident's half is there."""
    merged = {(id_of(number), change.into) for number, parts in changes.items() for change in parts if isinstance(change, Moved) and change.to is Status.MERGED}
    absorbed = {(change.incident, id_of(number)) for number, parts in changes.items() for change in parts if isinstance(change, Absorbed)}
    for one, other in merged ^ absorbed:
        raise UsageError(one, f"it cannot be merged into {other or 'nothing'} without a change of both", "Record both changes at once")


def _check_seen(record: Record, expected: int | None) -> None:
    if expected is not None and record.events != expected:
        since = f"{counted(record.events - expected, 'change')} since" if record.events > expected else f"it has {counted(record.events, 'event')}"
        raise Conflict(record.id, f"somebody else changed it meanwhile: {since}", f"Look at it (aftershock incident show {record.id}), then try again")
