{{ config(materialized='incremental', incremental_strategy='append') }}

select entry_id, account_id, amount, entered_at
from {{ ref('stg_entries') }}
{% if is_incremental() %}
where entered_at > (select max(entered_at) from {{ this }})
{% endif %}
