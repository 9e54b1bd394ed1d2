"""Shop on PostgreSQL, to break and to repair: its project directory and its database."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from fixtures.postgres import build_shop_postgres

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.postgres import Connection

Tables: TypeAlias = "dict[str, list[dict[str, Any]]]"
"""`schema.name` of every table and view, and its rows."""

DATABASE = "shop"
GREEN = "shop_green"
DIGITS = 9
"""Digits of a float that are compared: the order of a sum's rows decides about the last ones."""

CLOCKED = {
    "analytics.order_event_log": frozenset({"logged_at"}),
    "analytics_snapshots.customers_snapshot": frozenset({"dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"}),
    "analytics_snapshots.products_snapshot": frozenset({"dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"}),
}
"""Columns whose values are when dbt ran: of them only whether there is a value can be compared between two builds."""

RELATIONS = """
select n.nspname || '.' || c.relname, format('%I.%I', n.nspname, c.relname)
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
order by 1
"""


@dataclass(frozen=True)
class Shop:
    """A build of shop that a test may change: the directory to run commands in, and the connection to its database."""

    directory: Path
    connection: Connection

    @property
    def target(self) -> Path:
        """Where dbt leaves its artifacts."""
        return self.directory / "target"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the project's directory, with dbt on its PATH and nothing else of the surroundings; it may fail."""
        programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
        environment = {"PATH": programs, "TZ": "UTC", "LANG": "C.UTF-8", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_USE_COLORS": "false"}
        return subprocess.run(command, cwd=self.directory, env=environment, capture_output=True, text=True, check=False)

    def dbt(self, *arguments: str) -> None:
        """Run a dbt command that has to pass."""
        done = self.run("dbt", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    def sql(self, statements: str) -> list[tuple[Any, ...]]:
        """Run SQL, each call a transaction; return the rows of the last statement."""
        with closing(self.connection.open()) as session, session.cursor() as cursor:
            cursor.execute(statements)
            return cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class Stage:
    """Where every test finds the same green shop.

    dbt's artifacts name the database and the directory, so both keep their names: what was built is put aside as a
    template and comes back, in the same place, before each test.
    """

    server: Connection
    directory: Path

    @property
    def green(self) -> Connection:
        """The template, to read."""
        return self.server.to(GREEN)

    def build(self) -> None:
        """Build shop once and put it aside."""
        self._server_sql(f"create database {DATABASE}")
        build_shop_postgres(self.directory / DATABASE, self.server.to(DATABASE))
        self._server_sql(f"alter database {DATABASE} rename to {GREEN}")
        (self.directory / DATABASE).rename(self.directory / GREEN)

    def reset(self) -> Shop:
        """Green shop as it was built, whatever was done to it since."""
        project = self.directory / DATABASE
        shutil.rmtree(project, ignore_errors=True)
        shutil.copytree(self.directory / GREEN, project, symlinks=True)
        self._server_sql(f"drop database if exists {DATABASE} with (force)", f"create database {DATABASE} template {GREEN}")
        return Shop(project, self.server.to(DATABASE))

    def _server_sql(self, *statements: str) -> None:
        with closing(self.server.open()) as session, session.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def tables(connection: Connection, clocked: Mapping[str, frozenset[str]] = CLOCKED) -> Tables:
    """What every table and view of a database holds: `schema.name` to its rows, in an order that follows from them.

    A column in `clocked` is None or "a time"; a float has DIGITS digits.
    """
    held = {}
    with closing(connection.open()) as session, session.cursor() as cursor:
        cursor.execute(RELATIONS)
        for name, quoted in cursor.fetchall():
            cursor.execute(f"select * from {quoted}")  # noqa: S608  # format('%I') quotes it
            columns = [column.name for column in cursor.description]
            rows = [_comparable(dict(zip(columns, row, strict=True)), clocked.get(name, frozenset())) for row in cursor]
            held[name] = sorted(rows, key=repr)
    return held


def _comparable(row: dict[str, Any], clocked: frozenset[str]) -> dict[str, Any]:
    return {column: _plain(value, is_clocked=column in clocked) for column, value in sorted(row.items())}


def _plain(value: object, *, is_clocked: bool) -> object:
    if is_clocked:
        return None if value is None else "a time"
    if isinstance(value, Decimal):
        return round(float(value), DIGITS)
    if isinstance(value, float):
        return round(value, DIGITS)
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
