"""What each category does to each kind of node, written out: the table in effects.py against one made by hand."""

from __future__ import annotations

import pytest
from building import CORE, FUSION, data_test, exposure, graph_of, model, node, radius_of, run_of, seeds_of, source, uid

from aftershock.impact import blast_radius
from aftershock.impact.effects import EFFECTS, seen_skipped
from aftershock.model import Build, Category, Effect, Export, Node, Result, Run

GRAPH = graph_of(
    source("orders"),
    model("stg", "source.shop.raw.orders", materialized="view"),
    model("eph", "stg", materialized="ephemeral"),
    model("inc", "eph", materialized="incremental"),
    model("mart", "inc"),
    node("snap", "stg", kind="snapshot", build=Build("snapshot")),
    node("countries", kind="seed", build=Build("seed")),
    model("by_country", "seed.shop.countries", "mart", materialized="view"),
    node("orders", "mart", kind="semantic_model"),
    node("revenue", "semantic_model.shop.orders", kind="metric"),
    node("weekly", "metric.shop.revenue", kind="saved_query", exports=(Export("weekly"),)),
    exposure("board", "mart"),
    exposure("report", "metric.shop.revenue"),
    data_test("not_null", "mart"),
    node("adds_up", "mart", kind="unit_test"),
    node("look", "mart", kind="analysis"),
)
SHORT = {
    "wrong": Effect.WRONG,
    "stale": Effect.STALE,
    "fails": Effect.FAILS,
    "skipped": Effect.SKIPPED,
    "loses": Effect.LOSES_COLUMNS,
    "missing": Effect.MISSING_ROWS,
    "doubled": Effect.DUPLICATED_ROWS,
}


def effects(category: Category, *names: str, run: Run | None = None) -> dict[str, set[Effect]]:
    return {item.unique_id: set(item.effects) for item in radius_of(GRAPH, seeds_of(*names), category, run).affected}


def words(text: str) -> set[Effect]:
    return {SHORT[word] for word in text.split()}


FROM_STG = {
    Category.DATA_QUALITY: dict.fromkeys(("stg", "eph", "inc", "mart", "snapshot.shop.snap", "exposure.shop.board", "metric.shop.revenue"), "wrong"),
    Category.PIPELINE_FAILURE: {
        "stg": "fails stale",
        "eph": "stale",
        "inc": "skipped stale",
        "mart": "skipped stale",
        "snapshot.shop.snap": "skipped stale",
        "by_country": "skipped stale",
        "semantic_model.shop.orders": "stale",
        "metric.shop.revenue": "stale",
        "saved_query.shop.weekly": "stale",
        "exposure.shop.board": "stale",
        "exposure.shop.report": "stale",
    },
    Category.SCHEMA_BREAK: {
        "stg": "loses",
        "eph": "fails loses",
        "inc": "fails loses",
        "mart": "fails skipped loses",
        "snapshot.shop.snap": "fails loses",
        "by_country": "fails skipped loses",
        "metric.shop.revenue": "fails stale",
        "exposure.shop.board": "fails stale",
    },
    Category.STALE_DATA: dict.fromkeys(("stg", "eph", "inc", "mart", "snapshot.shop.snap", "by_country", "exposure.shop.board"), "stale"),
    Category.DATA_LOSS: {"stg": "missing", "eph": "missing wrong", "inc": "missing wrong", "mart": "missing wrong", "exposure.shop.board": "missing wrong"},
    Category.DUPLICATE_LOAD: {"stg": "doubled", "eph": "doubled wrong", "snapshot.shop.snap": "doubled wrong", "exposure.shop.report": "doubled wrong"},
}


@pytest.mark.parametrize("category", list(Category), ids=lambda category: category.value)
def test_what_a_failing_model_does(category: Category) -> None:
    found = effects(category, "stg")
    expected = {uid(name): words(text) for name, text in FROM_STG[category].items()}
    assert {unique_id: found[unique_id] for unique_id in expected} == expected


@pytest.mark.parametrize(
    ("category", "root", "child", "deeper"),
    [
        (Category.DATA_QUALITY, "wrong", "wrong", "wrong"),
        (Category.PIPELINE_FAILURE, "stale", "stale", "stale"),
        (Category.SCHEMA_BREAK, "loses", "fails loses", "fails skipped loses"),
        (Category.STALE_DATA, "stale", "stale", "stale"),
        (Category.DATA_LOSS, "missing", "missing wrong", "missing wrong"),
        (Category.DUPLICATE_LOAD, "doubled", "doubled wrong", "doubled wrong"),
    ],
)
def test_what_a_failing_source_does(category: Category, root: str, child: str, deeper: str) -> None:
    """A load that failed keeps dbt from nothing: it builds on what is there."""
    found = effects(category, "source.shop.raw.orders")
    assert found["source.shop.raw.orders"] == words(root)
    assert found[uid("stg")] == words(child)
    assert found[uid("mart")] == words(deeper)


