{{ config(materialized='view', event_time='entered_at') }}

select
    entry_id,
    account_id,
    amount_cents / 100.0 as amount,
    memo,
    entered_at
from {{ source('bank', 'entries') }}
