"""Branches of shop: what the check says is what dbt then does; bench/branches.py plays all of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from bench.branches import Outcome, Truth, deserved, edit, judge, page, run
from fixtures import build
from tests.branches.branch_scenarios import BASE_EDITS, BASE_FILES, BRANCHES, Branch
from tests.once import green_shop

from aftershock.artifacts import read_artifacts
from aftershock.changes import check

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.model.changes import CheckReport

MEASURED = 17
HARDER = 10
GREEN = build.HERE / "artifacts" / "green"
MART = "model.shop.stock_levels"


@pytest.fixture
def unchanged(tmp_path: Path) -> CheckReport:
    """The check of shop against itself."""
    shutil.copytree(GREEN, tmp_path / "green")
    return check(read_artifacts(tmp_path / "green"), read_artifacts(tmp_path / "green"))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The files of the base."""
    project = tmp_path / "shop"
    shutil.copytree(build.PROJECT, project, ignore=shutil.ignore_patterns(*build.NOT_COPIED))
    edit(project, Branch("base", BASE_EDITS, dict(BASE_FILES)))
    return project


def test_there_are_enough_of_them() -> None:
    harder = sum(branch.harder for branch in BRANCHES.values())
    assert len(BRANCHES) - harder == MEASURED
    assert harder >= HARDER


@pytest.mark.parametrize("name", BRANCHES)
def test_every_branch_fits_the_project(name: str, base: Path) -> None:
    before = {path: path.read_bytes() for path in base.rglob("*") if path.is_file()}
    edit(base, BRANCHES[name])
    assert {path: path.read_bytes() for path in base.rglob("*") if path.is_file()} != before


def test_an_edit_that_does_not_fit_is_an_error(base: Path) -> None:
    with pytest.raises(build.BuildError, match="exactly once"):
        edit(base, Branch("", (build.Edit("packages.yml", "nothing of the kind", ""),)))


@pytest.mark.parametrize(
    ("truth", "verdict"),
    [
        (Truth(), "safe"),
        (Truth(Outcome(changed=(MART,))), "risky"),
        (Truth(Outcome(errors=(MART,))), "breaking"),
        (Truth(Outcome(tests={"test.shop.a.1": "error"})), "breaking"),
        (Truth(Outcome(tests={"test.shop.a.1": "fail"}, changed=(MART,))), "risky"),
        (Truth(Outcome(lost={MART: ("stock",)})), "breaking"),
        (Truth(Outcome(lost={"model.shop.edited": ("stock",)})), "safe"),
        (Truth(Outcome(), Outcome(errors=(MART,))), "breaking"),
        (Truth(refused="Compilation Error"), "breaking"),
    ],
)
def test_a_verdict_is_told_by_what_dbt_did(truth: Truth, verdict: str) -> None:
    assert deserved(truth, frozenset({"model.shop.edited"})) == verdict


@pytest.mark.parametrize(
    ("truth", "problem"),
    [
        (Truth(Outcome(errors=(MART,))), "fails misses stock_levels"),
        (Truth(Outcome(skipped=(MART,))), "skipped misses stock_levels"),
        (Truth(Outcome(lost={MART: ("stock",)})), "loses misses stock_levels.stock"),
        (Truth(Outcome(changed=(MART,))), "wrong misses stock_levels"),
        (Truth(Outcome(tests={"test.shop.not_null_stock.1": "error"})), "failing tests miss not_null_stock"),
    ],
)
def test_a_check_that_is_silent_about_what_dbt_did_is_not_right(truth: Truth, problem: str, unchanged: CheckReport) -> None:
    row = judge("reordered", unchanged, truth, {})
    assert problem in row.problems
    assert problem in page([row])


def test_silence_is_right_where_nothing_happened(unchanged: CheckReport) -> None:
    assert judge("comment", unchanged, Truth(), {}).problems == ()


@pytest.mark.dbt
def test_dbt_does_what_the_check_says(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    said = {"test-and-dashboard": "breaking"}
    rows = list(run(tmp_path, tuple(said), green_shop(tmp_path_factory)))
    assert {row.name: row.problems for row in rows} == dict.fromkeys(said, ())
    assert {row.name: row.said for row in rows} == said
