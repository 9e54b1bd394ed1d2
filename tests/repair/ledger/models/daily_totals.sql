{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='entered_on',
) }}

select
    cast(entered_at as date) as entered_on,
    count(*) as entry_count,
    sum(amount) as amount
from {{ ref('stg_entries') }}
{% if is_incremental() %}
where cast(entered_at as date) >= (select max(entered_on) from {{ this }})
{% endif %}
group by 1
