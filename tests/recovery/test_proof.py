"""What results prove of a recovery, rule by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proof_builder import SINCE, at, data_test, fresh, planned, proved, result, run, states, uid, why
from recovery_builder import exposure, incremental, microbatch, model, other, saved_query, source

from aftershock.errors import UsageError
from aftershock.model import Catalog, CatalogTable, Category, Step
from aftershock.recovery.proof.record import moment

if TYPE_CHECKING:
    from aftershock.model import Node

A, B, C = uid("a"), uid("b"), uid("c")
ORDERS = uid("source.orders")
TESTED = (model("a"), data_test("unique", A))
CHAIN = (model("a"), model("b", A), data_test("unique_a", A), data_test("unique_b", B))
GOOD = run(result("a", "success", 1), result("test.unique_a", "pass", 2), result("b", "success", 3), result("test.unique_b", "pass", 4))


def test_a_node_is_repaired_once_it_was_built_and_its_tests_passed_after_that() -> None:
    proof = proved(TESTED, run(result("a", "success", 1), result("test.unique", "pass", 2), file="02.json"))
    (node,) = proof.nodes
    assert (node.state, node.why) == ("repaired", "built at 2026-03-01T06:01:00Z, 1 test passed")
    assert [(item.file, item.unique_id, item.status, item.at) for item in node.evidence] == [
        ("02.json", A, "success", at(1)),
        ("02.json", uid("test.unique"), "pass", at(2)),
    ]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("success", "untested"),
        ("error", "still_bad"),
        ("fail", "still_bad"),
        ("runtime error", "still_bad"),
        ("partial success", "still_bad"),
        ("skipped", "not_run"),
        ("no-op", "not_run"),
        ("reused", "not_run"),
        ("some later word", "not_run"),
        ("", "not_run"),
    ],
)
def test_only_a_success_builds_and_a_word_that_nobody_knows_proves_nothing(status: str, state: str) -> None:
    assert states(proved([model("a")], run(result("a", status, 1)))) == {"a": state}


@pytest.mark.parametrize("status", ["skipped", "reused", "no-op"])
def test_what_dbt_did_not_do_takes_back_nothing(status: str) -> None:
    assert states(proved([model("a")], run(result("a", "success", 1)), run(result("a", status, 2)))) == {"a": "untested"}


def test_the_newest_result_decides() -> None:
    bad, good = run(result("a", "error", 1, message="no such\n column")), run(result("a", "success", 2))
    assert states(proved([model("a")], good, bad)) == {"a": "untested"}
    again = proved([model("a")], good, bad, run(result("a", "error", 3, message="no such\n column")))
    assert states(again) == {"a": "still_bad"}
    assert why(again, "a") == "dbt could not build it at 2026-03-01T06:03:00Z: no such column"


@pytest.mark.parametrize(("began", "ended", "state"), [(-3, -2, "not_run"), (-1, 1, "not_run"), (-0.001, 1, "not_run"), (0, 0, "untested"), (0, 1, "untested")])
def test_a_build_that_began_before_may_have_read_what_was_there_before(began: float, ended: float, state: str) -> None:
    assert states(proved([model("a")], run(result("a", "success", began, ended)))) == {"a": state}


def test_results_without_timing_are_of_when_their_file_was_written() -> None:
    bare = msgspec.structs.replace(result("a", "success", 1), started_at="", completed_at="")
    assert states(proved([model("a")], run(bare, result("b", "success", 5)))) == {"a": "untested"}
    assert states(proved([model("a")], run(msgspec.structs.replace(bare, seconds=600.0), result("b", "success", 5)))) == {"a": "not_run"}


def test_a_child_that_was_built_before_its_parent_is_still_bad() -> None:
    late = run(result("b", "success", 1), result("test.unique_b", "pass", 2), result("a", "success", 3), result("test.unique_a", "pass", 4))
    proof = proved(CHAIN, late)
    assert states(proof) == {"a": "repaired", "b": "still_bad"}
    assert "before a was in order (2026-03-01T06:03:00.000Z); it has to be built again" in why(proof, "b")
    assert states(proved(CHAIN, GOOD)) == {"a": "repaired", "b": "repaired"}


def test_order_is_kept_within_a_second() -> None:
    early = (result("a", "success", 1, 1.01), result("b", "success", 1.005, 1.02))
    assert states(proved([model("a"), model("b", A)], run(*early)))["b"] == "still_bad"
    assert states(proved([model("a"), model("b", A)], run(early[0], result("b", "success", 1.0101, 1.02))))["b"] == "untested"
    assert moment("2026-03-01T06:00:00.159485057Z") == SINCE.replace(microsecond=159485)
    assert moment("2026-03-01T06:00:00.5+00:00") == SINCE.replace(microsecond=500000)
    assert moment("soon") is None


def test_order_is_kept_through_views_and_against_the_newest_build() -> None:
    nodes = (model("a"), model("v", A, materialized="view"), model("b", uid("v")))
    first = run(result("a", "success", 1), result("b", "success", 2))
    assert states(proved(nodes, first)) == {"a": "untested", "v": "repaired", "b": "untested"}
    assert states(proved(nodes, first, run(result("a", "success", 3))))["b"] == "still_bad"


def test_what_was_built_from_something_bad_is_bad() -> None:
    only_b = run(result("b", "success", 3), result("test.unique_b", "pass", 4))
    proof = proved(CHAIN, only_b)
    assert states(proof) == {"a": "not_run", "b": "still_bad"}
    assert why(proof, "b") == "it was built at 2026-03-01T06:03:00Z from a, not repaired"
    assert states(proved(CHAIN, only_b, run(result("a", "error", 1)))) == {"a": "still_bad", "b": "still_bad"}


def test_what_is_not_judged_does_not_hold_up_what_reads_it() -> None:
    assert states(proved(CHAIN, GOOD, run(result("a", "success", 9)), of=["b"])) == {"b": "repaired"}


@pytest.mark.parametrize(
    ("status", "minute", "state"),
    [
        ("pass", 2, "repaired"),
        ("warn", 2, "repaired"),
        ("fail", 2, "still_bad"),
        ("error", 2, "still_bad"),
        ("skipped", 2, "not_tested"),
        ("reused", 2, "not_tested"),
        ("pass", 0.5, "not_tested"),
        ("fail", 0.5, "not_tested"),
        ("pass", -5, "not_tested"),
    ],
)
def test_a_test_counts_once_it_ran_after_the_build(status: str, minute: float, state: str) -> None:
    proof = proved(TESTED, run(result("a", "success", 1), result("test.unique", status, minute)))
    assert states(proof) == {"a": state}
    assert ("unique warned" in why(proof, "a")) is (status == "warn")


def test_a_test_that_failed_once_and_passed_later_is_passed() -> None:
    built, failed, passed = run(result("a", "success", 1)), run(result("test.unique", "fail", 2)), run(result("test.unique", "pass", 3))
    assert states(proved(TESTED, built, failed, passed)) == {"a": "repaired"}
    assert states(proved(TESTED, built, passed, run(result("test.unique", "fail", 4)))) == {"a": "still_bad"}


def test_what_was_built_before_a_test_of_its_parent_failed_holds_what_was_corrected_since() -> None:
    """The parent's data was changed without dbt: its test failed after its build, and passes now."""
    nodes = (*TESTED, model("b", A))
    found = (run(result("a", "success", 1)), run(result("b", "success", 2)), run(result("test.unique", "fail", 3)), run(result("test.unique", "pass", 4)))
    assert states(proved(nodes, *found)) == {"a": "repaired", "b": "still_bad"}
    assert states(proved(nodes, *found, run(result("b", "success", 5)))) == {"a": "repaired", "b": "untested"}


