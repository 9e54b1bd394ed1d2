"""The lineage graph, with networkx as the oracle."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock import read_artifacts
from aftershock.errors import ArtifactError
from aftershock.graph import LineageGraph
from aftershock.model import Node


def graph_of(parents: dict[str, list[str]]) -> LineageGraph:
    return LineageGraph({name: Node(name, "model", name, parents=tuple(above)) for name, above in parents.items()})


@st.composite
def dags(draw: st.DrawFn) -> LineageGraph:
    """At most 12 nodes in any order of names; each reads some that were drawn before it."""
    names = draw(st.permutations([f"n{index:02}" for index in range(draw(st.integers(1, 12)))]))
    parents = {name: draw(st.lists(st.sampled_from(names[:index]), max_size=4, unique=True)) if index else [] for index, name in enumerate(names)}
    return graph_of({name: parents[name] for name in draw(st.permutations(names))})


def some(data: st.DataObject, graph: LineageGraph) -> list[str]:
    return data.draw(st.lists(st.sampled_from(sorted(graph.nodes)), max_size=4))


@given(dags())
def test_the_same_graph_for_networkx(graph: LineageGraph) -> None:
    oracle = graph.digraph
    assert set(oracle.nodes) == set(graph.nodes)
    assert set(oracle.edges) == {(parent, name) for name, node in graph.nodes.items() for parent in node.parents}
    assert graph.digraph is oracle
    for name in graph.nodes:
        assert set(graph.children(name)) == set(oracle.successors(name))
        assert set(graph.parents(name)) == set(oracle.predecessors(name))
        assert name in graph
    assert "gone" not in graph


@given(dags(), st.data(), st.one_of(st.none(), st.integers(0, 4)))
@settings(deadline=None)
def test_descendants_and_ancestors_with_the_fewest_edges(graph: LineageGraph, data: st.DataObject, depth: int | None) -> None:
    seeds = some(data, graph)
    for oracle, found in ((graph.digraph, graph.descendants(seeds, depth=depth)), (graph.digraph.reverse(), graph.ancestors(seeds, depth=depth))):
        expected: dict[str, int] = {}
        for seed in seeds:
            for name, length in nx.single_source_shortest_path_length(oracle, seed, cutoff=depth).items():
                expected[name] = min(length, expected.get(name, length))
        assert found == expected


@given(dags(), st.data())
@settings(deadline=None)
def test_routes_are_the_first_of_the_shortest(graph: LineageGraph, data: st.DataObject) -> None:
    seeds = some(data, graph)
    routes = graph.routes(seeds)
    assert set(routes) == set(graph.descendants(seeds))
    for name, route in routes.items():
        every = [tuple(path) for seed in set(seeds) if nx.has_path(graph.digraph, seed, name) for path in nx.all_shortest_paths(graph.digraph, seed, name)]
        shortest = min(map(len, every))
        assert route == min(path for path in every if len(path) == shortest)
    depths = [len(route) for route in routes.values()]
    assert depths == sorted(depths), "in the order of a breadth-first walk"


@given(dags(), st.data())
@settings(deadline=None)
def test_ranks_are_longest_paths_and_order_is_topological(graph: LineageGraph, data: st.DataObject) -> None:
    wanted = some(data, graph)
    ranks = graph.ranks(wanted)
    assert set(ranks) == set(wanted)
    for name in wanted:
        paths = [path for other in set(wanted) - {name} for path in nx.all_simple_paths(graph.digraph, other, name)]
        assert ranks[name] == max((len(path) - 1 for path in paths), default=0)
    ordered = graph.in_order(wanted)
    assert sorted(ordered) == sorted(set(wanted))
    for before, after in ((a, b) for index, a in enumerate(ordered) for b in ordered[index + 1 :]):
        assert not nx.has_path(graph.digraph, after, before)
    assert all((ranks[a], a) < (ranks[b], b) for a, b in pairwise(ordered))
    levels = graph.levels(wanted)
    assert ordered == tuple(name for level in levels for name in level)
    assert not any(nx.has_path(graph.digraph, one, other) for level in levels for one in level for other in level if one != other)


@given(dags(), st.data())
def test_the_order_of_nodes_and_seeds_does_not_matter(graph: LineageGraph, data: st.DataObject) -> None:
    seeds = some(data, graph)
    turned = LineageGraph({name: graph.nodes[name] for name in reversed(list(graph.nodes))})
    assert turned.routes(seeds[::-1]) == graph.routes(seeds)
    assert turned.in_order(seeds[::-1]) == graph.in_order(seeds)
    assert turned.descendants(seeds[::-1]) == graph.descendants(seeds)


def test_an_edge_to_what_is_not_there_is_kept_apart() -> None:
    graph = graph_of({"a": ["gone"], "b": ["a", "gone"]})
    assert graph.dangling == (("gone", "a"), ("gone", "b"))
    assert graph.parents("b") == ("a",)
    assert graph.ancestors(["b"]) == {"b": 0, "a": 1}
    assert set(graph.digraph.nodes) == {"a", "b"}


@pytest.mark.parametrize(("parents", "cycle"), [({"a": ["a"]}, "a -> a"), ({"a": ["c"], "b": ["a"], "c": ["b"]}, "")])
def test_a_cycle_is_walked_once_and_has_no_order(parents: dict[str, list[str]], cycle: str) -> None:
    graph = graph_of(parents)
    assert graph.descendants(["a"]) == {"a": 0, **({"b": 1, "c": 2} if len(parents) > 1 else {})}
    assert set(graph.routes(["a"])) == set(parents)
    with pytest.raises(ArtifactError) as caught:
        graph.in_order(["a"])
    assert str(caught.value).startswith("manifest: its nodes depend on each other in a circle (")
    assert cycle in caught.value.problem
    shown = caught.value.problem.partition("(")[2].rstrip(")").split(" -> ")
    assert all(parent in graph.parents(child) for parent, child in pairwise(shown)), "each arrow is an edge"


def test_a_chain_of_ten_thousand_is_no_recursion() -> None:
    graph = graph_of({f"n{index:05}": [f"n{index - 1:05}"] if index else [] for index in range(10_000)})
    assert graph.descendants(["n00000"])["n09999"] == 9999
    assert graph.ranks(["n00000", "n09999"]) == {"n00000": 0, "n09999": 9999}


def test_shop_is_the_graph_that_dbt_wrote() -> None:
    """dbt's child_map as the oracle."""
    import gzip
    import json

    path = Path(__file__).resolve().parent.parent / "fixtures" / "artifacts" / "green"
    written = json.loads(gzip.decompress((path / "manifest.json.gz").read_bytes()))
    graph = LineageGraph.of(read_artifacts(path).project)
    assert {name: set(graph.children(name)) for name in graph.nodes} == {name: set(children) for name, children in written["child_map"].items()}
    assert graph.dangling == ()
    assert nx.is_directed_acyclic_graph(graph.digraph)
    assert set(graph.in_order(graph.nodes)) == set(graph.nodes)
