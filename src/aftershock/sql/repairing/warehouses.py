"""What an adapter can do in one go: transactions, several statements at once, MERGE. Facts, without any parser."""

from __future__ import annotations

import msgspec

from aftershock.sql.dialects import dialect_of


class Warehouse(msgspec.Struct, frozen=True):
    """One adapter's way of changing a table as a whole.

    Attributes:
        read: the name that sqlglot has for its dialect.
        begin: what opens a transaction; empty where statements cannot be undone together.
        commit: what ends it.
        several: whether dbt hands over several statements in one ``run_query``.
        merge: the null-safe comparison of a MERGE that swaps rows in one statement; empty where a transaction does it.
        replaces: whether ``INSERT INTO … REPLACE WHERE`` is one.
        encoded: a key of any columns as one text that is never null; empty where keys are compared column by column.
        groups: a column as it may stand in PARTITION BY.
        stage: the table that holds rows between statements.
        timestamp: the type that a time is cast to.
        zoned: the type of a time with a zone; empty where a column has none, or none that a literal can be cast to.
        flat: whether a WITH may only stand first.
        by_name: whether an INSERT can take a query's columns by their names.
        asserts: whether :func:`~aftershock.sql.repairing.tables.rows_lost` is known to fail there.
    """

    read: str
    begin: tuple[str, ...] = ()
    commit: str = ""
    several: bool = False
    merge: str = ""
    replaces: bool = False
    encoded: str = ""
    groups: str = "{}"
    stage: str = "aftershock_stage"
    timestamp: str = "TIMESTAMP"
    zoned: str = ""
    flat: bool = False
    by_name: bool = False
    asserts: bool = True


_COMMIT = "COMMIT"
_POSTGRES = Warehouse("postgres", zoned="TIMESTAMPTZ", begin=("BEGIN",), commit=_COMMIT, several=True)
_DUCKDB = msgspec.structs.replace(_POSTGRES, read="duckdb", by_name=True)
_SERVER = Warehouse(
    "tsql",
    # without XACT_ABORT an error leaves the transaction open; with counts the driver reports an error only when it is asked for the next result
    begin=("SET NOCOUNT ON", "SET XACT_ABORT ON", "BEGIN TRANSACTION"),
    commit="COMMIT TRANSACTION",
    several=True,
    stage="#aftershock_stage",
    timestamp="DATETIME2",
    flat=True,
)
_FABRIC = msgspec.structs.replace(_SERVER, read="fabric", timestamp="DATETIME2(6)")
_LAKE = Warehouse("spark", merge="<=>", replaces=True)
_TRINO = Warehouse("trino", merge="IS NOT DISTINCT FROM", timestamp="TIMESTAMP(6)")
_MYSQL = Warehouse("mysql", begin=("START TRANSACTION",), commit=_COMMIT, timestamp="DATETIME(6)")

_BY_ADAPTER: dict[str, Warehouse] = {
    "alloydb": _POSTGRES,
    "athena": msgspec.structs.replace(_TRINO, read="athena"),
    "bigquery": Warehouse(
        "bigquery",
        begin=("BEGIN TRANSACTION",),
        commit="COMMIT TRANSACTION",
        several=True,
        encoded="TO_JSON_STRING(STRUCT({}))",
        groups="TO_JSON_STRING({})",  # it groups by no FLOAT64, which a tracked column may be
    ),
    "clickhouse": Warehouse("clickhouse", encoded="toString(tuple({}))", timestamp="DateTime64(6)"),
    "databricks": msgspec.structs.replace(_LAKE, read="databricks"),
    "duckdb": _DUCKDB,
    "fabric": _FABRIC,
    "glue": _LAKE,
    "greenplum": _POSTGRES,
    "mariadb": _MYSQL,
    "motherduck": _DUCKDB,
    "mysql": _MYSQL,
    "postgres": _POSTGRES,
    "presto": msgspec.structs.replace(_TRINO, read="presto"),
    "redshift": msgspec.structs.replace(_POSTGRES, read="redshift"),
    "snowflake": Warehouse("snowflake", zoned="TIMESTAMP_TZ", begin=("BEGIN TRANSACTION",), commit=_COMMIT, several=True),
    "spark": _LAKE,
    "sqlserver": _SERVER,
    "synapse": _SERVER,
    "trino": _TRINO,
    "tsql": _SERVER,
}


def warehouse_of(adapter: str) -> Warehouse:
    """What is known of a dbt adapter; one that can do nothing as a whole where nothing is."""
    name = adapter.strip().lower()
    return _BY_ADAPTER.get(name) or Warehouse(dialect_of(name).read, asserts=False)


def takes_several(adapter: str) -> bool:
    """Whether dbt hands several statements to this adapter's warehouse in one ``run_query``."""
    return warehouse_of(adapter).several
