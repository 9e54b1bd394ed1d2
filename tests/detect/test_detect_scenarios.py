"""Every scenario of the fixtures, and the sets of real artifacts, against what was really broken there."""

from __future__ import annotations

from pathlib import Path

import pytest
from detect_builder import short

from aftershock.artifacts import read_artifacts, read_catalog
from aftershock.detect import detect

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "artifacts"
NOW = "2026-11-23T06:00:00Z"

BROKEN: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "green": [],
    "model_error": [("schema-break", ("stg_orders",))],
    "test_failures": [
        ("data-loss", ("stg_events",)),
        ("data-quality", ("stg_customers",)),
        ("data-quality", ("stg_events",)),
        ("data-quality", ("stg_order_items",)),
        ("data-quality", ("stg_orders",)),
        ("data-quality", ("stg_payments",)),
        ("duplicate-load", ("stg_orders",)),
        ("duplicate-load", ("stg_refunds",)),
    ],
    "stale_warn": [("stale-data", ("raw.orders",))],
    "stale_error": [("stale-data", ("raw.orders", "raw.payments"))],
    "freshness_error": [("stale-data", ("raw.events",))],
    "dropped_column": [("schema-break", ("raw.payments",))],
}


@pytest.mark.parametrize("scenario", sorted(path.name for path in FIXTURES.iterdir()))
def test_a_scenario_is_what_was_broken(scenario: str) -> None:
    detection = detect(read_artifacts(FIXTURES / scenario), catalog=read_catalog(FIXTURES / scenario), now=NOW)
    assert sorted((item.category.value, tuple(map(short, item.origins or item.nodes))) for item in detection.incidents) == BROKEN[scenario]
    assert (detection.code_faults, detection.notes) == ((), ())


def test_without_a_catalog_the_failing_nodes_are_the_root() -> None:
    (item,) = detect(read_artifacts(FIXTURES / "dropped_column"), now=NOW).incidents
    assert sorted(map(short, item.nodes)) == ["int_payment_methods", "stg_payments"]


def test_what_is_skipped_is_told_apart_from_what_failed() -> None:
    for scenario in ("model_error", "dropped_column", "test_failures"):
        artifacts = read_artifacts(FIXTURES / scenario)
        assert artifacts.run is not None
        built = {"model", "seed", "snapshot", "function"}
        skipped = {key for key, result in artifacts.run.results.items() if result.status == "skipped" and key.partition(".")[0] in built}
        found = detect(artifacts, catalog=read_catalog(FIXTURES / scenario), now=NOW)
        assert {node for item in found.incidents for node in item.skipped} == skipped


def test_warnings_are_p2_and_doubtful() -> None:
    found = detect(read_artifacts(FIXTURES / "test_failures"), now=NOW).incidents
    mild = [item for item in found if all(clue.status == "warn" for clue in item.evidence)]
    assert len(mild) == 3
    assert {item.severity.level.value for item in mild} == {"P2"}
    assert all("Every result is a warning" in item.doubts[0] for item in mild)


def test_a_freshness_query_that_failed_says_which_column_is_gone() -> None:
    """The catalog was written after the column was dropped."""
    (item,) = detect(read_artifacts(FIXTURES / "freshness_error"), catalog=read_catalog(FIXTURES / "freshness_error"), now=NOW).incidents
    assert [other.category.value for other in item.alternatives] == ["schema-break", "pipeline-failure"]
    assert item.evidence[0].status == "absent"


def test_nodes_are_what_failed_and_the_origin_is_what_they_miss() -> None:
    (item,) = detect(read_artifacts(FIXTURES / "dropped_column"), catalog=read_catalog(FIXTURES / "dropped_column"), now=NOW).incidents
    assert item.origins == ("source.shop.raw.payments",)
    assert sorted(map(short, item.nodes)) == ["int_payment_methods", "stg_payments"]
    assert item.columns == ("method",)
    assert set(item.roots).isdisjoint(item.skipped)
