"""The whole assessment: its parts agree with each other, and its clocks run from detection."""

from __future__ import annotations

import json

import msgspec
import pytest
from building import AT, FIXTURES, assessed, data_test, exposure, model, node, run_of, seeds_of, source

from aftershock import read_artifacts
from aftershock.errors import UsageError
from aftershock.graph import LineageGraph
from aftershock.impact import assess
from aftershock.impact.clocks import deadlines
from aftershock.model import Category, Clocks, Column, Deadline, Impact, Policy, Seed, Severity, Window

SHOP = (
    model("orders", meta={"owner": "@ann"}),
    model("eph", "orders", materialized="ephemeral"),
    model("mart", "eph", tags=("finance",), columns=(Column("email", meta={"pii": True}),)),
    node("revenue", "mart", kind="metric"),
    exposure("board", "metric.shop.revenue", info={"type": "application"}),
    data_test("not_null", "mart"),
)


def test_the_parts_of_an_assessment() -> None:
    found = assessed(*SHOP, window=Window("2026-02-28T00:00:00Z", ""), columns=["amount"])
    assert found.tables == ("model.shop.orders", "model.shop.mart")
    assert found.metrics == ("metric.shop.revenue",)
    assert [item.unique_id for item in found.dashboards] == ["exposure.shop.board"]
    assert [entry.owner.label for entry in found.owners] == ["@ann"]
    assert found.unowned == ("model.shop.eph", "model.shop.mart", "metric.shop.revenue", "exposure.shop.board")
    assert found.window.since == "2026-02-28T00:00:00Z"
    assert found.financial == Impact("yes", ("model.shop.mart: tag finance",))
    assert found.regulatory == Impact("unknown", ("model.shop.mart: column email: meta pii = true",))
    assert found.customer_facing.answer == "yes"
    assert found.severity.level is Severity.P0
    assert found.notes == ("Everything downstream is listed: which of it reads amount was not looked up in its SQL.",)


def test_a_question_is_denied_only_by_every_affected_node() -> None:
    no = {"customer_facing": False, "revenue": False, "gdpr": False}
    some = assessed(model("orders", meta=no), model("mart", "orders"))
    everyone = assessed(model("orders", meta=no), model("mart", "orders", meta=no))
    assert (some.customer_facing.answer, some.financial.answer, some.regulatory.answer) == ("unknown",) * 3
    assert (everyone.customer_facing.answer, everyone.financial.answer, everyone.regulatory.answer) == ("no",) * 3


def test_notes_say_what_was_understood() -> None:
    seeds = (Seed("model.shop.orders", note="dim stands for all of its versions."),)
    assert assessed(model("orders"), seeds=(*seeds, *seeds)).notes == ("orders: dim stands for all of its versions.",)


def test_confirmation_and_override_reach_the_verdict() -> None:
    assert assessed(*SHOP[:1], category=Category.DATA_LOSS, confirmed=False).severity.level is Severity.P1
    overridden = assessed(*SHOP[:1], override=(Severity.P3, "a test table")).severity
    assert (overridden.level, overridden.computed) == (Severity.P3, Severity.P1)


def test_deadlines_follow_the_level_in_force() -> None:
    found = assessed(*SHOP[:1], override=(Severity.P3, "a test table"))
    assert found.detected_at == AT
    assert found.deadlines[-1] == Deadline("next update", "2026-03-02T06:00:00Z")


@pytest.mark.parametrize(("level", "update"), [("P0", "06:30"), ("P1", "07:00"), ("P2", "10:00")])
def test_the_clocks_of_the_source_document(level: str, update: str) -> None:
    found = {item.what: item.at[11:16] for item in deadlines(AT, Severity(level), Clocks())}
    assert found == {"initial notification": "06:15", "impact checklist": "06:30", "next update": update}


def test_deadlines_are_soonest_first_and_configurable() -> None:
    clocks = Clocks(initial_notification=5, impact_checklist=200, next_update={"P0": 1, "P1": 2, "P2": 3, "P3": 4})
    assert [(item.what, item.at[11:16]) for item in deadlines("2026-03-01T06:00+01:00", Severity.P3, clocks)] == [
        ("next update", "05:04"),
        ("initial notification", "05:05"),
        ("impact checklist", "08:20"),
    ]


def test_a_detection_at_the_end_of_the_calendar_is_an_error_of_its_own() -> None:
    with pytest.raises(UsageError, match=r"^detected_at: .*calendar\. Give"):
        deadlines("9999-12-31T23:59:00Z", Severity.P0, Clocks())


def test_one_input_has_the_same_bytes() -> None:
    first, second = (msgspec.json.encode(assessed(*SHOP, run=run_of(orders="error"))) for _ in range(2))
    assert first == second
    assert json.loads(first)["severity"]["level"] == "P0"


SCENARIOS = [
    ("model_error", "model.shop.stg_orders", Category.PIPELINE_FAILURE, "P1"),
    ("stale_error", "source.shop.raw.orders", Category.STALE_DATA, "P1"),
    ("stale_warn", "source.shop.raw.orders", Category.STALE_DATA, "P2"),
    ("test_failures", "model.shop.stg_orders", Category.DATA_QUALITY, "P0"),
    ("dropped_column", "source.shop.raw.payments", Category.SCHEMA_BREAK, "P1"),
    ("green", "model.shop.fct_events_monthly", Category.STALE_DATA, "P3"),
    ("green", "model.shop.stg_orders", Category.DATA_LOSS, "P0"),
    ("green", "model.shop_extras.shipment_weights", Category.DUPLICATE_LOAD, "P2"),
]


@pytest.mark.parametrize(("scenario", "seed", "category", "level"), SCENARIOS)
def test_incidents_that_really_happened_in_shop(scenario: str, seed: str, category: Category, level: str) -> None:
    artifacts = read_artifacts(FIXTURES / scenario)
    graph = LineageGraph.of(artifacts.project)
    found = assess(artifacts, graph, (Seed(seed),), category, policy=Policy(), detected_at=AT)
    assert found.severity.level.value == level, found.severity.reasons
    assert set(found.tables) <= {item.unique_id for item in found.radius.affected}
    accounted = {unique_id for entry in found.owners for unique_id in entry.nodes} | set(found.unowned) | {item.unique_id for item in found.dashboards}
    assert accounted == {item.unique_id for item in found.radius.affected}, "everything affected has an owner, a consumer, or is said to have none"


def test_a_source_can_fail() -> None:
    found = assessed(source("orders"), model("stg", "source.shop.raw.orders"), seeds=seeds_of("source.shop.raw.orders"))
    assert found.tables == ("source.shop.raw.orders", "model.shop.stg")
