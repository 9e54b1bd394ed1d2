from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from small import GREEN

from aftershock.artifacts import read_project
from aftershock.graph import LineageGraph

if TYPE_CHECKING:
    from aftershock.model import Project


@pytest.fixture(scope="session")
def shop() -> Project:
    return read_project(GREEN / "manifest.json.gz")


@pytest.fixture(scope="session")
def shop_graph(shop: Project) -> LineageGraph:
    return LineageGraph.of(shop)
