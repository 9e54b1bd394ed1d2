"""Incidents to write documents of: one that goes well, a forced one, a false alert, one of which nothing is known, a large one, and a hostile one."""

# the reports of the room above are imported by path
from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin

import msgspec
from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).parents[1]))

import reports

from aftershock.model import Category, Severity
from aftershock.model.plan import Estimate
from aftershock.model.record import ActionItem, Checked, Delivery, Due, Record, Reference, Status, TimelineEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock.model.record import DocumentKind

STARTED, DETECTED, DECLARED = "2026-11-02T06:00:00Z", "2026-11-02T08:40:00Z", "2026-11-02T08:43:00Z"
NOTIFIED, UPDATED, MITIGATED = "2026-11-02T08:46:00Z", "2026-11-02T09:40:00Z", "2026-11-02T09:55:00Z"
VERIFIED, RESOLVED, HELD = "2026-11-02T10:50:00Z", "2026-11-02T10:55:00Z", "2026-11-03T14:00:00Z"

KINDS: tuple[DocumentKind, ...] = ("notification", "update", "resolution", "postmortem", "checklist")


def blank(**given: Any) -> Record:  # noqa: ANN401  # whatever a record holds
    """A record of which nothing is known but what is given."""
    needed = [field for field in msgspec.structs.fields(Record) if field.required]
    nothing: dict[str, Any] = {field.name: "" if field.type is str else () if get_origin(field.type) is tuple else None for field in needed}
    base = {"id": "INC-12", "uid": "u12", "category": Category.DATA_QUALITY, "status": Status.TRIAGE, "fix_status": "in progress", "events": 1}
    return Record(**{**nothing, **base, **given})


def line(at: str, what: str, event: int, by: str = "ana", url: str = "") -> TimelineEntry:
    return TimelineEntry(at, what, by, event, url)


TIMELINE = (
    line(STARTED, "The problem began", 1),
    line(DETECTED, "Alert fired: dbt build of the nightly job", 1),
    line(DECLARED, "Incident declared as P1", 1),
    line("2026-11-02T08:45:00Z", "Investigation started", 2),
    line(NOTIFIED, "Initial notification posted", 3),
    line("2026-11-02T09:30:00Z", "Root cause identified: the loader took cents for euros", 4, url="https://ci.example.com/runs/7"),
    line(MITIGATED, "Mitigated: the cause is corrected", 6, "bo"),
    line("2026-11-02T10:15:00Z", "Fix applied: loader rolled back, 5 models rebuilt", 7, "bo"),
    line(RESOLVED, "Verification complete, incident resolved", 9),
)
CLOCKS = (
    Due("initial notification", "2026-11-02T08:55:00Z", NOTIFIED),
    Due("impact checklist", "2026-11-02T09:10:00Z", "2026-11-02T09:22:00Z"),
    Due("next update", "2026-11-02T10:40:00Z"),
)


def opened() -> Record:
    """Two minutes after the first notification was due to be written."""
    report = reports.realistic()
    plan = replace(report.recovery, estimate=Estimate(240, 720, ("By earlier runs of the same models.",)))
    return blank(
        title="Data Quality: stg_orders",
        status=Status.INVESTIGATING,
        level=Severity.P1,
        computed=Severity.P1,
        source="dbt build of the nightly job",
        evidence=("stg_orders: accepted_values_stg_orders_status failed with 1,204 rows",),
        nodes=(reports.STG,),
        report=replace(report, recovery=plan),
        started_at=STARTED,
        detected_at=DETECTED,
        declared_at=DECLARED,
        commander="ana",
        deadlines=(CLOCKS[0], CLOCKS[1], Due("next update", "2026-11-02T09:40:00Z")),
        timeline=TIMELINE[:4],
        rows={reports.STG: 48_112, reports.FCT: 1_204_881},
    )


def updated() -> Record:
    """One status update later: the cause is known and corrected."""
    return replace(
        opened(),
        status=Status.MITIGATED,
        mitigated_at=MITIGATED,
        root_cause="The loader of raw.orders took cents for euros after its upgrade to 4.2.",
        fix="The loader is rolled back to 4.1.",
        fix_status="applied",
        update="The loader is rolled back; rebuilding begins now.",
        announced_affected=8,
        deadlines=CLOCKS,
        timeline=TIMELINE[:7],
        comms="bo",
    )


