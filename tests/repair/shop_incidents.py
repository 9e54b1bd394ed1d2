"""What goes wrong in the shop."""

from __future__ import annotations

from repair.scenarios import Loss, Scenario
from repair.worlds import JOB, Edit

MISSED_STATES = (
    Loss("analytics.order_event_log", 13, 0, "model.shop.order_event_log", "between"),
    Loss("analytics.order_status_history", 19, 6, "snapshot.shop.orders_snapshot", "in between cannot be had"),
    Loss("analytics_snapshots.orders_snapshot", 19, 6, "snapshot.shop.orders_snapshot", "in between cannot be had"),
)
"""Orders went through a state that no run saw, and their row keeps only the newest: 13 states, of which 6 ended an earlier one."""

REPLACED_STATES = (
    Loss("analytics.order_event_log", 13, 0, "model.shop.order_event_log", "states in between"),
    Loss("analytics.order_status_history", 19, 6, "snapshot.shop.orders_snapshot", "in between"),
    Loss("analytics_snapshots.orders_snapshot", 19, 6, "snapshot.shop.orders_snapshot", "in between"),
)
"""The same states where bad values came between them: which of them were true, the source no longer shows."""

WHOLE = ("build",)
"""The schedule of a shop whose failing tests stop what is below them."""

SNAPSHOT = (("snapshot",),)

BAD_VALUES = (
    Scenario(
        "source, bad values: raw.orders",
        ("raw.orders",),
        "data-quality",
        statements=("update raw.orders set discount_cents = discount_cents + 5000, status = 'returned' where ordered_at > getvariable('onset')",),
    ),
    Scenario(
        "source, bad values for two days: raw.orders",
        ("raw.orders",),
        "data-quality",
        days=(2, 3),
        statements=("update raw.orders set discount_cents = discount_cents + 5000, status = 'returned' where ordered_at > getvariable('onset')",),
        losses=REPLACED_STATES,
    ),
    Scenario(
        "source, bad values: raw.payments",
        ("raw.payments",),
        "data-quality",
        days=(2, 3),
        statements=("update raw.payments set amount_cents = amount_cents * 100 where paid_at > getvariable('onset')",),
    ),
    Scenario(
        "source, bad values: raw.events (microbatch)",
        ("raw.events",),
        "data-quality",
        days=(1, 2, 3),
        statements=("update raw.events set event_type = 'visit' where occurred_at > getvariable('onset')",),
    ),
    Scenario(
        "source, bad values: raw.inventory_moves (append, full_refresh: false)",
        ("raw.inventory_moves",),
        "data-quality",
        days=(2, 3),
        statements=("update raw.inventory_moves set delta = -delta where moved_at > getvariable('onset')",),
    ),
    Scenario(
        "source, bad values: raw.customers (snapshot by check)",
        ("raw.customers",),
        "data-quality",
        statements=("update raw.customers set email = 'unknown@nowhere.example' where customer_id % 4 = 0",),
    ),
    Scenario(
        "source, bad values: raw.products (snapshot by check)",
        ("raw.products",),
        "data-quality",
        days=(2, 3),
        statements=("update raw.products set unit_price_cents = unit_price_cents * 100 where product_id > 6",),
    ),
    Scenario(
        "staging, bad deploy: stg_orders",
        ("stg_orders",),
        "data-quality",
        edits=(Edit("models/staging/stg_orders.sql", "discount_cents / 100.0", "discount_cents / 1.0"),),
        losses=REPLACED_STATES[:1],
    ),
    Scenario(
        "intermediate, bad deploy: int_orders_enriched",
        ("int_orders_enriched",),
        "data-quality",
        edits=(Edit("models/intermediate/int_orders_enriched.sql", "    c.country_code,", "    upper(c.segment) as country_code,"),),
    ),
    Scenario(
        "mart, bad deploy: fct_orders",
        ("fct_orders",),
        "data-quality",
        edits=(Edit("models/marts/core/fct_orders.sql", "    o.amount,", "    o.amount * 2 as amount,"),),
    ),
    Scenario(
        "mart, bad deploy: fct_order_items",
        ("fct_order_items",),
        "data-quality",
        edits=(Edit("models/marts/core/fct_order_items.sql", "i.quantity * i.unit_price", "i.quantity + i.unit_price"),),
    ),
    Scenario(
        "snapshot, bad deploy: products_snapshot",
        ("products_snapshot",),
        "data-quality",
        edits=(Edit("snapshots/products_snapshot.sql", "select product_id, list_price from", "select product_id, list_price * 10 as list_price from"),),
    ),
)

