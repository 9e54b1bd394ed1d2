"""DuckDB's binder as the truth of dropped columns, for a project on DuckDB: manifest and catalog in, JSON out.

    python -m bench.binder_oracle TARGET [--output TRUTH.json]

TARGET is a directory with manifest.json and, where there is one, catalog.json (each may be .gz). Every relation becomes
an empty table in an in-memory DuckDB, with the catalog's columns and types; what the catalog lacks is made of its
model's own compiled SQL. Then each column of each relation is dropped in a transaction, and the compiled SQL of all that
read this relation (ephemeral models are inlined in it) is bound again, as a view:

- `fails`: it no longer binds.
- `loses`: it binds, and these output columns are no more.
- `wrong`: it binds with all its columns, but what it read of the dropped column is now something else.

A model that reads its own relation (an incremental one) is among its readers. Models that do not bind before any drop
are `excluded`, with DuckDB's reason; columns that cannot be dropped because a table has no other are `untried`.
`reads` says which columns each model binds: its direct and indirect sources, unreferenced CTEs left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BUILT: Final = frozenset({"model", "snapshot", "seed"})
_QUERIES: Final = frozenset({"model", "snapshot"})
_KEPT: Final = frozenset({"cte_inlining", "unnest_rewriter", "deliminator", "unused_columns", "empty_result_pullup"})


@dataclass
class Effects:
    """What the drop of one column does to the direct readers of its relation, by their unique_ids."""

    fails: list[str] = field(default_factory=list)
    loses: dict[str, list[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Truth:
    """The truth of a project: {unique_id: {column: Effects}} and what is not in it."""

    effects: dict[str, dict[str, Effects]] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    reads: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    untried: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON; effects that do not occur are left out, so that a column without any is {}."""
        raw = asdict(self)
        raw["effects"] = {
            unique_id: {column: {kind: value for kind, value in effects.items() if value} for column, effects in columns.items()}
            for unique_id, columns in raw["effects"].items()
        }
        return raw


@dataclass(frozen=True, slots=True)
class Query:
    """The compiled SQL of a model or snapshot; `columns` are those of its view, `uses` what its result depends on."""

    unique_id: str
    sql: str
    columns: tuple[str, ...]
    uses: frozenset[tuple[str, str]]


def load(path: Path) -> dict[str, Any]:
    """Read a JSON file or its compressed twin; an absent one is empty."""
    packed = path.with_name(path.name + ".gz")
    if packed.exists():
        return dict(json.loads(gzip.decompress(packed.read_bytes())))
    return dict(json.loads(path.read_bytes())) if path.exists() else {}


def solve(manifest: Mapping[str, Any], catalog: Mapping[str, Any]) -> Truth:
    """Return the truth of every single column of a project."""
    return Warehouse(manifest, catalog).solve()