def test_a_test_of_two_nodes_is_one_of_both_and_has_to_run_after_both() -> None:
    nodes = (model("a"), model("b"), data_test("related", B, A))
    once = run(result("b", "success", 1), result("test.related", "pass", 2), result("a", "success", 3))
    assert states(proved(nodes, once)) == {"a": "not_tested", "b": "not_tested"}
    assert states(proved(nodes, once, run(result("test.related", "pass", 4)))) == {"a": "repaired", "b": "repaired"}
    assert states(proved(nodes, once, run(result("test.related", "fail", 4)))) == {"a": "still_bad", "b": "still_bad"}


def test_a_failed_test_that_belongs_to_another_node_says_nothing_of_when_this_one_was_right() -> None:
    nodes = (model("a"), model("b"), model("c", A), data_test("related", B, A))
    found = (run(result("a", "success", 1), result("b", "success", 1), result("c", "success", 2)), run(result("test.related", "fail", 3)))
    assert states(proved(nodes, *found, run(result("test.related", "pass", 4)))) == {"a": "repaired", "b": "repaired", "c": "untested"}


def test_a_unit_test_says_nothing_of_data() -> None:
    unit = other("unit_test", "logic", A)
    assert states(proved([model("a"), unit], run(result("a", "success", 1), result("unit_test.logic", "fail", 2)), of=["a"])) == {"a": "untested"}


