from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from recovery_builder import model, other, project, source
from recovery_oracle import DbtSelection, content

from aftershock.artifacts import read_manifest
from aftershock.errors import SelectionError
from aftershock.graph import LineageGraph
from aftershock.model import Node, SourceInfo
from aftershock.recovery.selectors import Selectors


def _exact(unique_id: str, *nodes: Node) -> str:
    return Selectors(LineageGraph.of(project(*nodes))).exact(unique_id)


def _placed(name: str, *fqn: str, path: str = "", **fields: object) -> Node:
    return msgspec.structs.replace(model(name), fqn=fqn, path=path or f"models/{'/'.join(fqn[1:])}.sql", **fields)


def test_a_name_that_nothing_else_answers_to_is_enough() -> None:
    assert _exact("model.shop.orders", model("orders"), model("orders_daily"), source("orders")) == "orders"


FULL = "fqn:shop.marts.orders,package:shop,file:orders.sql"


@pytest.mark.parametrize(
    "neighbour",
    [
        model("orders", package="extras"),
        _placed("x", "shop", "orders", "x"),
        msgspec.structs.replace(_placed("x", "orders", "x"), unique_id="model.orders.x", package="orders"),
        other("test", "orders"),
        other("exposure", "orders"),
        Node("analysis.shop.a", "analysis", "a", "shop", "analyses/a.sql", ("shop", "orders", "a")),
        _placed("orders", "shop", "marts", "orders", "v1", path="models/marts/orders_v1.sql", version="1", unique_id="model.shop.orders.v1"),
        _placed("a", "shop", "orders.a", unique_id="model.shop.a"),
    ],
)
def test_whoever_else_answers_to_a_name_makes_it_long(neighbour: Node) -> None:
    assert _exact("model.shop.orders", model("orders"), neighbour) == FULL


def test_the_last_word_of_a_version_is_not_its_name() -> None:
    assert _exact("model.shop.v1", model("v1"), _placed("dim", "shop", "dim", "v1", version="1")) == "v1"


def test_versions_are_told_apart_by_their_files() -> None:
    first, second = (_placed("dim", "shop", "dim", f"v{n}", path=f"models/dim_v{n}.sql", version=str(n), unique_id=f"model.shop.dim.v{n}") for n in (1, 2))
    assert _exact("model.shop.dim.v2", first, second) == "fqn:shop.dim.v2,package:shop,file:dim_v2.sql"
    assert _exact("model.shop.dim.v2", second) == "dim"
    assert _exact("model.shop.dim_v2", second, model("dim_v2")) == "fqn:shop.marts.dim_v2,package:shop,file:dim_v2.sql"


@pytest.mark.parametrize(
    ("name", "file", "word"),
    [
        ("a.b", "a.b.sql", "fqn:shop.a.b,package:shop,file:a.b.sql"),
        ("x.sql", "x.sql.sql", "fqn:shop.x.sql,package:shop,file:x.sql.sql"),
        ("n+1", "n+1.sql", "fqn:shop.n[+]1,package:shop,file:n[+]1.sql"),
        ("tail+", "tail+.sql", "fqn:shop.tail[+],package:shop,file:tail[+].sql"),
        ("a:b", "a:b.sql", "fqn:shop.a:b,package:shop,file:a:b.sql"),
        ("a*", "a*.sql", "fqn:shop.a[*],package:shop,file:a[*].sql"),
        ("q[1]?", "q[1]?.sql", "fqn:shop.q[[]1[]][?],package:shop,file:q[[]1[]][?].sql"),
        ("@all", "@all.sql", "fqn:shop.@all,package:shop,file:@all.sql"),
        ("-x", "-x.sql", "fqn:shop.-x,package:shop,file:-x.sql"),
        ("a b", "a b.sql", "fqn:shop.*,package:shop,file:*,resource_type:model"),
    ],
)
def test_names_that_dbt_reads_otherwise(name: str, file: str, word: str) -> None:
    node = _placed(name, "shop", name, path=f"models/{file}", unique_id="model.shop.it")
    beside = [_placed("ax", "shop", "marts", "ax"), source()] if "*" not in word[:12] else [other("test", "t")]
    assert _exact("model.shop.it", node, *beside) == word


def test_a_folder_with_a_space_is_left_open_and_a_single_character_where_that_is_not_enough() -> None:
    node = _placed("spend", "shop", "ad hoc", "spend")
    assert _exact("model.shop.spend", node, _placed("y", "shop", "spend", "y")) == "fqn:shop.*.spend,package:shop,file:spend.sql"
    twin = _placed("spend", "shop", "other", "spend", unique_id="model.shop.other")
    assert _exact("model.shop.spend", node, twin) == "fqn:shop.ad?hoc.spend,package:shop,file:spend.sql"


