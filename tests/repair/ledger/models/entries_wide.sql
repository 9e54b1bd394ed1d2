{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='entry_id',
    on_schema_change='sync_all_columns',
) }}

select * from {{ source('bank', 'entries') }}
{% if is_incremental() %}
where entered_at > (select max(entered_at) from {{ this }})
{% endif %}
