"""What nodes need beyond their next run, and only where that run does not do it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from change_projects import Raw, checked, edited, model, project, seed, source

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.model.changes import CheckReport, Repair

RAW = source("raw", "id", "b", "c")


def kept(name: str, sql: str, mode: str = "ignore", **config: Any) -> Raw:  # noqa: ANN401
    """An incremental model."""
    return model(name, sql, config={"materialized": "incremental", "on_schema_change": mode, **config})


def repaired(report: CheckReport) -> dict[str, tuple[list[str], str, str]]:
    """By kind: the nodes, the command, and the other setting."""

    def said(repair: Repair) -> tuple[list[str], str, str]:
        return [unique_id.rpartition(".")[2] for unique_id in repair.nodes], " ".join(repair.argv), repair.instead

    return {repair.kind: said(repair) for repair in report.repairs}


def test_a_column_more_for_a_table_that_takes_none() -> None:
    base = project(RAW, model("stg", "select id, b from raw"), kept("fct", "select * from stg", "fail"))
    report = checked(base, edited(base, model("stg", "select id, b, c from raw")))
    assert repaired(report) == {"table": (["fct"], "dbt run --full-refresh --select fct", "append_new_columns")}


@pytest.mark.parametrize("mode", ["ignore", "fail"])
def test_a_column_less_for_a_table_that_keeps_its_own(mode: str) -> None:
    base = project(RAW, model("stg", "select id, b from raw"), kept("fct", "select * from stg", mode))
    report = checked(base, edited(base, model("stg", "select id from raw")))
    assert repaired(report) == {"table": (["fct"], "dbt run --full-refresh --select fct", "sync_all_columns")}


def test_a_new_column_that_a_table_does_not_get() -> None:
    base = project(RAW, kept("fct", "select id from raw"))
    report = checked(base, edited(base, kept("fct", "select id, b from raw")))
    assert repaired(report) == {"column": (["fct"], "dbt run --full-refresh --select fct", "append_new_columns")}
    for mode in ("append_new_columns", "sync_all_columns"):
        base = project(RAW, kept("fct", "select id from raw", mode))
        assert not checked(base, edited(base, kept("fct", "select id, b from raw", mode))).repairs


def test_rows_that_stay_as_they_are_from_the_first_that_keeps_them() -> None:
    base = project(
        RAW,
        model("stg", "select id, b from raw"),
        kept("fct", "select id, b from stg"),
        model("mid", "select id, b from fct"),
        kept("end", "select id, b from mid"),
    )
    report = checked(base, edited(base, model("stg", "select id, b + 1 as b from raw")))
    assert repaired(report) == {"rows": (["fct"], "dbt run --full-refresh --select fct+", "")}
    itself = checked(base, edited(base, kept("fct", "select id, b from stg where id > 1")))
    assert repaired(itself) == {"rows": (["fct"], "dbt run --full-refresh --select fct+", "")}


@pytest.mark.parametrize("config", [{"materialized": "view"}, {"materialized": "table"}, {"materialized": "incremental", "full_refresh": True}])
def test_what_each_run_builds_anew_needs_nothing(config: Raw) -> None:
    base = project(RAW, model("m", "select id, b from raw", config=config), model("end", "select b from m"))
    for sql in ("select id, b + 1 as b from raw", "select id, b from raw where id > 1", "select id, b, c from raw"):
        assert not checked(base, edited(base, model("m", sql, config=config))).repairs


def test_a_view_that_becomes_ephemeral_and_a_hook_need_no_full_refresh() -> None:
    base = project(RAW, model("m", "select id from raw", config={"materialized": "view"}), model("end", "select id from m"))
    assert not checked(base, edited(base, model("m", "select id from raw", config={"materialized": "ephemeral"}))).repairs
    assert not checked(base, edited(base, model("m", "select id from raw", config={"materialized": "view", "post-hook": [{"sql": "analyze"}]}))).repairs


def test_settings_after_which_rows_that_are_there_may_be_wrong() -> None:
    base = project(RAW, kept("fct", "select id, b from raw", unique_key="id"))
    report = checked(base, edited(base, kept("fct", "select id, b from raw", unique_key="b")))
    assert repaired(report) == {"rows": (["fct"], "dbt run --full-refresh --select fct+", "")}
    assert not checked(base, edited(base, kept("fct", "select id, b from raw", "fail", unique_key="id"))).repairs


def test_no_command_where_dbt_would_pass_over_it() -> None:
    base = project(RAW, kept("fct", "select id, b from raw", full_refresh=False))
    report = checked(base, edited(base, kept("fct", "select id, b + 1 as b from raw", full_refresh=False)))
    assert repaired(report) == {"rows": (["fct"], "", "")}


def test_the_file_of_a_contract() -> None:
    promised = {"columns": {"id": "integer", "b": "integer"}, "patch_path": "p://models/_marts.yml"}
    base = project(RAW, model("mart", "select id, b from raw", config={"contract": {"enforced": True}}, **promised))
    report = checked(base, edited(base, model("mart", "select id from raw", config={"contract": {"enforced": True}}, **promised)))
    assert [(repair.kind, repair.path, repair.argv) for repair in report.repairs] == [("contract", "models/_marts.yml", ())]


def test_a_key_that_is_gone() -> None:
    base = project(RAW, kept("fct", "select id, b from raw", "append_new_columns", unique_key="b"))
    report = checked(base, edited(base, kept("fct", "select id from raw", "append_new_columns", unique_key="b")))
    assert [repair.kind for repair in report.repairs] == ["setting"]


@pytest.mark.parametrize(
    ("text", "adapter", "needed"), [("k,v,w\n1,2,3\n", "duckdb", True), ("k,v\n1,3\n", "duckdb", False), ("k,w\n1,2\n", "bigquery", False)]
)
def test_a_seed_with_another_header(text: str, adapter: str, needed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001  # a case
    (tmp_path / "dbt_project.yml").write_text("name: p\n", encoding="utf-8")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "codes.csv").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    base = project(seed("codes", "k", "v"), model("coded", "select v from codes"), adapter=adapter)
    report = checked(base, edited(base, seed("codes", "k", "v", checksum=hashlib.sha256(text.strip().encode()).hexdigest())))
    assert repaired(report) == ({"seed": (["codes"], "dbt seed --full-refresh --select codes", "")} if needed else {})


def test_more_than_can_be_typed_is_planned() -> None:
    many = [kept(f"f{number}", "select id, b from stg") for number in range(11)]
    base = project(RAW, model("stg", "select id, b from raw"), *many)
    report = checked(base, edited(base, model("stg", "select id, b + 1 as b from raw")))
    (repair,) = report.repairs
    assert (repair.kind, len(repair.nodes), repair.argv) == ("rows", 11, ())
