# ruff: noqa: S608 - it writes SQL from relations as dbt quotes them
"""Copies of a table: as it is now, and as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.sql.repairing.scripts import question, transaction
from aftershock.sql.repairing.text import utc
from aftershock.sql.repairing.warehouses import warehouse_of

if TYPE_CHECKING:
    from aftershock.sql.repairing.scripts import Script, Table

TIME_TRAVEL: dict[str, str] = {
    "athena": "Iceberg tables can be read as they were for as long as their snapshots are kept; other tables have no history.",
    "bigquery": "Tables can be read as they were in the last 7 days, or fewer where the dataset's time travel window is shorter.",
    "clickhouse": "Tables have no history; only a backup brings rows back.",
    "databricks": "Delta tables can be read as they were until VACUUM removes old files, 7 days by default.",
    "duckdb": "Tables have no history; only a copy of the database file brings rows back.",
    "fabric": "Tables can be read as they were in the last 30 days, or as the warehouse's retention says, but only by a SELECT with OPTION (FOR TIMESTAMP"
    " AS OF …) or CREATE TABLE … AS CLONE OF … AT.",
    "mysql": "Tables have no history; only a backup with its binary logs brings rows back.",
    "postgres": "Tables have no history; only point-in-time recovery of a base backup, into another server, brings rows back.",
    "redshift": "Tables have no history; an administrator can restore one table from a snapshot of the cluster or the workgroup, under a new name.",
    "snowflake": "Tables can be read as they were in the last day, or up to 90 days where DATA_RETENTION_TIME_IN_DAYS says so; transient tables, which"
    " dbt makes by default, for 1 day at most. A table that was replaced has its history under the dropped table, so rename the new one and UNDROP.",
    "spark": "Delta and Iceberg tables can be read as they were until old files or snapshots are removed; other tables have no history.",
    "sqlserver": "Only system-versioned tables have a history; others come back from a backup.",
    "trino": "Iceberg and Delta tables can be read as they were for as long as their snapshots are kept; other connectors have no history.",
}
"""What each adapter can read of a table's past. A drop and rebuild of the table ends that history on most of them."""

_AT = {
    "athena": "{relation} FOR TIMESTAMP AS OF TIMESTAMP '{at} UTC'",
    "bigquery": "{relation} FOR SYSTEM_TIME AS OF CAST('{at}+00:00' AS TIMESTAMP)",
    "databricks": "{relation} TIMESTAMP AS OF '{at}Z'",
    "snowflake": "{relation} AT(TIMESTAMP => CAST('{at} +00:00' AS TIMESTAMP_TZ))",
    "spark": "{relation} TIMESTAMP AS OF '{at}Z'",
    "trino": "{relation} FOR TIMESTAMP AS OF TIMESTAMP '{at} UTC'",
}


def backup(table: Table, copy_relation: str, adapter: str) -> Script:
    """Copy a table once: where the copy exists already it stays as it is, so that a second run does not copy the damage over it.

    Args:
        table: the table.
        copy_relation: the copy's name as dbt would quote it.
        adapter: dbt's adapter type.
    """
    return _copy(table.relation, f"SELECT * FROM {table.relation}", copy_relation, adapter)


def time_travel(relation: str, copy_relation: str, at: str, adapter: str) -> Script | None:
    """Copy a table as it was at a moment; None where a statement cannot, for which :data:`TIME_TRAVEL` has the words.

    Args:
        relation: the table as dbt quotes it.
        copy_relation: the copy's name; one that exists stays as it is.
        at: the moment, ISO 8601, UTC where it names no zone.
        adapter: dbt's adapter type.

    Raises:
        UsageError: ``at`` is not a time.
    """
    form = _AT.get(warehouse_of(adapter).read)
    if form is None:
        return None
    return _copy(relation, f"SELECT * FROM {form.format(relation=relation, at=utc(at, 'at'))}", copy_relation, adapter)


def _copy(relation: str, select: str, copy: str, adapter: str) -> Script:
    read = warehouse_of(adapter).read
    if read == "redshift":  # its CREATE TABLE AS knows no IF NOT EXISTS
        empty = f"NOT EXISTS (SELECT 1 FROM {copy})"
        return transaction((f"CREATE TABLE IF NOT EXISTS {copy} (LIKE {relation})", f"INSERT INTO {copy}\n{select} WHERE {empty}"), adapter)
    if read in {"tsql", "fabric"}:
        create = f"SELECT * INTO {copy} FROM {relation}" if read == "tsql" else f"CREATE TABLE {copy} AS {select}"
        quoted = copy.replace("'", "''")
        return question(f"IF OBJECT_ID(N'{quoted}', N'U') IS NULL {create}")
    engine = " ENGINE = MergeTree ORDER BY tuple()" if read == "clickhouse" else ""
    create = f"CREATE TABLE IF NOT EXISTS {copy}{engine} AS\n{select}"
    return transaction((create,), adapter) if read in {"duckdb", "postgres"} else question(create)
