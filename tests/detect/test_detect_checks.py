"""Data tests: their kind, by metadata, by name, by SQL and by the dimension that somebody wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from detect_builder import bare_test, columns, data_test, found, model, result, shapes, singular, source

from aftershock.artifacts import read_artifacts
from aftershock.detect import detect
from aftershock.model import Column, Policy
from aftershock.model.policy import DIMENSIONS, DetectPolicy

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {
    "unique": "duplicate-load",
    "dbt_utils.unique_combination_of_columns": "duplicate-load",
    "dbt_expectations.expect_compound_columns_to_be_unique": "duplicate-load",
    "dbt_expectations.expect_column_values_to_be_unique": "duplicate-load",
    "dbt_constraints.primary_key": "duplicate-load",
    "dbt_constraints.unique_key": "duplicate-load",
    "is_unique": "duplicate-load",
    "no_duplicates": "duplicate-load",
    "not_null": "data-quality",
    "dbt_utils.not_null_proportion": "data-quality",
    "accepted_values": "data-quality",
    "dbt_utils.accepted_range": "data-quality",
    "relationships": "data-quality",
    "dbt_utils.relationships_where": "data-quality",
    "dbt_constraints.foreign_key": "data-quality",
    "dbt_utils.expression_is_true": "data-quality",
    "dbt_utils.cardinality_equality": "data-quality",
    "dbt_utils.sequential_values": "data-quality",
    "dbt_expectations.expect_column_values_to_be_between": "data-quality",
    "dbt_expectations.expect_column_values_to_match_regex": "data-quality",
    "dbt_expectations.expect_column_unique_value_count_to_be_between": "data-quality",
    "dbt_expectations.expect_column_mean_to_be_between": "data-quality",
    "elementary.column_anomalies": "data-quality",
    "elementary.all_columns_anomalies": "data-quality",
    "is_a_tax_number": "data-quality",
    "dbt_utils.recency": "stale-data",
    "dbt_expectations.expect_row_values_to_have_recent_data": "stale-data",
    "dbt_expectations.expect_grouped_row_values_to_have_recent_data": "stale-data",
    "elementary.freshness_anomalies": "stale-data",
    "elementary.event_freshness_anomalies": "stale-data",
    "dbt_expectations.expect_column_to_exist": "schema-break",
    "dbt_expectations.expect_table_columns_to_match_set": "schema-break",
    "dbt_expectations.expect_table_columns_to_contain_set": "schema-break",
    "dbt_expectations.expect_table_column_count_to_equal": "schema-break",
    "dbt_expectations.expect_column_values_to_be_of_type": "schema-break",
    "elementary.schema_changes": "schema-break",
    "elementary.schema_changes_from_baseline": "schema-break",
    "dbt_expectations.expect_table_row_count_to_be_between": "data-loss",
    "dbt_utils.equal_rowcount": "data-loss",
    "dbt_utils.at_least_one": "data-loss",
    "dbt_expectations.expect_row_values_to_have_data_for_every_n_datepart": "data-loss",
    "elementary.volume_anomalies": "data-loss",
    "row_count_at_least": "data-loss",
    "table_is_not_empty": "data-loss",
    "dbt_utils.fewer_rows_than": "duplicate-load",
    "row_count_at_most": "duplicate-load",
}


@pytest.mark.parametrize(("kind", "category"), KINDS.items())
def test_a_generic_test_means(kind: str, category: str) -> None:
    test = data_test(kind, "orders", "id")
    detection = found(model("orders"), test, results=[result(test, "fail", "Got 2 results, configured to fail if != 0", failures=2)])
    assert shapes(detection) == [(category, ("orders",), 1)]
    assert detection.incidents[0].confirmed is (category != "data-loss")
    assert detection.incidents[0].alternatives


def test_a_package_may_use_a_name_for_something_else() -> None:
    test = data_test("elementary.json_schema", "orders", "body")
    assert shapes(found(model("orders"), test, results=[result(test, "fail")])) == [("data-quality", ("orders",), 1)]


@pytest.mark.parametrize(
    ("name", "category", "column"),
    [
        ("unique_orders_order_id", "duplicate-load", "order_id"),
        ("not_null_orders_status", "data-quality", "status"),
        ("source_not_null_raw_orders_order_id", "data-quality", "order_id"),
        ("dbt_utils_recency_orders_day__loaded_at__1", "stale-data", "day"),
        ("accepted_values_orders_status__placed__shipped", "data-quality", "status"),
        ("relationships_orders_customer_id__customer_id__ref_customers_", "data-quality", "customer_id"),
        ("my_own_name", "data-quality", ""),
    ],
)
def test_a_test_without_metadata_is_read_by_its_name(name: str, category: str, column: str) -> None:
    """The child is tested; the parent of a relationship is only what it is compared with."""
    on = "raw.orders" if name.startswith("source_") else "orders"
    parents = (on, "customers") if "customers" in name else (on,)
    test = bare_test(name, *reversed(parents))
    detection = found(model("orders"), source("raw.orders"), model("customers"), test, results=[result(test, "fail")])
    assert shapes(detection) == [(category, (on,), 1)]
    assert detection.incidents[0].columns == ((column,) if column and category != "stale-data" else ())


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("assert_no_duplicate_orders", "duplicate-load"),
        ("orders_are_unique", "duplicate-load"),
        ("assert_orders_recency", "stale-data"),
        ("orders_freshness", "stale-data"),
        ("orders_volume", "data-loss"),
        ("assert_row_count_matches", "data-loss"),
        ("orders_schema_is_known", "schema-break"),
        ("assert_total_is_positive", "data-quality"),
    ],
)
def test_a_singular_test_is_read_by_the_words_of_its_name(name: str, category: str) -> None:
    test = singular(name, "orders")
    detection = found(model("orders"), test, results=[result(test, "fail")])
    assert shapes(detection) == [(category, ("orders",), 1)]
    assert detection.incidents[0].confidence != "high"


def written(folder: Path, name: str, sql: str, metadata: dict[str, object] | None = None) -> Path:
    """A target directory of one model and one failing test with this code."""
    schema = "https://schemas.getdbt.com/dbt"
    head = {"dbt_version": "1.11.0", "generated_at": "2026-03-01T06:00:00Z", "invocation_id": "one"}
    unique_id = f"test.shop.{name}" + (".0123456789" if metadata else "")
    test = {"resource_type": "test", "name": name, "package_name": "shop", "raw_code": sql, "depends_on": {"nodes": ["model.shop.orders"]}}
    test |= {"original_file_path": "models/schema.yml" if metadata else f"tests/{name}.sql", **({"test_metadata": metadata} if metadata else {})}
    orders = {"resource_type": "model", "name": "orders", "package_name": "shop"}
    manifest = {"metadata": {**head, "dbt_schema_version": f"{schema}/manifest/v12.json"}, "nodes": {"model.shop.orders": orders, unique_id: test}}
    results = {"metadata": {**head, "dbt_schema_version": f"{schema}/run-results/v6.json"}, "args": {"which": "test"}}
    results["results"] = [{"unique_id": unique_id, "status": "fail", "message": "Got 1 result, configured to fail if != 0"}]  # type: ignore[assignment]
    for file, content in (("manifest", manifest), ("run_results", results)):
        (folder / f"{file}.json").write_text(json.dumps(content), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "sql", "category", "rule"),
    [
        ("check_a", "select id from {{ ref('orders') }} group by id having count(*) > 1", "duplicate-load", "twice-by-sql"),
        ("check_b", "select count(*) from {{ ref('orders') }} having count(*) < 300 -- count(*) > 5", "data-loss", "fewer-by-sql"),
        (
            "check_c",
            "with c as (select count(*) as row_count from {{ ref('orders') }}) select * from c where row_count > 1000",
            "duplicate-load",
            "more-by-sql",
        ),
        ("check_d", "select 1 from {{ ref('orders') }} having max(loaded_at) < current_timestamp - interval '1 day'", "stale-data", "old-by-sql"),
        ("check_e", "select column_name from information_schema.columns", "schema-break", "columns-by-sql"),
        ("check_f", "select * from {{ ref('orders') }} where amount < 0", "data-quality", "singular-test"),
        ("orders_volume", "select count(*) from {{ ref('orders') }} having count(*) > 9000", "duplicate-load", "more-by-sql"),
    ],
)
def test_a_singular_test_is_read_by_its_sql(tmp_path: Path, name: str, sql: str, category: str, rule: str) -> None:
    (item,) = detect(read_artifacts(written(tmp_path, name, sql))).incidents
    assert (item.category.value, item.evidence[0].rule) == (category, rule)


@pytest.mark.parametrize(
    ("arguments", "category", "confidence"),
    [({"min_value": 5}, "data-loss", "medium"), ({"max_value": 5}, "duplicate-load", "medium"), ({"min_value": 1, "max_value": 5}, "data-loss", "low")],
)
def test_the_bounds_of_a_row_count_tell_whether_rows_are_too_few_or_too_many(tmp_path: Path, arguments: dict[str, int], category: str, confidence: str) -> None:
    metadata = {"name": "expect_table_row_count_to_be_between", "namespace": "dbt_expectations", "kwargs": arguments}
    (item,) = detect(read_artifacts(written(tmp_path, "rows", "{{ the_test() }}", metadata))).incidents
    assert (item.category.value, item.confidence) == (category, confidence)


def test_a_singular_test_of_which_the_manifest_lists_no_parents_is_of_what_its_code_names(tmp_path: Path) -> None:
    folder = written(tmp_path, "check", "select * from {{ ref('orders') }}")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["nodes"]["test.shop.check"]["depends_on"]["nodes"] = []
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert shapes(detect(read_artifacts(folder))) == [("data-quality", ("orders",), 1)]


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_quality_dimension_decides_where_the_name_only_hints(dimension: str) -> None:
    test = singular("check_orders", "orders", meta={"quality_dimension": dimension.title()})
    (item,) = found(model("orders"), test, results=[result(test, "fail")]).incidents
    assert item.category.value == DIMENSIONS[dimension]
    assert dimension in item.evidence[0].says.casefold()


def test_a_known_test_means_what_it_is_whatever_its_dimension() -> None:
    test = data_test("not_null", "orders", "id", meta={"quality_dimension": "completeness"})
    assert shapes(found(model("orders"), test, results=[result(test, "fail")])) == [("data-quality", ("orders",), 1)]


def test_a_test_of_a_column_sees_values_and_not_whether_rows_are_there() -> None:
    test = data_test("own_check", "orders", "id", meta={"quality_dimension": "completeness"})
    (item,) = found(model("orders"), test, results=[result(test, "fail")]).incidents
    assert item.category.value == "data-quality"
    assert item.alternatives[0].category.value == "data-loss"


def test_the_dimension_may_stand_at_the_column() -> None:
    orders = model("orders", columns=(Column("day", meta={"quality_dimension": "timeliness"}), *columns("id")))
    by_column, other = data_test("own_check", "orders", "DAY"), data_test("own_check", "orders", "id")
    detection = found(orders, by_column, other, results=[result(by_column, "fail"), result(other, "fail")])
    assert shapes(detection) == [("data-quality", ("orders",), 1), ("stale-data", ("orders",), 1)]


def test_dimensions_are_configurable() -> None:
    test = singular("check_orders", "orders", meta={"quality_dimension": "punctuality"})
    policy = Policy(detect=DetectPolicy(dimensions={"punctuality": "stale-data"}))
    assert shapes(found(model("orders"), test, results=[result(test, "fail")], policy=policy)) == [("stale-data", ("orders",), 1)]


@pytest.mark.parametrize("value", [3, None, ["validity"], {"a": 1}, "", "unheard-of"])
def test_a_dimension_that_is_none_is_left_alone(value: object) -> None:
    test = singular("check_orders", "orders", meta={"quality_dimension": value})
    (item,) = found(model("orders"), test, results=[result(test, "fail")]).incidents
    assert item.evidence[0].rule == "singular-test"
