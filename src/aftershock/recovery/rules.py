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
        copy: whether the rows that the node has now are copied away before anything is built.
        guard: whether it must first be shown that no row is lost: the node's rows are all in what its query selects now.
        count: whether only a count shows afterwards that nothing was left out, since dbt reports success and tests pass either way.
        after: what is done with the node right afterwards.
    """

    categories: frozenset[Category]
    shapes: frozenset[Shape]
    given: frozenset[Fact]
    action: Action
    why: str
    destroys: str = ""
    copy: bool = False
    guard: bool = False
    count: bool = False
    after: Action | None = None


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
RESTORED = (
    "Put back what was lost from a copy or the warehouse's time travel, where upstream does not hold it: what follows builds again only what upstream has."
)
"""Why a node that lost rows itself is restored first; the sentence says what a rule's action then does."""

INCREMENTAL = INCREMENTAL_SHAPES
BUILT: frozenset[Shape] = INCREMENTAL | {"table", "refreshed", "custom", "snapshot"}
"""What keeps rows that dbt built."""
ANY_SHAPE: frozenset[Shape] = frozenset(get_args(Shape))

OLD_ROWS = "Rows that are no longer in what it reads, and the old table's grants, policies, streams and time travel history."
TABLE_COLUMNS = "Columns and rows of a table that are no longer in what it reads."
BATCH_ROWS = "Rows of these batches that are no longer in what they are built from."
PARTITION_ROWS = "Rows of the replaced partitions that are no longer in what they are built from."
WINDOW_ROWS = "Rows of the window that are no longer in what it reads, such as states in between that its source has overwritten; the copy keeps them."
MISSED = "A snapshot of fresh input takes today's versions; those in between cannot be had again."
CLOSED = "Rows that its input does not hold are closed as deleted: partial input makes history of rows that are still there."
ONLY_COPY = "Its present rows, the only ones there are if what it reads has not got its rows back."
OLD_COLUMN = "The stored values of any column that is not back in what it reads."
VERSIONS = "Versions since then that differ from the corrected input: true ones in between, which the input no longer shows, are among them."
MISSING = "The rows that it lost may be of any age, and those that it still holds are right: rows whose key it lacks are inserted, and none is deleted."
KEYS = "It may still hold rows that are nowhere else: only rows whose key upstream has again are replaced, and missing ones inserted."
KEY_ROWS = "The present values of the rows whose key is selected."
DOUBLES = "All but one of the rows that are alike."


