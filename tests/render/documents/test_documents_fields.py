"""Every heading and field of the documents, in its order, filled from the record or named as unknown with who can know it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import document_records as records
import pytest
import reports
from document_records import replace

from aftershock.errors import UsageError
from aftershock.model import Category, Consumer, Effect, HiddenConsumer, Owner, Severity
from aftershock.model.plan import Estimate
from aftershock.model.record import Checked, Delivery, Due, Status
from aftershock.render.documents import FORMS, course, document, messages, sendings

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock.model import Report
    from aftershock.model.record import DocumentKind, Record

NOW = "2026-11-02T11:00:00Z"

FIELDS: dict[DocumentKind, list[str]] = {
    "notification": ["Summary", "Detected at", "Affected systems", "Status", "Owner", "Next update"],
    "update": ["Root cause", "Fix status", "ETA to resolution", "Impact"],
    "resolution": ["Summary", "Root cause", "Fix applied", "Verified at", "Data is now", "Data lost or still wrong", "Postmortem scheduled"],
    "postmortem": ["Date", "Duration", "Severity", "Author"],
    "checklist": [
        "Affected tables", "Affected dashboards", "Affected stakeholders", "Financial impact", "Regulatory impact", "Customer-facing", "Blast radius",
        "Recovery estimate",
    ],
}  # fmt: skip
TITLES = {
    "notification": "DATA INCIDENT -- P1",
    "update": "UPDATE -- P1 Data Incident",
    "resolution": "RESOLVED -- Data Incident",
    "postmortem": "Data Incident Postmortem",
    "checklist": "Impact Assessment",
}
SECTIONS = ["Summary", "Timeline", "Root Cause", "Impact", "What Went Well", "What Could Be Improved", "Where We Got Lucky", "Action Items", "References"]
IMPACT = ["Data affected", "Duration of bad data", "Downstream impact", "Data lost or still wrong"]


class Words(HTMLParser):
    """The text of a page, a line for each cell, heading and item."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  # the parser's signature
        if tag in {"h1", "h2", "td", "th", "li", "p"}:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        self.lines[-1] += data.replace("\n", " ")


def flat(record: Record, kind: DocumentKind, form: str) -> str:
    """The words of a document in the order in which they are read."""
    shown = document(record, kind, form, now=NOW)
    if form == "html":
        words = Words()
        words.feed(shown)
        return "\n".join(line.strip() for line in words.lines)
    if form == "blocks":
        parts = [part["text"] for block in json.loads(shown) for part in ([block["text"]] if "text" in block else block.get("fields", block.get("elements")))]
        return "\n".join(parts)
    return shown


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", records.KINDS)
@pytest.mark.parametrize("story", [name for name in records.STORIES if name != "large"])
def test_headings_and_fields_are_all_there_in_their_order(story: str, kind: DocumentKind, form: str) -> None:
    record, _ = records.stage(records.STORIES[story], kind)
    shown = flat(record, kind, form)
    wanted = list(FIELDS[kind])
    if kind == "postmortem":
        wanted += [section for section in SECTIONS if section != "References" or record.references]
        at = wanted.index("Impact") + 1
        wanted[at:at] = IMPACT
    place = 0
    for label in wanted:
        found = re.search(rf"{re.escape(label)}[*:\n]|^#* ?{re.escape(label)}$", shown[place:], re.MULTILINE | re.IGNORECASE)
        assert found, f"{label} is missing after {shown[max(0, place - 60) : place]!r}"
        place += found.end()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", records.KINDS)
def test_the_title_is_the_one_of_the_template(kind: DocumentKind, form: str) -> None:
    assert TITLES[kind] in flat(records.resolved(), kind, form)


def field(record: Record, kind: DocumentKind, label: str, now: str = NOW, zone: str = "UTC") -> str:
    """What the Markdown document says for a label."""
    shown = document(record, kind, now=now, zone=zone)
    found = re.search(rf"\*\*{re.escape(label)}:\*\* (.*)", shown)
    assert found, shown
    return found[1].strip()


def section(record: Record, heading: str, now: str = NOW) -> str:
    shown = document(record, "postmortem", now=now)
    return shown.partition(f"\n## {heading}\n")[2].partition("\n## ")[0].strip()


def assessed(record: Record, change: Callable[[Report], Report]) -> Record:
    assert record.report is not None
    return replace(record, report=change(record.report))


