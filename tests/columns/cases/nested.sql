-- Arrays, structs, JSON, and functions that yield rows. Of a struct its field is told where the SQL names one.
-- schema: t(id, s, j, l) d.events(id, params, items)

-- a struct's field [duckdb, bigquery, spark, databricks]
select s.x.y as k, t.s.z from t
--> k = t.s.x.y
--> z = t.s.z

-- JSON by an arrow [postgres, duckdb, mysql]
select j -> 'a' ->> 'b' as k from t
--> k = t.j

-- JSON by a colon [snowflake, databricks]
select j:a.b::varchar as k, t.j:c[0] as m from t
--> k = t.j
--> m = t.j

-- JSON by a function [bigquery, snowflake, trino]
select json_extract_scalar(j, '$.a') as k from t
--> k = t.j

-- UNNEST with a column alias [duckdb, postgres, trino]
select t.id, x.i from t cross join unnest(t.l) as x(i)
--> id = t.id
--> i = t.l
--~* t.l

-- UNNEST [bigquery]
select id, i from t, unnest(l) as i
--> id = t.id
--> i = t.l
--~* t.l

-- UNNEST WITH OFFSET [bigquery]
select id, i, o from t, unnest(l) as i with offset as o
--> id = t.id
--> i = t.l
--> o = t.l

-- an array of structs and their fields [bigquery]
select e.id, p.key, p.value.string_value as v from d.events as e, unnest(params) as p
--> id = d.events.id
--> key = d.events.params.key
--> v = d.events.params.value.string_value

-- the same by a correlated subquery [bigquery]
select (select value.int_value from unnest(params) where key = 'x') as x from d.events
--> x = d.events.params.value.int_value

-- an array as a table [bigquery]
select e.id, i.sku from d.events as e, e.items as i
--> id = d.events.id
--> sku = d.events.items.sku

-- FLATTEN [snowflake]
select t.id, f.value:sku::varchar as sku, f.index as i from t, lateral flatten(input => t.j:items) as f
--> id = t.id
--> sku = t.j
--> i = t.j

-- FLATTEN in TABLE [snowflake]
select id, value from t, table(flatten(j))
--> id = t.id
--> value = t.j

-- LATERAL VIEW [spark, hive, databricks]
select id, x from t lateral view explode(l) e as x
--> id = t.id
--> x = t.l

-- EXPLODE in the SELECT list [spark, databricks]
select id, explode(l) as x from t
--> id = t.id
--> x = t.l

-- UNNEST in the SELECT list [duckdb, postgres]
select id, unnest(l) as x from t
--> id = t.id
--> x = t.l

-- ARRAY JOIN [clickhouse]
select id, x from t array join l as x
--> id = t.id
--> x = t.l

-- OPENJSON [tsql]
select t.id, v.value from t cross apply openjson(t.j) as v
--> id = t.id
--> value = t.j

-- a row as a value [bigquery]
select to_json_string(t) as k from t
--> k = t.id, t.s, t.j, t.l

-- a row as a value [postgres, duckdb]
select row_to_json(t) as k from t
--> k = t.id, t.s, t.j, t.l

-- the latest row of each, as dbt_utils writes it [bigquery]
select latest.* from (select array_agg(o order by j desc limit 1)[offset(0)] as latest from t as o group by id)
--> * = t.id, t.s, t.j, t.l
--~ t.j, t.id

-- the same in one step [bigquery]
select array_agg(struct(id, s) order by j limit 1)[offset(0)].* from t
--> _0 = t.id, t.s, t.j

-- a struct made here keeps its fields apart [bigquery, duckdb]
with q as (select struct(id as x, l as y) as z from t) select z.x as k from q
--> k = t.id

-- a struct made here keeps its fields apart, in braces [duckdb]
with q as (select {'x': id, 'y': l} as z from t) select z.y as k from q
--> k = t.l

-- lambdas hide columns [duckdb]
select list_transform(l, lambda id: id + 1) as k from t
--> k = t.l

-- lambdas with arrows [spark, databricks, trino, snowflake]
select transform(l, x -> x + id) as k from t
--> k = t.l, t.id

-- generate_series depends on nothing [duckdb, postgres]
select t.id, g.n from t cross join generate_series(1, 3) as g(n)
--> id = t.id
--> n =

-- an array constructor of a query [bigquery]
select array(select x from unnest(l) as x where x > id) as k from t
--> k = t.l
--~* t.id
--? id

-- a column of a row in parentheses [duckdb, postgres]
select (t).id as x from t
--> x = t.id
