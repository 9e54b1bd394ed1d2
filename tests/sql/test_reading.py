# ruff: noqa: S608 - it writes SQL, and nothing else
"""SQL text becomes small values that are the same for the same text, survive MessagePack, and need no parser's classes."""

from __future__ import annotations

import logging

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.columns.child import answer_to
from aftershock.columns.jobs import Job, Limits, Reading, Setup
from aftershock.sql.dialects import ADAPTERS, BY_NAME, dialect_of
from aftershock.sql.query import NO_TEXT, SPREADS, Item, Ref, Role, Select, SetOperation, Star, Statement
from aftershock.sql.reading import CannotRead, read_sql

EVERYTHING = """
with recursive q(a, b) as (select 1, 2 union all select a + 1, b from q where a < 5), w as (select * exclude (a) from t)
select x.a, sum(b) over (partition by c order by d rows between 1 preceding and current row) as s, case when e then f else g end as k,
    (select max(h) from u where u.i = x.j) as m, t.* replace (l as n), columns('^o'), {'p': q1, 'r': s1} as z, list_transform(l1, lambda v: v + v2)
from t as x left join u on x.a = u.b join v using (k1, k2) natural join w cross join (select 1 as one) as d1, unnest([1, 2]) as n1(i)
where x.a in (select y from z) and exists (select 1) group by grouping sets ((a), (b)) having count(*) > 1
qualify row_number() over w1 = 1 window w1 as (partition by a) order by 1, a desc limit 3
"""


def test_it_survives_messagepack() -> None:
    found = read_sql(EVERYTHING, "duckdb")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Statement) == found
    assert hash(found) == hash(read_sql(EVERYTHING, "duckdb"))


def test_it_is_the_same_bytes_for_the_same_text() -> None:
    assert len({msgspec.msgpack.encode(read_sql(EVERYTHING, "duckdb")) for _ in range(3)}) == 1


def test_spaces_comments_and_case_change_nothing() -> None:
    one = read_sql("select a, b as k from t where c = 1", "snowflake")
    other = read_sql("SELECT\n  A -- the first\n , b AS k /* and\nmore */ FROM T\nWHERE c=1;", "snowflake")
    assert isinstance(one.query, Select)
    assert isinstance(other.query, Select)
    assert one.query.where == other.query.where
    assert [item.key for item in one.query.items if isinstance(item, Item)] == [item.key for item in other.query.items if isinstance(item, Item)]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("", "it is empty"),
        ("  ;  ", "it is empty"),
        ("-- only a comment", "it is empty"),
        ("select 1; select 2", "it is 2 statements"),
        ("select (", "it cannot be parsed"),
        ("select 'a", "it cannot be parsed"),
        ("update t set a = 1", "it is an? UPDATE"),
        ("delete from t", "it is a DELETE"),
        ("create table t (a int)", "it is a CREATE without a query"),
        ("insert into t default values", "it is an INSERT without a query"),
        ("grant select on t to u", "it is not a query"),
        ("call p()", "it is not a query"),
        ("set x = 1", "it is not a query"),
    ],
)
def test_what_is_no_query_is_refused_in_half_a_sentence(sql: str, reason: str) -> None:
    with pytest.raises(CannotRead, match=reason) as caught:
        read_sql(sql, "postgres")
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_message_says_the_line() -> None:
    with pytest.raises(CannotRead, match=r"\(line 3\)"):
        read_sql("select a\nfrom t\nwhere (((", "duckdb")


def test_the_parser_writes_nothing(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        for sql in ("vacuum t", "select a from t pivot (", "alter session set x = y"):
            with pytest.raises(CannotRead):
                read_sql(sql, "snowflake")
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")
    assert not logging.getLogger("sqlglot").disabled, "and everybody else's logging is as before"


def test_branches_are_flat_and_in_order() -> None:
    found = read_sql(" union all ".join(f"select a{place} from t" for place in range(2_000)), "duckdb").query
    assert isinstance(found, SetOperation)
    assert len(found.branches) == 2_000
    assert isinstance(found.branches[7], Select)
    assert found.branches[7].items[0].key == "a7"  # type: ignore[union-attr]  # it is an Item


def test_a_reference_keeps_its_parts_and_role() -> None:
    query = read_sql("select x.a, b + 1 as k from t as x where c", "postgres").query
    assert isinstance(query, Select)
    first, second = query.items
    assert isinstance(first, Item)
    assert isinstance(second, Item)
    assert first.uses == (Ref(("x", "a"), Role.IDENTITY),)
    assert second.uses == (Ref(("b",), Role.TRANSFORMATION, NO_TEXT | SPREADS),)
    assert query.where == (Ref(("c",), Role.FILTER),)


def test_a_star_keeps_what_is_done_to_it() -> None:
    query = read_sql("select t.* exclude (a) replace (b + 1 as c) rename (d as e) from t", "snowflake").query
    assert isinstance(query, Select)
    star = query.items[0]
    assert isinstance(star, Star)
    assert (star.qualifier, star.without, [item.key for item in star.replace], star.rename) == (("T",), ("A",), ["C"], (("D", "e", "E"),))


def test_every_adapter_has_a_dialect_and_a_name_that_nobody_knows_has_the_tolerant_one() -> None:
    assert all(dialect_of(name).read == ADAPTERS.get(name, name) for name in {*BY_NAME, *ADAPTERS})
    assert dialect_of("klingon") is BY_NAME[""]
    assert dialect_of(" Snowflake ") is BY_NAME["snowflake"]


@pytest.mark.parametrize(
    ("dialect", "plain", "quoted"), [("snowflake", "A", "a"), ("postgres", "a", "A"), ("duckdb", "a", "a"), ("bigquery", "a", "a"), ("clickhouse", "a", "a")]
)
def test_names_fold_as_the_warehouse_folds_them(dialect: str, plain: str, quoted: str) -> None:
    found = dialect_of(dialect)
    assert found.key("a") == plain
    assert found.key("A" if dialect != "snowflake" else "a", quoted=True) in {quoted, "A" if dialect == "clickhouse" else quoted}


def read(text: str, dialect: str) -> Reading:
    """What the child says of a text: sqlglot's own bugs are reasons there."""
    return answer_to(Job("", text, dialect), Setup(Limits()))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="select from where ()*,.'\"`;-/\\{}[]=<>+|&%$#@!?:0123456789abt\n\0é", min_size=1, max_size=80), st.sampled_from(sorted(BY_NAME)))
def test_any_text_is_a_statement_or_refused(text: str, dialect: str) -> None:
    found = read(text, dialect)
    assert bool(found.statements) != bool(found.reason)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Reading) == found


WORDS = ["select", "a", "b", "from", "t", "u", "where", "join", "on", "using", "(", ")", ",", ".", "*", "=", "1", "'x'", "as", "group", "by", "order", "union"]
WORDS += ["all", "with", "case", "when", "end", "over", "partition", "in", "exists", "null"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25), st.sampled_from(sorted(BY_NAME)))
def test_any_words_are_a_statement_or_refused(words: list[str], dialect: str) -> None:
    found = read(" ".join((*words, "a")), dialect)
    assert bool(found.statements) != bool(found.reason)
