# ruff: noqa: S608 - it makes SQL of its own cases
from __future__ import annotations

import duckdb
import pytest

from aftershock.sql import repair
from aftershock.sql.repair import Table


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_a_window_of_a_column_with_a_zone_is_the_same_in_every_session(zone: str) -> None:
    connection = duckdb.connect()
    connection.execute(f"set timezone = '{zone}'; create table t (seen timestamptz)")
    connection.execute("insert into t values (timestamptz '2026-03-02 03:59:00+00'), (timestamptz '2026-03-02 04:00:00+00')")
    connection.execute(repair.delete_window(Table("t", ("seen",)), "seen", "2026-03-02T04:00:00Z", "", "duckdb").text)
    assert connection.execute("select epoch(seen)::bigint from t").fetchall() == [(1772423940,)]


def replaced(rows: str, query: str) -> list[tuple[object, ...]]:
    connection = duckdb.connect()
    connection.execute(f"create table t as select * from (values {rows}) as v(id, seen, n)")
    script = repair.replace_window_by_key(
        Table("t", ("id", "seen", "n"), ("id",)), f"select * from (values {query}) as v(id, seen, n)", "seen", "2026-03-02", "", "duckdb"
    )
    connection.execute(script.text)
    return connection.execute("select id, seen::date::varchar, n from t order by all").fetchall()


def test_rows_whose_own_time_was_wrong_are_found_by_their_key() -> None:
    held = "(1, timestamp '2026-03-01', 1), (2, timestamp '1970-01-01', 9), (3, timestamp '2026-03-03', 9), (null, timestamp '2026-03-03', 9)"
    found = "(1, timestamp '2026-03-01', 5), (2, timestamp '2026-03-02', 2), (3, timestamp '2026-03-03', 3)"
    assert replaced(held, found) == [(1, "2026-03-01", 1), (2, "2026-03-02", 2), (3, "2026-03-03", 3)]


def lost(by: str, query: str) -> bool:
    connection = duckdb.connect()
    connection.execute(
        "create table t as select * from (values (1, timestamp '2026-03-01'), (2, timestamp '2026-03-02'), (3, timestamp '2026-03-03')) as v(id, seen)"
    )
    text = f"select * from (values {query}) as v(id, seen)"
    script = repair.window_lost(Table("t", ("id", "seen"), ("id",)), text, "seen", "2026-03-02", "", "duckdb", by=by)
    try:
        connection.execute(script.text)
    except duckdb.ConversionException as error:
        return "rows would be lost" in str(error)
    return False


@pytest.mark.parametrize(
    ("by", "query", "fails"),
    [
        ("keys", "(2, timestamp '2026-03-02'), (3, timestamp '2026-03-03')", False),
        ("keys", "(2, timestamp '2026-02-01'), (3, timestamp '2026-03-03')", False),
        ("keys", "(3, timestamp '2026-03-03')", True),
        ("count", "(8, timestamp '2026-03-02'), (9, timestamp '2026-03-03')", False),
        ("count", "(2, timestamp '2026-03-02')", True),
        ("reach", "(9, timestamp '2026-01-01')", False),
        ("reach", "(2, timestamp '2026-03-02')", False),
        ("reach", "(3, timestamp '2026-03-03')", True),
    ],
)
def test_what_a_window_would_lose(by: str, query: str, fails: bool) -> None:  # noqa: FBT001  # a case
    assert lost(by, query) is fails


def test_nothing_selected_reaches_nowhere() -> None:
    connection = duckdb.connect()
    connection.execute("create table t as select 1 as id, timestamp '2026-03-02' as seen")
    script = repair.window_lost(Table("t", ("id", "seen")), "select * from t where false", "seen", "", "", "duckdb", by="reach")
    with pytest.raises(duckdb.ConversionException, match="1 rows would be lost"):
        connection.execute(script.text)


def test_half_the_rows_may_go_where_nothing_tells_them_apart() -> None:
    connection = duckdb.connect()
    connection.execute("create table t as select range as n from range(10)")
    for rows, fails in ((5, False), (4, True)):
        script = repair.rows_lost(Table("t", ("n",)), f"select range as n from range({rows})", "duckdb", by="half")
        if fails:
            with pytest.raises(duckdb.ConversionException):
                connection.execute(script.text)
        else:
            connection.execute(script.text)


def test_a_table_of_unknown_columns_takes_a_query_by_name_or_not_at_all() -> None:
    connection = duckdb.connect()
    connection.execute("create table t as select 1 as id, 'old' as name, timestamp '2026-03-03' as seen")
    query = "select timestamp '2026-03-04' as seen, 1 as id, 'new' as name"
    for make in (repair.replace_window, repair.replace_window_by_key):
        connection.execute(make(Table("t", (), ("id",)), query, "seen", "2026-03-02", "", "duckdb").text)
        assert connection.execute("select id, name from t").fetchall() == [(1, "new")]
    with pytest.raises(repair.NoQuery, match="columns are not known"):
        repair.replace_window(Table("t", ()), query, "seen", "2026-03-02", "", "postgres")


def test_several_windows_are_counted_at_once() -> None:
    connection = duckdb.connect()
    connection.execute(
        "create table t as select date '2026-03-01' + n::int as seen from range(5) as r(n); create table u as select timestamp '2026-03-02 10:00' as seen"
    )
    windows = [repair.Measured(name, Table(name, ("seen",)), "seen", "2026-03-02", "2026-03-04") for name in ("t", "u")]
    found = connection.execute(repair.window_counts(windows, "duckdb").text).fetchall()
    assert found == [("t", 2, "2026-03-02", "2026-03-03"), ("u", 1, "2026-03-02 10:00:00", "2026-03-02 10:00:00")]
