"""A model's columns renamed, replaced, added or put in another order, under made-up readers: what DuckDB's binder then does is what is said.

A column that is added may make a name mean something else in ways that are not followed; nothing else that DuckDB refuses may be left out.
"""

from __future__ import annotations

import random
import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from change_projects import checked, edited, hit, model, project, source

sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))

from generate import TABLES, generate  # beside the oracle's own tests

SEED, STATEMENTS = 11, 36
KINDS = ("rename", "replace", "reorder", "add")
NAMES = sorted({column.partition(" ")[0] for columns in TABLES.values() for column in columns})


class Case(NamedTuple):
    """A reader, and a table whose columns become others: (expression, name) each."""

    sql: str
    table: str
    kind: str
    columns: tuple[tuple[str, str], ...]


def typed(column: str) -> tuple[str, str]:
    name, _, kind = column.partition(" ")
    return name, kind or "INTEGER"


@cache
def cases() -> list[Case]:
    dice = random.Random(SEED)  # noqa: S311  # made-up data
    found = []
    for one in generate(SEED, STATEMENTS):
        tables = [table for table in TABLES if re.search(rf"(?:from|join|,) {table}\b", one.sql)]
        if tables:
            table = dice.choice(tables)
            columns = [(typed(column)[0], typed(column)[0]) for column in TABLES[table]]
            kind, place = dice.choice(KINDS), dice.randrange(len(columns))
            new = dice.choice(["zz", *(name for name in NAMES if (name, name) not in columns)])
            if kind == "add":
                columns.insert(place, ("1", new))
            elif kind == "reorder":
                dice.shuffle(columns)
            else:
                columns[place] = (columns[place][0] if kind == "rename" else "1", new)
            found.append(Case(one.sql, table, kind, tuple(columns)))
    return found


def bound(tables: dict[str, list[tuple[str, str]]], sql: str) -> list[str] | None:
    """The columns of a query on empty tables; None where DuckDB refuses it."""
    connection = duckdb.connect()
    for table, columns in tables.items():
        connection.execute(f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in columns)})")
    try:
        connection.execute(f"create temp view reader as {sql}")
    except duckdb.Error:
        return None
    return [row[0] for row in connection.execute("describe reader").fetchall()]


def truth(case: Case) -> str:
    before = {table: [typed(column) for column in columns] for table, columns in TABLES.items()}
    kinds = dict(before[case.table])
    was = bound(before, case.sql)
    now = bound({**before, case.table: [(name, kinds.get(expression, "INTEGER")) for expression, name in case.columns]}, case.sql)
    assert was is not None
    return "fails" if now is None else "loses" if set(was) - set(now) else ""


def said(case: Case) -> str:
    place = {"database": "", "schema": ""}
    sources = [source(f"raw_{table}", *(typed(column)[0] for column in columns)) for table, columns in TABLES.items()]
    models = [
        model(table, f"select {', '.join(typed(column)[0] for column in columns)} from raw_{table}", relation_name=f'"{table}"', **place)  # noqa: S608  # our own
        for table, columns in TABLES.items()
    ]
    reader = {**model("reader", case.sql), "depends_on": {"nodes": [f"model.p.{table}" for table in TABLES if re.search(rf"\b{table}\b", case.sql)]}}
    base = {**project(*sources, *models)}
    base["nodes"]["model.p.reader"] = reader
    items = ", ".join(f"{expression} as {name}" for expression, name in case.columns)
    head = edited(base, model(case.table, f"select {items} from raw_{case.table}", relation_name=f'"{case.table}"', **place))  # noqa: S608  # our own
    return hit(checked(base, head)).get("reader", "")


@pytest.mark.parametrize("place", range(STATEMENTS))
def test_a_reader_does_what_is_said(place: int) -> None:
    if place >= len(cases()):
        pytest.skip("its reader reads no table")
    case = cases()[place]
    true, found = truth(case), said(case)
    if true == "fails":
        assert "fails" in found or case.kind == "add" or "may" in found, case
    elif true == "loses":
        assert "loses" in found, case
    else:
        assert "may" in found or ("fails" not in found and "loses" not in found), case
