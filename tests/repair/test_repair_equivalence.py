"""A plan is proved by the warehouse that it leaves: as if the incident had never been, less what the plan says nobody can bring back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.once import AT_A_DESK

from repair.ledger_incidents import LEDGER_SCENARIOS
from repair.playing import Case, unannounced
from repair.shop_incidents import SHOP_SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

    from repair.scenarios import Scenario
    from repair.worlds import Truth

pytestmark = pytest.mark.dbt

ALL = {scenario.name: scenario for scenario in (*SHOP_SCENARIOS, *LEDGER_SCENARIOS)}
PROVED = (
    "source, bad values: raw.orders",
    "staging, failed run: stg_orders, its descendants skipped",
    "source, rows lost, snapshot ran again: raw.customers",
    "source, loaded twice: raw.inventory_moves (append, full_refresh: false)",
)
ALSO_PROVED = (
    "source, column dropped: raw.payments.method",
    "source, loader stopped for one day: raw.orders",
    "history not in source, bad values: bank.entries",
)
"""A layer, a kind of model and a category each; bench/repairs.py plays all. The second ones are played at a desk, and not in CI, where time is short."""
MINIMAL = "rows deleted in the warehouse: daily_totals"
ALSO_MINIMAL = "source, loaded twice: raw.inventory_moves (append, full_refresh: false)"


def _case(name: str, truths: dict[str, Truth], folder: Path) -> Case:
    scenario: Scenario = ALL[name]
    return Case(truths[scenario.world.name], scenario, folder)


@pytest.mark.parametrize("name", [*PROVED, *(pytest.param(name, marks=AT_A_DESK) for name in ALSO_PROVED)])
def test_the_printed_plan_repairs_the_warehouse(name: str, truths: dict[str, Truth], tmp_path: Path) -> None:
    case = _case(name, truths, tmp_path)
    assert case.broken
    plan = case.plan()
    outcome = case.repair(plan)
    assert outcome.code == 0, outcome.said
    assert not unannounced(outcome, case.scenario, plan)
    assert not outcome.lost


@pytest.mark.parametrize("name", [MINIMAL, pytest.param(ALSO_MINIMAL, marks=AT_A_DESK)])
def test_no_command_of_a_plan_can_be_left_out(name: str, truths: dict[str, Truth], tmp_path: Path) -> None:
    case = _case(name, truths, tmp_path)
    plan = case.plan()
    outcome = case.repair(plan)
    assert outcome.code == 0, outcome.said
    assert not unannounced(outcome, case.scenario, plan)
    places = case.data_changing(outcome)
    assert places
    assert not [outcome.commands[place] for place in places if not unannounced(case.repair(plan, without=place), case.scenario, plan)]


def test_the_naive_command_destroys_history_that_the_source_forgot(truths: dict[str, Truth], tmp_path: Path) -> None:
    naive = _case("history not in source, bad values: bank.entries", truths, tmp_path).naive()
    assert naive.code == 0
    assert naive.lost["books.entries_kept"] > 100
    assert naive.lost["books.entries_batched"] > 100
