"""Dashboards that aftershock.yml declares are exposures like dbt's."""

from __future__ import annotations

from typing import Any

import pytest
from building import CORE, exposure, graph_of, model, radius_of, seeds_of, source

from aftershock.errors import ConfigError
from aftershock.graph import LineageGraph
from aftershock.impact import with_declared
from aftershock.impact.people import dashboards
from aftershock.model import DeclaredExposure, Owner, Policy, Project

NODES = (source("orders"), model("orders", "source.shop.raw.orders"), model("mart", "orders"), exposure("board", "mart"))
PROJECT = Project(CORE, {item.unique_id: item for item in NODES})


def policy(*declared: DeclaredExposure) -> Policy:
    return Policy(exposures=declared, path="aftershock.yml")


def declared(name: str = "Sales board", *depends_on: str, **fields: Any) -> DeclaredExposure:  # noqa: ANN401
    return DeclaredExposure(name, depends_on or ("mart",), **fields)


def test_nothing_declared_changes_nothing() -> None:
    assert with_declared(PROJECT, Policy()) is PROJECT


def test_a_declared_exposure_has_everything_that_one_of_dbts_has() -> None:
    item = declared("Sales board", "mart", "raw.orders", type="Application", owner=Owner("Eve"), maturity="HIGH", url="https://x.example", meta={"tier": 1})
    project = with_declared(PROJECT, policy(item))
    node = project.nodes["exposure.aftershock.Sales_board"]
    assert (node.resource_type, node.name, node.package, node.meta) == ("exposure", "Sales_board", "aftershock", {"tier": 1})
    assert node.parents == ("model.shop.mart", "source.shop.raw.orders")
    assert node.exposure is not None
    assert (node.exposure.type, node.exposure.maturity, node.exposure.url, node.exposure.label) == ("application", "high", "https://x.example", "Sales board")
    assert node.exposure.owners == (Owner("Eve"),)
    assert set(project.nodes) - set(PROJECT.nodes) == {"exposure.aftershock.Sales_board"}
    assert "exposure.aftershock.Sales_board" not in PROJECT.nodes


def test_it_is_affected_and_shown_by_its_own_name() -> None:
    graph = LineageGraph.of(with_declared(PROJECT, policy(declared())))
    radius = radius_of(graph, seeds_of("source.shop.raw.orders"))
    assert {item.name for item in dashboards(radius, graph, Policy())} == {"board", "Sales board"}


def test_names_that_differ_only_in_signs_are_all_kept() -> None:
    project = with_declared(PROJECT, policy(*(declared(name) for name in ("Sales board", "Sales-board", "Sales board!", "!!!", "Übersicht"))))
    added = {item.exposure.label: unique_id for unique_id, item in project.nodes.items() if item.package == "aftershock" and item.exposure}
    assert added == {
        "Sales board": "exposure.aftershock.Sales_board",
        "Sales-board": "exposure.aftershock.Sales_board_2",
        "Sales board!": "exposure.aftershock.Sales_board_3",
        "!!!": "exposure.aftershock.exposure",
        "Übersicht": "exposure.aftershock.Übersicht",
    }


def test_a_parent_is_kept_once() -> None:
    project = with_declared(PROJECT, policy(declared("x", "mart", "model.shop.mart")))
    assert project.nodes["exposure.aftershock.x"].parents == ("model.shop.mart",)


@pytest.mark.parametrize("wrong", ["matr", "no_such_model"])
def test_a_parent_that_does_not_exist_is_an_error_of_the_file(wrong: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_declared(PROJECT, policy(declared("Sales board", wrong)))
    assert str(caught.value).startswith(f"aftershock.yml: exposures: Sales board: depends_on {wrong}: ")


def test_an_ambiguous_parent_lists_the_candidates() -> None:
    twice = {**PROJECT.nodes, "model.other.mart": graph_of(model("model.other.mart")).nodes["model.other.mart"]}
    with pytest.raises(ConfigError, match=r"names 2 nodes"):
        with_declared(Project(CORE, twice), policy(declared()))
