"""Shop as pull requests, against what dbt itself did without a column; bench/pull_requests.py asks for every column of every model."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from bench.build_oracle import read
from bench.pull_requests import Target, _loses_for_good

from aftershock.artifacts.results import read_catalog_bytes
from aftershock.changes import check
from aftershock.columns.opening import open_lineage

if TYPE_CHECKING:
    from aftershock.model.changes import CheckReport

GREEN = Path(__file__).resolve().parents[2] / "fixtures" / "artifacts" / "green"
EVERY = 12
"""One column in so many: the bench asks for all."""


@cache
def shop() -> Target:
    return Target(GREEN, tests=False)


def columns(kind: str, every: int) -> list[tuple[str, str]]:
    found = [(unique_id, column) for unique_id, items in sorted(read().items()) if unique_id.startswith(kind) for column in sorted(items)]
    return found[::every]


def compared(report: CheckReport, unique_id: str, column: str) -> tuple[object, object]:
    """What is said, and what dbt did: who fails, who is skipped, and who loses which columns."""
    impact, true = report.impact, read()[unique_id][column]
    unsure = {proof.unique_id for proof in impact.proofs if not proof.certain}
    built = {key for key, node in shop().manifest["nodes"].items() if node["resource_type"] in {"model", "snapshot", "seed"}}
    loses = {node: sorted(name.lower() for name in names) for node, names in impact.loses_columns.items() if _loses_for_good(shop(), node)}
    said = (set(impact.fails) - set(impact.skipped), set(impact.skipped), loses)
    lost = {node: sorted(name.lower() for name in names) for node, names in true.get("loses", {}).items() if node != unique_id}
    return said, ((set(true.get("fails", [])) & built) - unsure, (set(true.get("skipped", [])) & built) - unsure, lost)


@pytest.mark.parametrize(("unique_id", "column"), columns("model.", EVERY))
def test_a_model_without_a_column_does_what_dbt_did(unique_id: str, column: str) -> None:
    target = shop()
    if unique_id not in dict(target.models()):
        pytest.skip("it is a Python model")
    said, done = compared(target.check(target.without(unique_id, column, read()[unique_id], "exclude")), unique_id, column)
    assert said == done


@pytest.mark.parametrize(("unique_id", "column"), columns("source.", EVERY // 2))
def test_a_source_that_lost_a_column_in_the_warehouse_does_what_dbt_did(unique_id: str, column: str) -> None:
    target = shop()
    described = json.loads(json.dumps(target.described))
    del described["sources"][unique_id]["columns"][column]
    later = read_catalog_bytes(msgspec.json.encode(described), "catalog.json")
    data = msgspec.json.encode(target.manifest)
    reader = open_lineage(target.base.artifacts, data=data, catalog=later, store=target.store)
    definitions = target.base.definitions
    report = check(
        target.base.artifacts,
        target.base.artifacts,
        base_reader=target.base.reader,
        head_reader=reader,
        base_definitions=definitions,
        head_definitions=definitions,
    )
    assert {change.kind for change in report.changes} == {"column-removed"}
    said, done = compared(report, unique_id, column)
    assert said == done


def test_the_same_shop_twice_and_written_otherwise_has_no_findings() -> None:
    target = shop()
    assert target.check({}).changes == ()
    for unique_id, node in list(target.models())[::EVERY]:
        edits = {unique_id: {key: f"-- a word\n{node[key]}\n\n-- another\n" for key in ("raw_code", "compiled_code")}}
        report = target.check(edits)
        assert report.changes == ()
        assert report.impact.proofs == ()
