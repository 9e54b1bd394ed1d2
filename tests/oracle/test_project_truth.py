"""The truths of whole projects: bench/binder_oracle.py on a tiny one, bench/build_oracle.py on shop."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
GREEN = REPOSITORY / "fixtures" / "artifacts" / "green"
TRUTH = REPOSITORY / "fixtures" / "truth" / "dropped_columns.json.gz"
NOT_BUILT = {"exposure", "saved_query"}


def run(module: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", module, *arguments], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return done.stdout


@cache
def artifact(kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(gzip.decompress((GREEN / f"{kind}.json.gz").read_bytes()))
    return loaded


@cache
def build_truth() -> dict[str, dict[str, dict[str, Any]]]:
    loaded: dict[str, dict[str, dict[str, Any]]] = json.loads(gzip.decompress(TRUTH.read_bytes()))
    return loaded


@cache
def binder_truth(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(run("bench.binder_oracle", str(GREEN), "--output", str(folder / "truth.json")) and (folder / "truth.json").read_text())
    return loaded


def entry(name: str, kind: str = "model", sql: str = "", parents: tuple[str, ...] = ()) -> dict[str, Any]:
    materialized = "ephemeral" if name.startswith("eph") else "table"
    return {
        "resource_type": kind,
        "database": "db",
        "schema": "main",
        "name": name,
        "alias": name,
        "relation_name": None if name.startswith("eph") else f'"db"."main"."{name}"',
        "config": {"materialized": materialized},
        "compiled_code": sql,
        "depends_on": {"nodes": list(parents)},
    }


def test_the_binder_tells_failing_losing_and_wrong_readers_apart(tmp_path: Path) -> None:
    nodes = {
        "model.p.star": entry("star", sql="select * from db.main.raw", parents=("source.p.raw",)),
        "model.p.named": entry("named", sql="select id, b from db.main.star", parents=("model.p.star",)),
        "model.p.rebound": entry("rebound", sql="select id as b from db.main.raw where b > 1", parents=("source.p.raw",)),
        "model.p.over": entry("over", sql="with __dbt__cte__eph as (select b as z from db.main.raw) select z from __dbt__cte__eph"),
        "model.p.broken": entry("broken", sql="select nothing from db.main.raw"),
        "model.p.eph": entry("eph", sql="select b as z from db.main.raw"),
        "model.p.lonely": entry("lonely", sql="select 1 as one"),
    }
    columns = {name: {"name": name, "type": "INTEGER"} for name in ("id", "b")}
    (tmp_path / "manifest.json").write_text(json.dumps({"sources": {"source.p.raw": entry("raw", "source")}, "nodes": nodes}))
    (tmp_path / "catalog.json").write_text(json.dumps({"nodes": {}, "sources": {"source.p.raw": {"columns": columns}}}))
    said = run("bench.binder_oracle", str(tmp_path), "--output", str(tmp_path / "truth.json"))
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert truth["effects"]["source.p.raw"]["b"] == {
        "fails": ["model.p.over"],
        "loses": {"model.p.star": ["b"]},
        "wrong": ["model.p.rebound"],
    }
    assert truth["effects"]["model.p.star"] == {"id": {"fails": ["model.p.named"]}, "b": {"fails": ["model.p.named"]}}
    assert truth["reads"]["model.p.over"] == {"db.main.raw": ["b"]}
    assert list(truth["excluded"]) == ["model.p.broken"]
    assert sorted(truth["untried"]) == ["model.p.lonely.one", "model.p.over.z", "model.p.rebound.b"]
    assert "fails" in said


def test_the_truth_of_shop_covers_every_column_of_every_source_and_sql_model() -> None:
    described = artifact("catalog")["sources"]
    truth = build_truth()
    assert {key: set(truth[key]) for key in described} == {key: set(value["columns"]) for key, value in described.items()}
    nodes = artifact("manifest")["nodes"].values()
    assert set(truth) - set(described) == {node["unique_id"] for node in nodes if node["resource_type"] == "model" and node["language"] == "sql"}


def test_what_is_skipped_lies_below_what_fails() -> None:
    children = artifact("manifest")["child_map"]
    for columns in build_truth().values():
        for effects in columns.values():
            below, waiting = set(), list(effects.get("fails", []))
            while waiting:
                fresh = [child for child in children[waiting.pop()] if child not in below]
                below.update(fresh)
                waiting.extend(fresh)
            assert set(effects.get("skipped", [])) <= below
            assert not below & set(effects.get("fails", []))


def test_dbt_and_the_binder_agree_on_the_direct_readers_of_sources(tmp_path: Path) -> None:
    binder = binder_truth(tmp_path)["effects"]
    for unique_id in artifact("catalog")["sources"]:
        readers = set(artifact("manifest")["child_map"][unique_id])
        for column, effects in build_truth()[unique_id].items():
            bound = binder[unique_id][column]
            assert set(bound.get("fails", [])) == set(effects.get("fails", [])) & readers, (unique_id, column)
            assert bound.get("loses", {}) == {key: lost for key, lost in effects.get("loses", {}).items() if key in readers}


@pytest.mark.dbt
def test_dbt_still_says_so(tmp_path: Path) -> None:
    asked = {"source.shop.raw.payments": "method", "model.shop.stg_orders": "status", "model.shop.fct_events": "event_type"}
    names = ["raw.payments.method", "stg_orders.status", "fct_events.event_type"]
    said = run("bench.build_oracle", "--only", *names, "--output", str(tmp_path / "unused"))
    assert json.loads(said) == {key: {column: build_truth()[key][column]} for key, column in asked.items()}
