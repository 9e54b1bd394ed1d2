"""Whole runs: what they say nothing about, what makes an alert doubtful, hooks, faults in code, rules of one's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from detect_builder import (
    AT,
    CORE,
    FUSION,
    NOW,
    artifacts_of,
    data_test,
    exposure,
    found,
    freshness_of,
    hook,
    late,
    model,
    result,
    run_of,
    shapes,
    short,
    singular,
    source,
    unit_test,
)

from aftershock.detect import detect
from aftershock.errors import ArtifactError, UsageError
from aftershock.model import ArtifactFile, Policy, SeverityPolicy
from aftershock.model.policy import DetectPolicy, DetectRule

if TYPE_CHECKING:
    from pathlib import Path

FAILS = "Got 3 results, configured to fail if != 0"
BROKEN = "Database Error in model a (models/a.sql)\n  syntax error at or near x"


def rules(*given: DetectRule) -> Policy:
    return Policy(detect=DetectPolicy(rules=given))


# nothing, and nothing to look at


def test_nothing_is_found_where_all_is_well() -> None:
    good = ["success", "pass", "no-op", "reused"]
    nodes = [model(name) for name in ("a", "b", "c", "d")]
    fresh = freshness_of(late("raw.a", "pass"))
    detection = found(
        *nodes, source("raw.a", freshness=True), results=[result(node, status) for node, status in zip(nodes, good, strict=True)], freshness=fresh
    )
    assert (detection.incidents, detection.code_faults, detection.notes) == ((), (), ())
    assert detection.read_at == NOW


def test_without_results_there_is_one_clear_error() -> None:
    with pytest.raises(ArtifactError, match=r"target/manifest.json: there are neither run results nor source freshness beside it\. Run dbt build"):
        detect(artifacts_of(model("a")))


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="now"):
        detect(artifacts_of(model("a"), run=run_of()), now="yesterday")


@pytest.mark.parametrize("which", ["generate", "compile", "show", "run-operation"])
def test_results_of_a_command_that_builds_nothing_say_nothing(which: str) -> None:
    detection = found(model("a"), run=run_of(result("a", "error", BROKEN), which=which))
    assert detection.incidents == ()
    (note,) = detection.notes
    assert f"'dbt {which}'" in note
    assert "model.shop.a (error)" in note


def test_what_reading_says_of_such_a_run_is_said_once_and_to_the_second() -> None:
    said = ("run_results.json is of 'dbt generate', which builds nothing.", "manifest.json (2026-03-01T06:00:00.632869Z) is another, of dbt 1.11.")
    artifacts = msgspec.structs.replace(artifacts_of(model("a"), run=run_of(result("a", "success"), which="generate")), warnings=said)
    assert detect(artifacts, now=NOW).warnings == ("manifest.json (2026-03-01T06:00:00Z) is another, of dbt 1.11.",)


# kinds of nodes and statuses


def test_colours_of_a_message_are_left_out() -> None:
    (fault,) = found(model("a"), unit_test("sums", "a"), results=[result(unit_test("sums", "a"), "fail", "\x1b[32mactual\x1b[0m differs")]).code_faults
    assert fault.message == "actual differs"


def test_a_unit_test_is_a_fault_in_code_and_what_it_holds_back_is_not_built() -> None:
    tests = [unit_test("sums", "a"), unit_test("counts", "a")]
    results = [result(tests[0], "fail", "actual differs from expected"), result(tests[1], "error"), result("a", "skipped"), result("b", "skipped")]
    detection = found(model("a"), model("b", "a"), *tests, results=results)
    (item,) = detection.incidents
    assert (item.category.value, item.confidence, item.nodes, item.skipped) == ("pipeline-failure", "low", ("model.shop.a",), ("model.shop.b",))
    assert item.title == "a was not built: dbt skipped it because the unit tests sums and counts of its code failed"
    assert [clue.unique_id for clue in detection.code_faults] == ["unit_test.shop.a.sums", "unit_test.shop.a.counts"]
    assert detection.notes == ()


def test_a_unit_test_of_a_model_that_was_built_is_no_incident() -> None:
    test = unit_test("sums", "a")
    detection = found(model("a"), model("b", "a"), test, results=[result(test, "fail"), result("a", "success"), result("b", "success")])
    assert (detection.incidents, len(detection.code_faults)) == ((), 1)


@pytest.mark.parametrize("status", ["error", "fail", "runtime error", "partial success", "failed", "timed out", "cancelled", "aborted"])
def test_every_bad_word_of_any_version_is_a_failure(status: str) -> None:
    assert len(found(model("a"), results=[result("a", status)]).incidents) == 1


def test_a_status_that_nobody_knows_is_named() -> None:
    detection = found(model("a"), results=[result("a", "pondering")])
    assert detection.incidents == ()
    assert detection.notes == ("What the status 'pondering' means is not known, so that model.shop.a could not be judged.",)


def test_a_microbatch_model_of_which_some_batches_failed() -> None:
    (item,) = found(model("a"), results=[result("a", "partial success", "PARTIAL SUCCESS (2/3)")]).incidents
    assert (item.category.value, item.evidence[0].rule) == ("pipeline-failure", "partial")


def test_a_result_of_an_unknown_node_is_an_incident_of_no_node() -> None:
    detection = found(model("a"), results=[result("model.old.b", "error", BROKEN), result("test.old.unique_b_id.12", "fail", FAILS)])
    assert shapes(detection) == [("duplicate-load", (), 1), ("pipeline-failure", (), 1)]
    (note,) = detection.notes
    assert note.startswith("manifest.json does not have 2 nodes that failed")


def test_an_analysis_is_no_data() -> None:
    analysis = msgspec.structs.replace(model("x"), unique_id="analysis.shop.x", resource_type="analysis")
    detection = found(analysis, results=[result("analysis.shop.x", "error", BROKEN)])
    assert detection.incidents == ()
    assert "analysis.shop.x (error)" in detection.notes[0]


def test_a_test_that_could_not_run_says_nothing_about_data() -> None:
    test = singular("assert_a", "a")
    (item,) = found(model("a"), test, results=[result(test, "error", "Database Error in test assert_a (t.sql)\n  syntax error at or near x")]).incidents
    assert (item.category.value, item.title) == ("pipeline-failure", "Tests of a could not run: its SQL is not valid")
    assert item.doubts == ("Only tests failed to run: they say nothing about the data that they would have looked at.",)


# hooks


def test_a_hook_after_the_run_concerns_no_node() -> None:
    name = "operation.shop.shop-on-run-end-0"
    detection = found(
        model("a"), hook("shop-on-run-end-0"), exposure("board", "a"), results=[result("a", "success"), result(name, "error", 'relation "x" does not exist')]
    )
    (item,) = detection.incidents
    assert shapes(detection) == [("pipeline-failure", (), 1)]
    assert item.severity.level.value == "P2"
    assert item.title == "The hook shop.on-run-end.0 failed: a table or schema that it reads is not there"
    assert detection.labels[name] == "shop.on-run-end.0"


def test_a_hook_before_the_run_stands_for_what_could_have_been_built_first() -> None:
    nodes = (model("a"), model("b", "a"), model("c"), hook("shop-on-run-start-0"))
    results = [result("operation.shop.shop-on-run-start-0", "error", "boom"), *(result(name, "skipped") for name in "abc")]
    detection = found(*nodes, results=results)
    (item,) = detection.incidents
    assert [short(node) for node in item.nodes] == ["a", "c"]
    assert [short(node) for node in item.skipped] == ["b"]
    assert detection.notes == ()


def test_fail_fast_is_why_others_were_skipped() -> None:
    run = run_of(result("a", "error", BROKEN), result("b", "skipped", "Skipping due to fail_fast"), fail_fast=True)
    detection = found(model("a"), model("b"), run=run)
    assert shapes(detection) == [("pipeline-failure", ("a",), 1)]
    assert detection.notes == ("1 node was skipped, and --fail-fast stopped the run: b.",)


# Fusion


def test_fusion_skips_for_want_of_a_reason_and_because_of_a_failure() -> None:
    nodes = (model("a"), model("b", "a"), model("c", "a"))
    results = [result("a", "error", BROKEN), result("b", "skipped", "Skipped"), result("c", "skipped", "Skipped due to upstream failure")]
    assert [short(node) for node in found(*nodes, results=results, version=FUSION).incidents[0].skipped] == ["c"]
    assert len(found(*nodes, results=results, version=CORE).incidents[0].skipped) == 2


def test_a_file_of_fusion_s_in_which_all_is_error_is_one_doubtful_incident() -> None:
    test = data_test("unique", "b", "id")
    results = [result("a", "error"), result("b", "error"), result(test, "error")]
    detection = found(model("a"), model("b", "a"), test, results=results, version=FUSION)
    (item,) = detection.incidents
    assert (item.category.value, item.confidence, [short(node) for node in item.nodes], len(item.evidence)) == ("pipeline-failure", "low", ["a"], 3)
    assert "does not show what did" in item.title


def test_where_such_a_file_tells_what_failed_that_is_the_root() -> None:
    results = [result("a", "error"), result("b", "error", BROKEN), result("c", "error")]
    detection = found(model("a"), model("b", "a"), model("c", "b"), results=results, version=FUSION)
    assert [short(node) for node in detection.incidents[0].nodes] == ["b"]


def test_errors_of_nodes_that_do_not_depend_on_each_other_are_real() -> None:
    assert len(found(model("a"), model("b"), results=[result("a", "error", BROKEN), result("b", "error", "division by zero")], version=FUSION).incidents) == 2
    assert found(model("a"), results=[result("a", "error", BROKEN)], version=FUSION).incidents[0].confidence == "high"


# doubts


def doubts(*nodes: object, **given: object) -> tuple[str, ...]:
    (item,) = found(*nodes, **given).incidents  # type: ignore[arg-type]
    return item.doubts


def test_warnings_only() -> None:
    test = data_test("unique", "a", "id")
    assert doubts(model("a"), test, results=[result(test, "warn", FAILS)]) == ("Every result is a warning: somebody decided that dbt need not fail for it.",)
    (item,) = found(model("a"), test, results=[result(test, "warn", FAILS)]).incidents
    assert item.severity.level.value == "P2"


def test_results_of_long_ago() -> None:
    assert doubts(model("a"), results=[result("a", "error", BROKEN)], now="2026-03-04T06:00:00Z") == (
        "run_results.json is 3 days old: runs since then may have gone well.",
    )
    assert doubts(source("raw.a", freshness=True), freshness=freshness_of(late("raw.a")), now="2026-03-02T08:00:00Z") == (
        "sources.json is 26 hours old: the sources may have been loaded since then.",
    )


def test_files_of_different_invocations_and_versions() -> None:
    assert doubts(model("a"), run=run_of(result("a", "error", BROKEN), invocation="two")) == (
        "manifest.json and run_results.json are of different dbt invocations: the project may have changed between them.",
    )
    assert doubts(model("a"), run=run_of(result("a", "error", BROKEN), version="1.10.2")) == (
        "manifest.json is of dbt 1.11.0 and run_results.json of dbt 1.10.2: they may not belong together.",
    )


def test_freshness_that_was_asked_for_long_before_the_run() -> None:
    fresh = freshness_of(late("raw.a"), at="2026-03-01T01:00:00Z")
    assert doubts(source("raw.a", freshness=True), model("b"), run=run_of(result("b", "success")), freshness=fresh) == (
        "sources.json is 5 hours older than the run: the sources may have been loaded in between.",
    )


def test_a_later_run_that_went_well() -> None:
    tests = [data_test("unique", "a", "id"), data_test("unique", "a", "key")]
    results = [result(test, "fail", FAILS) for test in tests]
    good = [run_of(*(result(test, "pass") for test in tests[:number]), which="test", at="2026-03-01T06:30:00Z") for number in (1, 2)]
    half, whole = (found(model("a"), *tests, results=results, later=[run]).incidents[0] for run in good)
    assert half.doubts == ("A later run, dbt test of 2026-03-01T06:30:00Z, went well for 1 of 2 results.",)
    assert whole.doubts == ("A later run, dbt test of 2026-03-01T06:30:00Z, went well for all of it.",)
    assert (half.confidence, whole.confidence) == ("high", "low")


def test_a_later_run_that_failed_again_or_came_before_is_no_doubt() -> None:
    test = data_test("unique", "a", "id")
    again = run_of(result(test, "fail"), at="2026-03-01T06:50:00Z")
    good, old = run_of(result(test, "pass"), at="2026-03-01T06:30:00Z"), run_of(result(test, "pass"), at="2026-03-01T05:00:00Z")
    compiled = run_of(result(test, "success"), at="2026-03-01T06:30:00Z", which="compile")
    for later in ([good, again], [again, good], [old], [compiled]):
        assert found(model("a"), test, results=[result(test, "fail", FAILS)], later=later).incidents[0].doubts == ()


# severity


def test_the_severity_is_that_of_the_incident_s_own_results() -> None:
    """A mere warning about a node is not made worse by a failure of another kind at the same node."""
    hard, soft = data_test("unique", "a", "id"), data_test("not_null", "a", "note")
    detection = found(model("a", meta={"tier": 1}), hard, soft, results=[result(hard, "fail", FAILS), result(soft, "warn", FAILS)])
    levels = {item.category.value: item.severity.level.value for item in detection.incidents}
    assert levels == {"duplicate-load": "P0", "data-quality": "P2"}
    assert [item.severity.level.value for item in detection.incidents] == ["P0", "P2"]


def test_a_target_that_is_not_production_is_at_most_p3() -> None:
    policy = Policy(severity=SeverityPolicy(production_targets=("prod",)))
    run = run_of(result("a", "error", BROKEN), target="dev")
    assert found(model("a"), run=run, policy=policy).incidents[0].severity.level.value == "P3"


def test_times_of_an_incident() -> None:
    (item,) = found(source("raw.a", freshness=True), freshness=freshness_of(late("raw.a"))).incidents
    assert (item.started_at, item.detected_at) == ("2026-02-27T06:00:00Z", AT)
    (other,) = found(model("a"), results=[result("a", "error", BROKEN, at="2026-03-01T05:59:00.123456Z")]).incidents
    assert (other.started_at, other.detected_at) == ("", "2026-03-01T05:59:00Z")


# freshness


def test_a_source_that_is_absent_is_not_fresh() -> None:
    nodes = [source(f"raw.{name}", freshness=True) for name in "abcd"]
    detection = found(*nodes, freshness=freshness_of(*(late(f"raw.{name}", "pass") for name in "abc")))
    (item,) = detection.incidents
    assert (item.category.value, item.confidence, item.title.partition(";")[0]) == ("stale-data", "low", "raw.d may be late")
    assert [other.category.value for other in item.alternatives] == ["pipeline-failure", "schema-break"]
    assert item.doubts == ("dbt source freshness may have been run for other sources only: then nobody asked how old this is.",)


def test_a_source_that_is_gone_with_its_age_is_one_incident() -> None:
    """Another source of the same loader stays an incident of its own."""
    nodes = [source(f"raw.{name}", freshness=True) for name in "abcde"]
    gone = result("m", "error", 'Database Error in model m (models/m.sql)\n  relation "raw.e" does not exist')
    detection = found(*nodes, model("m", "raw.e"), results=[gone], freshness=freshness_of(*(late(f"raw.{name}", "pass") for name in "abc")))
    assert shapes(detection) == [("schema-break", ("raw.e",), 2), ("stale-data", ("raw.d",), 1)]
    assert next(item for item in detection.incidents if item.category.value == "schema-break").doubts == ()


def test_a_column_that_tells_the_age_and_is_missing_is_lost_by_the_source(tmp_path: Path) -> None:
    entry = {"resource_type": "source", "name": "a", "source_name": "raw", "package_name": "shop", "config": {"loaded_at_field": "_loaded_at"}}
    head = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.0"}
    (tmp_path / "manifest.json").write_text(json.dumps({"metadata": head, "nodes": {}, "sources": {"source.shop.raw.a": entry}}), "utf-8")
    failed = result("m", "error", 'Database Error in model m (models/m.sql)\n  column "_loaded_at" does not exist')
    ages = freshness_of(late("raw.b", "pass"))
    artifacts = artifacts_of(source("raw.a", freshness=True), source("raw.b", freshness=True), model("m", "raw.a"), run=run_of(failed), freshness=ages)
    files = (msgspec.structs.replace(artifacts.files[0], path=str(tmp_path / "manifest.json")), *artifacts.files[1:])
    (item,) = detect(msgspec.structs.replace(artifacts, files=files), now=NOW).incidents
    assert (item.category.value, item.origins, item.nodes, item.columns) == ("schema-break", ("source.shop.raw.a",), ("model.shop.m",), ("_loaded_at",))


def test_where_most_sources_are_absent_they_were_not_asked_for() -> None:
    nodes = [source(f"raw.{name}", freshness=True) for name in "abcd"]
    detection = found(*nodes, freshness=freshness_of(late("raw.a", "pass")))
    assert detection.incidents == ()
    assert detection.notes == ("sources.json lacks 3 sources of 4 that declare their freshness, so nothing is known of raw.b, raw.c and raw.d.",)


@pytest.mark.parametrize(
    ("error", "category"),
    [
        ('column "loaded_at" does not exist', "schema-break"),
        ("permission denied for schema raw", "pipeline-failure"),
        ("", "pipeline-failure"),
        ("odd", "pipeline-failure"),
    ],
)
def test_a_freshness_query_that_failed_is_read_by_its_error(error: str, category: str) -> None:
    (item,) = found(source("raw.a", freshness=True), freshness=freshness_of(late("raw.a", "runtime error", loaded="", error=error))).incidents
    assert (item.category.value, item.started_at) == (category, "")


def test_a_late_source_that_the_manifest_does_not_have_is_named() -> None:
    detection = found(model("a"), freshness=freshness_of(late("raw.gone")))
    assert detection.incidents == ()
    assert detection.notes == ("manifest.json does not have source.shop.raw.gone (error), which sources.json calls late.",)


# rules of one's own


@pytest.mark.parametrize(
    "rule",
    [
        DetectRule("mine", "data-loss", test="unique"),
        DetectRule("mine", "data-loss", test="UNI*"),
        DetectRule("mine", "data-loss", test="unique_a_*"),
        DetectRule("mine", "data-loss", message="got * results"),
        DetectRule("mine", "data-loss", node="a"),
        DetectRule("mine", "data-loss", node="model.shop.*"),
        DetectRule("mine", "data-loss", tag="nightly"),
        DetectRule("mine", "data-loss", test="unique", node="a", message="3 results", tag="night*", confidence="low"),
    ],
)
def test_a_rule_of_one_s_own_comes_first(rule: DetectRule) -> None:
    test = data_test("unique", "a", "id")
    (item,) = found(model("a", tags=("nightly",)), test, results=[result(test, "fail", FAILS)], policy=rules(rule)).incidents
    assert (item.category.value, item.confidence, item.evidence[0].rule, item.confirmed) == ("data-loss", rule.confidence, "mine", False)
    assert item.alternatives[0].category.value == "duplicate-load"


@pytest.mark.parametrize(
    "rule",
    [
        DetectRule("mine", "data-loss", test="not_null"),
        DetectRule("mine", "data-loss", test="nique"),
        DetectRule("mine", "data-loss", message="4 results"),
        DetectRule("mine", "data-loss", node="b"),
        DetectRule("mine", "data-loss", tag="daily"),
        DetectRule("mine", "data-loss", test="unique", node="b"),
    ],
)
def test_a_rule_that_does_not_match_changes_nothing(rule: DetectRule) -> None:
    test = data_test("unique", "a", "id")
    assert shapes(found(model("a", tags=("nightly",)), test, results=[result(test, "fail", FAILS)], policy=rules(rule))) == [("duplicate-load", ("a",), 1)]


def test_the_first_rule_counts_and_what_is_ignored_is_named() -> None:
    test = data_test("unique", "a", "id")
    policy = rules(DetectRule("known", "ignore", test="unique", node="a"), DetectRule("all", "data-quality", test="*nique"))
    detection = found(
        model("a"),
        model("b"),
        test,
        data_test("unique", "b"),
        results=[result(test, "fail", FAILS), result("test.shop.unique_b.0123456789", "fail")],
        policy=policy,
    )
    assert shapes(detection) == [("data-quality", ("b",), 1)]
    assert detection.notes == ("unique_a_id (fail) makes no incident: the rule 'known' of aftershock.yml says so.",)


def test_rules_apply_to_errors_too_and_keep_what_the_error_is_about() -> None:
    policy = rules(DetectRule("loader", "stale-data", message="watermark is * behind"))
    (item,) = found(model("a"), results=[result("a", "error", "Database Error in model a (a.sql)\n  the watermark is 7 hours behind")], policy=policy).incidents
    assert (item.category.value, item.alternatives[0].category.value) == ("stale-data", "pipeline-failure")


def test_where_people_look_for_the_files() -> None:
    test = data_test("unique", "a", "id")
    detection = found(model("a"), test, unit_test("u", "a"), results=[result(test, "fail"), result("unit_test.shop.a.u", "fail")])
    assert detection.paths == {"model.shop.a": "models/a.sql", "unit_test.shop.a.u": "models/schema.yml"}
    foreign = msgspec.structs.replace(model("a"), package="other")
    assert found(foreign, test, results=[result(test, "fail")]).paths == {}


def test_files_and_warnings_are_those_of_the_artifacts() -> None:
    artifacts = msgspec.structs.replace(artifacts_of(model("a"), run=run_of(result("a", "success"))), warnings=("Odd.",))
    detection = detect(artifacts, now=NOW)
    assert detection.warnings == ("Odd.",)
    assert ArtifactFile("sources") in detection.files
