-- CTEs, derived tables, and queries in expressions.
-- schema: t(a, b, c) u(a, d) e(id, boss, name)

-- a chain of CTEs [*]
with x as (select a, b + c as s from t), y as (select a, s * 2 as d from x where a > 0) select a, d from y
--> a = t.a
--> d = t.b, t.c
--~ t.a

-- names by a CTE's column list [duckdb, postgres, snowflake, trino]
with x(k, l) as (select a, b from t) select l, k from x
--> l = t.b
--> k = t.a

-- a CTE within a CTE [*]
with x as (with y as (select b from t) select b as z from y) select z from x
--> z = t.b

-- a CTE hides a table [*]
with t as (select a as b from u) select b from t
--> b = u.a

-- inside its own body its name is the table [duckdb, postgres, bigquery, redshift, trino, mysql]
with t as (select a, b from t) select b from t
--> b = t.b

-- also in a set operation, where WITH is not RECURSIVE [duckdb, postgres, bigquery, redshift, trino, mysql, spark]
with t as (select d as a from u union all select b from t) select a from t
--> a = u.d, t.b

-- recursive [duckdb, postgres, bigquery, snowflake, trino, mysql]
with recursive up as (
  select id, boss, name from e where boss is null
  union all
  select e.id, up.boss, e.name from e join up on e.boss = up.id
)
select id, boss, name from up
--> id = e.id
--> boss = e.boss
--> name = e.name
--~ e.boss, e.id

-- recursive without the word [tsql, snowflake, oracle]
with up (id, top) as (
  select id, name from e where boss is null
  union all
  select e.id, up.top from e join up on e.boss = up.id
)
select id, top from up
--> id = e.id
--> top = e.name
--~ e.boss, e.id

-- a recursion that swaps columns needs passes [duckdb, postgres]
with recursive r(x, y, z) as (select a, b, c from t union all select y, z, x from r) select x from r
--> x = t.a, t.b, t.c

-- a scalar subquery [*]
select a, (select max(d) from u) as m from t
--> a = t.a
--> m = u.d

-- correlated: its condition decides about the value [*]
select a, (select max(u.d) from u where u.a = t.b) as m from t
--> a = t.a
--> m = u.d
--~ u.a, t.b

-- EXISTS [*]
select a from t where exists (select 1 from u where u.a = t.b and d > 0)
--> a = t.a
--~ u.a, u.d, t.b

-- IN [*]
select a from t where b in (select d from u where u.a > 1)
--> a = t.a
--~ t.b, u.a, u.d

-- NOT IN, with a name that binds to the outer query only [*]
select a from t where b not in (select d from u where c = u.a)
--> a = t.a
--~ t.b, t.c, u.a, u.d

-- ANY [duckdb, postgres]
select a from t where b = any (select d from u)
--> a = t.a
--~ t.b, u.d

-- the inner name comes first [*]
select b from t where exists (select 1 from u where a = 1)
--> b = t.b
--~ u.a

-- derived tables within each other [*]
select z.k from (select y.x as k from (select a + b as x, c from t where c > 1) as y) as z
--> k = t.a, t.b
--~ t.c

-- a subquery in CASE [*]
select case when exists (select 1 from u where u.a = t.a) then b else 0 end as k from t
--> k = t.b
--~ t.a, u.a

-- LIMIT by a subquery [duckdb]
select a from t limit (select max(d) from u)
--> a = t.a
--~ u.d

-- LATERAL [postgres, duckdb, snowflake]
select t.a, l.m from t, lateral (select max(d) as m from u where u.a = t.b) as l
--> a = t.a
--> m = u.d
--~ u.a, t.b

-- CROSS APPLY [tsql]
select t.a, l.m from t cross apply (select max(d) as m from u where u.a = t.b) as l
--> a = t.a
--> m = u.d
--~ u.a, t.b

-- VALUES [duckdb, postgres]
select t.a, v.k from t join (values (1, 'x'), (2, 'y')) as v(i, k) on t.b = v.i
--> a = t.a
--> k =
--~ t.b

-- ephemeral CTEs as dbt writes them [*]
with __dbt__cte__stg as (select a as id, b from t), final as (select id, b from __dbt__cte__stg) select * from final
--> id = t.a
--> b = t.b
