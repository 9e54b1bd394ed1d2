"""What to do about a change: one sentence for each kind of failure, names as code, commands ready to copy."""

from __future__ import annotations

import json
import shlex

import check_reports as reports
import pytest
from msgspec.structs import replace

from aftershock.model import NodeOwner, Owner
from aftershock.model.changes import CheckReport, Reached, Repair
from aftershock.model.columns import ColumnStep
from aftershock.render.check import render_check
from aftershock.render.check.advice import MOST, advice

NAMES = {"test.shop.a": "a", "unit_test.shop.b": "b", "model.shop.c": "c", "model.shop.d": "d"}
REFRESH = ("dbt", "run", "--full-refresh", "--select", "c")


def said(report: CheckReport, *, telling: bool = True) -> list[str]:
    return [item.whole for item in advice(report, telling=telling)]


def repaired(*repairs: Repair) -> list[str]:
    return said(reports.report(repairs=repairs, labels=NAMES))


def test_contracts_and_tests_that_no_longer_hold() -> None:
    impact = replace(reports.NO_IMPACT, failing_tests=tuple(NAMES)[:3])
    report = reports.report(reports.removed(kind="column-retyped"), impact=impact, labels=NAMES)
    assert said(report) == [
        "Make the SQL of c yield what its contract says, or change its contract in the same pull request.",
        "Change the tests that then fail: a and b.",
    ]
    placed = said(replace(report, repairs=(Repair("contract", ("model.shop.c",), path="models/_m.yml"),)))
    assert placed[0] == "Make the SQL of c yield what its contract says, or change its contract in models/_m.yml in the same pull request."


def test_a_reader_of_what_a_source_lost() -> None:
    lost = reports.removed(unique_id="source.shop.raw.orders")
    reader = replace(reports.NO_IMPACT, fails=("model.shop.c",), proofs=(Reached("model.shop.c", 0),))
    report = reports.report(lost, impact=reader, labels=NAMES | {lost.unique_id: "raw.orders"})
    assert said(report) == ["Change c, or have raw.orders.amount back as it was."]


def test_a_unit_test_that_fails_with_its_model_is_told_apart_from_one_that_fails_by_itself() -> None:
    change, ids = reports.removed(unique_id="model.shop.d"), ("test.shop.a", "unit_test.shop.b")
    way = (ColumnStep("model.shop.d", "x"), ColumnStep("model.shop.c", ""), ColumnStep(ids[1], ""))
    together = "See whether b needs the same change: it fails with its model."
    for fails, tests in ((("model.shop.c",), "the test that then fails: a."), ((), "the tests that then fail: a and b.")):
        impact = replace(reports.NO_IMPACT, fails=fails, failing_tests=ids, proofs=tuple(Reached(one, 0, way) for one in (*fails, *ids)))
        found = said(reports.report(change, impact=impact, labels=NAMES))
        assert f"Change {tests}" in found
        assert (together in found) is bool(fails)


def test_a_reader_that_fails_for_its_own_table_is_not_to_be_changed() -> None:
    reader = replace(reports.NO_IMPACT, fails=("model.shop.c", "model.shop.d"), proofs=(Reached("model.shop.c", 0), Reached("model.shop.d", 0)))
    report = reports.report(reports.removed(), impact=reader, labels=NAMES, repairs=(Repair("table", ("model.shop.c",), REFRESH, "sync_all_columns"),))
    assert said(report) == [
        "Change d in the same pull request, or keep model.shop.stg_orders.amount until it does without.",
        "Set on_schema_change: sync_all_columns for c, or build its table anew after the merge: `dbt run --full-refresh --select c`.",
    ]


def test_whom_a_column_concerns_that_is_lost_without_a_word() -> None:
    steps = (ColumnStep("model.shop.stg_orders", "amount"), ColumnStep("model.shop.c", "amount"))
    owners = (NodeOwner(Owner("Ops"), ("model.shop.c",), "", failing=False), NodeOwner(Owner("Others"), ("model.shop.d",), "", failing=False))
    impact = replace(reports.NO_IMPACT, loses_columns={"model.shop.c": ("amount",)}, proofs=(Reached("model.shop.c", 0, steps),), owners=owners)
    report = reports.report(reports.removed(), impact=impact, labels=NAMES)
    assert said(report) == ["c loses amount (select *). Keep model.shop.stg_orders.amount, or tell whoever reads it: Ops."]
    drifted = replace(report, changes=(reports.removed(unique_id="source.shop.raw.orders"),))
    assert said(drifted) == ["c loses amount (select *). Tell whoever reads it: Ops."]


