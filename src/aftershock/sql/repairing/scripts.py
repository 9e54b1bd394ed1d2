# ruff: noqa: S608 - it writes SQL from quoted names and checked queries
"""Statements put together so that they happen as a whole, as far as an adapter allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.sql.repairing.text import QUERY, NoQuery, Rows, free_prefix, grouped, listed, quoted
from aftershock.sql.repairing.warehouses import warehouse_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.sql.repairing.warehouses import Warehouse

OLD, _NEW = "aftershock_table", "aftershock_rows"


class Script(msgspec.Struct, frozen=True):
    """Statements to run in this order, in one session.

    Attributes:
        statements: each without a semicolon; none where nothing is to be done.
        atomic: whether what they change is changed as a whole or not at all.
        runnable: whether ``dbt run-operation run_query`` can run them in one call.
    """

    statements: tuple[str, ...]
    atomic: bool
    runnable: bool

    @property
    def text(self) -> str:
        """The statements, each ended with a semicolon, one below another."""
        return "\n".join(f"{statement};" for statement in self.statements)


NOTHING = Script((), atomic=True, runnable=True)


class Table(msgspec.Struct, frozen=True):
    """A table to repair.

    Attributes:
        relation: its name as dbt writes it, quotes included.
        columns: all its columns, in its order and in the warehouse's spelling; empty where they are not known.
        keys: the columns that name a row; empty where none do.
    """

    relation: str
    columns: tuple[str, ...]
    keys: tuple[str, ...] = ()


def every(table: Table, adapter: str) -> str:
    """All columns of a table for INSERT and SELECT: ``*`` where they are not known and the adapter inserts by name.

    Raises:
        NoQuery: they are not known, and it inserts by position: nothing would show that two columns changed places.
    """
    if not table.columns and not warehouse_of(adapter).by_name:
        raise NoQuery("the table's columns are not known")
    return listed(table.columns, adapter) or "*"


def question(select: str) -> Script:
    """A SELECT alone."""
    return Script((select,), atomic=True, runnable=True)


def transaction(changes: Sequence[str], adapter: str, *, before: Sequence[str] = (), after: Sequence[str] = ()) -> Script:
    """Changes that belong together, with what prepares for them and cleans up, which may be outside of the transaction."""
    warehouse = warehouse_of(adapter)
    if not warehouse.begin:
        statements = (*before, *changes, *after)
        return Script(statements, atomic=len(changes) == 1, runnable=len(statements) == 1)
    *settings, begin = warehouse.begin
    return Script((*settings, *before, begin, *changes, warehouse.commit, *after), atomic=True, runnable=warehouse.several)


def insertion(relation: str, columns: str, rows: Rows, warehouse: Warehouse) -> str:
    """``INSERT INTO … SELECT``, with what the query names first where the dialect wants it so."""
    insert = f"INSERT INTO {relation} BY NAME" if columns == "*" else f"INSERT INTO {relation} ({columns})"
    return f"WITH {','.join(rows.ctes)}\n{insert}\n{rows.select}" if warehouse.flat and rows.ctes else f"{insert}\n{rows.text}"


def swap(table: Table, rows: Rows, adapter: str, *, mark: str = "") -> Script:
    """Remove the rows whose key is in ``rows``, compared null-safely, and insert ``rows``.

    Args:
        table: the table; ``keys`` name at least one column.
        rows: a query of all the table's columns.
        adapter: dbt's adapter type.
        mark: a further column of ``rows`` that is 0 where a row is only inserted and 1 where only its key is removed: one row of each such key.
            With it no key may have a null.
    """
    return _merge(table, rows, adapter, mark) if warehouse_of(adapter).merge else staged(table, rows, adapter, mark)


def staged(table: Table, rows: Rows, adapter: str, mark: str = "", also: tuple[str, ...] = ()) -> Script:
    """As :func:`swap` where a table between the statements holds the rows; ``also`` are further changes that come first in the transaction."""
    warehouse, names = warehouse_of(adapter), every(table, adapter)
    stage, all_columns = warehouse.stage, f"{names}, {mark}" if mark else names
    typed = f"{names}, 0 AS {mark}" if mark else names
    into, create = (f" INTO {stage}", "") if warehouse.flat else ("", f"CREATE TEMPORARY TABLE {stage} AS\n")
    # the stage has the table's own types, so that keys compare as they will once they are inserted
    before = (f"{create}SELECT {typed}{into} FROM {table.relation} WHERE 1 = 0", insertion(stage, all_columns, rows, warehouse))
    only = f" WHERE {mark} = 0" if mark else ""
    back = insertion(table.relation, names, Rows(f"SELECT {names} FROM {stage}{only}"), warehouse)
    return transaction((*also, *_deletions(table, stage, adapter, mark), back), adapter, before=before, after=(f"DROP TABLE {stage}",))


def _deletions(table: Table, stage: str, adapter: str, mark: str) -> tuple[str, ...]:
    """One for whole keys by plain equality, which every planner can hash, and one for keys with a null in them."""
    warehouse, only = warehouse_of(adapter), f" WHERE {mark} = 1" if mark else ""
    if warehouse.encoded:
        key = warehouse.encoded.format(listed(table.keys, adapter))
        return (f"DELETE FROM {table.relation} WHERE {key} IN (SELECT {key} FROM {stage}{only})",)
    prefix = free_prefix(table.columns)
    # the stage's keys get names of their own, so that the bare names can only be the table's: not every dialect lets DELETE name its table
    pairs = [(quoted(key, adapter), f"{prefix}{place}") for place, key in enumerate(table.keys, 1)]
    inner = f"(SELECT {', '.join(f'{key} AS {other}' for key, other in pairs)} FROM {stage}{only}) AS {QUERY}"
    exists = f"EXISTS (\nSELECT 1 FROM {inner} WHERE {{}}\n)"
    equal = " AND ".join(f"{other} = {key}" for key, other in pairs)
    same = " AND ".join(f"({other} = {key} OR ({other} IS NULL AND {key} IS NULL))" for key, other in pairs)
    holes = " OR ".join(f"{key} IS NULL" for key, _ in pairs)
    whole = f"DELETE FROM {table.relation} WHERE {exists.format(equal)}"
    if mark:
        return (whole,)
    return (
        whole,
        f"DELETE FROM {table.relation} WHERE ({holes}) AND {exists.format(same)}",
    )


def _merge(table: Table, rows: Rows, adapter: str, mark: str) -> Script:
    """One MERGE: rows that are marked match what goes and delete it; the others match nothing and are inserted."""
    prefix = free_prefix(table.columns)
    source, mark = (rows, mark) if mark else (_twice(table, rows, adapter, prefix), f"{prefix}mark")
    same = warehouse_of(adapter).merge
    pairs = [f"{OLD}.{quoted(key, adapter)} {same} {_NEW}.{quoted(key, adapter)}" for key in table.keys]
    return merging(table, source, adapter, mark, " AND ".join(pairs))


def merging(table: Table, rows: Rows, adapter: str, mark: str, condition: str) -> Script:
    """One MERGE that deletes what meets ``condition`` of a marked row, and inserts the rows that are not marked."""
    names, values = listed(table.columns, adapter), listed(table.columns, adapter, _NEW)
    lines = (
        f"MERGE INTO {table.relation} AS {OLD}",
        f"USING (\n{rows.text}\n) AS {_NEW}",
        f"ON {_NEW}.{mark} = 1 AND {condition}",
        "WHEN MATCHED THEN DELETE",
        f"WHEN NOT MATCHED AND {_NEW}.{mark} = 0 THEN INSERT ({names}) VALUES ({values})",
    )
    return question("\n".join(lines))


def _twice(table: Table, rows: Rows, adapter: str, prefix: str) -> Rows:
    """The rows, unmarked, and one marked row for each key in them; the query is evaluated once."""
    mark, place, names = f"{prefix}mark", f"{prefix}place", listed(table.columns, adapter)
    keys = grouped(table.keys, adapter)
    number = f"ROW_NUMBER() OVER (PARTITION BY {keys}, {mark} ORDER BY {mark}) AS {place}"
    both = f"CROSS JOIN (SELECT 0 AS {mark} UNION ALL SELECT 1 AS {mark}) AS aftershock_marks"
    inner = Rows(f"SELECT {names}, {mark}, {number}\nFROM (\n{rows.select}\n) AS {QUERY}\n{both}", rows.ctes)
    return inner.inside(f"{names}, {mark}", f"{mark} = 0 OR {place} = 1")
