from __future__ import annotations

import json as std
import random
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
import reports
from hypothesis import given, settings

from aftershock.errors import AmbiguousName, ArtifactError, UnknownName
from aftershock.model import Owner, Report
from aftershock.render.document import AssessmentDocument, ErrorBody, schema
from aftershock.render.escape import UNSAFE, shell
from aftershock.render.json import error_json, json
from aftershock.render.nothing import NothingDocument

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "assessment.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(std.loads(schema()))


def document(report: Report) -> Any:  # noqa: ANN401  # what json.loads gives
    return std.loads(json(report))


def test_the_published_schema_is_that_of_the_structs() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema()
    jsonschema.Draft202012Validator.check_schema(std.loads(schema()))


@pytest.mark.parametrize("report", [reports.realistic(), reports.empty(), reports.large()])
def test_documents_follow_the_schema(report: Report) -> None:
    VALIDATOR.validate(document(report))


def test_the_schema_refuses_what_is_not_an_assessment() -> None:
    changes: tuple[dict[str, Any], ...] = ({"severity": None}, {"schema_version": 2}, {"affected": [{}]})
    for change in changes:
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate({**document(reports.realistic()), **change})


def test_what_is_said_is_what_the_report_holds() -> None:
    report = reports.realistic()
    shown = document(report)
    assert shown["schema_version"] == "1.2"
    assert shown["incident"]["nodes"] == [reports.STG]
    assert [item["unique_id"] for item in shown["affected"]] == [
        item.unique_id for item in sorted(reports.AFFECTED, key=lambda item: (item.depth, item.unique_id))
    ]
    assert shown["affected"][4] | {"path": None} == {
        "unique_id": reports.FCT, "resource_type": "model", "name": "fct_orders", "relation_name": '"shop"."main"."fct_orders"', "depth": 2,
        "path": None, "effects": ["wrong"], "certainty": "column", "columns": ["amount"], "steps": [], "why": "",
    }  # fmt: skip
    assert [item["unique_id"] for item in shown["tables"]] == sorted(report.assessment.tables)
    assert {item["unique_id"]: item["automation"] for item in shown["dashboards"]} == {reports.WEEKLY: False, reports.NOTEBOOK: False, reports.APP: True}
    assert [(item["item"], item["status"]) for item in shown["checklist"]] == [(item.item, item.status) for item in reports.CHECKLIST]
    assert {"unique_id": reports.APP, "kind": "exposure", "url": "https://shop.example.com/orders"} in shown["links"]
    assert {"unique_id": reports.STG, "kind": "docs", "url": f"https://docs.example.com/dbt/#!/model/{reports.STG}"} in shown["links"]


def test_steps_have_their_command_twice_and_a_number() -> None:
    report = reports.realistic()
    steps = [step for phase in document(report)["recovery"]["phases"] for step in phase["steps"]]
    plan = [step for phase in report.recovery.phases for step in phase.steps]
    assert [step["number"] for step in steps] == list(range(1, len(plan) + 1))
    assert [tuple(step["argv"]) for step in steps] == [step.argv for step in plan]
    assert [step["commands"] for step in steps] == [[shell(step.argv)] if step.argv else [] for step in plan]


def test_the_order_of_what_is_found_does_not_matter() -> None:
    report = reports.realistic()
    mixed = report.assessment
    order = random.Random(7)  # noqa: S311
    changed: dict[str, Any] = {
        name: tuple(order.sample(getattr(mixed, name), len(getattr(mixed, name)))) for name in ("tables", "dashboards", "consumers", "owners")
    }
    changed["radius"] = msgspec.structs.replace(mixed.radius, affected=tuple(order.sample(mixed.radius.affected, len(mixed.radius.affected))))
    assert json(msgspec.structs.replace(report, assessment=msgspec.structs.replace(mixed, **changed))) == json(report)


@given(say=reports.VOICES)
@settings(max_examples=60, deadline=None)
def test_any_text_gives_a_safe_document(say: reports.Voice) -> None:
    shown = json(reports.hostile(say))
    VALIDATOR.validate(std.loads(shown))
    assert not UNSAFE.search(shown.replace("\n", ""))


def test_text_is_kept_exactly_but_for_lone_surrogates() -> None:
    say = "\x1b[2J\u202e\U000e0041 é"
    report = msgspec.structs.replace(reports.realistic(), warnings=(say,))
    assert document(report)["warnings"] == [say]
    assert document(msgspec.structs.replace(report, warnings=("\udc80x",)))["warnings"] == [r"\udc80x"]


def test_a_table_that_the_radius_does_not_hold_is_still_listed() -> None:
    report = reports.realistic()
    report = msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, tables=("model.shop.lost",)))
    assert document(report)["tables"] == [{"unique_id": "model.shop.lost", "name": "model.shop.lost", "relation_name": "", "effects": []}]


def test_errors_are_documents_too() -> None:
    error = std.loads(error_json(ArtifactError("target/manifest.json", "is not JSON", "Run dbt parse")))
    VALIDATOR.validate(error)
    assert error["error"] == {"kind": "ArtifactError", "place": "target/manifest.json", "problem": "is not JSON", "remedy": "Run dbt parse", "suggestions": []}


def test_errors_about_names_say_what_could_be_typed() -> None:
    assert std.loads(error_json(UnknownName("stg_order", "no node has this name", ("stg_orders",))))["error"]["suggestions"] == ["stg_orders"]
    assert std.loads(error_json(AmbiguousName("orders", ("shop.orders", "other.orders\x1b"))))["error"]["suggestions"] == ["shop.orders", "other.orders\x1b"]


def test_the_reference_explains_every_key() -> None:
    reference = SCHEMA.with_name("json.md").read_text(encoding="utf-8")
    parts = [re.findall(r"^\| `([\w.]+)` \|", part, re.MULTILINE) for part in reference.split("\n## ")]
    document, nothing, error = (rows for rows in parts if rows)
    assert document == list(AssessmentDocument.__struct_fields__)
    assert nothing == list(NothingDocument.__struct_fields__)
    assert [row.removeprefix("error.") for row in error] == list(ErrorBody.__struct_fields__)


def test_owners_keep_their_parts() -> None:
    report = reports.realistic()
    owner = msgspec.structs.replace(report.assessment.owners[0], owner=Owner(slack="@x"))
    shown = document(msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, owners=(owner,))))
    assert shown["owners"][0]["owner"] == {"name": "", "email": "", "slack": "@x"}
