"""The table in binder_cases.py, and what generate.py states, are what DuckDB does."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import duckdb
import pytest
from binder_cases import CASES, Case
from duckdb_binder import FAILS, Binder
from generate import disagreements, generate


@cache
def binder(tables: str) -> Binder:
    return Binder(next(case.tables for case in CASES if repr(case.tables) == tables))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_duckdb_does_what_the_table_says(case: Case) -> None:
    if int(duckdb.__version__.split(".")[0]) < case.since:
        pytest.skip(f"DuckDB {case.since} and later")
    truth = binder(repr(case.tables)).drops(case.sql)
    assert truth is not None, "the query must bind before the drop"
    found = truth[case.table, case.column]
    assert (found.outcome, found.lost, found.wrong) == (case.outcome, case.lost, case.wrong), found.error


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_is_not_bound_cannot_be_wrong(case: Case) -> None:
    truth = binder(repr(case.tables)).drops(case.sql) or {}
    assert [key for key, found in truth.items() if found.used and not found.bound] == []
    assert [key for key, found in truth.items() if found.outcome == FAILS and not found.error] == []


def test_the_table_is_large_and_its_names_are_unique() -> None:
    assert len(CASES) >= 60
    assert len({case.id for case in CASES}) == len(CASES)
    assert {case.outcome for case in CASES} == {"fails", "loses", "binds"}


def test_made_up_statements_are_the_same_for_the_same_seed_and_of_every_outcome() -> None:
    made = list(generate(7, 60))
    assert made == list(generate(7, 60))
    assert all(one.seed < other.seed for one, other in pairwise(made))
    drops = [drop for one in made for drop in one.drops.values()]
    assert {drop.outcome for drop in drops} == {"fails", "loses", "binds"}
    assert any(drop.wrong for drop in drops)
    assert all(set(drop.lost) <= set(one.columns) for one in made for drop in one.drops.values())


def test_disagreements_are_of_a_resolver_that_is_wrong_and_the_shortest_comes_first() -> None:
    truth = {one.sql: {key: (drop.outcome, drop.lost) for key, drop in one.drops.items()} for one in generate(7, 20)}
    assert disagreements(lambda _, sql: truth[sql], 7, 20) == []
    found = disagreements(lambda _, __: {}, 7, 20)
    assert found
    assert [len(one.sql) for one, _, _ in found] == sorted(len(one.sql) for one, _, _ in found)
