"""Edits of many files of shop at once, of every kind that can be put into a manifest without dbt."""

from __future__ import annotations

import ci_pull_requests as ci
from ci_pull_requests import Edit


def text_of(path: str) -> str:
    """What a file of shop holds."""
    return (ci.ROOT / "fixtures" / "shop" / path).read_text("utf-8")


STAGING, CORE, EXPOSURES = "models/staging/_staging.yml", "models/marts/core/_core.yml", "models/exposures/_exposures.yml"
EMPTIED = "models/marts/ops/order_status_history.sql"
SOURCES, SNAPSHOTS = "models/staging/_sources.yml", "snapshots/_snapshots.yml"
CAMPAIGNS = "models/staging/stg_campaigns.sql"
PLAIN = (
    ci.DROP,
    Edit(STAGING, "      - name: status\n        data_tests:\n          - accepted_values:\n              arguments:\n                values: [placed, shipped, completed, returned]\n"),
    Edit(STAGING, "            minimum: 100\n", "            minimum: 200\n          config:\n            severity: warn\n"),
    Edit(STAGING, "      - name: product_id\n        data_tests:\n", "      - name: product_id\n        data_type: integer\n        data_tests:\n          - not_null\n"),
    Edit(STAGING, "      owner: Ann Lee, Bob Roy\n", "      owner: Bob Roy\n"),
    Edit(CORE, "      contract:\n        enforced: true\n      tags: [published]\n", "      tags: [published, shared]\n"),
    Edit(EXPOSURES, "      - ref('sales_by_category')\n", ""),
    Edit(EXPOSURES, "    maturity: high\n    url: https://bi.shop.example/dashboards/executive\n", "    maturity: low\n"),
    Edit(SOURCES, "            error_after: {count: 48, period: hour}\n        meta:\n", "        meta:\n"),
    Edit(SOURCES, "      - name: refunds\n", "      - name: refunds\n        identifier: refunds_v2\n      - name: coupons\n        columns: [{name: coupon_id, data_type: integer}]\n"),
    Edit(SNAPSHOTS, "relation: ref('stg_customers')", "relation: ref('stg_products')"),
    Edit("models/marts/core/fct_payments.sql", "    on_schema_change='fail',\n", "    tags=['card'],\n"),
    Edit("models/marts/core/fct_orders.sql", "{{ ref('int_order_payments') }}", "{{ ref('int_order_amounts') }}"),
    Edit("models/marts/core/inventory_ledger.sql", "    full_refresh=false,\n", "    full_refresh=false,\n    enabled=false,\n"),
    Edit("models/marts/ops/stock_levels.sql", "{{ ref('inventory_ledger') }}", "{{ ref('stg_inventory_moves') }}"),
    Edit("models/marts/core/order_days.sql", "", "{{ config(materialized='incremental', unique_key=['a', 'b'], meta={'owner': 'Ana'}) }}\nselect 1 as a, 2 as b from {{ ref('fct_orders') }}\n"),
    Edit("snapshots/products_snapshot.sql", "check_cols=['list_price']", "check_cols=['list_price', 'product_id']"),
    Edit("tests/refunds_within_payments.sql"),
    Edit("models/marts/reporting/daily_sales.sql"),
    Edit(STAGING, "  - name: stg_events\n    meta:\n", "  - name: stg_events\n    config:\n      post_hook: \"select '{{ this }}'\"\n    meta:\n"),
    Edit("models/marts/core/dim_dates.sql", "select cast(day", "{{ config(pre_hook=['select 1', {'sql': 'select 2', 'transaction': False}]) }}\nselect cast(day"),
    Edit(EXPOSURES, "    type: ml\n", "    type: ml\n    config: {enabled: false}\n"),
    Edit(CAMPAIGNS),
    Edit("models/staging/stg_camp.sql", "", text_of(CAMPAIGNS)),
    Edit("models/marts/marketing/campaign_performance.sql", "ref('stg_campaigns')", "ref('stg_camp')"),
    Edit(EMPTIED, text_of(EMPTIED), "\n"),
    Edit("models/marts/reporting/exec_kpis.sql", "select", "-- one row per day\nselect\n"),
    Edit("macros/money.sql", "", "{# {% macro old() %}1{% endmacro %} #}\n{% macro cents(column) %}{{ column }} / 100{% endmacro %}\n"),
)  # fmt: skip
SOURCED = (
    Edit(SOURCES, "      - name: inventory_moves\n", "      - name: inventory_moves\n        config: {enabled: false}\n"),
    Edit("models/staging/stg_inventory_moves.sql", "source('raw', 'inventory_moves')", "source('raw', 'coupons')"),
    Edit("models/staging/stg_coupons.sql", "", "select coupon_id from {{ source('raw', 'coupons') }}\n"),
)
"""What is read of a source that is edited too."""
EDITS = PLAIN + SOURCED
REST = (
    Edit("models/marts/reporting/totals/daily_sales.sql", "", "{{ config(materialized='view') }}\n\nselect 1 as moved\n"),
    Edit("models/marts/ad hoc/ad_spend_review.sql"),
)

UNKNOWN = tuple(item for item in EDITS if item.path not in {CORE, SOURCES} and item not in SOURCED)
"""Those of which it does not matter what the files held before."""

BRANCHES = {"edited": EDITS + REST, "edited-unknown": UNKNOWN + REST}