CATEGORIES = {
    Category.DATA_QUALITY: ("`stg_orders` holds incorrect values:", "`stg_orders` held incorrect values:"),
    Category.PIPELINE_FAILURE: ("`stg_orders` failed to build:", "`stg_orders` failed to build:"),
    Category.SCHEMA_BREAK: ("A change of columns broke `stg_orders`:", "A change of columns broke `stg_orders`:"),
    Category.STALE_DATA: ("`stg_orders` was not refreshed on schedule:", "`stg_orders` was not refreshed on schedule:"),
    Category.DATA_LOSS: ("Rows are missing from `stg_orders`:", "Rows were missing from `stg_orders`:"),
    Category.DUPLICATE_LOAD: ("`stg_orders` holds rows that were loaded more than once:", "`stg_orders` held rows that were loaded more than once:"),
}


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_summary_is_one_sentence_in_the_words_of_the_category(category: Category) -> None:
    now, then = CATEGORIES[category]
    assert field(replace(records.opened(), category=category), "notification", "Summary").startswith(now)
    assert field(replace(records.resolved(), category=category), "resolution", "Summary").startswith(then)
    assert field(replace(records.opened(), summary="Numbers\n are off."), "notification", "Summary") == "Numbers are off."


def test_a_loss_that_is_only_inferred_is_said_so() -> None:
    record = assessed(
        replace(records.opened(), category=Category.DATA_LOSS), lambda report: replace(report, assessment=replace(report.assessment, confirmed=False))
    )
    assert field(record, "notification", "Summary").startswith("Rows may be missing from `stg_orders`: ")


def test_stale_data_is_called_old_and_not_wrong() -> None:
    shown = document(replace(records.opened(), category=Category.STALE_DATA), "notification", now=NOW)
    assert "The data is old as of 2026-11-02 06:00 UTC, not wrong. Please hold off on whatever needs newer data from" in shown
    unknown = assessed(
        replace(records.opened(), category=Category.STALE_DATA, started_at=""),
        lambda report: replace(report, assessment=replace(report.assessment, window=type(report.assessment.window)())),
    )
    assert "The data is old, not wrong; since when is not known." in document(unknown, "notification", now=NOW)


def test_failed_builds_below_which_everything_is_only_old_are_called_so_too() -> None:
    def stale(report: Report) -> Report:
        affected = tuple(replace(item, effects=(Effect.STALE,)) for item in report.assessment.radius.affected)
        boards = tuple(replace(item, effects=(Effect.STALE,)) for item in report.assessment.dashboards)
        return replace(report, assessment=replace(report.assessment, dashboards=boards, radius=replace(report.assessment.radius, affected=affected)))

    assert "not wrong" in document(assessed(replace(records.opened(), category=Category.PIPELINE_FAILURE), stale), "notification", now=NOW)


def test_the_next_update_is_a_time_and_in_an_update_also_a_span() -> None:
    assert field(records.opened(), "notification", "Next update", "2026-11-02T08:46:00Z") == "2026-11-02 09:40 UTC"
    assert field(records.opened(), "notification", "Next update", "2026-11-02T08:46:00Z", "Europe/Berlin") == "2026-11-02 10:40 CET (09:40Z)"
    assert "\nNext update in 30 min (2026-11-02 10:40 UTC).\n" in document(records.updated(), "update", now="2026-11-02T10:10:00Z")
    late = field(records.opened(), "notification", "Next update", "2026-11-02T09:41:00Z")
    assert late == "not set (one was due at 2026-11-02 09:40 UTC): ask `@ana`"
    later = document(records.updated(), "update", now="2026-11-02T10:10:00Z", next_update="2026-11-02T11:10:00Z")
    assert "\nNext update in 1 h (2026-11-02 11:10 UTC).\n" in later
    assert "No further update follows." in document(records.resolved(), "update", now=NOW)


def test_the_owner_is_whoever_has_it_else_whoever_owns_what_failed() -> None:
    assert field(records.opened(), "notification", "Owner") == "`@ana`"
    assert (
        field(replace(records.opened(), commander=""), "notification", "Owner")
        == "nobody has taken it yet; ask `Ana Ruiz <ana@example.com> @ana` (owns what failed)"
    )
    assert field(records.nothing(), "notification", "Owner") == "nobody has taken it yet, and nobody is named for what failed"


def test_the_end_is_estimated_from_what_is_known() -> None:
    at = "2026-11-02T10:10:00Z"
    assert field(replace(records.updated(), eta="around noon"), "update", "ETA to resolution", at) == "around noon"
    assert field(replace(records.updated(), eta="2026-11-02T12:00:00Z"), "update", "ETA to resolution", at) == "2026-11-02 12:00 UTC"
    assert (
        field(records.updated(), "update", "ETA to resolution", at)
        == "the commands of the repair alone, without people, take 4 to 12 min, from when they begin"
    )
    early = field(records.opened(), "update", "ETA to resolution", at)
    assert early == "unknown until the cause is corrected: ask `@ana`. After that the commands of the repair alone, without people, take 4 to 12 min."
    silent = assessed(records.updated(), lambda report: replace(report, recovery=replace(report.recovery, estimate=Estimate())))
    assert field(silent, "update", "ETA to resolution", at) == "unknown: ask `@ana`"
    assert "once the verification is green" in field(replace(records.updated(), status=Status.MONITORING), "update", "ETA to resolution", at)
    assert field(records.nothing(), "update", "ETA to resolution") == "unknown: ask whoever takes the incident"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, "6 tables, 1 dashboard, 1 other report and 1 automation (10 nodes downstream)"),
        (10, "unchanged: 6 tables, 1 dashboard, 1 other report and 1 automation (10 nodes downstream)"),
        (8, "**changed**: now 6 tables, 1 dashboard, 1 other report and 1 automation (10 nodes downstream, 8 when last announced)"),
        (12, "**changed**: now 6 tables, 1 dashboard, 1 other report and 1 automation (10 nodes downstream, 12 when last announced)"),
    ],
)
def test_the_impact_is_compared_with_what_people_were_told(told: int | None, said: str) -> None:
    assert field(replace(records.updated(), announced_affected=told), "update", "Impact") == said


