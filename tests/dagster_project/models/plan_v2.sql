select 'free' as plan, 0 as price
