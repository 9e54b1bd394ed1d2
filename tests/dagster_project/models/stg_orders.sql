{{ config(event_time='ordered_at') }}
select id, customer, cast(ordered_at as timestamp) as ordered_at, amount from {{ ref('raw_orders') }}
