-- PIVOT and UNPIVOT.
-- schema: q(y, m, amount, cost) w(id, jan, feb, mar)

-- PIVOT [snowflake]
select * from q pivot (sum(amount) for m in ('jan', 'feb')) as p (y, cost, jan, feb)
--> y = q.y
--> cost = q.cost
--> jan = q.amount
--> feb = q.amount
--~ q.m, q.y, q.cost

-- PIVOT names its columns by value [duckdb]
select y, jan, feb from (select y, m, amount from q) pivot (sum(amount) for m in ('jan', 'feb'))
--> y = q.y
--> jan = q.amount
--> feb = q.amount
--~* q.m, q.y

-- PIVOT [bigquery]
select * from (select y, m, amount from q) pivot (sum(amount) as s, count(*) as n for m in ('jan', 'feb'))
--> y = q.y
--> s_jan = q.amount
--> n_jan =
--> s_feb = q.amount
--> n_feb =
--~* q.m

-- PIVOT [tsql]
select y, [jan], [feb] from (select y, m, amount from q) as s pivot (sum(amount) for m in ([jan], [feb])) as p
--> y = q.y
--> jan = q.amount
--> feb = q.amount
--~* q.m

-- UNPIVOT lists the name before the value [snowflake, duckdb, databricks]
select * from w unpivot (sales for month in (jan, feb))
--> id = w.id
--> mar = w.mar
--> month = w.jan, w.feb
--> sales = w.jan, w.feb

-- UNPIVOT [snowflake, duckdb]
select id, month, sales from w unpivot (sales for month in (jan, feb, mar))
--> id = w.id
--> month = w.jan, w.feb, w.mar
--> sales = w.jan, w.feb, w.mar

-- UNPIVOT [bigquery]
select * from w unpivot (sales for month in (jan, feb as 'F'))
--> id = w.id
--> mar = w.mar
--> sales = w.jan, w.feb
--> month = w.jan, w.feb

-- UNPIVOT [tsql]
select id, month, sales from w unpivot (sales for month in (jan, feb)) as p
--> id = w.id
--> month = w.jan, w.feb
--> sales = w.jan, w.feb

-- UNPIVOT as a statement [duckdb]
unpivot w on jan, feb into name month value sales
--> id = w.id
--> mar = w.mar
--> month = w.jan, w.feb
--> sales = w.jan, w.feb

-- PIVOT over the values of a query [snowflake]
select * from (select y, m, amount from q) pivot (sum(amount) for m in (select mar from w)) as p
--> y = q.y
--> * = q.amount
--~ q.m, q.y, w.mar

-- PIVOT in the short form: its columns are not told one by one [duckdb]
select * from (pivot (select y, m, amount from q) on m in ('jan', 'feb') using sum(amount))
--> y = q.y
--> * = q.amount
--~ q.m, q.y

-- a pivot whose columns only the data tells [duckdb]
select * from (pivot q on m using sum(amount) group by y)
--> y = q.y
--> * = q.amount
--~ q.m, q.y
