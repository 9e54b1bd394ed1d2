from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from small import GREEN, graph, node, project

from aftershock.artifacts import read_patches
from aftershock.errors import AmbiguousName, SelectionError, UnknownName
from aftershock.model import UNAFFECTED_TYPES, Seed
from aftershock.select import resolve, resolve_all

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
        ("models/_unknown.yml", "Name the node that is damaged"),
        ("dbt_project.yml", "Name the node that is damaged"),
        ("macros/money.sql", "Name a node that uses them"),
        ("tests/generic/is_even.sql", "Name a node that uses them"),
    ],
)
def test_files_that_only_describe_are_refused_with_what_to_do(text: str, error: str) -> None:
    with pytest.raises(SelectionError) as caught:
        resolve(text, OVER)
    assert caught.value.remedy == error


def test_a_yaml_file_is_all_that_it_defines_or_describes() -> None:
    def patches() -> dict[str, str]:
        return {"model.shop.a": "models\\_sources.yml", "model.shop.p": "models/_models.yml", "model.shop.gone": "models/_models.yml"}

    assert ids("models/_sources.yml") == ["source.shop.raw.t", "exposure.shop.board"]
    assert ids("models/_tests.yml") == ["model.shop.a"], "the test says so"
    both = resolve("repo/models/_sources.yml", OVER, patches=patches)
    assert [seed.unique_id for seed in both] == ["model.shop.a", "source.shop.raw.t", "exposure.shop.board"]
    assert both[0].note == "3 nodes are defined or described in repo/models/_sources.yml"
    assert resolve("models/_models.yml", OVER, patches=patches) == (Seed("model.shop.p"),)


def test_only_a_yaml_file_asks_what_describes_what() -> None:
    def patches() -> dict[str, str]:
        raise AssertionError

    assert resolve("models/core/a.sql", OVER, patches=patches) == (Seed("model.shop.a"),)
    with pytest.raises(AssertionError):
        resolve("models/_unknown.yml", OVER, patches=patches)


def test_a_yaml_file_in_two_packages_is_ambiguous_and_both_in_a_list() -> None:
    over = graph(node("source.a.raw.t", path="models/s.yml"), node("source.b.raw.u", path="models/s.yml"))
    with pytest.raises(AmbiguousName) as caught:
        resolve("models/s.yml", over)
    assert caught.value.candidates == ("raw.t", "raw.u")
    found = resolve_all(["models/s.yml"], over, skip_files=True)
    assert [(seed.unique_id, seed.note) for seed in found.seeds] == [
        ("source.a.raw.t", "models/s.yml may be any of 2 nodes: raw.t, raw.u"),
        ("source.b.raw.u", "models/s.yml may be any of 2 nodes: raw.t, raw.u"),
    ]


def test_a_disabled_source_does_not_hide_what_its_file_describes() -> None:
    off = project(OVER.nodes["model.shop.p"], disabled=(node("source.shop.raw.off", path="models/_models.yml"),)).disabled
    assert resolve("models/_models.yml", OVER, off, patches=lambda: {"model.shop.p": "models/_models.yml"}) == (Seed("model.shop.p"),)
    with pytest.raises(SelectionError, match="is disabled"):
        resolve("models/_models.yml", OVER, off)


def test_every_described_node_of_shop_is_in_its_file(shop: Project, shop_graph: LineageGraph) -> None:
    patches = read_patches(GREEN / "manifest.json.gz")
    described = {unique_id: path for unique_id, path in patches.items() if shop.nodes[unique_id].resource_type not in UNAFFECTED_TYPES}
    assert len(described) > 30
    for unique_id, path in described.items():
        below = "" if shop.nodes[unique_id].package == "shop" else f"packages/{shop.nodes[unique_id].package}/"
        found = resolve_all([f"shop/{below}{path}"], shop_graph, skip_files=True, patches=lambda: patches)
        assert unique_id in {seed.unique_id for seed in found.seeds}


def test_every_file_of_shop_from_anywhere(shop: Project, shop_graph: LineageGraph) -> None:
    for item in shop.nodes.values():
        if item.path.endswith((".sql", ".py", ".csv")) and item.resource_type not in {"analysis", "operation"}:
            below = "" if item.package == "shop" else f"packages/{item.package}/"
            for text in (f"repo/shop/{below}{item.path}", f"shop/{below}{item.path}".replace("/", "\\")):
                found = resolve(text, shop_graph)
                assert item.unique_id in {seed.unique_id for seed in found} | {seed.via for seed in found}
