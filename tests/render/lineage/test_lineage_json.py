from __future__ import annotations

import json as std
import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import lineage_reports as reports
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.errors import UsageError
from aftershock.render.escape import UNSAFE
from aftershock.render.json import error_json
from aftershock.render.lineage import LINEAGE_FORMATS, render_lineage
from aftershock.render.lineage.document import LineageDocument, schema
from aftershock.render.lineage.json import json

REFERENCE = reports.ROOT / "docs" / "reference"
VALIDATOR = jsonschema.Draft202012Validator(std.loads(schema()))


def test_the_formats_are_these() -> None:
    assert LINEAGE_FORMATS == ("text", "json", "mermaid", "dot", "openlineage")
    with pytest.raises(UsageError, match=r"there is no format yaml\. Use one of: text, json"):
        render_lineage(reports.made_up(1), "yaml")


@pytest.mark.parametrize("name", LINEAGE_FORMATS)
def test_every_format_gives_the_same_bytes_for_the_same_report(name: str) -> None:
    assert render_lineage(reports.made_up(3, 30), name) == render_lineage(reports.made_up(3, 30), name)
    assert render_lineage(reports.real("fct_orders"), name).endswith("\n")


def test_the_published_schema_is_that_of_the_structs() -> None:
    assert (REFERENCE / "lineage.schema.json").read_text(encoding="utf-8") == schema()
    jsonschema.Draft202012Validator.check_schema(std.loads(schema()))


def test_what_is_said_is_what_the_report_holds() -> None:
    report = reports.real("fct_orders.amount")
    shown = std.loads(json(report))
    VALIDATOR.validate(shown)
    assert shown["question"] == {"unique_id": "model.shop.fct_orders", "name": "fct_orders", "columns": ["amount"], "direction": "both", "depth": None}
    nodes = {node["unique_id"]: node for node in shown["nodes"]}
    assert nodes["model.shop.daily_sales"]["carried"] == ["amount"]
    assert nodes["model.shop.customer_segments"]["unread"] == "it is a Python model"
    assert nodes["model.shop.unpaid_orders"]["rows"]
    assert {
        "source": {"node": "model.shop.fct_orders", "column": "amount"}, "target": {"node": "model.shop.orders_wide", "column": "amount"},
        "kind": "DIRECT", "subtype": "IDENTITY", "named": False, "certain": True,
    } in shown["edges"]  # fmt: skip
    assert shown["coverage"]["unread"] == [{"unique_id": "model.shop.customer_segments", "name": "customer_segments", "reason": "it is a Python model"}]
    assert shown["read_at"] == reports.NOW


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.lists(reports.TEXTS, max_size=4))
def test_every_node_and_edge_is_there_whatever_names_hold(seed: int, size: int, texts: list[str]) -> None:
    report = reports.made_up(seed, size, texts)
    shown = json(report)
    document = std.loads(shown)
    VALIDATOR.validate(document)
    assert not UNSAFE.search(shown.replace("\n", ""))
    assert [node["unique_id"] for node in document["nodes"]] == [node.unique_id for node in report.nodes]
    assert len(document["edges"]) == len(report.edges)
    known = {node["unique_id"]: {*node["columns"], *([""] if node["rows"] else [])} for node in document["nodes"]}
    assert all(set(node["carried"]) <= set(node["columns"]) for node in document["nodes"])
    for edge in document["edges"]:
        for end in (edge["source"], edge["target"]):
            assert end["node"] == report.start or end["column"] in known[end["node"]]


def test_the_schema_refuses_what_is_no_lineage_and_takes_errors() -> None:
    document: dict[str, Any] = std.loads(json(reports.made_up(2)))
    for change in ({"nodes": None}, {"schema_version": "2.0"}, {"edges": [{}]}):
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate({**document, **change})
    VALIDATOR.validate(std.loads(error_json(UsageError("--depth", "0 is no number of nodes", "Use 1 or more"))))


def test_the_reference_explains_every_key() -> None:
    section = (REFERENCE / "json.md").read_text(encoding="utf-8").partition("\n## Lineage\n")[2].partition("\n## ")[0]
    assert re.findall(r"^- `(\w+)`", section, re.MULTILINE) == list(LineageDocument.__struct_fields__)
