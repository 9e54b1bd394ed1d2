"""The record of an incident: an append-only list of changes, and what they add up to.

Times are ISO 8601 in UTC (``2026-03-01T06:00:00Z``); an empty one is not known. Texts are as people typed them: untrusted.
"""

from __future__ import annotations

import enum
from typing import Literal, TypeAlias, get_args

import msgspec

from aftershock.model.category import Category, Severity
from aftershock.model.incident import Deadline, Report


class Status(enum.Enum):
    """Where an incident stands, in the order of its life; the last two end it early."""

    TRIAGE = "triage"
    INVESTIGATING = "investigating"
    MITIGATED = "mitigated"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"

    @property
    def is_over(self) -> bool:
        """Whether the data is repaired, or there was nothing to repair."""
        return self in {Status.RESOLVED, Status.POSTMORTEM, Status.CLOSED, Status.CANCELLED, Status.MERGED}


ResolutionCode = Literal["fixed", "expected", "false-positive", "no-action"]
DocumentKind = Literal["notification", "update", "resolution", "postmortem", "checklist"]
Audience = Literal["engineers", "owners", "stakeholders"]
Role = Literal["commander", "comms"]
ActionStatus = Literal["open", "done", "dropped"]
FixStatus = Literal["in progress", "applied", "pending verification"]

_TO_THE_MINUTE = len("2026-03-01T06:00")

DOCUMENTS: tuple[DocumentKind, ...] = get_args(DocumentKind)
AUDIENCES: tuple[Audience, ...] = get_args(Audience)