def test_an_ephemeral_model_is_never_skipped_and_fails_in_its_readers() -> None:
    found = effects(Category.PIPELINE_FAILURE, "eph")
    assert found[uid("eph")] == words("fails stale")
    assert found[uid("inc")] == words("fails stale")
    assert found[uid("mart")] == words("skipped stale")


def test_of_two_failing_nodes_each_has_its_own_effect() -> None:
    """What reads only the source is built on old data; what also reads the seed is not built at all."""
    found = effects(Category.PIPELINE_FAILURE, "source.shop.raw.orders", "seed.shop.countries")
    assert found["seed.shop.countries"] == words("fails stale")
    assert found[uid("mart")] == words("stale")
    assert found[uid("by_country")] == words("skipped stale")


def test_a_failing_exposure_or_metric_has_the_effect_of_a_consumer() -> None:
    assert effects(Category.PIPELINE_FAILURE, "metric.shop.revenue")["metric.shop.revenue"] == words("stale")


@pytest.mark.parametrize("category", list(Category), ids=lambda category: category.value)
def test_tests_unit_tests_and_analyses_are_never_affected(category: Category) -> None:
    assert not {name.partition(".")[0] for name in effects(category, "stg")} & {"test", "unit_test", "analysis"}


def test_every_category_has_a_row_and_every_node_an_effect() -> None:
    assert set(EFFECTS) == set(Category)
    for category in Category:
        assert all(effects(category, "source.shop.raw.orders", "seed.shop.countries").values())


def result(unique_id: str, status: str, message: str = "") -> Run:
    return Run("build", results={unique_id: Result(unique_id, status, message)})


def test_core_skips_because_something_failed() -> None:
    run = run_of(mart="skipped", stg="fail")
    assert seen_skipped(run, CORE) == {"model.shop.mart"}
    assert Effect.SKIPPED in effects(Category.DATA_QUALITY, "stg", run=run)[uid("mart")]
    assert Effect.SKIPPED not in effects(Category.DATA_QUALITY, "stg", run=run)[uid("inc")]


@pytest.mark.parametrize(("message", "skipped"), [("Skipped", False), ("", False), ("Skipped due to upstream failure", True), ("UPSTREAM failed", True)])
def test_fusion_says_skipped_of_what_it_had_no_reason_to_do(message: str, skipped: bool) -> None:  # noqa: FBT001
    run = result("model.shop.mart", "skipped", message)
    assert bool(seen_skipped(run, FUSION)) == skipped
    assert seen_skipped(run, CORE) == {"model.shop.mart"}
    radius = blast_radius(seeds_of("stg"), Category.DATA_QUALITY, GRAPH, info=FUSION, run=run)
    assert (Effect.SKIPPED in {item.unique_id: item.effects for item in radius.affected}["model.shop.mart"]) == skipped


@pytest.mark.parametrize("unique_id", ["exposure.shop.board", "saved_query.shop.weekly", "test.shop.not_null"])
def test_what_dbt_does_not_build_is_not_skipped(unique_id: str) -> None:
    assert seen_skipped(result(unique_id, "skipped"), CORE) == frozenset()


def test_no_run_has_skipped_nothing() -> None:
    assert seen_skipped(None, CORE) == frozenset()


def test_a_skip_that_the_category_says_already_is_said_once() -> None:
    run = run_of(mart="skipped")
    item = next(item for item in radius_of(GRAPH, seeds_of("stg"), Category.PIPELINE_FAILURE, run).affected if item.name == "mart")
    assert item.effects.count(Effect.SKIPPED) == 1


def test_a_function_that_fails_keeps_its_users_from_being_built() -> None:
    graph = graph_of(node("net", kind="function", build=Build("function")), model("orders", "function.shop.net"))
    found = {item.unique_id: set(item.effects) for item in radius_of(graph, seeds_of("function.shop.net"), Category.PIPELINE_FAILURE).affected}
    assert found == {"function.shop.net": words("fails stale"), "model.shop.orders": words("skipped stale")}


def test_a_node_of_an_unknown_type_is_affected_like_any_other() -> None:
    graph = graph_of(model("orders"), Node("hologram.shop.x", "hologram", "x", parents=("model.shop.orders",)))
    assert "hologram.shop.x" in {item.unique_id for item in radius_of(graph, seeds_of("orders")).affected}
