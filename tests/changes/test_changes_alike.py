"""What both manifests say to the letter is not looked at any further: that changes no answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from change_projects import NOW, checked, edited, exposure, model, project, source, told, unit_test
from change_projects import data_test as checked_by

import aftershock
from aftershock.artifacts.definitions import definitions_from_bytes
from aftershock.changes.sides import Pair, open_side
from aftershock.model.definition import Definitions

if TYPE_CHECKING:
    from pathlib import Path

BASE = project(
    source("raw", "id", "b"),
    model("stg", "select id, b from raw"),
    model("mart", "select id, b from stg", config={"materialized": "incremental", "on_schema_change": "fail"}),
    model("copy", "select * from stg", access="public"),
    checked_by("not_null", "mart", "select b from mart where b is null", column="b"),
    unit_test("unit", "mart", [{"input": "ref('stg')", "rows": [{"id": 1, "b": 2}]}], [{"id": 1, "b": 2}]),
    exposure("board", "mart"),
)
HEADS: dict[str, Any] = {
    "nothing": edited(BASE),
    "a column gone": edited(BASE, model("stg", "select id from raw")),
    "a test gone": edited(BASE, gone=("test.p.not_null_mart_b",)),
    "a model gone": edited(BASE, gone=("model.p.copy",)),
    "renamed": edited(BASE, model("twin", "select * from stg", access="public"), gone=("model.p.copy",)),
    "a setting": edited(BASE, model("mart", "select id, b from stg", config={"materialized": "table"})),
    "a macro": edited(BASE, macros={"macro.p.m": {"unique_id": "macro.p.m", "name": "m", "package_name": "p", "macro_sql": "{% macro m() %}1{% endmacro %}"}}),
}


def plain(manifest: Any) -> Definitions:  # noqa: ANN401  # JSON
    """The same definitions, each of which is looked at."""
    found = definitions_from_bytes(json.dumps(manifest).encode(), "plain")
    return Definitions(dict(found.nodes), dict(found.macros), dict(found.paths))


@pytest.mark.parametrize("name", HEADS)
def test_the_answer_is_the_same_where_everything_is_looked_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = checked(BASE, HEADS[name])
    monkeypatch.setattr("aftershock.changes.sides.raw_of", lambda *_: None)
    assert checked(BASE, HEADS[name]) == expected
    assert bool(told(expected)) is (name != "nothing")


def test_only_the_letter_counts_as_alike() -> None:
    data = json.dumps(BASE).encode()
    artifacts = aftershock.artifacts_from_bytes(data)
    side = open_side(artifacts, None, None, definitions_from_bytes(data, "base"))
    assert Pair.of(side, side, "model.p.stg", "model.p.stg").alike
    assert not Pair.of(side, side, "model.p.stg", "model.p.mart").alike
    other = open_side(artifacts, None, None, plain(BASE))
    assert not Pair.of(side, other, "model.p.stg", "model.p.stg").alike


def written(folder: Path, sql: str) -> Path:
    """A target directory after ``dbt parse``, with what an earlier ``dbt compile`` wrote."""
    parsed = {"raw_code": "select id, {{ var('b') }} as b from raw", "original_file_path": "models/m.sql", "path": "m.sql", "language": "sql"}
    manifest = project(source("raw", "id", "b"), model("m", "", **parsed))
    (folder / "compiled" / "p" / "models").mkdir(parents=True)
    (folder / "compiled" / "p" / "models" / "m.sql").write_text(sql)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_two_manifests_that_say_the_same_may_have_been_compiled_to_different_sql(tmp_path: Path) -> None:
    one, two = written(tmp_path / "one", "select id, b from db.main.raw"), written(tmp_path / "two", "select id, id as b from db.main.raw")
    base, head = aftershock.read_artifacts(one), aftershock.read_artifacts(two)
    assert {change.kind for change in aftershock.check(base, head, now=NOW).changes} == {"values-changed"}
    assert aftershock.check(base, base, now=NOW).changes == ()
