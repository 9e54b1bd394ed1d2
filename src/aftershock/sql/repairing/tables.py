# ruff: noqa: S608 - it writes SQL from quoted names and checked queries
"""Rows of a table replaced, put back, made unique and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from aftershock.sql.repairing.scripts import OLD, every, insertion, merging, question, staged, swap, transaction
from aftershock.sql.repairing.text import Rows, actual, free_prefix, grouped, listed, quoted, refuse_own, rows_of, within
from aftershock.sql.repairing.warehouses import warehouse_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.sql.repairing.scripts import Script, Table

By = Literal["keys", "rows", "count", "half"]
"""What a row is compared by: its key, all its columns, or not at all."""


def replace_window(  # noqa: PLR0913, PLR0917  # a window is a column and two bounds
    table: Table, query: str, time_column: str, start: str, end: str, adapter: str, *, ctes: Mapping[str, str] | None = None
) -> Script:
    """Replace the rows of ``start <= time_column < end`` by those that a query has there; rows without a time are in no window.

    Without an end, the query's rows between the newest older row of the table and the window are inserted too: nothing else would.

    One transaction; REPLACE WHERE on Delta, MERGE on Trino and Athena, which have none.

    Args:
        table: the table.
        query: a SELECT of all its columns, which runs when the window's rows are gone.
        time_column: the column that the window is over, of a date or time type. One with a time zone is compared in the session's.
        start: first moment, ISO 8601, UTC where it names no zone; empty for no bound.
        end: first moment after the window; empty for no bound. With neither bound every row is replaced.
        adapter: dbt's adapter type.
        ctes: the SQL of ephemeral parents that the query names.

    Raises:
        NoQuery: ``query`` is not one query, or it reads the table itself.
        UsageError: a bound is not a time.
    """
    refuse_own(table.relation, query, ctes)
    table, warehouse = _spelled(table), warehouse_of(adapter)
    column = actual(time_column, table.columns)
    names, window = every(table, adapter), within(column, start, end, adapter)
    rows = rows_of(query, ctes, adapter).inside(names, window if warehouse.replaces or warehouse.merge else _unbroken(table, column, start, end, adapter))
    if warehouse.replaces:
        return transaction((f"INSERT INTO {table.relation} REPLACE WHERE {window}\n{rows.text}",), adapter)
    if warehouse.merge:
        mark = f"{free_prefix(table.columns)}mark"
        nothing = ", ".join(f"NULL AS {quoted(name, adapter)}" for name in table.columns)
        marked = Rows(f"SELECT {names}, 0 AS {mark}\nFROM (\n{rows.select}\n) AS aftershock_new\nUNION ALL\nSELECT {nothing}, 1 AS {mark}", rows.ctes)
        return merging(table, marked, adapter, mark, within(column, start, end, adapter, OLD))
    return transaction((f"DELETE FROM {table.relation} WHERE {window}", insertion(table.relation, names, rows, warehouse)), adapter)


def _unbroken(table: Table, column: str, start: str, end: str, adapter: str) -> str:
    """The window of a query's rows, and what lies between it and the newest older row of the table: rows that no run has taken yet.

    A model that starts from the newest row that it has would never take them, once the window is filled.
    """
    window = within(column, start, end, adapter)
    if not start or end:
        return window
    name, before = quoted(column, adapter), f"FROM {table.relation} WHERE {within(column, '', start, adapter)}"
    return f"({window} OR {name} > (SELECT MAX({name}) {before}) OR NOT EXISTS (SELECT 1 {before}))"


def delete_window(table: Table, time_column: str, start: str, end: str, adapter: str) -> Script:
    """Delete the rows of a window. Arguments and errors as for :func:`replace_window`."""
    window = within(actual(time_column, table.columns), start, end, adapter)
    return transaction((f"DELETE FROM {table.relation} WHERE {window}",), adapter)


def replace_window_by_key(  # noqa: PLR0913, PLR0917  # as above
    table: Table, query: str, time_column: str, start: str, end: str, adapter: str, *, ctes: Mapping[str, str] | None = None
) -> Script:
    """As :func:`replace_window`, and rows outside of the window go too whose key the query has in it: their own time may be what was wrong.

    Only by the window where an adapter has no transactions. Arguments and errors are those of :func:`replace_window`, and the table has keys.
    """
    warehouse = warehouse_of(adapter)
    if not warehouse.begin:
        return replace_window(table, query, time_column, start, end, adapter, ctes=ctes)
    table = _keyed(table, "replace_window_by_key")
    window = within(actual(time_column, table.columns), start, end, adapter)
    rows = rows_of(query, ctes, adapter).inside(every(table, adapter), _unbroken(table, actual(time_column, table.columns), start, end, adapter))
    return staged(table, rows, adapter, also=(f"DELETE FROM {table.relation} WHERE {window}",))


def replace_all(table: Table, query: str, adapter: str, *, ctes: Mapping[str, str] | None = None) -> Script:
    """Replace every row by those of a query, and keep the table itself: its grants, indexes and dependent views.

    Arguments and errors are those of :func:`replace_window`.
    """
    refuse_own(table.relation, query, ctes)
    if warehouse_of(adapter).replaces:
        rows = rows_of(query, ctes, adapter).inside(listed(table.columns, adapter))
        return transaction((f"INSERT OVERWRITE TABLE {table.relation}\n{rows.text}",), adapter)
    return replace_window(table, query, "", "", "", adapter, ctes=ctes)


def replace_keys(  # noqa: PLR0913  # as above
    table: Table, query: str, adapter: str, *, time_column: str = "", start: str = "", end: str = "", ctes: Mapping[str, str] | None = None
) -> Script:
    """Replace the rows whose key a query returns; the others stay. A null is a value of a key like any other.

    Args:
        table: the table, with keys.
        query: a SELECT of all its columns; it is evaluated once, before anything is deleted.
        adapter: dbt's adapter type.
        time_column: with ``start`` and ``end`` as in :func:`replace_window`: only the query's rows of that window count.
        start: first moment.
        end: first moment after the window.
        ctes: the SQL of ephemeral parents that the query names.

    Raises:
        NoQuery: ``query`` is not one query.
        UsageError: a bound is not a time.
        ValueError: the table has no keys.
    """
    table = _keyed(table, "replace_keys")
    return swap(table, _windowed(table, query, adapter, (time_column, start, end), ctes), adapter)


def insert_missing(  # noqa: PLR0913  # as above
    table: Table, query: str, adapter: str, *, time_column: str = "", start: str = "", end: str = "", ctes: Mapping[str, str] | None = None
) -> Script:
    """Insert the query's rows whose key the table does not hold. Arguments and errors as for :func:`replace_keys`, but for one thing.

    A table without keys gets the rows that it holds fewer times than the query returns them.
    """
    table = _spelled(table)
    names, prefix = listed(table.columns, adapter), free_prefix(table.columns)
    mark, held, place = f"{prefix}mark", f"{prefix}held", f"{prefix}place"
    wanted = _windowed(table, query, adapter, (time_column, start, end), ctes)
    keys = grouped(table.keys or table.columns, adapter)
    both = wanted.inside(f"{names}, 0 AS {mark}")
    union = Rows(f"{both.select}\nUNION ALL\nSELECT {names}, 1 AS {mark} FROM {table.relation}", both.ctes)
    sums = f"SUM({mark}) OVER (PARTITION BY {keys}) AS {held}, ROW_NUMBER() OVER (PARTITION BY {keys}, {mark} ORDER BY {mark}) AS {place}"
    missing = union.inside(f"{names}, {mark}, {sums}").inside(names, f"{mark} = 0 AND " + (f"{held} = 0" if table.keys else f"{place} > {held}"))
    return transaction((insertion(table.relation, names, missing, warehouse_of(adapter)),), adapter)


def restore_from(table: Table, copy_relation: str, adapter: str) -> Script:
    """Put back what the table has lost since a copy was made, by :func:`insert_missing`; a row that it still holds stays as it is."""
    names = listed(_spelled(table).columns, adapter)
    return insert_missing(table, f"SELECT {names} FROM {copy_relation}", adapter)


def dedupe(table: Table, adapter: str, *, order_by: str = "") -> Script:
    """Keep one row of each key, and without keys one of each fully equal row. Rows that are not duplicated are not touched.

    Rows whose key is null in every column have no key, and stay. Columns of a type that cannot be grouped (JSON on Postgres) are an error at run
    time where they are keys, or where there are none.

    Args:
        table: the table.
        adapter: dbt's adapter type.
        order_by: what ORDER BY puts the row to keep first by, as SQL; empty for any of them.
    """
    table, whole = _spelled(table), not table.keys
    names, prefix, keys = listed(table.columns, adapter), free_prefix(table.columns), grouped(table.keys or table.columns, adapter)
    place, copies = f"{prefix}place", f"{prefix}copies"
    order = order_by or keys
    counted = f"ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY {order}) AS {place}, COUNT(*) OVER (PARTITION BY {keys}) AS {copies}"
    named = "" if whole else " WHERE " + " OR ".join(f"{quoted(key, adapter)} IS NOT NULL" for key in table.keys)
    rows = Rows(f"SELECT {names}, {counted}\nFROM {table.relation}{named}").inside(names, f"{place} = 1 AND {copies} > 1")
    return swap(msgspec.structs.replace(table, keys=table.keys or table.columns), rows, adapter)


def rows_lost(  # noqa: PLR0913  # as above
    table: Table, query: str, adapter: str, *, time_column: str = "", before: str = "", by: By = "keys", ctes: Mapping[str, str] | None = None
) -> Script:
    """A SELECT that fails where the table holds what a query does not return, and says how much; else it returns 0.

    It is runnable only where its failing is certain. By ``keys`` it counts keys (rows, where the table has no keys), by ``rows`` each copy of each
    row, by ``count`` only how many more there are, and by ``half`` the same where the query has less than half as many.

    Args:
        table: the table.
        query: a SELECT of its columns.
        adapter: dbt's adapter type.
        time_column: what ``before`` is about.
        before: count only what the table holds from before this moment; by ``count`` also on the query's side.
        by: what is compared.
        ctes: the SQL of ephemeral parents that the query names.

    Raises:
        NoQuery: ``query`` is not one query.
        UsageError: ``before`` is not a time.
    """
    table, rows = _spelled(table), rows_of(query, ctes, adapter)
    where = within(actual(time_column, table.columns), "", before, adapter) if before else "1 = 1"
    held, by = Rows(f"SELECT * FROM {table.relation} WHERE {where}"), by if table.keys or by != "keys" else "rows"
    if by in {"count", "half"}:
        numbers = [f"(SELECT COUNT(*) AS n FROM (\n{side.select}\n) AS s WHERE {where}) AS {name}" for name, side in (("held", held), ("found", rows))]
        more = "held.n > found.n" if by == "count" else "held.n > 2 * found.n"
        lost = f"SELECT CASE WHEN {more} THEN held.n - found.n ELSE 0 END AS lost\nFROM {numbers[0]}\nCROSS JOIN {numbers[1]}"
    else:
        chosen = listed(table.keys, adapter) if by == "keys" else _numbered(table, adapter)
        sides = [f"SELECT {chosen} FROM (\n{side.select}\n) AS s" for side in (held, rows)]
        lost = f"SELECT COUNT(*) AS lost FROM (\n{sides[0]}\n{EXCEPT.get(warehouse_of(adapter).read, 'EXCEPT')}\n{sides[1]}\n) AS d"
    assertion = Rows(f"SELECT {failing(adapter)} AS rows_lost\nFROM (\n{lost}\n) AS figures", rows.ctes)
    return msgspec.structs.replace(question(assertion.text), runnable=warehouse_of(adapter).asserts)


def window_proof(table: Table, time_column: str, start: str, end: str, adapter: str) -> Script:
    """How many rows a window holds now, and the first and last time in it. Arguments and errors as for :func:`replace_window`."""
    column = actual(time_column, table.columns)
    name = quoted(column, adapter)
    figures = f"COUNT(*) AS backfilled_rows, MIN({name}) AS min_date, MAX({name}) AS max_date"
    return question(f"SELECT {figures}\nFROM {table.relation}\nWHERE {within(column, start, end, adapter)}")


EXCEPT = {"bigquery": "EXCEPT DISTINCT", "clickhouse": "EXCEPT DISTINCT"}


def failing(adapter: str) -> str:
    """An expression over ``lost`` that fails unless it is 0. No planner can know the figure, so none can decide it beforehand."""
    from sqlglot import transpile

    read = warehouse_of(adapter).read
    if read in {"spark", "databricks", "hive"}:  # CAST makes NULL of what is no number
        return "CASE WHEN lost = 0 THEN 0 ELSE CAST(RAISE_ERROR(CONCAT(CAST(lost AS STRING), ' rows would be lost')) AS INT) END"
    if read in {"mysql", "doris", "starrocks", "singlestore"}:  # CAST reads the leading digits; a scalar with two rows is an error everywhere
        return "(SELECT two.n FROM (SELECT 0 AS n UNION ALL SELECT 1 AS n) AS two WHERE two.n = 0 OR lost > 0)"
    text = "CAST(CASE WHEN lost = 0 THEN '0' ELSE CAST(lost AS VARCHAR) || ' rows would be lost' END AS INTEGER)"
    return transpile(text, read="postgres", write=read or None)[0]


def _numbered(table: Table, adapter: str) -> str:
    """All columns and the number of the row among its equals, so that a difference of sets is one of bags."""
    every, place = grouped(table.columns, adapter), f"{free_prefix(table.columns)}place"
    return f"{listed(table.columns, adapter)}, ROW_NUMBER() OVER (PARTITION BY {every} ORDER BY {every}) AS {place}"


def _windowed(table: Table, query: str, adapter: str, window: tuple[str, str, str], ctes: Mapping[str, str] | None) -> Rows:
    column, start, end = window
    where = within(actual(column, table.columns), start, end, adapter) if start or end else ""
    return rows_of(query, ctes, adapter).inside(every(table, adapter), where)


def _spelled(table: Table) -> Table:
    return msgspec.structs.replace(table, keys=tuple(actual(key, table.columns) for key in table.keys))


def _keyed(table: Table, what: str) -> Table:
    if not table.keys:
        raise ValueError(f"{what} needs a table with keys, and {table.relation} has none")
    return _spelled(table)