VIEW = (model("a"), model("v", A, materialized="view"), data_test("unique_v", uid("v")))


def test_a_view_is_as_good_as_what_it_reads_and_its_tests() -> None:
    built = run(result("a", "success", 2))
    assert states(proved(VIEW, built))["v"] == "not_tested"
    assert states(proved(VIEW, built, run(result("test.unique_v", "pass", 1))))["v"] == "not_tested", "the test ran before what the view reads was built"
    assert states(proved(VIEW, built, run(result("test.unique_v", "pass", 3))))["v"] == "repaired"
    assert states(proved(VIEW, built, run(result("test.unique_v", "fail", 3))))["v"] == "still_bad"
    assert states(proved(VIEW, built, run(result("v", "error", 3)), run(result("test.unique_v", "pass", 4))))["v"] == "still_bad"
    assert states(proved(VIEW, run(result("test.unique_v", "pass", 3)))) == {"a": "not_run", "v": "not_run"}


def test_a_view_that_failed_before_has_to_be_built() -> None:
    nodes = (model("a"), model("v", A, materialized="view"))
    failed, built = run(result("v", "error", -5)), run(result("a", "success", 1))
    proof = proved(nodes, failed, built)
    assert states(proof)["v"] == "not_run"
    assert why(proof, "v") == "it failed at 2026-03-01T05:55:00Z, and was not built since; it has to be built"
    assert states(proved(nodes, failed, built, run(result("v", "success", 2))))["v"] == "repaired"


@pytest.mark.parametrize(("category", "state"), [(None, "repaired"), (Category.DATA_QUALITY, "repaired"), (Category.PIPELINE_FAILURE, "not_run")])
def test_a_failing_view_is_built_or_tested(category: Category | None, state: str) -> None:
    nodes = (model("v", materialized="view"), data_test("unique_v", uid("v")))
    passed = run(result("test.unique_v", "pass", 1))
    assert states(proved(nodes, passed, failing=["v"], category=category)) == {"v": state}
    assert states(proved(nodes[:1], run(result("other", "success", 1)), failing=["v"], category=category)) == {"v": "not_run"}
    assert states(proved(nodes, run(result("v", "success", 0.5)), passed, failing=["v"], category=category)) == {"v": "repaired"}


def test_an_ephemeral_model_is_judged_by_what_it_reads() -> None:
    nodes = (model("a"), model("e", A, materialized="ephemeral"))
    assert states(proved(nodes, run(result("a", "success", 1)))) == {"a": "untested", "e": "repaired"}
    assert states(proved(nodes, run(result("a", "error", 1)))) == {"a": "still_bad", "e": "still_bad"}
    assert states(proved(nodes, run(result("a", "success", 1)), failing=["e"]))["e"] == "repaired"


def test_dashboards_and_metrics_are_as_good_as_what_they_read_and_their_owners_are_asked() -> None:
    nodes = (*CHAIN, other("metric", "revenue", B), exposure("board", uid("metric.revenue")))
    proof = proved(nodes, GOOD, who=lambda unique_id: f"who of {unique_id}")
    assert states(proof) == {"a": "repaired", "b": "repaired", "revenue": "repaired", "board": "repaired"}
    assert [(item.who, item.nodes) for item in proof.confirm] == [("who of exposure.shop.board", ("exposure.shop.board",))]
    undone = proved(nodes, run(result("a", "success", 1), result("test.unique_a", "pass", 2)))
    assert states(undone) == {"a": "repaired", "b": "not_run", "revenue": "not_run", "board": "not_run"}
    assert undone.confirm == ()
    untested = proved(nodes, run(result("a", "success", 1), result("test.unique_a", "pass", 2), result("b", "success", 3)))
    assert [node.unique_id.rpartition(".")[2] for node in untested.nodes if node.state == "not_tested"] == ["b", "revenue", "board"]


