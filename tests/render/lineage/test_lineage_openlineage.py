"""Checked with OpenLineage's own classes, and with a JSON Schema that is as strict as its facet's."""

from __future__ import annotations

import json
from typing import Any

import attr
import jsonschema  # type: ignore[import-untyped]
import lineage_reports as reports
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openlineage.client.event_v2 import DatasetEvent, StaticDataset
from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset
from openlineage.client.serde import Serde

from aftershock.model.lineage import ColumnRef, LineageEdge, LineageReport
from aftershock.render.escape import UNSAFE
from aftershock.render.lineage.openlineage import PRODUCER, namespace, openlineage, unquoted

INPUT = {
    "type": "object",
    "properties": {
        "namespace": {"type": "string"}, "name": {"type": "string"}, "field": {"type": "string"},
        "transformations": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "type": {"enum": ["DIRECT", "INDIRECT"]}, "subtype": {"enum": [*reports.DIRECT, *reports.INDIRECT]},
                    "description": {"type": "string"}, "masking": {"type": "boolean"},
                },
                "required": ["type"], "additionalProperties": False,
            },
        },
    },
    "required": ["namespace", "name", "field"], "additionalProperties": False,
}  # fmt: skip
COLUMN_LINEAGE = jsonschema.Draft202012Validator(
    {
        "type": "object",
        "properties": {
            "_producer": {"type": "string"}, "_schemaURL": {"type": "string"},
            "fields": {
                "type": "object",
                "additionalProperties": {
                    "type": "object", "properties": {"inputFields": {"type": "array", "items": INPUT}}, "required": ["inputFields"], "additionalProperties": False,
                },
            },
            "dataset": {"type": "array", "items": INPUT},
        },
        "required": ["_producer", "_schemaURL", "fields"], "additionalProperties": False,
    }
)  # fmt: skip


def events(report: LineageReport) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(openlineage(report))
    return found


