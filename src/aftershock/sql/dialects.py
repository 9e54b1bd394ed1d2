"""What differs between warehouses where names are bound. Facts about SQL, without any parser.

``read`` is sqlglot's name. Sources: each warehouse's documentation of identifiers, of the SELECT clause and of column aliases.
"""

from __future__ import annotations

import msgspec

WHERE, GROUP, HAVING, QUALIFY, ORDER, SELECT, LIMIT, ON = "where", "group", "having", "qualify", "order", "select", "limit", "on"
EVERYWHERE = frozenset({WHERE, GROUP, HAVING, QUALIFY, ORDER, SELECT})


class Dialect(msgspec.Struct, frozen=True):
    """One dialect.

    Attributes:
        read: the name that sqlglot has for it.
        folds: what an unquoted identifier becomes: lower, upper, or as it is.
        quoted_folds: whether quotes change nothing.
        aliases: the clauses in which a name that is no column may be an output column's alias.
        implicit_lateral: whether a query in FROM sees the sources before it without LATERAL.
        lazy: whether a CTE or named window that nothing reads is never bound.
        forward: whether an item of a SELECT may use the alias of a later one.
        recursive: whether a CTE may read itself without RECURSIVE.
        numbers: whether a second output column of one name becomes ``name_1``.
    """

    read: str
    folds: str = "lower"
    quoted_folds: bool = False
    aliases: frozenset[str] = frozenset({GROUP, ORDER})
    implicit_lateral: bool = False
    lazy: bool = False
    forward: bool = False
    recursive: bool = False
    numbers: bool = False

    def key(self, name: str, *, quoted: bool = False) -> str:
        """An identifier as the warehouse compares it."""
        if quoted and not self.quoted_folds:
            return name
        return name.lower() if self.folds == "lower" else name.upper() if self.folds == "upper" else name


PSEUDO = frozenset(
    [
        "current_catalog",
        "current_database",
        "current_date",
        "current_role",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "localtime",
        "localtimestamp",
        "session_user",
        "system_user",
        "user",
        "sysdate",
        "systimestamp",
        "rownum",
        "rowid",
        "level",
        "ctid",
        "_partitiontime",
        "_partitiondate",
        "_table_suffix",
        "_file_name",
    ]
)
"""Names that bind where no column has them: functions without parentheses, and columns that every table has unseen."""

_ANY = Dialect("", quoted_folds=True, aliases=frozenset({GROUP, HAVING, QUALIFY, ORDER}), recursive=True)
_POSTGRES = Dialect("postgres")
_DUCKDB = Dialect("duckdb", quoted_folds=True, aliases=EVERYWHERE, implicit_lateral=True, lazy=True, numbers=True)
_SNOWFLAKE = Dialect("snowflake", folds="upper", aliases=EVERYWHERE, forward=True, recursive=True)
_BIGQUERY = Dialect("bigquery", quoted_folds=True, aliases=frozenset({GROUP, HAVING, QUALIFY, ORDER}))
_REDSHIFT = Dialect("redshift", quoted_folds=True, aliases=EVERYWHERE)
_SPARK = Dialect("spark", quoted_folds=True, aliases=frozenset({SELECT, GROUP, HAVING, ORDER, QUALIFY}))
_DATABRICKS = msgspec.structs.replace(_SPARK, read="databricks")
_TRINO = Dialect("trino", quoted_folds=True, aliases=frozenset({ORDER}))
_TSQL = Dialect("tsql", quoted_folds=True, aliases=frozenset({ORDER}), recursive=True)
_MYSQL = Dialect("mysql", quoted_folds=True, aliases=frozenset({GROUP, HAVING, ORDER}))

BY_NAME: dict[str, Dialect] = {
    "": _ANY,
    "athena": msgspec.structs.replace(_TRINO, read="athena"),
    "bigquery": _BIGQUERY,
    "clickhouse": Dialect("clickhouse", folds="", aliases=EVERYWHERE),
    "databricks": _DATABRICKS,
    "doris": msgspec.structs.replace(_MYSQL, read="doris"),
    "dremio": Dialect("dremio", quoted_folds=True),
    "drill": Dialect("drill", quoted_folds=True),
    "druid": Dialect("druid", folds=""),
    "duckdb": _DUCKDB,
    "exasol": Dialect("exasol", folds="upper", recursive=True),
    "fabric": msgspec.structs.replace(_TSQL, read="fabric"),
    "hive": msgspec.structs.replace(_SPARK, read="hive"),
    "materialize": msgspec.structs.replace(_POSTGRES, read="materialize"),
    "mysql": _MYSQL,
    "oracle": Dialect("oracle", folds="upper", aliases=frozenset({ORDER, GROUP, HAVING}), recursive=True),
    "postgres": _POSTGRES,
    "presto": msgspec.structs.replace(_TRINO, read="presto"),
    "redshift": _REDSHIFT,
    "risingwave": msgspec.structs.replace(_POSTGRES, read="risingwave"),
    "singlestore": msgspec.structs.replace(_MYSQL, read="singlestore"),
    "snowflake": _SNOWFLAKE,
    "spark": _SPARK,
    "sqlite": Dialect("sqlite", quoted_folds=True, aliases=EVERYWHERE),
    "starrocks": msgspec.structs.replace(_MYSQL, read="starrocks"),
    "teradata": Dialect("teradata", quoted_folds=True, aliases=EVERYWHERE, recursive=True),
    "trino": _TRINO,
    "tsql": _TSQL,
}

ADAPTERS = {
    "alloydb": "postgres",
    "cratedb": "postgres",
    "glue": "spark",
    "greenplum": "postgres",
    "ibm_netezza": "postgres",
    "impala": "hive",
    "maxcompute": "hive",
    "mariadb": "mysql",
    "motherduck": "duckdb",
    "netezza": "postgres",
    "sparksql": "spark",
    "sqlserver": "tsql",
    "synapse": "tsql",
    "vertica": "postgres",
    "yellowbrick": "postgres",
}
"""dbt adapters, and dialects under other names, that read like one of those above."""


def dialect_of(name: str) -> Dialect:
    """The dialect of a dbt adapter or of sqlglot's name; the most tolerant one where it is unknown."""
    plain = name.strip().lower()
    return BY_NAME.get(ADAPTERS.get(plain, plain), _ANY)


DIALECTS = tuple(sorted({*BY_NAME, *ADAPTERS} - {""}))
"""Every dialect and adapter that has a name here."""


def known_dialect(name: str) -> bool:
    """Whether the dialect of this name is known."""
    plain = name.strip().lower()
    return ADAPTERS.get(plain, plain) in BY_NAME
