# ruff: noqa: S608 - it reads every table of a warehouse
"""Every SQL step that a plan of shop can hold, run on shop: it is accepted, and where nothing is wrong it changes nothing."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest
from fixtures.build import build_shop
from healthy import sql_steps
from tests.once import green_shop

import aftershock
from aftershock import times

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.model import Step

pytestmark = pytest.mark.dbt

CLOCKED = {"order_event_log": ("logged_at",)}
"""Columns that say when a row was written."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shop(tmp_path_factory.mktemp("sql") / "shop", full_artifacts=False, green=green_shop(tmp_path_factory))


def _moments(target: Path) -> tuple[str, str]:
    """A day before the build, and an hour after it."""
    built = times.parse(aftershock.read_artifacts(target).project.info.generated_at, "manifest")
    return times.iso(built - timedelta(days=2)), times.iso(built + timedelta(hours=1))


def _rows(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    tables = connection.execute(
        "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE' and table_schema like 'analytics%'"
    )
    found: dict[str, list[tuple[object, ...]]] = {}
    for schema, name in tables.fetchall():
        without = ", ".join(CLOCKED.get(name, ()))
        star = f"* exclude ({without})" if without else "*"
        found[f"{schema}.{name}"] = connection.execute(f'select {star} from "{schema}"."{name}" order by all').fetchall()
    return found


def test_where_nothing_is_wrong_no_statement_changes_a_row_but_for_what_dbt_takes_again(shop: Path, tmp_path: Path) -> None:
    steps = sql_steps(shop, *_moments(shop))
    assert len(steps) > 60
    emptied, kept = [step for step in steps.values() if _empties(step)], [step for step in steps.values() if not _empties(step)]
    with duckdb.connect(shutil.copy(shop / "shop.duckdb", tmp_path / "shop.duckdb")) as connection:
        before = _rows(connection)
        for step in kept:
            connection.execute(step.sql)
            after = _rows(connection)
            assert not [name for name in before if after[name] != before[name]], step.sql
        for step in emptied:
            connection.execute(step.sql)
    assert {step.nodes[0].rpartition(".")[2] for step in emptied} == {"fct_orders", "fct_payments", "order_event_log", "inventory_ledger"}


def _empties(step: Step) -> bool:
    """Whether the next command is dbt's, which takes the rows again."""
    return "only dbt knows" in step.why
