"""The rules of recovery as a table: what repairs a node of each shape in each category, why, and what that could destroy.

Rows are read from the top; the first that fits a node decides. A reviewer who knows dbt can check them one by one; the facts behind them
were seen with dbt-core 1.11 on DuckDB.
"""

from __future__ import annotations

from functools import cache
from typing import get_args

import msgspec

from aftershock.model import Category
from aftershock.recovery.actions import Action
from aftershock.recovery.shapes import INCREMENTAL_SHAPES, Fact, Shape


class Rule(msgspec.Struct, frozen=True):
    """One row.

    Attributes:
        categories: where it applies.
        shapes: to what it applies.
        given: what must also hold for the node.
        action: what is done.
        why: the fact behind it, one sentence.
        destroys: what doing it could destroy, one sentence.
        copy: whether the rows that the node has now are copied away before anything is built; where dbt acts, also counted against upstream first.
        count: whether only a count shows afterwards that nothing was left out, since dbt reports success and tests pass either way.
    """

    categories: frozenset[Category]
    shapes: frozenset[Shape]
    given: frozenset[Fact]
    action: Action
    why: str
    destroys: str = ""
    copy: bool = False
    count: bool = False


QUALITY, FAILURE, BREAK = Category.DATA_QUALITY, Category.PIPELINE_FAILURE, Category.SCHEMA_BREAK
STALE, LOSS, DOUBLE = Category.STALE_DATA, Category.DATA_LOSS, Category.DUPLICATE_LOAD
ALL = frozenset(Category)
BAD_ROWS = frozenset({QUALITY, LOSS, DOUBLE})
"""Rows that were built are not what they should be: a run that only adds leaves them."""
CATCH_UP = frozenset({FAILURE, STALE})
"""What was built is right but old: a run that adds is enough."""
WRONG_ROWS = frozenset({QUALITY, DOUBLE})
"""Rows are there that should not be, everywhere below; after a loss, what is below may be the last copy."""
GAP = frozenset({FAILURE, BREAK})
"""Runs are missing."""

INCREMENTAL = INCREMENTAL_SHAPES
ANY_SHAPE: frozenset[Shape] = frozenset(get_args(Shape))

OLD_ROWS = "Rows that are no longer in what it reads are lost unless copied first, as are the old table's grants and time travel."
TABLE_ROWS = "Rows of a table that are no longer in what it reads are lost unless copied first."
TABLE_COLUMNS = "Rows and columns of a table that are no longer in what it reads are lost unless copied first."
BATCH_ROWS = "Rows of these batches that are no longer in what they are built from are lost unless copied first."
PARTITION_ROWS = "Rows of the replaced partitions that are no longer in what they are built from are lost unless copied first."
CLOSED = "Rows that its input does not hold are closed as deleted: partial input makes history of rows that are still there."
ONLY_COPY = "Its present rows, the only ones there are if what it reads has not got its rows back."
OLD_COLUMN = "The stored values of any column that is not back in what it reads are lost unless copied first."


def _rule(  # noqa: PLR0913  # a row of the table
    categories: frozenset[Category] | Category,
    shapes: frozenset[Shape] | Shape,
    action: Action,
    why: str,
    *given: Fact,
    destroys: str = "",
    copy: bool = False,
    count: bool = False,
) -> Rule:
    return Rule(
        frozenset({categories}) if isinstance(categories, Category) else categories,
        shapes if isinstance(shapes, frozenset) else frozenset({shapes}),
        frozenset(given),
        action,
        why,
        destroys,
        copy,
        count,
    )