def resolved() -> Record:
    """It ended as it should."""
    return replace(
        updated(),
        status=Status.RESOLVED,
        resolved_at=RESOLVED,
        bad_until="2026-11-02T10:31:00Z",
        code="fixed",
        checked=Checked(VERIFIED, MITIGATED, 7, 7, 2),
        lasting="none",
        fix="Loader rolled back to 4.1; 5 models rebuilt from 2026-11-02 on.",
        deadlines=(CLOCKS[0], CLOCKS[1], Due("postmortem", "2026-11-04T10:55:00Z")),
        past=(Due("next update", "2026-11-02T09:40:00Z", UPDATED),),
        postmortem_at=HELD,
        timeline=TIMELINE,
        went_well=("The alert named the right model.",),
        to_improve=("The loader has no test on amounts.",),
        lucky=("The finance export runs on Tuesdays only.",),
        author="ana",
        actions=(
            ActionItem(1, "Add a range test on raw.orders.amount", "@bo", "2026-11-10"),
            ActionItem(2, "Pin the loader's version", "", "", "done"),
        ),
        references=(Reference("https://tickets.example.com/OPS-7", "OPS-7"), Reference("notes in the wiki")),
        absorbed=("INC-11",),
        deliveries=(Delivery(1, "notification", "data-incidents", "sent", NOTIFIED),),
    )


def forced() -> Record:
    """A person resolved it although not everything is proved."""
    checked = Checked(
        VERIFIED, MITIGATED, 5, 7, 1, ("fct_orders_daily", "orders_snapshot"), "the quarter closes today and finance has compared the totals by hand"
    )
    return replace(
        resolved(),
        checked=checked,
        lasting="",
        level=Severity.P0,
        override="the board report is out",
        bad_until="",
        postmortem_at="",
        went_well=(),
        to_improve=(),
        lucky=(),
        actions=(),
        author="",
        absorbed=(),
        references=(),
    )


def false_positive() -> Record:
    """The alert was false."""
    return replace(
        opened(),
        status=Status.CLOSED,
        resolved_at=RESOLVED,
        code="false-positive",
        reason="the accepted values were extended on purpose last week",
        started_at="",
        deadlines=CLOCKS[:2],
        timeline=(*TIMELINE[1:5], line(RESOLVED, "Resolved: a false alarm: the accepted values were extended on purpose last week", 5)),
    )


def nothing() -> Record:
    """Somebody declared an incident and nothing more."""
    return blank(title="Something is off with revenue", detected_at=DETECTED, declared_at=DECLARED)


def large() -> Record:
    """500 affected nodes, 400 lines of timeline."""
    report = reports.large()
    many = tuple(line(f"2026-11-{2 + at // 200:02}T{at % 24:02}:{at % 60:02}:00Z", f"Note {at}: " + "words " * 40, at + 10) for at in range(400))
    return replace(
        updated(),
        category=report.assessment.radius.category,
        report=report,
        nodes=tuple(seed.unique_id for seed in report.assessment.radius.seeds),
        timeline=tuple(sorted(many, key=lambda entry: entry.at)),
        actions=tuple(ActionItem(at, f"Item {at} " + "and more " * 20, f"@team{at}", "2026-12-01") for at in range(1, 41)),
        title="Rows are doubled everywhere " + "and again " * 1000,
    )


def stage(of: Callable[[], Record], kind: DocumentKind) -> tuple[Record, str]:
    """An incident as it stands when a document is written, and when that is."""
    record = of()
    if of in {nothing, large}:
        return record, NOTIFIED
    if kind in {"notification", "checklist"}:
        return (
            (opened(), "2026-11-02T08:45:00Z") if of is not false_positive else (replace(opened(), status=Status.TRIAGE, started_at="", commander=""), NOTIFIED)
        )
    if kind == "update" and of is not false_positive:
        return updated(), "2026-11-02T10:10:00Z"
    return record, "2026-11-02T11:00:00Z"


STORIES: dict[str, Callable[[], Record]] = {
    "quality": resolved,
    "forced": forced,
    "false-positive": false_positive,
    "nothing": nothing,
    "large": large,
}


def hostile(say: Callable[[], str]) -> Record:
    """A resolved incident in which every text is what ``say`` returns."""
    report = reports.hostile(say)
    return replace(
        resolved(),
        title=say(),
        report=report,
        nodes=(say(), say()),
        source=say(),
        summary=say(),
        evidence=(say(), say()),
        override=say(),
        commander=say(),
        comms=say(),
        root_cause=say(),
        fix=say(),
        eta=say(),
        update=say(),
        checked=Checked(VERIFIED, MITIGATED, 1, 3, 1, (say(), say()), say()),
        data_is_now=say(),
        lasting=say(),
        went_well=(say(), say()),
        to_improve=(say(), say()),
        lucky=(say(), say()),
        author=say(),
        actions=(ActionItem(1, say(), say(), say()), ActionItem(2, say(), say(), say(), "done")),
        references=(Reference(say(), say()), Reference(f"https://a.example/{say()}", say())),
        absorbed=(say(),),
        reason=say(),
        timeline=tuple(line(at, say(), number, say(), say()) for number, at in enumerate((STARTED, DETECTED, RESOLVED), 1)),
        deliveries=(Delivery(1, "notification", say(), "failed", NOTIFIED, recipient=say(), error=say()),),
    )


def hostile_open(say: Callable[[], str]) -> Record:
    """The same while it is open."""
    return replace(hostile(say), status=Status.INVESTIGATING, resolved_at="", code=None, checked=None, deadlines=CLOCKS)
