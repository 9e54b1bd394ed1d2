"""The incidents of one project, as one person handles them at one moment: a method for each verb."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from aftershock import times
from aftershock.errors import UsageError
from aftershock.incidents import clocks
from aftershock.incidents.lifecycle import check_merge
from aftershock.incidents.store import Store, open_store
from aftershock.model import Category, Policy, Report, Severity
from aftershock.model.record import (
    ActionAdded,
    ActionChanged,
    Announced,
    Assessed,
    Assigned,
    Checked,
    Edited,
    Moved,
    Noted,
    Overridden,
    Record,
    Reference,
    Referenced,
    Status,
    Updated,
)
from aftershock.response.again import Taken, absorbed, take
from aftershock.response.opening import opened_unassessed, opened_without_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aftershock.model import Deadline
    from aftershock.model.detection import Detection, Proposal
    from aftershock.model.record import ActionStatus, Change, DocumentKind, FixStatus, Opened, ResolutionCode, Role


def open_desk(url: str = "", *, project: str | Path, policy: Policy | None = None, by: str = "", create: bool = True) -> Desk:
    """The incidents of a project.

    Args:
        url: where they are kept: a file, or a database's URL; ``.aftershock/incidents.db`` beside the project where empty.
        project: the directory of dbt_project.yml.
        policy: what is in force; the defaults where None.
        by: who is at it, for the record.
        create: whether a store that is not there is made.

    Raises:
        AftershockError: there is no store and none is to be made, or it cannot be opened.
    """
    return Desk(open_store(url, project=Path(project), create=create), policy or Policy(), by, times.now())


class Desk(msgspec.Struct, frozen=True):
    """A store of incidents, what is in force, who is at it, and when (UTC). Every method that changes an incident returns its new record.

    Every one raises UsageError where the change contradicts the record (a transition that there is not, times in the wrong order), and what the store
    raises.
    """

    store: Store
    policy: Policy
    by: str
    now: datetime

    @property
    def at(self) -> str:
        """The moment, ISO 8601 in UTC."""
        return times.iso(self.now)

    def moment(self, text: str, place: str, *, future: bool = False) -> str:
        """A time as people type it, as ISO 8601 in UTC; empty stays empty.

        Raises:
            UsageError: it is no time, or means two at the end of summer time.
        """
        return times.iso(times.typed(text, place, now=self.now, zone=self.policy.timezone, future=future)) if text else ""

    def day(self, text: str, place: str) -> str:
        """A day as people type it (``2026-03-01``, ``tomorrow``, ``in 3 days``) as a date in the policy's time zone.

        Raises:
            UsageError: it is no day.
        """
        zone = self.policy.timezone
        return times.typed(text, place, now=self.now, zone=zone, future=True).astimezone(times.zone_of(zone, "timezone")).date().isoformat()

    def append(self, incident: str, *changes: Change) -> Record:
        """Record changes, all or none."""
        return self.store.append(incident, changes, by=self.by, at=self.at)

    def is_late(self, record: Record) -> bool:
        """Whether a deadline has passed, or the day by which an open action item was due."""
        today = self.day("today", "now")
        return bool(record.overdue(self.at)) or any(action.status == "open" and action.due and action.due < today for action in record.actions)

    def needs_somebody(self, record: Record) -> bool:
        """Whether it goes on, or something of it is still to be done."""
        if not record.status.is_over:
            return True
        waits = any(not due.met_at for due in record.deadlines) or any(action.status == "open" for action in record.actions)
        return waits and record.status not in {Status.CANCELLED, Status.MERGED}

    def open(self, opened: Opened) -> Record:
        """Declare an incident."""
        return self.store.create(opened, by=self.by, at=self.at)

    def open_unassessed(self, title: str, category: Category, *, detected_at: str = "", started_at: str = "", source: str = "", summary: str = "") -> Record:  # noqa: PLR0913  # what is known of a symptom
        """Declare an incident of which no node is known yet; ``detected_at`` is now where empty."""
        detected = detected_at or self.at
        return self.open(
            opened_unassessed(title, category, detected_at=detected, clocks=self.policy.clocks, source=source, summary=summary, started_at=started_at)
        )

    def open_once(self, opened: Opened) -> tuple[Record, bool]:
        """Declare an incident unless it is known, as `take` does.

        Returns:
            The record, and whether it is new.
        """
        taken = self.take(opened)
        return taken.record, taken.how == "opened"

    def take(self, opened: Opened) -> Taken:
        """Declare an incident unless one of its category about one of its nodes goes on, or ended with these results; say what became of it."""
        return take(self, opened)

    def take_unassessed(self, proposal: Proposal, detection: Detection, *, detected_at: str = "") -> Taken:
        """As `take`, for what detect proposes without a node that could be assessed; ``detected_at`` is now where empty."""
        return self.take(opened_without_nodes(proposal, detection, clocks=self.policy.clocks, detected_at=detected_at or self.at))

    def assess(self, incident: str, report: Report, why: str = "", *, rows: Mapping[str, int] | None = None) -> Record:
        """Replace the assessment; a severity that rises brings the next update forward."""
        record = self.store.get(incident)
        nodes = tuple(seed.unique_id for seed in report.assessment.radius.seeds)
        level = record.level if record.override else report.assessment.severity.level
        due = clocks.after_override(record, level, self.at, self.policy.clocks)
        return self.append(incident, Assessed(report, nodes, why, due, dict(rows or {})))

    def start(self, incident: str, *, at: str = "") -> Record:
        """Begin to investigate."""
        return self.append(incident, Moved(Status.INVESTIGATING, happened_at=at))

    def mitigate(self, incident: str, *, fix: str = "", root_cause: str = "", at: str = "") -> Record:
        """The cause is corrected: what is repaired from here on counts."""
        return self.append(incident, *_facts(fix=fix, root_cause=root_cause), Moved(Status.MITIGATED, happened_at=at))

    def monitor(self, incident: str, *, at: str = "") -> Record:
        """The repair is made; watch whether it holds."""
        return self.append(incident, Moved(Status.MONITORING, happened_at=at))

    def resolve(  # noqa: PLR0913  # what a resolution says
        self,
        incident: str,
        code: ResolutionCode,
        *,
        checked: Checked | None = None,
        reason: str = "",
        root_cause: str = "",
        fix: str = "",
        data_is_now: str = "",
        lasting: str = "",
        at: str = "",
    ) -> Record:
        """It is over.

        Args:
            incident: which.
            code: fixed, expected, false-positive or no-action.
            checked: what verify said, from :func:`aftershock.checked`; needed for ``fixed``.
            reason: why, for the other codes.
            root_cause: why it happened.
            fix: what was done.
            data_is_now: what can be said of the data.
            lasting: data that is lost for good or still wrong; ``none`` where there is none.
            at: when; now where empty.
        """
        due = clocks.after_resolution(at or self.at, self.policy.clocks, code)
        facts = _facts(root_cause=root_cause, fix=fix, data_is_now=data_is_now, lasting=lasting)
        return self.append(incident, *facts, Moved(Status.RESOLVED, reason, at, code, checked, deadlines=due))

    def reopen(self, incident: str, reason: str) -> Record:
        """It was not over."""
        record = self.store.get(incident)
        return self.append(incident, Moved(Status.INVESTIGATING, reason, deadlines=clocks.after_message(self.at, record.level, self.policy.clocks)))

    def postmortem(  # noqa: PLR0913  # what people say there
        self,
        incident: str,
        *,
        author: str = "",
        went_well: Iterable[str] = (),
        to_improve: Iterable[str] = (),
        lucky: Iterable[str] = (),
        held_at: str = "",
    ) -> Record:
        """Write the postmortem: what is given is added to what was given before; an incident that is closed stays so."""
        record = self.store.get(incident)
        facts = Edited(
            author=author or None,
            postmortem_at=held_at or None,
            went_well=_added(record.went_well, went_well),
            to_improve=_added(record.to_improve, to_improve),
            lucky=_added(record.lucky, lucky),
        )
        moved = (Moved(Status.POSTMORTEM),) if record.status not in {Status.POSTMORTEM, Status.CLOSED} else ()
        changes = (*((facts,) if facts != Edited() else ()), *moved)
        return self.append(incident, *changes) if changes else record

    def schedule(self, incident: str, at: str) -> Record:
        """Say when the postmortem is held."""
        return self.append(incident, Edited(postmortem_at=at))

    def close(self, incident: str, *, reason: str = "") -> Record:
        """Nothing is left to do but its action items."""
        return self.append(incident, Moved(Status.CLOSED, reason))

    def cancel(self, incident: str, reason: str) -> Record:
        """It was no incident."""
        return self.append(incident, Moved(Status.CANCELLED, reason))

    def merge(self, incident: str, into: str, reason: str = "") -> Record:
        """It is part of another one, whose record is returned."""
        record, other = self.store.get(incident), self.store.get(into)
        check_merge(record, other)
        changes: dict[str, tuple[Change, ...]] = {
            record.id: (Moved(Status.MERGED, reason, into=other.id),),
            other.id: (absorbed(record),),
        }
        return self.store.append_many(changes, by=self.by, at=self.at)[other.id]

    def override(self, incident: str, level: Severity | None, reason: str) -> Record:
        """Set the severity, or give it back to the policy."""
        record = self.store.get(incident)
        coming = level or record.computed
        return self.append(incident, Overridden(level, reason, clocks.after_override(record, coming, self.at, self.policy.clocks)))

    def assign(self, incident: str, who: str, role: Role = "commander") -> Record:
        """Give somebody a role, or (empty ``who``) nobody."""
        return self.append(incident, Assigned(role, who))

    def note(self, incident: str, text: str, *, at: str = "", url: str = "") -> Record:
        """Put something into the timeline."""
        return self.append(incident, Noted(text, at, url))

    def refer(self, incident: str, url: str, label: str = "") -> Record:
        """Name something outside that belongs to it."""
        return self.append(incident, Referenced(Reference(url, label)))

    def update(  # noqa: PLR0913  # what an update says
        self, incident: str, text: str = "", *, fix_status: FixStatus | None = None, eta: str = "", root_cause: str = "", fix: str = ""
    ) -> Record:
        """Write a status update."""
        record = self.store.get(incident)
        below = len(record.report.assessment.radius.below) if record.report is not None else None
        return self.append(incident, *_facts(root_cause=root_cause, fix=fix), Updated(text, fix_status or record.fix_status, eta, below))

    def edit(self, incident: str, **facts: str) -> Record:
        """Correct facts: ``title``, ``summary``, ``source``, ``started_at``, ``bad_until``, ``detected_at`` and those of :meth:`resolve`; empty ones are left alone."""
        record, edited = self.store.get(incident), _facts(**facts)
        if not edited:
            return record
        detected_at = edited[0].detected_at
        due = clocks.after_correction(record, detected_at, self.policy.clocks) if detected_at else ()
        return self.append(incident, msgspec.structs.replace(edited[0], deadlines=due))

    def announce(self, incident: str, document: DocumentKind, *, delivery: int = 0) -> Record:
        """People were told: the clock of that document stops, and the next update's starts."""
        record = self.store.get(incident)
        return self.append(incident, Announced(document, delivery, self.due_after(record, document)))

    def due_after(self, record: Record, document: DocumentKind) -> tuple[Deadline, ...]:
        """What is due once a document has reached people: the next update, while there is something to say."""
        goes_on = document in {"notification", "update"} and not record.status.is_over
        return clocks.after_message(self.at, record.level, self.policy.clocks) if goes_on else ()

    def add_action(self, incident: str, item: str, *, owner: str = "", due: str = "") -> Record:
        """Agree on follow-up work; ``due`` is a date (``2026-03-01``)."""
        return self.append(incident, ActionAdded(item, owner, due))

    def change_action(  # noqa: PLR0913  # the parts of an action item
        self, incident: str, number: int, *, item: str = "", owner: str = "", due: str = "", status: ActionStatus | None = None
    ) -> Record:
        """Change follow-up work; empty parts stay as they are."""
        if not (item or owner or due or status):
            raise UsageError("action", "nothing is said to change", "Give a text, an owner, a due date or a status")
        return self.append(incident, ActionChanged(number, item or None, owner or None, due or None, status))


def _facts(**facts: str) -> tuple[Edited, ...]:
    """The facts that are given, as a change; none where none is: an empty text is nothing said, not a fact taken back."""
    given = {name: value for name, value in facts.items() if value}
    return (Edited(**given),) if given else ()  # type: ignore[arg-type]  # all of them are texts


def _added(known: tuple[str, ...], given: Iterable[str]) -> tuple[str, ...] | None:
    """What is known and what is given; None where nothing is."""
    more = tuple(given)
    return (*known, *more) if more else None
