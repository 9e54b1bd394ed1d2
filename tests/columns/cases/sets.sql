-- Set operations.
-- schema: t(a, b, c) u(a, d) v(d, a)

-- UNION ALL goes by place [*]
select a, b from t union all select a, d from u
--> a = t.a, u.a
--> b = t.b, u.d

-- the first branch names the columns [*]
select a as x from t union all select d from u union all select a from v
--> x = t.a, u.d, v.a

-- UNION compares rows [*]
select a from t union distinct select d from u
--> a = t.a, u.d
--~ t.a, u.d

-- EXCEPT: the second branch only takes rows away [duckdb, postgres, snowflake, tsql]
select a from t except select d from u
--~ u.d
--~* t.a

-- stars by place [*]
select * from u union all select * from v
--> a = u.a, v.d
--> d = u.d, v.a

-- BY NAME [duckdb]
select a, d from u union all by name select d, a from v
--> a = u.a, v.a
--> d = u.d, v.d

-- BY NAME with a column that one branch has alone [duckdb]
select a, b from t union all by name select a, d from u
--> a = t.a, u.a
--> b = t.b
--> d = u.d

-- a branch's WHERE counts for all [*]
select a from t where b > 1 union all select d from u
--> a = t.a, u.d
--~ t.b

-- ORDER BY of the whole [duckdb, snowflake, postgres, bigquery, redshift, databricks, trino, tsql, mysql, oracle]
select a, b from t union all select a, d from u order by b
--> a = t.a, u.a
--> b = t.b, u.d
--~* t.b, u.d

-- parentheses [duckdb, postgres, snowflake, bigquery, mysql]
(select a from t order by b limit 1) union all (select d from u)
--> a = t.a, u.d
--~ t.b

-- in a CTE [*]
with q as (select a from t union all select d from u) select a + 1 as k from q
--> k = t.a, u.d

-- with a relation whose columns nobody knows, by place may be any
select a, b from t union all select * from x
--> a = t.a, x.a
--> b = t.b, x.b
--> * = x.*
--? *