def test_as_many_nodes_as_before_may_be_others_once_it_was_assessed_again() -> None:
    def said(*lines: tuple[int, str]) -> str:
        timeline = (records.TIMELINE[0], *(records.line(records.UPDATED, what, number) for number, what in lines))
        return field(replace(records.updated(), announced_affected=10, timeline=timeline), "update", "Impact").partition(":")[0]

    told, again = "Status update sent to data-incidents", "Impact assessed again, severity now P0 (was P1)"
    assert said((3, told)) == "unchanged"
    assert said((3, again), (4, told)) == "unchanged"
    assert said((3, told), (4, again)) == "unchanged in number"
    assert said((4, again), (5, "Status update could not be sent to data-incidents: no")) == "unchanged in number"
    assert said((3, "Alert fired: the loader")) == "unchanged in number", "nothing says when people were told"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1, 20, "under a minute"),
        (40, 70, "1 to 2 min"),
        (130, 290, "2 to 5 min"),
        (60, 60, "about 1 min"),
        (1800, 9000, "30 min to 2.5 h"),
        (7200, 9000, "2.0 to 2.5 h"),
        (9000, 9000, "about 2.5 h"),
    ],
)
def test_an_estimate_is_no_finer_than_it_is_known(low: float, high: float, said: str) -> None:
    record = assessed(records.updated(), lambda report: replace(report, recovery=replace(report.recovery, estimate=Estimate(low, high))))
    assert f", take {said}, from when they begin" in field(record, "update", "ETA to resolution", "2026-11-02T10:10:00Z")
    ours = messages(record, "update", audience="stakeholders", now="2026-11-02T10:10:00Z")[0].text
    assert (f"the repair takes {said} of machine time" in ours) == (high >= 300)
    assert ("When it will be over: we do not know yet" in ours) == (high < 300)


def test_a_fix_from_before_work_began_again_did_not_hold() -> None:
    lines = (*records.TIMELINE, records.line("2026-11-02T12:00:00Z", "Reopened: it is back", 10))
    record = replace(records.opened(), reopened_at="2026-11-02T12:00:00Z", fix="Loader rolled back.", timeline=lines)
    assert field(record, "update", "Fix status") == "in progress; an earlier fix did not hold: Loader rolled back."
    newer = replace(record, timeline=(*lines, records.line("2026-11-02T12:30:00Z", "Fix applied: Loader rolled back.", 11)))
    assert field(newer, "update", "Fix status") == "in progress: Loader rolled back."
    assert field(replace(record, reopened_at="", timeline=records.TIMELINE), "update", "Fix status") == "in progress: Loader rolled back."


def test_the_lines_of_the_timeline_that_documents_look_for_are_those_that_are_written() -> None:
    from aftershock.incidents import timeline
    from aftershock.model.record import Assessed, Edited, Moved

    record = records.resolved()
    assert record.report is not None
    for each in ("notification", "update", "resolution"):
        assert course.TOLD.match(f"{timeline.DOCUMENTS[each]} posted")
        assert course.TOLD.match(timeline._sent(Delivery(1, each, "a", "sent", NOW)))
        assert not course.TOLD.match(timeline._sent(Delivery(1, each, "a", "failed", NOW)))
    assert tuple(timeline.DOCUMENTS.values()) == sendings.DOCUMENTS
    assert course.ASSESSED.match(timeline._assessed(record, record, Assessed(record.report)))
    assert course.REPAIRED.match(next(timeline._edited(record, Edited(fix="new"))))
    assert course.AGAIN.match(timeline._moved(record, record, Moved(Status.INVESTIGATING)))
    assert course.AGAIN.match(timeline._moved(records.updated(), record, Moved(Status.INVESTIGATING)))


