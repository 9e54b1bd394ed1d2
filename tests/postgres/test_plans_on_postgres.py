# ruff: noqa: S608 - it makes SQL of its own cases
"""What a plan says is run on PostgreSQL: every statement that plans of shop can hold, and whole plans after an incident, as they are printed."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pytest
from postgres_shop import tables
from tests.once import AT_A_DESK

import aftershock
from aftershock import times

sys.path.insert(0, str(Path(__file__).parents[1] / "recovery"))

from healthy import sql_steps

if TYPE_CHECKING:
    from postgres_shop import Shop, Tables

pytestmark = pytest.mark.dbt


def _built(shop: Shop) -> str:
    return aftershock.read_artifacts(shop.target).project.info.generated_at


def _moment(shop: Shop, **before: int) -> str:
    return times.iso(times.parse(_built(shop), "manifest") - timedelta(**before))


def test_every_statement_is_accepted_and_changes_nothing_where_nothing_is_wrong(shop_pg: Shop, green_tables: Tables) -> None:
    steps = sql_steps(shop_pg.target, _moment(shop_pg, days=2), _moment(shop_pg, hours=-1))
    assert len(steps) > 60
    for step in steps.values():
        if "only dbt knows" not in step.why:
            try:
                shop_pg.sql(step.sql)
            except psycopg2.Error as error:
                pytest.fail(f"{error}\n{step.sql}")
    assert tables(shop_pg.connection) == green_tables


BAD_ORDERS = "update raw.orders set discount_cents = discount_cents + 5000, status = 'returned' where ordered_at >= timestamp '{}'"


@pytest.mark.parametrize(
    ("source", "category", "damage"),
    [
        ("raw.orders", "data-quality", BAD_ORDERS),
        pytest.param(
            "raw.events",
            "duplicate-load",
            "insert into raw.events select event_id + 100000, customer_id, event_type, occurred_at, _loaded_at from raw.events where occurred_at >= timestamp '{}'",
            marks=AT_A_DESK,
        ),
    ],
)
def test_the_printed_plan_repairs_what_an_incident_left(shop_pg: Shop, green_tables: Tables, source: str, category: str, damage: str) -> None:
    since = _moment(shop_pg, days=2)
    shop_pg.sql(f"create schema kept; create table kept.rows as select * from {source}")
    shop_pg.sql(damage.format(since.rstrip("Z")))
    assert shop_pg.run("dbt", "build", "--target", "prod").returncode in {0, 1}
    shop_pg.sql(f"truncate {source}; insert into {source} select * from kept.rows; drop schema kept cascade")
    assert tables(shop_pg.connection) != green_tables
    made = shop_pg.run("aftershock", "plan", source, "--category", category, "--since", since, "--format", "sh", "--output", "plan.sh")
    assert made.returncode == 0, made.stderr
    done = shop_pg.run("bash", "plan.sh", "--yes-irreversible")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = {name: rows for name, rows in tables(shop_pg.connection).items() if "__before_" not in name}
    assert {name: len(rows) for name, rows in found.items()} == {name: len(rows) for name, rows in green_tables.items()}
    assert [name for name in found if found[name] != green_tables[name]] == []
