"""Changes of shop, one branch each: what is edited, and what a reviewer has to be told where dbt alone does not say it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from fixtures.build import Edit

STAGING: Final = "models/staging"
CORE: Final = "models/marts/core"
OPS: Final = "models/marts/ops"
FINANCE: Final = "models/finance"


@dataclass(frozen=True)
class Branch:
    """One change of shop.

    Attributes:
        change: what it is, as a part of a sentence.
        edits: of files that the base has.
        files: whole files by path, None for one that is gone.
        verdict: what is right where it is not told by what dbt did: "none" is no change at all.
        why: why it is, where dbt alone says something else.
        harder: whether it is one of our own.
    """

    change: str
    edits: tuple[Edit, ...] = ()
    files: dict[str, str | None] = field(default_factory=dict)
    verdict: str = ""
    why: str = ""
    harder: bool = False


BASE_FILES: Final = {
    "macros/in_money.sql": "{% macro in_money(column) %}{{ column }} / 100.0{% endmacro %}\n",
    f"{OPS}/refund_ledger.sql": "select * from {{ ref('stg_refunds') }}\n",
    f"{OPS}/refund_list.sql": "{{ config(materialized='view') }}\n\nselect * from {{ ref('refund_ledger') }}\n",
    f"{OPS}/money_in.sql": """{{ config(materialized='view') }}

select payment_id as move_id, amount, paid_at as moved_at, method as channel, 'payment' as kind from {{ ref('stg_payments') }}
""",
    f"{OPS}/money_out.sql": """{{ config(materialized='view') }}

select refund_id as move_id, amount, refunded_at as moved_at, 'bank' as channel, 'refund' as kind from {{ ref('stg_refunds') }}
""",
    f"{OPS}/money_moves.sql": "select * from {{ ref('money_in') }}\nunion all\nselect * from {{ ref('money_out') }}\n",
    f"{OPS}/order_ranks.sql": """with ranked as (
    select
        order_id,
        customer_id,
        amount,
        row_number() over (partition by customer_id order by ordered_at) as order_number,
        sum(amount) over (partition by customer_id) as customer_amount
    from {{ ref('int_orders_enriched') }}
)

select order_id, order_number, amount, customer_amount
from ranked
""",
    f"{OPS}/first_orders.sql": "select order_id from {{ ref('order_ranks') }} where order_number = 1\n",
    f"{OPS}/order_shares.sql": "select order_id, amount / customer_amount as share from {{ ref('order_ranks') }}\n",
    f"{OPS}/visits.sql": "select customer_id, event_type from {{ ref('stg_events') }}\n",
    f"{OPS}/visit_counts.sql": "select event_type, count(*) as visits from {{ ref('visits') }} group by event_type\n",
}
"""What shop has in addition in every branch and in the base: stars, a union by position, window functions in a CTE, a macro with three users."""

BASE_EDITS: Final = (
    Edit(f"{STAGING}/stg_payments.sql", "amount_cents / 100.0 as amount", "{{ in_money('amount_cents') }} as amount"),
    Edit(f"{STAGING}/stg_refunds.sql", "amount_cents / 100.0 as amount", "{{ in_money('amount_cents') }} as amount"),
    Edit(f"{STAGING}/stg_campaigns.sql", "spend_cents / 100.0 as spend", "{{ in_money('spend_cents') }} as spend"),
    Edit(
        f"{OPS}/_ops.yml",
        "  - name: stock_levels\n",
        "  - name: stock_levels\n    columns:\n      - name: stock\n        data_tests: [not_null]\n",
    ),
)

FCT_ORDER_ITEMS_BY_ORDER: Final = """{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='order_id',
) }}

select
    min(i.order_item_id) as order_item_id,
    i.order_id,
    min(i.product_id) as product_id,
    min(p.category) as category,
    sum(i.quantity) as quantity,
    sum(i.quantity * i.unit_price) as amount,
    o.ordered_at,
    count(*) as line_count
from {{ ref('stg_order_items') }} as i
join {{ ref('stg_orders') }} as o on i.order_id = o.order_id
join {{ ref('dim_products') }} as p on i.product_id = p.product_id
{% if is_incremental() %}
where o.ordered_at >= (select max(ordered_at) - interval 1 day from {{ this }})
{% endif %}
group by i.order_id, o.ordered_at
"""

ORDER_RECONCILIATION: Final = """select
    o.order_id,
    o.amount,
    sum(p.amount) as paid,
    o.amount - coalesce(sum(p.amount), 0) as difference
