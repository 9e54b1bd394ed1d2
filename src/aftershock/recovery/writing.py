"""The SQL of a plan's steps, from what the project says of each relation. Loaded only where a plan is asked for: it needs the SQL parser."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from aftershock.model import Category
from aftershock.recovery.queries import Queries, Query
from aftershock.recovery.relations import NAME, beside, digits, snapshot_table, within
from aftershock.recovery.statements import Written
from aftershock.recovery.windows import Span
from aftershock.sql import repair
from aftershock.sql.repair import Script, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Assessment, Node
    from aftershock.recovery.actions import Action
    from aftershock.recovery.treatment import Treatment

QUERYLESS: frozenset[Action] = frozenset({"delete-window", "dedupe"})
"""Actions that need no query of the model."""


class SqlWriter:
    """Writes the statements of one incident's plan.

    Args:
        reader: the project's code and columns.
        assessment: the incident.
    """

    def __init__(self, reader: ProjectLineage, assessment: Assessment) -> None:
        self._reader = reader
        self._queries = Queries(reader, listed=assessment.radius.category is not Category.SCHEMA_BREAK)
        self._category = assessment.radius.category
        self._window = assessment.window
        self._detected = assessment.detected_at
        self._adapter = reader.readings.adapter
        self._write: dict[Action, Callable[[Treatment, Table, Query], Script | None]] = {
            "delete-window": self._delete_window,
            "replace-window": self._replace_window,
            "replace-keys": self._replace_keys,
            "insert-missing": self._insert_missing,
            "replace-all": self._replace_all,
            "dedupe": self._dedupe,
            "remove-versions": self._snapshot,
            "reopen-versions": self._snapshot,
            "dedupe-versions": self._snapshot,
        }

    def script(self, item: Treatment, action: Action) -> Written | None:
        """The transaction that does an action to a node, after a query that fails where it would lose rows."""
        table, query = self._table(item.unique_id), self._queries.of(item.unique_id)
        if table is None or (isinstance(query, str) and action not in QUERYLESS) or ("own-code" in item.facts and action not in QUERYLESS):
            return None
        try:
            found = self._write[action](item, table, query if isinstance(query, Query) else Query(""))
            guard = self._guard(item, table, query) if item.rule.guard and isinstance(query, Query) else None
        except repair.NoQuery:
            return None
        if found is None:
            return None
        runnable = found.runnable and (guard is None or (guard.runnable and repair.takes_several(self._adapter)))
        return Written((item.unique_id,), (f"{guard.text}\n" if guard is not None else "") + found.text, runnable)

    def why_not(self, unique_id: str) -> str:
        """Why a node's statements cannot be written."""
        query, node = self._queries.of(unique_id), self._reader.graph.nodes[unique_id]
        if isinstance(query, str):
            return f"Its SQL cannot be written: {query}."
        if not self._queries.columns(unique_id):
            return "Its SQL cannot be written, since its columns are not known: put a catalog beside the manifest (dbt docs generate) and plan again."
        if node.resource_type == "snapshot" and not self._window.since:
            return "Its SQL cannot be written without --since."
        return "Its SQL cannot be written: its own code may be what was wrong, or its key or time is no column."

    def rebuild(self, item: Treatment) -> Written | None:
        """The transaction that does what dbt's command would for a table or incremental model, with how many rows it holds then.

        None for an incremental model that only has to catch up: what its own filter selects is dbt's to say.
        """
        table, query = self._table(item.unique_id), self._queries.of(item.unique_id)
        if table is None or isinstance(query, str):
            return None
        try:
            found = self._rebuilt(item, table, query)
            guard = self._guard(item, table, query) if item.rule.guard else None
        except repair.NoQuery:
            return None
        if found is None:
            return None
        span = self._span(item, table)
        proof = repair.window_proof(table, span.column, span.start, span.end, self._adapter) if span is not None else None
        parts = [part for part in (guard, found, proof) if part is not None]
        runnable = all(part.runnable for part in parts) and (len(parts) == 1 or repair.takes_several(self._adapter))
        return Written((item.unique_id,), "\n".join(part.text for part in parts), runnable)

    def _rebuilt(self, item: Treatment, table: Table, query: Query) -> Script | None:
        span = self._span(item, table)
        if item.rule.action in {"window", "backfill"}:
            if span is None:
                return None
            return repair.replace_window(table, query.text, span.column, span.start, span.end, self._adapter, ctes=query.ctes)
        if item.rule.action == "run" and item.shape == "keyed" and "takes-all" in item.facts and table.keys:
            return repair.replace_keys(table, query.text, self._adapter, ctes=query.ctes)
        if item.rule.action == "full-refresh" or (item.rule.action == "run" and item.shape == "table"):
            return repair.replace_all(table, query.text, self._adapter, ctes=query.ctes)
        return None

    def counts(self, items: Sequence[Treatment]) -> Written | None:
        """How many rows the windows hold that were repaired, from when to when."""
        found: list[repair.Measured] = []
        for item in items:
            table = self._table(item.unique_id)
            span = self._span(item, table) if table is not None else None
            if table is not None and span is not None:
                found.append(repair.Measured(self._reader.graph.nodes[item.unique_id].label, table, span.column, span.start, span.end))
        if not found:
            return None
        measured = {window.table.relation for window in found}
        nodes = tuple(item.unique_id for item in items if self._reader.graph.nodes[item.unique_id].relation_name in measured)
        return Written(nodes, repair.window_counts(found, self._adapter).text)

    def _span(self, item: Treatment, table: Table) -> Span | None:
        """The window that a node's repair is about, by a column that the table has."""
        if item.shape == "microbatch" and item.flags:
            span = Span(self._reader.graph.nodes[item.unique_id].build.event_time, item.flags[1], item.flags[3])
        elif item.span is not None:
            span = item.span
        else:
            return None
        column = within(table.columns, (span.column,)) if table.columns else (span.column,)
        return Span(column[0], span.start, span.end) if column else None

    def guards(self, items: Sequence[Treatment]) -> Sequence[Written]:
        """Queries that fail where a rebuild of these nodes would lose rows; none for a node whose query or columns are not known."""
        found: list[tuple[str, Script]] = []
        for item in items:
            table, query = self._table(item.unique_id), self._queries.of(item.unique_id)
            if table is not None and not isinstance(query, str):
                with contextlib.suppress(repair.NoQuery):
                    guard = self._guard(item, table, query)
                    found += [(item.unique_id, guard)] if guard is not None else []
        return self._together(found)

    def copies(self, unique_ids: Sequence[str]) -> Sequence[Written]:
        """A copy of each of these relations, beside it under a name with the time of the incident; none where its name is not certain."""
        found = [
            (unique_id, repair.backup(Table(node.relation_name, (), ()), copy, self._adapter)) for unique_id, node, copy in self._named(unique_ids, "before")
        ]
        return self._together(found)

    def restores(self, unique_ids: Sequence[str]) -> Sequence[Written]:
        """Each relation as it was just before the data became bad, beside it, and its lost rows put back from there; where the warehouse can still say."""
        found: list[Written] = []
        for unique_id, node, copy in self._named(unique_ids, "was") if self._window.since else ():
            was, table = repair.time_travel(node.relation_name, copy, self._window.since, self._adapter), self._table(unique_id)
            if was is not None:
                back = repair.restore_from(table, copy, self._adapter).text if table is not None and table.columns else ""
                found.append(Written((unique_id,), "\n".join(part for part in (was.text, back) if part), runnable=False))
        return found

    def past(self) -> str:
        """What the warehouse can still give of a table's past."""
        return repair.TIME_TRAVEL.get(self._adapter.lower(), "")

    def hint(self, unique_id: str) -> str:
        """The statements that leave one of the rows of a source that are alike, by its key where tests show one."""
        node = self._reader.graph.nodes[unique_id]
        columns = self._queries.columns(unique_id) if node.relation_name else ()
        if node.source is None or not columns:
            return ""
        keys = within(columns, self._unique(node))
        script = repair.dedupe(Table(node.relation_name, columns, keys), self._adapter)
        return script.text if script is not None else ""

    def _unique(self, node: Node) -> tuple[str, ...]:
        """A column of a source that a test says is unique, there or where a model passes it on."""
        graph = self._reader.graph
        for unique_id in (node.unique_id, *graph.children(node.unique_id)):
            for child in graph.children(unique_id):
                test = graph.nodes[child].test
                if test is not None and test.name == "unique" and test.column and test.attached_node in {"", unique_id}:
                    return (test.column,)
        return ()

    def _named(self, unique_ids: Iterable[str], word: str) -> Iterator[tuple[str, Node, str]]:
        """Relations that have a name, with that of a copy beside each."""
        for unique_id in unique_ids:
            node = self._reader.graph.nodes[unique_id]
            copy = beside(node, f"__{word}_{digits(self._detected)}")
            if copy:
                yield unique_id, node, copy

    def _table(self, unique_id: str) -> Table | None:
        """A node's table; its columns are empty where they are not all known, and then its keys are as they are declared."""
        node = self._reader.graph.nodes[unique_id]
        if not node.relation_name:
            return None
        columns = self._queries.columns(unique_id)
        if not columns:
            return Table(node.relation_name, (), next((keys for keys in (node.build.unique_key, node.primary_key) if all(map(NAME.fullmatch, keys))), ()))
        own = self._queries.own_columns(unique_id) if node.resource_type == "model" else ()
        columns = tuple(column for column in columns if not own or column.lower() in own) or columns  # one that on_schema_change keeps is not in its query
        keys = within(columns, node.build.unique_key) or within(columns, node.primary_key)
        return Table(node.relation_name, columns, keys)

    def _guard(self, item: Treatment, table: Table, query: Query) -> Script | None:
        """What must be shown before rows are replaced; None where nothing can be.

        That the query reaches as far back as the rows of the window that are there; or, where everything is replaced, that it selects every key, or at
        least half as many rows where there is no key, since a table of sums may have had groups that only the incident made.
        """
        if item.span is not None and item.rule.action in {"replace-window", "delete-window"}:
            return self._window_guard(table, query, item.span)
        if item.shape == "microbatch" and item.flags:
            return self._window_guard(table, query, Span(self._reader.graph.nodes[item.unique_id].build.event_time, item.flags[1], item.flags[3]))
        if "own-code" in item.facts:  # what its query gives is as wrong as what it holds
            return None
        whole = item.shape == "table" and self._category is not Category.DATA_LOSS  # rows that only the incident made may go
        return repair.rows_lost(table, query.text, self._adapter, by="keys" if table.keys and not whole else "half", ctes=query.ctes)

    def _window_guard(self, table: Table, query: Query, span: Span) -> Script:
        by: repair.Measure = "reach" if self._category is not Category.DATA_LOSS else "keys" if table.keys else "count"
        return repair.window_lost(table, query.text, span.column, span.start, span.end, self._adapter, by=by, ctes=query.ctes)

    def _delete_window(self, item: Treatment, table: Table, _query: Query) -> Script | None:
        """The rows go, and the newest that stays is older than the window: the model's own filter takes the window again."""
        if item.span is None or (table.columns and not within(table.columns, (item.span.column,))):
            return None
        return repair.delete_window(table, item.span.column, item.span.start, "", self._adapter)

    def _replace_window(self, item: Treatment, table: Table, query: Query) -> Script | None:
        if item.span is None or (table.columns and not within(table.columns, (item.span.column,))):
            return None
        replace = repair.replace_window_by_key if table.keys else repair.replace_window
        return replace(table, query.text, item.span.column, item.span.start, item.span.end, self._adapter, ctes=query.ctes)

    def _replace_keys(self, item: Treatment, table: Table, query: Query) -> Script | None:
        """After a loss only of the rows that runs since may have written: an older sum may be of rows that its source holds no longer."""
        span = self._span(item, table) if self._category is Category.DATA_LOSS and "built" in item.facts else None
        if not table.keys:
            return None
        if span is None:
            return repair.replace_keys(table, query.text, self._adapter, ctes=query.ctes)
        return repair.replace_keys(table, query.text, self._adapter, time_column=span.column, start=span.start, end=span.end, ctes=query.ctes)

    def _insert_missing(self, _item: Treatment, table: Table, query: Query) -> Script | None:
        return repair.insert_missing(table, query.text, self._adapter, ctes=query.ctes) if table.keys and table.columns else None

    def _replace_all(self, _item: Treatment, table: Table, query: Query) -> Script | None:
        return repair.replace_all(table, query.text, self._adapter, ctes=query.ctes)

    def _dedupe(self, _item: Treatment, table: Table, _query: Query) -> Script | None:
        if not table.columns:
            return None
        return repair.dedupe(table, self._adapter)

    def _snapshot(self, item: Treatment, table: Table, query: Query) -> Script | None:
        node, code = self._reader.graph.nodes[item.unique_id], self._reader.code.nodes.get(item.unique_id)
        closes = node.build.hard_deletes == "new_record"
        found = snapshot_table(table, code.config, closes=closes) if table.columns and code is not None else None
        own = self._queries.own_columns(item.unique_id)
        if found is not None and own and not {column.lower() for column in found.columns} <= own:  # it keeps a column that its input lost
            return None
        if found is None:
            return None
        since = self._window.since.rstrip("Z")  # dbt writes times of versions in UTC, without a zone
        if item.rule.action == "dedupe-versions":
            return repair.dedupe_versions(found, query.text, self._adapter, ctes=query.ctes)
        if not since and (item.rule.action == "reopen-versions" or found.strategy == "check"):
            return None
        make = repair.reopen_closed if item.rule.action == "reopen-versions" else repair.remove_bad_versions
        return make(found, query.text, since, "", self._adapter, ctes=query.ctes)  # a later run may still have taken what was bad

    def _together(self, found: Sequence[tuple[str, Script]]) -> Sequence[Written]:
        """Scripts of several nodes as one where one command can run them all."""
        if len(found) > 1 and all(script.runnable for _, script in found) and repair.takes_several(self._adapter):
            return [Written(tuple(unique_id for unique_id, _ in found), "\n".join(script.text for _, script in found))]
        return [Written((unique_id,), script.text, script.runnable) for unique_id, script in found]
