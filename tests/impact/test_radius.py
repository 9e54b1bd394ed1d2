"""Every affected node with its proof, and the readers that dbt's graph does not show."""

from __future__ import annotations

import networkx as nx
import pytest
from building import CORE, FIXTURES, changed, data_test, exposure, graph_of, model, node, radius_of, seeds_of, source
from drawn import Drawn, drawn_projects
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock import read_artifacts
from aftershock.graph import LineageGraph
from aftershock.impact import blast_radius
from aftershock.model import UNAFFECTED_TYPES, Category, Export, Seed

CATEGORIES = st.sampled_from(list(Category))
DIAMOND = graph_of(
    source("orders"),
    model("a", "source.shop.raw.orders"),
    model("c", "source.shop.raw.orders"),
    model("b", "a"),
    model("d", "b", "c"),
    data_test("not_null", "d"),
    exposure("board", "d", "source.shop.raw.orders"),
    model("apart"),
)


def test_the_proof_is_a_shortest_path_and_the_order_is_that_of_depth() -> None:
    radius = radius_of(DIAMOND, seeds_of("source.shop.raw.orders"))
    assert [(item.name, item.depth, item.path[-2:]) for item in radius.affected] == [
        ("raw.orders", 0, ("source.shop.raw.orders",)),
        ("board", 1, ("source.shop.raw.orders", "exposure.shop.board")),
        ("a", 1, ("source.shop.raw.orders", "model.shop.a")),
        ("c", 1, ("source.shop.raw.orders", "model.shop.c")),
        ("b", 2, ("model.shop.a", "model.shop.b")),
        ("d", 2, ("model.shop.c", "model.shop.d")),
    ]
    assert radius.tests == ("test.shop.not_null",)
    assert [item.name for item in radius.below] == ["board", "a", "c", "b", "d"]


def test_overlaps_are_counted_once() -> None:
    radius = radius_of(DIAMOND, seeds_of("a", "c", "a"))
    assert [item.unique_id for item in radius.affected] == ["model.shop.a", "model.shop.c", "model.shop.b", "model.shop.d", "exposure.shop.board"]
    assert len(radius.seeds) == 3


def test_a_failing_node_below_another_is_a_failing_node() -> None:
    radius = radius_of(DIAMOND, seeds_of("a", "d"))
    assert {item.name: item.depth for item in radius.affected} == {"a": 0, "d": 0, "b": 1, "board": 1}


def test_what_an_affected_node_is_called() -> None:
    graph = graph_of(changed(model("dim", version="2", relation_name='"db"."s"."dim_v2"'), unique_id="model.shop.dim.v2"))
    item = radius_of(graph, (Seed("model.shop.dim.v2"),)).affected[0]
    assert item.name == "dim.v2"
    assert (item.resource_type, item.relation_name, item.certainty, item.columns) == ("model", '"db"."s"."dim_v2"', "node", ())


@given(drawn_projects(), CATEGORIES)
@settings(max_examples=100, deadline=None)
def test_affected_is_what_is_downstream_less_what_is_no_data(project: Drawn, category: Category) -> None:
    graph = graph_of(*project.nodes.values())
    oracle = graph.digraph
    below = set().union(*({seed.unique_id} | nx.descendants(oracle, seed.unique_id) for seed in project.seeds))
    radius = radius_of(graph, project.seeds, category, project.run)
    assert {item.unique_id for item in radius.affected} == {item for item in below if project.nodes[item].resource_type not in UNAFFECTED_TYPES}
    assert set(radius.tests) == {item for item in below if item.startswith("test.")}
    assert len(radius.affected) == len({item.unique_id for item in radius.affected})


@given(drawn_projects(), CATEGORIES)
@settings(max_examples=100, deadline=None)
def test_every_path_is_real_and_none_is_shorter(project: Drawn, category: Category) -> None:
    graph = graph_of(*project.nodes.values())
    roots = {seed.unique_id for seed in project.seeds}
    nearest = nx.multi_source_dijkstra_path_length(graph.digraph, roots)
    for item in radius_of(graph, project.seeds, category).affected:
        assert item.path[0] in roots
        assert item.path[-1] == item.unique_id
        assert all(parent in graph.nodes[child].parents for parent, child in zip(item.path, item.path[1:], strict=False))
        assert item.depth == len(item.path) - 1 == nearest[item.unique_id]


@given(drawn_projects(), CATEGORIES, st.data())
@settings(max_examples=100, deadline=None)
def test_more_failing_nodes_never_reach_less(project: Drawn, category: Category, data: st.DataObject) -> None:
    graph = graph_of(*project.nodes.values())
    more = (*project.seeds, *(Seed(item) for item in data.draw(st.lists(st.sampled_from(sorted(project.nodes)), max_size=3))))
    small, large = radius_of(graph, project.seeds, category), radius_of(graph, more, category)
    assert {item.unique_id for item in small.affected} <= {item.unique_id for item in large.affected}
    assert set(small.tests) <= set(large.tests)
    depths = {item.unique_id: item.depth for item in large.affected}
    assert all(depths[item.unique_id] <= item.depth for item in small.affected)


