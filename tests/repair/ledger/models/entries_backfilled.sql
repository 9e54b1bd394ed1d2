{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='entry_id',
) }}

select entry_id, account_id, amount, entered_at
from {{ ref('stg_entries') }}
{% if var('backfill_start', none) is not none %}
where entered_at >= cast('{{ var("backfill_start") }}' as timestamp)
{% elif is_incremental() %}
where entered_at > (select max(entered_at) from {{ this }})
{% endif %}
