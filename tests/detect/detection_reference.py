"""docs/reference/detection-rules.md, made from the tables of rules themselves, and the JSON Schema beside it.

Run `python tests/detect/detection_reference.py` to write both again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aftershock.detect import states
from aftershock.detect.checks import DIMENSION, SINGULAR_ROWS, SQL_ROWS, TEST_ROWS
from aftershock.detect.errors import ERROR_ROWS, PARTIAL, UNREAD
from aftershock.model.policy import DIMENSIONS
from aftershock.render.detection.document import schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.detect.rows import Row

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
FILE = REFERENCE / "detection-rules.md"
SCHEMA = REFERENCE / "detection.schema.json"

HEAD = """\
# Detection: the rules

How `aftershock detect` reads results. Of every table the rows are read from the top: the first that matches decides. [Your own rules](configuration.md#detect)
come before all of them. `python tests/detect/detection_reference.py` writes this page from the tables that the program itself uses.

**Confidence** is how sure the category is, not how bad it is: the [severity](configuration.md#severity) is what the policy says of the nodes. It rises a step
where two rules say the same or a catalog shows it, and falls to low where a later run went well or the code alone may be at fault.
**Or** names the other categories that the same result allows, likeliest first.

## What is one incident

- A result that is bad or a warning is evidence of exactly one incident; or it is a unit test's, which is a fault in code; or a note names it.
- **A data test stands for the node that it is declared on**; a singular test for all that it reads. What a relationships test compares with is no root.
- **Results of one category at one node are one incident**; of several categories, several.
- **Along the lineage** the upper node is the root and what is below is evidence: always for duplicates, missing rows and late rows; for wrong values where it is
  the same column, or a test below has the column in its name.
- **Errors of the warehouse** (connection, credentials, permission, timeouts, quotas, a suspended warehouse, no space) are one incident wherever they show. Errors
  that say the same, but for places and numbers, are one incident too; about types only where the nodes have something above them in common.
- **A missing column**: nodes that miss a column of one name and have something above them in common are one incident. Its root is the node that lost the column,
  where a catalog shows that: the newest lacks it, and an earlier one has it (`--before`) or the node's YAML declares it. Else the failing nodes are the root.
- **A missing table**: the root is the node whose table it is, where the failing nodes read that; else the failing nodes.
- **Late sources** of one loader and one source name are one incident.
- **Orphans** are evidence of missing rows in the table that they refer to, where something else shows these.
- What dbt skipped is no failure: it is listed with the incident that it was skipped because of.

## Tests

The name of a generic test, with its package where the pattern has a dot; `*` stands for anything. Where the manifest has no metadata the name is taken from
the test's own (`unique_orders_order_id`).
"""

SINGULAR = """
## Singular tests

By the words of the test's name, then by its SQL. A row count, of a singular or a generic test, is taken for too few or too many rows where its arguments
(`min_value`, `max_value` and the like) or its SQL say which.
"""

DIMENSION_HEAD = f"""
## Quality dimensions

`meta: {{quality_dimension: …}}` of a test, or of the column that it tests, decides where the name of the test only hints (confidence below high); the rule is then
called `{DIMENSION.name}`. A test of a column that speaks for completeness speaks for wrong values: it sees values, not whether rows are there.

| dimension | category |
|---|---|
"""

ERRORS = """
## Errors

What the warehouse or dbt says, without the lines that dbt puts around it. A test that could not run is read here too: it says nothing about values.
The expressions are in `aftershock/detect/errors`.
"""

FRESHNESS = """
## Source freshness

A query that failed (`runtime error`) is read as an error first. A source that declares its freshness, and by which column that is told, and that sources.json does
not have, is not fresh; but where more than half of them are not there, they were not asked for. dbt writes the year 1 where a source has no newest row. A source of
unknown age is evidence of a schema break that begins at it, or at the column that tells its age.
"""

RUNS = """
## Whole runs

Results of commands that build and test nothing (`docs generate`, `compile`, `show` …) make no incident. Rows about `--empty` and `--sample` apply on a production target to
models that read a ref or a source, to incremental ones in a full refresh only, and to snapshots with `hard_deletes`. Tests of such a run read limited tables, too: what
they find is evidence of the incident, or named in a note.
"""

CATALOGS = """
## Two catalogs

With `--before`, the catalog beside the manifest is compared with an earlier one. Row counts are those that the warehouse itself keeps, where it keeps any: below
20 rows only an emptied table counts. Columns are compared for sources.
"""

DOUBTS = """
## Doubts

Why an alert may be false; [what to do about each](../how-to/detect.md#what-a-doubt-means).

- Every result is a warning.
- A later run went well.
- run_results.json, or sources.json, is more than a day old.
- manifest.json and run_results.json are of different invocations, or of different versions of dbt.
- sources.json is more than an hour older than the run.
- Only tests failed to run.
- A source may be absent because nobody asked for it.
- Nothing that is read is known to ever have had the missing column.
"""


def reference() -> str:
    """The whole page."""
    others = ", ".join(f"`{row.name}`" for row in (PARTIAL, UNREAD))
    return "".join(
        (
            HEAD,
            _table("tests", TEST_ROWS),
            SINGULAR,
            _table("looks at", [*SINGULAR_ROWS[:-1], *SQL_ROWS, SINGULAR_ROWS[-1]]),
            DIMENSION_HEAD,
            "".join(f"| {name} | {category} |\n" for name, category in DIMENSIONS.items()),
            ERRORS,
            _table("warehouses", [*ERROR_ROWS, PARTIAL, UNREAD]),
            f"\n{others}: for a microbatch model whose batches keep no error, and for what no other row reads.\n",
            FRESHNESS,
            _table("", states.FRESHNESS_ROWS),
            RUNS,
            _table("", states.RUN_ROWS),
            CATALOGS,
            _table("", states.CATALOG_ROWS),
            DOUBTS,
        )
    )


def _table(what: str, rows: Iterable[Row]) -> str:
    head = ["rule", *([what] if what else []), "category", "confidence", "means", "or"]
    lines = [_line(head), _line(["---"] * len(head))]
    for row in rows:
        about = [_about(row)] if what else []
        lines.append(
            _line(
                [f"`{row.name}`", *about, row.category.value, row.confidence, row.says, "; ".join(f"{item.category.value}: {item.why}" for item in row.others)]
            )
        )
    return "\n" + "".join(lines)


def _about(row: Row) -> str:
    if row.tests:
        return ", ".join(f"`{glob}`" for glob in row.tests)
    if row.words:
        return "name: " + ", ".join(row.words)
    if row.messages:
        return ", ".join(dict.fromkeys(warehouse for warehouse, _ in row.messages))
    return "its SQL" if row in SQL_ROWS else "all others"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
    SCHEMA.write_text(schema(), encoding="utf-8")
