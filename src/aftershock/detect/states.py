"""What results mean that are neither a test's nor an error's text: source freshness, hooks, whole runs, and two catalogs side by side."""

from __future__ import annotations

from aftershock.detect.rows import BREAK, DOUBLE, FAILURE, LOSS, QUALITY, STALE, Row, other

_LOADER = other(FAILURE, "the job that loads it may have failed")
_QUERY = other(FAILURE, "its freshness query may have failed")

LATE = Row("freshness", STALE, "high", "the newest row is older than its freshness allows", (_LOADER,))
NO_ROWS = Row(
    "freshness-empty",
    LOSS,
    "medium",
    "its freshness query found no newest row: it has no rows, or none that says when it was loaded",
    (other(STALE, "a load that empties it first may not be done"), _LOADER),
)
ABSENT = Row(
    "freshness-absent",
    STALE,
    "low",
    "it declares its freshness, and sources.json does not have it: its query failed, or nobody asked",
    (_QUERY, other(BREAK, "its table, or the column that tells its age, may be gone")),
)
AGELESS = Row(
    "freshness-column",
    STALE,
    "low",
    "it declares its freshness, sources.json does not have it, and the catalog does not list the column that tells its age",
    (other(BREAK, "the column that tells its age is gone"), _QUERY),
)
UNASKED = Row(
    "freshness-query",
    FAILURE,
    "medium",
    "its freshness query failed, so that nobody knows how old it is",
    (other(STALE, "it may be old"), other(BREAK, "it may be gone")),
)
FRESHNESS_ROWS = (LATE, NO_ROWS, ABSENT, AGELESS, UNASKED)

BEFORE_ALL = Row("hook-before", FAILURE, "high", "a hook before the run failed", (other(STALE, "what was not built is old"),))
AFTER_ALL = Row("hook-after", FAILURE, "medium", "a hook after the run failed, and what was built is there", (other(STALE, "what the hook writes is old"),))
ALL_ERROR = Row(
    "all-error",
    FAILURE,
    "low",
    "every result is an error, also what cannot fail: the file does not show what did",
    (other(QUALITY, "a failing test may have stopped the run"),),
)
HELD_BACK = Row(
    "held-back",
    FAILURE,
    "low",
    "a unit test of its code, or of code above it, failed, so that dbt skipped it",
    (other(STALE, "what was not built is old"),),
)
EMPTIED_RUN = Row(
    "empty-run",
    LOSS,
    "high",
    "dbt was called with --empty, which builds models without rows and reports success",
    (other(FAILURE, "it may have been meant as a dry run"),),
)
SAMPLED_RUN = Row(
    "sample-run",
    LOSS,
    "high",
    "dbt was called with --sample, which builds models from a part of their rows and reports success",
    (other(FAILURE, "it may have been meant as a dry run"),),
)
EMPTIED_SNAPSHOT = Row(
    "empty-run-snapshot",
    LOSS,
    "high",
    "dbt was called with --empty or --sample, and with its hard_deletes the snapshot takes all rows that were not read for deleted ones",
    (other(FAILURE, "it may have been meant as a dry run"),),
)
LIMITED_TEST = Row(
    "limited-test",
    LOSS,
    "low",
    "with --empty or --sample the test reads its tables without their rows, too, so that it says little of them",
)
EMPTYING = frozenset({EMPTIED_RUN.name, SAMPLED_RUN.name, EMPTIED_SNAPSHOT.name})
RUN_ROWS = (BEFORE_ALL, AFTER_ALL, ALL_ERROR, HELD_BACK, EMPTIED_RUN, SAMPLED_RUN, EMPTIED_SNAPSHOT, LIMITED_TEST)

EMPTIED = Row(
    "emptied-table", LOSS, "high", "it has no rows, and had some in the catalog of before", (other(STALE, "a load that empties it first may not be done"),)
)
SHRUNK = Row(
    "shrunk-table",
    LOSS,
    "medium",
    "it has at most half of the rows that it had in the catalog of before",
    (other(QUALITY, "rows may have been removed on purpose"),),
)
GROWN = Row(
    "grown-table",
    DOUBLE,
    "low",
    "it has about twice the rows that it had in the catalog of before, or more",
    (other(QUALITY, "it may have got more rows on purpose"),),
)
GONE = Row("table-gone", BREAK, "medium", "it is not in the catalog, and was in the one of before", (other(LOSS, "it may have been dropped with its rows"),))
LOST_COLUMNS = Row("lost-columns", BREAK, "high", "it lost columns that it had in the catalog of before", (other(FAILURE, "it may not be loaded whole"),))
RETYPED_COLUMNS = Row(
    "retyped-columns", BREAK, "medium", "its columns have other types than in the catalog of before", (other(QUALITY, "its values may be of another form"),)
)
CATALOG_ROWS = (EMPTIED, SHRUNK, GROWN, GONE, LOST_COLUMNS, RETYPED_COLUMNS)

UNIT_TEST = "its code does not do what its unit test expects; that says nothing about data"
