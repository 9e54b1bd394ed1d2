"""Shop on PostgreSQL is shop, and what recovery plans rest on is so: dropped views, transactions through dbt, what a batch leaves."""

from __future__ import annotations

import json
import runpy
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import pytest
from fixtures.build import PROJECT
from fixtures.build import RAW_DATA as RAW_ON_DUCKDB
from fixtures.postgres import EDITS, OVERLAY, REPLACED
from postgres_shop import tables

import aftershock

if TYPE_CHECKING:
    from collections.abc import Callable

    from postgres_shop import Shop, Tables

pytestmark = pytest.mark.dbt

VIEWS = "select schemaname || '.' || viewname from pg_views where schemaname like 'analytics%'"
PROD = ("--target", "prod")


def artifact(shop: Shop, kind: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shop.target / f"{kind}.json").read_text("utf-8"))
    return loaded


def views(shop: Shop) -> set[str]:
    return {name for (name,) in shop.sql(VIEWS)}


def run_query(shop: Shop, sql: str) -> tuple[int, str]:
    done = shop.run("dbt", "run-operation", "run_query", "--args", json.dumps({"sql": sql}), *PROD)
    return done.returncode, done.stdout


def test_an_overlaid_file_differs_and_an_edit_is_needed() -> None:
    files = {path.relative_to(OVERLAY).as_posix() for path in OVERLAY.rglob("*") if path.is_file()}
    assert files == {"raw.sql", "models/marts/marketing/customer_segments.sql"}
    assert all((PROJECT / name).exists() for name in REPLACED)
    assert all(edit.old in (PROJECT / edit.path).read_text("utf-8") for edit in EDITS)


def test_it_builds_green_with_every_strategy(shop_pg: Shop) -> None:
    manifest, results = artifact(shop_pg, "manifest"), artifact(shop_pg, "run_results")
    assert manifest["metadata"]["adapter_type"] == "postgres"
    assert {result["status"] for result in results["results"]} == {"success", "pass", "no-op"}
    assert (results["args"]["which"], results["args"]["target"]) == ("build", "prod")
    assert results["metadata"]["invocation_id"] == manifest["metadata"]["invocation_id"]
    run = {result["unique_id"] for result in results["results"]}
    configs = [node["config"] for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["unique_id"] in run]
    assert {config["incremental_strategy"] for config in configs} == {None, "append", "delete+insert", "merge", "microbatch"}
    assert {result["status"] for result in artifact(shop_pg, "sources")["results"]} == {"pass"}
    built = {key for key, node in manifest["nodes"].items() if key in run and node["resource_type"] in {"model", "seed", "snapshot"}}
    assert set(artifact(shop_pg, "catalog")["nodes"]) == built


def test_its_raw_rows_are_those_of_shop_on_duckdb(shop_pg: Shop) -> None:
    ((now,),) = shop_pg.sql("select max(exported_at) + interval '1 hour' from marketing.campaigns")
    with duckdb.connect() as connection:
        connection.execute(f"set variable now = timestamp '{now}'")
        connection.execute(RAW_ON_DUCKDB.read_text("utf-8"))
        names = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
        assert len(names) == 10
        for (name,) in names:
            on_duckdb = connection.execute(f"select * from {name}")  # noqa: S608  # our own names
            columns = [column[0] for column in on_duckdb.description]
            assert sorted(shop_pg.sql(f"select {', '.join(columns)} from {name}")) == sorted(on_duckdb.fetchall()), name  # noqa: S608


def test_its_segments_are_those_of_the_python_model(shop_pg: Shop) -> None:
    (replaced,) = REPLACED
    rows = shop_pg.sql("select customer_id, cast(lifetime_value as float8) from analytics.customer_ltv order by 1")
    frame = pd.DataFrame(rows, columns=["customer_id", "lifetime_value"])
    session = SimpleNamespace(config=lambda **_: None, ref=lambda _: SimpleNamespace(df=lambda: frame))
    segments = runpy.run_path(str(PROJECT / replaced))["model"](session, None)[["customer_id", "segment"]]
    assert shop_pg.sql("select customer_id, segment from analytics.customer_segments order by 1") == list(segments.itertuples(index=False, name=None))


def test_a_reset_shop_is_as_it_was_built(shop_pg: Shop, green_tables: Tables, reset_shop: Callable[[], Shop]) -> None:
    shop_pg.sql("drop table analytics.fct_orders cascade; update raw.orders set status = 'lost'")
    (shop_pg.target / "manifest.json").unlink()
    assert tables(shop_pg.connection) != green_tables
    again = reset_shop()
    assert tables(again.connection) == green_tables
    assert artifact(again, "manifest")["metadata"]["adapter_type"] == "postgres"


