"""The two warehouses can be compared at all: equal where nothing happened, different where something did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from repair.comparing import Comparison, Difference
from repair.ledger_incidents import LEDGER_SCENARIOS
from repair.playing import Case, changes
from repair.scenarios import Scenario
from repair.shop_incidents import SHOP_SCENARIOS
from repair.warm import Command
from repair.worlds import DAYS, LEDGER, SHOP, Edit, PlayError, World, edit, warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from repair.worlds import Truth

SMALL = World("small", SHOP.project, SHOP.start, SHOP.day, ("raw",), volatile={"main.stamped": ("at",)}, checked={"main.kept": "id"})
ALL = (*SHOP_SCENARIOS, *LEDGER_SCENARIOS)


def _warehouse(folder: Path, *statements: str) -> Path:
    (folder / "target").mkdir(parents=True)
    with duckdb.connect(str(warehouse(SMALL, folder))) as connection:
        for statement in statements:
            connection.execute(statement)
    return folder


def _differences(tmp_path: Path, one: tuple[str, ...], other: tuple[str, ...]) -> dict[str, Difference]:
    comparison = Comparison(SMALL)
    comparison.take("truth", _warehouse(tmp_path / "one", *one))
    comparison.take("after", _warehouse(tmp_path / "other", *other))
    return comparison.differences("truth", "after")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("(2), (1), (1)", None),
        ("(1), (2)", Difference(1, 0)),
        ("(1), (1), (2), (2)", Difference(0, 1)),
        ("(1), (1), (3)", Difference(1, 1)),
    ],
)
def test_rows_are_compared_as_bags(tmp_path: Path, rows: str, found: Difference | None) -> None:
    differences = _differences(tmp_path, ("create table t as from (values (1), (1), (2)) as v(a)",), (f"create table t as from (values {rows}) as v(a)",))
    assert differences == ({"main.t": found} if found else {})


def test_floats_may_differ_in_their_last_digits_only(tmp_path: Path) -> None:
    one = ("create table t as select 0.3::double as a",)
    assert not _differences(tmp_path / "a", one, ("create table t as select 0.1::double + 0.2::double as a",))
    assert _differences(tmp_path / "b", one, ("create table t as select 0.30001::double as a",))


def test_a_lost_column_a_lost_table_and_a_broken_view_are_differences(tmp_path: Path) -> None:
    one = ("create table a as select 1 as x, 2 as y", "create table b as select 1 as x", "create view c as select x, y from a")
    other = ("create table a as select 1 as x, 2 as y", "create view c as select x, y from a", "alter table a drop column y")
    found = _differences(tmp_path, one, other)
    assert found["main.a"].problem == "columns differ: y"
    assert found["main.b"].problem == "is not there"
    assert "y" in found["main.c"].problem
    assert len(found) == 3


def test_the_time_of_a_run_is_compared_as_there_or_not(tmp_path: Path) -> None:
    one = ("create table stamped as select 1 as id, timestamp '2026-01-01' as at",)
    assert not _differences(tmp_path / "a", one, ("create table stamped as select 1 as id, timestamp '2026-02-02' as at",))
    assert _differences(tmp_path / "b", one, ("create table stamped as select 1 as id, null::timestamp as at",))


VERSIONS = "create table kept as from (values {}) as v(id, price, dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to)"
TWO = VERSIONS.format("(1, 5, 'a', 1, 1, 2), (1, 6, 'b', 2, 2, null)")


@pytest.mark.parametrize(
    ("versions", "equal"),
    [
        ("(1, 6, 'x', 9, 9, null), (1, 5, 'y', 4, 4, 9)", True),
        ("(1, 6, 'x', 4, 4, 9), (1, 5, 'y', 9, 9, null)", False),
        ("(1, 5, 'x', 4, 4, 9), (1, 6, 'y', 9, 9, 10)", False),
        ("(1, 5, 'x', 4, 4, 9), (1, 6, 'y', 8, 8, null)", False),
        ("(1, 5, 'x', 4, 4, 9), (1, 6, 'x', 9, 9, null)", False),
        ("(1, 5, 'x', 4, 4, null), (1, 6, 'y', 9, 9, null)", False),
    ],
)
def test_versions_by_check_are_compared_by_their_order_and_which_is_current(tmp_path: Path, versions: str, *, equal: bool) -> None:
    assert (not _differences(tmp_path, (TWO,), (VERSIONS.format(versions),))) == equal


def test_rows_that_were_right_and_are_gone_are_counted_and_no_others(tmp_path: Path) -> None:
    comparison = Comparison(SMALL)
    for label, rows in (("truth", "(1), (2), (3)"), ("broken", "(1), (2), (9)"), ("after", "(1), (3)")):
        comparison.take(label, _warehouse(tmp_path / label, f"create table t as from (values {rows}) as v(a)", "create view w as from t"))
    assert comparison.lost("truth", "broken", "after") == {"main.t": 1}


def test_an_edit_must_meet_its_text_once(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("x x y", "utf-8")
    edit(tmp_path, [Edit("a.sql", "y", "z")])
    assert (tmp_path / "a.sql").read_text("utf-8") == "x x z"
    for old in ("x", "y"):
        with pytest.raises(PlayError, match="not there exactly once"):
            edit(tmp_path, [Edit("a.sql", old, "z")])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("run", "--select", "a"), True),
        (("test", "--select", "a"), False),
        (("source", "freshness"), False),
        (("run-operation", "run_query", "--args", "sql: |2\n  BEGIN;\n  DELETE FROM a;\n  COMMIT;"), True),
        (("run-operation", "run_query", "--args", "sql: |2\n  CREATE TABLE IF NOT EXISTS b AS\n  SELECT * FROM updates;"), False),
        (("run-operation", "run_query", "--args", "sql: |2\n  SELECT CAST('1 rows would be lost' AS INT)"), False),
    ],
)
def test_copies_and_checks_change_no_data(words: tuple[str, ...], *, expected: bool) -> None:
    assert changes(Command(words, 0, {})) == expected


def test_every_scenario_has_a_name_of_its_own_and_belongs_to_its_world() -> None:
    assert len({scenario.name for scenario in ALL}) == len(ALL)
    assert all(scenario.world is SHOP for scenario in SHOP_SCENARIOS)
    assert all(scenario.world is LEDGER for scenario in LEDGER_SCENARIOS)


@pytest.mark.dbt
@pytest.mark.parametrize("world", [LEDGER, SHOP], ids=lambda world: world.name)
def test_days_without_an_incident_lead_to_the_truth(world: World, truths: dict[str, Truth], tmp_path: Path) -> None:
    nothing = Scenario("nothing", (), "data-quality", days=(DAYS,), world=world)
    case = Case(truths[world.name], nothing, tmp_path)
    assert not case.broken
    comparison = Comparison(world)
    comparison.take("truth", truths[world.name].state(DAYS))
    comparison.take("day before", truths[world.name].state(DAYS - 1))
    assert len(comparison.differences("truth", "day before")) > len(comparison.relations("truth")) / 2
