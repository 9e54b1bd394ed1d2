"""Reports with a plan of every kind of step: a usual one, and one whose every string is given."""

# ruff: noqa: FBT003  # frozen values are written in the order of their fields
from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import reports
from reports import CUSTOMERS, DAILY, FCT, ITEMS, SNAPSHOT, STG

from aftershock.model import Phase, RecoveryPlan, Report, Step
from aftershock.model.plan import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = ("--target", "prod")
SQL = """\
begin;
delete from "shop"."main"."fct_orders_daily"
    where day >= timestamp '2026-11-01';

insert into "shop"."main"."fct_orders_daily" (day, amount)
\tselect day, amount from orders where note <> 'it''s $5';
commit;"""


def block(sql: str) -> str:
    """The YAML that a plan gives to ``--args``: a block which keeps every character of it, as a line has it."""
    return "sql: |2\n" + "".join(f"  {line}\n" if line else "\n" for line in sql.rstrip("\n").split("\n"))


def run_sql(sql: str, *words: str) -> tuple[str, ...]:
    return ("dbt", "run-operation", "run_query", "--args", block(sql), *words)


def steps(*found: Step, asks_target: bool = False) -> Report:
    """A report whose plan is these steps, each in a phase of its own."""
    plan = RecoveryPlan(tuple(Phase("plain", (step,)) for step in found), asks_target=asks_target)
    return msgspec.structs.replace(reports.realistic(), recovery=plan)


PHASES = (
    Phase("backup", (Step("backup", (), "Copy dbt's files first: the first command overwrites run_results.json.", who="whoever runs this plan"),)),
    Phase("gate", (Step("gate", (STG,), "Correct the cause first: a rebuild before that builds the same values again.", who="Ana Ruiz <ana@example.com> @ana"),)),
    Phase("pause", (Step("pause", (SNAPSHOT,), "Hold dbt snapshot until its input is right.", costs="Versions during the pause are lost.", who="whoever schedules dbt"),)),
    Phase(
        "plain",
        (
            Step(
                "run",
                (STG, ITEMS, CUSTOMERS),
                "A plain run selects the rows again.",
                argv=("dbt", "run", "--select", "stg_orders", "int_order_items", "dim_customers.v2", *TARGET),
                requires="raw.orders holds the corrected rows.",
                costs="All rows of 3 tables are written again.",
            ),
        ),
    ),
    Phase(
        "full-refresh",
        (
            Step(
                "full-refresh",
                (FCT,),
                "It is incremental: a plain run keeps the wrong rows.",
                "Rows that the source no longer holds, grants and time travel of the table.",
                ("dbt", "run", "--full-refresh", "--select", "fqn:shop.marts.fct_orders,package:shop,file:fct_orders.sql", "--vars", '{"run": "daily"}', *TARGET),
                requires="raw.orders holds all of its history.",
            ),
        ),
    ),
    Phase(
        "manual",
        (
            Step("sql", (DAILY,), "Replace the rows of the bad days in one transaction.", "Rows of these days that orders no longer holds.", run_sql(SQL, *TARGET), sql=SQL),
            Step("confirm", (DAILY,), "Whoever owns the export writes it again.", who="Finance", sql="select count(*)\nfrom exports;"),
        ),
    ),
    Phase(
        "verify",
        (
            Step("freshness", ("source.shop.raw.orders",), "Prove that it is fresh.", argv=("dbt", "source", "freshness", "--select", "source:shop.raw.orders", *TARGET)),
            Step("test", tuple(f"test.shop.not_null_{at}" for at in range(9)), "Every test must pass.", argv=("dbt", "test", "--select", "stg_orders", *TARGET)),
        ),
    ),
)  # fmt: skip


def planned() -> Report:
    """A plan with every kind of step, for a target that is known."""
    estimate = Estimate(75, 1500, ("It rests on 4 runs of the last week.", "What people do is not in it."))
    plan = RecoveryPlan(PHASES, ("metric.shop.revenue",), ("No test would show whether orders_snapshot is repaired.",), estimate)
    return msgspec.structs.replace(reports.realistic(), recovery=plan)


def hostile(say: Callable[[], str]) -> Report:
    """A small plan in which every string that an artifact or a person can set is what ``say`` returns."""
    report = reports.hostile(say)
    ids = tuple(item.unique_id for item in report.assessment.radius.affected)
    sql = say()
    found = (
        Phase("backup", (Step("backup", (), say(), who=say()),)),
        Phase("gate", (Step("gate", ids[:1], say(), say(), (), say(), say(), say(), say()),)),
        Phase("plain", (Step("run", ids[:2], say(), say(), ("dbt", "run", "--select", say(), "--target", say()), "", say(), say()),)),
        Phase("manual", (Step("sql", ids, say(), "", run_sql(sql, "--vars", say()), sql=sql), Step("sql", ids, say(), say(), sql=say(), who=say()))),
        Phase("verify", (Step("test", ids, say(), argv=("dbt", "test", "--select", say())),)),
    )
    return msgspec.structs.replace(report, recovery=RecoveryPlan(found, ids[:1], (say(),), Estimate(None, None, (say(),)), True))
