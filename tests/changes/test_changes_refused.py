"""What a warehouse, or dbt, refuses once a query, a type, a contract, a hook or a test is another one; and what it takes all the same."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from change_projects import catalog, checked, data_test, edited, hit, model, project, source, the, told, unit_test

from aftershock.changes.types import refuses
from aftershock.columns.relations import TableInfo
from aftershock.columns.resolve import resolve
from aftershock.model import Catalog, CatalogTable
from aftershock.sql.dialects import dialect_of
from aftershock.sql.reading import read_sql

RAW = source("raw", "id", "b", "c")
STG = model("stg", "select id, b, c from raw")
TEXT_STG = model("stg", "select id, cast(b as varchar) as b, c from raw")


def below(*nodes: Any, stg: Any = STG) -> Any:  # noqa: ANN401
    return project(RAW, stg, *nodes)


def listed(base: Any, **tables: dict[str, str]) -> Catalog:  # noqa: ANN401
    found = catalog(base)
    assert found is not None
    own = {f"model.p.{name}": CatalogTable(f"model.p.{name}", columns=columns) for name, columns in tables.items()}
    return Catalog(tables={**found.tables, **own})


# what is computed with a value of another type

COLUMNS = {"s": "VARCHAR", "i": "INTEGER", "d": "DOUBLE", "t": "TIMESTAMP", "e": "DATE", "f": "BOOLEAN"}
REFUSED = (
    *("sum(s)", "avg(s)", "s * 2", "s - i", "s + 1", "-s", "s / 2", "s % 2", "abs(s)", "round(s)", "floor(s)", "sqrt(s)", "stddev(s)", "s > 1", "s <= -1"),
    *("s between 1 and 2", "coalesce(s, 0)", "greatest(s, 1)", "case when f then s else 0 end", "sum(s) over ()", "sum(s) filter (where f)"),
    *("sum(case when f then s end)", "sum(coalesce(s, 1.5))", "sum(distinct s)", "date_trunc('month', s)", "date_diff('day', s, t)", "extract(month from s)"),
    *("year(s)", "last_day(s)", "strftime(s, '%Y')", "s + interval 1 day", "upper(i)", "length(i)", "trim(i)", "i like 'a%'", "left(i, 2)", "substr(i, 1, 2)"),
    *("split_part(i, ',', 1)", "starts_with(i, 'a')", "upper(t)", "t like '2020%'", "date_trunc('month', i)", "year(i)", "t * 2", "sum(t)", "round(t)"),
)
TAKEN = (
    *("s = 1", "s in (1, 2)", "min(s)", "count(s)", "s || 'x'", "concat(i, 'x')", "i = 'a'", "coalesce(i, 1)", "i + 1", "sum(i)", "sum(f)", "t - t", "e + 1"),
    *("avg(t)", "t - interval 1 day", "cast(s as integer) * 2", "sum(cast(s as double))", "upper(cast(i as varchar))", "case when s = 'a' then 1 else 0 end"),
    *(
        "sum(length(s))",
        "count(*) filter (where s = 'a')",
        "case when i > 1 then s else 'x' end",
        "row_number() over (order by s)",
        "coalesce(s, 'x')",
        "year(t)",
    ),
    *("sum(i) over (partition by s)", "s >= '2020-01-01'", "e >= date '2020-01-01'", "date_trunc('month', e)", "i > 1.5", "nullif(s, 0)", "upper(s)", "d * i"),
)


def refused_here(expression: str) -> bool:
    table = TableInfo("t", tuple((name, name) for name in COLUMNS), complete=True)
    needs = resolve(read_sql(f"select {expression} as x from t", "duckdb"), lambda _: table, dialect_of("duckdb")).needs  # noqa: S608  # our own
    return any(refuses(flags, COLUMNS[column], "duckdb") for (_, column), flags in needs.items())


def refused_by_duckdb(expression: str) -> bool:
    connection = duckdb.connect()
    connection.execute(f"create table t ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})")
    try:
        connection.execute(f"create view v as select {expression} as x from t")  # noqa: S608  # our own
    except duckdb.Error:
        return True
    return False


@pytest.mark.parametrize("expression", [*REFUSED, *TAKEN])
def test_what_is_refused_for_a_type_is_what_duckdb_refuses(expression: str) -> None:
    assert refused_by_duckdb(expression) == (expression in REFUSED)
    assert refused_here(expression) == (expression in REFUSED)


@pytest.mark.parametrize(
    "reader",
    [
        "select sum(b) as n from stg",
        "select id from stg where b > 100",
        "select coalesce(b, 0) as n from stg",
        "with x as (select b as v from stg) select sum(v) as n from x",
        "select sum(v) as n from (select b as v from stg union all select c from raw) as u",
    ],
)
def test_a_reader_that_computes_with_what_became_a_text_certainly_fails(reader: str) -> None:
    base = below(model("mart", reader))
    report = checked(base, edited(base, TEXT_STG))
    assert (the(report, "column-retyped").verdict, the(report, "column-retyped").certainty) == ("breaking", "certain")
    assert hit(report)["mart"] == "fails"
    proof = next(proof for proof in report.impact.proofs if proof.unique_id == "model.p.mart")
    assert proof.why == "it computes with b of stg, which is VARCHAR"


def test_the_type_follows_the_column_through_models_and_unions() -> None:
    base = below(
        model("one", "select b as v from stg"),
        model("two", "select c as v from raw"),
        model("both", "select * from one union all select * from two"),
        model("total", "select sum(v) as n from both"),
        model("list", "select v from both"),
    )
    found = hit(checked(base, edited(base, TEXT_STG)))
    assert found["total"] == "fails"
    assert "fails" not in found["list"]


def test_where_a_warehouse_makes_a_number_of_a_text_nothing_is_certain() -> None:
    base = {**below(model("mart", "select sum(b) as n from stg"))}
    base["metadata"] = {**base["metadata"], "adapter_type": "snowflake"}
    assert "fails" not in hit(checked(base, edited(base, TEXT_STG)))["mart"]


def test_a_changed_query_that_adds_up_a_text_fails_itself() -> None:
    base = below(model("mart", "select id, sum(c) as n from stg group by id"))
    head = edited(base, model("mart", "select id, sum(b) as n from stg group by id"))
    types = listed(base, stg={"id": "INTEGER", "b": "VARCHAR", "c": "INTEGER"})
    report = checked(base, head, base_catalog=types, head_catalog=types)
    assert hit(report) == {"mart": "fails"}
    assert (the(report, "values-changed").verdict, report.outcome) == ("breaking", "failed")


def test_a_query_that_added_up_a_text_before_is_no_news() -> None:
    base = below(model("mart", "select id, sum(b) as n from stg group by id"))
    types = listed(base, stg={"id": "INTEGER", "b": "VARCHAR", "c": "INTEGER"})
    report = checked(base, edited(base, model("mart", "select id, sum(b) as n, min(c) as m from stg group by id")), base_catalog=types, head_catalog=types)
    assert told(report) == {"safe column-added mart.m"}


def test_a_sum_of_what_became_a_fraction_breaks_a_contract_below() -> None:
    contract = {"config": {"contract": {"enforced": True}}, "columns": {"id": "integer", "n": "hugeint"}}
    base = below(
        model("mid", "select id, b from stg"),
        model("mart", "with s as (select id, sum(b) as t from mid group by id) select id, coalesce(t, 0) as n from s", **contract),
    )
    report = checked(base, edited(base, model("stg", "select id, cast(b as double) as b, c from raw")))
    assert hit(report)["mart"] == "fails"
    assert the(report, "column-retyped").verdict == "breaking"
    counted = below(model("mart", "select id, count(b) as n from stg group by id", **contract))
    assert "fails" not in hit(checked(counted, edited(counted, model("stg", "select id, cast(b as double) as b, c from raw")))).get("mart", "")


# queries that do not bind


@pytest.mark.parametrize(
    "sql",
    [
        "select s.*, id as again from stg as s join raw as r on s.id = r.id",
        "select s.b from stg as s join raw as r on s.id = r.id where id > 1",
        "select id, sum(b) as n from stg",
        "select id, c, sum(b) as n from stg group by id",
        "select s.id, c, sum(s.b) as n from (select id, b, c from stg) as s group by 1",
        "select id, b from stg order by 3",
        "select id from stg union all select id, b from stg",
    ],
)
def test_a_changed_query_that_surely_does_not_bind_is_breaking_and_fails_itself(sql: str) -> None:
    base = below(model("mart", "select id, b from stg"))
    report = checked(base, edited(base, model("mart", sql)))
    assert hit(report) == {"mart": "fails"}, told(report)
    assert report.outcome == "failed"


@pytest.mark.parametrize(
    "sql",
    [
        "select s.b, s.id from stg as s join raw as r using (id) where id > 1",
        "select s.b, s.id from stg as s join raw as r on s.id = r.id order by id",
        "select id, (select sum(r.b) - s.b from raw as r) as b from stg as s",
        "select b, sum(c) as id from stg group by b",
        "select b as id, b, sum(c) as n from stg group by 1, 2",
        "select id, b, sum(c) over (partition by id) as n from stg",
        "select sum(b) as id, id as b from (select b, c from stg)",
        "select id, b, count(*) as n from stg group by all",
        "select min(id) as id, min(b) as b from stg",
    ],
)
def test_a_changed_query_that_binds_does_not_fail(sql: str) -> None:
    base = below(model("mart", "select id, b from stg"))
    assert "fails" not in hit(checked(base, edited(base, model("mart", sql)))).get("mart", "")


def test_a_source_of_that_name_makes_no_field_of_a_list() -> None:
    sql = "with tags as (select * from tagged) select stg2.id from stg2 join tags on tags.id = stg2.id where tags.rank > 1"
    base = project(
        RAW,
        source("tickets", "id", "tags"),
        model("stg2", "select id, tags from tickets"),
        model("tagged", "select id, b as rank from raw"),
        model("mart", sql),
    )
    head = edited(base, model("tagged", "select id, b as place from raw"))
    for kind, expected in (("VARCHAR[]", "fails"), ("STRUCT(rank INTEGER)", "wrong")):
        types = listed(base, stg2={"id": "INTEGER", "tags": kind})
        found = hit(checked(base, head, base_catalog=types, head_catalog=types))["mart"]
        assert expected in found
        assert ("may" in found) == (expected == "wrong")


# what is read by place, and by tests


def test_a_name_that_only_the_second_branch_of_a_union_has_is_nobodys() -> None:
    base = below(
        model("one", "select id, b from stg"), model("two", "select id, c as b from stg"), model("both", "select * from one union all select * from two")
    )
    report = checked(base, edited(base, model("two", "select id, c as other from stg")))
    assert hit(report) == {}
    assert the(report, "column-renamed").verdict != "breaking"
    first = checked(base, edited(base, model("one", "select id, b as other from stg")))
    assert hit(first) == {"both": "loses b"}
    assert the(first, "column-renamed").verdict == "breaking"


def test_a_rename_that_a_star_passes_on_is_read_by_place_too() -> None:
    base = below(
        model("one", "select id, b from stg"),
        model("two", "select id, c as b from stg"),
        model("pass", "select * from two"),
        model("both", "select * from one union all select * from pass"),
    )
    assert hit(checked(base, edited(base, model("two", "select id, c as other from stg")))) == {"pass": "loses b"}


def test_a_test_uses_what_it_names_and_not_all_that_a_star_brings() -> None:
    base = below(
        model("mart", "select id, b from stg"),
        model("end", "select id from mart"),
        data_test("positive", "mart", "select * from mart where id < 0", column="id"),
    )
    report = checked(base, edited(base, model("mart", "select id from stg")))
    assert the(report, "column-removed").verdict == "safe"
    assert report.impact.failing_tests == ()


def test_a_test_whose_macro_names_another_column_cannot_run() -> None:
    macro = {
        "unique_id": "macro.p.test_positive",
        "name": "test_positive",
        "package_name": "p",
        "depends_on": {"macros": []},
        "original_file_path": "macros/t.sql",
    }
    test = data_test("positive", "mart", "select * from mart where id < 0", column="id")
    test["raw_code"] = "{{ test_positive(**_dbt_generic_test_kwargs) }}"
    uses = {"depends_on": {"macros": ["macro.p.test_positive"], "nodes": []}}
    base = project(RAW, STG, model("mart", "select id, b from stg"), model("end", "select id from mart"), {**test, **uses})
    base["macros"] = {macro["unique_id"]: {**macro, "macro_sql": "{% test positive() %} {{ column }} {% endtest %}"}}
    head = edited(base, {**test, **uses, "compiled_code": "select * from mart where id_x < 0"})
    head["macros"] = {macro["unique_id"]: {**macro, "macro_sql": "{% test positive() %} {{ column }}_x {% endtest %}"}}
    report = checked(base, head)
    assert report.impact.failing_tests == (test["unique_id"],)
    assert hit(report) == {"end": "skipped"}
    assert report.outcome == "failed"


# what stays, what is declared, and what runs beside


def test_a_column_that_stays_in_a_table_without_values_is_risky() -> None:
    append = {"config": {"materialized": "incremental", "on_schema_change": "append_new_columns"}}
    base = below(model("mart", "select id, b from stg", **append), model("end", "select id from mart"))
    report = checked(base, edited(base, model("mart", "select id from stg", **append)))
    assert (the(report, "column-removed").verdict, hit(report)) == ("risky", {"mart": "wrong"})


def test_a_contract_that_says_another_type_of_the_same_sql_is_not_met() -> None:
    def mart(kind: str, **more: Any) -> Any:  # noqa: ANN401
        return model("mart", "select id, b from stg", columns={"id": "bigint", "b": kind}, config={"contract": {"enforced": True}}, **more)

    base = below(mart("bigint"), model("end", "select b from mart"))
    report = checked(base, edited(base, mart("integer")))
    assert hit(report) == {"mart": "fails", "end": "skipped"}
    assert report.impact.failing_tests == ("model.p.mart",)
    assert "fails" not in hit(checked(base, edited(base, mart("int8")))).get("mart", "")
    both = edited(
        base, {**mart("integer"), "compiled_code": "select id, cast(b as integer) as b from stg", "raw_code": "select id, cast(b as integer) as b from stg"}
    )
    assert "mart" not in checked(base, both).impact.fails


def test_a_hook_that_names_a_column_which_is_gone_fails_its_model() -> None:
    hook = {"config": {"post-hook": [{"sql": "create or replace view copy as select id, b from {{ this }}", "transaction": True}]}}
    base = below(model("mart", "select id, b from stg", **hook), model("end", "select id from mart"))
    report = checked(base, edited(base, model("mart", "select id, b as b2 from stg", **hook)))
    assert hit(report) == {"mart": "fails", "end": "skipped"}
    assert "post-hook names b" in next(proof.why for proof in report.impact.proofs if proof.unique_id == "model.p.mart")
    before = {"config": {"pre-hook": [{"sql": "create or replace view copy as select id, b from {{ this }}"}]}}
    base = below(model("mart", "select id, b from stg", **before))
    assert hit(checked(base, edited(base, model("mart", "select id, b as b2 from stg", **before)))) == {}
    unread = {"config": {"post-hook": [{"sql": "{{ copy_of(this, 'b') }}"}]}}
    base = below(model("mart", "select id, b from stg", **unread))
    assert checked(base, edited(base, model("mart", "select id, b as b2 from stg", **unread))).impact.wrong == ("model.p.mart",)


def test_a_unit_test_that_has_a_text_for_what_became_a_number_cannot_run() -> None:
    given = [{"input": "ref('stg')", "rows": [{"id": 1, "b": "Pro"}]}]
    base = below(model("mart", "select id, b from stg"), unit_test("plain", "mart", given, [{"id": 1, "b": "Pro"}]))
    text, number = model("stg", "select id, upper(c) as b, c from raw"), model("stg", "select id, length(c) as b, c from raw")
    base = edited(base, text)
    report = checked(base, edited(base, number))
    assert report.impact.failing_tests == ("unit_test.p.mart.plain",)
    assert hit(report)["mart"].startswith("skipped")
    fits = edited(base, unit_test("plain", "mart", [{"input": "ref('stg')", "rows": [{"id": 1, "b": "7"}]}], [{"id": 1, "b": "7"}]))
    assert checked(fits, edited(fits, number)).impact.failing_tests == ()
