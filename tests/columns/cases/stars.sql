-- Stars, and what is taken from them, put in their place, or renamed.
-- schema: t(a, b, c) u(a, d)

-- a star lists the columns in order [*]
select * from t
--> a = t.a
--> b = t.b
--> c = t.c

-- of one source [*]
select u.*, t.a as x from t join u on t.a = u.a
--> a = u.a
--> d = u.d
--> x = t.a
--~ t.a, u.a

-- EXCLUDE [duckdb, snowflake]
select * exclude (b) from t
--> a = t.a
--> c = t.c

-- EXCLUDE without parentheses [duckdb, snowflake]
select * exclude b from t
--> a = t.a
--> c = t.c

-- EXCEPT [bigquery, databricks]
select * except (a, b) from t
--> c = t.c

-- REPLACE [duckdb, snowflake]
select * replace (b + c as a) from t
--> a = t.b, t.c
--> b = t.b
--> c = t.c

-- REPLACE [bigquery]
select * replace (upper(c) as b) from t
--> a = t.a
--> b = t.c
--> c = t.c

-- RENAME [snowflake, duckdb]
select * rename (a as z) from t
--> z = t.a
--> b = t.b
--> c = t.c

-- EXCLUDE and RENAME [snowflake]
select * exclude (b) rename (a as z) from t
--> z = t.a
--> c = t.c

-- EXCEPT of one source [bigquery]
select t.* except (c), u.d from t cross join u
--> a = t.a
--> b = t.b
--> d = u.d

-- COLUMNS with a pattern [duckdb]
select columns('^[ab]$') from t
--> a = t.a
--> b = t.b

-- an aggregate of COLUMNS [duckdb]
select max(columns('^[ab]$')) from t
--> a = t.a
--> b = t.b

-- a star by ILIKE [snowflake]
select * ilike '%b%' from t
--> b = t.b

-- a star of a relation that nobody knows keeps its name
select * from x
--> * = x.*
--? *

-- and what is left out is left out, the rest may be there [duckdb]
select * exclude (b), 1 as one from x
--> one =
--> * = x.*
--? *

-- REPLACE on a relation that nobody knows [bigquery]
select * replace (f + g as f) from x
--> f = x.f, x.g
--> * = x.*
--? *

-- a column of one that passed a star of an unknown relation
with q as (select * from x) select q.f, g from q
--> f = x.f
--> g = x.g

-- a star after a join that USING merged [duckdb, snowflake, postgres]
select * from t join u using (a)
--> a = t.a, u.a
--> b = t.b
--> c = t.c
--> d = u.d
--~ t.a, u.a

-- a star after a source that USING did not merge [duckdb]
select * from t join u using (a) cross join (select d as a from u) as w
--> a = t.a, u.a
--> b = t.b
--> c = t.c
--> d = u.d
--> a_1 = u.d

-- a star over stars [*]
with q as (select * from t), r as (select q.*, a + b as s from q) select * from r
--> a = t.a
--> b = t.b
--> c = t.c
--> s = t.a, t.b

-- a star within a function is all of them [snowflake, duckdb]
select hash(*) as h, count(*) as n from t
--> h = t.a, t.b, t.c
--> n =

-- a star within a function, in WHERE [snowflake]
select a from t where hash(*) <> 1
--> a = t.a
--~ t.a, t.b, t.c

-- OBJECT_CONSTRUCT [snowflake]
select object_construct(*) as o, object_construct(t.*) as p from t
--> o = t.a, t.b, t.c
--> p = t.a, t.b, t.c

-- count(distinct *) [duckdb]
select count(distinct *) as n from t
--> n = t.a, t.b, t.c

-- APPLY [clickhouse]
select * apply(sum) from t
--> a = t.a
--> b = t.b
--> c = t.c

-- SIMILAR TO is not tried: all that the star has may pass [duckdb]
select * similar to 'a|b' from t
--> a = t.a
--> b = t.b
--> c = t.c

-- COLUMNS within a subquery is not the item's own [duckdb]
select c in (select e from (unpivot u on columns(* exclude (a)) into name k value e) as w) as k, a from t
--> k = t.c, u.d
--> a = t.a
