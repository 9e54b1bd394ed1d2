# ruff: noqa: S608 - it writes SQL, and nothing else
"""dbt's snapshot of one table on DuckDB, statement for statement as dbt 1.11 writes it, with a clock that a test sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from aftershock.sql.repair import SnapshotTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.sql.repair import Script

KINDS = [(strategy, deletes) for strategy in ("check", "timestamp") for deletes in ("ignore", "invalidate", "new_record")]
INPUT = "select id, v, w, updated_at from src -- the input"
_META = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")

Row = tuple[int, str | None, int | None, str]
"""id, v, w, updated_at."""


class Snapshot:
    """A source ``src`` and its snapshot ``snap``."""

    def __init__(self, strategy: str, deletes: str, until: str = "") -> None:
        self.strategy, self.deletes, self.until = strategy, deletes, until
        self.db = duckdb.connect(":memory:", config={"threads": 1})
        self.db.execute("create table src (id int, v varchar, w int, updated_at timestamp)")
        self.exists = False

    def holds(self, rows: Iterable[Row]) -> None:
        """Have the source hold just these rows."""
        self.db.execute("delete from src")
        given = list(rows)
        if given:
            self.db.execute("insert into src values " + ", ".join(["(?, ?, ?, ?)"] * len(given)), [value for row in given for value in row])

    def take(self, now: str) -> None:
        """What ``dbt snapshot`` does, at this moment."""
        time = f"cast('{now}' as timestamp)"
        at = time if self.strategy == "check" else "updated_at"
        meta = f"md5(coalesce(cast(id as varchar), '') || '|' || coalesce(cast({at} as varchar), '')) as dbt_scd_id, {at} as dbt_updated_at, {at} as dbt_valid_from"
        end = f"coalesce(nullif({at}, {at}), {self.until or 'null'}) as dbt_valid_to"
        new = ", 'False' as dbt_is_deleted" if self.deletes == "new_record" else ""
        if not self.exists:
            self.db.execute(f"create table snap as select *, {meta}, {end}{new} from src")
            self.exists = True
            return
        changed = " or ".join(f"h.{c} is distinct from s.{c}" for c in ("v", "w")) if self.strategy == "check" else "h.dbt_valid_from < s.updated_at"
        changed = f"({changed})" + (" or h.dbt_is_deleted = 'True'" if new else "")
        current = "dbt_valid_to is null" + (f" or dbt_valid_to = {self.until}" if self.until else "")
        fresh = f"(select *, {meta}, {end} from src)"
        old = ", h.dbt_is_deleted" if new else ""
        parts = [
            f"select 'insert' as change, s.*{new} from {fresh} s left join held h on h.id = s.id where h.id is null or {changed}",
            f"select 'update', s.* replace (h.dbt_scd_id as dbt_scd_id, s.dbt_valid_from as dbt_valid_to){old} from {fresh} s join held h on h.id = s.id where {changed}",
        ]
        gone = "from held h left join src s on h.id = s.id where s.id is null" + (f" and not (h.dbt_is_deleted = 'True' and ({current}))" if new else "")
        if self.deletes != "ignore":
            parts.append(f"select 'delete', s.*, h.dbt_scd_id, {time}, {time}, {time}{old} {gone}")
        if new:
            scd = f"md5(coalesce(cast(h.dbt_scd_id as varchar), '') || '|' || coalesce(cast({time} as varchar), ''))"
            parts.append(f"select 'insert', h.id, h.v, h.w, h.updated_at, {scd}, {time}, {time}, h.dbt_valid_to, 'True' {gone}")
        self.db.execute(f"create or replace temp table stage as with held as (select * from snap where {current}) " + " union all ".join(parts))
        self.db.execute(
            "update snap set dbt_valid_to = g.dbt_valid_to from stage g where g.dbt_scd_id = snap.dbt_scd_id and g.change in ('update', 'delete') "
            f"and (snap.dbt_valid_to is null{f' or snap.dbt_valid_to = {self.until}' if self.until else ''})"
        )
        self.db.execute("insert into snap select * exclude (change) from stage where change = 'insert'")

    @property
    def table(self) -> SnapshotTable:
        """What aftershock knows of it."""
        deleted = "dbt_is_deleted" if self.deletes == "new_record" else ""
        columns = ("id", "v", "w", "updated_at", *_META, *filter(None, [deleted]))
        check = self.strategy == "check"
        return SnapshotTable(
            '"memory"."main"."snap"',
            columns,
            ("id",),
            ("v", "w") if check else ("id", "v", "w", "updated_at"),
            "check" if check else "timestamp",
            updated_at="" if check else "updated_at",
            is_deleted=deleted,
            valid_to_current=self.until,
        )

    def run(self, script: Script) -> None:
        """Run a script in one call, as dbt does."""
        self.db.execute(script.text or "select 1")

    def rows(self) -> list[tuple[Any, ...]]:
        """All that the snapshot holds, in an order."""
        return sorted(self.db.execute("select * from snap").fetchall(), key=repr)
