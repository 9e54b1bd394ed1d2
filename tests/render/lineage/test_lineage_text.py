from __future__ import annotations

import re

import lineage_reports as reports
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.model.lineage import LineageNode, LineageReport
from aftershock.render.escape import UNSAFE
from aftershock.render.layout import Span, rows_of
from aftershock.render.lineage import render_lineage
from aftershock.render.lineage.sides import downstream, name_of, upstream
from aftershock.render.lineage.text import BUDGET, text


def rows(shown: str, width: int) -> int:
    return sum(rows_of((Span(line),), width) for line in shown.splitlines())


def test_the_first_screen_of_a_column() -> None:
    *shown, read, files = text(reports.real("stg_customers.email")).splitlines()
    assert (
        "\n".join(shown)
        == """\
stg_customers.email: made of 1 column of raw.customers; goes into 4 columns of 4 nodes.

Comes from: 1 column of 1 node
  -1  raw.customers  email  computed

Goes to: 4 columns of 4 nodes
  +1  customers_snapshot   email  as it is through a star (*) + filter
  +1  dim_customers.v1     email  as it is
  +1  dim_customers.v2     email  as it is
  +2  newsletter_audience  email  as it is                              from dim_customers.v1
"""
    )
    assert re.fullmatch(r"Read: 5 of 5 nodes \(100 %\), (\d+) of \1 names in their code attributed", read)
    assert files.startswith("  read from ")


def test_the_answer_says_what_it_is_made_of_decided_by_and_where_it_goes() -> None:
    shown = " ".join(text(reports.real("fct_orders.amount"), show_all=True).split())
    assert shown.startswith(
        "fct_orders.amount: made of 3 columns of raw.order_items and raw.orders, its rows or values decided by 7 more nodes; goes into 14 columns of 11 nodes "
        "and perhaps reaches 2 more nodes; may show in 7 exposures, 5 metrics, 1 saved query and 1 semantic model."
    )
    for said in (
        "0 fct_orders (itself) updated_at filter",
        "quantity → int_order_amounts.gross_amount (aggregated), int_orders_enriched.amount (aggregated)",
        "+1 orders_wide amount as it is through a star (*)",
        "rows ← fct_orders.amount (group by)",
        "customer_segments rows may use it, not read: it is a Python model",
        "newsletter_audience rows may: reads its rows",
        "executive_dashboard exposure reads",
        "Read: 21 of 22 nodes (95 %), ",
        "not read: customer_segments: it is a Python model",
    ):
        assert said in shown


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (reports.real("raw.orders.status"), "raw.orders.status: it is a source, which nothing in dbt feeds; goes into"),
        (reports.real("raw.orders.status", "up"), "raw.orders.status: it is a source, which nothing in dbt feeds."),
        (reports.real("newsletter_audience.email", "down"), "newsletter_audience.email: nothing in dbt uses it."),
        (reports.real("fct_orders.amount", "up", 1), "made of 1 column of int_orders_enriched, its rows or values decided by 1 more node."),
        (reports.real("stg_customers", columns=("email", "full_name")), "stg_customers.email and stg_customers.full_name: made of"),
        (reports.real("daily_sales.order_count", "up"), "made of 1 column of raw.orders"),
        (reports.real("stg_orders"), "stg_orders (7 columns): made of 6 columns of raw.orders; "),
    ],
)
def test_verdicts(report: LineageReport, said: str) -> None:
    assert said in " ".join(text(report).split())


def test_what_has_no_sql_is_not_said_to_come_from_nowhere() -> None:
    shown = text(reports.real("exposure:executive_dashboard", "up"))
    assert "exec_kpis" in shown
    assert "raw.orders" in shown


def test_a_node_that_was_not_read_says_so_first() -> None:
    report = reports.real("customer_segments", "up")
    assert "customer_segments (3 columns): its code was not read" in text(report) or "not read: customer_segments: it is a Python model" in text(report)
    start = LineageNode("model.p.x", "model", "x", "", 0, (), unread="it is a Python model")
    bare = msgspec.structs.replace(reports.made_up(1), start="model.p.x", columns=(), nodes=(start,), edges=(), labels={"model.p.x": "x"})
    assert text(bare).startswith("x: its code was not read: it is a Python model; nothing in dbt uses it.")


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 120), st.integers(1, 250), st.sampled_from(["up", "down", "both"]), st.lists(reports.TEXTS, max_size=4))
def test_the_first_screen_is_forty_rows_and_safe(seed: int, size: int, width: int, direction: reports.Direction, texts: list[str]) -> None:
    report = reports.made_up(seed, size, texts, direction)
    shown = text(report, width=width)
    assert rows(shown, max(width, 40)) <= BUDGET
    assert not UNSAFE.search(shown.replace("\n", ""))
    assert shown == text(report, width=width), "the same input gives the same bytes"
    assert re.search(r"^Read: ", shown, re.MULTILINE)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 80), st.lists(reports.TEXTS, max_size=4))
def test_everything_is_everything_and_safe(seed: int, size: int, texts: list[str]) -> None:
    report = reports.made_up(seed, size, texts)
    shown = text(report, show_all=True)
    assert not UNSAFE.search(shown.replace("\n", ""))
    if not texts:
        listed = set(re.findall(r"^  [-+]\d+ +(\S+)", shown, re.MULTILINE))
        assert listed == {name_of(report, node.unique_id) for node in report.nodes if node.depth}
        assert "(--all)" not in shown


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40))
def test_sides_hold_every_node_once_and_only_direct_ways_carry(seed: int, size: int) -> None:
    report = reports.made_up(seed, size)
    places = [place for side in (upstream(report), downstream(report)) for place in side.places]
    assert sorted(place.node.unique_id for place in places) == sorted(node.unique_id for node in report.nodes if node.depth)
    assert {edge for place in places for edge in place.edges} == set(report.edges)
    for place in places:
        assert all(edge.kind == "DIRECT" for edge in place.values)
        assert set(place.carried) <= set(place.node.columns)
        assert bool(place.values) is bool(place.carried)


def test_a_way_that_is_certain_nowhere_is_said_to_be_possible_only() -> None:
    report = reports.real("fct_orders.amount")
    sure = {place.node.unique_id: place.sure for place in downstream(report).places}
    assert sure["model.shop.daily_sales"]
    assert not sure["model.shop.customer_segments"]
    assert not sure["model.shop.newsletter_audience"], "below a node that was not read nothing is certain"
    assert not sure["exposure.shop.executive_dashboard"]


def test_colours_only_where_they_are_wanted() -> None:
    report = reports.real("fct_orders.amount")
    assert "\x1b[" not in render_lineage(report)
    assert re.sub(r"\x1b\[[\d;]*m", "", render_lineage(report, colour=True)) == render_lineage(report)