def test_an_export_is_nobodys_result() -> None:
    proof = proved([*CHAIN, saved_query("weekly", B)], GOOD)
    assert states(proof)["weekly"] == "not_judged"
    assert not any(node.is_open for node in proof.nodes)


def test_a_dashboard_alone_proves_nothing_of_itself() -> None:
    proof = proved([exposure("board")], run(result("a", "success", 1)), failing=["exposure.board"])
    assert states(proof) == {"board": "not_judged"}
    assert proof.nodes[0].is_open


def test_another_projects_model_is_its_owners_affair() -> None:
    foreign = msgspec.structs.replace(model("theirs"), path="")
    assert states(proved([foreign], run(result("a", "success", 1)))) == {"theirs": "not_judged"}


@pytest.mark.parametrize(
    ("status", "minute", "state"),
    [
        ("pass", 1, "repaired"),
        ("warn", 1, "still_bad"),
        ("error", 1, "still_bad"),
        ("runtime error", 1, "still_bad"),
        ("pass", -1, "not_run"),
        ("error", -1, "not_run"),
    ],
)
def test_a_source_is_fresh_once_its_freshness_passes(status: str, minute: float, state: str) -> None:
    proof = proved([source()], run(result("a", "success", 1)), fresh(minute, orders=status), failing=["source.orders"], category=Category.STALE_DATA)
    assert states(proof) == {"orders": state}


def test_a_source_that_the_newest_file_does_not_list_is_not_fresh_for_that() -> None:
    proof = proved([source()], fresh(1, other="pass"))
    assert states(proof) == {"orders": "not_run"}
    assert "does not list it" in why(proof, "orders")
    assert states(proved([source()], fresh(1, orders="pass"), fresh(2, other="pass"))) == {"orders": "repaired"}
    assert states(proved([source()], fresh(2, orders="pass"), fresh(1, orders="error"))) == {"orders": "repaired"}


@pytest.mark.parametrize(
    ("category", "tested", "state"),
    [
        (Category.STALE_DATA, False, "repaired"),
        (Category.PIPELINE_FAILURE, False, "repaired"),
        (None, False, "repaired"),
        (Category.DATA_QUALITY, False, "not_judged"),
        (Category.DATA_LOSS, False, "not_judged"),
        (Category.DUPLICATE_LOAD, True, "repaired"),
    ],
)
def test_fresh_rows_may_be_wrong_rows(category: Category | None, tested: bool, state: str) -> None:  # noqa: FBT001
    nodes = (source(), *([data_test("unique", ORDERS)] if tested else []))
    found = (fresh(1, orders="pass"), run(result("test.unique", "pass", 2)))
    assert states(proved(nodes, *found, failing=["source.orders"], category=category)) == {"orders": state}
    assert states(proved(nodes, *found, category=category)) == {"orders": "repaired"}


def test_a_source_without_freshness_is_judged_by_its_tests_or_by_nobody() -> None:
    bare, nodes = source(freshness=False), (source(freshness=False), data_test("unique", ORDERS))
    other_run, passed = run(result("a", "success", 1)), run(result("test.unique", "pass", 2))
    assert states(proved([bare], other_run)) == {"orders": "not_judged"}
    assert states(proved(nodes, other_run)) == {"orders": "not_tested"}
    assert states(proved(nodes, passed)) == {"orders": "repaired"}
    assert states(proved(nodes, run(result("test.unique", "fail", 2)))) == {"orders": "still_bad"}
    assert states(proved(nodes, passed, failing=["source.orders"], category=Category.STALE_DATA)) == {"orders": "not_judged"}


def test_what_cannot_be_judged_holds_up_the_recovery_only_where_the_incident_is_about_it() -> None:
    nodes, found = [source(freshness=False), model("a", ORDERS)], run(result("a", "success", 1))
    assert not any(node.is_open for node in proved(nodes, found).nodes)
    assert [node.unique_id for node in proved(nodes, found, failing=["source.orders"]).nodes if node.is_open] == [ORDERS]
    assert not any(node.is_open for node in proved(nodes, found, failing=["source.orders"], confirmed=["source.orders"]).nodes)


