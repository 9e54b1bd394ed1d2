{{ config(materialized='table') }}

select account_id, sum(amount) as balance, max(entered_at) as last_entered_at
from {{ ref('entries_kept') }}
group by account_id
