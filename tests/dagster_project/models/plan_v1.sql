select 'free' as plan
