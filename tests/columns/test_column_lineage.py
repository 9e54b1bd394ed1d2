# ruff: noqa: S608 - it writes SQL, and nothing else
"""The public function: what a query's columns come from, dialect by dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sql_cases import ALL, SqlCase, cases

from aftershock import column_lineage
from aftershock.sql.dialects import ADAPTERS, DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterable

CASES = cases()


def folded(labels: Iterable[str]) -> set[str]:
    return {label.casefold() for label in labels}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lineage_is_as_the_case_says(case: SqlCase) -> None:
    found = column_lineage(case.sql, dialect=case.dialect, schema=case.schema)
    if case.unread:
        assert case.unread in found.unread
        assert found.direct() == {}
        return
    assert found.unread == ""
    if case.direct:
        assert {column.casefold(): folded(sources) for column, sources in found.direct().items()} == case.direct
        assert [column.casefold() for column in found.columns] == list(case.direct)
    if case.indirect is not None:
        missing = case.indirect - folded(found.indirect())
        assert not missing
        assert case.at_least or folded(found.indirect()) == case.indirect
    assert folded(reference.name for reference in found.unknown) == case.unknown


def test_there_are_cases_of_every_file_and_dialect() -> None:
    assert {case.dialect for case in CASES} >= set(ALL)
    assert len(CASES) > 600
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("dialect", sorted({*DIALECTS, *ADAPTERS}))
def test_every_dialect_that_is_known_reads_plain_sql(dialect: str) -> None:
    found = column_lineage("select t.a, sum(t.b) as s from t where t.c = 1 group by t.a", dialect=dialect)
    assert found.unread == ""
    assert [folded(sources) for sources in found.direct().values()] == [{"t.a"}, {"t.b"}]
    assert folded(found.indirect()) == {"t.a", "t.c"}


def test_a_dialect_that_nobody_knows_is_read_tolerantly() -> None:
    assert column_lineage("select a from t qualify b = 1", dialect="klingon").direct() == {"a": {"t.a"}}


def subtypes(sql: str, dialect: str = "duckdb") -> set[tuple[str, str, str]]:
    schema = {"t": {"a": "int", "b": "int", "c": None}}
    return {(edge.source.column, edge.target, edge.subtype) for edge in column_lineage(sql, dialect=dialect, schema=schema).edges}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select a from t", {("a", "a", "IDENTITY")}),
        ("select a as k from t", {("a", "k", "IDENTITY")}),
        ("select * from t", {(name, name, "IDENTITY") for name in "abc"}),
        ("select (a) as k from t", {("a", "k", "IDENTITY")}),
        ("select a + 1 as k from t", {("a", "k", "TRANSFORMATION")}),
        ("select a::varchar as k from t", {("a", "k", "TRANSFORMATION")}),
        ("select sum(a) as k from t", {("a", "k", "AGGREGATION")}),
        ("select sum(a + b) * 2 as k from t", {("a", "k", "AGGREGATION"), ("b", "k", "AGGREGATION")}),
        ("select sum(a) over (partition by b order by c) as k from t", {("a", "k", "AGGREGATION"), ("b", "k", "WINDOW"), ("c", "k", "WINDOW")}),
        ("select case when a > 1 then b end as k from t", {("a", "k", "CONDITIONAL"), ("b", "k", "TRANSFORMATION")}),
        ("select a from t where b > 1", {("a", "a", "IDENTITY"), ("b", "", "FILTER")}),
        ("select a from t order by b", {("a", "a", "IDENTITY"), ("b", "", "SORT")}),
        ("select a from t group by a", {("a", "a", "IDENTITY"), ("a", "", "GROUP_BY")}),
        ("select t.a from t join t as u on t.b = u.c", {("a", "a", "IDENTITY"), ("b", "", "JOIN"), ("c", "", "JOIN")}),
        ("select a from t qualify row_number() over (order by b) = 1", {("a", "a", "IDENTITY"), ("b", "", "FILTER")}),
        ("with q as (select sum(a) as s from t) select s + 1 as k from q", {("a", "k", "AGGREGATION")}),
        ("with q as (select a + 1 as s from t) select s as k from q", {("a", "k", "TRANSFORMATION")}),
        ("with q as (select a as s from t) select s as k from q", {("a", "k", "IDENTITY")}),
        ("with q as (select case when a = 1 then 2 end as s from t) select sum(s) as k from q", {("a", "k", "CONDITIONAL")}),
    ],
)
def test_each_use_has_its_subtype(sql: str, expected: set[tuple[str, str, str]]) -> None:
    found = subtypes(sql)
    assert found == expected or (expected <= found and "qualify" in sql)


def test_an_edge_says_whether_the_sql_names_the_column() -> None:
    schema = {"t": {"a": None, "b": None}}
    star = column_lineage("with q as (select * from t) select * from q", schema=schema)
    assert {edge.source.column: edge.named for edge in star.edges} == {"a": False, "b": False}
    named = column_lineage("with q as (select * from t) select a from q", schema=schema)
    assert {edge.source.column: edge.named for edge in named.edges} == {"a": True}
    first = column_lineage("with q as (select a, b from t) select * from q", schema=schema)
    assert {edge.source.column: edge.named for edge in first.edges} == {"a": True, "b": True}


def test_an_edge_that_may_be_of_another_table_is_not_certain() -> None:
    found = column_lineage("select k from x join y on x.i = y.i")
    assert {edge.source.label: edge.certain for edge in found.edges if edge.target == "k"} == {"x.k": False, "y.k": False}
    assert {edge.source.label: edge.certain for edge in found.edges if not edge.target} == {"x.i": True, "y.i": True}
    assert [(item.name, item.tables) for item in found.unknown] == [("k", ("x", "y"))]


def test_a_name_in_a_subquery_is_of_neither_table_for_sure_where_both_are_unknown() -> None:
    found = column_lineage("select c.id from c where exists (select 1 from o where o.id = c.id and status = 1)", dialect="postgres")
    assert {edge.source.label: edge.certain for edge in found.edges if edge.source.column == "status"} == {"c.status": False, "o.status": False}
    assert [(item.name, item.tables) for item in found.unknown] == [("status", ("c", "o"))]
    known = column_lineage("select (select max(x) from o) as m from c", dialect="postgres")
    assert known.direct() == {"m": {"o.x"}}, "an aggregate of outer columns alone is not allowed there"


def test_columns_are_spelled_as_the_schema_spells_them() -> None:
    schema = {"Orders": {"Id": None, "amount": None}}
    found = column_lineage("select id, sum(AMOUNT) as s from orders group by 1", dialect="snowflake", schema=schema)
    assert found.direct() == {"id": {"Orders.Id"}, "s": {"Orders.amount"}}
    assert found.reads == {"Orders.Id", "Orders.amount"}


def test_why_a_text_cannot_be_parsed_speaks_of_no_class() -> None:
    found = column_lineage("select a +", dialect="snowflake")
    assert found.unread == "it cannot be parsed: Required keyword: 'expression' missing (line 1)"


def test_reads_are_all_that_is_named_even_where_no_column_depends_on_it() -> None:
    found = column_lineage("with q as (select a, b from t) select a from q where exists (select c from u)", dialect="postgres")
    assert found.reads == {"t.a", "t.b", "u.c"}


@pytest.mark.parametrize(
    ("dialect", "quoted", "same"),
    [
        ("snowflake", '"a"', False),
        ("snowflake", '"A"', True),
        ("postgres", '"A"', False),
        ("postgres", '"a"', True),
        ("duckdb", '"A"', True),
        ("bigquery", "`A`", True),
    ],
)
def test_a_quoted_alias_is_another_name_where_the_dialect_says_so(dialect: str, quoted: str, *, same: bool) -> None:
    """``q`` has the column that is quoted, and ``t`` has ``a``: an unquoted ``a`` is the one or the other."""
    found = column_lineage(f"with q as (select b as {quoted} from t), r as (select a, c from t) select q.{quoted} as k from q", dialect=dialect)
    assert folded(found.direct()["K" if dialect == "snowflake" and "K" in found.columns else "k"]) == {"t.b"}
    both = column_lineage(f"select b as {quoted}, a as x from t order by a", dialect=dialect, schema={"t": {"a": None, "b": None}})
    assert ("t.b" in folded(both.indirect())) is same


def test_schema_names_match_by_as_many_parts_as_both_have() -> None:
    schema = {"db.s.t": {"a": None, "b": None}}
    for table in ("t", "s.t", "db.s.t", '"DB"."S"."T"'):
        assert [column.casefold() for column in column_lineage(f"select * from {table}", dialect="duckdb", schema=schema).columns] == ["a", "b"]
    assert column_lineage("select * from other.t", dialect="duckdb", schema=schema).columns == ("*",)


def test_it_is_the_same_every_time() -> None:
    sql = "select x.a, y.b, sum(c) over (partition by d) as s from x join y using (k) where e in (select f from z)"
    assert len({repr(column_lineage(sql, dialect="snowflake")) for _ in range(5)}) == 1
