"""Which deadlines a change opens, which it meets, and which it makes void."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.incidents.clocks import CHECKLIST, NEXT_UPDATE, NOTIFICATION, POSTMORTEM
from aftershock.model.record import Announced, Assessed, Due, Edited, Moved, Opened, Overridden, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.model import Deadline
    from aftershock.model.record import Change

ONCE = frozenset({NOTIFICATION, CHECKLIST})
"""What is done once: correcting its time does not ask for it again."""

MEETS = {
    "notification": (NOTIFICATION,),
    "update": (NOTIFICATION, NEXT_UPDATE),
    "resolution": (NOTIFICATION, NEXT_UPDATE),
    "checklist": (CHECKLIST,),
    "postmortem": (POSTMORTEM,),
}
"""What each document meets once it has reached people; whoever gets an update has been notified."""

AFTER_END = {Status.RESOLVED: frozenset({POSTMORTEM}), Status.POSTMORTEM: frozenset({POSTMORTEM})}
"""What may still be due once an incident is over; nothing where a status is not here."""


class Dues(NamedTuple):
    """Deadlines, one of each name, and those before them."""

    now: tuple[Due, ...] = ()
    past: tuple[Due, ...] = ()

    def met(self, names: Iterable[str], at: str) -> Dues:
        """With these met, where they were not."""
        names = frozenset(names)
        return Dues(tuple(Due(due.what, due.at, at) if due.what in names and not due.met_at else due for due in self.now), self.past)

    def opened(self, deadline: Deadline) -> Dues:
        """With a deadline, in place of the one of its name."""
        old = next((due for due in self.now if due.what == deadline.what), None)
        rest = tuple(due for due in self.now if due is not old)
        if old is None or not old.met_at:
            return Dues((*rest, Due(deadline.what, deadline.at)), self.past)
        if deadline.what in ONCE:
            return Dues((*rest, Due(deadline.what, deadline.at, old.met_at)), self.past)
        return Dues((*rest, Due(deadline.what, deadline.at)), (*self.past, old))

    def ended(self, allowed: frozenset[str]) -> Dues:
        """Without what can no longer be met: it is past, and never was."""
        over = tuple(due for due in self.now if not due.met_at and due.what not in allowed)
        return Dues(tuple(due for due in self.now if due not in over), (*self.past, *over)) if over else self

    def without(self, what: str) -> Dues:
        """Without what is not due any more, met or not; what was met is past."""
        gone = tuple(due for due in self.now if due.what == what)
        return Dues(tuple(due for due in self.now if due not in gone), (*self.past, *(due for due in gone if due.met_at)))


def after(dues: Dues, change: Change, status: Status, at: str) -> Dues:
    """The deadlines after a change.

    Args:
        dues: those before it.
        change: what changed.
        status: where the incident stands after it.
        at: when it was recorded, ISO 8601 in UTC: what it meets is met then.
    """
    if isinstance(change, Announced):
        dues = dues.met(MEETS[change.document], at)
    elif isinstance(change, Moved):
        dues = _moved(dues, change.to, at)
    if isinstance(change, (Opened, Assessed, Edited, Moved, Overridden, Announced)):
        for deadline in change.deadlines:
            dues = dues.opened(deadline)
    dues = dues.ended(AFTER_END.get(status, frozenset())) if status.is_over else dues
    return Dues(tuple(sorted(dues.now, key=lambda due: due.at)), dues.past)


def _moved(dues: Dues, to: Status, at: str) -> Dues:
    if to is Status.RESOLVED:
        return dues.met((NEXT_UPDATE,), at)
    if to is Status.CLOSED:
        return dues.met((POSTMORTEM,), at)
    return dues.without(POSTMORTEM) if not to.is_over else dues