def test_a_source_that_nobody_checked_does_not_make_its_readers_bad() -> None:
    nodes, built = [source(), model("a", ORDERS)], run(result("a", "success", 1))
    assert states(proved(nodes, built)) == {"orders": "not_run", "a": "untested"}
    assert states(proved(nodes, built, fresh(2, orders="error"))) == {"orders": "still_bad", "a": "still_bad"}


def test_what_was_built_before_a_stale_source_was_loaded_holds_the_old_rows() -> None:
    nodes = [source(), model("a", ORDERS)]
    built, checked = run(result("a", "success", 5)), fresh(10, loaded=at(7), orders="pass")
    stale: dict[str, Any] = {"failing": ["source.orders"], "category": Category.STALE_DATA}
    proof = proved(nodes, built, checked, **stale)
    assert states(proof) == {"orders": "repaired", "a": "still_bad"}
    assert "before raw.orders was loaded (2026-03-01T06:07:00.000Z)" in why(proof, "a")
    assert states(proved(nodes, built, fresh(10, loaded=at(3), orders="pass"), **stale))["a"] == "untested"
    assert states(proved(nodes, built, checked))["a"] == "untested", "others are loaded while their readers run"
    assert states(proved(nodes, built, checked, failing=["source.orders"], category=Category.DATA_QUALITY))["a"] == "untested"


COUNTED = ("build", "run", "seed", "snapshot", "retry")


@pytest.mark.parametrize("which", [*COUNTED, "compile", "generate", "parse", "clone", "show", "list", ""])
def test_only_commands_that_build_prove_anything(which: str) -> None:
    proof = proved([model("a")], run(result("a", "success", 1), which=which, file="results.json"))
    assert states(proof) == {"a": "untested" if which in COUNTED else "not_run"}
    assert any("results.json does not count" in note for note in proof.notes) is (which not in COUNTED)


@pytest.mark.parametrize("kind", ["table", "view"])
@pytest.mark.parametrize("flags", [{"empty": True}, {"sample": {"start": "2026-03-01"}}])
def test_an_empty_run_empties(flags: dict[str, Any], kind: str) -> None:
    nodes, good = [model("a", materialized=kind)], run(result("a", "success", 1))
    hollow = run(result("a", "success", 2), file="hollow.json", **flags)
    proof = proved(nodes, good, hollow)
    assert states(proof) == {"a": "still_bad"}
    assert "--empty or --sample" in why(proof, "a")
    assert proof.notes[0] == "hollow.json does not count: it was run with --empty or --sample."
    assert states(proved(nodes, hollow, run(result("a", "success", 3))))["a"] in {"untested", "repaired"}


def test_an_empty_run_adds_nothing_to_an_incremental_model_and_proves_no_test() -> None:
    nodes = [incremental("a"), data_test("unique", A)]
    hollow = run(result("a", "success", 2), result("test.unique", "pass", 3), empty=True)
    assert states(proved(nodes, hollow)) == {"a": "not_run"}
    assert states(proved(nodes, run(result("a", "success", 1)), hollow)) == {"a": "not_tested"}
    assert states(proved(nodes, run(result("a", "success", 2), empty=True, full_refresh=True))) == {"a": "still_bad"}


def test_runs_of_another_target_do_not_count() -> None:
    dev, prod = run(result("a", "success", 1), target="dev", file="dev.json"), run(result("b", "success", 1))
    nodes = [model("a"), model("b")]
    proof = proved(nodes, dev, prod, target="prod")
    assert states(proof) == {"a": "not_run", "b": "untested"}
    assert "dev.json does not count: its target is dev, the incident's is prod." in proof.notes
    assert states(proved(nodes, dev, prod, run(result("a", "error", -1)))) == {"a": "not_run", "b": "untested"}, "the failing run says which"
    assert states(proved(nodes, run(result("a", "success", 1), target=None), prod, target="prod")) == {"a": "not_run", "b": "untested"}
    with pytest.raises(UsageError, match=r"--target: the runs since then are of several targets \(dev and prod\)"):
        proved(nodes, dev, prod)
    with pytest.raises(UsageError, match="the profile's default"):
        proved(nodes, run(result("a", "success", 1), target=None), prod)


