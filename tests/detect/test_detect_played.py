"""Failures that real dbt plays on the shop, against what was really broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from detect_played import PLAYED, Played, compared, play
from tests.once import green_shop

from aftershock.artifacts import read_artifacts, read_catalog
from aftershock.detect import detect
from repair.warm import Dbt, warm_dbt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.dbt

IN_TESTS = frozenset(
    {
        "renamed column, catalog since",
        "duplicates",
        "emptied table",
        "lost customers",
        "contract",
        "unit test",
        "hook after the run",
        "three causes",
        "empty run",
    }
)
"""One of each kind; ``python bench/detection.py`` plays all of them."""

CALLED_OTHERWISE = {"lost customers": "only orphans show that the customers are gone: it is called data-quality first, and data-loss second"}
"""Where the first category is not the true one, and why; the second is."""


@pytest.fixture(scope="module")
def dbt() -> Iterator[Dbt]:
    with warm_dbt() as program:
        yield program


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return green_shop(tmp_path_factory)


@pytest.mark.parametrize("scenario", [scenario for scenario in PLAYED if scenario.name in IN_TESTS], ids=lambda scenario: scenario.name)
def test_a_real_failure_is_what_was_broken(scenario: Played, start: Path, tmp_path: Path, dbt: Dbt) -> None:
    target = play(scenario, start, tmp_path / "shop", dbt)
    found = detect(read_artifacts(target), catalog=read_catalog(target))
    score = compared(scenario, found)
    assert score.roots, score.missed
    assert score.second, score.missed
    assert score.first is (scenario.name not in CALLED_OTHERWISE), score.missed
