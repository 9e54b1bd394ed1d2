"""Warehouses as bags of rows: what differs, and what was destroyed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import duckdb

from repair.worlds import World, warehouse

if TYPE_CHECKING:
    from pathlib import Path

HELD = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")
"""What dbt itself writes into a snapshot, less whether a row stands for a deletion."""

FLOATS = ("DOUBLE", "FLOAT")
DECIMALS = 6
"""To which floats are compared: the same rows in another order have another last digit in their sum."""


class Difference(NamedTuple):
    """Rows of a relation that are missing and that are too many, or why it cannot be compared."""

    missing: int
    extra: int
    problem: str = ""

    def __str__(self) -> str:
        """One short phrase."""
        return self.problem or f"-{self.missing} +{self.extra}"


class Comparison:
    """Several states of one world's warehouse, each under a label, all in memory."""

    def __init__(self, world: World) -> None:
        """Hold nothing yet."""
        self._world = world
        self._memory = duckdb.connect()
        self._columns: dict[str, dict[str, tuple[str, ...]]] = {}
        self._problems: dict[str, dict[str, str]] = {}
        self._views: dict[str, set[str]] = {}

    def take(self, label: str, project: Path) -> None:
        """Copy every relation of a project's warehouse; one that cannot be read is remembered with its error."""
        name = self._world.name
        self._memory.execute(f"attach '{warehouse(self._world, project)}' as \"{name}\" (read_only)")
        self._memory.execute(f'create schema "{label}"')
        self._columns[label], self._problems[label] = {}, {}
        found = self._memory.execute(
            "select table_schema, table_name, table_type from information_schema.tables where table_catalog = ? order by all", [name]
        ).fetchall()
        self._views[label] = {f"{schema}.{table}" for schema, table, kind in found if kind == "VIEW"}
        for schema, table, _ in found:
            relation = f"{schema}.{table}"
            try:
                self._memory.execute(f'create table "{label}"."{relation}" as {self._selected(schema, table)}')
            except duckdb.Error as error:
                self._problems[label][relation] = str(error).splitlines()[0]
            else:
                described = self._memory.execute(f'describe "{label}"."{relation}"').fetchall()
                for column in _quoted(*(row[0] for row in described if row[1] in FLOATS)):
                    self._memory.execute(f'update "{label}"."{relation}" set {column} = round({column}, {DECIMALS})')  # noqa: S608  # names from our own warehouse
                self._columns[label][relation] = tuple(sorted(row[0] for row in described))
        self._memory.execute(f'detach "{name}"')

    def relations(self, label: str) -> set[str]:
        """The names of all relations of a state."""
        return self._columns[label].keys() | self._problems[label].keys()

    def differences(self, one: str, other: str) -> dict[str, Difference]:
        """The relations of ``one`` that ``other`` does not hold with the same rows and columns; what only ``other`` has does not count."""
        compared = {relation: self._difference(relation, one, other) for relation in sorted(self.relations(one))}
        return {relation: found for relation, found in compared.items() if found is not None}

    def lost(self, right: str, before: str, after: str) -> dict[str, int]:
        """How many rows of stored tables that were right ``before`` are gone ``after``, by relation."""
        lost = {}
        for relation, columns in self._columns[right].items():
            if relation in self._views[right] or self._columns[before].get(relation) != columns:
                continue
            kept = f"{self._rows(right, relation, columns)} intersect all {self._rows(before, relation, columns)}"
            held = self._columns[after].get(relation) == columns
            gone = f"({kept}) except all {self._rows(after, relation, columns)}" if held else kept
            number = self._count(gone)
            if number:
                lost[relation] = number
        return lost

    def _difference(self, relation: str, one: str, other: str) -> Difference | None:
        problem = self._problems[one].get(relation) or self._problems[other].get(relation)
        if problem or relation not in self._columns[other]:
            return Difference(0, 0, problem or "is not there")
        columns, others = self._columns[one][relation], self._columns[other][relation]
        if columns != others:
            names = ", ".join(sorted(set(columns) ^ set(others)))
            return Difference(0, 0, f"columns differ: {names}")
        mine, theirs = self._rows(one, relation, columns), self._rows(other, relation, columns)
        found = Difference(self._count(f"{mine} except all {theirs}"), self._count(f"{theirs} except all {mine}"))
        return found if any(found[:2]) else None

    def _rows(self, label: str, relation: str, columns: tuple[str, ...]) -> str:
        return f'select {", ".join(_quoted(*columns))} from "{label}"."{relation}"'  # noqa: S608  # names from our own warehouse

    def _count(self, rows: str) -> int:
        (number,) = self._memory.execute(f"select count(*) from ({rows})").fetchall()[0]  # noqa: S608  # from _rows
        return int(number)

    def _selected(self, schema: str, table: str) -> str:
        """The rows of a relation as they are compared."""
        relation = ".".join(_quoted(self._world.name, schema, table))
        key = self._world.checked.get(f"{schema}.{table}")
        if key is not None:
            return (
                f"select * exclude ({', '.join(HELD)}), dbt_valid_to is null as is_current, row_number() over versions as place, "  # noqa: S608
                f"coalesce(dbt_valid_from < dbt_valid_to, true) and coalesce(dbt_valid_to <= lead(dbt_valid_from) over versions, "
                f"dbt_valid_to is not null or lead(dbt_valid_from) over versions is null) as is_ordered, "
                f"count(*) over (partition by dbt_scd_id) = 1 as has_own_id "
                f"from {relation} window versions as (partition by {key} order by dbt_valid_from)"
            )
        stamps = self._world.volatile.get(f"{schema}.{table}", ())
        replaced = f" replace ({', '.join(f'{name} is not null as {name}' for name in _quoted(*stamps))})" if stamps else ""
        return f"select *{replaced} from {relation}"  # noqa: S608


def _quoted(*names: str) -> list[str]:
    return ['"' + name.replace('"', '""') + '"' for name in names]
