"""Rows and columns that are gone without a failing result: runs that emptied tables, and two catalogs side by side."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from detect_builder import AT, NOW, artifacts_of, catalog_of, data_test, found, freshness_of, late, model, result, run_of, shapes, singular, source, uid

from aftershock.detect import detect
from aftershock.errors import ArtifactError
from aftershock.model import Build, Node, Policy, SeverityPolicy

if TYPE_CHECKING:
    from pathlib import Path

PRODUCTION = Policy(severity=SeverityPolicy(production_targets=("prod",)))
SHOP = (
    model("view", materialized="view"),
    model("a", "view"),
    model("b", "a"),
    model("inc", "view", materialized="incremental"),
    model("forced", "view", materialized="incremental", build={"full_refresh": True}),
    model("kept", "view", materialized="incremental", build={"full_refresh": False}),
)
ALL = [result(node, "success") for node in SHOP]


@pytest.mark.parametrize("flag", [{"empty": True}, {"sample": "3 days"}])
def test_a_run_that_builds_tables_without_their_rows_is_a_loss(flag: dict[str, object]) -> None:
    detection = found(*SHOP, run=run_of(*ALL, target="prod", **flag), policy=PRODUCTION)
    (item,) = detection.incidents
    assert shapes(detection) == [("data-loss", ("a", "forced"), 3)]
    assert (item.confirmed, item.confidence, item.started_at, item.severity.level.value) == (True, "high", AT, "P0")
    assert next(iter(flag)) in item.title


def test_a_full_refresh_empties_incremental_models_too() -> None:
    detection = found(*SHOP, run=run_of(*ALL, empty=True, full_refresh=True))
    assert shapes(detection) == [("data-loss", ("a", "forced", "inc"), 4)]


def test_a_test_that_finds_too_few_rows_then_is_evidence_of_that() -> None:
    few = data_test("row_count_at_least", "b")
    detection = found(*SHOP, few, run=run_of(*ALL, result(few, "fail"), empty=True))
    assert shapes(detection) == [("data-loss", ("a", "forced"), 4)]


def test_what_else_its_tests_find_is_evidence_or_a_note_as_they_read_limited_tables_too() -> None:
    orphans, other = data_test("relationships", "b", "id", against=["view"]), data_test("not_empty", "raw.x")
    detection = found(*SHOP, source("raw.x"), orphans, other, run=run_of(*ALL, result(orphans, "fail"), result(other, "fail"), empty=True))
    assert shapes(detection) == [("data-loss", ("a", "forced"), 4)]
    assert detection.notes == ("The run had --empty, and its tests read tables without their rows: nothing follows from not_empty_raw_x.",)


def test_a_snapshot_that_follows_deletions_loses_its_rows_too() -> None:
    kept, taken = (
        Node(f"snapshot.shop.{name}", "snapshot", name, "shop", parents=(uid("a"),), build=Build("snapshot", hard_deletes=mode))
        for name, mode in (("kept", "ignore"), ("taken", "invalidate"))
    )
    detection = found(
        model("view"), model("a", "view"), kept, taken, results=(), run=run_of(*(result(node, "success") for node in ("a", kept, taken)), empty=True)
    )
    assert shapes(detection) == [("data-loss", ("a", "taken"), 2)]
    assert detection.incidents[0].title.startswith("Rows are missing in a and taken: dbt was called with --empty")


def test_a_view_of_limited_refs_has_no_rows() -> None:
    detection = found(model("a"), model("view", "a", materialized="view"), run=run_of(result("a", "success"), result("view", "success"), empty=True))
    assert shapes(detection) == [("data-loss", ("view",), 1)]


EMPTY_SOURCE = freshness_of(late("raw.a", loaded="0001-01-01T00:00:00+00:00"))


def test_a_source_without_a_newest_row_lost_its_rows() -> None:
    (item,) = found(source("raw.a"), freshness=EMPTY_SOURCE).incidents
    assert (item.category.value, item.confirmed, item.started_at, item.alternatives[0].category.value) == ("data-loss", False, "", "stale-data")


def test_orphans_follow_from_it() -> None:
    """A test of the project's own that compares both is evidence with them; one that sees other values is not."""
    nodes = (source("raw.a"), model("a", "raw.a"), model("b"))
    orphans, own, other = data_test("relationships", "b", "id", against=["a"]), singular("b_has_a", "b", "a"), data_test("not_null", "b", "x")
    failing = [result(item, "fail") for item in (orphans, own, other)]
    detection = found(*nodes, orphans, own, other, results=failing, freshness=EMPTY_SOURCE)
    assert shapes(detection) == [("data-loss", ("raw.a",), 3), ("data-quality", ("b",), 1)]


def test_an_empty_run_elsewhere_than_in_production_is_a_note() -> None:
    detection = found(*SHOP, run=run_of(*ALL, target="dev", empty=True), policy=PRODUCTION)
    assert detection.incidents == ()
    assert detection.notes == ("The run had --empty and was of dev, which is not production: its tables there do not hold all rows.",)


@pytest.mark.parametrize("given", [{"empty": False}, {"sample": None}, {}, {"empty": True, "which": "compile"}])
def test_other_runs_lose_nothing(given: dict[str, object]) -> None:
    assert found(*SHOP, run=run_of(*ALL, **given)).incidents == ()  # type: ignore[arg-type]


def test_an_empty_run_of_views_loses_nothing() -> None:
    detection = found(*SHOP, run=run_of(result("view", "success"), result("inc", "success"), empty=True))
    assert detection.incidents == ()
    assert detection.notes == ("The run had --empty, and built nothing that loses rows by that.",)


