# ruff: noqa: S608 - it writes SQL, and nothing else
"""Tables repaired on DuckDB: what should change does, and nothing else. Trino's single MERGE runs there too."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.errors import UsageError
from aftershock.sql.repair import (
    NoQuery,
    Script,
    Table,
    backup,
    dedupe,
    insert_missing,
    replace_all,
    replace_keys,
    replace_window,
    restore_from,
    rows_lost,
    window_proof,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

KEYED = Table('"memory"."main"."t"', ("id", "part", "moment", "v"), ("id", "part"))
LOOSE = Table(KEYED.relation, KEYED.columns)
QUERY = "with all_of as (select * from s) -- what the model says\nselect v, id, moment, part from all_of; -- done"
LOW, HIGH = "2026-01-02T00:00:00", "2026-01-03"
FORMS = ["duckdb", "trino"]

Row = tuple[Any, ...]
By = Literal["keys", "rows", "count"]
number = st.one_of(st.none(), st.integers(1, 3))
day = st.one_of(st.none(), st.sampled_from(["2026-01-01 23:59:59.999999", "2026-01-02 00:00:00", "2026-01-02 12:00:00", "2026-01-03 00:00:00"]))
tables = st.lists(st.tuples(number, number, day, st.sampled_from([None, "x", "y"])), max_size=8)
forms = st.sampled_from(FORMS)
law = settings(deadline=None, max_examples=25)


def warehouse(table: Iterable[Row], source: Iterable[Row] = ()) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect(":memory:", config={"threads": 1})
    for name, rows in (("t", list(table)), ("s", list(source))):
        db.execute(f"create table {name} (id int, part int, moment timestamp, v varchar)")
        if rows:
            db.execute(f"insert into {name} values " + ", ".join(["(?, ?, ?, ?)"] * len(rows)), [value for row in rows for value in row])
    return db


def held(db: duckdb.DuckDBPyConnection, name: str = "t") -> Counter[Row]:
    return Counter(db.execute(f"select id, part, strftime(moment, '%Y-%m-%d %H:%M:%S.%f'), v from {name}").fetchall())


def bag(rows: Iterable[Row]) -> Counter[Row]:
    with warehouse(rows) as db:
        return held(db)


def inside(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row[2] is not None and "2026-01-02 00" <= row[2] < "2026-01-03"]


def twice(db: duckdb.DuckDBPyConnection, script: Script) -> Counter[Row]:
    """What the table holds after one run, which must be what it holds after two."""
    with db:
        db.execute(script.text)
        once = held(db)
        db.execute(script.text)
        assert held(db) == once
    return once


@given(table=tables, source=tables, form=forms)
@law
def test_a_window_is_replaced_and_nothing_outside(table: list[Row], source: list[Row], form: str) -> None:
    expected = bag([row for row in table if row not in inside(table)] + inside(source))
    assert twice(warehouse(table, source), replace_window(KEYED, QUERY, "MOMENT", LOW, HIGH, form)) == expected


@given(table=tables, source=tables, form=forms, whole=st.booleans())
@law
def test_without_bounds_all_is_replaced(table: list[Row], source: list[Row], form: str, whole: bool) -> None:  # noqa: FBT001
    script = replace_all(KEYED, QUERY, form) if whole else replace_window(KEYED, QUERY, "moment", "", "", form)
    assert twice(warehouse(table, source), script) == bag(source)


@given(table=tables, source=tables, form=forms, windowed=st.booleans())
@law
def test_only_the_querys_keys_are_replaced(table: list[Row], source: list[Row], form: str, windowed: bool) -> None:  # noqa: FBT001
    new = inside(source) if windowed else source
    script = replace_keys(KEYED, QUERY, form, **({"time_column": "moment", "start": LOW, "end": HIGH} if windowed else {}))
    keys = {row[:2] for row in new}
    assert twice(warehouse(table, source), script) == bag([row for row in table if row[:2] not in keys] + new)


@given(table=tables, source=tables, windowed=st.booleans())
@law
def test_what_is_missing_by_key_is_inserted(table: list[Row], source: list[Row], windowed: bool) -> None:  # noqa: FBT001
    new = inside(source) if windowed else source
    script = insert_missing(KEYED, QUERY, "duckdb", **({"time_column": "moment", "start": LOW, "end": HIGH} if windowed else {}))
    keys = {row[:2] for row in table}
    assert twice(warehouse(table, source), script) == bag(table + [row for row in new if row[:2] not in keys])


@given(table=tables, source=tables)
@law
def test_without_keys_what_is_missing_is_counted(table: list[Row], source: list[Row]) -> None:
    assert twice(warehouse(table, source), insert_missing(LOOSE, QUERY, "duckdb")) == bag(table) | bag(source)


@given(table=tables, form=forms)
@law
def test_one_row_of_each_key_stays(table: list[Row], form: str) -> None:
    found = twice(warehouse(table), dedupe(KEYED, form, order_by="v desc nulls last, moment"))
    first: dict[Row, Row] = {}
    for row in sorted(table, key=lambda row: (row[3] is not None, row[3] or ""), reverse=True):
        first.setdefault(row[:2], row)
    nameless = [row for row in table if row[:2] == (None, None)]
    assert Counter(row[:2] for row in found.elements()) == Counter(key for key in first if key != (None, None)) + Counter(row[:2] for row in nameless)
    assert Counter((*row[:2], row[3]) for row in found.elements()) == Counter(
        (*row[:2], row[3]) for row in [*nameless, *(row for key, row in first.items() if key != (None, None))]
    )
    assert not found - bag(table)


@given(table=tables, form=forms)
@law
def test_without_keys_one_of_each_equal_row_stays(table: list[Row], form: str) -> None:
    assert twice(warehouse(table), dedupe(LOOSE, form)) == Counter(dict.fromkeys(bag(table), 1))


def test_a_row_that_is_not_duplicated_is_not_written() -> None:
    db = warehouse([(1, 1, None, "x"), (2, 2, None, "x"), (2, 2, None, "y")])
    db.execute("create unique index only_once on t (v, id)")
    before = dict(db.execute("select v, rowid from t where id = 1").fetchall())
    db.execute(dedupe(KEYED, "duckdb").text)
    assert dict(db.execute("select v, rowid from t where id = 1").fetchall()) == before


def older(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row[2] is not None and row[2] < "2026-01-02 00"]


COMPARED: list[tuple[By, Table, Callable[[list[Row], list[Row]], int]]] = [
    ("keys", KEYED, lambda table, source: len({row[:2] for row in table} - {row[:2] for row in source})),
    ("keys", LOOSE, lambda table, source: (bag(table) - bag(source)).total() if hasattr(Counter, "total") else sum((bag(table) - bag(source)).values())),
    ("rows", KEYED, lambda table, source: sum((bag(table) - bag(source)).values())),
    ("count", KEYED, lambda table, source: max(0, len(table) - len(source))),
]


@pytest.mark.parametrize(("by", "shape", "figure"), COMPARED, ids=["keys", "no keys", "rows", "count"])
@given(table=tables, source=tables, old=st.booleans())
@law
def test_a_loss_fails_the_command_and_says_how_much(  # noqa: PLR0917  # what is compared, and a case of it
    by: By,
    shape: Table,
    figure: Callable[[list[Row], list[Row]], int],
    table: list[Row],
    source: list[Row],
    old: bool,  # noqa: FBT001
) -> None:
    script = rows_lost(shape, QUERY, "duckdb", by=by, **({"time_column": "moment", "before": LOW} if old else {}))
    lost = figure(older(table) if old else table, older(source) if old and by == "count" else source)
    with warehouse(table, source) as db:
        if not lost:
            assert db.execute(script.text).fetchall() == [(0,)]
            return
        with pytest.raises(duckdb.ConversionException, match=f"'{lost} rows would be lost'"):
            db.execute(script.text)


def test_a_second_backup_keeps_the_first() -> None:
    db = warehouse([(1, 1, None, "x"), (2, 1, None, "y")])
    copy = '"memory"."main"."t copy"'
    db.execute(backup(KEYED, copy, "duckdb").text)
    db.execute("delete from t where id = 1; update t set v = 'z'")
    db.execute(backup(KEYED, copy, "duckdb").text)
    assert sorted(held(db, copy)) == [(1, 1, None, "x"), (2, 1, None, "y")]
    assert sorted(twice(db, restore_from(KEYED, copy, "duckdb"))) == [(1, 1, None, "x"), (2, 1, None, "z")]


def test_the_proof_of_a_window_is_its_figures() -> None:
    rows = [(1, 1, "2026-01-01 10:00:00", "x"), (2, 1, "2026-01-02 10:00:00", "x"), (3, 1, "2026-01-02 11:00:00", None), (4, 1, None, "x")]
    found = warehouse(rows).execute(window_proof(KEYED, "moment", LOW, HIGH, "duckdb").text)
    assert [name for name, *_ in found.description] == ["backfilled_rows", "min_date", "max_date"]
    assert [str(value) for value in found.fetchall()[0]] == ["2", "2026-01-02 10:00:00", "2026-01-02 11:00:00"]


def test_an_error_on_the_way_changes_nothing(tmp_path: Path) -> None:
    for script in (
        replace_window(KEYED, "select 1 as id, 1 as part, timestamp '2026-01-02' as moment, error('no') as v from s", "moment", "", "", "duckdb"),
        replace_keys(KEYED, "select 1 as id, 1 as part, timestamp '2026-01-02' as moment, error('no') as v", "duckdb"),
        insert_missing(KEYED, "select 5 as id, 1 as part, timestamp '2026-01-02' as moment, error('no') as v", "duckdb"),
    ):
        path = tmp_path / "memory.duckdb"
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as db:
            db.execute(
                "create table s (x int); insert into s values (1); create table t as select 1 as id, 1 as part, timestamp '2026-01-01' as moment, 'x' as v"
            )
            with pytest.raises(duckdb.Error, match="no"):
                db.execute(script.text)
        with duckdb.connect(str(path)) as db:
            assert db.execute("select id, v from t").fetchall() == [(1, "x")]


def test_replace_keys_may_read_the_table_itself() -> None:
    db = warehouse([(1, 1, None, "x"), (2, 1, None, "y")])
    db.execute(replace_keys(KEYED, "select id, part, moment, v || '!' as v from t where id = 1", "duckdb").text)
    assert sorted(held(db)) == [(1, 1, None, "x!"), (2, 1, None, "y")]


HOSTILE = ("select", 'say "hi"', "it's", "a.b", "Größe", "with space", "back`tick", "aftershock_1", "AFTERSHOCK_mark", "x) --", "[y]")


@pytest.mark.parametrize("form", FORMS)
def test_hostile_names_are_only_names(form: str) -> None:
    db = duckdb.connect(":memory:")
    quoted = ['"' + name.replace('"', '""') + '"' for name in HOSTILE]
    db.execute('create schema "o""dd"; create table "o""dd"."the table" (' + ", ".join(f"{name} varchar" for name in quoted) + ")")
    table = Table('"memory"."o""dd"."the table"', HOSTILE, HOSTILE[:3])
    db.execute(f"create table s as select {', '.join(f'chr({97 + place}) as {name}' for place, name in enumerate(quoted))}")
    query = "select * from s"
    expected = [tuple(chr(97 + place) for place in range(len(HOSTILE)))]
    for script in (
        insert_missing(table, query, "duckdb"),
        replace_keys(table, query, form),
        insert_missing(Table(table.relation, HOSTILE), query, "duckdb"),
        dedupe(Table(table.relation, HOSTILE), form),
        replace_all(table, query, form),
        replace_keys(table, "select * from s union all select * from s", form),
        dedupe(table, form, order_by=quoted[3]),
        backup(table, '"memory"."o""dd"."co;py"', "duckdb"),
        rows_lost(table, query, "duckdb"),
        rows_lost(table, query, "duckdb", by="rows"),
    ):
        db.execute(script.text)
    assert db.execute(f"select * from {table.relation}").fetchall() == expected
    assert db.execute('select count(*) from "memory"."o""dd"."co;py"').fetchall() == [(1,)]


def test_ephemeral_parents_come_first() -> None:
    db = warehouse([], [(1, 1, None, "x")])
    ctes = {"__dbt__cte__a": "with q as (select * from s) select * from q -- a", "__dbt__cte__b": "select * from __dbt__cte__a;"}
    db.execute(replace_all(KEYED, "with c as (select * from __dbt__cte__b) select * from c", "duckdb", ctes=ctes).text)
    assert sorted(held(db)) == [(1, 1, None, "x")]
    db.execute(rows_lost(KEYED, "select * from __dbt__cte__b", "duckdb", ctes=ctes).text)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "it is empty"),
        ("-- nothing", "it is empty"),
        ("select 1; drop table t", "it is more than one query"),
        ("select 1) as q; drop table t; --", "a bracket in it was never opened"),
        ("select 1) union (select 2", "a bracket in it was never opened"),
        ("select (1", "a bracket in it is never closed"),
        ("select 'never ends", "it cannot be read"),
    ],
)
def test_what_is_not_one_query_is_refused(query: str, problem: str) -> None:
    for adapter in ("duckdb", "sqlserver", "unheard of"):
        with pytest.raises(NoQuery, match=problem):
            replace_all(KEYED, query, adapter)
        with pytest.raises(NoQuery, match=problem):
            replace_all(KEYED, "select 1", adapter, ctes={"c": query})


def test_a_bound_in_another_zone_and_with_a_fraction() -> None:
    script = replace_window(KEYED, "select 1", "moment", "2026-01-02T01:30:00.120000+02:00", "2026-01-03T00:00:00.1234567Z", "duckdb")
    assert "CAST('2026-01-01 23:30:00.12+00:00' AS TIMESTAMPTZ) AND \"moment\" < CAST('2026-01-03 00:00:00.123456+00:00' AS TIMESTAMPTZ)" in script.text
    plain = replace_window(KEYED, "select 1", "moment", "2026-01-01T23:30:00.12", "", "duckdb")
    assert "WHERE \"moment\" >= CAST('2026-01-01 23:30:00.12' AS TIMESTAMP)" in plain.text
    with pytest.raises(UsageError, match="yesterday"):
        replace_window(KEYED, "select 1", "moment", "yesterday", "", "duckdb")


@pytest.mark.parametrize("query", [f"select * from {KEYED.relation}", f"with c as (select 1 from{KEYED.relation}) select * from c"])
def test_a_query_that_reads_what_is_about_to_go_is_refused(query: str) -> None:
    for text, ctes in ((query, None), ("select * from c", {"c": query})):
        with pytest.raises(NoQuery, match="it reads the table that it is to fill"):
            replace_window(KEYED, text, "moment", LOW, HIGH, "duckdb", ctes=ctes)
        with pytest.raises(NoQuery, match="it reads the table that it is to fill"):
            replace_all(KEYED, text, "databricks", ctes=ctes)
    assert replace_all(KEYED, 'select * from "memory"."main"."t"."u", x."memory"."main"."t"', "duckdb").atomic


def test_keys_that_are_not_there_are_an_error() -> None:
    with pytest.raises(ValueError, match="replace_keys needs a table with keys"):
        replace_keys(LOOSE, "select 1", "duckdb")
