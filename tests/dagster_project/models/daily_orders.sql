{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='ordered_at', batch_size='day', begin='2024-03-01', lookback=0) }}
select id, customer, ordered_at, amount from {{ ref('stg_orders') }}