def test_the_attempts_to_send_a_document_are_one_row() -> None:
    deliveries = [Delivery(at, "update", f"t{at}", "failed" if at == 4 else "sent", records.UPDATED) for at in range(1, 5)]
    at = "2026-11-02T09:41:00Z"
    lines = [records.line(at, f"Status update sent to t{each}", 20 + each) for each in (1, 2, 3)]
    lines += [records.line(at, "Status update could not be sent to t4: it is: down", 24), records.line(at, "Status update could not be sent to t3: try 1", 20)]
    record = replace(records.resolved(), deliveries=tuple(deliveries), timeline=(*records.TIMELINE, *lines))
    shown = section(record, "Timeline")
    assert "| 09:41 | Status update sent to 3 targets; 1 failed (ana) |" in shown
    assert shown.count("09:41") == 1
    alone = replace(record, timeline=(lines[3], records.line(at, "Resolution sent to legal by hand", 30)))
    assert "Status update could not be sent to t4: it is: down (ana) |" in section(alone, "Timeline")
    assert "Resolution sent to legal by hand (ana) |" in section(alone, "Timeline")
    none = replace(record, timeline=(lines[3], records.line(at, "Status update could not be sent to t1: no", 30)))
    assert "| Status update could not be sent to 2 targets (ana) |" in section(none, "Timeline").replace("09:41 ", "").replace("| | ", "| ")


def test_readers_outside_the_graph_are_said_once_and_public_models_together() -> None:
    def more(report: Report) -> Report:
        hidden = (
            HiddenConsumer("public_model", reports.STG, "stg_orders is public: other projects may read it"),
            HiddenConsumer("public_model", reports.FCT, "fct_orders is public: other projects may read it"),
            HiddenConsumer("export", reports.FCT, "fct_orders writes exports.daily outside dbt's graph"),
        )
        return replace(report, assessment=replace(report.assessment, radius=replace(report.assessment.radius, hidden=hidden)))

    record = assessed(records.opened(), more)
    said = "outside dbt's graph: fct_orders writes exports.daily; other projects may read the public fct_orders and stg_orders"
    assert plain(field(record, "notification", "Affected systems")).endswith(said)
    assert plain(document(record, "postmortem", now=NOW)).count("outside dbt's graph") == 1


def plain(shown: str) -> str:
    return shown.replace("\\", "")


def test_what_acts_by_itself_is_not_called_a_dashboard() -> None:
    assert "; application [Orders app](<https://shop.example.com/orders>); " in field(records.opened(), "notification", "Affected systems")


def test_old_data_of_which_only_the_title_is_known() -> None:
    record = replace(records.nothing(), category=Category.STALE_DATA, title="Orders are late")
    shown = document(record, "notification", now=NOW)
    assert "The data is old, not wrong; since when is not known. Please hold off on whatever needs newer data until this is resolved." in shown
    assert shown.count("Orders are late") == 1
    assert document(record, "postmortem", now=NOW).count("Orders are late") == 1
    assert document(record, "update", now=NOW).count("Orders are late") == 1


def test_the_root_cause_is_identified_or_still_looked_for() -> None:
    assert field(records.updated(), "update", "Root cause").startswith("identified: The loader")
    assert field(records.opened(), "update", "Root cause") == "still investigating"
    assert field(replace(records.resolved(), root_cause=""), "resolution", "Root cause") == "not identified: ask `@ana`"