@pytest.mark.parametrize(
    ("repair", "expected"),
    [
        (Repair("seed", ("model.shop.c",), ("dbt", "seed", "--full-refresh", "--select", "c")), "Have dbt make the table of c anew with the merge: `dbt seed --full-refresh --select c`."),
        (Repair("seed", ("model.shop.c",)), "Have dbt make the table of c anew with the merge: its settings forbid that now."),
        (Repair("table", ("model.shop.c",), (), "append_new_columns"), "Set on_schema_change: append_new_columns for c."),
        (Repair("column", ("model.shop.c",), REFRESH, "append_new_columns"), "For new columns to get into c, set on_schema_change: append_new_columns, or build its table anew after the merge: `dbt run --full-refresh --select c`."),
        (Repair("setting", ("model.shop.c",), path="models/_m.yml"), "Change the settings of c (models/_m.yml) too: they name a column that it no longer has."),
        (Repair("rows", ("model.shop.c", "model.shop.d"), REFRESH), "Rows that c and d already hold stay as they are. Where they must follow, build anew after the merge: `dbt run --full-refresh --select c`."),
        (Repair("rows", ("model.shop.c",)), "Rows that c already holds stay as they are. aftershock plan says how they can follow."),
    ],
)  # fmt: skip
def test_what_a_node_needs_beyond_its_next_run(repair: Repair, expected: str) -> None:
    assert repaired(repair) == [expected]


def test_a_relation_that_nobody_builds_any_more() -> None:
    gone = reports.removed(kind="node-removed", column="", was='"db"."main"."stg_orders"')
    assert said(reports.report(gone)) == ['Drop "db"."main"."stg_orders" once nobody reads it any more: dbt leaves it as it is.']


def test_people_are_named_only_where_nothing_else_lists_them() -> None:
    (telling,) = set(said(reports.realistic())) - set(said(reports.realistic(), telling=False))
    assert telling.startswith("Before the merge, tell Eve <eve@example.com>, Finance <finance@example.com> and Growth team <growth@example.com> @growth: ")
    assert telling.endswith(": Churn | rate, Weekly revenue and CRM sync.")


def test_a_command_stands_on_a_line_of_its_own_in_text_however_narrow() -> None:
    report = replace(reports.report(), labels={"model.shop.daily": "daily"}, repairs=reports.realistic().repairs)
    for width in (40, 80, 200):
        lines = [line.strip() for line in render_check(report, width=width).splitlines()]
        assert "dbt run --full-refresh --select daily+" in lines
    assert "Rows that daily already holds stay as they are." in render_check(reports.realistic(), width=200)


def test_names_and_commands_are_code_in_markdown() -> None:
    shown = render_check(reports.realistic(), "markdown")
    assert "1. Change the test that then fails: `not_null_stg_orders_amount`." in shown
    assert (
        "1. Rows that `daily` already holds stay as they are. Where they must follow, build anew after the merge: `dbt run --full-refresh --select daily+`."
        in shown
    )


def test_a_command_is_one_for_a_shell_whatever_a_name_holds() -> None:
    (text,) = repaired(Repair("rows", ("model.shop.c",), ("dbt", "run", "--select", "a b; $(touch x)")))
    command = text.partition(": `")[2].removesuffix("`.")
    assert shlex.split(command) == ["dbt", "run", "--select", "a b; $(touch x)"]
    (none,) = repaired(Repair("rows", ("model.shop.c",), ("dbt", "run", "--select", "a\0b")))
    assert "`" not in none


def test_there_are_never_more_than_can_be_read() -> None:
    assert len(json.loads(render_check(reports.spoken("x"), "json"))["advice"]) <= MOST