def test_one_target_needs_no_word_and_none_is_said() -> None:
    assert proved([model("a")], run(result("a", "success", 1))).target == "prod"
    unsaid = proved([model("a")], run(result("a", "success", 1), target=None))
    assert (unsaid.target, states(unsaid)) == ("", {"a": "untested"})
    assert "No run says its target: all are taken to be of the warehouse where the incident is." in unsaid.notes


def test_fusion_does_not_say_its_flags() -> None:
    proof = proved([model("a")], run(result("a", "success", 1), target=None, dbt="2.0.0"), target="prod")
    assert states(proof) == {"a": "untested"}
    assert any("Fusion" in note for note in proof.notes)


def test_a_word_fills_a_gap_and_outweighs_no_failure() -> None:
    assert states(proved(CHAIN, GOOD, of=["a", "b"], confirmed=["a"])) == {"a": "repaired", "b": "repaired"}
    gap = proved(CHAIN, run(result("b", "success", 3), result("test.unique_b", "pass", 4)), confirmed=["a"])
    assert states(gap) == {"a": "repaired", "b": "repaired"}
    assert why(gap, "a") == "a person vouches for it (--confirmed); without that: no result since then; it has to be built"
    assert next(node.confirmed for node in gap.nodes if node.unique_id == A)
    bad = proved(CHAIN, GOOD, run(result("test.unique_a", "fail", 9)), confirmed=["a", "b"])
    assert states(bad) == {"a": "still_bad", "b": "repaired"}
    assert why(bad, "a").endswith("--confirmed does not outweigh a bad result")


def step(kind: Any, *names: str, argv: str = "", sql: str = "") -> Step:  # noqa: ANN401
    return Step(kind, tuple(uid(name) for name in names), "why", argv=tuple(argv.split()), sql=sql)


@pytest.mark.parametrize(
    ("argv", "args", "state"),
    [
        ("dbt run --select a --full-refresh --target prod", {}, "not_run"),
        ("dbt run --select a --full-refresh --target prod", {"full_refresh": False}, "not_run"),
        ("dbt run --select a --full-refresh --target prod", {"full_refresh": True}, "untested"),
        ("dbt run --select a --event-time-start 2026-02-01T00:00:00 --event-time-end 2026-02-03T00:00:00", {}, "not_run"),
        (
            "dbt run --select a --event-time-start 2026-02-01T00:00:00 --event-time-end 2026-02-03T00:00:00",
            {"event_time_start": "2026-02-01T00:00:00", "event_time_end": "2026-02-02T00:00:00"},
            "not_run",
        ),
        (
            "dbt run --select a --event-time-start 2026-02-01T00:00:00 --event-time-end 2026-02-03T00:00:00",
            {"event_time_start": "2026-01-31T00:00:00", "event_time_end": "2026-02-03T00:00:00"},
            "untested",
        ),
        ('dbt run --select a --vars {"since":"2026-02-01"}', {"vars": {"since": "2026-02-01", "country": "DE"}}, "untested"),
        ('dbt run --select a --vars {"since":"2026-02-01"}', {"vars": {}}, "not_run"),
        ('dbt run --select a --vars {"since":"2026-02-01"}', {"vars": {"since": "2026-02-09"}}, "not_run"),
        (
            "dbt run --select a --event-time-start 2026-02-01T00:00:00 --event-time-end 2026-02-03T00:00:00",
            {"event_time_start": "2026-02-02T00:00:00", "event_time_end": "2026-02-03T00:00:00"},
            "not_run",
        ),
        ("dbt run --select a --vars since:2026-02-01", {"vars": {}}, "untested"),
        ("dbt run --select a", {}, "untested"),
    ],
)
def test_a_plans_step_is_done_with_its_flags(argv: str, args: dict[str, Any], state: str) -> None:
    plan = planned(step("run", "a", argv=argv))
    proof = proved([microbatch("a")], run(result("a", "success", 1), **args), plan=plan)
    assert states(proof) == {"a": state}
    if state == "not_run":
        assert "without --" in why(proof, "a")