FAILED_RUNS = (
    Scenario(
        "staging, failed run: stg_orders, its descendants skipped",
        ("stg_orders",),
        "pipeline-failure",
        edits=(Edit("models/staging/stg_orders.sql", "    status,", "    order_state as status,"),),
        job=WHOLE,
        fails=True,
    ),
    Scenario(
        "staging, failed runs for two days: stg_orders",
        ("stg_orders",),
        "pipeline-failure",
        days=(2, 3),
        edits=(Edit("models/staging/stg_orders.sql", "    status,", "    order_state as status,"),),
        job=WHOLE,
        fails=True,
        losses=MISSED_STATES,
    ),
    Scenario(
        "staging, failed runs for two days: stg_events (microbatch)",
        ("stg_events",),
        "pipeline-failure",
        days=(1, 2, 3),
        edits=(Edit("models/staging/stg_events.sql", "    event_type,", "    kind as event_type,"),),
        fails=True,
    ),
    Scenario(
        "mart, failed run: sales_by_category",
        ("sales_by_category",),
        "pipeline-failure",
        edits=(Edit("models/marts/reporting/sales_by_category.sql", "    category,", "    product_category,"),),
        fails=True,
    ),
    Scenario(
        "mart, failed run: fct_orders (incremental)",
        ("fct_orders",),
        "pipeline-failure",
        edits=(Edit("models/marts/core/fct_orders.sql", "    o.item_count,", "    o.items,"),),
        fails=True,
    ),
    Scenario(
        "mart, failed run: order_event_log (append)",
        ("order_event_log",),
        "pipeline-failure",
        edits=(Edit("models/marts/core/order_event_log.sql", "    status,", "    state,"),),
        fails=True,
    ),
)

SCHEMA_BREAKS = (
    Scenario(
        "source, column dropped: raw.payments.method",
        ("raw.payments",),
        "schema-break",
        statements=("alter table raw.payments drop column method",),
        job=WHOLE,
        fails=True,
        options=("--column", "method"),
    ),
    Scenario(
        "source, column dropped, no column named: raw.payments",
        ("raw.payments",),
        "schema-break",
        statements=("alter table raw.payments drop column method",),
        job=WHOLE,
        fails=True,
    ),
)

LATE = (
    Scenario(
        "source, loader stopped for one day: raw.orders",
        ("raw.orders",),
        "stale-data",
        stopped=("raw.orders",),
    ),
    Scenario(
        "source, loader stopped for two days: raw.orders",
        ("raw.orders",),
        "stale-data",
        days=(2, 3),
        stopped=("raw.orders",),
        losses=MISSED_STATES,
    ),
    Scenario("source, loader stopped for longer than lookback: raw.events", ("raw.events",), "stale-data", days=(1, 2, 3), stopped=("raw.events",)),
)

LOST_ROWS = (
    Scenario(
        "source, rows lost: raw.orders (snapshot closes them)",
        ("raw.orders",),
        "data-loss",
        statements=("delete from raw.orders where order_id % 7 = 0",),
    ),
    Scenario(
        "source, rows lost, snapshot ran again: raw.orders",
        ("raw.orders",),
        "data-loss",
        statements=("delete from raw.orders where order_id % 7 = 0",),
        after_gate=SNAPSHOT,
    ),
    Scenario(
        "source, rows lost: raw.customers (snapshot records them)",
        ("raw.customers",),
        "data-loss",
        statements=("delete from raw.customers where customer_id % 5 = 0",),
    ),
    Scenario(
        "source, rows lost, snapshot ran again: raw.customers",
        ("raw.customers",),
        "data-loss",
        statements=("delete from raw.customers where customer_id % 5 = 0",),
        after_gate=SNAPSHOT,
    ),
    Scenario("source, truncated: raw.events (microbatch)", ("raw.events",), "data-loss", statements=("truncate raw.events",)),
    Scenario(
        "mart, rows deleted in the warehouse: fct_orders",
        ("fct_orders",),
        "data-loss",
        harm=("delete from analytics.fct_orders where order_id % 3 = 0",),
        options=("--unconfirmed",),
    ),
    Scenario(
        "mart, rows deleted, then built: fct_orders",
        ("fct_orders",),
        "data-loss",
        harm=("delete from analytics.fct_orders where order_id % 3 = 0",),
        commands=(JOB,),
        options=("--unconfirmed",),
    ),
    Scenario(
        "mart, dbt run --empty in production: sales_by_category",
        ("sales_by_category",),
        "data-loss",
        commands=(("run", "--empty", "--select", "sales_by_category"),),
        options=("--unconfirmed",),
    ),
)

DOUBLE_LOADS = (
    Scenario(
        "source, loaded twice: raw.orders",
        ("raw.orders",),
        "duplicate-load",
        statements=("insert into raw.orders select * from raw.orders where ordered_at > getvariable('onset')",),
    ),
    Scenario(
        "source, loaded twice: raw.payments",
        ("raw.payments",),
        "duplicate-load",
        statements=("insert into raw.payments select * from raw.payments where paid_at > getvariable('onset')",),
    ),
    Scenario(
        "source, loaded twice: raw.inventory_moves (append, full_refresh: false)",
        ("raw.inventory_moves",),
        "duplicate-load",
        days=(2, 3),
        statements=("insert into raw.inventory_moves select * from raw.inventory_moves where moved_at > getvariable('onset')",),
    ),
    Scenario(
        "source, loaded twice: raw.events (microbatch)",
        ("raw.events",),
        "duplicate-load",
        days=(2, 3),
        statements=("insert into raw.events select * from raw.events where occurred_at > getvariable('onset')",),
    ),
)

SHOP_SCENARIOS = (*BAD_VALUES, *FAILED_RUNS, *SCHEMA_BREAKS, *LATE, *LOST_ROWS, *DOUBLE_LOADS)
