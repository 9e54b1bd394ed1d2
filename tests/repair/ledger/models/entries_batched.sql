{{ config(
    materialized='incremental',
    incremental_strategy='microbatch',
    event_time='entered_at',
    begin=var('batches_from'),
    batch_size='day',
    lookback=1,
) }}

select entry_id, account_id, amount, entered_at
from {{ ref('stg_entries') }}
