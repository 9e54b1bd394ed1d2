{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='entry_id',
) }}

-- The source forgets its entries after four days; this table is their only history.
select
    e.entry_id,
    e.account_id,
    a.holder,
    e.amount,
    e.entered_at
from {{ ref('stg_entries') }} as e
left join {{ ref('accounts') }} as a on e.account_id = a.account_id
{% if is_incremental() %}
where e.entered_at > (select max(entered_at) from {{ this }})
{% endif %}