def rebuilt(event: dict[str, Any]) -> dict[str, Any]:
    """The event made anew of OpenLineage's own classes, as its client would send it."""
    dataset = event["dataset"]
    facets: dict[str, Any] = {}
    fields = [schema_dataset.SchemaDatasetFacetFields(**field) for field in dataset["facets"]["schema"]["fields"]]
    facets["schema"] = schema_dataset.SchemaDatasetFacet(fields, producer=PRODUCER)
    lineage = dataset["facets"].get("columnLineage")
    if lineage is not None:

        def inputs(items: list[dict[str, Any]]) -> list[column_lineage_dataset.InputField]:
            return [
                column_lineage_dataset.InputField(
                    **{**item, "transformations": [column_lineage_dataset.Transformation(**use) for use in item["transformations"]]}
                )
                for item in items
            ]

        columns = {name: column_lineage_dataset.Fields(inputs(field["inputFields"])) for name, field in lineage["fields"].items()}
        facets["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet(columns, inputs(lineage["dataset"]), producer=PRODUCER)
    whole = DatasetEvent(eventTime=event["eventTime"], producer=PRODUCER, dataset=StaticDataset(dataset["namespace"], dataset["name"], facets=facets))
    assert attr.has(type(whole))
    found: dict[str, Any] = json.loads(Serde.to_json(whole))
    return found


def pruned(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Without what is empty, which the client leaves out."""
    if isinstance(value, dict):
        return {key: inner for key, item in value.items() if (inner := pruned(item)) not in (None, [], {})}
    return [pruned(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("node", ["fct_orders", "fct_orders.amount", "orders_wide", "stg_customers.email"])
def test_events_are_those_of_openlineages_own_classes(node: str) -> None:
    found = events(reports.real(node))
    assert found
    for event in found:
        if "columnLineage" in event["dataset"]["facets"]:
            COLUMN_LINEAGE.validate(event["dataset"]["facets"]["columnLineage"])
        assert pruned(rebuilt(event)) == pruned(event)
        assert event["eventTime"] == reports.NOW


def test_names_columns_and_uses() -> None:
    found = {event["dataset"]["name"]: event["dataset"] for event in events(reports.real("fct_orders.amount"))}
    daily = found["shop.analytics.daily_sales"]
    assert daily["namespace"] == "duckdb://"
    assert [field["name"] for field in daily["facets"]["schema"]["fields"]][:2] == ["date_day", "order_count"]
    amount = daily["facets"]["columnLineage"]["fields"]["amount"]["inputFields"]
    assert amount == [
        {"namespace": "duckdb://", "name": "shop.analytics.fct_orders", "field": "amount", "transformations": [{"type": "DIRECT", "subtype": "AGGREGATION"}]}
    ]
    rows = daily["facets"]["columnLineage"]["dataset"]
    assert {(item["name"], item["field"], use["subtype"]) for item in rows for use in item["transformations"]} >= {
        ("shop.analytics.fct_orders", "ordered_on", "JOIN")
    }
    assert all(use["type"] == "INDIRECT" for item in rows for use in item["transformations"])
    assert "shop.analytics.stg_orders" in found
    names = {item["name"] for dataset in found.values() for item in _inputs(dataset)}
    assert "shop.raw.orders" in names, "inputs are named as the warehouse names them"
    assert not {name for name in names if "int_order_amounts" in name}, "an ephemeral model is no dataset"


def _inputs(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    lineage = dataset["facets"].get("columnLineage", {"fields": {}, "dataset": []})
    return [*lineage["dataset"], *(item for field in lineage["fields"].values() for item in field["inputFields"])]


def test_what_comes_through_an_ephemeral_model_comes_of_what_it_reads() -> None:
    """Also where only the reference to it is in the SQL, as in code that dbt did not compile."""
    report = reports.real("fct_orders.amount")
    facets = {facet.unique_id: facet for facet in report.facets}
    enriched = facets["model.shop.int_orders_enriched"]
    direct = [edge for edge in enriched.edges if edge.source.node != "model.shop.stg_order_items"]
    assert any(edge.source.node == "model.shop.int_order_amounts" for edge in direct)
    changed = tuple(msgspec.structs.replace(facet, edges=tuple(direct)) if facet is enriched else facet for facet in report.facets)
    for each in (report, msgspec.structs.replace(report, facets=changed)):
        found = {event["dataset"]["name"]: event["dataset"] for event in events(each)}["shop.analytics.int_orders_enriched"]
        inputs = found["facets"]["columnLineage"]["fields"]["amount"]["inputFields"]
        assert {"quantity", "unit_price"} <= {item["field"] for item in inputs if item["name"] == "shop.analytics.stg_order_items"}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 20), st.lists(reports.TEXTS, max_size=4))
def test_any_text_gives_valid_events(seed: int, size: int, texts: list[str]) -> None:
    report = reports.made_up(seed, size, texts)
    assert not UNSAFE.search(openlineage(report).replace("\n", ""))
    found = events(report)
    assert len(found) == len(report.facets)
    for event in found:
        if "columnLineage" in event["dataset"]["facets"]:
            COLUMN_LINEAGE.validate(event["dataset"]["facets"]["columnLineage"])
        rebuilt(event)


def test_relations_outside_of_the_project_and_unknown_columns_are_inputs_too() -> None:
    report = reports.made_up(1, 3)
    edge = LineageEdge(ColumnRef("outside:db.x.legacy", "*"), ColumnRef(report.start, "c0"), "DIRECT", "IDENTITY", named=False, certain=False)
    facets = tuple(msgspec.structs.replace(facet, edges=(edge,)) if facet.unique_id == report.start else facet for facet in report.facets)
    found = next(event for event in events(msgspec.structs.replace(report, facets=facets)) if event["dataset"]["name"] == "db.s.start")
    (field,) = found["dataset"]["facets"]["columnLineage"]["fields"]["c0"]["inputFields"]
    assert (field["namespace"], field["name"], field["field"]) == ("snowflake://", "db.x.legacy", "*")
    assert "not certain" in field["transformations"][0]["description"]


@pytest.mark.parametrize(
    ("adapter", "expected"),
    [
        ("snowflake", "snowflake://"), ("bigquery", "bigquery"), ("postgres", "postgres://"), ("athena", "awsathena://"), ("", "dbt://"),
        ("a b\n", "a-b://"), ("::", "dbt://"),
    ],
)  # fmt: skip
def test_namespaces(adapter: str, expected: str) -> None:
    assert namespace(adapter) == expected


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ('"shop"."raw"."orders"', "shop.raw.orders"), ("PROD.common.dim_date", "PROD.common.dim_date"), ("`p-1`.`d`.`t`", "p-1.d.t"),
        ('"a"."b""c"', 'a.b"c'), ("[db].[dbo].[t]", "db.dbo.t"), ("", ""),
    ],
)  # fmt: skip
def test_names_are_without_quotes(relation: str, expected: str) -> None:
    assert unquoted(relation) == expected