def test_what_cannot_be_told_apart_is_an_error() -> None:
    twins = [_placed(name, "shop", name, path=f"models/{name}.sql", unique_id=f"model.shop.{n}") for n, name in enumerate(("a b", "a,b"))]
    with pytest.raises(SelectionError, match="alone"):
        _exact("model.shop.0", *twins)
    bare = msgspec.structs.replace(model("x y"), fqn=(), path="")
    with pytest.raises(SelectionError, match="alone"):
        _exact("model.shop.x y", bare)


def test_a_model_and_a_test_of_one_file_name_differ_by_type() -> None:
    twin = Node("test.shop.orders", "test", "orders", "shop", "tests/orders.sql", ("shop", "orders"))
    assert _exact("model.shop.orders", _placed("orders", "shop", "orders"), twin) == "fqn:shop.orders,package:shop,file:orders.sql,resource_type:model"


def test_a_node_without_a_file_is_named_by_place() -> None:
    node = msgspec.structs.replace(_placed("orders", "shop", "orders"), path="")
    assert _exact("model.shop.orders", node, model("orders", package="extras")) == "fqn:shop.orders,package:shop"


def test_a_package_called_this_is_not_the_root_project() -> None:
    node = msgspec.structs.replace(model("orders"), package="this", fqn=("this", "orders"))
    assert "package:[t]his" in _exact("model.shop.orders", node, model("orders", package="extras"))


@pytest.mark.parametrize(
    ("names", "word"),
    [
        ([("shop", "raw", "orders")], "source:raw.orders"),
        ([("shop", "raw", "orders"), ("extras", "raw", "orders")], "source:shop.raw.orders"),
        ([("shop", "raw.v1", "orders 2")], "source:raw?v1.*"),
        ([("shop", "raw", "a b"), ("shop", "raw", "c")], "source:raw.a?b"),
    ],
)
def test_sources(names: list[tuple[str, str, str]], word: str) -> None:
    nodes = [Node(f"source.{n}", "source", table, package, source=SourceInfo(name)) for n, (package, name, table) in enumerate(names)]
    assert _exact("source.0", *nodes) == word


def test_sources_that_cannot_be_told_apart_are_an_error() -> None:
    nodes = [Node(f"source.{n}", "source", table, "shop", source=SourceInfo("raw")) for n, table in enumerate(("a b", "a,b"))]
    with pytest.raises(SelectionError, match="alone"):
        _exact("source.0", *nodes)


def test_the_index_answers_again_and_again() -> None:
    selectors = Selectors(LineageGraph.of(project(model("a"))))
    assert {selectors.exact("model.shop.a") for _ in range(3)} == {"a"}


ODD = [
    "finance",
    "orders",
    "ad hoc",
    "a,b",
    "x.y",
    "n+1",
    "tail+",
    "3+x",
    "@at",
    "a*",
    "[z]",
    "what?",
    "col:on",
    "fct.sql",
    "a/b",
    "marts",
    "shop",
    "v1",
    "dim_v1",
    "dim",
]


@pytest.mark.dbt
@pytest.mark.parametrize("seed", range(25))
def test_dbt_selects_that_node_alone_whatever_names_are_mixed(seed: int) -> None:
    """Our shop with odd names, folders and files dealt to its nodes at random; edges and unique_ids stay."""
    chance = random.Random(seed)  # noqa: S311  # not a secret
    manifest = content()
    for section in ("nodes", "exposures", "metrics", "functions"):
        for node in manifest[section].values():
            if chance.random() < 0.5:
                _rename(node, chance)
    graph = LineageGraph.of(read_manifest(json.dumps(manifest).encode(), "shop"))
    selectors, dbt = Selectors(graph), DbtSelection(manifest)
    named = 0
    for unique_id, node in graph.nodes.items():
        word = selectors.find(unique_id)
        if node.resource_type in {"model", "seed", "snapshot", "source", "function"} and word is not None:
            attached = {child for child in graph.children(unique_id) if graph.nodes[child].resource_type in {"test", "unit_test"}}
            assert dbt.select([word]) == {unique_id} | attached, word
            named += 1
    assert named > 40  # of 70: an exact word is the rule, also here


def _rename(node: dict[str, Any], chance: random.Random) -> None:
    name, version = chance.choice(ODD), node.get("version")
    folders = [chance.choice(ODD) for _ in range(chance.choice([0, 0, 1, 2]))]
    node["name"] = name
    node["fqn"] = [node["package_name"], *folders, name, *([f"v{version}"] if version else [])]
    if node["resource_type"] in {"model", "seed", "snapshot", "function"}:
        file = chance.choice([name, name, chance.choice(ODD)])
        node["original_file_path"] = "/".join(["models", *folders, f"{file}.sql"])
