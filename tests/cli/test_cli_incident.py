"""``aftershock incident``, as a person types it."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import aftershock
from aftershock import times
from aftershock.model import Category
from aftershock.model.detection import Clue, Detection, Proposal
from aftershock.model.incident import Verdict
from aftershock.model.project import ProjectInfo
from aftershock.model.record import Opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Outcome

SHOP = Path(__file__).resolve().parents[2] / "fixtures" / "shop"
START = datetime(2026, 11, 30, 8, 0, tzinfo=timezone.utc)


class Clock:
    """The present, as far as aftershock knows."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(times, "now", found)
    return found


@pytest.fixture
def incident(
    run: Callable[..., Outcome],
    clock: Clock,  # noqa: ARG001  # frozen
    scenario: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Outcome]:
    """The verbs, in a project whose last build had failing tests."""
    shutil.copytree(scenario("test_failures"), tmp_path / "target")
    shutil.copy(SHOP / "dbt_project.yml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AFTERSHOCK_STORE", raising=False)
    monkeypatch.delenv("AFTERSHOCK_BY", raising=False)
    return lambda *words, **more: run("incident", *words, **more)


@pytest.fixture
def record(incident: Callable[..., Outcome]) -> Callable[[str], dict[str, Any]]:
    return lambda id_: json.loads(incident("show", id_, "--format", "json").out)


def opened(incident: Callable[..., Outcome], *words: str) -> None:
    done = incident("open", "stg_orders", "--category", "data-quality", *words)
    assert done.code == 0, done.err


def test_the_whole_life(incident: Callable[..., Outcome], record: Callable[[str], dict[str, Any]], clock: Clock) -> None:
    done = incident("open", "stg_orders", "--category", "data-quality", "--detected-at", "10 min ago", "--commander", "Ada", "--posted")
    assert done.code == 0
    assert done.out.startswith("**DATA INCIDENT -- P0**")
    assert done.err == ""
    clock.pass_(minutes=5)
    assert incident("start", "inc-1").out.startswith("INC-1 (P0) investigating: ")
    assert incident("note", "1", "The vendor says sorry", "--at", "2 min ago").code == 0
    clock.pass_(minutes=25)
    update = incident("update", "INC-1", "Nearly there.", "--root-cause", "A file came twice", "--eta", "in 1 h", "--posted")
    assert update.code == 0
    assert "identified: A file came twice" in update.out
    assert incident("mitigate", "INC-1", "--fix", "Deleted the copy").code == 0
    assert incident("monitor", "INC-1").code == 0
    refused = incident("resolve", "INC-1")
    assert refused.code == 2
    assert "--since" not in refused.err
    assert "only those newer than its mitigation at 2026-11-30T08:30:00Z count" in refused.err
    done = incident("resolve", "INC-1", "--force", "Nothing runs today", "--nothing-lost", "--posted")
    assert done.code == 0
    assert "Nothing runs today" in done.out
    clock.pass_(hours=2)
    assert incident("action", "INC-1", "Test the file", "--owner", "Ada", "--due", "in 3 days").code == 0
    done = incident("postmortem", "INC-1", "--author", "Ada", "--well", "The test fired", "--posted")
    assert "| Test the file | `@Ada` | 2026-12-03 | Open |" in done.out
    assert incident("action", "INC-1", "--number", "1", "--status", "done").code == 0
    assert incident("close", "INC-1").code == 0
    found = record("INC-1")
    assert (found["status"], found["severity"]["level"], found["people"]["commander"], found["outcome"]["lasting"]) == ("closed", "P0", "Ada", "none")
    assert all(due["met_at"] for due in found["deadlines"])
    assert incident("list").out.count("INC-1") == 0
    assert incident("list", "--all").out.count("INC-1") == 1


