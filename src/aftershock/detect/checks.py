"""What a failing data test means, by the name of its generic test or, of a singular one, by the words of its own name.

Rows are read from the top, the first that matches decides. A glob with a dot is of a package's test; one without is looked for in any package.
"""

from __future__ import annotations

from aftershock.detect.rows import BREAK, DOUBLE, FAILURE, LOSS, QUALITY, STALE, Row, other

_JOINED = other(QUALITY, "the key may not be one, or a join may multiply rows")
_LOADER = other(FAILURE, "the job that loads it may have failed")
_NEW_VALUE = other(BREAK, "what it reads may have got another form on purpose")
_LOST = other(LOSS, "rows may be missing in what it reads")
_TWICE = other(DOUBLE, "rows may have come twice")

TEST_ROWS = (
    Row(
        "key-test",
        DOUBLE,
        "medium",
        "rows share a key, or a key is missing",
        (other(QUALITY, "a key may be null"),),
        tests=("primary_key", "*_primary_key", "dbt_constraints.unique_key"),
    ),
    Row(
        "distinct-test",
        QUALITY,
        "medium",
        "a column has another number of different values than expected",
        (_TWICE, _LOST),
        tests=("expect_column_unique_value_count_*", "expect_column_proportion_of_unique_*", "expect_select_column_values_to_be_unique_within_record", "cardinality_equality", "*cardinality*"),
    ),
    Row(
        "unique-test",
        DOUBLE,
        "high",
        "several rows have one key",
        (_JOINED,),
        tests=("unique", "unique_*", "*_unique", "*_be_unique", "*unique_combination*", "*_uniqueness", "uniqueness*", "*no_duplicate*", "*duplicates*", "*is_unique*"),
    ),
    Row(
        "fresh-test",
        STALE,
        "high",
        "its newest rows are older than they may be",
        (_LOADER, _LOST),
        tests=("recency", "*_recency", "*recent_data", "*freshness*", "*is_fresh*", "*_stale*", "execution_sla", "*not_outdated*", "*up_to_date*"),
    ),
    Row(
        "column-test",
        BREAK,
        "high",
        "its columns or their types are not those that are expected",
        (other(FAILURE, "its own SQL may have changed"),),
        tests=("expect_column_to_exist", "expect_table_column_count_*", "expect_table_columns_*", "expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list",
               "schema_changes*", "exposure_schema_validity", "*column_names*", "*columns_match*", "*column_exists*", "*columns_exist*", "*schema_match*", "*schema_change*",
               "*column_type*", "*_data_types"),
    ),
    Row(
        "few-rows-test",
        LOSS,
        "medium",
        "it has fewer rows than it must have",
        (other(STALE, "a late load looks the same"), other(FAILURE, "the job that loads it may have stopped half way")),
        tests=("*row_count_at_least*", "*rows_at_least*", "*at_least_*rows*", "min_row*", "*_min_row*", "*minimum_row*", "*row_count_min*", "*rows_min*", "*not_empty", "*not_be_empty", "*is_not_empty*", "*has_rows*",
               "*has_data*", "*row_count_drop*", "*row_count_decrease*", "*no_missing_*", "*missing_rows*", "*data_for_every_n_datepart"),
    ),
    Row("any-value-test", LOSS, "low", "a column has no value at all", (other(QUALITY, "its rows may be there without it"), other(STALE, "a late load looks the same")), tests=("at_least_one", "*_at_least_one_value*")),
    Row(
        "many-rows-test",
        DOUBLE,
        "medium",
        "it has more rows than it may have",
        (_JOINED, other(LOSS, "what it is compared with may have lost rows")),
        tests=("*row_count_at_most*", "*rows_at_most*", "max_row*", "*_max_row*", "*maximum_row*", "*row_count_max*", "*rows_max*", "*row_count_increase*", "fewer_rows_than", "*fewer_rows*"),
    ),
    Row(
        "volume-test",
        LOSS,
        "low",
        "it has another number of rows than expected, and the test does not say whether more or fewer",
        (_TWICE, other(STALE, "a late load looks the same")),
        tests=("*row_count*", "*rowcount*", "*volume*", "*number_of_rows*", "*count_rows*", "*rows_count*", "*record_count*"),
    ),
    Row(
        "relationships-test",
        QUALITY,
        "high",
        "values are not in the table that they refer to",
        (other(LOSS, "rows may be missing in the table that it refers to"), other(STALE, "that table may be older")),
        tests=("relationships", "relationships_*", "*foreign_key*", "*referential_integrity*"),
    ),
    Row(
        "null-test",
        QUALITY,
        "high",
        "values are missing",
        (other(LOSS, "rows may be missing in what it is joined with"), _NEW_VALUE),
        tests=("not_null", "not_null_*", "*_not_null", "*_not_be_null", "*not_blank*", "*not_empty_string*", "*non_null*", "*no_nulls*"),
    ),
    Row(
        "values-test",
        QUALITY,
        "high",
        "values are not among those that are accepted",
        (_NEW_VALUE, other(FAILURE, "its own SQL may have changed")),
        tests=("accepted_values", "accepted_*", "*accepted_values", "*_accepted_*", "*_in_set", "*_to_match_regex*", "*_to_match_like*", "*_be_between", "*_of_length*"),
    ),
    Row(
        "expression-test",
        QUALITY,
        "high",
        "rows break a rule that must hold",
        (_TWICE, _LOST),
        tests=("expression_is_true", "expression_*", "mutually_exclusive_ranges", "sequential_values", "equality", "*equal_expression*", "not_constant", "not_accepted_values"),
    ),
    Row(
        "anomaly-test",
        QUALITY,
        "medium",
        "its values are unlike those of the days before",
        (_LOST, _TWICE),
        tests=("elementary.*", "*anomal*", "*z_score*", "*zscore*", "*stdev*", "*outlier*", "*drift*"),
    ),
    Row("expectation-test", QUALITY, "high", "values are not as expected", (_NEW_VALUE, _LOST), tests=("dbt_expectations.*", "expect_*")),
    Row("generic-test", QUALITY, "medium", "rows break a test", (_LOST, _NEW_VALUE), tests=("*",)),
)  # fmt: skip

