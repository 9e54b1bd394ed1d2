"""Taking over incidents from another store, inside one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.errors import UsageError
from aftershock.incidents import exchange, rows
from aftershock.incidents.exchange import PLACE, Imported
from aftershock.incidents.names import id_of, number_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from aftershock.incidents.exchange import Incoming
    from aftershock.incidents.ledger import Ledger


def exported(connection: Connection, ledger: Ledger, numbers: Sequence[int]) -> bytes:
    """Incidents as a document, with those that their events name, and those that theirs name.

    Raises:
        UnknownName: there is no such incident.
        StoreError: one cannot be read.
    """
    found: dict[int, tuple[str, str, list[str]]] = {}
    wanted = set(numbers)
    while wanted:
        number = wanted.pop()
        events = ledger.events(connection, number)
        uid = ledger.head(connection, number).uid
        found[number] = (id_of(number), uid, [text for _, text in events])
        wanted |= {number_of(name) for name in exchange.mentioned(event for event, _ in events)} - found.keys()
    return exchange.written(found[number] for number in sorted(found))


def take_over(connection: Connection, ledger: Ledger, incoming: Sequence[Incoming]) -> list[Imported]:
    """Record what is new of a document; everything is checked before anything is written.

    Raises:
        UsageError: an event is not possible, or an incident went on differently here and there.
        StoreError: what is here cannot be read.
    """
    rows.take_number(connection, 0)
    here = rows.by_uid(connection, [incident.uid for incident in incoming])
    given = _numbers(connection, incoming, here)
    ids = {incident.id: id_of(given[incident.uid]) for incident in incoming}
    plan = []
    for incident in incoming:
        renamed = _renamed(incident, ids)
        record = exchange.validated(renamed)
        known = _known(connection, ledger, renamed, here.get(incident.uid))
        plan.append((renamed, record, known))
    return [_write(connection, renamed, given[renamed.uid], known, record.status.value) for renamed, record, known in plan]


def _numbers(connection: Connection, incoming: Iterable[Incoming], here: dict[str, int]) -> dict[str, int]:
    """The number that each incident has here, by uid: its own where that is free, else one that none ever had."""
    taken = set(rows.numbers(connection)) | set(here.values())
    given = dict(here)
    later = []
    for incident in incoming:
        number = number_of(incident.id)
        if incident.uid in here:
            continue
        if number in taken:
            later.append(incident.uid)
            continue
        given[incident.uid] = number
        taken.add(number)
        rows.take_number(connection, number)
    return {**given, **{uid: rows.next_number(connection) for uid in later}}


def _renamed(incident: Incoming, ids: dict[str, str]) -> Incoming:
    lost = sorted(exchange.mentioned(incident.events) - ids.keys())
    if lost:
        raise UsageError(PLACE, f"{incident.id} names {lost[0]}, which is not in the file", "Export both of them together")
    return incident.renamed(ids)


def _known(connection: Connection, ledger: Ledger, incident: Incoming, number: int | None) -> int:
    """How many of the events are here already.

    Raises:
        UsageError: those here are others.
    """
    if number is None:
        return 0
    present = [event for event, _ in ledger.events(connection, number)]
    for one, other in zip(present, incident.events, strict=False):
        if one != other:
            problem = f"{incident.id} of the file is {id_of(number)} here, and went on differently from event {one.number} on"
            raise UsageError(PLACE, problem, "Keep one of them; what the other one says can be added as notes")
    return min(len(present), len(incident.events))


def _write(connection: Connection, incident: Incoming, number: int, known: int, status: str) -> Imported:
    if not known:
        rows.insert(connection, number, incident.uid)
    texts = list(enumerate(incident.texts(), 1))[known:]
    rows.add(connection, number, texts, status)
    return Imported(id_of(number), incident.id, incident.uid, len(texts), is_new=not known)