class Warehouse:
    """Empty tables for every relation of a project, in DuckDB."""

    def __init__(self, manifest: Mapping[str, Any], catalog: Mapping[str, Any]) -> None:
        self.connection = duckdb.connect()
        self.truth = Truth()
        self.relations: dict[str, str] = {}
        entries = {**manifest["sources"], **manifest["nodes"]}
        self.entries = {key: entry for key, entry in entries.items() if entry["resource_type"] in {*_BUILT, "source"}}
        self.described = {**catalog.get("sources", {}), **catalog.get("nodes", {})}
        self.functions = manifest.get("functions", {})

    def solve(self) -> Truth:
        """Make the relations, bind every query, then drop every column."""
        self._make_functions()
        for unique_id in self._in_order():
            self._make(unique_id)
        queries = [query for query in map(self._query, self._queries()) if query]
        for unique_id, relation in self.relations.items():
            named = re.compile(rf"(?<!\w){re.escape(_plain(relation).rpartition('.')[2])}(?!\w)", re.IGNORECASE)
            readers = [query for query in queries if named.search(query.sql)]
            self.truth.effects[unique_id] = dict(self._drops(unique_id, relation, readers))
        return self.truth

    def _queries(self) -> list[str]:
        """Return the models and snapshots in SQL, ephemeral ones left out: their readers have their SQL."""
        return [key for key, entry in self.entries.items() if entry["resource_type"] in _QUERIES and not _is_ephemeral(entry) and _compiled(entry)]

    def _in_order(self) -> list[str]:
        """Return the unique_ids of all relations, parents first."""
        order: dict[str, None] = {}

        def visit(unique_id: str) -> None:
            if unique_id in order or unique_id not in self.entries:
                return
            for parent in self.entries[unique_id].get("depends_on", {}).get("nodes", []):
                visit(parent)
            order[unique_id] = None

        for unique_id in self.entries:
            visit(unique_id)
        return [unique_id for unique_id in order if not _is_ephemeral(self.entries[unique_id])]

    def _make_functions(self) -> None:
        """Make the project's SQL functions, as macros."""
        for function in self.functions.values():
            self._make_schema(function)
            arguments = ", ".join(argument["name"] for argument in function["arguments"])
            name = ".".join(f'"{function[part]}"' for part in ("database", "schema", "alias"))
            with suppress(duckdb.Error):
                self.connection.execute(f"create or replace function {name}({arguments}) as ({_compiled(function)})")

    def _make_schema(self, entry: Mapping[str, Any]) -> None:
        known = {row[0] for row in self.connection.execute("select database_name from duckdb_databases()").fetchall()}
        if entry["database"] and entry["database"] not in known:
            self.connection.execute(f"attach ':memory:' as \"{entry['database']}\"")
        place = ".".join(f'"{entry[part]}"' for part in ("database", "schema") if entry[part])
        self.connection.execute(f"create schema if not exists {place}")

    def _make(self, unique_id: str) -> None:
        """Make one relation, of the catalog's columns or else of its own query; say why where neither can be done."""
        entry = self.entries[unique_id]
        name = _relation(entry)
        try:
            self._make_schema(entry)
            columns = self.described.get(unique_id, {}).get("columns") or {}
            if not columns and not _compiled(entry):
                self.truth.missing[unique_id] = "neither the catalog nor a query says its columns"
                return
            parts = ", ".join(f'"{column["name"]}" {column["type"]}' for column in columns.values())
            content = f"({parts})" if columns else f"as from ({_compiled(entry)}) limit 0"
            self.connection.execute(f"create table if not exists {name} {content}")
        except duckdb.Error as error:
            self.truth.missing[unique_id] = _first_line(error)
            return
        self.relations[unique_id] = name
        self.truth.columns[unique_id] = self._described(f"describe {name}")

    def _query(self, unique_id: str) -> Query | None:
        """Return a query that binds, or None and why it is excluded."""
        sql = _compiled(self.entries[unique_id])
        try:
            columns = self._bind(sql)
        except duckdb.Error as error:
            self.truth.excluded[unique_id] = _first_line(error)
            return None
        bound, used = self._reads(sql, optimize=False), self._reads(sql, optimize=True)
        self.truth.reads[unique_id] = _by_table(bound)
        return Query(unique_id, sql, tuple(columns), used)

    def _bind(self, sql: str) -> list[str]:
        """Return the columns of the view with this SQL."""
        self.connection.execute(f"create or replace temp view bound as {sql}")
        return self._described("describe bound")

    def _described(self, statement: str) -> list[str]:
        return [row[0] for row in self.connection.execute(statement).fetchall()]

    def _reads(self, sql: str, *, optimize: bool) -> frozenset[tuple[str, str]]:
        """Return the columns of tables that a plan reads, as (table, column): all that are bound, or what is used."""
        names = self._described("select name from duckdb_optimizers()")
        disabled = [name for name in names if name not in _KEPT] if optimize else []
        for setting in (disabled, ["statistics_propagation", "empty_result_pullup"]):
            self.connection.execute(f"set disabled_optimizers = '{','.join(setting)}'")
            row = self.connection.execute(f"select json_serialize_plan(?, optimize := {str(bool(setting)).lower()})", [sql]).fetchone()
            plan = json.loads(row[0]) if row else {"error": True}
            if not plan["error"]:
                return frozenset(_scanned(plan))
        return frozenset()

    def _drops(self, unique_id: str, relation: str, readers: list[Query]) -> Iterator[tuple[str, Effects]]:
        """Yield each column of a relation with what its drop does."""
        columns = self.truth.columns[unique_id]
        if len(columns) == 1:
            self.truth.untried.append(f"{unique_id}.{columns[0]}")
            return
        for column in columns:
            yield column, self._drop(relation, column, readers)

    def _drop(self, relation: str, column: str, readers: list[Query]) -> Effects:
        """Return what the drop of one column does to the readers of its relation."""
        effects = Effects()
        for query in readers:
            after = self._without(relation, column, query)
            if after is None:
                effects.fails.append(query.unique_id)
                continue
            lost = [name for name in query.columns if name not in after]
            if lost:
                effects.loses[query.unique_id] = lost
            elif (_plain(relation), column) in query.uses:
                effects.wrong.append(query.unique_id)
        return effects

    def _without(self, relation: str, column: str, query: Query) -> list[str] | None:
        """Return the columns that a query has without one column of a relation, or None where it does not bind.

        Each in a transaction of its own: an error ends a transaction, and all that follows in it fails too.
        """
        self.connection.execute("begin")
        try:
            self.connection.execute(f'alter table {relation} drop column "{column}"')
            return self._bind(query.sql)
        except duckdb.Error:
            return None
        finally:
            with suppress(duckdb.Error):
                self.connection.execute("rollback")


