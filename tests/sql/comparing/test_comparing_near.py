"""Edits that look like nothing, and change results: DuckDB says so, and the comparison has to."""

from __future__ import annotations

from typing import Final

import duckdb
import pytest

from aftershock.sql.comparing.comparing import compare_sql
from aftershock.sql.comparing.facts import Comparison, Known, Side

TABLES: Final = {
    "t": (
        "a INTEGER, b INTEGER, c VARCHAR, seen TIMESTAMP",
        "(1, 2, 'X', '2026-01-01 23:30'), (3, NULL, 'x', '2026-02-01'), (NULL, 5, 'xy', NULL), (3, 7, '', '2026-01-31'), (1, 9, 'y', NULL)",
    ),
    "u": ("a INTEGER, d INTEGER, e VARCHAR", "(1, 10, 'p'), (1, NULL, 'q'), (4, 30, NULL), (3, 2, 'p')"),
    "n": ("a INTEGER", "(1), (NULL)"),
    "j": ("j JSON, n INTEGER", '(\'{"page": 1, "Page": 2}\', 1)'),
    "money": ("amount DECIMAL(10, 2), cents INTEGER", "(1.25, 125), (2.50, 250), (NULL, 7)"),
}

NEAR: Final = {
    "and, or without brackets": ("select a from t where (a = 1 or b = 7) and c = 'X'", "select a from t where a = 1 or b = 7 and c = 'X'"),
    "< and <=": ("select a from t where b < 5", "select a from t where b <= 5"),
    "union and union all": ("select a from t union select a from u", "select a from t union all select a from u"),
    "count(x) and count(*)": ("select count(b) as n from t", "select count(*) as n from t"),
    "where on the right of a left join": (
        "select t.a, u.d from t left join u on t.a = u.a and u.d > 5",
        "select t.a, u.d from t left join u on t.a = u.a where u.d > 5",
    ),
    "nulls first": ("select a, row_number() over (order by a nulls first) as n from t", "select a, row_number() over (order by a nulls last) as n from t"),
    "integer division": ("select b / 2 as h from t", "select b // 2 as h from t"),
    "order of a case": (
        "select case when a >= 1 then 'low' when a >= 3 then 'high' end as k from t",
        "select case when a >= 3 then 'high' when a >= 1 then 'low' end as k from t",
    ),
    "order of coalesce": ("select coalesce(a, b) as k from t", "select coalesce(b, a) as k from t"),
    "distinct in an aggregate": ("select count(a) as n from t", "select count(distinct a) as n from t"),
    "time zone": (
        "select seen at time zone 'UTC' at time zone 'Europe/Madrid' as k from t",
        "select seen at time zone 'UTC' at time zone 'Europe/London' as k from t",
    ),
    "like and ilike": ("select c from t where c like 'x%'", "select c from t where c ilike 'x%'"),
    "bounds of between": ("select a from t where b between 2 and 5", "select a from t where b > 2 and b < 5"),
    "turned between": ("select a from t where b between 2 and 5", "select a from t where b between 5 and 2"),
    "window frame": (
        "select b, sum(b) over (order by b) as s from t",
        "select b, sum(b) over (order by b rows between 1 preceding and current row) as s from t",
    ),
    "range and rows": ("select a, count(*) over (order by a) as n from t", "select a, count(*) over (order by a rows unbounded preceding) as n from t"),
    "not in with nulls": ("select a from t where a not in (select a from n)", "select a from t where not exists (select 1 from n where n.a = t.a)"),
    "group by an expression": ("select max(b) as m from t group by a", "select max(b) as m from t group by coalesce(a, 3)"),
    "group by an alias of a column": ("select a % 2 as k, count(*) as n from t group by k", "select a % 2 as k, count(*) as n from t group by a"),
    "is null and = null": ("select a from t where b is null", "select a from t where b = null"),
    "not distinct and =": ("select t.b from t join n on t.a = n.a", "select t.b from t join n on t.a is not distinct from n.a"),
    "filter and where": ("select count(*) filter (where b > 2) as n, count(*) as k from t", "select count(*) as n, count(*) as k from t where b > 2"),
    "having and where": ("select a, count(*) as n from t group by a having count(*) > 1", "select a, count(*) as n from t where a > 1 group by a"),
    "rank and dense_rank": ("select b, rank() over (order by a) as r from t", "select b, dense_rank() over (order by a) as r from t"),
    "sum of a sum": ("select sum(a) + sum(b) as s from t", "select sum(a + b) as s from t"),
    "inner and left": ("select t.b from t join u on t.a = u.a", "select t.b from t left join u on t.a = u.a"),
    "a join that multiplies": ("select t.b from t where a in (select a from u)", "select t.b from t join u on t.a = u.a"),
    "except all": ("select a from t except select a from n", "select a from t except all select a from n"),
    "distinct on": ("select distinct on (a) a, b from t order by a, b", "select distinct on (a) a, b from t order by a, b desc"),
    "limit without its order": ("select b from t order by b limit 2", "select b from t order by b desc limit 2"),
    "scale of a literal": ("select amount * 1.0 as k from money", "select amount * 1.00 as k from money"),
    "cast before adding": ("select cast(cents / 100 as integer) as k from money", "select cast(cents as integer) / 100 as k from money"),
    "the empty text and NULL": ("select coalesce(c, '') as k from t", "select nullif(c, '') as k from t"),
    "avg of integers": ("select avg(b) as k from t", "select sum(b) / count(*) as k from t"),
    "case with an operand and NULL": ("select case b when null then 0 else 1 end as k from t", "select case when b is null then 0 else 1 end as k from t"),
    "columns that changed places": ("select a as x, b as y from t", "select b as x, a as y from t"),
    "union by place": ("select a, b from t union all select a, d from u", "select a, b from t union all select d, a from u"),
    "using and on": ("select a from t full join u using (a)", "select t.a from t full join u on t.a = u.a"),
    "case of text": ("select c from t where c = 'x'", "select c from t where lower(c) = 'x'"),
    "order of an aggregate": ("select string_agg(c, ',' order by c) as k from t", "select string_agg(c, ',' order by c desc) as k from t"),
    "exists and a correlated limit": (
        "select a, (select max(d) from u where u.a = t.a) as m from t",
        "select a, (select max(d) from u where u.a <= t.a) as m from t",
    ),
    "a join to a single row": (
        "select x.k, t.b from (select 1 as k) x left join t on t.a = x.k",
        "select x.k, t.b from (select 1 as k) x full join t on t.a = x.k",
    ),
    "having without groups": ("select 1 as k from t where true", "select 1 as k from t having true"),
    "not in a list with NULL": ("select a from t where a not in (1, 2)", "select a from t where a not in (1, 2, null)"),
    "not in and NULL": ("select a from t where a <> 1", "select a from t where a is distinct from 1"),
    "not of or": ("select a from t where not (a = 1 or b = 2)", "select a from t where a <> 1 or b <> 2"),
    "case and filter of zero": ("select sum(b) filter (where a > 5) as n from t", "select sum(case when a > 5 then b else 0 end) as n from t"),
    "count of a case with else": ("select count(case when a > 1 then 1 end) as n from t", "select count(case when a > 1 then 1 else 0 end) as n from t"),
    "count of a case of a column": ("select count(case when a > 0 then b end) as n from t", "select count(*) filter (where a > 0) as n from t"),
    "list and filter": ("select list(b) filter (where a > 1) as n from t", "select list(case when a > 1 then b end) as n from t"),
    "type of count_if": ("select count(*) filter (where a > 1) as n from t", "select count_if(a > 1) as n from t"),
    "coalesce and nullif": ("select case when a is null then b else a end as k from t", "select case when a is null then a else b end as k from t"),
    "an alias that hides a column": ("select a % 2 as a, count(*) as n from t group by 1", "select a % 2 as a, count(*) as n from t group by a"),
    "a key of JSON": ("select j.page as k from j", "select j.Page as k from j"),
    "sides of except": ("select a from t except select a from u", "select a from u except select a from t"),
    "all and any": ("select a from t where a <> all (select a from u)", "select a from t where a <> any (select a from u)"),
    "one alias for two tables": (
        "select x.b from t as x where exists (select 1 from t as y where y.a = x.a and y.b > x.b)",
        "select x.b from t as x where exists (select 1 from t as y where y.a = y.a and y.b > x.b)",
    ),
}

