select customer, sum(amount) as amount from {{ ref('known_orders') }} group by customer
