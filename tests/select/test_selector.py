from __future__ import annotations

from typing import Any

import pytest
from small import node, project

from aftershock.errors import SelectionError
from aftershock.graph import LineageGraph
from aftershock.model import DataTest, Freshness, Result, Run, SourceStatus
from aftershock.select import LISTED_TYPES, select

SHOP = project(
    node("source.shop.raw.orders", path="models/_src.yml"),
    node("model.shop.stg", "source.shop.raw.orders", path="models/staging/stg.sql", tags=("nightly",), fqn=("shop", "staging", "stg"), access="public"),
    node("model.shop.dim.v1", "model.shop.stg", path="models/dim_v1.sql", group="core"),
    node("model.shop.dim.v2", "model.shop.stg", path="models/dim_v2.sql", is_latest=True),
    node("model.shop.dim.v3", "model.shop.stg", path="models/dim_v3.sql"),
    node("model.shop.odd.v1", path="models/odd.sql"),
    node("model.extras.stg2", path="models/staging/stg2.sql"),
    node("model.extras.rare", path="sub/rare.sql"),
    node("seed.shop.codes", path="seeds/codes.csv"),
    node("test.shop.dim_id", "model.shop.dim.v1", test=DataTest("unique", attached_node="model.shop.dim.v1"), group="core", path="models/_dim.yml"),
    node("test.shop.rel", "model.shop.dim.v1", "model.shop.dim.v2", test=DataTest("relationships"), path="models/_dim.yml"),
    node("test.shop.up", "model.shop.dim.v1", "model.shop.stg", test=DataTest("up"), path="models/_dim.yml"),
    node("test.shop.own", "model.shop.stg", group="mine", path="tests/own.sql"),
    node("unit_test.shop.dim.sums", "model.shop.dim.v1", path="models/_dim.yml"),
    node("exposure.shop.board", "model.shop.dim.v1", path="models/_dim.yml"),
    node("metric.shop.revenue", "model.shop.dim.v1", group="core", path="models/_dim.yml"),
    node("semantic_model.shop.dims", "model.shop.dim.v1", path="models/_dim.yml"),
    node("saved_query.shop.weekly", "metric.shop.revenue", path="models/_dim.yml"),
    node("function.shop.net", path="functions/net.sql"),
    node("analysis.shop.check", "model.shop.dim.v1", path="analyses/check.sql"),
    node("model.shop.bare", fqn=()),
    disabled=(node("model.shop.off", path="sub/off.sql"),),
    selectors={
        "nightly": {"name": "nightly", "definition": {"union": [{"method": "tag", "value": "nightly", "children": True}, {"exclude": ["dim"]}]}},
        "plain": "tag:nightly",
        "bare": {"name": "bare", "definition": {"method": "fqn", "value": "dim.v1", "indirect_selection": "empty"}},
        "again": {"name": "again", "definition": {"method": "selector", "value": "again"}},
    },
)
GRAPH = LineageGraph.of(SHOP)
CONFIGS: dict[str, dict[str, Any]] = {
    "model.shop.stg": {"materialized": "view", "meta": {"pii": True, "owners": ["a", True], "level": 3}, "tags": ["nightly"], "schema": None},
    "model.shop.dim.v1": {"materialized": "table", "meta": {"pii": False}},
    "test.shop.dim_id": {"severity": "ERROR"},
    "exposure.shop.board": {"materialized": "view"},
    "model.shop.gone": {"materialized": "view"},
}
PATCHES = {"model.shop.stg": "models/staging/_stg.yml", "model.extras.rare": "models/staging/_stg.yml"}


def found(*include: str, exclude: tuple[str, ...] = (), **options: Any) -> set[str]:  # noqa: ANN401
    options = {"indirect": "empty", "configs": lambda: CONFIGS, "patches": lambda: PATCHES, **options}
    chosen = select(include, exclude, GRAPH, project=SHOP, **options)
    return {unique_id.split(".", 2)[2] if unique_id.split(".")[1] == "shop" else unique_id for unique_id in chosen}


