from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from recovery_builder import model, project

from aftershock.graph import LineageGraph
from aftershock.recovery.schedule import stages


def _graph(edges: dict[str, list[str]]) -> LineageGraph:
    return LineageGraph.of(project(*(model(name, *(f"model.shop.{parent}" for parent in parents)) for name, parents in edges.items())))


def _run(edges: dict[str, list[str]], kinds: dict[str, str | None]) -> list[tuple[str, str]]:
    named = {f"model.shop.{name}": kind for name, kind in kinds.items()}
    found = stages(named, _graph(edges), rank=str, late=lambda kind: kind == "late")
    return [(kind, " ".join(unique_id.rpartition(".")[2] for unique_id in nodes)) for kind, nodes in found]


def test_a_chain_of_one_kind_is_one_step_also_through_what_is_only_passed() -> None:
    assert _run({"a": [], "b": ["a"], "c": ["b"]}, {"a": "x", "b": None, "c": "x"}) == [("x", "a c")]


def test_a_kind_that_can_be_finished_goes_first() -> None:
    edges = {"i": [], "free": [], "t": ["i"]}
    assert _run(edges, {"i": "refresh", "free": "plain", "t": "plain"}) == [("refresh", "i"), ("plain", "free t")]


def test_nobody_waits_for_a_late_kind_without_need() -> None:
    edges = {"i": [], "free": [], "t": ["i"]}
    assert _run(edges, {"i": "late", "free": "plain", "t": "plain"}) == [("plain", "free"), ("late", "i"), ("plain", "t")]


def test_nothing_to_do_is_no_step() -> None:
    assert _run({"a": []}, {"a": None}) == []
    assert _run({"a": []}, {}) == []


@given(st.data())
def test_every_node_once_and_after_what_it_reads(data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 12))
    edges = {f"n{n}": [f"n{m}" for m in range(n) if data.draw(st.booleans())] for n in range(size)}
    kinds = {name: data.draw(st.sampled_from(["x", "y", "late", None])) for name in edges}
    steps = _run(edges, kinds)
    flat = [name for _, names in steps for name in names.split()]
    assert sorted(flat) == sorted(name for name, kind in kinds.items() if kind)
    assert all(kinds[name] == kind for kind, names in steps for name in names.split())
    above: dict[str, set[str]] = {}
    for name, parents in edges.items():
        above[name] = set(parents).union(*(above[parent] for parent in parents))
    assert not any(flat[place] in above[earlier] for place in range(len(flat)) for earlier in flat[:place])
    assert all(first[0] != second[0] for first, second in pairwise(steps))
