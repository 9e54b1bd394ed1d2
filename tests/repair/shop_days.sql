-- What the shop's loaders add on one day, from the variables `start` (when raw.sql was run), `previous` (the load before), `now` (this load) and
-- `day` (1, 2, …). New rows follow raw.sql's own formulas, so that the data goes on as if it had been there from the beginning.
insert into raw.orders
select
    i as order_id,
    1 + (i * 7) % 40 as customer_id,
    ['placed', 'shipped', 'completed', 'returned'][1 + i % 4] as status,
    getvariable('start') - interval ((201 - i) * 70) minute as ordered_at,
    getvariable('start') - interval ((201 - i) * 70 - 20) minute as updated_at,
    (i % 3) * 100 as discount_cents,
    getvariable('start') - interval ((201 - i) * 70 - 30) minute as _loaded_at
from range(201, 301) as rows(i)
where getvariable('start') - interval ((201 - i) * 70) minute > getvariable('previous') - interval 70 minute
    and getvariable('start') - interval ((201 - i) * 70) minute <= getvariable('now') - interval 70 minute;

-- Orders of the two days before go on to their next state: some are seen in three states on three days.
update raw.orders
set status = case status when 'placed' then 'shipped' when 'shipped' then 'completed' else 'returned' end,
    updated_at = getvariable('previous') + interval (360 + order_id % 60) minute,
    _loaded_at = getvariable('previous') + interval 450 minute
where order_id % 3 = 0
    and ordered_at > getvariable('previous') - interval 2 day
    and ordered_at <= getvariable('previous') - interval 70 minute;

insert into raw.order_items
select
    400 + 2 * (o.order_id - 200) - n as order_item_id,
    o.order_id,
    1 + ((o.order_id + n) * 5) % 12 as product_id,
    1 + (o.order_id + n) % 3 as quantity,
    500 + 150 * (1 + ((o.order_id + n) * 5) % 12) as unit_price_cents
from raw.orders as o, range(0, 2) as rows(n)
where o.order_id > 200 and o.ordered_at > getvariable('previous') - interval 70 minute;

insert into raw.payments
select
    order_id + 1000 as payment_id,
    order_id,
    ['card', 'wallet', 'invoice'][1 + order_id % 3] as method,
    2000 + 10 * order_id as amount_cents,
    ordered_at + interval 10 minute as paid_at,
    ordered_at + interval 30 minute as _loaded_at
from raw.orders
where ordered_at > getvariable('previous') - interval 70 minute;

insert into raw.refunds
select
    payment_id + 1000 as refund_id,
    payment_id,
    amount_cents // 2 as amount_cents,
    paid_at + interval 1 hour as refunded_at
from raw.payments
where payment_id % 13 = 0 and paid_at > getvariable('previous') - interval 60 minute;

insert into raw.events
select
    i as event_id,
    1 + (i * 11) % 40 as customer_id,
    ['visit', 'search', 'cart', 'checkout'][1 + i % 4] as event_type,
    getvariable('start') - interval ((601 - i) * 23) minute as occurred_at,
    getvariable('start') - interval ((601 - i) * 23 - 5) minute as _loaded_at
from range(601, 901) as rows(i)
where getvariable('start') - interval ((601 - i) * 23) minute > getvariable('previous') - interval 23 minute
    and getvariable('start') - interval ((601 - i) * 23) minute <= getvariable('now') - interval 23 minute;

insert into raw.inventory_moves
select
    i as move_id,
    (1 + i % 12)::int as product_id,
    case when i % 3 = 0 then 20 else -4 end as delta,
    getvariable('start') - interval ((101 - i) * 2) hour as moved_at
from range(101, 201) as rows(i)
where getvariable('start') - interval ((101 - i) * 2) hour > getvariable('previous') - interval 2 hour
    and getvariable('start') - interval ((101 - i) * 2) hour <= getvariable('now') - interval 2 hour;

-- Snapshots take a version a day of some customers and products; one product gets another name on the first day, and the ledger keeps its old one.
update raw.customers
set email = 'customer' || customer_id || '@day' || getvariable('day') || '.example', updated_at = getvariable('now') - interval 2 hour
where customer_id % 10 = getvariable('day');
update raw.customers set segment = 'business', updated_at = getvariable('now') - interval 1 hour where customer_id = 5 + getvariable('day');
update raw.products set unit_price_cents = unit_price_cents + 50 where product_id = getvariable('day');
update raw.products set product_name = 'Product 5, large' where product_id = 5 and getvariable('day') = 1;

update marketing.campaigns set spend_cents = spend_cents + 1000, exported_at = getvariable('now') - interval 1 hour;

insert into logistics.shipments
select
    order_id + 5000 as shipment_id,
    order_id,
    ['north', 'south'][1 + order_id % 2] as carrier,
    ordered_at + interval 6 hour as shipped_at,
    ordered_at + interval (24 + (order_id % 5) * 12) hour as delivered_at
from raw.orders
where status <> 'placed' and order_id + 5000 not in (select shipment_id from logistics.shipments);
