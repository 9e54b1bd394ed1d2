"""The whole answer to "where does this come from, and where does it go", on the fixture project."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import aftershock
from aftershock.errors import AmbiguousName, SelectionError, UnknownName, UsageError

if TYPE_CHECKING:
    from aftershock.columns.project import ProjectLineage
    from aftershock.model.lineage import LineageReport

GREEN = Path(__file__).resolve().parents[1] / "fixtures" / "artifacts" / "green"
PYTHON = "model.shop.customer_segments"
AT = "2026-03-01T06:00:00Z"


@cache
def artifacts() -> aftershock.Artifacts:
    return aftershock.read_artifacts(GREEN)


@cache
def reader() -> ProjectLineage:
    found = aftershock.open_lineage(artifacts(), cached=False)
    found.read(found.graph.nodes)
    return found


def ask(node: str, *columns: str, direction: str = "both", depth: int | None = None, facets: bool = False) -> LineageReport:
    return aftershock.lineage(artifacts(), node, columns=columns, direction=direction, depth=depth, facets=facets, reader=reader(), now=AT)


def ids(report: LineageReport) -> set[str]:
    return {node.unique_id for node in report.nodes}


@pytest.mark.parametrize("column", ["amount", "AMOUNT"])
def test_a_columns_whole_way_up(column: str) -> None:
    report = ask("fct_payments", column, direction="up")
    assert (report.start, report.columns, report.direction, report.depth) == ("model.shop.fct_payments", ("amount",), "up", None)
    assert ids(report) <= {report.start, *reader().graph.ancestors((report.start,))}
    assert "source.shop.raw.payments" in ids(report)
    assert all(node.depth <= 0 for node in report.nodes)
    assert report.nodes[-1].unique_id == report.start
    source = next(node for node in report.nodes if node.unique_id == "source.shop.raw.payments")
    assert "amount" in {name.casefold() for name in source.columns} or source.columns


def test_a_columns_whole_way_down() -> None:
    report = ask("source:raw.payments", "amount_cents", direction="down")
    assert report.start == "source.shop.raw.payments"
    assert ids(report) <= {report.start, *reader().graph.descendants((report.start,))}
    assert "model.shop.fct_payments" in ids(report)
    assert all(node.depth >= 0 for node in report.nodes)
    assert report.nodes[0].unique_id == report.start


def test_both_ways_are_the_one_and_the_other() -> None:
    up, down, both = (ask("fct_payments", "amount", direction=direction) for direction in ("up", "down", "both"))
    assert ids(both) == ids(up) | ids(down)
    assert set(both.edges) == set(up.edges) | set(down.edges)
    assert {node.depth < 0 for node in both.nodes if node.unique_id != both.start} == {True, False}


def test_every_edge_has_both_ends_among_the_nodes_and_is_sorted() -> None:
    report = ask("int_orders_enriched")
    ends = {ref.node for edge in report.edges for ref in (edge.source, edge.target)}
    assert ends <= ids(report) | {ref for ref in ends if ref.startswith("outside:")}
    assert report.edges == tuple(sorted(set(report.edges)))
    assert ids(report) <= set(report.labels)
    assert [(node.depth, node.unique_id) for node in report.nodes] == sorted((node.depth, node.unique_id) for node in report.nodes)


@pytest.mark.parametrize("direction", ["up", "down", "both"])
def test_depth_counts_nodes_and_a_deeper_answer_holds_the_shallower(direction: str) -> None:
    reports = [ask("int_orders_enriched", "status", direction=direction, depth=depth) for depth in (1, 2, 3, None)]
    for shallow, deep in pairwise(reports):
        assert ids(shallow) <= ids(deep)
        assert set(shallow.edges) <= set(deep.edges)
    assert all(abs(node.depth) <= 1 for node in reports[0].nodes)
    assert all(abs(node.depth) <= 2 for node in reports[1].nodes)


def test_up_and_down_are_the_same_edges_from_either_end() -> None:
    """Whatever a column leads into, leads back to it."""
    for column in ("amount", "method"):
        down = ask("stg_payments", column, direction="down", depth=1)
        for edge in down.edges:
            if edge.source.column.casefold() != column or not edge.target.column or reader().graph.nodes[edge.target.node].resource_type != "model":
                continue
            up = ask(edge.target.node, edge.target.column, direction="up", depth=1)
            assert edge in up.edges


def test_a_column_behind_the_nodes_name_is_understood() -> None:
    assert ask("fct_payments.amount", direction="up") == ask("fct_payments", "amount", direction="up")
    assert ask("raw.payments.amount_cents", direction="down").start == "source.shop.raw.payments"


def test_a_node_alone_is_all_of_its_columns() -> None:
    report = ask("stg_payments", direction="up")
    assert list(report.columns) == list(reader().names("model.shop.stg_payments").values())


def test_several_columns_are_followed_together() -> None:
    one, other, both = ask("fct_orders", "order_id"), ask("fct_orders", "status"), ask("fct_orders", "order_id", "status")
    assert set(both.edges) == set(one.edges) | set(other.edges)


def test_a_wrong_column_names_the_nearest() -> None:
    for report in (lambda: ask("fct_payments", "amont"), lambda: ask("fct_payments.amont")):
        with pytest.raises(UnknownName) as caught:
            report()
        assert "amount" in str(caught.value)


def test_a_name_that_means_nothing_is_refused() -> None:
    with pytest.raises(SelectionError):
        ask("no_such_node_at_all")
    with pytest.raises(SelectionError):
        ask("no_such_node_at_all.amount")


def test_a_name_that_means_several_nodes_is_refused() -> None:
    with pytest.raises((AmbiguousName, SelectionError)):
        ask("tag:finance")


@pytest.mark.parametrize("direction", ["", "sideways", "UP"])
def test_a_direction_that_is_none_is_refused(direction: str) -> None:
    with pytest.raises(UsageError):
        ask("fct_payments", direction=direction)


@pytest.mark.parametrize("depth", [0, -1])
def test_a_depth_that_is_none_is_refused(depth: int) -> None:
    with pytest.raises(UsageError):
        ask("fct_payments", depth=depth)


def test_coverage_counts_what_was_looked_at_and_names_what_was_not_read() -> None:
    report = ask("customer_ltv", direction="down") if _one("customer_ltv") else ask("model.shop.customer_ltv", direction="down")
    assert report.coverage.read + len(report.coverage.unread) == report.coverage.nodes
    assert [(item.unique_id, item.reason) for item in report.coverage.unread] == [(PYTHON, "it is a Python model")]
    unread = next(node for node in report.nodes if node.unique_id == PYTHON)
    assert unread.unread == "it is a Python model"
    assert any(not edge.certain for edge in report.edges)
    assert report.notes


def _one(name: str) -> bool:
    return sum(node.name == name for node in reader().graph.nodes.values()) == 1


def test_behind_what_was_not_read_everything_is_on_the_way() -> None:
    report = ask("model.shop.customer_ltv", "segment", direction="down")
    behind = {unique_id for unique_id in reader().graph.descendants((PYTHON,)) if reader().graph.nodes[unique_id].resource_type == "model"}
    assert behind <= ids(report)


def test_facets_hold_every_column_of_what_was_read() -> None:
    assert ask("fct_payments", "amount").facets == ()
    report = ask("fct_payments", "amount", facets=True)
    described = [facet.unique_id for facet in report.facets]
    assert len(set(described)) == len(described)
    assert {unique_id for unique_id in ids(report) if (its := reader().lineages.get(unique_id)) is not None and its.resolved is not None} <= set(described)
    for facet in report.facets:
        assert [name for name, _ in facet.columns] == list(reader().names(facet.unique_id).values())
        assert {edge.target.node for edge in facet.edges} <= {facet.unique_id}


def test_every_source_column_that_is_used_reaches_what_reads_it() -> None:
    """The edges are those of the nodes' own lineage: nothing on the way is left out."""
    graph = reader().graph
    for unique_id, node in graph.nodes.items():
        if node.resource_type != "source":
            continue
        for column in reader().names(unique_id).values():
            reached = ids(ask(unique_id, column, direction="down"))
            for child in graph.descendants((unique_id,), depth=1):
                its = reader().lineages.get(child)
                if its is None or its.resolved is None or graph.nodes[child].resource_type not in {"model", "snapshot"}:
                    continue
                key = reader().key_of(unique_id, column)
                uses = [its.resolved.rows, *(found for _, _, found in its.resolved.columns)]
                assert not any((unique_id, key) in found for found in uses) or child in reached, (unique_id, column, child)


def test_the_same_question_has_the_same_answer() -> None:
    assert ask("fct_orders", "status") == ask("fct_orders", "status")
