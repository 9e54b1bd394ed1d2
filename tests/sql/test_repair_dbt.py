# ruff: noqa: S608 - it writes SQL, and nothing else
"""The snapshots that the other tests mend are dbt's, and dbt's run_query runs the scripts that mend them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from repair_dbt import INPUT, KINDS, Row, Snapshot

from aftershock.sql.repair import SnapshotTable, Table, remove_bad_versions, reopen_closed, rows_lost

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aftershock.sql.repair import Script

pytestmark = [pytest.mark.dbt, pytest.mark.filterwarnings("ignore")]  # dbt's own imports warn

SNAPSHOT = """  - name: {strategy}_{deletes}
    relation: source('raw', 'src')
    config: {{schema: s, unique_key: id, strategy: {strategy}, {how}, hard_deletes: {deletes}}}
"""
STATES: list[list[Row]] = [
    [(1, "a", 1, "2020-01-01"), (2, "b", None, "2020-01-01"), (3, "c", 3, "2020-01-01"), (4, None, 4, "2020-01-01")],
    [(1, "a", 1, "2020-01-01"), (2, "B", None, "2020-01-02"), (4, None, 4, "2020-01-01"), (5, "e", 5, "2020-01-02"), (5, "e", 5, "2020-01-02")],
    [(1, "bad", 1, "2020-01-03"), (2, "B", 2, "2020-01-03"), (3, "c", 3, "2020-01-01"), (5, "E", 5, "2020-01-03")],
    [(1, "a", 1, "2020-01-01"), (2, "B", 2, "2020-01-03"), (3, "c", 3, "2020-01-04"), (4, None, 4, "2020-01-01"), (5, "E", 5, "2020-01-03")],
]


class Shop:
    """A dbt project of one source and a snapshot of it in each way."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "memory.duckdb"
        (folder / "snapshots").mkdir()
        how = {"check": "check_cols: [v, w]", "timestamp": "updated_at: updated_at"}
        text = "version: 2\nsources:\n  - name: raw\n    schema: main\n    tables: [{name: src}]\nsnapshots:\n"
        text += "".join(SNAPSHOT.format(strategy=strategy, deletes=deletes, how=how[strategy]) for strategy, deletes in KINDS)
        (folder / "snapshots" / "all.yml").write_text(text)
        (folder / "dbt_project.yml").write_text("name: p\nprofile: p\nflags: {send_anonymous_usage_stats: false}\n")
        (folder / "profiles.yml").write_text(f"p: {{target: t, outputs: {{t: {{type: duckdb, schema: main, path: '{self.file}', threads: 1}}}}}}\n")
        self.query("create table src (id int, v varchar, w int, updated_at timestamp)")

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file)) as db:
            return db.execute(sql, values or None).fetchall()

    def holds(self, rows: Iterable[Row]) -> None:
        self.query("delete from src")
        for row in rows:
            self.query("insert into src values (?, ?, ?, ?)", *row)

    def dbt(self, *arguments: str) -> bool:
        return dbtRunner().invoke([*arguments, "--project-dir", str(self.folder), "--profiles-dir", str(self.folder), "--quiet"]).success

    def runs(self, script: Script) -> bool:
        return self.dbt("run-operation", "run_query", "--args", json.dumps({"sql": script.text}))

    def snapshot(self, strategy: str, deletes: str) -> list[tuple[Any, ...]]:
        return self.query(f"select * from main_s.{strategy}_{deletes}")


def shape(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows with each moment of a run as its number, and without the hashes that are made of such moments."""
    rows = list(rows)
    runs = sorted({value for row in rows for value in row[5:8] if value is not None and value.year > 2020})
    return sorted(
        ((*row[:4], *(f"run {runs.index(value)}" if value in runs else str(value) for value in row[5:8]), *row[8:]) for row in rows),
        key=repr,
    )


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_the_snapshots_that_tests_take_are_those_of_dbt(shop: Shop) -> None:
    ours = {kind: Snapshot(*kind) for kind in KINDS}
    for step, state in enumerate(STATES):
        shop.holds(state)
        assert shop.dbt("snapshot")
        for kind, snapshot in ours.items():
            snapshot.holds(state)
            snapshot.take(f"2100-01-0{step + 1}")
            assert shape(shop.snapshot(*kind)) == shape(snapshot.rows()), (step, kind)


def test_dbt_mends_its_own_snapshots(shop: Shop) -> None:
    first = [row for row in STATES[0] if row[0] != 2]
    bad = [(1, "bad", 1, "2020-01-03"), (3, "c", 3, "2020-01-01")]
    shop.holds(first)
    assert shop.dbt("snapshot")
    healthy = {kind: shop.snapshot(*kind) for kind in KINDS}
    onset = str(shop.query("select cast(now() at time zone 'UTC' as varchar)")[0][0])
    shop.holds(bad)
    assert shop.dbt("snapshot")
    shop.holds(first)
    assert any(shop.snapshot(*kind) != healthy[kind] for kind in KINDS)
    for kind in KINDS:
        table = table_of(kind)
        since = "2020-01-02" if kind[0] == "timestamp" else onset
        assert shop.runs(remove_bad_versions(table, INPUT, since, "", "duckdb"))
        assert shop.runs(reopen_closed(table, INPUT, onset, "", "duckdb"))
    for once_more in (False, True):
        assert not once_more or shop.dbt("snapshot")
        assert {kind: sorted(shop.snapshot(*kind)) for kind in KINDS} == {kind: sorted(rows) for kind, rows in healthy.items()}


def test_a_loss_stops_dbt_and_changes_nothing(shop: Shop) -> None:
    shop.holds(STATES[0])
    table = Table("src", ("id", "v", "w", "updated_at"), ("id",))
    assert shop.runs(rows_lost(table, "select * from src", "duckdb"))
    assert not shop.runs(rows_lost(table, "select * from src where id > 1", "duckdb"))


def table_of(kind: tuple[str, str]) -> SnapshotTable:
    found = Snapshot(*kind).table
    return SnapshotTable(**{**{name: getattr(found, name) for name in found.__struct_fields__}, "relation": f'"memory"."main_s"."{"_".join(kind)}"'})