@given(drawn_projects(), CATEGORIES)
@settings(max_examples=60, deadline=None)
def test_one_question_has_one_answer_in_any_order(project: Drawn, category: Category) -> None:
    forwards = radius_of(graph_of(*project.nodes.values()), project.seeds, category, project.run)
    backwards = radius_of(graph_of(*reversed(project.nodes.values())), project.seeds[::-1], category, project.run)
    assert forwards.affected == backwards.affected
    assert forwards.tests == backwards.tests
    assert set(forwards.hidden) == set(backwards.hidden)


def test_public_models_and_exports_are_read_by_people_whom_dbt_does_not_know() -> None:
    graph = graph_of(
        model("orders", access="public"),
        model("mart", "orders", access="protected"),
        node("q", "mart", kind="saved_query", exports=(Export("weekly", "db.reports.weekly"), Export("monthly"))),
        model("apart", access="public"),
    )
    hidden = radius_of(graph, seeds_of("orders")).hidden
    assert [(item.kind, item.unique_id) for item in hidden] == [
        ("public_model", "model.shop.orders"),
        ("export", "saved_query.shop.q"),
        ("export", "saved_query.shop.q"),
    ]
    assert "db.reports.weekly" in hidden[1].what
    assert "monthly" in hidden[2].what


@pytest.mark.parametrize("written", ['"DB"."Marts"."Orders"', "`db`.`marts`.`orders`", "[db].[marts].[orders]", "db.marts.orders"])
def test_a_source_that_reads_what_a_model_writes_is_found_however_it_is_quoted(written: str) -> None:
    graph = graph_of(
        model("orders", relation_name='"db"."marts"."orders"'),
        source("orders", relation_name=written),
        model("report", "source.shop.raw.orders"),
        data_test("not_null", "report"),
    )
    radius = radius_of(graph, seeds_of("orders"))
    assert [item.unique_id for item in radius.affected] == ["model.shop.orders"]
    assert [(item.kind, item.nodes) for item in radius.hidden] == [("same_relation", ("model.shop.report", "source.shop.raw.orders"))]


def test_the_same_relation_by_its_parts_where_a_manifest_has_no_relation_name() -> None:
    parts = {"database": "db", "schema": "raw", "identifier": "orders"}
    graph = graph_of(node("orders", kind="seed", **parts), source("orders", relation_name='"db"."raw"."orders"'))
    assert [item.kind for item in radius_of(graph, seeds_of("seed.shop.orders")).hidden] == ["same_relation"]


def test_nodes_without_a_relation_share_none() -> None:
    graph = graph_of(model("a", identifier="x"), model("b", identifier="x"), model("c", materialized="ephemeral", schema="s", identifier="x"))
    assert radius_of(graph, seeds_of("a", "c")).hidden == ()


def test_readers_of_the_same_relation_are_followed_across_further_relations() -> None:
    graph = graph_of(
        model("orders", relation_name="db.s.orders"),
        source("orders", relation_name="db.s.orders"),
        model("copy", "source.shop.raw.orders", relation_name="db.s.copy"),
        source("copy", relation_name="db.s.copy"),
        model("far", "source.shop.raw.copy"),
    )
    (hidden,) = radius_of(graph, seeds_of("orders")).hidden
    assert hidden.nodes == ("model.shop.copy", "model.shop.far", "source.shop.raw.copy", "source.shop.raw.orders")


def test_what_is_affected_anyhow_is_no_hidden_consumer() -> None:
    graph = graph_of(
        model("orders", relation_name="db.s.orders"),
        source("orders", relation_name="db.s.orders"),
        model("report", "orders", "source.shop.raw.orders"),
    )
    (hidden,) = radius_of(graph, seeds_of("orders")).hidden
    assert hidden.nodes == ("source.shop.raw.orders",)
    assert radius_of(graph, seeds_of("orders", "source.shop.raw.orders")).hidden == ()


@pytest.mark.parametrize("scenario", ["model_error", "test_failures", "dropped_column"])
def test_what_dbt_skipped_after_a_failure_is_in_the_radius_of_what_failed(scenario: str) -> None:
    """dbt itself as the oracle: it skips exactly what lies below an error."""
    artifacts = read_artifacts(FIXTURES / scenario)
    assert artifacts.run is not None
    graph = LineageGraph.of(artifacts.project)
    failed = [result.unique_id for result in artifacts.run.results.values() if result.status in {"error", "fail"}]
    roots = [test.attached_node or graph.parents(item)[0] if (test := graph.nodes[item].test) else item for item in failed]
    radius = blast_radius([Seed(item) for item in roots], Category.PIPELINE_FAILURE, graph, info=CORE, run=artifacts.run)
    skipped = {result.unique_id for result in artifacts.run.results.values() if result.status == "skipped"}
    data = {item for item in skipped if graph.nodes[item].resource_type not in UNAFFECTED_TYPES}
    assert data
    assert data <= {item.unique_id for item in radius.affected}
