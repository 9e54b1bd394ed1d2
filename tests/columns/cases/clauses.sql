-- What decides about rows, order and values.
-- schema: t(a, b, c) u(a, d) o(id, customer, amount, status, at)

-- WHERE [*]
select a from t where b > 1 or c is null
--> a = t.a
--~ t.b, t.c

-- JOIN [*]
select t.b, u.d from t left join u on t.a = u.a and u.d > 3
--> b = t.b
--> d = u.d
--~ t.a, u.a, u.d

-- USING [duckdb, postgres, snowflake, trino, bigquery]
select a, b, d from t join u using (a)
--> a = t.a, u.a
--> b = t.b
--> d = u.d
--~ t.a, u.a

-- NATURAL JOIN [duckdb, postgres, snowflake, mysql]
select b, d from t natural join u
--> b = t.b
--> d = u.d
--~ t.a, u.a

-- SEMI and ANTI [duckdb, spark]
select b from t semi join u on t.a = u.a
--> b = t.b
--~ t.a, u.a

-- GROUP BY [*]
select a, sum(b) as s from t group by a having max(c) > 1
--> a = t.a
--> s = t.b
--~ t.a, t.c

-- GROUP BY by place [*]
select a, b + c as k, count(*) as n from t group by 1, 2
--> a = t.a
--> k = t.b, t.c
--> n =
--~ t.a, t.b, t.c

-- GROUP BY ALL [duckdb, snowflake, databricks]
select a, b, sum(c) as s from t group by all
--> a = t.a
--> b = t.b
--> s = t.c
--~ t.a, t.b

-- ROLLUP, CUBE, GROUPING SETS [duckdb, postgres, snowflake]
select count(*) as n from t group by grouping sets ((a), (b, c))
--> n =
--~ t.a, t.b, t.c

-- ORDER BY with LIMIT [*]
select a from t order by b desc, c limit 3
--> a = t.a
--~ t.b, t.c

-- ORDER BY an alias, and a place [*]
select a, b + c as k from t order by k, 1
--> a = t.a
--> k = t.b, t.c
--~ t.a, t.b, t.c

-- DISTINCT compares all [*]
select distinct a, b from t
--> a = t.a
--> b = t.b
--~ t.a, t.b

-- DISTINCT ON [duckdb, postgres]
select distinct on (a) b from t order by a, c
--> b = t.b
--~ t.a, t.c

-- QUALIFY [snowflake, bigquery, duckdb, databricks]
select a, b from t qualify row_number() over (partition by a order by c desc) = 1
--> a = t.a
--> b = t.b
--~ t.a, t.c

-- QUALIFY by an alias [snowflake, duckdb, bigquery]
select a, row_number() over (partition by b order by c) as n from t qualify n = 1
--> a = t.a
--> n = t.b, t.c
--~ t.b, t.c

-- a window, its frame and its filter [duckdb, postgres]
select sum(a) filter (where b > 0) over (order by c rows between 1 preceding and current row) as s from t
--> s = t.a, t.b, t.c
--~ t.b, t.c

-- a named window [duckdb, postgres, mysql, bigquery]
select sum(a) over w as s from t window w as (partition by b order by c)
--> s = t.a
--~ t.b, t.c

-- a named window that builds on another [duckdb, postgres]
select sum(a) over w2 as s from t window w1 as (partition by b), w2 as (w1 order by c)
--> s = t.a
--~ t.b, t.c

-- CASE: what it yields, and what it asks [*]
select case when a > 1 then b else c end as k from t
--> k = t.a, t.b, t.c
--~ t.a

-- CASE with an operand [*]
select case a when 1 then b when 2 then 0 end as k from t
--> k = t.a, t.b
--~ t.a

-- IFF, IF, DECODE [snowflake]
select iff(a > 1, b, c) as k from t
--> k = t.a, t.b, t.c
--~ t.a

-- IF [bigquery, spark, mysql]
select if(a > 1, b, c) as k from t
--> k = t.a, t.b, t.c
--~ t.a

-- COALESCE and casts [*]
select coalesce(a, b) as k, cast(c as varchar(10)) as s from t
--> k = t.a, t.b
--> s = t.c

-- count(*) depends on no column [*]
select count(*) as n from t where a > 1
--> n =
--~ t.a

-- count(t.*) on all of them [postgres, duckdb]
select count(t.*) as n from t
--> n = t.a, t.b, t.c

-- an aggregate's own order [duckdb, postgres]
select string_agg(a, ',' order by b) as s from t
--> s = t.a, t.b
--~ t.b

-- WITHIN GROUP [snowflake, postgres, tsql]
select percentile_cont(0.5) within group (order by a) as m from t
--> m = t.a

-- LISTAGG [snowflake, redshift]
select listagg(a, ',') within group (order by b) as s from t
--> s = t.a, t.b

-- a later item uses an alias [snowflake, redshift, duckdb, databricks]
select a + b as s, s * c as p from t
--> s = t.a, t.b
--> p = t.a, t.b, t.c

-- but a column of that name comes first [snowflake, redshift, duckdb, databricks]
select b as a, a + 1 as k from t
--> a = t.b
--> k = t.a

-- WHERE by an alias [snowflake, duckdb, redshift]
select a + b as s from t where s > 1
--> s = t.a, t.b
--~ t.a, t.b

-- GROUP BY an alias [snowflake, postgres, duckdb, redshift]
select date_trunc('month', at) as m, sum(amount) as s from o group by m
--> m = o.at
--> s = o.amount
--~ o.at

-- GROUP BY an alias [bigquery]
select date_trunc(at, month) as m, sum(amount) as s from o group by m
--> m = o.at
--> s = o.amount
--~ o.at

-- CONNECT BY [snowflake, oracle]
select id, amount from o start with customer is null connect by prior id = customer
--> id = o.id
--> amount = o.amount
--~ o.id, o.customer

-- ASOF JOIN [duckdb]
select o.id, t.b from o asof join t on o.customer = t.a and o.at >= t.c
--> id = o.id
--> b = t.b
--~ o.customer, o.at, t.a, t.c

-- ORDER BY and LIMIT in a CTE decide about its rows [*]
with q as (select a, b from t order by c limit 5) select a from q
--> a = t.a
--~ t.c

-- TABLESAMPLE and FINAL [snowflake, duckdb]
select a from t tablesample bernoulli (10)
--> a = t.a

-- PREWHERE, FINAL [clickhouse]
select a from t final prewhere b > 1 where c > 1
--> a = t.a
--~ t.b, t.c

-- FINAL with an alias [clickhouse]
select x.a, b from t as x final
--> a = t.a
--> b = t.b

-- a scalar in WITH [clickhouse]
with (select max(d) from u) as m select a + m as k from t
--> k = t.a, u.d

-- LIMIT BY [clickhouse]
select a from t order by c limit 1 by b
--> a = t.a
--~ t.b, t.c

-- TOP WITH TIES [tsql]
select top 3 with ties a from t order by b
--> a = t.a
--~ t.b

-- MATCH_RECOGNIZE, whose pattern's variables are no tables [snowflake]
select b, x from t match_recognize (partition by b order by a measures last(v.c) as x pattern (u v+) define v as v.c > u.c)
--> b = t.b
--> x = t.c
--~ t.a, t.b, t.c

-- a star over MATCH_RECOGNIZE has its measures [snowflake]
select * from t match_recognize (partition by b order by a measures last(v.c) as x pattern (u v+) define v as v.c > u.c)
--> a = t.a
--> b = t.b
--> c = t.c
--> x = t.c
