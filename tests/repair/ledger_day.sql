-- What a day adds to the bank's feed, and what the feed forgets: entries older than four days.
insert into bank.entries
select
    i as entry_id,
    1 + (i * 3) % 7 as account_id,
    (i % 11 - 4) * 250 as amount_cents,
    'memo ' || i as memo,
    getvariable('start') - interval (193 - i) hour as entered_at
from range(193, 193 + 24 * 7) as rows(i)
where getvariable('start') - interval (193 - i) hour > getvariable('previous') - interval 1 hour
    and getvariable('start') - interval (193 - i) hour <= getvariable('now') - interval 1 hour;

delete from bank.entries where entered_at < getvariable('now') - interval 4 day;

-- An account passes to another holder on the first day; the entries of before keep the name of their day.
update bank.accounts set holder = 'Heir 1' where account_id = 1 and getvariable('day') = 1;
