"""How changes are told: who uses a column and who only passes it on, by which name, at which line, and what of the files that were read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from change_projects import NOW, checked, edited, model, project, source, the
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftershock.artifacts import artifacts_from_bytes
from aftershock.changes import check
from aftershock.changes.declared import line_of, named
from aftershock.columns.opening import open_lineage
from aftershock.model import Catalog, CatalogTable

if TYPE_CHECKING:
    from pathlib import Path

RAW = source("raw", "id", "b")
YAML = """\
sources:
  - name: raw
    tables:
      - name: b  # a table of the same name as a column
        columns:
          - name: id
      - description: orders
        "name": 'raw'
        columns:
          - name: id
          - name: b
models:
  - name: mart
    columns: [{name: x}]
"""


def test_who_uses_a_column_and_who_only_passes_it_on() -> None:
    base = project(RAW, model("stg", "select id, b from raw"), model("star", "select * from stg"), model("reader", "select b from stg"))
    report = checked(base, edited(base, model("stg", "select id from raw")))
    assert the(report, "column-removed").reason == "stg no longer yields b, and reader uses it; star loses it too (select *)"
    alone = project(RAW, model("stg", "select id, b from raw"), model("star", "select * from stg"))
    assert the(checked(alone, edited(alone, model("stg", "select id from raw"))), "column-removed").reason.endswith("b, and star loses it too (select *)")


def test_what_nobody_uses() -> None:
    base = project(RAW, model("stg", "select id, b from raw"), model("mart", "select id from stg"))
    report = checked(base, edited(base, model("stg", "select id from raw")))
    assert the(report, "column-removed").reason == "stg no longer yields b, and nothing in dbt uses it"


def test_an_ephemeral_model_has_the_name_that_people_gave_it() -> None:
    inner = model("inner_part", "select id, b from raw", config={"materialized": "ephemeral"})
    sql = "with __dbt__cte__inner_part as (select {} from raw) select __dbt__cte__inner_part.b from __dbt__cte__inner_part"
    base = project(RAW, inner, model("mart", sql.format("id, b"), depends_on={"nodes": ["model.p.inner_part"]}), model("end", "select b from mart"))
    lost = model("inner_part", "select id from raw", config={"materialized": "ephemeral"})
    report = checked(base, edited(base, lost, model("mart", sql.format("id"), depends_on={"nodes": ["model.p.inner_part"]})))
    assert report.impact.fails
    texts = [text for change in report.changes for text in (change.reason, change.was, change.now)] + [proof.why for proof in report.impact.proofs]
    assert "inner_part.b is no column" in texts
    assert not [text for text in texts if "__dbt__cte__" in text]


def test_a_column_of_a_source_stands_where_yaml_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: p\n", encoding="utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "_sources.yml").write_text(YAML, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    base = project(RAW, model("stg", "select id, b from raw"))
    before, after = (
        Catalog(tables={"source.p.raw.raw": CatalogTable("source.p.raw.raw", columns=dict.fromkeys(names, "INTEGER"))}) for names in (("id", "b"), ("id",))
    )
    lost = the(checked(base, base, base_catalog=before, head_catalog=after), "column-removed")
    assert (lost.path, lost.line) == ("models/_sources.yml", 11)
    (tmp_path / "models" / "_sources.yml").unlink()
    assert the(checked(base, base, base_catalog=before, head_catalog=after), "column-removed").line == 1


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["raw", "raw"], 8),
        (["raw", "raw", "b"], 11),
        (["raw", "b"], 4),
        (["raw", "b", "b"], 4),
        (["RAW", "none"], 2),
        (["none"], 1),
        (["mart"], 13),
        (["mart", "id"], 13),
    ],
)
def test_the_line_of_a_name(names: list[str], line: int) -> None:
    assert line_of(named(YAML), names) == line


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_text_has_a_line_for_any_name(text: str, names: list[str]) -> None:
    assert 1 <= line_of(named(text), names) <= max(1, len(text.splitlines()))


def test_results_of_a_run_have_no_part_in_a_check() -> None:
    data = json.dumps(project(RAW, model("stg", "select id from raw"))).encode()
    artifacts = artifacts_from_bytes(data, "manifest.json")
    said = ("run_results.json is of 'dbt docs generate', which builds nothing.", "sources.json names 1 source.", "manifest.json is not whole.")
    reader = open_lineage(artifacts, data=data)
    report = check(replace(artifacts, warnings=said), artifacts, now=NOW, base_reader=reader, head_reader=reader)
    assert [line for line in said if line in report.warnings] == ["manifest.json is not whole."]