def test_a_plans_sql_is_run_as_it_is() -> None:
    sql = "begin;\ndelete from t where x;\ncommit;"
    plan = planned(step("sql", "a", argv="dbt run-operation run_query --args x", sql=sql))
    operation = msgspec.structs.replace(result("a", "success", 2), unique_id="macro.dbt.run_query")

    def ran(text: str, status: str = "success") -> Any:  # noqa: ANN401
        return run(msgspec.structs.replace(operation, status=status), which="run-operation", args={"sql": text}, macro="run_query")

    nodes = [incremental("a"), model("b", A)]
    after = run(result("b", "success", 3))
    assert states(proved(nodes, ran("begin;\n  delete from t\nwhere x;\ncommit;\n"), after, plan=plan)) == {"a": "untested", "b": "untested"}
    assert states(proved(nodes, ran("begin; delete from t; commit;"), after, plan=plan))["a"] == "not_run"
    assert states(proved(nodes, ran(sql, "error"), after, plan=plan))["a"] == "not_run"
    assert states(proved(nodes, ran(sql), run(result("b", "success", 1)), plan=plan))["b"] == "still_bad", "built before the SQL"
    assert states(proved(nodes, ran(sql), after)) == {"a": "not_run", "b": "still_bad"}, "without the plan nobody knows of what the SQL is"


def test_every_step_of_a_node_has_to_be_done() -> None:
    plan = planned(step("run", "a", argv="dbt run --select a"), step("full-refresh", "a", argv="dbt run --select a --full-refresh"))
    plain, full = run(result("a", "success", 1)), run(result("a", "success", 2), full_refresh=True)
    assert states(proved([incremental("a")], plain, plan=plan)) == {"a": "not_run"}
    assert states(proved([incremental("a")], plain, full, plan=plan)) == {"a": "untested"}


def test_what_a_plan_leaves_to_a_person_needs_a_word() -> None:
    plan = planned(step("sql", "a"))
    proof = proved([model("a")], run(result("b", "success", 1)), plan=plan)
    assert states(proof) == {"a": "not_run"}
    assert "--confirmed" in why(proof, "a")
    assert states(proved([model("a")], run(result("b", "success", 1)), plan=plan, confirmed=["a"])) == {"a": "repaired"}


def test_what_a_plan_leaves_as_it_is_needs_no_build_but_its_tests() -> None:
    plan = planned(step("run", "a", argv="dbt run --select a"), untouched=["b"])
    built = run(result("a", "success", 1), result("test.unique_a", "pass", 2))
    assert states(proved(CHAIN, built, plan=plan)) == {"a": "repaired", "b": "not_tested"}
    assert states(proved(CHAIN, built, run(result("test.unique_b", "pass", 3)), plan=plan)) == {"a": "repaired", "b": "repaired"}
    assert states(proved(CHAIN, built, run(result("b", "error", 3)), plan=plan)) == {"a": "repaired", "b": "still_bad"}


def test_whom_a_plan_asks_is_asked() -> None:
    asked = (Step("confirm", (A,), "Count rows.", argv=("dbt", "show")), Step("confirm", (), "Start it again.", who="the scheduler"))
    plan = planned(step("run", "a", argv="dbt run --select a"), *asked, Step("confirm", (uid("exposure.board"),), "Look.", who="Ada"))
    proof = proved([model("a"), exposure("board", A)], run(result("a", "success", 1)), plan=plan, who=lambda _: "Ada")
    assert [(item.who, item.nodes) for item in proof.confirm] == [
        ("Ada", (uid("exposure.board"),)),
        ("whoever runs this plan", (A,)),
        ("the scheduler", ()),
    ]


def test_a_relation_that_the_warehouse_no_longer_has_is_not_repaired() -> None:
    nodes = [model("a"), model("v", A, materialized="view")]
    built = run(result("a", "success", 1))

    def listed(minutes: float, *names: str) -> Catalog:
        return Catalog(at(minutes), tables={uid(name): CatalogTable(uid(name)) for name in names})

    assert states(proved(nodes, built, catalog=listed(2, "a", "v"))) == {"a": "untested", "v": "repaired"}
    assert states(proved(nodes, built, catalog=listed(2, "a"))) == {"a": "untested", "v": "still_bad"}
    assert states(proved(nodes, built, catalog=listed(0.5, "a"))) == {"a": "untested", "v": "repaired"}, "of before the build"
    assert states(proved(nodes, built, catalog=listed(-9))) == {"a": "untested", "v": "repaired"}