class Reference(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something outside: a ticket, a thread, a dashboard."""

    url: str
    label: str = ""


class ActionItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Follow-up work. ``due`` is a date (``2026-03-01``); ``number`` counts from 1 within the incident."""

    number: int
    item: str
    owner: str = ""
    due: str = ""
    status: ActionStatus = "open"


class Checked(msgspec.Struct, frozen=True, omit_defaults=True):
    """What ``aftershock verify`` said when the incident was resolved.

    ``at`` is when it was asked and ``since`` from when on results counted; ``repaired`` and ``total`` count nodes, ``untested`` those of the repaired
    that have no test. ``left`` names what was not repaired, and ``forced`` is the reason for which a person resolved all the same. ``unjudged`` names
    what no result of dbt's can prove, so that only those who use it can say.
    """

    at: str
    since: str = ""
    repaired: int = 0
    total: int = 0
    untested: int = 0
    left: tuple[str, ...] = ()
    forced: str = ""
    unjudged: tuple[str, ...] = ()

    @property
    def is_green(self) -> bool:
        """Whether it proves that everything is repaired: something was judged, and nothing is left."""
        return bool(self.total) and not self.left


class Delivery(msgspec.Struct, frozen=True, omit_defaults=True):
    """One document on its way to one target.

    ``number`` counts deliveries within the incident; a retry keeps it. ``target`` is the target's name in aftershock.yml and ``recipient`` the person or
    team that the text is for, empty for everybody's. ``error`` is one sentence and holds no credential. ``handle`` is what the service calls the message
    (a Slack channel and timestamp, a PagerDuty dedup key), with which the next one edits it or threads under it. ``key`` is that of what it said: the same
    words to the same reader have the same one.
    """

    number: int
    document: DocumentKind
    target: str
    status: Literal["sent", "failed"]
    at: str
    audience: Audience = "engineers"
    recipient: str = ""
    attempts: int = 1
    error: str = ""
    handle: dict[str, str] = {}
    key: str = ""


class Opened(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="opened"):
    """The incident was declared.

    ``uid`` is its own in every store; ``source`` says what detected it; ``deadlines`` are the first ones; ``rows`` counts the rows of affected tables by
    unique_id, where dbt's files say it. ``seen`` names what the evidence is about (unique_ids), and ``results_at`` is when the newest result of it was written.
    """

    uid: str
    title: str
    category: Category
    detected_at: str
    report: Report | None = None
    nodes: tuple[str, ...] = ()
    source: str = ""
    summary: str = ""
    started_at: str = ""
    evidence: tuple[str, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    rows: dict[str, int] = {}
    seen: tuple[str, ...] = ()
    results_at: str = ""


class Assessed(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="assessed"):
    """It was assessed, or planned, anew: the report replaces the last one. ``why`` says what changed; ``deadlines`` replace those of the same name, ``rows`` the counts.

    ``evidence``, where it is given, replaces what was seen before; ``seen`` and ``results_at`` are those of :class:`Opened`.
    """

    report: Report
    nodes: tuple[str, ...] = ()
    why: str = ""
    deadlines: tuple[Deadline, ...] = ()
    rows: dict[str, int] = {}
    evidence: tuple[str, ...] | None = None
    seen: tuple[str, ...] = ()
    results_at: str = ""


class Edited(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="edited"):
    """Facts that a person gives or corrects; None leaves one as it is.

    ``root_cause`` why it happened, ``fix`` what was done, ``data_is_now`` what can be said of the data, ``lasting`` which data is lost for good or still
    wrong (``none`` where nothing is), ``went_well``, ``to_improve`` and ``lucky`` for the postmortem, ``author`` its author, ``postmortem_at`` when it is held.
    """

    title: str | None = None
    summary: str | None = None
    source: str | None = None
    started_at: str | None = None
    bad_until: str | None = None
    detected_at: str | None = None
    root_cause: str | None = None
    fix: str | None = None
    data_is_now: str | None = None
    lasting: str | None = None
    went_well: tuple[str, ...] | None = None
    to_improve: tuple[str, ...] | None = None
    lucky: tuple[str, ...] | None = None
    author: str | None = None
    postmortem_at: str | None = None
    deadlines: tuple[Deadline, ...] = ()


class Noted(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="noted"):
    """Something that happened, for the timeline; ``happened_at`` where it was not just now, ``url`` where one can look, ``results_at`` where newer results show it."""

    text: str
    happened_at: str = ""
    url: str = ""
    results_at: str = ""


class Moved(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="moved"):
    """The status changed. ``code`` and ``checked`` are of a resolution; ``into`` is the incident into which this one was merged."""

    to: Status
    reason: str = ""
    happened_at: str = ""
    code: ResolutionCode | None = None
    checked: Checked | None = None
    into: str = ""
    deadlines: tuple[Deadline, ...] = ()


class Overridden(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="overridden"):
    """A person set the severity; None gives it back to the policy."""

    level: Severity | None
    reason: str
    deadlines: tuple[Deadline, ...] = ()


class Assigned(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="assigned"):
    """Somebody took a role, or gave it up (empty ``who``)."""

    role: Role
    who: str


class Updated(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="updated"):
    """A status update was written: what it said beyond the record. ``affected`` counts nodes below the failing ones at that time."""

    text: str = ""
    fix_status: FixStatus = "in progress"
    eta: str = ""
    affected: int | None = None


class Announced(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="announced"):
    """A document reached people: posted by a person, or by the delivery of that number. ``deadlines`` are what is due next."""

    document: DocumentKind
    delivery: int = 0
    deadlines: tuple[Deadline, ...] = ()


class Sent(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="sent"):
    """A delivery was tried."""

    delivery: Delivery


class ActionAdded(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="action-added"):
    """Follow-up work was agreed on."""

    item: str
    owner: str = ""
    due: str = ""


class ActionChanged(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="action-changed"):
    """Follow-up work changed; None leaves a part as it is."""

    number: int
    item: str | None = None
    owner: str | None = None
    due: str | None = None
    status: ActionStatus | None = None


class Referenced(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="referenced"):
    """Something outside belongs to it."""

    reference: Reference


class Absorbed(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="absorbed"):
    """Another incident was merged into this one, which has what that one had from then on."""

    incident: str
    title: str = ""
    nodes: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    detected_at: str = ""
    started_at: str = ""
    level: Severity | None = None
    rows: dict[str, int] = {}
    results_at: str = ""


Change: TypeAlias = (
    Opened | Assessed | Edited | Noted | Moved | Overridden | Assigned | Updated | Announced | Sent | ActionAdded | ActionChanged | Referenced | Absorbed
)


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change as it was recorded: ``number`` counts from 1 within the incident, ``at`` is when it was recorded and ``by`` who did."""

    number: int
    at: str
    by: str
    change: Change


class TimelineEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the timeline: when it happened, what, who said so, and where one can look. ``event`` is the number of the event behind it."""

    at: str
    what: str
    by: str
    event: int
    url: str = ""


class Due(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something due; ``met_at`` is when it was done, empty while it is not."""

    what: str
    at: str
    met_at: str = ""

    def is_overdue(self, now: str) -> bool:
        """Whether it should have been done by ``now`` (ISO 8601 in UTC, as all times here) and was not.

        Documents show minutes: what is due at 12:15 is overdue from 12:16 on, whatever the seconds.
        """
        return not self.met_at and now[:_TO_THE_MINUTE] > self.at[:_TO_THE_MINUTE]


class Record(msgspec.Struct, frozen=True):
    """An incident: what all of its changes add up to.

    ``id`` is ``INC-12``; ``level`` is the severity in force, ``computed`` what the policy says (None where nothing was assessed) and ``override`` the reason
    for which a person set another. ``timeline`` is in order of time. ``events`` counts the changes. ``announced_affected`` is how many nodes the last
    message to people named (None before the first), from which it follows whether the impact has changed since. ``rows`` counts the rows of affected tables
    by unique_id, where dbt's files say it. ``reason`` is that of the last :class:`Moved`: why it was resolved without a fix, cancelled, reopened or merged.
    ``reopened_at`` is when it was last taken up again. ``deadlines`` holds one of each name and ``past`` what came before: met, or never met (``met_at``
    empty) where the incident was over first. ``said_affected`` is what the last status update counted. ``seen`` names what the evidence is about
    (unique_ids), and ``results_at`` is when the newest results that show the incident were written, empty where unknown.
    """

    id: str
    uid: str
    title: str
    category: Category
    status: Status
    level: Severity | None
    computed: Severity | None
    override: str
    source: str
    summary: str
    evidence: tuple[str, ...]
    nodes: tuple[str, ...]
    report: Report | None
    started_at: str
    bad_until: str
    detected_at: str
    declared_at: str
    mitigated_at: str
    resolved_at: str
    closed_at: str
    commander: str
    comms: str
    root_cause: str
    fix: str
    fix_status: FixStatus
    eta: str
    update: str
    announced_affected: int | None
    code: ResolutionCode | None
    checked: Checked | None
    data_is_now: str
    lasting: str
    went_well: tuple[str, ...]
    to_improve: tuple[str, ...]
    lucky: tuple[str, ...]
    author: str
    postmortem_at: str
    deadlines: tuple[Due, ...]
    actions: tuple[ActionItem, ...]
    references: tuple[Reference, ...]
    deliveries: tuple[Delivery, ...]
    absorbed: tuple[str, ...]
    merged_into: str
    timeline: tuple[TimelineEntry, ...]
    events: int
    changed_at: str
    rows: dict[str, int] = {}
    reason: str = ""
    reopened_at: str = ""
    past: tuple[Due, ...] = ()
    said_affected: int | None = None
    seen: tuple[str, ...] = ()
    results_at: str = ""

    def overdue(self, now: str) -> tuple[Due, ...]:
        """What should have been done by ``now``, oldest first."""
        return tuple(sorted((due for due in self.deadlines if due.is_overdue(now)), key=lambda due: due.at))
