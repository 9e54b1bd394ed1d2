"""What a change cannot do by itself: hide who is concerned, take off what makes it bad, or fail a node and be called safe."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from change_projects import Raw, checked, data_test, edited, exposure, hit, model, project, relation, semantic, short, source, the, told

from aftershock.errors import UsageError
from aftershock.model import Owner, Policy, Severity
from aftershock.model.policy import Acknowledgement, CheckPolicy, CheckScope

RAW = source("raw", "id", "b", "c")
STG = model("stg", "select id, b, c from raw")
MART = model("mart", "select id, b from stg")
BOARD = exposure("board", "mart")
BASE = project(RAW, STG, MART, BOARD)


def orphaned(head: Raw, reader: str, parent: str) -> Raw:
    """The head whose reader goes on reading what is gone, as only files that dbt did not parse can."""
    head["nodes"][reader]["depends_on"] = {"nodes": [parent]}
    return head


def boards(report: Any) -> list[tuple[str, list[str]]]:  # noqa: ANN401
    return [(board.name, [effect.value for effect in board.effects]) for board in report.impact.dashboards]


# who fails makes the change breaking


def test_a_source_that_is_renamed_while_it_is_read_is_breaking() -> None:
    head = orphaned(edited(BASE, source("raw2", "id", "b", "c"), gone=("source.p.raw.raw",)), "model.p.stg", "source.p.raw.raw")
    report = checked(BASE, head)
    assert "breaking source-removed raw.raw" in told(report)
    assert hit(report) == {"stg": "fails", "mart": "skipped"}
    assert report.outcome == "failed"


def test_an_ephemeral_model_that_is_gone_while_it_is_read_is_breaking() -> None:
    eph = model("eph", "select id, b from stg", config={"materialized": "ephemeral"})
    sql = f"with __dbt__cte__eph as (select id, b from {relation('stg')}) select id, b from __dbt__cte__eph"  # noqa: S608  # our own
    base = project(RAW, STG, eph, model("mart", sql, depends_on={"nodes": ["model.p.eph"]}), BOARD)
    report = checked(base, edited(base, gone=("model.p.eph",)))
    assert told(report) == {"breaking node-removed eph"}
    assert "mart is not built: it reads eph, which is gone" in the(report, "node-removed").reason
    assert boards(report) == [("board", ["stale"])]


def test_a_model_whose_name_changes_its_case_is_breaking_for_who_goes_on_reading_it() -> None:
    upper = {**model("Stg", STG["compiled_code"]), "alias": "Stg", "relation_name": relation("Stg")}
    report = checked(BASE, orphaned(edited(BASE, upper, gone=("model.p.stg",)), "model.p.mart", "model.p.stg"))
    assert the(report, "node-renamed").verdict == "breaking"
    assert hit(report) == {"mart": "fails"}


def test_a_new_test_on_a_column_that_is_not_there_fails_and_is_breaking() -> None:
    test = data_test("not_null", "mart", "select * from mart where nope is null", column="nope")
    report = checked(BASE, edited(BASE, test, model("end", "select id from mart")))
    assert [short(item) for item in report.impact.failing_tests] == ["not_null_mart_nope"]
    assert "breaking test-added not_null_mart_nope" in told(report)
    assert "cannot run" in the(report, "test-added").reason
    assert hit(report) == {"end": "skipped"}


def test_a_test_that_is_written_anew_is_read_anew() -> None:
    single = {**data_test("", "", "select * from mart where b is null"), "unique_id": "test.p.single", "test_metadata": None, "attached_node": None}
    base = project(RAW, STG, MART, single)
    report = checked(base, edited(base, {**single, "raw_code": "select nope from mart", "compiled_code": "select nope from mart"}))
    assert report.impact.failing_tests == ("test.p.single",)
    assert told(report) == {"breaking test-changed single"}


@pytest.mark.parametrize("name", ["old", "stg"])
def test_what_follows_once_something_else_is_accepted_is_settled_again(name: str) -> None:
    base = project(RAW, STG, model("old", "select id, b, c from raw"), model("both", "select * from stg union all select * from old"))
    head = edited(base, model("stg", "select id, b, c, 1 as d from raw"), model("old", "select id, b, c, 1 as d, 2 as e from raw"))
    report = checked(base, head, policy=accepting(node=name))
    assert hit(report) == {"both": "fails"}
    assert "breaking" in {change.verdict for change in report.changes if not change.acknowledged}
    assert report.outcome == "failed"


# who is told


def test_a_dashboard_that_the_same_change_removes_is_reached_and_said_to_be_removed() -> None:
    emptied = model("stg", "select id, b, c from raw where 1 = 0")
    reports = [checked(BASE, edited(BASE, emptied)), checked(BASE, edited(BASE, emptied, gone=("exposure.p.board",)))]
    assert boards(reports[0]) == boards(reports[1]) == [("board", ["wrong"])]
    assert reports[0].impact.consumers == reports[1].impact.consumers != ()
    assert the(reports[1], "consumer-changed").verdict == "risky"
    assert next(proof.why for proof in reports[1].impact.proofs if proof.unique_id == "exposure.p.board") == "the change no longer declares it"


def test_a_dashboard_that_is_disabled_or_reads_something_else_is_reached_all_the_same() -> None:
    emptied = model("stg", "select id, b, c from raw where 1 = 0")
    off = edited(BASE, emptied, gone=("exposure.p.board",), disabled={"exposure.p.board": [{**BOARD, "config": {"enabled": False}}]})
    assert boards(checked(BASE, off)) == [("board", ["wrong"])]
    beside = project(RAW, STG, MART, BOARD, model("other", "select id from raw"))
    assert boards(checked(beside, edited(beside, emptied, exposure("board", "other")))) == [("board", ["wrong"])]


def test_what_is_removed_between_a_model_and_a_dashboard_hides_neither() -> None:
    base = project(RAW, STG, MART, semantic("metric", "m", "mart", type="simple"), exposure("kpi", "metric.p.m"))
    head = edited(base, model("stg", "select id, b, c from raw where 1 = 0"), gone=("metric.p.m", "exposure.p.kpi"))
    report = checked(base, head)
    assert [name for name, _ in boards(report)] == ["kpi"]
    assert report.impact.metrics == ()


def test_a_removed_dashboard_that_nothing_reaches_is_not_told_as_reached() -> None:
    report = checked(BASE, edited(BASE, gone=("exposure.p.board",)))
    assert told(report) == {"risky consumer-changed board"}
    assert boards(report) == []
    assert report.severity is None


@pytest.mark.parametrize("marks", [{"meta": {"tier": 1}}, {"tags": ["critical"]}, {"access": "public"}])
def test_a_marker_that_the_same_change_takes_off_counts(marks: Raw) -> None:
    base = project(RAW, STG, model("mart", "select id, b from stg", **marks), exposure("board", "mart"))
    dropped = model("stg", "select id, c from raw")
    reports = [checked(base, edited(base, dropped)), checked(base, edited(base, dropped, MART)), checked(BASE, edited(BASE, dropped))]
    assert [report.severity.level for report in reports if report.severity is not None] == [Severity.P1, Severity.P1, Severity.P2]
    assert reports[0].impact.hidden == reports[1].impact.hidden


def test_an_exposure_that_the_same_change_makes_less_of_counts_as_it_was() -> None:
    base = project(RAW, STG, MART, exposure("board", "mart", type="application"))
    report = checked(base, edited(base, model("stg", "select id, c from raw"), exposure("board", "mart", type="analysis")))
    assert report.severity is not None
    assert report.severity.level is Severity.P1
    assert report.impact.dashboards[0].automation


def test_whoever_owned_a_node_and_whoever_owns_it_now_are_told() -> None:
    base = project(RAW, STG, model("mart", "select id, b from stg", meta={"owner": "Ana", "subscribers": ["Sub"]}), exposure("board", "mart"))
    head = edited(
        base,
        model("stg", "select id, b, c from raw where b > 0"),
        model("mart", "select id, b from stg", meta={"owner": "Bo"}),
        exposure("board", "mart", owner={"name": "Cy"}),
    )
    impact = checked(base, head).impact
    assert {owner.owner.name for owner in impact.owners} == {"Ana", "Bo"}
    assert {person.owner.name for person in impact.consumers} == {"Ana", "Cy", "Sub"}
    assert impact.dashboards[0].owners == (Owner("Cy"), Owner("Ana", "ana@example.com"))


def test_a_renamed_model_reaches_whoever_is_below_the_old_name() -> None:
    head = orphaned(edited(BASE, model("stg2", STG["compiled_code"]), gone=("model.p.stg",)), "model.p.mart", "model.p.stg")
    report, removed = checked(BASE, head), checked(BASE, orphaned(edited(BASE, gone=("model.p.stg",)), "model.p.mart", "model.p.stg"))
    assert "breaking node-renamed stg2" in told(report)
    assert boards(report) == boards(removed) == [("board", ["stale"])]
    assert report.impact.consumers == removed.impact.consumers != ()
    assert report.severity is not None
    assert removed.severity is not None
    assert report.severity.level == removed.severity.level


def test_a_dashboard_on_a_relation_that_is_left_behind_may_age() -> None:
    base = project(RAW, STG, model("v", "select id, b from stg", config={"materialized": "view"}), exposure("board", "v"))
    moved = model("v", "select id, b from stg", config={"materialized": "view"}, schema="other", relation_name=relation("v", "other"))
    assert boards(checked(base, edited(base, moved))) == [("board", ["stale"])]
    assert boards(checked(base, edited(base, model("v", "select id, b from stg", config={"materialized": "ephemeral"})))) == [("board", ["stale"])]


def test_a_view_that_becomes_ephemeral_changes_nobodys_values() -> None:
    base = project(RAW, STG, model("v", "select id, b from stg", config={"materialized": "view"}), model("end", "select id from v"), exposure("board", "end"))
    head = edited(base, model("v", "select id, b from stg", config={"materialized": "ephemeral"}))
    sql = f"with __dbt__cte__v as (select id, b from {relation('stg')}) select id from __dbt__cte__v"  # noqa: S608  # our own
    head["nodes"]["model.p.end"].update(compiled_code=sql, depends_on={"nodes": ["model.p.v"]})
    report = checked(base, head)
    assert told(report) == {"breaking materialization-changed v"}
    assert hit(report) == {}
    assert boards(report) == []
    kept = copy.deepcopy(base)
    kept["nodes"]["model.p.v"]["config"]["materialized"] = "incremental"
    assert hit(checked(kept, head)) == {"end": "may wrong"}


# readers without an edge


def test_a_reader_that_names_the_relation_without_ref_is_followed() -> None:
    base = project(RAW, STG, model("late", f"select id, b from {relation('stg')}"), exposure("board", "late"), MART)  # noqa: S608  # our own
    assert base["nodes"]["model.p.late"].get("depends_on") is None
    report = checked(base, edited(base, model("stg", "select id, c from raw")))
    assert hit(report) == {"late": "fails", "mart": "fails"}
    assert boards(report) == [("board", ["stale"])]
    assert "late names the relation of stg without ref(): dbt draws no edge there." in report.warnings


def test_a_name_in_a_comment_and_a_circle_are_no_edges() -> None:
    word = model("word", "select 1 as one -- stg is not read")
    upwards = model("top", f"select id from {relation('mart')}", config={"materialized": "view"})  # noqa: S608  # our own
    down = model("mart", "select id, b from stg", depends_on={"nodes": ["model.p.top"]})
    base = project(RAW, STG, word, upwards, down)
    report = checked(base, edited(base, model("stg", "select id, c from raw"), model("mart", "select id, b + 1 as b from stg", depends_on=down["depends_on"])))
    assert "word" not in hit(report)
    assert not any("without ref()" in warning for warning in report.warnings)


# whose rule holds


def accepting(**where: str) -> Policy:
    item = Acknowledgement("it is known", Owner("Eve"), "2027-01-01", **where)
    return Policy(check=CheckPolicy(acknowledge=(item,)))


@pytest.mark.parametrize(
    "policy",
    [Policy(check=CheckPolicy(scopes=(CheckScope("never", path="models/sandbox"),))), accepting(path="models/sandbox"), accepting(node="play")],
)
def test_a_model_cannot_rename_itself_into_another_rule(policy: Policy) -> None:
    head = edited(BASE, model("play", MART["compiled_code"], original_file_path="models/sandbox/play.sql"), exposure("board", "play"), gone=("model.p.mart",))
    report = checked(BASE, head, policy=policy)
    assert "breaking node-renamed play" in told(report)
    assert report.outcome == "failed"


def test_a_test_of_a_renamed_model_goes_by_the_rule_of_the_old_name() -> None:
    test = data_test("not_null", "mart", "select * from mart where b is null", column="b")
    base = project(RAW, STG, MART, test)
    moved = model("play", MART["compiled_code"], original_file_path="models/sandbox/play.sql")
    weaker = {**data_test("not_null", "play", "select * from play where b is null", column="b"), "config": {"severity": "warn"}}
    policy = Policy(check=CheckPolicy(scopes=(CheckScope("never", path="models/sandbox"),)))
    report = checked(base, edited(base, moved, weaker, gone=("model.p.mart", test["unique_id"])), policy=policy, fail_on="risky")
    assert {change.kind for change in report.changes if change.fails} >= {"test-changed", "node-renamed"}


@pytest.mark.parametrize("level", ["p1", "RISKY", "nonsense"])
def test_a_level_that_is_none_is_refused(level: str) -> None:
    with pytest.raises(UsageError, match="there is no"):
        checked(BASE, BASE, fail_on=level)
