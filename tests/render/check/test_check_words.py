"""How a check is told where there is little room: the end of a way, the reason of a change."""

from __future__ import annotations

import check_reports as reports
import pytest
from msgspec.structs import replace

from aftershock.model.changes import CheckReport, Reached
from aftershock.model.columns import ColumnStep
from aftershock.render.check import render_check
from aftershock.render.check.words import shortened

WORDS = "Each row of it is told apart by what nobody told anybody and that is why it ends here and nowhere else, at the last word: zebra"


def long_way(column: str) -> CheckReport:
    steps = tuple(ColumnStep(f"model.shop.step_number_{at}", "account_score" if at < 5 else column) for at in range(6))
    impact = replace(reports.NO_IMPACT, wrong=("model.shop.step_number_5",), proofs=(Reached("model.shop.step_number_5", 0, steps),))
    return reports.report(reports.removed(), impact=impact, labels={f"model.shop.step_number_{at}": f"step_number_{at}" for at in range(6)})


def test_a_long_way_keeps_its_end() -> None:
    assert "| `step_number_0.account_score` → … → `step_number_5.score` |" in render_check(long_way("score"), "markdown")
    assert "step_number_0.account_score → … → step_number_5.score" in render_check(long_way("score"), width=100)
    assert "from step_number_0.account_score" in render_check(long_way(""), width=100)
    assert shortened(["a", "b"], 2) == ["a", "b"]
    assert shortened(["a", "b", "c"], 2) == ["a", "…", "c"]


@pytest.mark.parametrize("number", [1, 4, 5, 12])
@pytest.mark.parametrize("width", [80, 100])
def test_a_log_has_the_reason_of_what_fails_to_its_end(number: int, width: int) -> None:
    changes = [reports.removed(unique_id=f"model.shop.m{at}", column="a", reason=WORDS) for at in range(number)]
    assert " ".join(render_check(reports.report(*changes), width=width).split()).count("zebra") == number


def test_why_a_node_fails_is_told_to_its_end() -> None:
    impact = replace(
        reports.NO_IMPACT, fails=("model.shop.c",), proofs=(Reached("model.shop.c", 0, (), "its table does not have that column: zebra crossing"),)
    )
    assert "zebra crossing (from stg_orders.amount)" in " ".join(render_check(reports.report(reports.removed(), impact=impact), width=60).split())