DIM = {"dim.v1", "dim.v2", "dim.v3"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dim", DIM | {"dim.sums"}),
        ("dim.v1", {"dim.v1"}),
        ("dim_v1", {"dim.v1"}),
        ("di[k-m].v?", DIM),
        ("shop.staging", {"stg"}),
        ("staging.*", {"stg"}),
        ("raw", set()),
        ("a.b.c.d.e", set()),
        ("tag:night*", {"stg"}),
        ("group:core", {"dim.v1", "revenue"}),
        ("group:mine", {"own"}),
        ("access:public", {"stg"}),
        ("source:raw", {"raw.orders"}),
        ("source:raw.o*", {"raw.orders"}),
        ("source:shop.raw.orders", {"raw.orders"}),
        ("source:extras.raw.orders", set()),
        ("file:stg", {"stg"}),
        ("file:stg*.sql", {"stg", "model.extras.stg2"}),
        ("stg.sql", {"stg"}),
        ("package:extras", {"model.extras.stg2", "model.extras.rare"}),
        ("test_name:uni*", {"dim_id"}),
        ("test_name:s*", {"dim.sums"}),
        ("test_type:unit", {"dim.sums"}),
        ("test_type:singular", {"own"}),
        ("test_type:generic", {"dim_id", "rel", "up"}),
        ("test_type:data", {"dim_id", "rel", "up", "own"}),
        ("resource_type:seed", {"codes"}),
        ("resource_type:macro", set()),
        ("exposure:shop.b*", {"board"}),
        ("exposure:extras.board", set()),
        ("metric:revenue", {"revenue"}),
        ("semantic_model:dims", {"dims"}),
        ("saved_query:weekly", {"weekly"}),
        ("unit_test:sums", {"dim.sums"}),
        ("version:latest", {"dim.v2"}),
        ("version:old", {"dim.v1"}),
        ("version:prerelease", {"dim.v3"}),
        ("config.materialized:view", {"stg"}),
        ("config.meta.pii:TRUE", {"stg"}),
        ("config.meta.pii:false", {"dim.v1"}),
        ("config.meta.owners:a", {"stg"}),
        ("config.meta.owners:true", {"stg"}),
        ("config.meta.owners:b", set()),
        ("config.meta.level:3", set()),
        ("config.materialized.deeper:view", set()),
        ("config.severity:error", {"dim_id"}),
        ("config.schema:None", set()),
        ("2+board", {"board", "dim.v1", "stg"}),
        ("stg+1,tag:nightly", {"stg"}),
        ("selector:plain", {"stg"}),
        ("1+selector:plain", {"stg", "raw.orders"}),
    ],
)
def test_methods(text: str, expected: set[str]) -> None:
    assert found(text) == expected


def test_no_version_at_all() -> None:
    assert found("version:none") == {"stg", "bare", "model.extras.stg2", "model.extras.rare"}


def test_versions_compare_as_numbers_and_otherwise_as_words() -> None:
    words = project(node("model.p.a.v1", version="beta"), node("model.p.a.v2", version="gamma", is_latest=True))
    assert select(["version:old"], [], LineageGraph.of(words), project=words) == {"model.p.a.v1"}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("models/staging", {"stg", "model.extras.stg2", "model.extras.rare"} - {"model.extras.rare"}),
        ("path:models/staging/*", {"stg", "model.extras.rare"}),
        ("models/staging/stg.sql", {"stg"}),
        ("./models//staging/", {"stg", "model.extras.stg2"}),
        ("models\\staging\\stg.sql", {"stg"}),
        ("path:models/staging/_stg.yml", {"stg", "model.extras.rare"}),
        ("path:**/_stg.yml", {"stg", "model.extras.rare"}),
        ("path:models/staging/stg2.sql", set()),
        ("path:sub", {"model.extras.rare"}),
        ("path:models/**/stg.sql", {"stg"}),
        ("path:seeds/**", {"codes"}),
        ("path:seeds/codes.csv/", set()),
        ("path:Models/staging", set()),
    ],
)
def test_paths(pattern: str, expected: set[str]) -> None:
    assert found(pattern) == expected


def test_without_patches_a_path_still_finds_files() -> None:
    assert found("path:models/staging/*", patches=None) == {"stg"}


@pytest.mark.parametrize("pattern", ["path:", "path:/etc/passwd", "path:../other/models", "path:."])
def test_paths_outside_the_project_are_refused(pattern: str) -> None:
    with pytest.raises(SelectionError, match="it is not a path within the project"):
        found(pattern)


def test_the_name_this_is_the_project() -> None:
    assert found("package:this") == found("package:shop")
    nameless = project(node("model..a"))
    assert select(["package:this"], [], LineageGraph.of(nameless), project=nameless) == frozenset()


