# ruff: noqa: S608 - it reads SQL, and nothing else
"""Each statement is one of its dialect, and a script promises no more than its adapter can do."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
import sqlglot
from sqlglot import exp

from aftershock.sql.dialects import dialect_of
from aftershock.sql.repair import (
    TIME_TRAVEL,
    SnapshotTable,
    Table,
    backup,
    dedupe,
    dedupe_versions,
    insert_missing,
    remove_bad_versions,
    reopen_closed,
    replace_all,
    replace_keys,
    replace_window,
    restore_from,
    rows_lost,
    time_travel,
    window_proof,
)
from aftershock.sql.repairing.warehouses import warehouse_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.sql.repair import Script

WHOLE = ["duckdb", "motherduck", "postgres", "redshift", "snowflake", "bigquery", "sqlserver", "synapse", "fabric"]
"""One call of dbt's does all, or nothing."""
SINGLE = ["databricks", "spark", "glue", "trino", "athena"]
"""One statement at a time, and each of them whole."""
BY_HAND = ["mysql", "mariadb", "clickhouse", "hive", "vertica", "sqlite", "exasol", "unheard of"]
QUOTES = {"bigquery": "`p`.`d`.`t`", "databricks": "`c`.`s`.`t`", "spark": "`s`.`t`", "clickhouse": "`s`.`t`", "mysql": "`s`.`t`", "sqlserver": "[d].[s].[t]"}

QUERY = "with x (id) as (select a.id from src as a), y as (select ')' as z from x where (1 = 1)) select id, d, s from x, y -- (end"
CTES = {"__dbt__cte__e": "with w as (select 1 as a) select * from w;"}
DAY = "2026-03-01T00:00:00.5Z"


def relation(adapter: str) -> str:
    return QUOTES.get(adapter) or QUOTES.get(warehouse_of(adapter).read, '"d"."s"."t"')


