"""Errors in what dbt was told to run, and what no other row reads."""

from __future__ import annotations

from aftershock.detect.rows import BREAK, FAILURE, STALE, Row, other

_LATE = other(STALE, "what it did not build is old until it is built")

CODE = (
    Row(
        "undefined-name",
        FAILURE,
        "high",
        "its code uses a macro, variable or reference that is not there",
        (_LATE,),
        spread="same text",
        messages=(
            ("dbt", r"'[^']{1,200}' is undefined|No macro named|has no attribute '|macro .{1,120} takes (?:no|not more than)|is not a (?:macro|variable)"),
            ("dbt", r"Required var '|Env var required but not provided|depends on (?:a node|a source|an? \w+) named .{1,200} which (?:was not found|is disabled)|Could not render"),
            ("dbt", r"\ACompilation Error"),
        ),
    ),
    Row(
        "missing-function",
        FAILURE,
        "medium",
        "its SQL calls a function that the warehouse does not have",
        (other(BREAK, "an argument may have another type than before"),),
        spread="same text",
        messages=(
            ("postgres", r"\bfunction \S+\([^)]*\) does not exist"),
            ("snowflake", r"Unknown (?:user-defined )?function"),
            ("bigquery", r"Function not found"),
            ("databricks", r"UNRESOLVED_ROUTINE|Undefined function"),
            ("duckdb", r"Function with name \S+ does not exist"),
            ("trino", r"FUNCTION_NOT_FOUND|Function '[^']+' not registered"),
            ("clickhouse", r"UNKNOWN_FUNCTION|Unknown function|Function with name .{1,120} does not exist"),
            ("sqlserver", r"is not a recognized (?:built-in )?function name"),
            ("mysql", r"FUNCTION \S+ does not exist"),
            ("sqlite", r"no such function"),
        ),
    ),
    Row(
        "dependent-objects",
        FAILURE,
        "high",
        "other objects depend on what it would replace",
        (_LATE,),
        messages=(("postgres", r"because other objects depend on it"), ("redshift", r"cannot drop .{1,120} because"), ("sqlserver", r"Could not drop object .{1,120} because it is referenced")),
    ),
    Row(
        "syntax",
        FAILURE,
        "high",
        "its SQL is not valid",
        (other(BREAK, "a macro may write other SQL since the columns that it reads changed"),),
        messages=(("any", r"syntax error|SYNTAX_ERROR|PARSE_SYNTAX_ERROR|Incorrect syntax near|ParseException|mismatched input|Parser Error|You have an error in your SQL syntax|ORA-009\d\d|missing FROM-clause entry|must appear in the GROUP BY|column reference .{1,120} is ambiguous|ambiguous (?:column|reference)|is not a valid group by expression|Unrecognized token"),),
    ),
    Row(
        "python",
        FAILURE,
        "high",
        "its Python code failed",
        (other(BREAK, "what it reads may have changed"),),
        messages=(("python", r"Traceback \(most recent call last\)|Python model failed|ModuleNotFoundError|ImportError|NameError|AttributeError|KeyError|TypeError|ValueError|IndexError"),),
    ),
)  # fmt: skip

UNREAD = Row("error", FAILURE, "low", "it failed, and no rule reads what it said", (other(BREAK, "what it reads may have changed"),), spread="same text")
PARTIAL = Row("partial", FAILURE, "medium", "some of its batches failed", (_LATE,))
"""For a microbatch model, whose result keeps no batch's error."""
