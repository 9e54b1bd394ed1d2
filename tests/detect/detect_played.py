"""Failures of the shop that real dbt plays, each with what was really broken: the table by which detect is judged.

Every scenario starts from one green build. ``statements`` change the warehouse, ``edits`` the project; then the ``commands`` run as production.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, NamedTuple

from fixtures.build import Edit, build_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aftershock.model.detection import Detection
    from repair.warm import Dbt

DUPLICATE, LOSS, QUALITY, BREAK, FAILURE, STALE = "duplicate-load", "data-loss", "data-quality", "schema-break", "pipeline-failure", "stale-data"


class Truth(NamedTuple):
    """What is really wrong: the category, and the nodes at the root, by unique_id without ``model.shop.`` where it is that."""

    category: str
    nodes: tuple[str, ...]

    @property
    def unique_ids(self) -> frozenset[str]:
        """The nodes as the manifest has them."""
        return frozenset(node if "." in node else f"model.shop.{node}" for node in self.nodes)


class Played(NamedTuple):
    """One scenario."""

    name: str
    story: str
    truths: tuple[Truth, ...]
    edits: tuple[Edit, ...] = ()
    statements: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = (("build",),)
    faults: tuple[str, ...] = ()
    """Unit tests that fail, which are no incident themselves."""


DEAD_HOOK = Edit("dbt_project.yml", "select 1 as run_finished", "insert into audit_of_runs values (1)")
START_HOOK = Edit("dbt_project.yml", "on-run-end:\n", 'on-run-start:\n  - "select * from no_such_table"\n\non-run-end:\n')
RUN_AND_TEST = (("run",), ("test",))
SHOWN = (("docs", "generate", "--no-compile"), ("build",))
TOPS_OF_TABLES = (
    "fct_events_monthly", "int_payments_copy", "campaign_performance", "late_shipments", "dim_customers.v1", "dim_dates", "dim_products", "stock_levels",
)  # fmt: skip

PLAYED = (
    Played(
        "type change",
        "raw.refunds.amount_cents becomes a text with a currency.",
        (Truth(BREAK, ("stg_refunds",)),),
        statements=("alter table raw.refunds alter column amount_cents type varchar[] using [amount_cents::varchar, 'EUR']",),
        commands=(("build", "--select", "stg_refunds+"),),
    ),
    Played(
        "missing relation",
        "raw.refunds is dropped.",
        (Truth(BREAK, ("source.shop.raw.refunds",)),),
        statements=("drop table raw.refunds",),
        commands=(("build", "--select", "stg_refunds+"),),
    ),
    Played(
        "renamed column, catalog since",
        "raw.orders calls its discount otherwise, and the catalog was written since then.",
        (Truth(BREAK, ("source.shop.raw.orders",)),),
        statements=("alter table raw.orders rename column discount_cents to rebate_cents",),
        commands=SHOWN,
    ),
    Played(
        "renamed column",
        "The same without a catalog: nothing shows who lost the column.",
        (Truth(BREAK, ("stg_orders",)),),
        statements=("alter table raw.orders rename column discount_cents to rebate_cents",),
        commands=(("build", "--select", "stg_orders+1"),),
    ),
    Played(
        "duplicates",
        "Five payments are loaded twice.",
        (Truth(DUPLICATE, ("stg_payments",)),),
        statements=("insert into raw.payments select * from raw.payments limit 5",),
        commands=(("build", "--select", "stg_payments+1"),),
    ),
    Played(
        "duplicates, run and test apart",
        "Five order items are loaded twice, and everything below is built before a test runs.",
        (Truth(DUPLICATE, ("stg_order_items",)),),
        statements=("insert into raw.order_items select * from raw.order_items limit 5",),
        commands=RUN_AND_TEST,
    ),
    Played(
        "emptied table",
        "raw.events is emptied.",
        (Truth(LOSS, ("stg_events",)),),
        statements=("delete from raw.events",),
        commands=(("build", "--select", "stg_events+1"),),
    ),
    Played(
        "volume drop",
        "Three of four orders are gone.",
        (Truth(LOSS, ("stg_orders",)),),
        statements=("delete from raw.orders where order_id > 50",),
        commands=(("build", "--select", "stg_orders+1"),),
    ),
    Played(
        "lost customers",
        "Half of the customers are gone: orders refer to nobody.",
        (Truth(LOSS, ("stg_orders",)),),
        statements=("delete from raw.customers where customer_id > 20",),
        commands=(("build", "--select", "stg_customers+1", "stg_orders"),),
    ),
    Played(
        "nulls",
        "Some payments have no time.",
        (Truth(QUALITY, ("stg_payments",)),),
        statements=("update raw.payments set paid_at = null where order_id < 9",),
        commands=(("build", "--select", "stg_payments+1"),),
    ),
    Played(
        "nulls at the source and below",
        "An order without a number is loaded, and everything below is built before a test runs.",
        (Truth(QUALITY, ("source.shop.raw.orders",)),),
        statements=("insert into raw.orders select * replace (null as order_id) from raw.orders limit 1",),
        commands=RUN_AND_TEST,
    ),
    Played(
        "wrong values",
        "A status that nobody knows.",
        (Truth(QUALITY, ("stg_orders",)),),
        statements=("update raw.orders set status = 'lost' where order_id = 5",),
        commands=(("build", "--select", "stg_orders+1"),),
    ),
    Played(
        "contract",
        "dim_products selects its price as a text, against its contract.",
        (Truth(BREAK, ("dim_products",)),),
        edits=(Edit("models/marts/core/dim_products.sql", "cast(list_price as double)", "cast(list_price as varchar)"),),
        commands=(("build", "--select", "dim_products+1"),),
    ),
    Played(
        "constraint",
        "A product without a number is loaded, and dim_products does not accept it.",
        (Truth(QUALITY, ("dim_products",)),),
        statements=("insert into raw.products select * replace (null as product_id) from raw.products limit 1",),
        commands=(("run",),),
    ),
    Played(
        "unit test",
        "int_order_payments takes the largest payment for the sum, and is not built.",
        (Truth(FAILURE, ("int_order_payments",)),),
        edits=(Edit("models/intermediate/int_order_payments.sql", "sum(p.amount)", "max(p.amount)"),),
        faults=("unit_test.shop.int_order_payments.refunds_are_added_per_order",),
    ),
    Played("hook after the run", "The hook after the run writes to a table that is not there.", (Truth(FAILURE, ()),), edits=(DEAD_HOOK,)),
    Played("hook before the run", "The hook before the run reads a table that is not there; dbt goes on.", (Truth(FAILURE, ()),), edits=(START_HOOK,)),
    Played(
        "undefined macro",
        "int_sessions calls a macro that is not there, which dbt meets when it builds it.",
        (Truth(FAILURE, ("int_sessions",)),),
        edits=(Edit("models/intermediate/int_sessions.sql", "    count(*) as event_count,", "    {% if execute %}{{ events_counted() }}{% endif %},"),),
        commands=(("build", "--select", "int_sessions+"),),
    ),
    Played(
        "syntax",
        "stock_levels has a word too many.",
        (Truth(FAILURE, ("stock_levels",)),),
        edits=(Edit("models/marts/ops/stock_levels.sql", "group by product_id", "group by by product_id"),),
        commands=(("build", "--select", "stock_levels+"),),
    ),
    Played(
        "cast",
        "sales_by_category reads a number out of a text in which one value is none.",
        (Truth(QUALITY, ("stock_levels",)),),
        edits=(
            Edit(
                "models/marts/ops/stock_levels.sql",
                "    sum(delta) as stock",
                "    sum(delta) as stock,\n    max(cast(case when product_id = 3 then 'three' else '3' end as integer)) as number",
            ),
        ),
        commands=(("build", "--select", "stock_levels+"),),
    ),
    Played(
        "python model",
        "The Python model reads a column that is not there.",
        (Truth(FAILURE, ("customer_segments",)),),
        edits=(Edit("models/marts/marketing/customer_segments.py", '[["customer_id", "lifetime_value"]]', '[["customer_id", "life_value"]]'),),
        commands=(("build", "--select", "customer_segments+"),),
    ),
    Played(
        "warning",
        "One refund is loaded twice, whose test only warns.",
        (Truth(DUPLICATE, ("stg_refunds",)),),
        statements=("insert into raw.refunds select * from raw.refunds limit 1",),
        commands=(("build", "--select", "stg_refunds+1"),),
    ),
    Played(
        "three causes",
        "raw.payments loses its method, an order comes twice, and the events stop.",
        (Truth(BREAK, ("stg_payments", "int_payment_methods")), Truth(DUPLICATE, ("stg_orders",)), Truth(LOSS, ("stg_events",))),
        statements=(
            "alter table raw.payments drop column method",
            "insert into raw.orders select * from raw.orders where order_id = 7",
            "delete from raw.events where event_id <= 400",
        ),
    ),
    Played("empty run", "Somebody runs --empty in production.", (Truth(LOSS, ("*",)),), commands=(("run", "--empty"),)),
    Played(
        "fail fast",
        "An order comes twice, and the run stops at the first failure.",
        (Truth(DUPLICATE, ("stg_orders",)),),
        statements=("insert into raw.orders select * from raw.orders where order_id = 7",),
        commands=(("build", "--fail-fast"),),
    ),
    Played(
        "schema change",
        "fct_payments selects a column less than its table has, and on_schema_change is fail.",
        (Truth(BREAK, ("fct_payments",)),),
        edits=(Edit("models/marts/core/fct_payments.sql", "    p.method,\n", ""),),
        commands=(("build", "--select", "fct_payments+"),),
    ),
)


def base(folder: Path) -> Path:
    """One green build of the shop, from which every scenario starts."""
    build_shop(folder, full_artifacts=False)
    return folder


def play(scenario: Played, start: Path, to: Path, dbt: Dbt) -> Path:
    """Break a copy of the shop as the scenario says, run dbt, and return its target directory."""
    import duckdb

    shutil.copytree(start, to, symlinks=True)
    for name in ("run_results.json", "sources.json", "catalog.json"):
        (to / "target" / name).unlink(missing_ok=True)
    for edit in scenario.edits:
        path = to / edit.path
        text = path.read_text("utf-8")
        if text.count(edit.old) != 1:
            raise ValueError(f"{path}: {edit.old!r} is not there exactly once")
        path.write_text(text.replace(edit.old, edit.new), "utf-8")
    with duckdb.connect(str(to / "target" / "shop.duckdb")) as connection:
        for statement in scenario.statements:
            connection.execute(statement)
    for words in scenario.commands:
        done = dbt.run(to, *words, "--target", "prod")
        (to / "dbt.log").write_text(done.stdout + done.stderr, "utf-8")
    return to / "target"


class Score(NamedTuple):
    """How a detection compares with the truth."""

    roots: bool
    first: bool
    second: bool
    missed: tuple[str, ...]


def compared(scenario: Played, found: Detection) -> Score:
    """Whether every truth is found with its roots, and nothing else; whether its category is the first one named, or among the first two."""
    left = list(found.incidents)
    missed: list[str] = []
    roots = first = second = True
    for truth in scenario.truths:
        same = next((item for item in left if _same_roots(truth, item.origins or item.nodes) and truth.category in _categories(item, 2)), None)
        same = same or next((item for item in left if _same_roots(truth, item.origins or item.nodes)), None)
        if same is None:
            roots = first = second = False
            missed.append(f"{truth.category} at {', '.join(truth.nodes) or 'no node'} is not found")
            continue
        left.remove(same)
        if same.category.value != truth.category:
            first = False
            missed.append(f"{truth.category} at {', '.join(truth.nodes)} is called {same.category.value}")
        second = second and truth.category in _categories(same, 2)
    if left:
        roots = False
        missed += [f"{item.category.value} is found too: {item.title}" for item in left]
    if tuple(fault.unique_id for fault in found.code_faults) != scenario.faults:
        missed.append(f"faults in code: {found.code_faults}")
        roots = False
    return Score(roots, first, second, tuple(missed))


def _same_roots(truth: Truth, nodes: tuple[str, ...]) -> bool:
    return bool(nodes) if truth.nodes == ("*",) else truth.unique_ids == set(nodes)


def _categories(item: object, most: int) -> list[str]:
    named = [item.category, *(other.category for other in item.alternatives)]  # type: ignore[attr-defined]
    return [category.value for category in named[:most]]


def scenarios(names: list[str] | None = None) -> Iterator[Played]:
    """The scenarios, or those of these names."""
    return (scenario for scenario in PLAYED if not names or scenario.name in names)


if __name__ == "__main__":
    sys.exit("bench/detection.py plays these")
