{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='entry_id',
) }}

select entry_id, amount, memo, entered_at
from {{ ref('stg_entries') }}
