"""How bad changes are together: what surely happens counts, and what may be as intended counts less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from change_projects import Raw, checked, edited, exposure, model, project, source
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.model import Policy, SeverityPolicy

if TYPE_CHECKING:
    from aftershock.model.changes import CheckReport

CRITICAL = exposure("board", "mart", maturity="high")
TIER = {"meta": {"tier": "1"}}


def level(report: CheckReport) -> str:
    return report.severity.level.value if report.severity is not None else ""


def rules(report: CheckReport) -> set[str]:
    return {reason.rule for reason in report.severity.reasons} if report.severity is not None else set()


def base(*more: Raw) -> Raw:
    stg, mart = model("stg", "select id, b, c from raw"), model("mart", "select id, b from stg", **TIER)
    return project(source("raw", "id", "b", "c"), stg, mart, exposure("board", "mart", **TIER), *more)


FILTER = model("stg", "select id, b, c from raw where id > 1")
DROP = model("stg", "select id, c from raw")


def test_a_filter_is_no_worse_than_a_column_that_surely_fails_somebody() -> None:
    filtered, dropped = checked(base(), edited(base(), FILTER)), checked(base(), edited(base(), DROP))
    assert {change.verdict for change in filtered.changes} == {"risky"}
    assert {change.verdict for change in dropped.changes} == {"breaking"}
    assert (level(filtered), level(dropped)) == ("P1", "P1")
    assert "lower-intended" in rules(filtered)
    assert "lower-intended" not in rules(dropped)
    assert filtered.severity is not None
    assert (filtered.severity.computed, filtered.severity.reasons[-1].change) == (filtered.severity.level, "lower")


def test_what_is_risky_and_reaches_nobody_is_mildest() -> None:
    quiet = project(source("raw", "id", "b", "c"), model("stg", "select id, b, c from raw"), model("other", "select id from raw"), exposure("board", "other"))
    assert level(checked(quiet, edited(quiet, FILTER))) == "P3"


def test_the_rule_can_be_turned_off() -> None:
    policy = Policy(severity=SeverityPolicy(rules={"lower-intended": False}))
    assert level(checked(base(), edited(base(), FILTER), policy=policy)) == "P0"


def test_a_column_that_stays_in_a_table_without_values_is_nobodys_intention() -> None:
    """The incremental table keeps b, and rows that are put in again have none."""
    kept = {"config": {"materialized": "incremental", "on_schema_change": "append_new_columns"}}
    whole = project(
        source("raw", "id", "b"), model("stg", "select id, b from raw"), model("fct", "select * from stg", **kept), model("mart", "select id, b from fct", **TIER),
        exposure("board", "mart", **TIER),
    )  # fmt: skip
    report = checked(whole, edited(whole, model("stg", "select id from raw")))
    assert {change.verdict for change in report.changes} == {"breaking"}
    assert (level(report), report.impact.wrong) == ("P0", ("model.p.fct", "model.p.mart"))


def test_nobody_downstream_is_said_of_what_could_be_judged_only() -> None:
    stuck = base(model("alone", "select id, b from raw"), exposure("idle", "alone"), model("end", "select id, b from raw"))
    report = checked(stuck, edited(stuck, model("stg", "select (((( from raw"), model("end", "select id from raw")))
    assert {change.verdict for change in report.changes} == {"cannot-say", "breaking"}
    assert report.impact.dashboards
    (said,) = [reason.evidence for reason in report.severity.reasons if reason.rule == "lower-no-consumer"] if report.severity is not None else [""]
    assert said.endswith("is downstream of what could be judged")


def test_a_dashboard_that_a_breaking_change_may_reach_counts() -> None:
    """The column is lost for one, and another of the same name takes its place for the other."""
    twin = project(
        source("raw", "id", "b"), source("raw2", "id", "b"), model("stg", "select id, b from raw"), model("other", "select id, b from raw2"),
        model("mart", "select stg.id, other.b from stg join other on stg.id = other.id"), model("fails", "select b from stg"), exposure("board", "mart"),
    )  # fmt: skip
    report = checked(twin, edited(twin, model("stg", "select id from raw")))
    assert not report.impact.dashboards
    assert level(report) == "P3"


NAMES = ("a", "b", "c")
EDITS = {
    "filter": "select id, x, y from {} where id > 1",
    "drop": "select id, y from {}",
    "values": "select id, x + 1 as x, y from {}",
    "add": "select id, x, y, 1 as z from {}",
    "nothing": "select id, x, y from {}",
    "unread": "select (((( from {}",
}


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries({name: st.sampled_from(sorted(EDITS)) for name in NAMES}), st.sampled_from(NAMES), st.booleans())
def test_more_changes_are_never_milder(edits: dict[str, str], left: str, marked: bool) -> None:  # noqa: FBT001  # drawn
    """Models beside each other: none of them adapts to what another one changes."""
    sources = [source(f"raw_{name}", "id", "x", "y") for name in NAMES]
    tops = [model(f"top_{name}", EDITS["nothing"].format(f"raw_{name}")) for name in NAMES]
    marts = [model(f"mart_{name}", f"select * from top_{name}", **(TIER if marked else {})) for name in NAMES]  # noqa: S608  # our own
    all_ = model("all_", "select a.id, b.x, c.y from mart_a a join mart_b b on a.id = b.id join mart_c c on c.id = a.id")
    whole = project(*sources, *tops, *marts, all_, exposure("board", "all_", maturity="high"), exposure("one", "mart_a"))

    def made(wanted: dict[str, str]) -> CheckReport:
        return checked(whole, edited(whole, *(model(f"top_{name}", EDITS[edit].format(f"raw_{name}")) for name, edit in wanted.items())))

    more, fewer = made(edits), made({name: edit for name, edit in edits.items() if name != left})
    if fewer.severity is not None:
        assert more.severity is not None
        assert more.severity.level.at_least(fewer.severity.level)


@pytest.mark.parametrize("edit", ["filter", "values"])
def test_what_is_only_risky_is_never_the_worst(edit: str) -> None:
    whole = project(source("raw", "id", "x", "y"), model("top", EDITS["nothing"].format("raw"), **TIER), exposure("board", "top", maturity="high"))
    assert level(checked(whole, edited(whole, model("top", EDITS[edit].format("raw"), **TIER)))) == "P1"
