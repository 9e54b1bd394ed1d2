"""What differs between dbt's adapters and shows in rendered SQL: whose macros they inherit, how they quote, what they call types."""

from __future__ import annotations

_PARENTS = {
    "redshift": ("postgres",),
    "materialize": ("postgres",),
    "greenplum": ("postgres",),
    "risingwave": ("postgres",),
    "alloydb": ("postgres",),
    "yellowbrick": ("postgres",),
    "databricks": ("spark",),
    "glue": ("spark",),
    "fabricspark": ("spark",),
    "sqlserver": ("fabric",),
    "synapse": ("fabric",),
}
_BACKTICK = frozenset({"bigquery", "databricks", "spark", "glue", "fabricspark", "clickhouse", "mysql", "mysql5", "mariadb", "starrocks", "doris", "tidb"})
_BRACKET = frozenset({"sqlserver", "synapse", "fabric"})
_TYPES = {
    "bigquery": {"FLOAT": "FLOAT64", "INTEGER": "INT64", "TEXT": "STRING"},
    "spark": {"LONG": "BIGINT"},
    "databricks": {"LONG": "BIGINT"},
    "clickhouse": {"STRING": "String", "TIMESTAMP": "DateTime", "FLOAT": "Float32", "INTEGER": "Int32"},
}
UNQUOTED = frozenset({"snowflake"})
"""Adapters whose relations are not quoted unless a project says so."""


def family(adapter: str) -> tuple[str, ...]:
    """The adapter and those that it inherits macros from, nearest first."""
    return (adapter, *_PARENTS.get(adapter, ()))


def internal_packages(adapter: str) -> tuple[str, ...]:
    """The packages that come with dbt and the adapter, whose macros are called without their package's name."""
    return (*(f"dbt_{name}" for name in family(adapter)), "dbt")


def quote(adapter: str, identifier: str) -> str:
    """An identifier quoted as the adapter quotes it."""
    if adapter in _BACKTICK:
        return f"`{identifier}`"
    return f"[{identifier}]" if adapter in _BRACKET else f'"{identifier}"'


def quote_character(adapter: str) -> str:
    """The character that opens a quoted part of a relation's name."""
    return "`" if adapter in _BACKTICK else '"'


def translate_type(adapter: str, name: str) -> str:
    """``api.Column.translate_type``: the adapter's word for a type."""
    return _TYPES.get(adapter, {"STRING": "TEXT"}).get(name.upper(), name)