def changes(adapter: str) -> Iterator[Script]:
    """Every function that changes something."""
    name = relation(adapter)
    keyed = Table(name, ("id", "Day of", "select", "it's"), ("id", "select"))
    loose = Table(name, keyed.columns)
    for ctes in (None, CTES):
        yield replace_window(keyed, QUERY, "day of", DAY, "2026-03-02", adapter, ctes=ctes)
        yield replace_all(keyed, QUERY, adapter, ctes=ctes)
        yield replace_keys(keyed, QUERY, adapter, time_column="Day of", start=DAY, ctes=ctes)
        yield insert_missing(loose, QUERY, adapter, ctes=ctes)
    yield dedupe(keyed, adapter)
    yield dedupe(loose, adapter)
    yield restore_from(keyed, name, adapter)
    columns = ("id", "v", "u", "dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "gone")
    for strategy, deleted, current in (("check", "", ""), ("timestamp", "gone", "to_date('9999-12-31')")):
        snapshot = SnapshotTable(
            name,
            columns[: 8 if deleted else 7],
            ("id",),
            ("v", "u"),
            strategy,
            updated_at="u",
            is_deleted=deleted,
            valid_to_current=current,  # type: ignore[arg-type]
        )
        yield remove_bad_versions(snapshot, QUERY, DAY, "2026-03-02", adapter, ctes=CTES)
        yield reopen_closed(snapshot, QUERY, DAY, "2026-03-02", adapter, ctes=CTES)
        yield dedupe_versions(snapshot, QUERY, adapter, ctes=CTES)


def questions(adapter: str) -> Iterator[Script]:
    table = Table(relation(adapter), ("id", "d", "s"), ("id",))
    for by in ("keys", "rows", "count"):
        yield rows_lost(table, QUERY, adapter, by=by, time_column="d", before=DAY, ctes=CTES)  # type: ignore[arg-type]
    yield window_proof(table, "d", DAY, "", adapter)


def copies(adapter: str) -> Iterator[Script]:
    yield backup(Table(relation(adapter), ("id",)), relation(adapter), adapter)
    past = time_travel(relation(adapter), relation(adapter), DAY, adapter)
    if past is not None:
        yield past


@pytest.mark.parametrize("adapter", [*WHOLE, *SINGLE, *BY_HAND])
def test_every_statement_is_one_of_its_dialect(adapter: str, caplog: pytest.LogCaptureFixture) -> None:
    read = dialect_of(adapter).read
    with caplog.at_level(logging.WARNING, logger="sqlglot"):
        for script in (*changes(adapter), *questions(adapter), *copies(adapter)):
            for statement in script.statements:
                trees = [tree for tree in sqlglot.parse(statement, read=read or None) if tree is not None]
                assert len(trees) == 1, statement
                assert not isinstance(trees[0], exp.Command), statement
    assert not caplog.records


@pytest.mark.parametrize("adapter", WHOLE)
def test_a_change_is_one_transaction_where_there_are_any(adapter: str) -> None:
    for script in changes(adapter):
        assert (script.atomic, script.runnable) == (True, True)
        words = [statement.split()[0].upper() for statement in script.statements]
        begin, commit = words.index("BEGIN"), words.index("COMMIT")
        for place, statement in enumerate(script.statements):
            if statement.startswith((f"DELETE FROM {relation(adapter)}", f"INSERT INTO {relation(adapter)}")):
                assert begin < place < commit


@pytest.mark.parametrize("adapter", SINGLE)
def test_a_change_is_one_statement_where_there_are_none(adapter: str) -> None:
    for script in changes(adapter):
        assert (len(script.statements), script.atomic, script.runnable) == (1, True, True)


@pytest.mark.parametrize("adapter", BY_HAND)
def test_no_more_is_promised_than_is_known(adapter: str) -> None:
    several = [script for script in changes(adapter) if len(script.statements) > 1]
    assert several
    assert not any(script.runnable for script in several)
    assert {script.atomic for script in several} == {adapter in {"mysql", "mariadb"}}


@pytest.mark.parametrize("adapter", [*WHOLE, *SINGLE, *BY_HAND])
def test_a_query_is_kept_to_the_letter(adapter: str) -> None:
    text = QUERY[: QUERY.index(" -- ")]
    parts = [text.partition(" select id, d")[0].removeprefix("with "), "select id, d, s from x, y"] if warehouse_of(adapter).flat else [text]
    for script in (*changes(adapter), *questions(adapter)):
        if "src" in script.text:
            assert all(part in script.text for part in parts)


@pytest.mark.parametrize("adapter", ["sqlserver", "fabric", "synapse"])
def test_with_stands_first_where_it_may_stand_nowhere_else(adapter: str) -> None:
    for script in (*changes(adapter), *questions(adapter)):
        for statement in script.statements:
            tree = sqlglot.parse_one(statement, read=dialect_of(adapter).read)
            outer = tree.args.get("with_") or tree.args.get("with")
            inner = [found for found in tree.find_all(exp.With) if found is not outer]
            assert all(isinstance(found.parent, exp.Select) and found.parent.parent is tree for found in inner), statement
            if inner:
                assert statement.startswith("WITH ")


@pytest.mark.parametrize("adapter", [*WHOLE, *SINGLE, *BY_HAND])
def test_an_assertion_hangs_on_what_only_the_warehouse_knows(adapter: str) -> None:
    *assertions, _ = questions(adapter)
    for script in assertions:
        tree = sqlglot.parse_one(script.statements[0], read=dialect_of(adapter).read or None)
        answer = tree.find(exp.Select).selects[0]
        assert {column.name for column in answer.find_all(exp.Column)} >= {"lost"}
        assert script.runnable == (adapter in {*WHOLE, *SINGLE, "mysql", "mariadb", "clickhouse"})


def test_assertions_where_a_cast_would_pass() -> None:
    table = Table("t", ("id",), ("id",))
    assert "RAISE_ERROR(CONCAT(CAST(lost AS STRING), ' rows would be lost'))" in rows_lost(table, "select 1", "databricks").text
    assert "UNION ALL SELECT 1 AS n) AS two WHERE two.n = 0 OR lost > 0)" in rows_lost(table, "select 1", "mysql").text


PAST = {
    "snowflake": "FROM t AT(TIMESTAMP => CAST('2026-03-01 00:00:00.5 +00:00' AS TIMESTAMP_TZ))",
    "bigquery": "FROM t FOR SYSTEM_TIME AS OF CAST('2026-03-01 00:00:00.5+00:00' AS TIMESTAMP)",
    "databricks": "FROM t TIMESTAMP AS OF '2026-03-01 00:00:00.5Z'",
    "trino": "FROM t FOR TIMESTAMP AS OF TIMESTAMP '2026-03-01 00:00:00.5 UTC'",
}


@pytest.mark.parametrize("adapter", sorted(TIME_TRAVEL))
def test_the_past_is_read_only_where_it_is_kept(adapter: str) -> None:
    script = time_travel("t", "c", DAY, adapter)
    assert TIME_TRAVEL[adapter].endswith(".")
    assert (script is None) == (adapter in {"clickhouse", "duckdb", "fabric", "mysql", "postgres", "redshift", "sqlserver"})
    if adapter in PAST:
        assert script is not None
        assert script.statements == (f"CREATE TABLE IF NOT EXISTS c AS\nSELECT * {PAST[adapter]}",)


def test_no_copy_is_made_over_another() -> None:
    for adapter in [*WHOLE, *SINGLE, *BY_HAND]:
        text = backup(Table("t", ("id",)), "c", adapter).text
        assert "IF NOT EXISTS c" in text or "IF OBJECT_ID(N'c', N'U') IS NULL" in text
    assert "INSERT INTO c\nSELECT * FROM t WHERE NOT EXISTS (SELECT 1 FROM c)" in backup(Table("t", ("id",)), "c", "redshift").text