OPEN = (
    "nobody has confirmed the dashboards, reports, application and snapshot yet: "
    "[Weekly revenue](<https://bi.example.com/dashboards/42?tab=revenue>), Cohort notebook, [Orders app](<https://shop.example.com/orders>) and `orders_snapshot`"
)
CHECKED: dict[str, tuple[Checked, str]] = {
    "proved": (Checked(records.VERIFIED, records.MITIGATED, 7, 7), f"built and tested: all 7 affected nodes; {OPEN}"),
    "one": (Checked(records.VERIFIED, records.MITIGATED, 1, 1), f"built and tested: the one affected node; {OPEN}"),
    "untested": (Checked(records.VERIFIED, "", 7, 7, 2), f"built: all 7 affected nodes, 2 of them without a test that would show a fault; {OPEN}"),
    "partly": (Checked(records.VERIFIED, "", 5, 7, 0, ("a", "b")), f"repaired except `a` and `b` (5 of 7 nodes); {OPEN}"),
    "forced": (
        Checked(records.VERIFIED, "", 5, 7, 0, ("a",), "it is late"),
        "**not verified**: resolved by a person although the verification was not green (5 of 7 nodes proved repaired; not proved: `a`). Reason: it is late",
    ),
    "nothing judged": (Checked(records.VERIFIED, "", forced="it is late"), "**not verified**: resolved by a person although the verification was not green (nothing was judged). Reason: it is late"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKED)
def test_what_the_data_is_now_follows_from_the_verification(name: str) -> None:
    checked, said = CHECKED[name]
    record = replace(records.resolved(), checked=checked)
    assert field(record, "resolution", "Data is now") == said
    shown = document(record, "resolution", now=NOW)
    good = name in {"proved", "one", "untested"}
    assert (f"All affected tables have been built and tested; {OPEN}. Normal operations resumed." in shown) == (name in {"proved", "one"})
    assert (f"All affected tables have been built; 2 nodes have no test that would show a fault; {OPEN}. Normal operations resumed." in shown) == (
        name == "untested"
    )
    assert ("Normal operations resumed" in shown) == good
    assert ("Nothing has been verified." in shown) == (name == "nothing judged")
    assert ("Check what you rely on" in shown) == (name not in {"proved", "one", "untested"})


def test_what_only_its_users_can_judge_is_named_and_not_called_verified() -> None:
    record = replace(records.resolved(), checked=Checked(records.VERIFIED, records.MITIGATED, 6, 7, unjudged=("orders_ext",)))
    told = (
        OPEN.replace("and snapshot", "snapshot and other node")
        .replace("application snapshot", "application, snapshot")
        .replace(" and `orders_snapshot`", ", `orders_snapshot` and `orders_ext`")
    )
    assert field(record, "resolution", "Data is now") == f"built and tested: all 6 affected nodes; {told}"
    bare = assessed(record, lambda report: replace(report, assessment=replace(report.assessment, dashboards=(), tables=())))
    bare = replace(bare, checked=Checked(records.VERIFIED, records.MITIGATED, 7, 7))
    assert "\nAll affected tables have been built and tested. Normal operations resumed.\n" in document(bare, "resolution", now=NOW)


def test_what_was_forced_was_not_verified_at_any_time() -> None:
    assert field(records.forced(), "resolution", "Verified at") == "not verified (resolved by a person at 2026-11-02 10:55 UTC)"
    assert field(records.resolved(), "resolution", "Verified at") == "2026-11-02 10:50 UTC (by results since 2026-11-02 09:55 UTC)"


def test_what_a_person_says_of_the_data_does_not_hide_that_it_was_forced() -> None:
    record = replace(records.forced(), data_is_now="backfilled to 2026-11-01")
    assert field(record, "resolution", "Data is now").startswith("backfilled to 2026-11-01. **not verified**: ")
    assert field(replace(records.resolved(), data_is_now="backfilled to 2026-11-01"), "resolution", "Data is now") == "backfilled to 2026-11-01"


def test_lost_data_is_said_either_way() -> None:
    assert field(replace(records.resolved(), lasting="NONE"), "resolution", "Data lost or still wrong") == "none"
    assert field(replace(records.resolved(), lasting="orders of May are lost"), "resolution", "Data lost or still wrong") == "orders of May are lost"
    assert field(replace(records.resolved(), lasting=""), "resolution", "Data lost or still wrong") == "unknown: ask `@ana`"


@pytest.mark.parametrize(
    ("code", "end"),
    [("false-positive", "The alert was false."), ("expected", "What was seen is as intended."), ("no-action", "No action was taken.")],
)
def test_a_resolution_without_a_fix_reads_naturally(code: str, end: str) -> None:
    record = replace(records.false_positive(), code=code)  # type: ignore[arg-type]  # one of them
    shown = document(record, "resolution", now=NOW)
    assert f"\n{end}" in shown
    assert "unknown" not in shown.replace("unknown, ", "") or code == "no-action"
    assert "the accepted values were extended on purpose last week" in field(record, "resolution", "Root cause")
    assert field(record, "resolution", "Postmortem scheduled") == "none is due"
    both = document(replace(record, root_cause="a new value"), "resolution", now=NOW)
    assert "**Root cause:** a new value" in both
    assert " Why: the accepted values were extended on purpose last week" in both
    assert "unnoticed" not in document(replace(record, started_at=records.STARTED), "postmortem", now=NOW) or code == "no-action"


def test_what_was_cancelled_merged_or_is_not_over_is_not_called_resolved() -> None:
    cancelled = document(replace(records.opened(), status=Status.CANCELLED, reason="a drill"), "resolution", now=NOW)
    assert cancelled.startswith("**CANCELLED -- Data Incident**\n")
    assert "It was no incident: a drill. Normal operations go on." in cancelled
    merged = document(replace(records.opened(), status=Status.MERGED, merged_into="INC-3"), "resolution", now=NOW)
    assert merged.startswith("**MERGED INTO INC-3 -- Data Incident**\n")
    assert "`aftershock incident show INC-3`" in merged
    assert document(records.opened(), "resolution", now=NOW).startswith("**NOT RESOLVED YET -- Data Incident**\n")


def test_the_postmortem_is_scheduled_due_or_done() -> None:
    assert field(records.resolved(), "resolution", "Postmortem scheduled") == "2026-11-03 14:00 UTC"
    assert field(records.forced(), "resolution", "Postmortem scheduled") == "not scheduled; due by 2026-11-04 10:55 UTC"
    assert field(records.forced(), "resolution", "Postmortem scheduled", "2026-11-04T10:56:00Z").endswith("(overdue)")
    done = replace(records.forced(), deadlines=(Due("postmortem", "2026-11-04T10:55:00Z", "2026-11-03T10:00:00Z"),))
    assert field(done, "resolution", "Postmortem scheduled") == "done at 2026-11-03 10:00 UTC"


def test_the_duration_says_from_when_it_counts() -> None:
    assert field(records.resolved(), "postmortem", "Duration") == "2026-11-02 06:00 UTC to 2026-11-02 10:55 UTC (4 h 55 min), from when it began"
    since = field(replace(records.resolved(), started_at=""), "postmortem", "Duration")
    assert since == "2026-11-02 08:40 UTC to 2026-11-02 10:55 UTC (2 h 15 min), from when it was detected; when it began is not known"
    assert field(records.opened(), "postmortem", "Duration", "2026-11-02T09:00:00Z").startswith("2026-11-02 06:00 UTC to now, 3 h so far: it is not resolved")


def test_the_severity_says_who_set_it_and_why() -> None:
    assert field(records.resolved(), "postmortem", "Severity") == "P1 (typical P1, confidence medium)"
    assert field(records.forced(), "postmortem", "Severity") == "P0 (set by a person, the policy says P1: the board report is out)"
    assert field(replace(records.nothing(), level=Severity.P0), "postmortem", "Severity") == "P0 (set by a person, the policy was not asked)"
    assert field(records.nothing(), "postmortem", "Severity") == "severity not assessed"


def test_the_timeline_names_its_zone_once_and_dates_where_it_spans_days() -> None:
    assert section(records.resolved(), "Timeline").startswith("| Time (UTC) | Event |\n|---|---|\n| 06:00 | The problem began (ana) |\n")
    late = replace(records.resolved(), timeline=(*records.TIMELINE, records.line("2026-11-03T14:00:00Z", "Postmortem held", 20)))
    assert "| 2026-11-02 06:00 | The problem began (ana) |" in section(late, "Timeline")
    shuffled = replace(records.resolved(), timeline=tuple(reversed(records.TIMELINE)))
    assert section(shuffled, "Timeline") == section(records.resolved(), "Timeline")


def test_the_timeline_around_a_change_of_clocks_is_unambiguous() -> None:
    record = replace(records.resolved(), timeline=(records.line("2026-10-25T00:30:00Z", "Before", 1), records.line("2026-10-25T01:30:00Z", "After", 2)))
    shown = document(record, "postmortem", now=NOW, zone="Europe/Berlin")
    assert "| 2026-10-25 02:30 CEST (00:30Z) | Before (ana) |\n| 2026-10-25 02:30 CET (01:30Z) | After (ana) |\n" in shown


def test_rows_are_counted_where_something_tells() -> None:
    shown = document(records.resolved(), "postmortem", now=NOW, rows={reports.DAILY: 12})
    assert (
        "- **Data affected:** 6 tables; the row count of 3 is unknown: neither run results nor a catalog has it; ask whoever can query the warehouse" in shown
    )
    assert "  - `fct_orders_daily`: 12 rows\n" in shown
    assert "  - `stg_orders` (failing): 48,112 rows\n" in shown
    every = dict.fromkeys((reports.STG, reports.ITEMS, reports.SNAPSHOT, reports.CUSTOMERS, reports.FCT, reports.DAILY), 1)
    assert "6 tables; row counts are as dbt or the warehouse last said" in document(records.resolved(), "postmortem", now=NOW, rows=every)


def test_bad_data_has_a_beginning_and_an_end_as_far_as_they_are_known() -> None:
    label = "Duration of bad data"
    assert field(records.resolved(), "postmortem", label) == "2026-11-02 06:00 UTC to 2026-11-02 10:31 UTC (4 h 31 min)"
    proved = field(replace(records.resolved(), bad_until=""), "postmortem", label)
    assert proved == "2026-11-02 06:00 UTC to 2026-11-02 10:50 UTC at the latest, when it was verified (4 h 50 min)"
    assert field(records.forced(), "postmortem", label) == "2026-11-02 06:00 UTC to an unknown time; for the rest: ask `@ana`"
    assert field(records.nothing(), "postmortem", label) == "unknown: ask whoever takes the incident"


def test_the_clocks_prove_what_went_well_and_what_was_late() -> None:
    well, better = section(records.resolved(), "What Went Well"), section(records.resolved(), "What Could Be Improved")
    assert "- The initial notification went out 6 min after detection (due within 15 min)." in well
    assert "- Candidate: The impact checklist was done 12 min late." in better
    assert "checklist" not in well
    quick = replace(records.resolved(), started_at="2026-11-02T08:34:00Z")
    assert "- It was detected 6 min after it began, by dbt build of the nightly job." in section(quick, "What Went Well")
    never = replace(records.resolved(), past=(Due("initial notification", "2026-11-02T08:55:00Z"),), deadlines=())
    assert "- Candidate: initial notification: due by 2026-11-02 08:55 UTC, and nothing says that it was done." in section(never, "What Could Be Improved")
    just = replace(records.resolved(), deadlines=(Due("initial notification", "2026-11-02T08:55:00Z", "2026-11-02T08:55:40Z"),))
    assert "The initial notification went out 15 min after detection" in section(just, "What Went Well")


def test_what_is_missing_is_a_candidate_for_improvement() -> None:
    better = section(records.resolved(), "What Could Be Improved")
    for said in (
        "Nobody is named for `fct_orders_daily`: name an owner.",
        "Missing for the severity: the maturity of 1 exposure.",
        "2 repaired nodes have no test",
    ):
        assert f"- Candidate: {said}" in better
    assert "- Candidate: It was resolved without a green verification." in section(records.forced(), "What Could Be Improved")


def test_actions_and_references_are_listed() -> None:
    assert "| Add a range test on raw.orders.amount | `@bo` | 2026-11-10 | Open |" in section(records.resolved(), "Action Items")
    assert "| Pin the loader's version | nobody yet | no date | Done |" in section(records.resolved(), "Action Items")
    assert "- [OPS-7](<https://tickets.example.com/OPS-7>)\n- notes in the wiki" in section(records.resolved(), "References")
    assert "It took in INC-11." in document(records.resolved(), "postmortem", now=NOW)


def test_a_dashboard_without_an_owner_is_named_to_those_who_work_on_it() -> None:
    assert "No owner is declared for Cohort notebook: nobody is told of it." in document(records.opened(), "notification", now=NOW)


def test_the_checklist_is_ticked_where_the_artifacts_prove_it() -> None:
    boxes = [line[:5] for line in document(records.opened(), "checklist", now=NOW).splitlines() if line.startswith("- [")]
    assert boxes == ["- [x]" if item.status == "done" else "- [ ]" for item in reports.CHECKLIST]
    assert document(records.nothing(), "checklist", now=NOW).count("- [ ]") == 8


def test_each_owner_hears_of_what_is_theirs() -> None:
    found = messages(records.opened(), "notification", audience="owners", now=NOW)
    assert [message.recipient for message in found] == [reports.GROWTH, reports.ANA, reports.PLATFORM]
    growth = field_of(found[0].markdown, "Affected systems")
    assert growth == "table `dim_customers.v2`; Cohort notebook"
    assert field_of(found[2].markdown, "Affected systems") == "table `orders_snapshot`"
    assert "You are named as owner of 1 affected node;" in found[0].text
    assert "fct_orders" not in found[2].markdown
    assert messages(records.nothing(), "notification", audience="owners", now=NOW) == ()


def field_of(shown: str, label: str) -> str:
    found = re.search(rf"\*\*{re.escape(label)}:\*\* (.*)", shown)
    assert found, shown
    return found[1].strip()


JARGON = ("stg_orders", "fct_orders", "node", "dbt", "P1", "downstream", "severity", "model", "aftershock incident")


@pytest.mark.parametrize("kind", [kind for kind in records.KINDS if kind != "checklist"])
def test_each_stakeholder_hears_of_their_dashboards_in_plain_words(kind: DocumentKind) -> None:
    record, now = records.stage(records.resolved, kind)
    found = messages(record, kind, audience="stakeholders", now=now)
    assert [message.recipient for message in found] == [reports.FINANCE, Owner("", "growth@example.com")]
    assert "Weekly revenue" in found[0].markdown
    assert "Orders app" not in found[0].markdown
    assert "Orders app" in found[1].markdown
    for message in found:
        assert [word for word in JARGON if word in message.text or word in message.subject] == []
        assert message.audience == "stakeholders"


def test_there_is_no_checklist_for_stakeholders() -> None:
    assert messages(records.opened(), "checklist", audience="stakeholders", now=NOW) == ()


def test_where_nobody_is_named_one_message_is_for_nobody() -> None:
    def alone(report: Report) -> Report:
        boards = tuple(replace(item, owners=()) for item in report.assessment.dashboards)
        return replace(report, assessment=replace(report.assessment, dashboards=boards, consumers=()))

    (message,) = messages(assessed(records.opened(), alone), "notification", audience="stakeholders", now=NOW)
    assert message.recipient is None
    assert "No owner is declared for Weekly revenue (https://bi.example.com/dashboards/42?tab=revenue), Cohort notebook and" in message.text
    (unknown,) = messages(records.nothing(), "notification", audience="stakeholders", now=NOW)
    assert "Which dashboards are affected, and whose they are, is not known." in unknown.text
    empty = replace(records.opened(), report=reports.empty())
    assert messages(empty, "notification", audience="stakeholders", now=NOW) == ()


def built(record: Record) -> Record:
    """The same where dbt skipped nothing."""

    def wrong(report: Report) -> Report:
        radius = report.assessment.radius
        affected = tuple(replace(item, effects=(Effect.WRONG,)) for item in radius.affected)
        boards = tuple(replace(item, effects=(Effect.WRONG,)) for item in report.assessment.dashboards)
        return replace(report, assessment=replace(report.assessment, dashboards=boards, radius=replace(radius, affected=affected)))

    return assessed(record, wrong)


def test_dashboards_that_were_not_refreshed_are_old_and_not_called_wrong() -> None:
    def seen(record: Record) -> str:
        return messages(record, "notification", audience="stakeholders", now=NOW)[0].text.partition("What happened: ")[2].partition("\n")[0]

    since = ", since 2026-11-02 06:00 UTC"
    assert seen(records.opened()) == f"numbers may be old: they were not refreshed{since}"
    assert seen(built(records.opened())) == f"wrong numbers{since}"
    assert seen(replace(records.opened(), report=None)) == f"numbers may be wrong or old{since}"
    doubled = replace(built(records.opened()), category=Category.DUPLICATE_LOAD)
    assert seen(doubled) == f"things that are counted twice{since}"


def test_a_subscriber_of_a_table_hears_of_it_by_its_name() -> None:
    def subscribed(report: Report) -> Report:
        return replace(report, assessment=replace(report.assessment, consumers=(Consumer(reports.FINANCE, (reports.FCT,)),)))

    (message,) = messages(assessed(records.opened(), subscribed), "notification", audience="stakeholders", now=NOW)
    assert "What you use: fct_orders" in message.text


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (records.resolved(), "It may be used again. Numbers that were taken from there meanwhile may be old: take them again."),
        (built(records.resolved()), "It may be used again. Numbers that were taken from there meanwhile may be wrong: take them again."),
        (records.forced(), "We could not check everything. Look at what you rely on before you use it."),
        (records.false_positive(), "Nothing: the alert was false, and the data was right all the time."),
        (replace(records.opened(), status=Status.CANCELLED), "Nothing: there was no problem."),
        (built(records.opened()), "Please do not use it until we write again."),
        (records.opened(), "It was not refreshed, so what it shows may be old. Please wait with whatever needs newer data until we write again."),
        (replace(records.opened(), category=Category.STALE_DATA), "What it shows is old, as of 2026-11-02 06:00 UTC, and not wrong. Please wait"),
    ],
)
def test_stakeholders_hear_whether_to_use_it(record: Record, said: str) -> None:
    message = messages(record, "resolution", audience="stakeholders", now=NOW)[0]
    assert f"What to do: {said}" in message.text
    assert ("not over yet" in message.text) == (not record.status.is_over)


