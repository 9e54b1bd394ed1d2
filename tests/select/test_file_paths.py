from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from small import graph, node

from aftershock.errors import AmbiguousName, SelectionError, UnknownName
from aftershock.select import resolve

if TYPE_CHECKING:
    from aftershock.graph import LineageGraph
    from aftershock.model import Project

OVER = graph(
    node("model.shop.a", path="models/core/a.sql"),
    node("model.shop.p", path="models/p.py"),
    node("seed.shop.codes", path="seeds/codes.csv"),
    node("test.shop.check", "model.shop.a", path="tests/check.sql"),
    node("snapshot.shop.s1", path="snapshots/old.sql"),
    node("snapshot.shop.s2", path="snapshots/old.sql"),
    node("snapshot.shop.y", path="snapshots/_snapshots.yml"),
    node("source.shop.raw.t", path="models/_sources.yml"),
    node("exposure.shop.board", path="models/_sources.yml"),
    node("test.shop.not_null", "model.shop.a", path="models/_tests.yml"),
    node("operation.shop.hook", path="./dbt_project.yml"),
    node("model.shop.same", path="models/same.sql"),
    node("model.extras.same", path="models/same.sql"),
    node("model.extras.deep", path="models/core/deep.sql"),
    node("model.shop.deep2", path="core/deep.sql"),
)


def ids(text: str) -> list[str]:
    return [seed.unique_id for seed in resolve(text, OVER)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("models/core/a.sql", ["model.shop.a"]),
        ("./models/core/a.sql", ["model.shop.a"]),
        ("models//core/./a.sql", ["model.shop.a"]),
        ("models\\core\\a.sql", ["model.shop.a"]),
        ('"models/core/a.sql"', ["model.shop.a"]),
        ("warehouse/dbt/models/core/a.sql", ["model.shop.a"]),
        ("/home/me/dbt/models/core/a.sql", ["model.shop.a"]),
        ("core/a.sql", ["model.shop.a"]),
        ("a.sql", ["model.shop.a"]),
        ("models/p.py", ["model.shop.p"]),
        ("seeds/codes.csv", ["seed.shop.codes"]),
        ("tests/check.sql", ["model.shop.a"]),
        ("snapshots/old.sql", ["snapshot.shop.s1", "snapshot.shop.s2"]),
        ("snapshots/_snapshots.yml", ["snapshot.shop.y"]),
        ("packages/extras/models/same.sql", ["model.extras.same"]),
        ("shop/packages/extras/models/same.sql", ["model.extras.same"]),
        ("repo/models/core/deep.sql", ["model.extras.deep"]),
    ],
)
def test_a_file_names_what_it_defines(text: str, expected: list[str]) -> None:
    assert ids(text) == expected


def test_several_nodes_of_a_file_are_said() -> None:
    assert {seed.note for seed in resolve("snapshots/old.sql", OVER)} == {"2 nodes are defined in snapshots/old.sql"}


@pytest.mark.parametrize("text", ["other/a.sql", "models/core/xa.sql", "ls/core/a.sql.sql", "README.md", "dbt_project.yml "])
def test_only_whole_parts_of_a_path_count(text: str) -> None:
    with pytest.raises(SelectionError):
        resolve(text, OVER)


def test_an_unknown_file_comes_with_close_ones() -> None:
    with pytest.raises(UnknownName) as caught:
        resolve("models/core/aa.sql", OVER)
    assert caught.value.nearest[0] == "models/core/a.sql"


@pytest.mark.parametrize("text", ["models/same.sql", "repo/models/same.sql", "same.sql"])
def test_one_path_in_two_packages_is_ambiguous(text: str) -> None:
    with pytest.raises(AmbiguousName) as caught:
        resolve(text, OVER)
    assert caught.value.candidates == ("shop.same", "extras.same")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("models/_sources.yml", "Name a node that it declares: raw.t, board"),
        ("models/_tests.yml", "Name a node"),
        ("models/_unknown.yml", "Name a node that it describes"),
        ("macros/money.sql", "Name a node that uses them"),
        ("tests/generic/is_even.sql", "Name a node that uses them"),
    ],
)
def test_files_that_only_describe_are_refused_with_what_to_do(text: str, error: str) -> None:
    with pytest.raises(SelectionError) as caught:
        resolve(text, OVER)
    assert caught.value.remedy == error


def test_every_file_of_shop_from_anywhere(shop: Project, shop_graph: LineageGraph) -> None:
    for item in shop.nodes.values():
        if item.path.endswith((".sql", ".py", ".csv")):
            below = "" if item.package == "shop" else f"packages/{item.package}/"
            for text in (f"repo/shop/{below}{item.path}", f"shop/{below}{item.path}".replace("/", "\\")):
                found = resolve(text, shop_graph)
                assert item.unique_id in {seed.unique_id for seed in found} | {seed.via for seed in found}