def _rule(  # noqa: PLR0913  # a row of the table
    categories: frozenset[Category] | Category,
    shapes: frozenset[Shape] | Shape,
    action: Action,
    why: str,
    *given: Fact,
    destroys: str = "",
    copy: bool = False,
    guard: bool = False,
    count: bool = False,
    after: Action | None = None,
) -> Rule:
    return Rule(
        frozenset({categories}) if isinstance(categories, Category) else categories,
        shapes if isinstance(shapes, frozenset) else frozenset({shapes}),
        frozenset(given),
        action,
        why,
        destroys,
        copy,
        guard,
        count,
        after,
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
        destroys="The seed's old table, with its grants.",
    ),
    _rule(ALL, "seed", "seed", "A seed is loaded whole from its CSV file: correct that first."),
    _rule(ALL, "function", "build", "A function holds no rows but must be created again when its code was the fault.", "failing"),
    _rule(GAP, "function", "build", "A function that was skipped or lost a column must be created again."),
    _rule(ALL, "function", "leave", "Each holds no rows."),
    # what the incident did not reach
    _rule(BAD_ROWS, BUILT - {"snapshot"}, "run", "It was skipped, and last built before the data became bad: it only has to catch up.", "unrun", "not-run"),
    _rule(BAD_ROWS, "snapshot", "snapshot", "It was skipped, and last taken before the data became bad.", "unrun", "not-run"),
    _rule(BAD_ROWS | {BREAK}, BUILT, "leave", "Each was last built before the data became bad.", "unrun"),
    # views hold no rows
    _rule(ALL - {STALE, LOSS}, "view", "run", "A failing view is created again, since its SQL may be what is corrected.", "failing"),
    _rule(FAILURE, "view", "run", "The last run did not create this view.", "errored"),
    _rule(FAILURE, "view", "run", "The last run did not create this view.", "not-run"),
    _rule(BREAK, "view", "run", "A view keeps the columns that it was created with until it is created again."),
    _rule(ALL, "view", "run", "Replacing a table drops the views that read it on this warehouse.", "dropped"),
    _rule(ALL, "view", "leave", "Each is right as soon as what it reads is."),
    # snapshots are never rebuilt
    _rule(STALE, "snapshot", "snapshot", MISSED, "closes", destroys=CLOSED, copy=True),
    _rule(STALE, "snapshot", "snapshot", MISSED),
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
    _rule(BREAK, "snapshot", "snapshot", "A snapshot takes the column again; what changed while it was missing has no version.", destroys=CLOSED, copy=True),
    _rule(
        LOSS,
        "snapshot",
        "restore",
        "Nothing builds a snapshot's rows again: restore the lost ones from a copy or the warehouse's time travel before the next snapshot runs.",
        "failing",
        copy=True,
    ),
    _rule(
        LOSS,
        "snapshot",
        "reopen-versions",
        "dbt never rebuilds a snapshot: the versions that the loss closed are opened again where their rows are back.",
        "closes",
        destroys="Versions that say that a row which is there again was deleted.",
        copy=True,
        after="snapshot",
    ),
    _rule(LOSS, "snapshot", "snapshot", "It closes no version of a row that is missing, so the loss did not reach it; what it missed is taken now."),
    _rule(
        DOUBLE,
        "snapshot",
        "dedupe-versions",
        "dbt never rebuilds a snapshot: a key that came twice has several current versions, of which one stays.",
        destroys="All but one version of a key and time.",
        copy=True,
        after="snapshot",
    ),
    _rule(
        QUALITY,
        "snapshot",
        "remove-versions",
        "dbt never rebuilds a snapshot: versions that differ from the corrected input are deleted and the ones before opened again.",
        destroys=VERSIONS,
        copy=True,
        after="snapshot",
    ),
    # every run of these is a full refresh; a window would keep only the window
    _rule(ALL, INCREMENTAL, "run", "full_refresh: true is set, so that a plain run rebuilds it whole.", "forced", destroys=OLD_ROWS, copy=True, guard=True),
    # microbatch: never a full refresh
    _rule(
        WRONG_ROWS,
        "microbatch",
        "replace-window",
        "On this warehouse microbatch merges its batches by key and so removes no row: those of the window are deleted and inserted again.",
        "timed",
        "merges",
        destroys=WINDOW_ROWS,
        copy=True,
        guard=True,
    ),
    _rule(LOSS, "microbatch", "insert-missing", MISSING, "failing", "key", copy=True, count=True),
    _rule(
        LOSS,
        "microbatch",
        "window",
        "Microbatch rebuilds exactly the batches of the window; a full refresh would drop every row before begin.",
        "window",
        destroys=ONLY_COPY,
        copy=True,
        guard=True,
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
        guard=True,
    ),
    _rule(
        ALL,
        "microbatch",
        "window",
        "Microbatch rebuilds exactly the batches of the window; a full refresh would drop every row before begin.",
        "window",
        destroys=BATCH_ROWS,
        copy=True,
        guard=True,
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
    _rule(
        CATCH_UP,
        "append",
        "run",
        "A plain run of an append model adds what its own filter selects; states in between, which its source no longer shows, cannot be had again.",
    ),
    _rule(CATCH_UP, "overwrite", "run", "A plain run replaces the partitions that its filter selects.", destroys=PARTITION_ROWS, copy=True),
    _rule(CATCH_UP, INCREMENTAL, "run", "A plain run of an incremental model adds what its own filter selects."),
    # a column that was missing while an incremental ran left rows without a value
    _rule(BREAK, INCREMENTAL, "run", "It failed or was skipped while the column was missing: a plain run works again once it is back.", "errored"),
    _rule(BREAK, INCREMENTAL, "run", "It failed or was skipped while the column was missing: a plain run works again once it is back.", "not-run"),
    _rule(
        BREAK,
        "keyed",
        "run",
        "sync_all_columns dropped its stored column at a run without it: a run adds it again, and rows whose key upstream has get their values back.",
        "sync",
        "built",
        "key",
        destroys=KEY_ROWS,
        copy=True,
        count=True,
        after="replace-keys",
    ),
    _rule(
        BREAK,
        frozenset({"append", "keyed", "overwrite"}),
        "sql",
        "sync_all_columns dropped its stored column at a run without it, and full_refresh: false forbids building it again: add and fill the column with SQL.",
        "sync",
        "built",
        "blocked",
        copy=True,
    ),
    _rule(
        BREAK,
        frozenset({"append", "keyed", "overwrite"}),
        "full-refresh",
        "sync_all_columns dropped its stored column at a run without it: every row needs its value again.",
        "sync",
        "built",
        destroys=OLD_ROWS,
        copy=True,
        guard=True,
    ),
    _rule(
        BREAK,
        INCREMENTAL,
        "run",
        "sync_all_columns drops a stored column at a plain run while it is missing upstream.",
        "sync",
        destroys=OLD_COLUMN,
        copy=True,
        count=True,
    ),
    _rule(
        BREAK,
        "keyed",
        "run",
        "It ran while the column was missing, so that rows have no value; each run selects everything and replaces it by key.",
        "built",
        "takes-all",
    ),
    _rule(
        BREAK,
        frozenset({"append", "keyed", "overwrite"}),
        "replace-window",
        "It ran while the column was missing: the rows since then have no value until they are replaced.",
        "built",
        "timed",
        destroys=WINDOW_ROWS,
        copy=True,
    ),
    _rule(
        BREAK,
        frozenset({"append", "keyed", "overwrite"}),
        "replace-all",
        "It ran while the column was missing, so that rows have no value, and full_refresh: false makes dbt ignore --full-refresh.",
        "built",
        "blocked",
        destroys=OLD_ROWS,
        copy=True,
        guard=True,
    ),
    _rule(
        BREAK,
        frozenset({"append", "keyed", "overwrite"}),
        "full-refresh",
        "It ran while the column was missing: the rows since then have no value until they are built again.",
        "built",
        destroys=OLD_ROWS,
        copy=True,
        guard=True,
    ),
    _rule(BREAK, "overwrite", "run", "A plain run replaces the partitions that its filter selects.", destroys=PARTITION_ROWS, copy=True, count=True),
    _rule(
        BREAK,
        INCREMENTAL,
        "run",
        "A plain run of an incremental model works again once the column is back; rows that were built without it keep no value.",
        count=True,
    ),
    # rows that are wrong, missing or doubled stay in an incremental until they are replaced
    _rule(
        QUALITY,
        "keyed",
        "backfill",
        "Its SQL selects from a variable on where that is given, so that this run replaces every row since by its key.",
        "backfill",
        copy=True,
        count=True,
    ),
    _rule(
        DOUBLE,
        "keyed",
        "backfill",
        "Its SQL selects from a variable on where that is given, so that this run leaves one row of each key since.",
        "backfill",
        "replaces",
        copy=True,
        count=True,
    ),
    _rule(LOSS, INCREMENTAL, "insert-missing", MISSING, "failing", "key", copy=True, count=True),
    _rule(LOSS, "keyed", "replace-keys", KEYS, destroys=KEY_ROWS, copy=True),
    _rule(LOSS, frozenset({"append", "overwrite", "custom-incremental"}), "replace-keys", KEYS, "key", destroys=KEY_ROWS, copy=True),
    _rule(
        LOSS,
        frozenset({"append", "overwrite"}),
        "replace-all",
        "The rows that it lost may be of any age: its rows are replaced only where upstream is shown to hold them all.",
        "failing",
        destroys=ONLY_COPY,
        copy=True,
        guard=True,
    ),
    _rule(
        QUALITY,
        "keyed",
        "run",
        "Each of its runs selects everything that it reads and replaces it by key; a row whose key is no longer selected stays.",
        "takes-all",
        count=True,
    ),
    _rule(
        DOUBLE,
        "keyed",
        "run",
        "Each of its runs selects everything that it reads and leaves one row of each key.",
        "takes-all",
        "replaces",
        count=True,
    ),
    _rule(
        WRONG_ROWS,
        frozenset({"append", "keyed"}),
        "delete-window",
        "Its own SQL may have been wrong, so that only dbt knows the right one: the rows of the bad time are deleted, and a run takes them again.",
        "own-code",
        "timed",
        "reselects",
        destroys=WINDOW_ROWS,
        copy=True,
        guard=True,
        count=True,
        after="run",
    ),
    _rule(
        BAD_ROWS,
        frozenset({"append", "keyed", "overwrite"}),
        "replace-window",
        "A plain run never replaces what it took before: the rows of the bad time are deleted and inserted again in one transaction.",
        "timed",
        destroys=WINDOW_ROWS,
        copy=True,
        guard=True,
    ),
    _rule(
        DOUBLE,
        frozenset({"append", "keyed"}),
        "dedupe",
        "full_refresh: false makes dbt ignore --full-refresh and report success: all but one of the rows that are alike are deleted.",
        "blocked",
        destroys=DOUBLES,
        copy=True,
        count=True,
    ),
    _rule(
        LOSS,
        frozenset({"append", "overwrite"}),
        "replace-all",
        "It may still hold rows that are nowhere else: its rows are replaced only where upstream is shown to hold them all.",
        destroys=ONLY_COPY,
        copy=True,
        guard=True,
    ),
    _rule(
        WRONG_ROWS,
        frozenset({"append", "keyed", "overwrite"}),
        "replace-all",
        "full_refresh: false makes dbt ignore --full-refresh and report success: its rows are deleted and inserted again in one transaction.",
        "blocked",
        destroys=OLD_ROWS,
        copy=True,
        guard=True,
    ),
    _rule(BAD_ROWS, "custom-incremental", "sql", "What a run of this incremental strategy keeps is not known: correct its rows with SQL.", copy=True),
    _rule(
        WRONG_ROWS,
        "append",
        "full-refresh",
        "Append without a key never replaces a row, and a plain run again would double them.",
        destroys=OLD_ROWS,
        copy=True,
        guard=True,
    ),
    _rule(
        WRONG_ROWS,
        "keyed",
        "full-refresh",
        "A plain run replaces by unique key only what its filter selects, and never removes a row.",
        destroys=OLD_ROWS,
        copy=True,
        guard=True,
    ),
    _rule(
        WRONG_ROWS,
        "overwrite",
        "full-refresh",
        "A plain run replaces only the partitions that its filter selects.",
        destroys=OLD_ROWS,
        copy=True,
        guard=True,
    ),
    # what a plain run rebuilds whole
    _rule(LOSS, "table", "run", "A plain run rebuilds a table whole.", destroys=ONLY_COPY, copy=True, guard=True),
    _rule(BREAK, "table", "run", "A plain run rebuilds a table whole; with select * it follows what it reads.", destroys=TABLE_COLUMNS, copy=True),
    _rule(frozenset({QUALITY, DOUBLE, STALE}), "table", "run", "A plain run rebuilds a table whole.", "built", guard=True),
    _rule(ALL, "table", "run", "A plain run rebuilds a table whole."),
    _rule(LOSS, "refreshed", "run", "A plain run refreshes what the warehouse materializes.", destroys=ONLY_COPY, copy=True),
    _rule(ALL, "refreshed", "run", "A plain run refreshes what the warehouse materializes."),
    _rule(BAD_ROWS, "custom", "sql", "What a run of this materialization keeps is not known: its owner decides.", copy=True),
    _rule(ALL, "custom", "run", "A plain run does what the schedule does with this materialization."),
)


@cache
def rule_for(category: Category, shape: Shape, facts: frozenset[Fact]) -> Rule:
    """The first row that fits; the last row of every shape fits whatever holds."""
    return next(rule for rule in RULES if category in rule.categories and shape in rule.shapes and rule.given <= facts)


NOT_SELECTABLE = _rule(
    ALL, ANY_SHAPE, "ask", "No dbt selector chooses it alone, because of its name or that of its file or folder: run it by a selector of your own."
)
"""Instead of a command that would run something else too."""
