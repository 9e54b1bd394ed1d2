# ruff: noqa: S608 - it writes SQL from quoted names and checked queries
"""What must be true of a window before its rows are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from aftershock.sql.repairing.scripts import Table, question
from aftershock.sql.repairing.tables import EXCEPT, failing
from aftershock.sql.repairing.text import Rows, actual, listed, quoted, rows_of, within
from aftershock.sql.repairing.warehouses import warehouse_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aftershock.sql.repairing.scripts import Script

Measure = Literal["keys", "count", "reach"]
"""By what a window is compared: its keys, how many rows it has, or only how far back it reaches."""


class Measured(NamedTuple):
    """A window of a table, under a name for people."""

    label: str
    table: Table
    time_column: str
    start: str
    end: str


def window_counts(windows: Sequence[Measured], adapter: str) -> Script:
    """One query of several windows: how many rows each holds now, and the first and last time in it, as text.

    Raises:
        UsageError: a bound is not a time.
    """
    from sqlglot import exp

    read = warehouse_of(adapter).read or None
    selects: list[str] = []
    for label, table, time_column, start, end in windows:
        column = actual(time_column, table.columns)
        name = quoted(column, adapter)
        ends = [exp.cast(exp.func(function, exp.column(column, quoted=True)), "text").sql(dialect=read) for function in ("MIN", "MAX")]
        what = exp.Literal.string(label).sql(dialect=read)
        figures = f"{what} AS table_name, COUNT(*) AS backfilled_rows, {ends[0]} AS min_date, {ends[1]} AS max_date"
        selects.append(f"SELECT {figures}\nFROM {table.relation}\nWHERE {within(column, start, end, adapter)} AND {name} IS NOT NULL")
    return question("\nUNION ALL\n".join(selects))


def window_lost(  # noqa: PLR0913, PLR0917  # a window is a column and two bounds
    table: Table, query: str, time_column: str, start: str, end: str, adapter: str, *, by: Measure, ctes: Mapping[str, str] | None = None
) -> Script:
    """A SELECT that fails where the table's rows of a window are not in a query, and says how many; else it returns 0.

    By ``keys`` it counts keys of the window that the query has nowhere; by ``count`` how many rows more the window has; by ``reach`` the rows that
    are older than all that the query has: a source that keeps fewer days than the table would lose them.

    Args:
        table: the table; ``keys`` are needed for ``by="keys"``.
        query: a SELECT of its columns.
        time_column: the column that the window is over.
        start: first moment, ISO 8601, UTC where it names no zone; empty for no bound.
        end: first moment after the window; empty for no bound.
        adapter: dbt's adapter type.
        by: what is compared.
        ctes: the SQL of ephemeral parents that the query names.

    Raises:
        NoQuery: ``query`` is not one query.
        UsageError: a bound is not a time.
    """
    column, warehouse = actual(time_column, table.columns), warehouse_of(adapter)
    where, name, rows = within(column, start, end, adapter), quoted(column, adapter), rows_of(query, ctes, adapter)
    if by == "keys":
        keys = listed([actual(key, table.columns) for key in table.keys], adapter)
        sides = (f"SELECT {keys} FROM {table.relation} WHERE {where}", f"SELECT {keys} FROM (\n{rows.select}\n) AS s")
        lost = f"SELECT COUNT(*) AS lost FROM (\n{sides[0]}\n{EXCEPT.get(warehouse.read, 'EXCEPT')}\n{sides[1]}\n) AS d"
    elif by == "count":
        held = f"(SELECT COUNT(*) AS n FROM {table.relation} WHERE {where}) AS held"
        found = f"(SELECT COUNT(*) AS n FROM (\n{rows.select}\n) AS s WHERE {where}) AS found"
        lost = f"SELECT CASE WHEN held.n > found.n THEN held.n - found.n ELSE 0 END AS lost\nFROM {held}\nCROSS JOIN {found}"
    else:
        first = f"(SELECT MIN({name}) AS first_time FROM (\n{rows.select}\n) AS s) AS found"
        held = f"(SELECT {name} AS own_time FROM {table.relation} WHERE {where}) AS held"
        lost = f"SELECT COUNT(*) AS lost\nFROM {held}\nCROSS JOIN {first}\nWHERE found.first_time IS NULL OR held.own_time < found.first_time"
    assertion = Rows(f"SELECT {failing(adapter)} AS rows_lost\nFROM (\n{lost}\n) AS figures", rows.ctes)
    return msgspec.structs.replace(question(assertion.text), runnable=warehouse.asserts)