def test_what_detect_finds_is_opened_once(incident: Callable[..., Outcome], record: Callable[[str], dict[str, Any]]) -> None:
    first = incident("open", "--from-detect", "--posted")
    ids = [row["id"] for row in json.loads(incident("list", "--format", "json").out)["incidents"]]
    assert first.code == 0
    assert ids
    again = incident("open", "--from-detect")
    assert again.code == 0
    assert all(f"{id_} is open already" in again.err for id_ in ids)
    assert len(json.loads(incident("list", "--format", "json").out)["incidents"]) == len(ids)
    assert not any("Seen again" in entry["what"] for entry in record(ids[0])["timeline"])


def test_deadlines_pass_at_their_minute(incident: Callable[..., Outcome], clock: Clock) -> None:
    opened(incident)
    clock.pass_(minutes=15)
    assert incident("list", "--overdue").code == 0
    clock.pass_(minutes=1)
    late = incident("list", "--overdue")
    assert late.code == 1
    assert "initial notification" in late.out
    assert incident("note", "INC-1", "--posted", "notification").code == 0
    assert incident("list", "--overdue").code == 0


def test_merge_cancel_override_reopen(incident: Callable[..., Outcome], record: Callable[[str], dict[str, Any]]) -> None:
    opened(incident)
    assert incident("open", "--title", "Revenue looks off", "--category", "data-quality").code == 0
    assert incident("merge", "INC-2", "--into", "INC-1", "--reason", "the same rows").out.startswith("INC-1 ")
    assert (record("INC-2")["status"], record("INC-1")["absorbed"]) == ("merged", ["INC-2"])
    assert incident("override", "INC-1", "P2", "--reason", "Nobody reads it").code == 0
    assert record("INC-1")["severity"] == {"level": "P2", "computed": "P0", "override": "Nobody reads it"}
    assert incident("override", "INC-1", "--computed", "--reason", "Somebody does").code == 0
    assert record("INC-1")["severity"] == {"level": "P0", "computed": "P0", "override": ""}
    assert incident("cancel", "INC-1", "--reason", "The test was wrong").code == 0
    assert incident("start", "INC-1").code == 2
    assert incident("reopen", "INC-1", "--reason", "It was right").code == 0
    assert record("INC-1")["status"] == "investigating"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("show", "INC-9"), "INC-9: "),
        (("show",), "ID: it must be given."),
        (("start", "INC-1", "--at", "in 2 hours"), "INC-1: it was investigating at 2026-11-30T10:00:00Z, which is in the future"),
        (("start", "INC-1", "--at", "half past"), "--at: 'half past' is not a time."),
        (("resolve", "INC-1", "--code", "expected"), "--reason: expected needs one."),
        (("resolve", "INC-1", "--lost", "x", "--nothing-lost"), "--nothing-lost: "),
        (("note", "INC-1"), "TEXT: nothing is said."),
        (("override", "INC-1", "--reason", "x"), "LEVEL: give a level or --computed."),
        (("merge", "INC-1", "--into", "INC-1"), "INC-1: "),
        (("action", "INC-1", "--number", "4", "--status", "done"), "action 4: INC-1 has no such action item."),
        (("open", "--send", "--posted", "stg_orders", "--category", "data-quality"), "--posted: --send posts it already."),
        (("open",), "NODE: nothing is named."),
        (("open", "--from-detect", "stg_orders", "--category", "data-quality"), "--from-detect: NODEs are named too."),
        (("open", "stg_orders", "--category", "data-quality", "--send"), "--send: no target of aftershock.yml takes the notification"),
        (("import", "nowhere.json"), "nowhere.json: it cannot be read"),
        (("closse", "INC-1"), "closse: there is no such command."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_one_line(words: tuple[str, ...], error: str, incident: Callable[..., Outcome], record: Callable[[str], dict[str, Any]]) -> None:
    opened(incident)
    events = record("INC-1")["events"]
    done = incident(*words)
    assert done.code == 2
    assert done.err.startswith(error), done.err
    assert done.err.count("\n") == 1
    assert record("INC-1")["events"] == events


def test_looking_makes_no_store(incident: Callable[..., Outcome], tmp_path: Path) -> None:
    done = incident("list")
    assert not (tmp_path / ".aftershock").exists()
    assert done.code in {0, 2}
    assert len(done.err.splitlines()) <= 1


def test_a_store_goes_from_one_place_to_another(incident: Callable[..., Outcome], tmp_path: Path, record: Callable[[str], dict[str, Any]]) -> None:
    opened(incident, "--title", "évènement <b>@channel")
    assert incident("export", "-o", "all.json").code == 0
    assert incident("import", "all.json", "--store", "other.db").code == 0
    there = json.loads(incident("show", "INC-1", "--store", "other.db", "--format", "json").out)
    assert there == record("INC-1")
    assert (tmp_path / "other.db").exists()


@pytest.mark.parametrize("audience", ["engineers", "owners", "stakeholders"])
@pytest.mark.parametrize("document", ["notification", "update", "resolution", "postmortem", "checklist"])
def test_documents_in_every_form_for_every_audience(incident: Callable[..., Outcome], document: str, audience: str) -> None:
    opened(incident)
    if (document, audience) == ("checklist", "stakeholders"):
        none = incident("show", "INC-1", "--document", document, "--audience", audience)
        assert (none.code, none.err) == (2, "--audience: there is no checklist for stakeholders. Use engineers.\n")
        return
    for form in ("markdown", "text", "slack"):
        done = incident("show", "INC-1", "--document", document, "--as", form, "--audience", audience)
        assert done.code == 0, done.err
        assert (done.out.count("=== To ") > 1) is (audience != "engineers")
    to = () if audience == "engineers" else ("--to", "finance-data@shop" if audience == "owners" else "eve.chen")
    page = incident("show", "INC-1", "--document", document, "--as", "html", "--audience", audience, *to)
    assert page.out.startswith("<!DOCTYPE html>"), page.err
    blocks = incident("show", "INC-1", "--document", document, "--as", "blocks", "--audience", audience, *to)
    assert len(json.loads(blocks.out)) <= 50


def test_one_file_for_one_reader(incident: Callable[..., Outcome]) -> None:
    opened(incident)
    several = incident("show", "INC-1", "--document", "notification", "--as", "html", "--audience", "stakeholders")
    assert (several.code, "--as: html is one file, and there are" in several.err) == (2, True)
    nobody = incident("show", "INC-1", "--document", "notification", "--audience", "stakeholders", "--to", "zzz")
    assert (nobody.code, nobody.err[:4]) == (2, "--to")


def test_help_of_every_verb(run: Callable[..., Outcome]) -> None:
    from aftershock.cli.commands.incident import VERBS

    for verb in VERBS:
        found = run("incident", verb, "--help")
        assert found.code == 0
        assert "Examples:" in found.out
        assert max(map(len, found.out.splitlines())) <= 80


def test_help_loads_no_database() -> None:
    code = "import sys; from aftershock.cli import main; main(['incident', '--help']); sys.stderr.write(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.split()
    assert {"sqlalchemy", "alembic", "apprise", "slack_sdk", "jinja2"}.isdisjoint(loaded)


def rebuilt(at: str) -> None:
    """The same results once more, of another time."""
    file = Path("target") / "run_results.json.gz"
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?(?=\")", at, gzip.decompress(file.read_bytes()).decode())
    file.write_bytes(gzip.compress(text.encode()))


def kinds(store: Path, incident_id: str = "INC-1") -> list[str]:
    with aftershock.open_desk(project=store, by="test").store as kept:
        return [type(event.change).__name__ for event in kept.events(incident_id)]


def test_newer_results_are_noted_once(incident: Callable[..., Outcome], tmp_path: Path) -> None:
    assert incident("open", "--from-detect").code == 0
    before = len(kinds(tmp_path))
    rebuilt("2026-11-30T07:50:00Z")
    for _ in range(2):
        assert "INC-1 is open already" in incident("open", "--from-detect").err
        assert kinds(tmp_path)[before:] == ["Noted"]


def test_an_incident_that_is_over_swallows_old_results_only(
    incident: Callable[..., Outcome], record: Callable[[str], dict[str, Any]], clock: Clock, tmp_path: Path
) -> None:
    assert incident("open", "--from-detect").code == 0
    ids = [row["id"] for row in json.loads(incident("list", "--format", "json").out)["incidents"]]
    for id_ in ids:
        assert incident("resolve", id_, "--code", "expected", "--reason", "A trial").code == 0
    events = kinds(tmp_path)
    again = incident("open", "--from-detect")
    assert "INC-1 was resolved with these results: " in again.err
    assert (again.out, kinds(tmp_path)) == ("", events)
    clock.pass_(hours=2)
    rebuilt("2026-11-30T09:50:00Z")
    assert incident("open", "--from-detect").code == 0
    new = record(f"INC-{len(ids) + 1}")
    assert (new["status"], new["title"]) == ("triage", record("INC-1")["title"])
    assert any("INC-1 was about the same: resolved since 2026-11-30T08:00:00Z" in text for text in new["evidence"])


def test_a_merged_incident_goes_on_as_the_other_one(incident: Callable[..., Outcome], record: Callable[[str], dict[str, Any]]) -> None:
    assert incident("open", "--title", "Revenue looks off", "--category", "data-quality").code == 0
    assert incident("open", "--from-detect").code == 0
    nodes = [node["unique_id"] for node in record("INC-2")["nodes"]]
    done = incident("merge", "INC-2", "--into", "INC-1")
    assert "aftershock incident update INC-1 --assess" in done.err
    whole = record("INC-1")
    assert ([node["unique_id"] for node in whole["nodes"]], whole["severity"]["level"]) == (nodes, record("INC-2")["severity"]["level"])
    assert "INC-1 is open already: Revenue looks off." in incident("open", "--from-detect").err


def test_an_incident_that_grows_is_told_again(incident: Callable[..., Outcome], record: Callable[[str], dict[str, Any]], tmp_path: Path) -> None:
    assert incident("open", "--from-detect").code == 0
    found = record("INC-1")
    with aftershock.open_desk(project=tmp_path, by="test").store as kept:
        opened_as = kept.events("INC-1")[0].change
    assert isinstance(opened_as, Opened)
    desk = aftershock.open_desk(project=tmp_path, by="test", url="grows.db")
    assert opened_as.report is not None
    mild = msgspec.structs.replace(opened_as.report.assessment.severity, level=aftershock.Severity.P3, computed=aftershock.Severity.P3)
    milder = msgspec.structs.replace(opened_as.report, assessment=msgspec.structs.replace(opened_as.report.assessment, severity=mild))
    desk.open(msgspec.structs.replace(opened_as, report=milder, title="One test fails", results_at="2026-01-01T00:00:00Z"))
    grown = incident("open", "--from-detect", "--store", "grows.db")
    assert grown.out.startswith("**UPDATE -- P0 Data Incident**"), grown.out[:100]
    now = desk.store.get("INC-1")
    assert (now.title, now.level.value if now.level else "") == (found["title"], found["severity"]["level"])
    desk.edit("INC-1", title="As Ada calls it")
    desk.override("INC-1", aftershock.Severity.P3, "Nobody reads it")
    more = msgspec.structs.replace(opened_as, nodes=(*opened_as.nodes, "model.shop.another"), results_at="2026-11-30T07:59:00Z")
    taken = desk.take(more)
    assert (taken.how, taken.record.title, taken.record.level) == ("worse", "As Ada calls it", aftershock.Severity.P3)
    assert "model.shop.another" in taken.record.nodes


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("update", "INC-1", "--eta", "2026-11-30 07:00"), "--eta: '2026-11-30 07:00' is in the past"),
        (("postmortem", "INC-1", "--schedule", "yesterday 10:00"), "--schedule: 'yesterday 10:00' is in the past"),
        (("action", "INC-1", "Test it", "--due", "yesterday"), "--due: 'yesterday' is in the past"),
        (("note", "INC-1", "Look", "--url", "javascript:alert(1)"), "--url: 'javascript:alert(1)' is not an address of the web"),
        (("note", "INC-1", "--reference", "ftp://there"), "--reference: 'ftp://there' is not an address of the web"),
        (("merge", "INC-1", "--into", "1"), "INC-1: it cannot be merged into itself. Name the incident that goes on."),
    ],
)
def test_refused_before_anything_is_recorded(words: tuple[str, ...], error: str, incident: Callable[..., Outcome], tmp_path: Path) -> None:
    opened(incident)
    before = kinds(tmp_path)
    done = incident(*words)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith(error), done.err
    assert kinds(tmp_path) == before


