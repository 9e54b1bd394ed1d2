-- Identifiers: quotes, case, qualification, and names of what has none.
-- schema: t(a, b, c) u(a, d) s.orders(id, Amount) db.s.orders2(id, k) Q("Mixed", lower)

-- case does not count [duckdb, bigquery, tsql, mysql, redshift, databricks, trino, snowflake, postgres, oracle]
select A, T.B as X from T
--> A = t.a
--> X = t.b

-- quotes change nothing [duckdb, redshift, trino]
select "A" as x from t
--> x = t.a

-- backticks [bigquery, spark, mysql, databricks, clickhouse]
select `a` as x from `t`
--> x = t.a

-- brackets [tsql, fabric]
select [a] as x from [t]
--> x = t.a

-- a table with its schema, and without it in the reference [*]
select orders.id from s.orders
--> id = s.orders.id

-- with its schema in the reference too [*]
select s.orders.id from s.orders
--> id = s.orders.id

-- with database and schema [*]
select x.k, id from db.s.orders2 as x
--> k = db.s.orders2.k
--> id = db.s.orders2.id

-- one name for all of a table [bigquery]
select id from `db.s.orders2`
--> id = db.s.orders2.id

-- quoted parts [snowflake, postgres, duckdb, redshift, trino]
select "x"."id" from "db"."s"."orders2" as "x"
--> id = db.s.orders2.id

-- an expression without a name [postgres, redshift]
select max(a), a + 1 from t
--> max = t.a
--> _1 = t.a

-- a CASE and a cast without a name [postgres]
select case when a > 1 then b end, cast(c as int) from t
--> case = t.a, t.b
--> c = t.c

-- two columns of one name: both count [snowflake, bigquery, postgres, mysql, tsql, spark]
select a as x, b as x from t
--> x = t.a, t.b

-- two columns of one name, in a CTE [duckdb]
with q as (select a as x, b as x from t) select x, x_1 from q
--> x = t.a
--> x_1 = t.b

-- an ambiguous name counts for every table that may have it
select k from x, y
--> k = x.k, y.k
--? k

-- where one table is known not to have it, it is the other's
select k from t, y
--> k = y.k

-- a name that no table has is unknown, and may be newer than what is known
select nothing, a from t
--> nothing = t.nothing
--> a = t.a
--? nothing

-- qualified by a name that is no table
select z.q from t
--> q = t.z
--? z.q

-- names that are no columns [duckdb, snowflake, postgres]
select current_date as d, current_timestamp as ts from t
--> d =
--> ts =

-- a date part is no column [snowflake, redshift, duckdb]
select datediff(day, a, b) as k from t
--> k = t.a, t.b

-- nor is a type's, nor an interval's unit [duckdb, postgres, snowflake]
select cast(a as timestamp) + interval '1' day as k from t
--> k = t.a

-- a date part [bigquery]
select date_diff(a, b, day) as k, date_trunc(c, month) as m from t
--> k = t.a, t.b
--> m = t.c

-- a date part [tsql]
select dateadd(day, 1, a) as k, datepart(month, b) as m from t
--> k = t.a
--> m = t.b

-- EXTRACT [*]
select extract(year from a) as y from t
--> y = t.a

-- named arguments [snowflake]
select f(x => a) as k from t
--> k = t.a

-- comments and Jinja's remains change nothing [*]
/* {{ config }} */ select a -- b
from t
--> a = t.a