def test_a_plain_run_of_an_incremental_model_is_said_to_leave_older_rows() -> None:
    def noted(*found: Any, **given: Any) -> bool:  # noqa: ANN401
        return any("leave older rows as they are" in note for note in proved([incremental("a")], *found, **given).notes)

    assert noted(run(result("a", "success", 1)))
    assert not noted(run(result("a", "success", 1), full_refresh=True))
    assert not noted(run(result("a", "success", 1)), plan=planned(step("run", "a", argv="dbt run --select a")))


def test_causes_come_before_what_follows_from_them() -> None:
    nodes = (model("a"), model("v", A, materialized="view"), model("w", uid("v")), model("y", uid("w")), model("z"))
    bad = run(result("a", "error", 1), result("z", "error", 1), result("w", "success", 2), result("y", "error", 3))
    order = [node.unique_id for node in proved(nodes, bad, failing=["z"]).nodes]
    assert order == [uid("z"), A, uid("y"), uid("v"), uid("w")]


@st.composite
def dags(draw: st.DrawFn) -> list[Node]:
    """Models in layers, some of them views, each with up to one test."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 7))):
        parents = [uid(f"n{other}") for other in range(number) if draw(st.booleans())]
        nodes.append(model(f"n{number}", *parents, materialized=draw(st.sampled_from(["table", "view", "incremental"]))))
    return nodes + [data_test(f"t{number}", node.unique_id) for number, node in enumerate(nodes) if draw(st.booleans())]


def whole_repair(nodes: list[Node]) -> list[tuple[str, str]]:
    """Everything built and tested in order, as (name, status)."""
    tables = [node.name for node in nodes if node.resource_type != "test"]
    tests = [f"test.{node.name}" for node in nodes if node.resource_type == "test"]
    return [*((name, "success") for name in tables), *((name, "pass") for name in tests)]


def repaired(nodes: list[Node], done: list[tuple[str, str]], order: list[int]) -> set[str]:
    found = proved(nodes, run(*(result(name, status, order[at]) for at, (name, status) in enumerate(done)), result("elsewhere", "success", 1)))
    return {node.unique_id for node in found.nodes if node.is_repaired}


@given(dags())
def test_a_whole_repair_is_one_and_without_any_one_stored_build_or_test_it_is_none(nodes: list[Node]) -> None:
    done = whole_repair(nodes)
    everything = {node.unique_id for node in nodes if node.resource_type != "test"}
    order = list(range(1, len(done) + 1))
    assert repaired(nodes, done, order) == everything
    views = {node.name for node in nodes if node.materialized == "view"}
    for at_ in (at_ for at_, (name, _) in enumerate(done) if name not in views):
        assert repaired(nodes, done[:at_] + done[at_ + 1 :], order[:at_] + order[at_ + 1 :]) != everything


@given(dags(), st.data())
def test_one_more_failure_never_repairs_anything(nodes: list[Node], data: st.DataObject) -> None:
    done = whole_repair(nodes)
    order = data.draw(st.permutations(range(1, len(done) + 1)))
    name, status = data.draw(st.sampled_from(done))
    before = repaired(nodes, done, list(order))
    bad = run(result(name, "error" if status == "success" else "fail", 100))
    found = proved(nodes, run(*(result(known, good, order[place]) for place, (known, good) in enumerate(done))), bad)
    after = {node.unique_id for node in found.nodes if node.is_repaired}
    assert after <= before
    assert not after & {uid(name), *(parent for node in nodes if f"test.{node.name}" == name for parent in node.parents)}


@given(dags())
def test_nothing_that_keeps_rows_is_repaired_by_what_ran_before(nodes: list[Node]) -> None:
    done = whole_repair(nodes)
    stored = {node.unique_id for node in nodes if node.is_stored}
    assert repaired(nodes, done, list(range(-len(done), 0))).isdisjoint(stored)
