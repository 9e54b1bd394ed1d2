-- What stands around a query.
-- schema: t(a, b, c) target(x, y)

-- CREATE TABLE AS [duckdb, snowflake, postgres, redshift]
create table n as select a, b + c as k from t
--> a = t.a
--> k = t.b, t.c

-- CREATE TABLE AS, with CTEs within [bigquery, snowflake, postgres]
create or replace view n as with q as (select a from t) select a as z from q
--> z = t.a

-- CREATE VIEW names its columns [duckdb, snowflake, postgres]
create view n (k, l) as select a, b from t
--> k = t.a
--> l = t.b

-- INSERT names its columns [*]
insert into target (x, y) select a, b from t
--> x = t.a
--> y = t.b

-- INSERT goes by place [*]
insert into target select a, b from t where c > 1
--> x = t.a
--> y = t.b
--~ t.c

-- INSERT with CTEs before it [tsql, spark]
with q as (select a, b from t) insert into target (x, y) select a, b from q
--> x = t.a
--> y = t.b

-- INSERT BY NAME [duckdb]
insert into target by name select a as y, b as x from t
--> y = t.a
--> x = t.b

-- one statement with a semicolon [*]
select a from t;
--> a = t.a

-- two statements [*]
select a from t; select b from t
--! 2 statements

-- nothing [*]

--! empty

-- only a comment [duckdb, snowflake]
-- c
--! empty

-- UPDATE [duckdb, snowflake, postgres]
update t set a = b
--! UPDATE

-- DELETE [duckdb, snowflake]
delete from t where a = 1
--! DELETE

-- MERGE [snowflake, bigquery]
merge into t using target on t.a = target.x when matched then update set b = target.y
--! MERGE

-- DDL [duckdb, snowflake]
drop table t
--! not a query

-- no SQL [duckdb, snowflake, bigquery]
select from where group
--! cannot be parsed

-- a Python model [duckdb]
def model(dbt, session): return dbt.ref("x")
--! cannot be parsed

-- an unclosed quote [duckdb]
select 'a from t
--! cannot be parsed

-- VALUES alone [duckdb, postgres]
values (1, 2)
--> =

-- EXPLAIN [duckdb, snowflake]
explain select a from t
--! not a query
