"""What is read of a manifest for a comparison only: every shape that dbt has written, and what nobody should write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from change_projects import checked, edited, model, project, source, told

from aftershock.artifacts.definitions import definitions_from_bytes, read_definitions
from aftershock.errors import ArtifactError
from aftershock.model.definition import Constraint

GREEN = Path(__file__).resolve().parents[2] / "fixtures" / "artifacts" / "green" / "manifest.json.gz"
ID = "model.p.m"


def of(**fields: Any) -> Any:  # noqa: ANN401
    return definitions_from_bytes(json.dumps({"nodes": {ID: {"resource_type": "model", **fields}}}).encode(), "here").nodes[ID]


def test_shop_has_all_of_it() -> None:
    found = read_definitions(GREEN)
    assert found.nodes["seed.shop.country_codes"].checksum.startswith("sha256:")
    assert found.nodes["model.shop.fct_orders"].config["unique_key"] == "order_id"
    assert found.nodes["source.shop.raw.orders"].freshness["warn_after"] == {"count": 24, "period": "hour"}
    assert found.nodes["source.shop.raw.orders"].loaded_at == "_loaded_at"
    assert found.nodes["unit_test.shop.fct_revenue_daily.revenue_is_added_per_day"].body["expect"]["rows"][0]["revenue"] == 25.0
    assert {item["name"] for item in found.nodes["semantic_model.shop.orders"].body["measures"]} == {"order_amount", "refund_amount", "order_total"}
    assert found.paths["macro.shop.duckdb__scalar_function_sql"] == "macros/duckdb_function.sql"
    assert "macro.dbt.statement" in found.nodes["test.shop.refunds_within_payments"].macros


def test_constraints_of_a_model_and_of_its_columns() -> None:
    found = of(constraints=[{"type": "Primary_Key", "columns": ["a"]}], columns={"a": {"name": "a", "constraints": [{"type": "not_null"}]}, "b": {"name": "b"}})
    assert found.constraints == (Constraint("primary_key", columns=("a",)),)
    assert found.column_constraints == {"a": (Constraint("not_null"),)}


@pytest.mark.parametrize(
    ("checksum", "expected"),
    [({"name": "sha256", "checksum": "x"}, "sha256:x"), ("x", "sha256:x"), (None, ""), ({"name": "path", "checksum": "a.csv"}, "path:a.csv")],
)
def test_checksums(checksum: object, expected: str) -> None:
    assert of(checksum=checksum).checksum == expected


def test_what_is_disabled_is_read_in_both_shapes() -> None:
    item = {"unique_id": ID, "resource_type": "model", "deprecation_date": "2026-01-01"}
    for disabled in ([item], {ID: [item]}):
        found = definitions_from_bytes(json.dumps({"disabled": disabled}).encode(), "here")
        assert found.nodes[ID].deprecation_date == "2026-01-01"


@pytest.mark.parametrize(
    "fields",
    [
        {"config": "text"},
        {"config": []},
        {"constraints": {"type": "x"}},
        {"constraints": [1, None, {"columns": "a"}]},
        {"checksum": 7},
        {"freshness": "often"},
        {"depends_on": {"macros": "one"}},
        {"patch_path": 7},
        {"unrendered_config": 1},
        {"resource_type": None},
        {"resource_type": "unit_test", "given": "x", "expect": 7},
        {"resource_type": "function", "raw_code": 7},
    ],
)
def test_what_no_version_writes_is_read_as_nothing(fields: dict[str, Any]) -> None:
    assert of(**fields) is not None


def test_what_is_nested_without_end_is_left_out() -> None:
    deep: Any = 1
    for _ in range(400):
        deep = {"a": deep}
    found = of(resource_type="metric", config={"meta": deep, "materialized": "view"}, type_params=deep)
    assert found.config == {"materialized": "view"}
    base = project(source("raw", "id"), model("m", "select id from raw", config={"meta": deep}))
    assert checked(base, base).changes == ()


def test_no_json_and_no_manifest_are_errors_that_name_the_place() -> None:
    for data in (b"", b"[]", b'{"nodes": 7}'):
        with pytest.raises(ArtifactError, match="here"):
            definitions_from_bytes(data, "here")


def test_a_value_as_long_as_a_file_is_cut() -> None:
    base = project(source("raw", "id"), model("m", "select id from raw", config={"post-hook": [{"sql": "a" * 5000}]}))
    report = checked(base, edited(base, model("m", "select id from raw", config={"post-hook": [{"sql": "b" * 5000}]})))
    assert told(report) == {"risky materialization-changed m"}
    assert len(report.changes[0].was) == len(report.changes[0].now) == 300
