"""run_results.json, sources.json and catalog.json, of every version and however a status or a number is written."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from written import FIXTURES, SCENARIOS, Raw, metadata, run_results

from aftershock.artifacts.results import read_catalog_bytes, read_freshness, read_run
from aftershock.errors import ArtifactError
from aftershock.model import CatalogTable, Result, Run, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable


def shop(scenario: str, name: str) -> tuple[bytes, Raw]:
    data = gzip.decompress((FIXTURES / "artifacts" / scenario / f"{name}.json.gz").read_bytes())
    return data, json.loads(data)


def run(*results: Raw, **fields: Any) -> Run:  # noqa: ANN401
    return read_run(json.dumps(run_results(*results, **fields)).encode(), "run_results.json")


def result(**fields: Any) -> Result:  # noqa: ANN401
    return run({"unique_id": "model.shop.a", "status": "success", **fields}).results["model.shop.a"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_in_shop_every_result_is_what_dbt_says(scenario: str) -> None:
    data, written = shop(scenario, "run_results")
    found = read_run(data, "run_results.json")
    assert (found.which, found.args["target"], found.dbt_version) == ("build", "prod", "1.11.16")
    assert found.invocation_id == written["metadata"]["invocation_id"]
    assert set(found.results) == {item["unique_id"] for item in written["results"]}
    for item in written["results"]:
        one = found.results[item["unique_id"]]
        assert (one.status, one.failures, one.message) == (item["status"].lower(), item["failures"], item["message"] or "")
        assert one.seconds == item["execution_time"]


@pytest.mark.parametrize(("scenario", "statuses"), [("stale_error", {"error", "warn", "pass"}), ("stale_warn", {"warn", "pass"}), ("green", {"pass"})])
def test_in_shop_freshness_is_what_dbt_says(scenario: str, statuses: set[str]) -> None:
    data, written = shop(scenario, "sources")
    found = read_freshness(data, "sources.json")
    assert {item.status for item in found.sources.values()} == statuses
    assert {unique_id: item.age_seconds for unique_id, item in found.sources.items()} == {
        item["unique_id"]: item["max_loaded_at_time_ago_in_s"] for item in written["results"]
    }


def test_in_shop_a_source_whose_query_failed_is_absent() -> None:
    assert "source.shop.raw.events" not in read_freshness(shop("freshness_error", "sources")[0], "sources.json").sources


def test_in_shop_the_catalog_has_the_columns_in_order() -> None:
    data, written = shop("green", "catalog")
    found = read_catalog_bytes(data, "catalog.json")
    assert set(found.tables) == set(written["nodes"]) | set(written["sources"])
    for unique_id, table in {**written["nodes"], **written["sources"]}.items():
        ordered = sorted(table["columns"].values(), key=lambda column: column["index"])
        assert list(found.tables[unique_id].columns.items()) == [(column["name"], column["type"]) for column in ordered]
    assert found.tables["model.shop.fct_orders"].type == "base table"


@pytest.mark.parametrize("version", range(1, 7))
def test_every_version_of_run_results(version: int) -> None:
    assert run({"unique_id": "model.shop.a", "status": "error"}, metadata=metadata("run-results", version)).results["model.shop.a"].status == "error"


@pytest.mark.parametrize(
    ("args", "which"), [({"which": "build"}, "build"), ({"rpc_method": "run"}, "run"), ({"which": "test", "rpc_method": "x"}, "test"), ({}, ""), (None, "")]
)
def test_the_command(args: Raw | None, which: str) -> None:
    assert run(args=args).which == which


@pytest.mark.parametrize(
    ("written", "read"),
    [("SUCCESS", "success"), ("No-Op", "no-op"), ("Partial Success", "partial success"), ("reused", "reused"), ("hologram", "hologram"), (None, "")],
)
def test_a_status_is_any_word_in_any_case(written: str | None, read: str) -> None:
    assert result(status=written).status == read


@pytest.mark.parametrize(
    ("written", "failures"), [(3, 3), ("3", 3), ("3.0", 3), (0, 0), (None, None), ("many", None), ("NaN", None), ("1e999", None), ([], None), (10**400, None)]
)
def test_failures_are_a_number_however_they_are_written(written: object, failures: int | None) -> None:
    assert result(failures=written).failures == failures


@pytest.mark.parametrize(("written", "seconds"), [(1.5, 1.5), ("1.5", 1.5), (None, 0.0), ({}, 0.0)])
def test_seconds(written: object, seconds: float) -> None:
    assert result(execution_time=written).seconds == seconds


def test_when_a_node_ran_is_from_its_first_to_its_last_timing() -> None:
    timing = [
        {"name": "compile", "started_at": "2026-03-01T06:00:01Z", "completed_at": "2026-03-01T06:00:02Z"},
        {"name": "execute", "started_at": "2026-03-01T06:00:03Z", "completed_at": "2026-03-01T06:00:09Z"},
        {"name": "odd", "started_at": None},
    ]
    found = result(timing=timing, message=None)
    assert (found.started_at, found.completed_at, found.message) == ("2026-03-01T06:00:01Z", "2026-03-01T06:00:09Z", "")
    assert result(timing=None).started_at == ""


@pytest.mark.parametrize(
    ("written", "batches"),
    [({"successful": [["a", "b"], ["b", "c"]], "failed": [["c", "d"]]}, 3), ({"successful": None, "failed": []}, 0), (None, 0), ([["a", "b"]], 0)],
)
def test_how_many_batches_a_microbatch_model_went_through(written: object, batches: int) -> None:
    assert result(batch_results=written).batches == batches


def test_how_long_a_run_took_and_on_which_threads() -> None:
    found = run(metadata={**metadata("run-results", 6), "invocation_started_at": "2026-03-01T06:00:00.5Z"}, elapsed_time="3.5")
    assert (found.started_at, found.elapsed) == ("2026-03-01T06:00:00.5Z", 3.5)
    assert (run().started_at, run().elapsed) == ("", None)
    assert (result(thread_id="Thread-1 (worker)").thread, result().thread) == ("Thread-1 (worker)", "")


def test_in_shop_how_long_and_on_which_threads_is_what_dbt_says() -> None:
    data, written = shop("green", "run_results")
    found = read_run(data, "run_results.json")
    assert (found.started_at, found.elapsed) == (written["metadata"]["invocation_started_at"], written["elapsed_time"])
    assert {unique_id: item.thread for unique_id, item in found.results.items()} == {item["unique_id"]: item["thread_id"] for item in written["results"]}
    assert found.results["model.shop.fct_events"].batches == len(
        next(r for r in written["results"] if r["unique_id"] == "model.shop.fct_events")["batch_results"]["successful"]
    )


def test_a_result_without_an_id_is_no_result() -> None:
    assert run({"status": "success"}).results == {}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_of_sources(version: int) -> None:
    results: list[Raw] = [
        {"unique_id": "source.shop.raw.a", "status": "Warn", "max_loaded_at": "2026-03-01T00:00:00Z", "max_loaded_at_time_ago_in_s": "12.5"},
        {"unique_id": "source.shop.raw.b", "status": "Runtime Error", "error": "no such column"},
        {"status": "pass"},
    ]
    found = read_freshness(json.dumps({"metadata": metadata("sources", version), "results": results}).encode(), "sources.json")
    assert found.sources == {
        "source.shop.raw.a": SourceStatus("source.shop.raw.a", "warn", "2026-03-01T00:00:00Z", 12.5),
        "source.shop.raw.b": SourceStatus("source.shop.raw.b", "runtime error", error="no such column"),
    }
    assert found.invocation_id == "one"


@pytest.mark.parametrize(
    ("stats", "rows"),
    [
        ({"row_count": {"value": 12}}, 12),
        ({"num_rows": {"value": "12"}}, 12),
        ({"rows": {"value": 12.0}}, 12),
        ({"row_count": {"value": None}}, None),
        ({"has_stats": {"value": False}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_row_counts_by_each_warehouses_name(stats: Raw | None, rows: int | None) -> None:
    columns = {"b": {"name": "B", "type": "INT", "index": 2}, "a": {"type": None, "index": 1}, "z": {}}
    table = {"metadata": {"type": "BASE TABLE"}, "columns": columns, "stats": stats}
    written = {"metadata": metadata("catalog", 1), "nodes": {"model.shop.a": table}, "sources": {"source.shop.raw.b": {}}}
    found = read_catalog_bytes(json.dumps(written).encode(), "catalog.json").tables
    assert found["model.shop.a"] == CatalogTable("model.shop.a", "base table", {"z": "", "a": "", "B": "INT"}, rows)
    assert list(found["model.shop.a"].columns) == ["z", "a", "B"]
    assert found["source.shop.raw.b"] == CatalogTable("source.shop.raw.b")


READERS: dict[str, Callable[[bytes, str], object]] = {"run-results": read_run, "sources": read_freshness, "catalog": read_catalog_bytes}


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({}, "it is not what its name says: no dbt_schema_version"),
        ({"metadata": {}}, "it is not what its name says: no dbt_schema_version"),
        ({"metadata": metadata()}, "it is not what its name says: manifest/v12.json"),
        ([], "it is not what dbt writes"),
    ],
)
def test_a_file_of_something_else_is_one_clear_error(kind: str, content: object, problem: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        READERS[kind](json.dumps(content).encode(), f"target/{kind}.json")
    assert caught.value.problem.startswith(problem)
    assert str(caught.value).startswith(f"target/{kind}.json: ")
    assert caught.value.remedy


@pytest.mark.parametrize("kind", ["run-results", "sources"])
@pytest.mark.parametrize(("dbt", "shown"), [("1.8.0", "1.8.0"), ("", "of unknown version")])
def test_a_missing_key_is_named_with_the_version(kind: str, dbt: str, shown: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        READERS[kind](json.dumps({"metadata": metadata(kind, 3, dbt)}).encode(), "x.json")
    assert caught.value.problem == f"it has no key 'results' (dbt {shown})"