RULES: tuple[Rule, ...] = (
    # what dbt does not build here
    _rule(ALL, "source", "gate", "dbt does not load sources."),
    _rule(ALL, "foreign", "gate", "It belongs to another project.", "failing"),
    _rule(ALL, "foreign", "ask", "It belongs to another project: its owner rebuilds it there."),
    _rule(ALL, "exposure", "confirm", "Only those who use it can say that it shows the right data again."),
    _rule(ALL, "export", "export", "A saved query's export is a table outside dbt's graph: write it again once what it reads is repaired."),
    _rule(ALL, "semantic", "leave", "Each is computed when it is asked for."),
    _rule(ALL, "ephemeral", "leave", "Each is part of the SQL that reads it."),
    # seeds and functions
    _rule(BREAK, "seed", "sql", "full_refresh: false makes dbt ignore --full-refresh and report success: change its table with SQL.", "blocked"),
    _rule(
        BREAK,
        "seed",
        "seed-header",
        "A seed's table keeps its columns unless it is made anew: correct the CSV file's header first.",
        destroys="The seed's old table.",
    ),
    _rule(ALL, "seed", "seed", "A seed is loaded whole from its CSV file: correct that first."),
    _rule(ALL, "function", "build", "A function holds no rows but must be created again when its code was the fault.", "failing"),
    _rule(GAP, "function", "build", "A function that was skipped or lost a column must be created again."),
    _rule(ALL, "function", "leave", "Each holds no rows."),
    # views hold no rows
    _rule(ALL - {STALE, LOSS}, "view", "run", "A failing view is created again, since its SQL may be what is corrected.", "failing"),
    _rule(FAILURE, "view", "run", "The last run did not create this view.", "errored"),
    _rule(FAILURE, "view", "run", "The last run did not create this view.", "not-run"),
    _rule(BREAK, "view", "run", "A view keeps the columns that it was created with until it is created again."),
    _rule(ALL, "view", "run", "Replacing a table drops the views that read it on this warehouse.", "dropped"),
    _rule(ALL, "view", "leave", "Each is right as soon as what it reads is."),
    # snapshots are never rebuilt
    _rule(STALE, "snapshot", "snapshot", "A snapshot of fresh input adds what was not yet taken.", "closes", destroys=CLOSED, copy=True),
    _rule(STALE, "snapshot", "snapshot", "A snapshot of fresh input adds what was not yet taken."),
    _rule(
        FAILURE,
        "snapshot",
        "snapshot",
        "A snapshot that was skipped takes today's versions; those in between cannot be had again.",
        "closes",
        destroys=CLOSED,
        copy=True,
    ),
    _rule(FAILURE, "snapshot", "snapshot", "A snapshot that was skipped takes today's versions; those in between cannot be had again."),
    _rule(
        LOSS,
        "snapshot",
        "restore",
        "Nothing builds a snapshot's rows again: restore the lost ones from a copy or the warehouse's time travel before the next snapshot runs.",
        "failing",
        copy=True,
    ),
    _rule(LOSS, "snapshot", "restore", "dbt never rebuilds a snapshot: reopen the versions that the loss closed before the next snapshot runs.", copy=True),
    _rule(
        ALL,
        "snapshot",
        "sql",
        "dbt never rebuilds a snapshot: find its bad versions by key and value against the corrected input, delete them and reopen the ones before.",
        copy=True,
    ),
    # every run of these is a full refresh; a window would keep only the window
    _rule(
        LOSS,
        INCREMENTAL,
        "restore",
        "full_refresh: true makes every run a full refresh: restore its rows from a copy first.",
        "forced",
        "failing",
        "confirmed",
        copy=True,
    ),
    _rule(ALL, INCREMENTAL, "run", "full_refresh: true is set, so that a plain run rebuilds it whole.", "forced", destroys=OLD_ROWS, copy=True),
    # microbatch: never a full refresh
    _rule(
        LOSS,
        "microbatch",
        "window",
        "Microbatch rebuilds exactly the batches of the window; a full refresh would drop every row before begin.",
        "window",
        destroys=ONLY_COPY,
        copy=True,
    ),
    _rule(
        BREAK,
        "microbatch",
        "window",
        "Microbatch rebuilds exactly the batches of the window, but sync_all_columns drops a stored column while it is missing upstream.",
        "window",
        "sync",
        destroys=OLD_COLUMN,
        copy=True,
    ),
    _rule(
        ALL,
        "microbatch",
        "window",
        "Microbatch rebuilds exactly the batches of the window; a full refresh would drop every row before begin.",
        "window",
        destroys=BATCH_ROWS,
        copy=True,
    ),
    _rule(
        CATCH_UP,
        "microbatch",
        "run",
        "A plain microbatch run covers the last batch and the lookback: a longer gap needs --since.",
        destroys=BATCH_ROWS,
        copy=True,
        count=True,
    ),
    _rule(LOSS, "microbatch", "restore", "Without --since no window can be rebuilt: restore its rows from a copy.", "failing", "confirmed", copy=True),
    _rule(
        ALL,
        "microbatch",
        "fill-window",
        "Microbatch needs the bad time: ask again with --since, and --until where it is over; a full refresh would drop every row before begin.",
    ),
    # incrementals that only have to catch up
    _rule(
        FAILURE,
        "append",
        "run",
        "Append adds rows at each run: run it only where nothing of the failed run landed.",
        "errored",
        destroys="Rows of the failed run that did land would be doubled.",
    ),
    _rule(CATCH_UP, "overwrite", "run", "A plain run replaces the partitions that its filter selects.", destroys=PARTITION_ROWS, copy=True),
    _rule(CATCH_UP, INCREMENTAL, "run", "A plain run of an incremental model adds what its own filter selects."),
    _rule(
        BREAK, INCREMENTAL, "run", "sync_all_columns drops a stored column at a plain run while it is missing upstream.", "sync", destroys=OLD_COLUMN, copy=True
    ),
    _rule(BREAK, "overwrite", "run", "A plain run replaces the partitions that its filter selects.", destroys=PARTITION_ROWS, copy=True),
    _rule(BREAK, INCREMENTAL, "run", "A plain run of an incremental model works again once the column is back; rows that were built without it keep no value."),
    # rows that are wrong, missing or doubled stay in an incremental until they are replaced
    _rule(
        LOSS,
        INCREMENTAL,
        "restore",
        "An incremental model may hold more history than what it reads: restore its rows from a copy; where upstream holds them all, --unconfirmed rebuilds it.",
        "failing",
        "confirmed",
        copy=True,
    ),
    _rule(
        frozenset({QUALITY, LOSS}),
        "keyed",
        "backfill",
        "Its SQL reads a variable that names a start: check that it selects from there on, then this run replaces every row since by its key.",
        "backfill",
        copy=True,
        count=True,
    ),
    _rule(
        DOUBLE,
        "keyed",
        "backfill",
        "Its SQL reads a variable that names a start: check that it selects from there on, then this run leaves one row of each key since.",
        "backfill",
        "replaces",
        copy=True,
        count=True,
    ),
    _rule(
        BAD_ROWS, INCREMENTAL, "sql", "full_refresh: false makes dbt ignore --full-refresh and report success: correct its rows with SQL.", "blocked", copy=True
    ),
    _rule(BAD_ROWS, "custom-incremental", "sql", "What a run of this incremental strategy keeps is not known: correct its rows with SQL.", copy=True),
    _rule(LOSS, frozenset({"append", "keyed", "overwrite"}), "full-refresh", "Upstream holds what was lost.", "failing", destroys=OLD_ROWS, copy=True),
    _rule(
        LOSS,
        INCREMENTAL,
        "sql",
        "It still holds what was built before the loss, a copy to restore from: once upstream is right, insert with SQL only the rows that it lacks.",
        copy=True,
    ),
    _rule(
        WRONG_ROWS,
        "append",
        "full-refresh",
        "Append without a key never replaces a row, and a plain run again would double them.",
        destroys=OLD_ROWS,
        copy=True,
    ),
    _rule(
        WRONG_ROWS,
        "keyed",
        "full-refresh",
        "A plain run replaces by unique key only what its filter selects, and never removes a row.",
        destroys=OLD_ROWS,
        copy=True,
    ),
    _rule(WRONG_ROWS, "overwrite", "full-refresh", "A plain run replaces only the partitions that its filter selects.", destroys=OLD_ROWS, copy=True),
    # what a plain run rebuilds whole
    _rule(LOSS, "table", "run", "A plain run rebuilds a table whole.", destroys=ONLY_COPY, copy=True),
    _rule(BREAK, "table", "run", "A plain run rebuilds a table whole; with select * it follows what it reads.", destroys=TABLE_COLUMNS, copy=True),
    _rule(ALL, "table", "run", "A plain run rebuilds a table whole.", destroys=TABLE_ROWS, copy=True),
    _rule(ALL, "refreshed", "run", "A plain run refreshes what the warehouse materializes.", destroys=TABLE_ROWS, copy=True),
    _rule(BAD_ROWS, "custom", "sql", "What a run of this materialization keeps is not known: its owner decides.", copy=True),
    _rule(ALL, "custom", "run", "A plain run does what the schedule does with this materialization.", destroys=TABLE_ROWS, copy=True),
)


@cache
def rule_for(category: Category, shape: Shape, facts: frozenset[Fact]) -> Rule:
    """The first row that fits; the last row of every shape fits whatever holds."""
    return next(rule for rule in RULES if category in rule.categories and shape in rule.shapes and rule.given <= facts)


NOT_SELECTABLE = _rule(
    ALL, ANY_SHAPE, "ask", "No dbt selector chooses it alone, because of its name or that of its file or folder: run it by a selector of your own."
)
"""Instead of a command that would run something else too."""
