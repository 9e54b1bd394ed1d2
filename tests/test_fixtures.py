"""The stored artifacts of shop are what fixtures/README.md says that they are."""

from __future__ import annotations

import gzip
import json
import runpy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
SHOP = FIXTURES / "shop"
BUILD = runpy.run_path(str(FIXTURES / "build.py"))
SCENARIOS = sorted(BUILD["SCENARIOS"])
KINDS = ("manifest", "catalog", "run_results", "sources")
BAD = {"error", "fail"}
SCHEMAS = {"manifest": "v12", "catalog": "v1", "run_results": "v6", "sources": "v3"}


@cache
def text(scenario: str, kind: str) -> str:
    return gzip.decompress((FIXTURES / "artifacts" / scenario / f"{kind}.json.gz").read_bytes()).decode()


@cache
def read(scenario: str, kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(text(scenario, kind))
    return loaded


def statuses(scenario: str) -> dict[str, str]:
    return {result["unique_id"]: result["status"] for result in read(scenario, "run_results")["results"]}


def freshness(scenario: str) -> dict[str, str]:
    results = read(scenario, "sources")["results"]
    return {result["unique_id"].removeprefix("source.shop."): result["status"] for result in results}


def with_status(scenario: str, *wanted: str) -> set[str]:
    return {unique_id for unique_id, status in statuses(scenario).items() if status in wanted}


def models(scenario: str = "green") -> dict[str, dict[str, Any]]:
    nodes = read(scenario, "manifest")["nodes"]
    return {key: node for key, node in nodes.items() if node["resource_type"] == "model"}


def descendants(scenario: str, *roots: str) -> set[str]:
    children = read(scenario, "manifest")["child_map"]
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        for child in children.get(todo.pop(), []):
            if child not in seen:
                seen.add(child)
                todo.append(child)
    return seen


def skipped_by(scenario: str, *roots: str) -> set[str]:
    """What dbt build skips when it fails on `roots`: all that is below and that it would run.

    Unit tests count as parents of the model that they test, so they are not below a root.
    """
    below = descendants(scenario, *roots)
    runnable = set(statuses(scenario))
    return {node for node in below & runnable if not node.startswith("unit_test.")}


def test_every_scenario_and_nothing_else_is_stored() -> None:
    stored = sorted(folder.name for folder in (FIXTURES / "artifacts").iterdir())
    assert stored == SCENARIOS
    assert sum(file.stat().st_size for file in (FIXTURES / "artifacts").rglob("*.gz")) < 3_000_000


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_artifact_is_of_its_kind_and_names_no_machine(scenario: str, kind: str) -> None:
    metadata = read(scenario, kind)["metadata"]
    assert metadata["dbt_schema_version"].endswith(f"/{kind.replace('_', '-')}/{SCHEMAS[kind]}.json")
    assert metadata["env"] == {}
    assert metadata.get("user_id") is None
    assert not [place for place in ("/home/", "/root/", "/Users/", "site-packages") if place in text(scenario, kind)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_files_of_a_scenario_belong_together(scenario: str) -> None:
    results, manifest = read(scenario, "run_results"), read(scenario, "manifest")
    assert results["args"]["which"] == "build"
    assert results["args"]["target"] == "prod"
    assert results["metadata"]["invocation_id"] == manifest["metadata"]["invocation_id"]
    earlier = [read(scenario, kind)["metadata"]["generated_at"] for kind in ("sources", "catalog")]
    assert earlier == sorted(earlier)
    assert earlier[-1] < manifest["metadata"]["generated_at"]
    known = {**manifest["nodes"], **manifest["exposures"], **manifest["saved_queries"], **manifest["unit_tests"], **manifest["functions"]}
    assert set(statuses(scenario)) <= set(known)


def test_the_artifacts_are_of_the_project_as_it_is() -> None:
    for node in models().values():
        root = SHOP if node["package_name"] == "shop" else SHOP / "packages" / "shop_extras"
        assert (root / node["original_file_path"]).read_text("utf-8").strip() == node["raw_code"], node["unique_id"]
    files = {path.name for path in (SHOP / "models").rglob("*.sql")}
    assert files <= {Path(node["path"]).name for node in models().values()} | {"legacy_orders.sql"}


def test_an_edit_still_finds_its_text() -> None:
    for scenario in BUILD["SCENARIOS"].values():
        for edit in scenario.edits:
            assert (SHOP / edit.path).read_text("utf-8").count(edit.old) == 1


def test_green_passes() -> None:
    assert set(statuses("green").values()) == {"success", "pass", "no-op"}
    assert freshness("green") == dict.fromkeys(["raw.orders", "raw.events", "raw.payments", "marketing.campaigns"], "pass")


def test_the_project_has_every_kind_of_resource() -> None:
    manifest = read("green", "manifest")
    kinds = {node["resource_type"] for node in manifest["nodes"].values()}
    assert kinds == {"model", "seed", "snapshot", "test", "analysis", "operation"}
    for part in ("sources", "exposures", "metrics", "groups", "saved_queries", "semantic_models", "unit_tests", "functions", "disabled"):
        assert manifest[part], part
    assert len(models()) == 54
    assert {metric["type"] for metric in manifest["metrics"].values()} == {"simple", "ratio", "derived"}
    (query,) = manifest["saved_queries"].values()
    assert [export["config"]["export_as"] for export in query["exports"]] == ["table"]


def test_the_models_have_every_materialization_and_strategy() -> None:
    configs = [node["config"] for node in models().values()]
    assert {config["materialized"] for config in configs} == {"view", "table", "ephemeral", "incremental"}
    incremental = [config for config in configs if config["materialized"] == "incremental"]
    assert {config["incremental_strategy"] for config in incremental} == {"append", "delete+insert", "merge", "microbatch"}
    assert [config["full_refresh"] for config in incremental].count(False) == 1
    assert {config["on_schema_change"] for config in incremental} == {"ignore", "fail", "append_new_columns", "sync_all_columns"}
    assert {config["batch_size"] for config in incremental} == {None, "day", "month"}
    assert {node["language"] for node in models().values()} == {"sql", "python"}
    assert {node["access"] for node in models().values()} == {"public", "protected", "private"}
    assert any(node["contract"]["enforced"] for node in models().values())


def test_the_snapshots_delete_in_every_way() -> None:
    nodes = read("green", "manifest")["nodes"].values()
    snapshots = [node for node in nodes if node["resource_type"] == "snapshot"]
    assert {node["config"].get("hard_deletes") for node in snapshots} >= {"invalidate", "new_record"}
    assert {node["config"]["strategy"] for node in snapshots} == {"timestamp", "check"}


def test_names_clash_across_packages_versions_and_folders() -> None:
    nodes = models()
    for name in ("stg_products", "customer_ltv"):
        twins = [node for node in nodes.values() if node["name"] == name]
        assert {node["package_name"] for node in twins} == {"shop", "shop_extras"}
        assert len({node["original_file_path"] for node in twins}) == 1
    folders = {part for node in nodes.values() for part in node["fqn"][1:-1]}
    assert "finance" in {node["fqn"][1] for node in nodes.values()}  # dbt matches folders from the top
    assert nodes["model.shop.finance"]["fqn"] == ["shop", "marts", "reporting", "finance"]
    assert "model.shop.shop_extras" in nodes
    assert "ad hoc" in folders
    assert [nodes[f"model.shop.dim_customers.v{version}"]["latest_version"] for version in (1, 2)] == [2, 2]


def test_exposures_are_of_all_types_and_stages_of_documentation() -> None:
    exposures = read("green", "manifest")["exposures"].values()
    assert {exposure["type"] for exposure in exposures} == {"dashboard", "notebook", "analysis", "ml", "application"}
    assert {exposure["maturity"] for exposure in exposures} == {None, "low", "medium", "high"}
    assert {bool(exposure["url"]) for exposure in exposures} == {True, False}
    assert {bool(exposure["owner"]["email"]) for exposure in exposures} == {True, False}
    assert any(parent.startswith("metric.") for exposure in exposures for parent in exposure["depends_on"]["nodes"])


def test_owners_have_every_shape() -> None:
    manifest = read("green", "manifest")
    parts = [*manifest["nodes"].values(), *manifest["sources"].values()]
    owners = [{**part.get("meta", {}), **part["config"].get("meta", {})}.get("owner") for part in parts]
    assert {type(owner) for owner in owners} == {type(None), str, list, dict}
    assert {"@customer-data", "Ann Lee, Bob Roy", "orders-team@shop.example"} <= {owner for owner in owners if isinstance(owner, str)}


def test_orders_reach_the_critical_dashboard() -> None:
    assert "exposure.shop.executive_dashboard" in descendants("green", "model.shop.stg_orders")
    assert "critical" in read("green", "manifest")["exposures"]["exposure.shop.executive_dashboard"]["tags"]


def test_model_error_skips_the_descendants() -> None:
    root = "model.shop.stg_orders"
    assert with_status("model_error", "error") == {root}
    skipped = with_status("model_error", "skipped")
    assert {node for node in skipped if not node.startswith("unit_test.")} == skipped_by("model_error", root)
    assert not with_status("model_error", "fail", "warn")


def test_test_failures_are_of_every_kind_and_skip_what_depends_on_the_tested() -> None:
    nodes = read("test_failures", "manifest")["nodes"]
    assert not with_status("test_failures", "error")
    failed, warned = with_status("test_failures", "fail"), with_status("test_failures", "warn")
    kinds = {(nodes[key].get("test_metadata") or {"name": "singular"})["name"] for key in failed}
    assert kinds == {"unique", "not_null", "accepted_values", "relationships", "singular"}
    assert {nodes[key]["config"]["severity"].lower() for key in warned} == {"warn"}
    assert len(warned) == 3
    skipped = with_status("test_failures", "skipped")
    assert "model.shop.fct_orders" in skipped
    assert "model.shop.stg_orders" not in skipped


@pytest.mark.parametrize(
    ("scenario", "changed"),
    [
        ("stale_warn", {"raw.orders": "warn"}),
        ("stale_error", {"raw.orders": "error", "raw.payments": "warn"}),
    ],
)
def test_stale_sources_change_nothing_but_freshness(scenario: str, changed: dict[str, str]) -> None:
    assert freshness(scenario) == {**freshness("green"), **changed}
    assert statuses(scenario) == statuses("green")


def test_a_source_whose_freshness_query_failed_is_absent() -> None:
    assert set(freshness("green")) - set(freshness("freshness_error")) == {"raw.events"}
    assert read("freshness_error", "manifest")["sources"]["source.shop.raw.events"]["freshness"]
    assert statuses("freshness_error") == statuses("green")


def test_a_dropped_column_fails_its_readers_and_passes_through_a_star() -> None:
    assert with_status("dropped_column", "error") == {"model.shop.stg_payments", "model.shop.int_payment_methods"}
    assert statuses("dropped_column")["model.shop.int_payments_copy"] == "success"
    assert "model.shop.fct_orders" in with_status("dropped_column", "skipped")
    source = "source.shop.raw.payments"
    lost = set(read("green", "catalog")["sources"][source]["columns"]) - set(read("dropped_column", "catalog")["sources"][source]["columns"])
    assert lost == {"method"}


def test_a_build_refuses_to_replace_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BUILD["BuildError"], match="holds something else"):
        BUILD["build_shop"](tmp_path)
    assert (tmp_path / "thesis.txt").exists()