def test_a_time_of_yesterday_is_said(incident: Callable[..., Outcome]) -> None:
    opened(incident)
    assert "16:50 was taken as 2026-11-29 16:50 UTC." in incident("note", "INC-1", "It began", "--at", "16:50").err
    assert incident("note", "INC-1", "It went on", "--at", "07:50").err == ""


def test_the_end_says_what_is_left(incident: Callable[..., Outcome], record: Callable[[str], dict[str, Any]], tmp_path: Path) -> None:
    opened(incident)
    forced = incident("resolve", "INC-1", "--force", "Nothing runs", "--posted")
    assert forced.err == "Resolved without verification: it does not say when the cause was corrected.\n"
    assert incident("action", "INC-1", "Test it").code == 0
    assert incident("close", "INC-1", "--reason", "Written elsewhere").err == "INC-1: 1 action item stays open.\n"
    before = kinds(tmp_path)
    assert incident("postmortem", "INC-1").out.startswith("# Data Incident Postmortem")
    assert (record("INC-1")["status"], kinds(tmp_path)) == ("closed", before)


def test_what_is_exported_is_its_owners_alone(incident: Callable[..., Outcome], tmp_path: Path) -> None:
    opened(incident)
    (tmp_path / "there.json").write_text("")
    (tmp_path / "there.json").chmod(0o644)
    for name in ("there.json", "new.json"):
        assert incident("export", "-o", name).code == 0
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_a_broken_template_leaves_no_incident_mute(incident: Callable[..., Outcome], tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "notification.md.j2").write_text("{{ nowhere.at.all }}{% if")
    (tmp_path / "aftershock.yml").write_text("templates: templates\n")
    done = incident("open", "stg_orders", "--category", "data-quality")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("INC-1 (P0) triage: ")
    assert "notification.md.j2" in done.err


def test_what_names_no_node_is_opened_all_the_same(tmp_path: Path) -> None:
    clue = Clue("operation.shop.shop-on-run-start-0", "error", "hook", "the hook failed", at="2026-03-01T06:00:00.5Z")
    verdict = Verdict(aftershock.Severity.P3, aftershock.Severity.P3, "P2", (), "low")
    proposal = Proposal(Category.PIPELINE_FAILURE, "high", "The hook failed", (), (), verdict, (clue,))
    detection = Detection((proposal,), (), (), ProjectInfo("shop"), (), (), {}, "2026-03-01T06:05:00Z")
    desk = aftershock.open_desk(project=tmp_path, by="test")
    first, again = (desk.take_unassessed(proposal, detection) for _ in range(2))
    assert (first.how, first.record.title, first.record.level, again.how) == ("opened", "The hook failed", None, "known")
    assert first.record.evidence == ("operation.shop.shop-on-run-start-0: the hook failed",)
    assert first.record.results_at == "2026-03-01T06:00:00Z"
