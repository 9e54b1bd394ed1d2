"""The shape of a record as JSON: its keys in the order in which they are printed; their JSON Schema is published.

``schema_version`` is MAJOR.MINOR: keys are added within a major version, never renamed or removed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model import Category, Severity
from aftershock.model.record import ActionStatus, Audience, DocumentKind, FixStatus, ResolutionCode, Status
from aftershock.render.document import AssessmentDocument, ErrorDocument, published
from aftershock.render.plan.document import PlanDocument

RECORD_VERSION: Literal["1.0"] = "1.0"


class RecordedSeverity(msgspec.Struct, frozen=True):
    """`level` is in force and `computed` what the policy says, both null where nothing was assessed; `override` is why a person set another."""

    level: Severity | None
    computed: Severity | None
    override: str


class NamedNode(msgspec.Struct, frozen=True):
    """A failing node: dbt's unique_id, and the name that people use."""

    unique_id: str
    name: str


class RecordedTimes(msgspec.Struct, frozen=True):
    """When: ISO 8601 in UTC, empty where unknown or not yet. `bad_until` is when data was right again, `results_at` when the newest results that show it were written."""

    started_at: str
    detected_at: str
    declared_at: str
    mitigated_at: str
    resolved_at: str
    closed_at: str
    reopened_at: str
    bad_until: str
    changed_at: str
    results_at: str


class People(msgspec.Struct, frozen=True):
    """Who leads the response, who speaks for it, who writes the postmortem; empty where nobody is named."""

    commander: str
    comms: str
    author: str


class Counted(msgspec.Struct, frozen=True):
    """How much is affected by the assessment in force; null where nothing was assessed. `announced` is how many nodes downstream people were last told of."""

    downstream: int | None
    tables: int | None
    exposures: int | None
    announced: int | None


class VerifiedBy(msgspec.Struct, frozen=True):
    """What `aftershock verify` said at the resolution: `left` was not proved repaired, `forced` is why a person resolved it all the same."""

    at: str
    since: str
    repaired: int
    total: int
    untested: int
    left: tuple[str, ...]
    forced: str


class Outcome(msgspec.Struct, frozen=True):
    """How it ended: `code` is null while it has not; `lasting` says which data is lost or still wrong; `verified` is null where nothing was verified."""

    code: ResolutionCode | None
    reason: str
    data_is_now: str
    lasting: str
    verified: VerifiedBy | None


class Lessons(msgspec.Struct, frozen=True):
    """What people said for the postmortem; `at` is when it is held."""

    at: str
    went_well: tuple[str, ...]
    to_improve: tuple[str, ...]
    lucky: tuple[str, ...]


class RecordedDue(msgspec.Struct, frozen=True):
    """Something due `at` a time; `met_at` is when it was done, empty while it is not, or where it never was."""

    what: str
    at: str
    met_at: str
    overdue: bool


class RecordedAction(msgspec.Struct, frozen=True):
    """Follow-up work; `due` is a date or empty."""

    number: int
    item: str
    owner: str
    due: str
    status: ActionStatus


class Pointer(msgspec.Struct, frozen=True):
    """Something outside that belongs to it; `url` is as a person gave it, so check it before use."""

    url: str
    label: str


class RecordedDelivery(msgspec.Struct, frozen=True):
    """One document on its way to one target; `handle` is what the service calls the message."""

    number: int
    document: DocumentKind
    target: str
    status: Literal["sent", "failed"]
    at: str
    audience: Audience
    recipient: str
    attempts: int
    error: str
    handle: dict[str, str]


class Happened(msgspec.Struct, frozen=True):
    """A line of the timeline; `event` is the number of the event behind it."""

    at: str
    what: str
    by: str
    event: int
    url: str


class RecordDocument(msgspec.Struct, frozen=True):
    """An incident's record by aftershock: everything that is known of it. Texts are as people typed them.

    `past` are deadlines of former times; `rows` counts rows by unique_id; `next` are the verbs of `aftershock incident` that are possible; `assessment` and
    `plan` are what `aftershock assess` and `aftershock plan` print, null where nothing was assessed.
    """

    schema_version: Literal["1.0"]
    id: str
    uid: str
    title: str
    category: Category
    status: Status
    severity: RecordedSeverity
    source: str
    summary: str
    evidence: tuple[str, ...]
    nodes: tuple[NamedNode, ...]
    times: RecordedTimes
    people: People
    impact: Counted
    root_cause: str
    fix: str
    fix_status: FixStatus
    eta: str
    update: str
    outcome: Outcome
    lessons: Lessons
    deadlines: tuple[RecordedDue, ...]
    past: tuple[RecordedDue, ...]
    actions: tuple[RecordedAction, ...]
    references: tuple[Pointer, ...]
    deliveries: tuple[RecordedDelivery, ...]
    absorbed: tuple[str, ...]
    merged_into: str
    timeline: tuple[Happened, ...]
    rows: dict[str, int]
    events: int
    next: tuple[str, ...]
    assessment: AssessmentDocument | None
    plan: PlanDocument | None


class ListedIncident(msgspec.Struct, frozen=True):
    """An incident in a list: `due` is what is overdue longest, else what is due next, null where nothing is."""

    id: str
    uid: str
    title: str
    category: Category
    status: Status
    severity: Severity | None
    commander: str
    detected_at: str
    changed_at: str
    open_actions: int
    overdue: tuple[RecordedDue, ...]
    due: RecordedDue | None


class RecordsDocument(msgspec.Struct, frozen=True):
    """A list of incidents."""

    schema_version: Literal["1.0"]
    incidents: tuple[ListedIncident, ...]


def schema() -> str:
    """The JSON Schema (draft 2020-12) of `RecordDocument`, `RecordsDocument` and `ErrorDocument`, as it is published in the documentation."""
    return published(f"aftershock incident {RECORD_VERSION}", RecordDocument, RecordsDocument, ErrorDocument)
