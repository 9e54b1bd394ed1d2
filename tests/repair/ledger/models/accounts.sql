{{ config(materialized='table') }}

select account_id, holder from {{ source('bank', 'accounts') }}