from {{ ref('fct_orders') }} as o
left join {{ ref('fct_payments') }} as p on o.order_id = p.order_id
group by o.order_id, o.amount
"""

BRANCHES: Final = {
    "used-renamed": Branch(
        "a used column renamed: stg_order_items.unit_price",
        (Edit(f"{STAGING}/stg_order_items.sql", "as unit_price", "as price"),),
    ),
    "used-dropped": Branch(
        "a used column dropped: stg_payments.method, which a test reads too",
        (Edit(f"{STAGING}/stg_payments.sql", "    method,\n", ""),),
    ),
    "star-loses": Branch(
        "an unused column dropped and lost through `select *`: stg_refunds.refunded_at, with its one reader adapted",
        (
            Edit(f"{STAGING}/stg_refunds.sql", "as amount,\n    refunded_at\n", "as amount\n"),
            Edit(f"{OPS}/money_out.sql", "refunded_at as moved_at", "cast(null as timestamp) as moved_at"),
        ),
    ),
    "test-and-dashboard": Branch(
        "a mart's column dropped that only a test and a dashboard read: stock_levels.stock",
        (Edit(f"{OPS}/stock_levels.sql", "    product_id,\n    sum(delta) as stock\n", "    product_id\n"),),
    ),
    "added": Branch(
        "a column added: stg_customers.signed_up_at",
        (Edit(f"{STAGING}/stg_customers.sql", "    created_at,\n", "    created_at,\n    created_at as signed_up_at,\n"),),
    ),
    "comment": Branch(
        "a comment and a newline: fct_orders",
        (Edit(f"{CORE}/fct_orders.sql", "    o.discount,\n", "\n    -- what was taken off\n    o.discount,\n"),),
        verdict="none",
    ),
    "cte-renamed": Branch(
        "a CTE renamed: order_ranks",
        (Edit(f"{OPS}/order_ranks.sql", "with ranked as (", "with numbered as ("), Edit(f"{OPS}/order_ranks.sql", "from ranked", "from numbered")),
        verdict="none",
    ),
    "where-added": Branch(
        "a WHERE added: stg_order_items",
        (Edit(f"{STAGING}/stg_order_items.sql", "from {{ source('raw', 'order_items') }}", "from {{ source('raw', 'order_items') }}\nwhere quantity > 1"),),
    ),
    "left-to-inner": Branch(
        "LEFT to INNER JOIN: daily_sales",
        (Edit("models/marts/reporting/daily_sales.sql", "left join", "inner join"),),
    ),
    "expression": Branch(
        "an expression changed: stg_order_items.unit_price",
        (Edit(f"{STAGING}/stg_order_items.sql", "unit_price_cents / 100.0", "unit_price_cents / 119.0"),),
    ),
    "cast": Branch(
        "a cast to another type: stg_products.list_price, from double to integer",
        (Edit(f"{STAGING}/stg_products.sql", "unit_price_cents / 100.0 as", "cast(unit_price_cents / 100.0 as integer) as"),),
    ),
    "grain": Branch(
        "the grain of an incremental model with on_schema_change ignore changed: fct_order_items",
        files={f"{CORE}/fct_order_items.sql": FCT_ORDER_ITEMS_BY_ORDER},
    ),
    "leaf-deleted": Branch(
        "a leaf model deleted: ad_spend_review",
        files={"models/marts/ad hoc/ad_spend_review.sql": None},
        verdict="breaking",
        why="dbt builds it no more and leaves the old table; whoever reads it outside dbt sees it age",
    ),
    "model-renamed": Branch(
        "a model renamed with all of its refs: order_reconciliation",
        (
            Edit(f"{FINANCE}/_finance.yml", "name: order_reconciliation", "name: payment_reconciliation"),
            Edit(f"{FINANCE}/unpaid_orders.sql", "order_reconciliation", "payment_reconciliation"),
        ),
        {f"{FINANCE}/order_reconciliation.sql": None, f"{FINANCE}/payment_reconciliation.sql": ORDER_RECONCILIATION},
        verdict="breaking",
        why="everything in dbt follows; whoever reads the old table outside dbt sees it age, as with a leaf deleted",
    ),
    "incremental-to-table": Branch(
        "incremental to table: order_event_log",
        (
            Edit(f"{CORE}/order_event_log.sql", "    materialized='incremental',\n    incremental_strategy='append',\n", "    materialized='table',\n"),
            Edit(f"{CORE}/order_event_log.sql", "{% if is_incremental() %}\nwhere updated_at > (select max(updated_at) from {{ this }})\n{% endif %}\n", ""),
        ),
        verdict="risky",
        why="the rows of an appended log that the source has no more are gone; those of shop's are all there",
    ),
    "reordered": Branch(
        "columns reordered, and nobody reads by position: stg_campaigns",
        (Edit(f"{STAGING}/stg_campaigns.sql", "    campaign_name,\n    channel,\n", "    channel,\n    campaign_name,\n"),),
    ),
    "distinct": Branch(
        "SELECT DISTINCT: visits",
        (Edit(f"{OPS}/visits.sql", "select customer_id", "select distinct customer_id"),),
    ),
    "rename-carried": Branch(
        "a rename carried through: stg_order_items.unit_price and both of its readers",
        (
            Edit(f"{STAGING}/stg_order_items.sql", "as unit_price", "as price"),
            Edit("models/intermediate/int_order_amounts.sql", "unit_price", "price"),
            Edit(f"{CORE}/fct_order_items.sql", "i.unit_price", "i.price"),
        ),
        harder=True,
    ),
    "macro": Branch(
        "a macro changed that three models use: in_money",
        (Edit("macros/in_money.sql", "{{ column }} / 100.0", "round({{ column }} / 100.0)"),),
        harder=True,
    ),
    "seed-column": Branch(
        "a seed's column dropped: country_codes.country_name",
        files={"seeds/country_codes.csv": "country_code\nDE\nFR\nGB\nNL\n"},
        harder=True,
    ),
    "source-column": Branch(
        "a source's column renamed in YAML and staging only: raw.orders.status",
        (
            Edit(f"{STAGING}/_sources.yml", "          - name: status\n", "          - name: state\n"),
            Edit(f"{STAGING}/stg_orders.sql", "    status,\n", "    state as status,\n"),
        ),
        harder=True,
    ),
    "union-by-position": Branch(
        "columns reordered in a branch of a UNION by position: money_out",
        (Edit(f"{OPS}/money_out.sql", "'bank' as channel, 'refund' as kind", "'refund' as kind, 'bank' as channel"),),
        harder=True,
    ),
    "contract": Branch(
        "a contract broken: fct_revenue_daily.order_count as an integer",
        (Edit(f"{FINANCE}/fct_revenue_daily.sql", "cast(count(*) as bigint)", "cast(count(*) as integer)"),),
        harder=True,
    ),
    "snapshot-input": Branch(
        "a snapshot's input column dropped: stg_products.list_price",
        (Edit(f"{STAGING}/stg_products.sql", "    unit_price_cents / 100.0 as list_price,\n", ""),),
        harder=True,
    ),
    "snapshot-star": Branch(
        "a column dropped that only a snapshot copies: stg_customers.updated_at",
        (Edit(f"{STAGING}/stg_customers.sql", "    created_at,\n    updated_at\n", "    created_at\n"),),
        verdict="breaking",
        why="the snapshot's table keeps the column, and new rows have no value in it",
        harder=True,
    ),
    "ephemeral": Branch(
        "an ephemeral model's column dropped: int_order_amounts.item_count",
        (Edit("models/intermediate/int_order_amounts.sql", "    sum(quantity) as item_count,\n", ""),),
        harder=True,
    ),
    "own-cte": Branch(
        "a column dropped in a CTE of a model that goes on naming it: order_ranks.customer_amount",
        (Edit(f"{OPS}/order_ranks.sql", " as order_number,\n        sum(amount) over (partition by customer_id) as customer_amount\n", " as order_number\n"),),
        harder=True,
    ),
    "window": Branch(
        "a window's partition changed in a CTE, which one of two readers uses: order_ranks.customer_amount",
        (Edit(f"{OPS}/order_ranks.sql", "sum(amount) over (partition by customer_id)", "sum(amount) over (partition by customer_id % 2)"),),
        harder=True,
    ),
    "where-to-on": Branch(
        "a filter moved from WHERE to the condition of a LEFT JOIN: late_shipments",
        (Edit(f"{OPS}/late_shipments.sql", "\nwhere s.hours_in_transit > 48", " and s.hours_in_transit > 48"),),
        harder=True,
    ),
    "widened": Branch(
        "a type widened: stg_inventory_moves.delta, from integer to bigint",
        (Edit(f"{STAGING}/stg_inventory_moves.sql", "    delta,\n", "    cast(delta as bigint) as delta,\n"),),
        harder=True,
    ),
    "disabled": Branch(
        "a leaf model disabled: unpaid_orders",
        (
            Edit(
                f"{FINANCE}/unpaid_orders.sql",
                "select\n    order_id,\n    difference\n",
                "{{ config(enabled=false) }}\n\nselect\n    order_id,\n    difference\n",
            ),
        ),
        verdict="breaking",
        why="as a leaf deleted",
        harder=True,
    ),
    "owner": Branch(
        "an owner changed only: fct_revenue_daily",
        (Edit(f"{FINANCE}/_finance.yml", '        owner: "#finance-data"\n', '        owner: "#revenue"\n'),),
        harder=True,
    ),
    "test-removed": Branch(
        "a test removed: stg_payments.paid_at not_null",
        (Edit(f"{STAGING}/_staging.yml", "      - name: paid_at\n        data_tests: [not_null]\n", "      - name: paid_at\n"),),
        verdict="risky",
        why="nothing changes today; what the test kept out may come in",
        harder=True,
    ),
    "latest-version": Branch(
        "another latest version: dim_customers from 2 to 1",
        (Edit(f"{CORE}/_core.yml", "    latest_version: 2\n", "    latest_version: 1\n"),),
        harder=True,
    ),
    "schema-change-fail": Branch(
        "a cast above an incremental model with on_schema_change fail: stg_payments.amount, from double to integer",
        (Edit(f"{STAGING}/stg_payments.sql", "{{ in_money('amount_cents') }} as amount", "cast({{ in_money('amount_cents') }} as integer) as amount"),),
        harder=True,
    ),
    "kept-column": Branch(
        "a column dropped that its incremental table keeps, below it a `select *`: fct_orders.gross_amount",
        (Edit(f"{CORE}/fct_orders.sql", "    o.gross_amount,\n", ""),),
        verdict="breaking",
        why="both tables keep the column, and new rows have no value in it; the old data has no new rows",
        harder=True,
    ),
}
"""By name: those that the field's tools were measured on, then harder ones."""
