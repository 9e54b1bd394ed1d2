"""Records out of a store's rows. What was read once is kept, so that only events that are new are read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.errors import StoreError, UnknownName
from aftershock.garbage import uncollected
from aftershock.incidents import codec, rows
from aftershock.incidents.fold import step
from aftershock.incidents.names import id_of
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from aftershock.incidents.rows import Body, Head
    from aftershock.model.record import Event, Record

_LISTED = 5


class Ledger:
    """The incidents of one store, as far as this process has read them. Every method works inside a transaction that the caller has begun.

    Args:
        place: the store, for errors.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self._known: dict[int, Record] = {}

    def remember(self, records: Mapping[int, Record]) -> None:
        """Keep records whose events are on the disk."""
        self._known.update(records)

    def forget(self) -> None:
        """Read everything anew."""
        self._known.clear()

    def head(self, connection: Connection, number: int, *, lock: bool = False) -> Head:
        """The row of an incident; nobody else may change it until the transaction ends where ``lock``.

        Raises:
            UnknownName: there is none; it says which there are.
        """
        found = rows.head(connection, number, lock=lock)
        if found is None:
            there = [id_of(other) for other in rows.numbers(connection)]
            shown = there[-_LISTED:] if len(there) > _LISTED else there
            more = f"; {len(there) - len(shown):,} earlier ones" if len(there) > len(shown) else ""
            raise UnknownName(
                id_of(number), "there is no such incident", otherwise=f"There {_are(there)} {listing(shown)}{more}" if there else "There is none yet"
            )
        return found

    def record(self, connection: Connection, number: int, *, lock: bool = False) -> Record:
        """The record of an incident as it is now.

        Raises:
            UnknownName: there is none.
            StoreError: its events are damaged, or of a later aftershock.
        """
        head = self.head(connection, number, lock=lock)
        known = self._kept(head)
        bodies = rows.bodies(connection, number, after=known.events if known is not None else 0)
        return self._folded(known, head, bodies)

    def records(self, connection: Connection, *, open_only: bool = False) -> dict[int, Record]:
        """The records of all incidents by number, of those that are not closed, cancelled or merged where ``open_only``.

        Raises:
            StoreError: as record.
        """
        heads = rows.heads(connection, open_only=open_only)
        kept = {head.number: self._kept(head) for head in heads}
        whole = {number for number, known in kept.items() if known is None}
        read: dict[int, list[Body]] = {number: [] for number in whole}
        for body in rows.bodies_of(connection, sorted(whole)):
            read[body.incident].append(body)
        found = {}
        with uncollected():
            for head in heads:
                known = kept[head.number]
                news = read[head.number] if known is None else rows.bodies(connection, head.number, after=known.events) if known.events < head.events else []
                found[head.number] = self._folded(known, head, news)
        return found

    def events(self, connection: Connection, number: int) -> list[tuple[Event, str]]:
        """The events of an incident, each also as it is kept.

        Raises:
            UnknownName: there is none.
            StoreError: as record.
        """
        head = self.head(connection, number)
        bodies = rows.bodies(connection, number)
        self._check_whole(head, len(bodies))
        with uncollected():
            return list(zip(self._decoded(bodies, 0), (body.body for body in bodies), strict=True))

    def _kept(self, head: Head) -> Record | None:
        """What is known of an incident, unless the store was replaced by another, or by an older copy of itself."""
        known = self._known.get(head.number)
        return known if known is not None and known.uid == head.uid and known.events <= head.events else None

    def _folded(self, record: Record | None, head: Head, bodies: Iterable[Body]) -> Record:
        before = record.events if record is not None else 0
        try:
            for event in self._decoded(bodies, before):
                record = step(record, event, id_of(head.number))
        except ValueError:
            record = None
        self._check_whole(head, record.events if record is not None else 0)
        assert record is not None  # noqa: S101  # an incident has at least one event, as was just checked
        return record

    def _decoded(self, bodies: Iterable[Body], before: int) -> Iterable[Event]:
        for place, body in enumerate(bodies, before + 1):
            yield codec.decode(body.body, self.place, id_of(body.incident), place)

    def _check_whole(self, head: Head, events: int) -> None:
        if events < max(head.events, 1):
            problem = f"{id_of(head.number)} is damaged: {events} of its {head.events} events can be read"
            raise StoreError(self.place, problem, "Put back a copy from a backup")


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