def test_a_table_that_is_built_again_drops_the_views_below_it(shop_pg: Shop, green_tables: Tables) -> None:
    before = views(shop_pg)
    shop_pg.dbt("run", "--select", "fct_orders", "fct_revenue_daily", *PROD)
    assert before - views(shop_pg) == {"analytics_finance.fct_revenue_monthly"}  # fct_orders has views too, but an incremental run replaces nothing
    shop_pg.dbt("run", "--full-refresh", "--select", "fct_orders", *PROD)
    gone = {"analytics_finance.fct_revenue_monthly", "analytics.daily_sales", "analytics.sales_by_country"}
    assert before - views(shop_pg) == gone
    shop_pg.dbt("run", "--select", "fct_revenue_monthly", "daily_sales", "sales_by_country", *PROD)
    assert tables(shop_pg.connection) == green_tables


def test_a_plan_for_a_table_makes_the_views_again(shop_pg: Shop, green_tables: Tables) -> None:
    shop_pg.sql(
        "update analytics_finance.fct_revenue_daily set revenue = 0; update analytics.exec_kpis set revenue = 0; update analytics.finance set revenue = 0"
    )
    report = aftershock.assess(aftershock.read_artifacts(shop_pg.target), "fct_revenue_daily", "data-quality")
    commands = [step.argv for phase in report.recovery.phases for step in phase.steps if step.argv]
    for command in commands:
        done = shop_pg.run(*command)
        assert done.returncode == 0, done.stdout
    assert tables(shop_pg.connection) == green_tables


REFILL = """
delete from analytics.fct_payments where payment_id > 1190;
insert into analytics.fct_payments (payment_id, order_id, customer_id, method, amount, paid_at)
select p.payment_id, p.order_id, o.customer_id, 'repaired', p.amount, p.paid_at
from analytics.stg_payments as p join analytics.fct_orders as o on p.order_id = o.order_id where p.payment_id > 1190;
"""
LOSS = "select cast(case when count(*) = 0 then '0' else cast(count(*) as varchar) || ' rows would be lost' end as integer) from raw.orders where order_id < 4;"


@pytest.mark.parametrize(
    ("sql", "code", "word", "repaired"),
    [
        (f"begin; {REFILL} commit;", 0, "", 10),
        (REFILL, 0, "", 10),
        (f"begin; {REFILL} select no_such_column from raw.orders; commit;", 1, "no_such_column", 0),  # noqa: S608  # our own SQL
        (f"begin; {REFILL} {LOSS} commit;", 1, "3 rows would be lost", 0),
    ],
    ids=["commits", "is committed by dbt where it does not say so", "rolls back at an error", "rolls back at an assertion"],
)
def test_run_query_is_one_transaction(shop_pg: Shop, sql: str, code: int, word: str, repaired: int) -> None:
    returned, said = run_query(shop_pg, sql)
    assert (returned, word in said) == (code, True), said
    assert shop_pg.sql("select count(*), count(*) filter (where method = 'repaired') from analytics.fct_payments") == [(200, repaired)]


CHANGES = """
insert into raw.orders select 201, 1, 'placed', ordered_at + interval '70 minute', updated_at + interval '70 minute', 0, _loaded_at from raw.orders where order_id = 200;
insert into raw.payments select 1201, 201, 'card', 4010, paid_at + interval '70 minute', _loaded_at from raw.payments where payment_id = 1200;
update raw.orders set status = 'returned', updated_at = updated_at + interval '60 minute' where order_id = 200;
delete from raw.orders where order_id = 3;
delete from raw.customers where customer_id = 40;
insert into raw.events select 601, 1, 'visit', occurred_at + interval '1 minute', _loaded_at from raw.events where event_id = 600;
delete from raw.events where event_id = 600;
"""


def test_a_second_build_carries_changes_as_each_strategy_does(shop_pg: Shop) -> None:
    shop_pg.sql(CHANGES)
    shop_pg.dbt("build", "--exclude-resource-type", "test", "unit_test", *PROD)
    merged = shop_pg.sql("select order_id, status from analytics.fct_orders where order_id in (3, 200, 201) order by 1")
    assert merged == [(3, "returned"), (200, "returned"), (201, "placed")]
    assert shop_pg.sql("select order_id from analytics.order_event_log group by 1 having count(*) > 1") == [(200,)]
    assert shop_pg.sql("select max(payment_id), count(*) from analytics.fct_payments") == [(1201, 201)]
    assert shop_pg.sql("select event_id from analytics.fct_events where event_id > 599 order by 1") == [(600,), (601,)]  # a merge deletes nothing
    assert shop_pg.sql("select order_id, dbt_valid_to is null from analytics_snapshots.orders_snapshot where order_id in (3, 200) order by dbt_valid_from") == [
        (3, False),
        (200, False),
        (200, True),
    ]
    gone = shop_pg.sql("select dbt_is_deleted, dbt_valid_to is null from analytics_snapshots.customers_snapshot where customer_id = 40 order by dbt_valid_from")
    assert gone == [("False", False), ("True", True)]
