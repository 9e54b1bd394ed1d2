"""DuckDB's binder as the truth: what happens to a query when one column of one table is gone.

A table is a name and its columns, each "name" (an INTEGER) or "name TYPE". The query is bound as a view: a bare
SELECT would let PIVOT's statement form pass, and dbt builds relations.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FAILS, LOSES, BINDS = "fails", "loses", "binds"
PRUNING = ("unused_columns", "empty_result_pullup")
NEEDED = ("cte_inlining", "unnest_rewriter", "deliminator")
"""Optimizers: those that remove columns which nothing needs, and those without which some plans cannot be shown."""
EMPTY = ("statistics_propagation", "empty_result_pullup")
"""Those that reason about empty tables."""

Tables = dict[str, list[str]]


class Drop(NamedTuple):
    """What a drop does: `outcome`, and of the output columns those `lost`.

    `bound`: the binder read the column before the drop. `used`: the result depended on it, so that a query which still
    binds and lost nothing gives another answer than before ("wrong").
    """

    outcome: str
    lost: tuple[str, ...] = ()
    bound: bool = False
    used: bool = False
    error: str = ""

    @property
    def wrong(self) -> bool:
        """The query still binds, to something else, and its columns do not show it."""
        return self.outcome == BINDS and self.used


def split(column: str) -> tuple[str, str]:
    """Return a column's name, without quotes, and its type."""
    name, _, kind = column.partition(" ")
    return name.strip('"'), kind or "INTEGER"


class Binder:
    """A connection with some empty tables."""

    def __init__(self, tables: Mapping[str, Sequence[str]]) -> None:
        self.tables = {name: [split(column) for column in columns] for name, columns in tables.items()}
        self.connection = duckdb.connect()
        known = [row[0] for row in self.connection.execute("select name from duckdb_optimizers()").fetchall()]
        self.binding = ["", ",".join(name for name in known if name not in NEEDED), ",".join((*PRUNING, *EMPTY))]
        self.using = [",".join(name for name in known if name not in NEEDED + PRUNING), ",".join(EMPTY)]
        for name, columns in self.tables.items():
            defined = ", ".join(f'"{column}" {kind}' for column, kind in columns)
            self.connection.execute(f"create table {name} ({defined})")

    def columns(self, sql: str) -> list[str]:
        """Return the output columns of a query; raise duckdb.Error where it does not bind."""
        self.connection.execute(f"create or replace temp view bound as {sql}")
        return [row[0] for row in self.connection.execute("describe bound").fetchall()]

    def bound(self, sql: str) -> set[tuple[str, str]]:
        """Return the columns of tables that the binder reads; raise duckdb.Error where DuckDB cannot show its plan."""
        for disabled in self.binding[:-1]:
            with suppress(duckdb.Error):
                return self.reads(sql, disabled)
        return self.reads(sql, self.binding[-1])

    def used(self, sql: str) -> set[tuple[str, str]]:
        """Return the columns of tables that the result depends on, or those that are bound where DuckDB cannot say."""
        for disabled in self.using:
            with suppress(duckdb.Error):
                return self.reads(sql, disabled)
        return self.bound(sql)

    def reads(self, sql: str, disabled: str) -> set[tuple[str, str]]:
        """Return the columns of tables that the query's plan reads without some optimizers, or without all for ""."""
        self.connection.execute(f"set disabled_optimizers = '{disabled}'")
        optimize = "true" if disabled else "false"
        row = self.connection.execute(f"select json_serialize_plan(?, optimize := {optimize})", [sql]).fetchone()
        plan = json.loads(row[0]) if row else {"error": True}
        if plan["error"]:
            raise duckdb.Error(plan.get("error_message"))
        found = set()
        for scan in scans(plan):
            names = scan["names"]
            table = (scan.get("function_data") or {}).get("table", "")
            found |= {(table, names[entry["index"]]) for entry in scan["column_indexes"] if entry["index"] < len(names)}
        return found

    def drop(self, sql: str, table: str, column: str) -> tuple[list[str] | None, str]:
        """Return the output columns of a query without one column of one table, or None and the error."""
        self.connection.execute("begin")
        try:
            self.connection.execute(f'alter table {table} drop column "{column}"')
            return self.columns(sql), ""
        except duckdb.Error as error:
            return None, str(error).splitlines()[0]
        finally:
            self.connection.execute("rollback")

    def drops(self, sql: str) -> dict[tuple[str, str], Drop] | None:
        """Return what every single drop does to a query, or None where the query does not bind at all."""
        try:
            before = self.columns(sql)
        except duckdb.Error:
            return None
        bound, used = self.bound(sql), self.used(sql)
        truth = {}
        for table, columns in self.tables.items():
            for column, _ in columns:
                after, error = self.drop(sql, table, column)
                key = (table, column)
                if after is None:
                    truth[key] = Drop(FAILS, (), key in bound, key in used, error)
                else:
                    lost = tuple(name for name in before if name not in after)
                    truth[key] = Drop(LOSES if lost else BINDS, lost, key in bound, key in used)
        return truth


def scans(plan: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Yield the table scans of a serialized plan."""
    if isinstance(plan, dict):
        if plan.get("type") == "LOGICAL_GET" and "column_indexes" in plan:
            yield plan
        plan = list(plan.values())
    if isinstance(plan, list):
        for part in plan:
            yield from scans(part)
