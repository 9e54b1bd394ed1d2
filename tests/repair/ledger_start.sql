-- The bank's feed at the start, from the variable `now`: an entry an hour for eight days, of which the feed keeps them all so far.
create schema if not exists bank;

create or replace table bank.accounts as
select i as account_id, 'Holder ' || i as holder
from range(1, 8) as rows(i);

create or replace table bank.entries as
select
    i as entry_id,
    1 + (i * 3) % 7 as account_id,
    (i % 11 - 4) * 250 as amount_cents,
    'memo ' || i as memo,
    getvariable('now') - interval (193 - i) hour as entered_at
from range(1, 193) as rows(i);
