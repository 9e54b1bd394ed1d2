"""The statements of a store. Imports SQLAlchemy: only what opens a store imports this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from aftershock.incidents.schema import COUNTER, EVENTS, INCIDENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Row

AT_ONCE = 500
"""Incidents of one query: databases have a limit on parameters."""

AT_REST = ("closed", "cancelled", "merged")


class Head(NamedTuple):
    """An incident's row: its number, its uid, and how many events it has."""

    number: int
    uid: str
    events: int


class Body(NamedTuple):
    """An event's row."""

    incident: int
    number: int
    body: str


# Statements are made once: making them costs more than running them.
_HEADS = sa.select(INCIDENTS.c.number, INCIDENTS.c.uid, INCIDENTS.c.events).order_by(INCIDENTS.c.number)
_HEAD = _HEADS.where(INCIDENTS.c.number == sa.bindparam("one"))
_HELD = _HEAD.with_for_update()
_OPEN = _HEADS.where(INCIDENTS.c.status.not_in(AT_REST))
_NUMBERS = sa.select(INCIDENTS.c.number).order_by(INCIDENTS.c.number)
_BY_UID = sa.select(INCIDENTS.c.uid, INCIDENTS.c.number).where(INCIDENTS.c.uid.in_(sa.bindparam("uids", expanding=True)))
_BODIES = sa.select(EVENTS.c.incident, EVENTS.c.number, EVENTS.c.body).order_by(EVENTS.c.incident, EVENTS.c.number)
_NEW = _BODIES.where(EVENTS.c.incident == sa.bindparam("one"), EVENTS.c.number > sa.bindparam("after"))
_OF = _BODIES.where(EVENTS.c.incident.in_(sa.bindparam("some", expanding=True)))
_COUNT = COUNTER.update().values(last=COUNTER.c.last + 1)
_LAST = sa.select(COUNTER.c.last)
_TAKE = COUNTER.update().values(last=sa.case((COUNTER.c.last < sa.bindparam("least"), sa.bindparam("least")), else_=COUNTER.c.last))
_MOVE = INCIDENTS.update().where(INCIDENTS.c.number == sa.bindparam("one")).values(events=sa.bindparam("count"), status=sa.bindparam("now"))
_OPENED, _ADDED = INCIDENTS.insert(), EVENTS.insert()


def head(connection: Connection, number: int, *, lock: bool = False) -> Head | None:
    """The row of an incident, held for us until the transaction ends where ``lock``; None where there is none."""
    row = connection.execute(_HELD if lock else _HEAD, {"one": number}).first()
    return _as_head(row) if row is not None else None


def heads(connection: Connection, *, open_only: bool = False) -> list[Head]:
    """The rows of all incidents, by number; of those that are not closed, cancelled or merged where ``open_only``."""
    return [_as_head(row) for row in connection.execute(_OPEN if open_only else _HEADS)]


def numbers(connection: Connection) -> list[int]:
    """The numbers of all incidents."""
    return list(connection.scalars(_NUMBERS))


def by_uid(connection: Connection, uids: Sequence[str]) -> dict[str, int]:
    """The numbers of those of these that are there."""
    found: dict[str, int] = {}
    for start in range(0, len(uids), AT_ONCE):
        found.update((row.uid, row.number) for row in connection.execute(_BY_UID, {"uids": uids[start : start + AT_ONCE]}))
    return found


def bodies(connection: Connection, incident: int, *, after: int = 0) -> list[Body]:
    """The events of an incident after the one of that number."""
    return [_as_body(row) for row in connection.execute(_NEW, {"one": incident, "after": after})]


def bodies_of(connection: Connection, incidents: Sequence[int]) -> Iterator[Body]:
    """All events of these incidents."""
    for start in range(0, len(incidents), AT_ONCE):
        for row in connection.execute(_OF, {"some": incidents[start : start + AT_ONCE]}):
            yield _as_body(row)


def next_number(connection: Connection) -> int:
    """A number that no incident ever had."""
    connection.execute(_COUNT)
    return int(connection.scalars(_LAST).one())


def take_number(connection: Connection, number: int) -> None:
    """Note that a number is taken, so that none up to it is given again; others who want a number wait until the transaction ends."""
    connection.execute(_TAKE, {"least": number})


def insert(connection: Connection, number: int, uid: str) -> None:
    """A row for a new incident."""
    connection.execute(_OPENED, {"number": number, "uid": uid, "events": 0})


def add(connection: Connection, number: int, events: Sequence[tuple[int, str]], status: str) -> None:
    """More events of an incident, and where it stands after them."""
    if not events:
        return
    added = [{"incident": number, "number": place, "body": body} for place, body in events]
    connection.execute(_ADDED, added if len(added) > 1 else added[0])  # many at once are a slower way for one
    connection.execute(_MOVE, {"one": number, "count": events[-1][0], "now": status})


def _as_head(row: Row[Any]) -> Head:
    return Head(row.number, row.uid, row.events)


def _as_body(row: Row[Any]) -> Body:
    return Body(row.incident, row.number, row.body)