def test_everything_less_something() -> None:
    everything = found()
    assert everything == found("*", "source:*")
    assert len(everything) == len(SHOP.nodes) - 1  # the one without an fqn has no name that dbt could match
    assert everything - found(exclude=("dim",)) == DIM | {"dim.sums"}


def test_only_what_dbt_lists() -> None:
    assert "check" in found("dim.v1+")
    assert "check" not in found("dim.v1+", resource_types=LISTED_TYPES)


def test_nothing_matched_is_an_empty_set() -> None:
    assert found("nothing") == set()
    assert found("") == set()


@pytest.mark.parametrize(
    ("indirect", "expected"),
    [
        ("eager", {"dim_id", "rel", "up", "dim.sums"}),
        ("cautious", {"dim_id", "dim.sums"}),
        ("buildable", {"dim_id", "up", "dim.sums"}),
        ("empty", set()),
    ],
)
def test_which_tests_are_taken_along(indirect: str, expected: set[str]) -> None:
    assert found("dim.v1", indirect=indirect) == {"dim.v1", *expected}


@pytest.mark.parametrize(("indirect", "expected"), [("cautious", {"rel"}), ("buildable", {"rel", "up"})])
def test_a_waiting_test_joins_when_its_other_parent_comes(indirect: str, expected: set[str]) -> None:
    assert found("dim.v1", "dim.v2", indirect=indirect) == {"dim.v1", "dim.v2", "dim_id", "dim.sums", *expected}


def test_graph_operators() -> None:
    assert found("@dim.v1") == {"raw.orders", "stg", "dim.v1", "dim.v2", "dim_id", "rel", "up", "dim.sums", "board", "revenue", "dims", "weekly", "check"}
    assert found("+dim.v2") == {"raw.orders", "stg", "dim.v2"}
    assert found("0+dim.v2+0") == {"dim.v2"}
    assert found("1+dim.v1+1,resource_type:model") == {"stg", "dim.v1"}


def test_yaml_selectors() -> None:
    nightly = found("selector:nightly", indirect="eager")
    assert {"stg", "board", "own"} <= nightly
    assert not nightly & DIM
    assert found("selector:bare", indirect="eager") == {"dim.v1"}
    assert "dim_id" in found("0+selector:bare", indirect="eager")


RUN = Run(results={key: Result(key, status) for key, status in {"model.shop.stg": "error", "model.shop.dim.v1": "skipped", "model.shop.gone": "error"}.items()})
AGES = Freshness(sources={key: SourceStatus(key, "runtime error") for key in ("source.shop.raw.orders", "source.shop.raw.gone")})


def test_results_and_freshness() -> None:
    assert found("result:error", run=RUN) == {"stg"}
    assert found("result:error+1", "result:skipped", run=RUN) == DIM | {"stg", "up", "own"}
    assert found("source_status:runtime_error", freshness=AGES) == {"raw.orders"}
    assert found("source_status:warn", freshness=AGES) == set()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("result:error", "it needs run_results.json"),
        ("source_status:error", "it needs sources.json"),
        ("source_status:fresher", "it compares two sources.json"),
        ("state:modified", "it compares two manifests"),
        ("source:a.b.c.d", "it has too many parts"),
        ("exposure:a.b.c", "it has too many parts"),
        ("test_type:unknown", "it is not a type of test"),
        ("resource_type:table", "it is not a resource type"),
        ("version:new", "it is not a kind of version"),
        ("config.tags:a", "it needs every node's config"),
        ("selector:nihgtly", "no YAML selector of this name. Did you mean nightly"),
        ("selector:x", "no YAML selector of this name."),
        ("selector:again", "refers to itself"),
    ],
)
def test_what_cannot_be_answered_is_said(text: str, error: str) -> None:
    with pytest.raises(SelectionError) as caught:
        found(text, configs=None)
    assert error in str(caught.value)


@pytest.mark.parametrize("method", ["test_type", "resource_type", "version"])
def test_a_yaml_selector_whose_value_is_no_text_is_refused(method: str) -> None:
    listed = project(node("model.shop.a"), selectors={"x": {"definition": {"method": method, "value": ["model"]}}})
    with pytest.raises(SelectionError, match="it is not a"):
        select(["selector:x"], [], LineageGraph.of(listed), project=listed)


def test_a_manifest_without_a_project_name_has_one_root() -> None:
    nameless = project(node("model..a", path="models/a.sql"), node("model.q.b", path="models/b.sql"))
    assert select(["path:models/b.sql"], [], LineageGraph.of(nameless), project=nameless) == {"model.q.b"}