SINGULAR_ROWS = (
    Row("twice-by-name", DOUBLE, "medium", "by its name, the test looks for rows that come twice", (_JOINED,), words=("duplicate", "duplicates", "duplicated", "dupes", "dups", "unique", "uniqueness", "twice")),
    Row("fresh-by-name", STALE, "medium", "by its name, the test looks at how old the data is", (_LOADER, _LOST), words=("fresh", "freshness", "recency", "recent", "stale", "outdated", "up to date")),
    Row("columns-by-name", BREAK, "medium", "by its name, the test looks at columns", (other(QUALITY, "it may look at values"),), words=("schema", "columns", "column types", "data types")),
    Row(
        "volume-by-name",
        LOSS,
        "low",
        "by its name, the test counts rows",
        (other(QUALITY, "it may count something else"), _TWICE),
        words=("row count", "row counts", "rowcount", "count", "counts", "volume", "missing", "empty", "completeness", "lost", "truncated"),
    ),
    Row("singular-test", QUALITY, "low", "rows break a test that this project wrote", (_LOST, _TWICE)),
)  # fmt: skip

FEWER = Row(
    "fewer-by-sql",
    LOSS,
    "medium",
    "by its SQL, the test fails where there are too few rows",
    (other(STALE, "a late load looks the same"), other(QUALITY, "it may count something else")),
)
MORE = Row("more-by-sql", DOUBLE, "medium", "by its SQL, the test fails where there are too many rows", (_JOINED,))
TWICE = Row("twice-by-sql", DOUBLE, "medium", "by its SQL, the test groups rows and looks for more than one", (_JOINED,))
OLD = Row("old-by-sql", STALE, "low", "by its SQL, the test compares the newest row with the present", (_LOADER, other(QUALITY, "it may look at single rows")))
COLUMNS = Row("columns-by-sql", BREAK, "medium", "by its SQL, the test reads the list of columns", (other(QUALITY, "it may look at values"),))
SQL_ROWS = (COLUMNS, TWICE, FEWER, MORE, OLD)
DIMENSION = Row("quality-dimension", QUALITY, "medium", "its meta names the quality dimension")
"""The category is that of ``detect.dimensions``."""