def test_a_message_carries_what_services_ask_for() -> None:
    (message,) = messages(records.opened(), "notification", now=NOW, url="https://incidents.example.com/INC-12")
    assert (message.incident, message.uid, message.document, message.audience) == ("INC-12", "u12", "notification", "engineers")
    assert (message.severity, message.status, message.recipient) == (Severity.P1, Status.INVESTIGATING, None)
    assert message.subject == "[INC-12] DATA INCIDENT -- P1: Data Quality: stg_orders"
    assert "[INC-12](<https://incidents.example.com/INC-12>)" in message.markdown
    for form in FORMS:
        assert getattr(message, form) == document(records.opened(), "notification", form, now=NOW, url="https://incidents.example.com/INC-12")


def test_a_notification_fits_one_screen() -> None:
    for of in (records.opened, records.large):
        shown = document(of(), "notification", "slack", now=NOW)
        assert len(shown.splitlines()) <= 20
        assert len(shown) <= 3000


def test_long_lists_say_what_they_leave_out() -> None:
    shown = document(records.large(), "postmortem", now=NOW)
    assert "… and 300 more: `aftershock incident show INC-12`" in shown
    assert re.search(r"^  - row count unknown: `.* and \d+ more$", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"kind": "nonsense"}, "document: there is no such choice: nonsense. Use one of: notification,"),
        ({"form": "pdf"}, "--format: there is no format pdf. Use one of: markdown, text, html, slack, blocks"),
        ({"zone": "Mars/Base"}, "there is no time zone"),
    ],
)
def test_what_there_is_not_is_a_clear_error(given: dict[str, str], problem: str) -> None:
    wanted = {"kind": "notification", "form": "markdown", "zone": "UTC", **given}
    with pytest.raises(UsageError, match=re.escape(problem)):
        document(records.opened(), wanted["kind"], wanted["form"], now=NOW, zone=wanted["zone"])  # type: ignore[arg-type]  # that is the point


def test_there_is_no_other_audience() -> None:
    with pytest.raises(UsageError, match=r"--audience: there is no such choice: everybody"):
        messages(records.opened(), "notification", audience="everybody", now=NOW)  # type: ignore[arg-type]  # as above


def test_every_field_is_in_the_reference() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "documents.md").read_text("utf-8")
    for label in (*(label for labels in FIELDS.values() for label in labels), *IMPACT, *SECTIONS):
        assert f"| {label} |" in page, label
