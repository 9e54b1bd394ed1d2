"""Comparisons of random queries with their own rewritten and mutated forms, where DuckDB says what differs. bench/breaking.py tries thousands."""

from __future__ import annotations

from collections import Counter

import pytest
from comparing_cases import Outcome, outcomes

SEEDS = 30
EACH = 5


@pytest.mark.parametrize("start", range(0, SEEDS, EACH))
def test_what_duckdb_tells_apart_is_told_apart_and_what_is_only_written_otherwise_is_not(start: int) -> None:
    found: list[Outcome] = [outcome for seed in range(start, start + EACH) for outcome in outcomes(seed)]
    assert [(outcome.name, outcome.problem, outcome.base, outcome.head, outcome.diff) for outcome in found if outcome.problem] == []
    counts = Counter((outcome.kind, outcome.differs) for outcome in found)
    assert counts["rewrite", False] > 20
    assert counts["mutant", True] > 0, "mutants that change nothing prove nothing"