QUOTED: Final = ('select a as "Total" from t', "select a as Total from t")


@pytest.fixture(scope="module")
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    for name, (columns, rows) in TABLES.items():
        connection.execute(f"create table {name} ({columns})")
        connection.execute(f"insert into {name} values {rows}")  # noqa: S608  # our own
    return connection


def side(sql: str, dialect_key: type[str] = str) -> Side:
    known = tuple(
        Known(
            name,
            name,
            (name,),
            tuple((column.split()[0], column.split()[0], column.split(maxsplit=1)[1]) for column in columns.replace("(10, 2)", "").split(", ")),
            complete=True,
        )
        for name, (columns, _) in TABLES.items()
    )
    return Side((dialect_key(sql),), known)


@pytest.mark.parametrize("name", NEAR)
def test_what_changes_results_is_found(name: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    base, head = NEAR[name]
    results = [sorted(map(repr, warehouse.execute(sql).fetchall())) for sql in (base, head)]
    types = [[str(column[1]) for column in warehouse.execute(sql).description] for sql in (base, head)]
    assert (results[0], types[0]) != (results[1], types[1]), "the edit must matter on this data"
    found = compare_sql(Comparison(side(base), side(head), "duckdb")).diff
    assert not found.same
    assert found.values or found.rows or found.retyped
    assert not found.unread


def test_the_case_of_a_quoted_name_is_kept_where_the_warehouse_keeps_it() -> None:
    for dialect, same in (("duckdb", True), ("postgres", False), ("snowflake", False)):
        found = compare_sql(Comparison(side(QUOTED[0]), side(QUOTED[1]), dialect)).diff
        assert found.same is same, dialect
        if not same:
            assert found.renamed == (("Total", "Total"),) or found.removed
