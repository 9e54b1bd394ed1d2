{{ config(materialized='incremental', unique_key='id', schema='marts') }}
select id, amount from {{ ref('stg_orders') }} where amount >= 50
