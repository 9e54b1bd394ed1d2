# ruff: noqa: S608 - it writes SQL, and nothing else
"""What is the same and what is not, clause by clause, and what a difference says."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.model.changes import QueryDiff
from aftershock.sql.comparing.comparing import compare_sql
from aftershock.sql.comparing.facts import Comparison, Known, Side
from aftershock.sql.comparing.types import holds
from aftershock.sql.dialects import dialect_of

sys.path.append(str(Path(__file__).resolve().parents[2] / "oracle"))
from comparing_cases import KNOWN, Writer

COLUMNS: Final = {"t": "a b c d l", "u": "a d e", "v": "b e", "s": "id amount name"}


def side(sql: str | tuple[str, ...], dialect: str, *, known: bool = True, types: dict[str, str] | None = None) -> Side:
    key = dialect_of(dialect).key
    relations = tuple(
        Known(name, name, ("db", name), tuple((column, key(column), (types or {}).get(column, "")) for column in columns.split()), complete=True)
        for name, columns in COLUMNS.items()
    )
    return Side((sql,) if isinstance(sql, str) else sql, relations if known else ())


def diff(base: str, head: str, dialect: str = "duckdb", **settings: Any) -> QueryDiff:  # noqa: ANN401  # those of side()
    return compare_sql(Comparison(side(base, dialect, **settings), side(head, dialect, **settings), dialect)).diff


SAME: Final = {
    "nothing": ("select a from t", "select a from t"),
    "space, case and comments": ("select a, b from t where a > 1", "SELECT a,\n  b -- second\nFROM t /* all */ WHERE (a > 1);"),
    "identifiers quoted": ("select a from t", 'select "A" from "T"'),
    "a as a": ("select a as a from t", "select a from t"),
    "<> and !=": ("select a from t where a <> 1", "select a from t where a != 1"),
    "cast and ::": ("select cast(a as integer) as x from t", "select a::int as x from t"),
    "turned comparison": ("select a from t where a > b and 1 = c", "select a from t where c = 1 and b < a"),
    "conditions in another order": ("select a from t where a = 1 and b = 2 and c = 3", "select a from t where c = 3 and (b = 2 and a = 1)"),
    "a condition twice": ("select a from t where a = 1", "select a from t where a = 1 and a = 1 and true and 1 = 1"),
    "between": ("select a from t where a between 1 and 2", "select a from t where a >= 1 and a <= 2"),
    "in, in another order": ("select a from t where a in (1, 2, 3)", "select a from t where a in (3, 1, 2, 2)"),
    "inner join": ("select t.b from t join u on t.a = u.a", "select t.b from t inner join u on u.a = t.a"),
    "join with its condition in where": ("select t.b from t join u on t.a = u.a", "select t.b from t, u where t.a = u.a"),
    "inner joins in another order": ("select t.b from t join u on t.a = u.a", "select t.b from u join t on t.a = u.a"),
    "right join turned": ("select t.b, u.d from t left join u on t.a = u.a", "select t.b, u.d from u right join t on t.a = u.a"),
    "using, where it is the same": ("select t.b from t join u using (a)", "select t.b from t join u on t.a = u.a"),
    "left using": (
        "select a, d2 from t left join (select a, d as d2 from u) x using (a)",
        "select t.a, x.d2 from t left join (select a, d as d2 from u) x on t.a = x.a",
    ),
    "aliases of tables": ("select x.a from t as x", "select t.a from t"),
    "a subquery and a CTE": ("select x.a from (select a from t where b > 1) x", "with q as (select a from t where b > 1) select a from q"),
    "a subquery and none": ("select a from (select a, b from t where b > 1) where a = 2", "select a from t where b > 1 and a = 2"),
    "CTEs in another order": (
        "with p as (select a from t), q as (select a from u) select p.a from p join q on p.a = q.a",
        "with q as (select a from u), p as (select a from t) select p.a from p join q on p.a = q.a",
    ),
    "names within a CTE": (
        "with q as (select a as x, b from t) select x from q where b > 0",
        "with q as (select a as y, b as z from t) select y as x from q where z > 0",
    ),
    "a dead column in a CTE": (
        "with q as (select a from t) select a from q",
        "with q as (select a, b + 1 as n, row_number() over (order by c) as r from t) select a from q",
    ),
    "a dead column in a branch": (
        "with q as (select a from t union all select a from u) select a from q",
        "with q as (select a, b from t union all select a, d from u) select a from q",
    ),
    "an unused CTE": ("select a from t", "with q as (select a from u) select a from t"),
    "a star written out": ("select * from t", "select a, b, c, d, l from t"),
    "a star over a join written out": ("select * from t join v using (b)", "select t.a, t.b, t.c, t.d, t.l, v.e from t join v on t.b = v.b"),
    "a star without a column": ("select * exclude (c, d, l) from t", "select a, b from t"),
    "group by place, name and expression": ("select a + 1 as k, count(*) as n from t group by 1", "select a + 1 as k, count(*) as n from t group by a + 1"),
    "group by all": ("select a, b, sum(c) as n from t group by all", "select a, b, sum(c) as n from t group by b, a"),
    "count(1)": ("select count(1) as n from t", "select count(*) as n from t"),
    "having and an outer filter": (
        "select a, sum(b) as n from t group by a having sum(b) > 1",
        "select * from (select a, sum(b) as n from t group by a) where n > 1",
    ),
    "qualify and an outer filter": (
        "select a from t qualify row_number() over (partition by b order by c) = 1",
        "select a from (select a, row_number() over (partition by b order by c) as r from t) where r = 1",
    ),
    "distinct and group by": ("select distinct a, b from t", "select a, b from t group by a, b"),
    "distinct of groups": ("select a, count(*) as n from t group by a", "select distinct a, count(*) as n from t group by a"),
    "union of a distinct union": (
        "select a from t union select a from u union select b from v",
        "(select a from t union all select a from u) union select b from v",
    ),
    "branches of union all in another order": ("select a from t union all select d from u", "select d as a from u union all select a from t"),
    "a named window": (
        "select sum(a) over (partition by b order by c) as n from t",
        "select sum(a) over w as n from t window w as (partition by b order by c asc)",
    ),
    "the default frame": (
        "select sum(a) over (order by c) as n from t",
        "select sum(a) over (order by c range between unbounded preceding and current row) as n from t",
    ),
    "nulls as they are sorted anyway": ("select a from t order by b limit 3", "select a from t order by b asc nulls last limit 3"),
    "if and case": ("select if(a > 1, b, c) as x from t", "select case when a > 1 then b else c end as x from t"),
    "else null": ("select case when a > 1 then b end as x from t", "select case when a > 1 then b else null end as x from t"),
    "ifnull": ("select ifnull(a, 0) as x from t", "select coalesce(a, 0) as x from t"),
    "sides of a sum": ("select a + b * c + d as x from t", "select c * b + a + d as x from t"),
    "an order within": ("select count(*) as n from (select a from t order by b) x", "select count(*) as n from t"),
    "a list spelled out": ("select a from t where a in (1, 2)", "select a from t where a = 2 or a = 1"),
    "a list of one": ("select a from t where c in ('x')", "select a from t where c = 'x'"),
    "not in a list": ("select a from t where a not in (1, 2)", "select a from t where a <> 1 and a != 2"),
    "not equal": ("select a from t where not (a = 1)", "select a from t where a <> 1"),
    "not between": ("select a from t where a not between 1 and 2", "select a from t where a < 1 or 2 < a"),
    "not both": ("select not (a = 1 and b < 2) as k from t", "select a <> 1 or b >= 2 as k from t"),
    "not like": ("select a from t where c not like 'x%'", "select a from t where not c like 'x%'"),
    "not not": ("select not (not (a is null)) as k from t", "select a is null as k from t"),
    "case of a value": ("select case a when 1 then b when 2 then c end as k from t", "select case when a = 1 then b when 2 = a then c end as k from t"),
    "case that fills": ("select case when a is null then b else a end as k from t", "select coalesce(a, b) as k from t"),
    "case that keeps": ("select case when a is not null then a else 0 end as k from t", "select ifnull(a, 0) as k from t"),
    "count of a case": ("select count(case when a > 1 then 1 end) as n from t", "select count(*) filter (where a > 1) as n from t"),
    "count of any literal": ("select count(case when a > 1 then 'x' end) as n from t", "select count(if(a > 1, 1, null)) as n from t"),
    "sum of a case": ("select sum(case when a > 1 then b end) as n from t", "select sum(b) filter (a > 1) as n from t"),
    "distinct of a case": ("select count(distinct case when a > 1 then b end) as n from t", "select count(distinct b) filter (where a > 1) as n from t"),
    "a window of a case": (
        "select sum(case when a > 1 then b end) over (partition by c) as n from t",
        "select sum(b) filter (where a > 1) over (partition by c) as n from t",
    ),
    "parts of a date": ("select year(d) as y, month(d) as m from t", "select extract(year from d) as y, date_part('month', d) as m from t"),
    "fetch": ("select a from t order by a limit 3", "select a from t order by a fetch first 3 rows only"),
    "sides of intersect": ("select a, b from t intersect select a, d from u", "select a, d as b from u intersect select a, b from t"),
    "any": ("select a from t where a = any (select a from u)", "select a from t where a in (select a from u)"),
    "all": ("select a from t where a <> all (select a from u)", "select a from t where a not in (select a from u)"),
    "a parameter of a lambda": ("select list_transform(l, x -> x + a) as n from t", "select list_transform(l, y -> y + a) as n from t"),
    "an alias in the same SELECT": ("select a + 1 as x, x * 2 as y from t", "select a + 1 as x, (a + 1) * 2 as y from t"),
    "exists with another list": (
        "select a from t where exists (select 1 from u where u.a = t.a)",
        "select a from t where exists (select * from u where u.a = t.a)",
    ),
    "a lookup by a group": (
        "select t.a, x.n from t left join (select a, count(*) as n from u group by a) x on x.a = t.a",
        "with x as (select a as k, count(*) as n, max(d) as m from u group by 1) select t.a, x.n from t left join x on t.a = x.k",
    ),
    "an unused lookup": ("select t.a from t", "select t.a from t left join (select a, count(*) as n from u group by a) x on x.a = t.a"),
    "a volatile function": ("select random() as r, a from t", "select random() as r, a from t -- again"),
    "a recursive CTE under another name": (
        "with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select n from r",
        "with recursive q(m) as (select 1 union all select m + 1 from q where m < 5) select m as n from q",
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_it_is_the_same(name: str) -> None:
    assert diff(*SAME[name]) == QueryDiff(same=True)
    assert diff(*reversed(SAME[name])) == QueryDiff(same=True)


SNOWFLAKE_SAME: Final = {
    "nvl2": ("select nvl2(a, b, c) as k from t", "select case when a is not null then b else c end as k from t"),
    "zeroifnull": ("select zeroifnull(a) as k from t", "select nvl(a, 0) as k from t"),
    "decode": ("select decode(a, 1, 'x', 2, 'y', 'z') as k from t", "select case a when 1 then 'x' when 2 then 'y' else 'z' end as k from t"),
}


@pytest.mark.parametrize("name", SNOWFLAKE_SAME)
def test_it_is_the_same_in_snowflake(name: str) -> None:
    assert diff(*SNOWFLAKE_SAME[name], "snowflake") == QueryDiff(same=True)


APART: Final = {
    "decode finds NULL, and case does not": ("select decode(a, null, 1, 2) as k from t", "select case a when null then 1 else 2 end as k from t", "snowflake"),
    "another key of JSON": ("select l:x as k from t", "select l:X as k from t", "snowflake"),
    "another element": ("select l['x'] as k from t", "select l['X'] as k from t", "snowflake"),
    "a list is compared in one type": ("select a from t where a in ('1', '2')", "select a from t where a = '1' or a = '2'", "spark"),
    "NULL is in no list": ("select a in (1, 2) as k from t", "select a = 1 or a = 2 as k from t", "clickhouse"),
    "NaN is neither less nor not": ("select a from t where not (a < 1)", "select a from t where a >= 1", "bigquery"),
    "a number is no truth": ("select not not a as k from t", "select a as k from t", "mysql"),
    "texts that differ may be equal": ("select c from t intersect select e as c from u", "select e as c from u intersect select c from t", "tsql"),
    "with ties": ("select a from t order by a fetch first 3 rows only", "select a from t order by a fetch first 3 rows with ties", "postgres"),
    "a row of NULLs is NULL": ("select case when c is null then l else c end as k from t", "select coalesce(c, l) as k from t", "postgres"),
}


@pytest.mark.parametrize("name", APART)
def test_what_only_looks_the_same_stays_apart(name: str) -> None:
    base, head, dialect = APART[name]
    assert not diff(base, head, dialect).same
    assert not diff(head, base, dialect).same


def test_a_key_of_json_is_found_in_its_own_case_alone() -> None:
    for names in (("c.page", "c.Page"), ("t.c.page", "t.c.Page"), ("(c).page", "(c).Page"), ("t.c.a.b.page", "t.c.a.b.Page")):
        base, head = (f"select {name} as k from t" for name in names)
        assert [name for name, _ in diff(base, head).values] == ["k"], names
        assert diff(base, head, "bigquery").values
        assert diff(base, head, known=False).values
        assert diff(base, head, "spark").same, "where dots are for fields, which are found in any case"
        structs = [
            Side((sql,), (Known("t", "t", ("t",), (("c", "c", "STRUCT(page INTEGER, a STRUCT(b STRUCT(page DATE)))"),), complete=True, settled=True),))
            for sql in (base, head)
        ]
        assert compare_sql(Comparison(structs[0], structs[1], "duckdb")).diff.same
    array = [f"select i.{name} as k from t cross join unnest(t.l) as i" for name in ("page", "Page")]
    assert diff(*array, "bigquery").values
    assert diff("select T.C from T", "select t.c from t").same


def typed(sql: str, kind: str, *, settled: bool = True) -> Side:
    return Side((sql,), (Known("t", "t", ("t",), (("a", "a", kind), ("b", "b", "")), complete=True, settled=settled),))


def test_a_cast_to_the_type_that_a_column_has_is_none() -> None:
    base, head = "select a from t", "with q as (select * from t) select cast(a as {kind}) as a from q where a::{kind} > 1"

    def cast(listed: str, to: str, dialect: str = "duckdb", *, settled: bool = True) -> bool:
        sides = typed(f"{base} where a > 1", listed, settled=settled), typed(head.format(kind=to), listed, settled=settled)
        return compare_sql(Comparison(*sides, dialect)).diff.same

    assert cast("INTEGER", "int")
    assert cast("DECIMAL(18,3)", "numeric(18, 3)")
    assert cast("character varying(10)", "varchar(10)", "postgres")
    assert not cast("INTEGER", "bigint")
    assert not cast("INTEGER", "int", settled=False), "the other side may have another type"
    assert not cast("character varying", "varchar", "redshift"), "which cuts at 256"
    assert not cast("NUMBER", "number", "snowflake"), "which says nothing of its scale"
    union = "with q as (select a from t union all select b from t) select cast(a as int) as a from q"
    assert not compare_sql(Comparison(typed(union.replace("cast(a as int)", "a"), "INTEGER"), typed(union, "INTEGER"), "duckdb")).diff.same


ROWS: Final = {
    "a filter added": ("select a from t", "select a from t where b > 1", "a filter was added: b > 1"),
    "a filter in a CTE": (
        "with q as (select a from t) select a from q",
        "with q as (select a from t where b = 2) select a from q",
        "a filter was added: b = 2",
    ),
    "a join": ("select t.a from t", "select t.a from t left join u on t.a = u.a", "LEFT JOIN u was added"),
    "its kind": ("select t.a from t left join u on t.a = u.a", "select t.a from t join u on t.a = u.a", "LEFT JOIN became INNER JOIN (u)"),
    "its condition": ("select t.a from t left join u on t.a = u.a", "select t.a from t left join u on t.b = u.a", "the condition of the join with u changed"),
    "its relation": ("select t.a from t", "select u.a from u", "it reads u instead of t"),
    "group by": ("select a, sum(b) as n from t group by a", "select a, sum(b) as n from t group by a, c", "what GROUP BY goes by changed"),
    "an aggregate": ("select a as n from t", "select max(a) as n from t", "an aggregation over all rows was added"),
    "distinct": ("select a from t", "select distinct a from t", "DISTINCT was added"),
    "a column of distinct": ("select distinct a from t", "select distinct a, b from t", "the columns of DISTINCT changed"),
    "a limit": ("select a from t", "select a from t limit 3", "LIMIT was added"),
    "the order of a limit": ("select a from t order by a limit 3", "select a from t order by b limit 3", "the order by which LIMIT takes rows changed"),
    "a branch": ("select a from t", "select a from t union all select a from u", ""),
    "another branch": (
        "select a from t union all select a from u",
        "select a from t union all select a from u union all select b from v",
        "a branch of UNION was added",
    ),
    "the set operation": ("select a from t except select a from u", "select a from t intersect select a from u", "EXCEPT became INTERSECT"),
    "unnest in the list": ("select a from t", "select a, unnest(l) as x from t", "a function that makes several rows of one was added"),
    "unnest in from": ("select a from t", "select a from t, unnest(t.l) as x(y)", ""),
    "a sample": ("select a from t", "select a from t tablesample 10%", ""),
    "values": ("select * from (values (1), (2)) x(n)", "select * from (values (1), (3)) x(n)", "the values changed"),
    "a recursion": (
        "with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select n from r",
        "with recursive r as (select 1 as n union all select n + 2 from r where n < 5) select n from r",
        "the recursion changed",
    ),
    "a pivot": ("select * from t pivot (sum(a) for b in (1, 2))", "select * from t pivot (max(a) for b in (1, 2))", "what is unfolded or pivoted changed"),
    "qualify": (
        "select a from t qualify row_number() over (partition by b order by c) = 1",
        "select a from t qualify row_number() over (partition by b order by c desc) = 1",
        "",
    ),
    "a condition in BETWEEN": ("select a from t where b between 1 and 2", "select a from t where b between 1 and 3", ""),
    "a long filter": (
        "select a from t",
        "select a from t where a = 1 or b = 1 or c = 1 or d = 1 or a = 22222 or b = 33333 or c = 44444",
        "a filter was added: a = 1 OR b = 1 OR c = 1 OR d = 1 OR a = 22222 OR b = 33333…",
    ),
    "several filters": ("select a from t", "select a from t where b > 1 and c > 2", "a filter was added: b > 1 and c > 2"),
    "a filter of a CTE that is joined": (
        "with q as (select a from u where d > 1 limit 9) select t.a from t join q on t.a = q.a",
        "with q as (select a from u where d > 2 limit 9) select t.a from t join q on t.a = q.a",
        "a filter changed: d > 1 became d > 2 inside q",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_other_rows_are_said(name: str) -> None:
    base, head, phrase = ROWS[name]
    found = diff(base, head)
    assert found.rows
    assert not found.same
    assert not phrase or phrase in found.rows
    assert diff(head, base).rows


VALUES: Final = {
    "an expression": ("select a, b from t", "select a, b + 1 as b from t", {"b": "the expression changed: b became b + 1"}),
    "a long expression": (
        "select a, case when a = 1 then 'one' when a = 2 then 'two' when a = 3 then 'three' end as k from t",
        "select a, case when a = 1 then 'one' when a = 2 then 'two' when a = 3 then 'drei' end as k from t",
        {"k": "the expression changed: …o' WHEN a = 3 THEN 'three' END became …o' WHEN a = 3 THEN 'drei' END"},
    ),
    "a literal": ("select a, 'x' as k from t", "select a, 'y' as k from t", {"k": "the expression changed: 'x' became 'y'"}),
    "in a CTE": (
        "with q as (select a, b from t) select a, b from q",
        "with q as (select a, b * 2 as b from t) select a, b from q",
        {"b": "the expression changed in q: b became b * 2"},
    ),
    "what only one reads": (
        "with q as (select a + 1 as x, b + 1 as y from t) select x, y from q",
        "with q as (select a + 1 as x, b + 2 as y from t) select x, y from q",
        {"y": "the expression changed in q: b + 1 became b + 2"},
    ),
    "a swap of names": (
        "select a as x, b as y from t",
        "select b as x, a as y from t",
        {"x": "the expression changed: a became b", "y": "the expression changed: b became a"},
    ),
    "a window": (
        "select a, sum(b) over (partition by a) as n from t",
        "select a, sum(b) over (partition by c) as n from t",
        {"n": "the window changed"},
    ),
    "rows that only a lookup reads": (
        "select t.a, x.n from t left join (select a, count(*) as n from u where d > 1 group by a) x on x.a = t.a",
        "select t.a, x.n from t left join (select a, count(*) as n from u where d > 2 group by a) x on x.a = t.a",
        {"n": "a filter changed: d > 1 became d > 2"},
    ),
    "rows that only a subquery reads": (
        "select a, (select max(d) from u) as m from t",
        "select a, (select max(d) from u where e > 1) as m from t",
        {"m": ""},
    ),
    "one column of a union all": (
        "select a, b from t union all select a, d from u",
        "select a, b from t union all select a, d + 1 from u",
        {"b": "the expression changed: d became d + 1"},
    ),
    "the rows that a window looks at": (
        "with q as (select a, sum(b) over () as n from t) select a, n from q",
        "with q as (select a, sum(b) over () as n from t qualify true) select a, n from q",
        {},
    ),
    "the text of an aggregate in another order": (
        "select string_agg(c, ',') as k from (select c from t order by a) x",
        "select string_agg(c, ',') as k from (select c from t order by b) x",
        None,
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_other_values_are_said_of_the_columns_that_have_them(name: str) -> None:
    base, head, expected = VALUES[name]
    found = diff(base, head)
    if expected is None:
        assert not found.same
        return
    assert {column: why if expected.get(column) else "" for column, why in found.values} == expected
    assert not found.rows


def test_columns_that_come_and_go() -> None:
    assert diff("select a, b from t", "select a from t").removed == ("b",)
    assert diff("select a from t", "select a, b from t").added == ("b",)
    assert diff("select a, b as x from t", "select a, b as y from t").renamed == (("x", "y"),)
    assert diff("select * from t", "select * exclude (b) from t").removed == ("b",)
    assert diff("select * from t", "select *, a + 1 as n from t").added == ("n",)
    window = diff("select a from t", "select a, sum(b) over (order by c) as n from t")
    assert (window.added, window.rows) == (("n",), ())


def test_a_rename_is_told_only_where_it_is_the_only_reading() -> None:
    twice = diff("select a, b as x from t", "select a, b as y, b as z from t")
    assert (twice.renamed, twice.removed, twice.added) == ((), ("x",), ("y", "z"))
    constant = diff("select a, 1 as x from t", "select a, 1 as y from t")
    assert (constant.renamed, constant.removed, constant.added) == ((), ("x",), ("y",))
    both = diff("select a as x, b as y from t", "select b as x2, a as y2 from t")
    assert set(both.renamed) == {("x", "y2"), ("y", "x2")}
    other = diff("select a, b as x from t", "select a, b + 1 as y from t")
    assert (other.renamed, other.removed, other.added) == ((), ("x",), ("y",))


def test_the_order_of_columns_and_of_rows() -> None:
    assert diff("select a, b, c from t", "select b, a, c from t") == QueryDiff(reordered=True)
    assert not diff("select a, b from t", "select a, c, b from t").reordered
    assert diff("select a, b as x from t", "select b as y, a from t").reordered
    assert diff("select a from t order by a", "select a from t order by a desc") == QueryDiff(resorted="the ORDER BY changed")
    assert diff("select a from t", "with q as (select * from t order by b) select a from q") == QueryDiff(resorted="an ORDER BY was added")
    assert diff("select a from t order by 1 limit 3", "select a from (select a from t order by a) limit 3") == QueryDiff(same=True)


def test_the_case_of_a_name_is_said_where_the_warehouse_keeps_it() -> None:
    assert diff("select a as total from t", "select a as Total from t") == QueryDiff(same=True, recased=(("total", "Total"),))
    assert diff("select a as total from t", "select a as Total from t", "snowflake") == QueryDiff(same=True)
    assert diff("select a, B from t", "select A, b from t") == QueryDiff(same=True), "a column of a relation has that relation's name"


def test_stars_over_relations_of_unknown_columns() -> None:
    assert diff("select * from q.x", "with s as (select * from q.x) select * from s") == QueryDiff(same=True)
    lost = diff("select * from q.x", "select a, b from q.x")
    assert lost.opaque
    assert not lost.same
    assert diff("select *, 1 as n from q.x", "select *, 2 as n from q.x").values
    assert diff("select * from q.x", "select * exclude (a) from q.x").removed == ("a",)
    assert diff("select * from q.x", "select * from q.y").rows
    passed = diff("with s as (select * from q.x) select a from s", "with s as (select * from q.x) select a from s where b > 1")
    assert (passed.values, passed.opaque) == ((), False)
    assert passed.rows


def test_a_name_that_may_be_of_several_relations_is_not_taken_for_one_of_them() -> None:
    wanted = compare_sql(
        Comparison(
            Side(("select n from p join q on p.i = q.i",), (Known("P", "p", ("p",)), Known("Q", "q", ("q",)))),
            Side(("select p.n from p join q on p.i = q.i",), (Known("P", "p", ("p",)), Known("Q", "q", ("q",)))),
            "duckdb",
        )
    )
    assert [name for name, _ in wanted.diff.values] == ["n"]
    assert wanted.wanting == ("P", "Q")


DIALECTS: Final = {
    "snowflake": (
        "select f.value:a::string as x, t.a from db.t, lateral flatten(input => t.l) f qualify row_number() over (partition by t.a order by t.b) = 1",
        (
            "with q as (select t.a, t.l, t.b from DB.T) select g.VALUE:a::varchar as X, q.a from q, lateral flatten(input => q.l) as g "
            "qualify row_number() over (partition by q.a order by q.b) = 1"
        ),
    ),
    "bigquery": (
        "select x, a, o from db.t, unnest(t.l) as x with offset as o where a in unnest([1, 2])",
        "select y as x, a, p as o from db.t as z cross join unnest(z.l) as y with offset as p where z.a in unnest([1, 2])",
    ),
    "databricks": ("select a, k from db.t lateral view explode(l) e as k", "select x.a, n as k from db.t as x lateral view explode(x.l) f as n"),
    "tsql": ("select top 5 [a] from db.t order by [b]", "SELECT TOP 5 a FROM [db].[t] AS x ORDER BY x.b"),
    "postgres": ("select a::text from db.t where b is null", 'select "t"."a"::text from db.t where (b) is null'),
    "redshift": ("select nvl(a, b) as x from db.t", "select coalesce(a, b) as x from db.t"),
    "clickhouse": ("select a from db.t final where b = 1", "select a from db.t final where 1 = b"),
    "": ("select a, from t", "select a from t"),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_other_dialects(dialect: str) -> None:
    base, head = DIALECTS[dialect]
    assert diff(base, head, dialect) == QueryDiff(same=True)
    assert not diff(base, head.replace("a", "b", 1) if dialect == "" else f"select count(*) as n from ({head}) as whole", dialect).same


def test_a_path_in_json_is_told_apart_by_its_case() -> None:
    assert diff("select name:time::int as x from s", 'select name:"time"::int as x from s', "snowflake") == QueryDiff(same=True)
    assert diff("select name:time::int as x from s", "select name:TIME::int as x from s", "snowflake").values


def test_a_function_of_the_project_is_the_same_in_any_schema() -> None:
    sides = [
        Side(
            (f"select {schema}.net(a) as n from t",),
            (Known("function.p.net", "net", (schema, "net")), Known("t", "t", ("t",), (("a", "a", ""),), complete=True)),
        )
        for schema in ("prod", "ci")
    ]
    assert compare_sql(Comparison(sides[0], sides[1], "duckdb")).diff == QueryDiff(same=True)
    assert diff("select prod.net(a) as n from t", "select ci.net(a) as n from t").values


def test_what_is_asked_once_is_not_what_is_asked_twice() -> None:
    assert diff("with q as (select random() as r from t) select r as x, r as y from q", "select random() as x, random() as y from t").values
    shared = "with q as (select a from t where random() < 0.5) select x.a from q as x join q as y on x.a = y.a"
    apart = "select x.a from (select a from t where random() < 0.5) as x join (select a from t where random() < 0.5) as y on x.a = y.a"
    assert diff(shared, apart).rows


def test_statements_of_several_branches() -> None:
    def both(base: tuple[str, ...], head: tuple[str, ...]) -> QueryDiff:
        return compare_sql(Comparison(side(base, "duckdb"), side(head, "duckdb"), "duckdb")).diff

    full, part = "select a, b from t", "select a, b from t where b > 1"
    assert both((full, part), (full, part + " -- the same")) == QueryDiff(same=True)
    assert both((full, part), (full, part.replace("1", "2"))).rows == ("a filter changed: b > 1 became b > 2",)
    assert both((full,), (full, part)).rows == ("a filter was added: b > 1",)
    assert both((full, part), ("select a from t", part)).removed == ("b",)
    assert both((full, part), (full, "select from")).unread
    assert both((), (full,)).unread == "it is empty"


def test_what_cannot_be_read_says_why() -> None:
    assert diff("select a from t", "select a from").unread.startswith("it cannot be parsed")
    assert "Token" not in diff("select a from t", "select a from").unread
    assert diff("select a from t", "select a from t; select b from t").unread == "it is 2 statements"
    assert diff("select a from t", "-- nothing").unread == "it is empty"
    assert diff("select a from t", "delete from t where a = 1").unread.startswith("it is not a query")
    assert diff("not sql at all {{ x }}", "not  sql at all {{ x }}") == QueryDiff(same=True)


def test_a_query_written_into_a_table_is_compared_with_what_is_written_around() -> None:
    assert diff("create table x as select a from t", "create table x as (select t.a from t)") == QueryDiff(same=True)
    assert diff("create table x as select a from t", "create table y as select a from t").rows
    assert diff("insert into x select a from t", "insert into x select a from t where b = 1").rows


def test_long_queries_are_walked_without_end() -> None:
    terms = " + ".join(f"a{place}" for place in range(1500))
    assert diff(f"select {terms} as n from q.x", f"select {terms} as n from q.x -- again") == QueryDiff(same=True)
    assert diff(f"select {terms} as n from q.x", f"select {terms} + 1 as n from q.x").values
    unions = " union all ".join(f"select {place} as n" for place in range(300))
    assert diff(unions, f"with q as ({unions}) select * from q") == QueryDiff(same=True)


HOLDS: Final = (
    ("INT", "BIGINT", True),
    ("BIGINT", "INT", False),
    ("TINYINT", "SMALLINT", True),
    ("UINT", "BIGINT", True),
    ("UINT", "INT", False),
    ("INT", "DOUBLE", True),
    ("BIGINT", "DOUBLE", False),
    ("INT", "DECIMAL(12, 2)", True),
    ("INT", "DECIMAL(10, 2)", False),
    ("DECIMAL(10, 2)", "DECIMAL(12, 2)", True),
    ("DECIMAL(10, 2)", "DECIMAL(12, 4)", True),
    ("DECIMAL(10, 2)", "DECIMAL(11, 4)", False),
    ("DECIMAL(10, 2)", "DOUBLE", False),
    ("DOUBLE", "DECIMAL(38, 10)", False),
    ("FLOAT", "DOUBLE", True),
    ("DOUBLE", "FLOAT", False),
    ("VARCHAR(10)", "VARCHAR(20)", True),
    ("VARCHAR(10)", "TEXT", True),
    ("TEXT", "VARCHAR(10)", False),
    ("VARCHAR(20)", "VARCHAR(10)", False),
    ("CHAR(3)", "VARCHAR(3)", False),
    ("DATE", "TIMESTAMP", False),
    ("TIMESTAMP", "DATE", False),
    ("TIMESTAMP", "TIMESTAMPTZ", False),
    ("INT", "TEXT", False),
    ("BOOLEAN", "INT", False),
    ("GEOGRAPHY", "TEXT", False),
    ("INT[]", "BIGINT[]", False),
)


@pytest.mark.parametrize(("old", "new", "expected"), HOLDS)
def test_which_types_hold_all_of_which(old: str, new: str, expected: bool) -> None:  # noqa: FBT001  # a table of truths
    assert holds(old, new, "duckdb") is expected


def test_types_that_change() -> None:
    types = {"a": "integer", "b": "numeric(10,2)", "c": "varchar(10)", "d": "timestamp"}
    cast = diff("select a from t", "select cast(a as bigint) as a from t", "postgres", types=types)
    assert (cast.retyped, cast.narrowed, cast.values) == ((("a", "INTEGER", "BIGINT"),), (), ())
    shorter = diff("select c from t", "select c::varchar(5) as c from t", "postgres", types=types)
    assert (shorter.retyped, shorter.narrowed) == ((("c", "VARCHAR(10)", "VARCHAR(5)"),), ("c",))
    zone = diff("select d from t", "select d::timestamptz as d from t", "postgres", types=types)
    assert zone.narrowed == ("d",)
    count = diff("select a from t", "select count(*) as a from t", "postgres", types=types)
    assert count.retyped == (("a", "INTEGER", "BIGINT"),)
    through = diff(
        "with q as (select a from t) select a from q", "with q as (select a::text as a from t) select coalesce(a, '') as a from q", "postgres", types=types
    )
    assert through.narrowed == ("a",)
    unknown = diff("select f(a) as a from t", "select g(a) as a from t", "postgres", types=types)
    assert (unknown.retyped, [name for name, _ in unknown.values]) == ((), ["a"])


# laws


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_difference_seen_from_the_other_side_is_its_mirror(one: int, two: int) -> None:
    base, head = (Writer(random.Random(seed)).query() for seed in (one, two))  # noqa: S311  # cases, not secrets
    there, back = diff(base, head), diff(head, base)
    assert there.same == back.same
    assert (there.removed, there.added) == (back.added, back.removed)
    assert set(there.renamed) == {(old, new) for new, old in back.renamed}
    assert bool(there.rows) == bool(back.rows)
    assert {name for name, _ in there.values} == {name for name, _ in back.values}
    assert (there.reordered, there.opaque) == (back.reordered, back.opaque)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_a_query_is_the_same_as_itself_without_and_with_what_is_known(seed: int) -> None:
    sql = Writer(random.Random(seed)).query()  # noqa: S311  # cases, not secrets
    known = [Side((form,), KNOWN) for form in (sql, f"with whole as ({sql}) select * from whole")]
    assert compare_sql(Comparison(known[0], known[1], "duckdb")).diff == QueryDiff(same=True)
    assert diff(sql, f"select * from ({sql}) as whole", known=False) == QueryDiff(same=True)