def _compiled(entry: Mapping[str, Any]) -> str:
    """Return the compiled SQL of an entry without a closing semicolon; a Python model and a source have none."""
    code = str(entry.get("compiled_code") or entry.get("compiled_sql") or "") if entry.get("language", "sql") == "sql" else ""
    return code.rstrip().removesuffix(";")


def _is_ephemeral(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("config", {}).get("materialized") == "ephemeral")


def _relation(entry: Mapping[str, Any]) -> str:
    """Return the quoted name of a relation."""
    parts = (entry["database"], entry["schema"], entry.get("identifier") or entry.get("alias") or entry["name"])
    return entry.get("relation_name") or ".".join(f'"{part}"' for part in parts if part)


def _plain(name: str) -> str:
    """Return a relation's name without quotes and case, as it compares."""
    return name.replace('"', "").lower()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _scanned(plan: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Yield the columns that the scans of a serialized plan read, with their tables."""
    if isinstance(plan, dict):
        if plan.get("type") == "LOGICAL_GET" and plan.get("function_data"):
            table = _plain(".".join(str(plan["function_data"].get(part)) for part in ("catalog", "schema", "table")))
            yield from ((table, plan["names"][entry["index"]]) for entry in plan["column_indexes"] if entry["index"] < len(plan["names"]))
        plan = list(plan.values())
    if isinstance(plan, list):
        for part in plan:
            yield from _scanned(part)


def _by_table(columns: frozenset[tuple[str, str]]) -> dict[str, list[str]]:
    tables: dict[str, list[str]] = defaultdict(list)
    for table, column in sorted(columns):
        tables[table].append(column)
    return dict(tables)


def summary(truth: Truth) -> str:
    """Return the sizes of a truth in one line."""
    effects = [effect for columns in truth.effects.values() for effect in columns.values()]
    parts = {
        "relations": len(truth.effects),
        "columns": len(effects),
        "queries": len(truth.reads),
        "excluded": len(truth.excluded),
        "missing": len(truth.missing),
        "untried": len(truth.untried),
        "fails": sum(len(effect.fails) for effect in effects),
        "loses": sum(len(effect.loses) for effect in effects),
        "wrong": sum(len(effect.wrong) for effect in effects),
    }
    return ", ".join(f"{name} {number}" for name, number in parts.items())


def main() -> int:
    """Solve one project and write its truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    start = time.perf_counter()
    truth = solve(load(options.target / "manifest.json"), load(options.target / "catalog.json"))
    print(f"{options.target.name}: {summary(truth)}; {time.perf_counter() - start:.1f} s")
    for reason, number in Counter(truth.missing.values()).items():
        print(f"  no relation, {number} times: {reason}")
    for unique_id, reason in truth.excluded.items():
        print(f"  excluded, {unique_id}: {reason}")
    if options.output:
        options.output.write_text(json.dumps(truth.as_json(), indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
