"""Errors about rows and values: keys that come twice, values that are missing or cannot be read."""

from __future__ import annotations

from aftershock.detect.rows import BREAK, DOUBLE, FAILURE, QUALITY, Row, other

RETYPED = other(BREAK, "the column may have another type or form than before")

KEYS = (
    Row(
        "merged-twice",
        DOUBLE,
        "high",
        "several rows that it reads have the key of one row",
        (other(QUALITY, "its unique_key may not be a key, or a join may multiply rows"),),
        messages=(
            ("postgres", r"(?:MERGE|ON CONFLICT DO UPDATE) command cannot affect row a second time"),
            ("redshift", r"Found multiple matches to update the same tuple"),
            ("snowflake", r"Duplicate row detected during DML action"),
            ("bigquery", r"UPDATE/MERGE must match at most one source row"),
            ("databricks", r"DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE|multiple source rows matched"),
            ("trino", r"MERGE target table row matched more than one source row|MERGE_TARGET_ROW_MULTIPLE_MATCHES"),
            ("sqlserver", r"MERGE statement attempted to UPDATE or DELETE the same row more than once"),
            ("oracle", r"ORA-30926\b"),
        ),
    ),
    Row(
        "unique-constraint",
        DOUBLE,
        "high",
        "a row has the key of another",
        (other(QUALITY, "the key may not be one, or a join may multiply rows"),),
        messages=(
            ("postgres", r"duplicate key value violates unique constraint|could not create unique index"),
            ("duckdb", r"Duplicate key .{0,200}violates|violates (?:primary key|unique) constraint"),
            ("sqlserver", r"Cannot insert duplicate key"),
            ("oracle", r"ORA-00001\b"),
            ("mysql", r"Duplicate entry .{0,200} for key"),
            ("sqlite", r"UNIQUE constraint failed"),
        ),
    ),
    Row(
        "one-row-expected",
        DOUBLE,
        "low",
        "a subquery that must give one row gives several",
        (other(QUALITY, "the values by which it chooses may be wrong"),),
        messages=(
            ("postgres", r"more than one row returned by a subquery"),
            ("snowflake", r"Single-row subquery returns more than one row"),
            ("bigquery", r"Scalar subquery produced more than one element"),
            ("databricks", r"SCALAR_SUBQUERY_TOO_MANY_ROWS"),
            ("trino", r"Scalar sub-query has returned multiple rows"),
            ("sqlserver", r"Subquery returned more than 1 value"),
            ("oracle", r"ORA-01427\b"),
            ("mysql", r"Subquery returns more than 1 row"),
        ),
    ),
)

VALUES = (
    Row(
        "null-constraint",
        QUALITY,
        "high",
        "a value is missing that its table must have",
        (RETYPED,),
        messages=(
            ("postgres", r'null value in column "(?P<column>[^"]+)"'),
            ("snowflake", r"NULL result in a non-nullable column"),
            ("bigquery", r"Required field (?P<column>[\w$.]+) cannot be null"),
            ("databricks", r"NOT NULL constraint violated for column: (?P<column>[\w.]+)"),
            ("databricks", r"DELTA_NOT_NULL_CONSTRAINT_VIOLATED"),
            ("duckdb", r"NOT NULL constraint failed: (?P<column>[\w.]+)"),
            ("trino", r"NULL value not allowed for NOT NULL column: (?P<column>\w+)"),
            ("sqlserver", r"Cannot insert the value NULL into column '(?P<column>[^']+)'"),
            ("clickhouse", r"Cannot convert NULL value to non-Nullable type"),
            ("oracle", r"ORA-01400\b"),
            ("mysql", r"Column '(?P<column>[^']+)' cannot be null"),
        ),
    ),
    Row(
        "check-constraint",
        QUALITY,
        "high",
        "a value breaks a constraint of its table",
        (RETYPED,),
        messages=(
            ("postgres", r"violates (?:check|foreign key|exclusion) constraint"),
            ("databricks", r"DELTA_VIOLATE_CONSTRAINT_WITH_VALUES|CHECK constraint .{0,200}violated"),
            ("duckdb", r"(?:CHECK|FOREIGN KEY) constraint failed|Violates foreign key constraint"),
            ("sqlserver", r"conflicted with the (?:CHECK|FOREIGN KEY) constraint"),
            ("oracle", r"ORA-0229[012]\b"),
            ("mysql", r"a foreign key constraint fails|Check constraint .{0,100} is violated"),
        ),
    ),
    Row(
        "unreadable-value",
        QUALITY,
        "medium",
        "a value cannot be read as the type that its SQL expects",
        (RETYPED, other(FAILURE, "the model's own SQL may be wrong")),
        messages=(
            ("postgres", r"invalid input syntax for type|date/time field value out of range|Invalid digit, Value"),
            ("snowflake", r"(?:Numeric|Date|Time|Timestamp|Boolean) value .{1,200} is not recognized|Failed to cast variant value|Error parsing JSON"),
            ("bigquery", r"Bad (?:int64|double|bool|numeric) value|Could not cast (?:literal|value)|Invalid (?:timestamp|date|datetime|NUMERIC value)|Failed to parse input string"),
            ("databricks", r"\[(?:CAST_INVALID_INPUT|CANNOT_PARSE_TIMESTAMP|MALFORMED_RECORD_IN_PARSING)|NumberFormatException"),
            ("duckdb", r"Could not (?:convert|cast|parse) |Conversion Error|invalid (?:timestamp|date) field format"),
            ("trino", r"INVALID_CAST_ARGUMENT|Cannot cast .{1,200} to [A-Z]+|INVALID_FUNCTION_ARGUMENT"),
            ("sqlserver", r"Conversion failed when converting|Error converting data type"),
            ("clickhouse", r"CANNOT_PARSE_|Cannot parse (?:string|text|datetime)"),
            ("oracle", r"ORA-0(?:1722|1830|1839|1840|1841|1843|1847|1858|1861)\b"),
            ("mysql", r"Incorrect (?:integer|decimal|double|date|datetime|string) value|Truncated incorrect"),
        ),
    ),
    Row(
        "value-too-long",
        QUALITY,
        "medium",
        "a value is longer or larger than its column",
        (RETYPED,),
        messages=(
            ("postgres", r"value too long for type|numeric field overflow|(?:integer|bigint|smallint) out of range"),
            ("snowflake", r"is too long and would be truncated|Numeric value .{1,100} is out of range"),
            ("bigquery", r"\b(?:int64|numeric|double) overflow|exceeds maximum length"),
            ("databricks", r"\[(?:ARITHMETIC_OVERFLOW|NUMERIC_VALUE_OUT_OF_RANGE|DELTA_EXCEED_CHAR_VARCHAR_LIMIT)"),
            ("duckdb", r"Out of Range Error|Overflow in "),
            ("trino", r"NUMERIC_VALUE_OUT_OF_RANGE"),
            ("sqlserver", r"(?:String or binary data would be truncated|Arithmetic overflow error)"),
            ("oracle", r"ORA-(?:12899|01438|01426)\b"),
            ("mysql", r"Data too long for column|Out of range value"),
        ),
    ),
    Row(
        "division-by-zero",
        QUALITY,
        "medium",
        "a value by which its SQL divides is zero",
        (other(FAILURE, "the model's own SQL does not provide for it"),),
        messages=(("any", r"division by zero|divide by zero|DIVIDE_BY_ZERO|DIVISION_BY_ZERO|ILLEGAL_DIVISION|divisor is equal to zero|ORA-01476"),),
    ),
)  # fmt: skip
