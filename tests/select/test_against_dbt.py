"""Whether our selections are dbt's: the same expressions, asked of dbt-core's own selector over the same manifest."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from dbt_oracle import INDIRECT, DbtSelector, compose, criteria, make_tree, patches
from small import GREEN

from aftershock.artifacts import read_artifacts, read_configs
from aftershock.errors import SelectionError
from aftershock.select import select

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.graph import LineageGraph
    from aftershock.model import Project, Run

pytestmark = [pytest.mark.dbt, pytest.mark.filterwarnings("ignore")]  # dbt's own imports warn

MANIFEST = GREEN / "manifest.json.gz"
SELECTORS: dict[str, Any] = {
    "late": {"definition": {"union": [{"method": "fqn", "value": "stg_*", "children": True, "children_depth": 1}, {"exclude": ["package:shop_extras"]}]}},
    "both": {"definition": {"intersection": [{"method": "package", "value": "shop"}, {"method": "resource_type", "value": "model"}]}},
    "tests": {"definition": {"method": "test_name", "value": "unique", "parents": True, "indirect_selection": "cautious"}},
    "less": {"definition": {"method": "path", "value": "models/marts", "childrens_parents": True, "exclude": ["finance", {"method": "tag", "value": "*"}]}},
    "text": {"definition": "1+fct_orders+"},
}


class Case:
    """The green manifest of shop, and dbt's selector over it."""

    def __init__(self, root: Path) -> None:
        self.content = json.loads(gzip.decompress(MANIFEST.read_bytes()))
        self.run: Run | None = read_artifacts(MANIFEST).run
        self.configs = read_configs(MANIFEST)
        self.patches = patches(self.content)
        self.dbt = DbtSelector(self.content, make_tree(self.content, root), self.run)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("shop"))


def ours(case: Case, project: Project, graph: LineageGraph, question: tuple[tuple[str, ...], tuple[str, ...], str]) -> frozenset[str] | str:
    include, exclude, indirect = question
    options: Any = {"run": case.run, "configs": lambda: case.configs, "patches": lambda: case.patches, "indirect": indirect}
    try:
        return select(include, exclude, graph, project=project, **options)
    except SelectionError:
        return "refused"


def theirs(case: Case, question: tuple[tuple[str, ...], tuple[str, ...], str]) -> frozenset[str] | str:
    try:
        return case.dbt.select(*question)
    except Exception:  # noqa: BLE001  # dbt has many kinds of errors, and crashes on some expressions
        return "refused"


def test_every_method_alone(case: Case, shop: Project, shop_graph: LineageGraph) -> None:
    atoms = criteria(shop, case.configs, case.run)
    questions = [((text,), (), "empty") for text in random.Random(1).sample(atoms, 400)]  # noqa: S311
    assert {text: ours(case, shop, shop_graph, text) for text in questions} == {text: theirs(case, text) for text in questions}


@pytest.mark.parametrize("seed", range(4))
def test_random_compositions(case: Case, shop: Project, shop_graph: LineageGraph, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    atoms = criteria(shop, case.configs, case.run)
    questions = [compose(atoms, chance) for _ in range(60)]
    assert {text: ours(case, shop, shop_graph, text) for text in questions} == {text: theirs(case, text) for text in questions}


@pytest.mark.parametrize("indirect", INDIRECT)
def test_each_kind_of_indirect_selection(case: Case, shop: Project, shop_graph: LineageGraph, indirect: str) -> None:
    names = [
        "stg_orders",
        "stg_orders stg_customers",
        "stg_orders,stg_customers",
        "+fct_orders",
        "dim_customers",
        "test_type:generic",
        "+stg_orders stg_products",
    ]
    questions = [((name,), exclude, indirect) for name in names for exclude in ((), ("stg_customers",))]
    assert {text: ours(case, shop, shop_graph, text) for text in questions} == {text: theirs(case, text) for text in questions}


@pytest.mark.parametrize("text", ["@a+", "tags:x", "source:a.b.c.d", "exposure:a.b.c", "resource_type:x", "version:x", "test_type:zzz", "path:/x", "path:"])
def test_what_dbt_refuses_we_refuse(case: Case, shop: Project, shop_graph: LineageGraph, text: str) -> None:
    question = ((text,), (), "eager")
    assert (ours(case, shop, shop_graph, question), theirs(case, question)) == ("refused", "refused")


@pytest.mark.parametrize("name", SELECTORS)
def test_yaml_selectors(case: Case, shop: Project, shop_graph: LineageGraph, name: str) -> None:
    import msgspec

    with_selectors = msgspec.structs.replace(shop, selectors=SELECTORS)
    question = ((f"selector:{name}",), (), "eager")
    assert ours(case, with_selectors, shop_graph, question) == case.dbt.select_definition(name, SELECTORS)