def compared(before: object, now: object, *nodes: object) -> list[tuple[str, tuple[str, ...], int]]:
    detection = found(*(nodes or (source("raw.a"), model("b", "raw.a"))), freshness=freshness_of(), before=before, catalog=now)  # type: ignore[arg-type]
    return shapes(detection)


@pytest.mark.parametrize(
    ("before", "now", "category", "confirmed"),
    [(10, 0, "data-loss", True), (1000, 500, "data-loss", False), (1000, 1900, "duplicate-load", True)],
)
def test_rows_that_are_gone_or_doubled(before: int, now: int, category: str, confirmed: bool) -> None:  # noqa: FBT001
    detection = found(source("raw.a"), freshness=freshness_of(), before=catalog_of(raw__a=before), catalog=catalog_of(raw__a=now))
    (item,) = detection.incidents
    assert shapes(detection) == [(category, ("raw.a",), 1)]
    assert item.confirmed is confirmed
    assert f"{before:,} before, {now:,} now" in item.evidence[0].says


@pytest.mark.parametrize(("before", "now"), [(0, 0), (0, 50), (10, 5), (1000, 501), (1000, 1899), (10, 19)])
def test_other_changes_mean_nothing(before: int, now: int) -> None:
    assert compared(catalog_of(raw__a=before), catalog_of(raw__a=now)) == []


def test_what_a_lost_table_is_read_by_lost_its_rows_with_it() -> None:
    assert compared(catalog_of(raw__a=100, b=100), catalog_of(raw__a=0, b=0)) == [("data-loss", ("raw.a",), 2)]


def test_columns_that_a_source_lost_break_what_reads_them() -> None:
    before, now = catalog_of(raw__a={"id": "INT", "Method": "text"}), catalog_of(raw__a={"ID": "int"})
    assert compared(before, now) == [("schema-break", ("raw.a",), 1)]
    detection = found(source("raw.a"), freshness=freshness_of(), before=before, catalog=now)
    assert detection.incidents[0].columns == ("Method",)


def test_types_that_a_source_changed_and_tables_that_are_not_there() -> None:
    assert compared(catalog_of(raw__a={"id": "int"}), catalog_of(raw__a={"id": "text"})) == [("schema-break", ("raw.a",), 1)]
    assert compared(catalog_of(raw__a={"id": "int"}), catalog_of(b={"id": "int"})) == [("schema-break", ("raw.a",), 1)]
    assert compared(catalog_of(raw__a={"id": "int"}), catalog_of()) == []


def test_a_model_may_change_its_columns() -> None:
    assert compared(catalog_of(b={"id": "int", "x": "int"}), catalog_of(b={"id": "int"})) == []


def test_two_catalogs_are_enough_to_ask() -> None:
    before, now = catalog_of(raw__a=10), catalog_of(raw__a=0)
    assert shapes(detect(artifacts_of(source("raw.a")), before=before, catalog=now, now=NOW)) == [("data-loss", ("raw.a",), 1)]
    with pytest.raises(ArtifactError, match="neither run results"):
        detect(artifacts_of(source("raw.a")), before=before)


def test_the_catalog_of_before_may_be_a_file_or_its_directory(tmp_path: Path) -> None:
    raw = {"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"}, "nodes": {}}
    raw["sources"] = {"source.shop.raw.a": {"metadata": {"type": "table"}, "columns": {}, "stats": {"row_count": {"value": 10}}}}
    (tmp_path / "catalog.json.gz").write_bytes(gzip.compress(json.dumps(raw).encode()))
    (tmp_path / "old.json").write_text(json.dumps(raw), "utf-8")
    for before in (tmp_path, tmp_path / "old.json", str(tmp_path / "catalog.json.gz")):
        assert shapes(found(source("raw.a"), freshness=freshness_of(), before=before, catalog=catalog_of(raw__a=0))) == [("data-loss", ("raw.a",), 1)]
    (tmp_path / "none").mkdir()
    with pytest.raises(ArtifactError, match=r"there is no catalog\.json"):
        found(source("raw.a"), freshness=freshness_of(), before=tmp_path / "none", catalog=catalog_of())


@pytest.mark.parametrize(("field", "shown"), [("_loaded_at", True), ('"_LOADED_AT"', True), ("id", False), ("cast(x as timestamp)", False), (None, False)])
def test_the_column_that_tells_a_source_s_age_is_gone(tmp_path: Path, field: str | None, shown: bool) -> None:  # noqa: FBT001
    """Where the manifest's file says which it is, and the catalog has the table without it."""
    config = {"loaded_at_field": field, "freshness": {"warn_after": {"count": 1, "period": "day"}}}
    entry = {"resource_type": "source", "name": "a", "source_name": "raw", "package_name": "shop", "config": config}
    head = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.0"}
    (tmp_path / "manifest.json").write_text(json.dumps({"metadata": head, "nodes": {}, "sources": {"source.shop.raw.a": entry}}), "utf-8")
    artifacts = artifacts_of(source("raw.a", freshness=True), source("raw.b", freshness=True), freshness=freshness_of(late("raw.b", "pass")))
    artifacts = msgspec.structs.replace(
        artifacts, files=(msgspec.structs.replace(artifacts.files[0], path=str(tmp_path / "manifest.json")), *artifacts.files[1:])
    )
    (item,) = detect(artifacts, catalog=catalog_of(raw__a={"id": "int"}), now=NOW).incidents
    assert item.category.value == "stale-data"
    assert (item.alternatives[0].category.value == "schema-break") is shown
