"""manifest.json of every version and of both engines, as one Project."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from written import FIXTURES, SCENARIOS, Raw, manifest, metadata, node, project, resource

from aftershock.artifacts import read_manifest
from aftershock.errors import ArtifactError
from aftershock.model import Build, Column, DataTest, Export, ExposureInfo, Group, Owner, Project, ProjectInfo, SourceInfo


def raw(scenario: str) -> tuple[bytes, Raw]:
    data = gzip.decompress((FIXTURES / "artifacts" / scenario / "manifest.json.gz").read_bytes())
    return data, json.loads(data)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_in_shop_every_node_edge_and_test_is_what_dbt_says(scenario: str) -> None:
    """dbt's own parent_map, counts and configs as the oracle."""
    data, written = raw(scenario)
    found = read_manifest(data, "manifest.json")
    assert {unique_id: set(item.parents) for unique_id, item in found.nodes.items()} == {key: set(value) for key, value in written["parent_map"].items()}
    assert set(found.disabled) == set(written["disabled"])
    assert not set(found.disabled) & set(found.nodes)
    for unique_id, item in written["nodes"].items():
        assert found.nodes[unique_id].resource_type == item["resource_type"]
        assert found.nodes[unique_id].tags == tuple(item["tags"])
        if item["resource_type"] in {"model", "seed", "snapshot"}:
            assert found.nodes[unique_id].materialized == item["config"]["materialized"]
        if item.get("attached_node"):
            test = found.nodes[unique_id].test
            assert test is not None
            assert test.attached_node == item["attached_node"]
            assert test.severity == item["config"]["severity"].lower()
    assert found.info == ProjectInfo(
        "shop", "1.11.16", "duckdb", 12, written["metadata"]["generated_at"], written["metadata"]["invocation_id"], has_compiled_sql=True
    )


def test_in_shop_the_parts_that_are_hard_to_read() -> None:
    found = read_manifest(raw("green")[0], "manifest.json")
    assert found.groups["finance"] == Group("finance", "shop", (Owner("Finance Data", "finance-data@shop.example", "#finance-data"),))
    assert found.nodes["model.shop.dim_customers.v2"].label == "dim_customers.v2"
    assert [found.nodes[f"model.shop.dim_customers.v{version}"].is_latest for version in (1, 2)] == [False, True]
    assert found.nodes["snapshot.shop.orders_snapshot"].build.hard_deletes == "invalidate"
    assert found.nodes["exposure.shop.executive_dashboard"].exposure == ExposureInfo(
        "dashboard", "high", "https://bi.shop.example/dashboards/executive", "Executive dashboard", (Owner("Eve Chen", "eve.chen@shop.example"),)
    )
    assert found.nodes["saved_query.shop.revenue_by_country"].exports != ()
    assert found.nodes["model.shop.customer_segments"].language == "python"
    source = found.nodes["source.shop.raw.orders"]
    assert source.source is not None
    assert source.source.meta == {"owner": "Platform Team"}
    assert (source.label, source.source.freshness, source.materialized, source.is_stored) == ("raw.orders", True, "", True)


@pytest.mark.parametrize("version", range(1, 13))
def test_every_version_is_read(version: int) -> None:
    found = project(resource("model.shop.a"), resource("model.shop.b", depends_on={"nodes": ["model.shop.a"]}), version=version)
    assert found.info.schema_version == version
    assert found.nodes["model.shop.b"].parents == ("model.shop.a",)


@pytest.mark.parametrize(("dbt", "engine"), [("1.11.0", "core"), ("0.19.2", "core"), ("2.0.0-preview.196", "fusion"), ("2.1.0", "fusion"), ("", "core")])
def test_the_engine_is_told_by_the_version(dbt: str, engine: str) -> None:
    assert project(resource("model.shop.a"), dbt=dbt).info.engine == engine


def test_sections_that_a_version_lacks_or_that_are_null_are_empty() -> None:
    sections = ("sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests", "functions", "groups", "disabled", "selectors")
    assert project(resource("model.shop.a"), **dict.fromkeys(sections)) == project(resource("model.shop.a"))
    found = project()
    assert (found.nodes, found.disabled, found.groups, found.selectors) == ({}, {}, {}, {})


def test_every_section_is_part_of_the_project() -> None:
    kinds = (
        "model",
        "seed",
        "snapshot",
        "test",
        "analysis",
        "operation",
        "source",
        "exposure",
        "metric",
        "semantic_model",
        "saved_query",
        "unit_test",
        "function",
    )
    found = project(*(resource(f"{kind}.shop.x") for kind in kinds))
    assert {item.resource_type for item in found.nodes.values()} == set(kinds)


def test_unknown_keys_and_sections_are_ignored() -> None:
    found = project(resource("model.shop.a", brand_new={"x": [1]}, config={"brand_new": 1, "materialized": "table"}), brand_new={"x": 1})
    assert found.nodes["model.shop.a"].materialized == "table"


def test_disabled_is_a_list_in_old_manifests_and_lists_by_id_in_new_ones() -> None:
    item, twin = resource("model.shop.off", name="off"), resource("model.shop.off", name="off", original_file_path="other.sql")
    old = project(disabled=[item, {"name": "nobody"}])
    new = project(disabled={"model.shop.off": [item, twin], "model.shop.none": []})
    assert old.disabled == new.disabled
    assert set(old.disabled) == {"model.shop.off"}
    assert old.nodes == {}


def test_disabled_that_is_neither_is_an_error() -> None:
    with pytest.raises(ArtifactError, match=r"^manifest\.json: disabled: it is not what dbt writes: .+\. .+\.$"):
        project(disabled="none")


@pytest.mark.parametrize(
    ("fields", "meta"),
    [
        ({"meta": {"a": 1}}, {"a": 1}),
        ({"config": {"meta": {"a": 1}}}, {"a": 1}),
        ({"meta": {"a": 1, "b": 1}, "config": {"meta": {"a": 2}}}, {"a": 2, "b": 1}),
        ({"meta": None, "config": {"meta": None}}, {}),
        ({"meta": {}, "config": None}, {}),
        ({"meta": "nonsense"}, {}),
    ],
)
def test_meta_lives_in_two_places(fields: Raw, meta: Raw) -> None:
    assert node("model.shop.a", **fields).meta == meta
    columns = {"id": {"name": "id", **fields}}
    assert node("model.shop.a", columns=columns).columns[0].meta == meta


@pytest.mark.parametrize(
    ("fields", "tags"),
    [
        ({"tags": ["a", "b"]}, ("a", "b")),
        ({"tags": "a"}, ("a",)),
        ({"config": {"tags": "a"}}, ("a",)),
        ({"tags": ["a"], "config": {"tags": ["b", "a"]}}, ("a", "b")),
        ({"tags": [2024, None]}, ("2024",)),
        ({"tags": None}, ()),
    ],
)
def test_tags_are_texts_and_each_is_there_once(fields: Raw, tags: tuple[str, ...]) -> None:
    assert node("model.shop.a", **fields).tags == tags
    assert node("model.shop.a", columns={"id": {"name": "id", **fields}}).columns[0].tags == tags


def test_columns_keep_their_order_and_their_types() -> None:
    columns: Raw = {"b": {"name": "B", "data_type": "int", "config": {"tags": ["pci"]}}, "a": {}, "c": {"name": "c", "config": "nonsense"}}
    assert node("model.shop.x", columns=columns).columns == (Column("B", "int", {}, ("pci",)), Column("a"), Column("c"))
    assert node("model.shop.x", columns=None).columns == ()


@pytest.mark.parametrize(("key", "expected"), [("id", ("id",)), (["a", "b"], ("a", "b")), (None, ()), ("", ()), ([], ())])
def test_a_unique_key_is_one_or_several(key: object, expected: tuple[str, ...]) -> None:
    assert node("model.shop.a", config={"materialized": "incremental", "unique_key": key}).build.unique_key == expected
    assert node("model.shop.a", primary_key=key).primary_key == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"hard_deletes": "new_record"}, "new_record"),
        ({"hard_deletes": "Invalidate"}, "invalidate"),
        ({"invalidate_hard_deletes": True}, "invalidate"),
        ({"invalidate_hard_deletes": False}, ""),
        ({"hard_deletes": None, "invalidate_hard_deletes": True}, "invalidate"),
        ({}, ""),
    ],
)
def test_hard_deletes_old_and_new(config: Raw, expected: str) -> None:
    assert node("snapshot.shop.a", config=config).build.hard_deletes == expected


def test_how_an_incremental_is_built() -> None:
    config = {
        "materialized": "incremental",
        "incremental_strategy": "MICROBATCH",
        "full_refresh": False,
        "on_schema_change": "Sync_All_Columns",
        "event_time": "at",
        "begin": "2024-01-01",
        "batch_size": "day",
        "lookback": "3",
        "contract": {"enforced": True},
    }
    code = "select * from x where d > '{{ var('start') }}' and e > {{ var( \"end\", 1) }} {% if is_incremental() %} (select max(d) from {{ this }}) {% endif %}"
    built = node("model.shop.a", config=config, raw_code=code).build
    assert built == Build(
        "incremental",
        "microbatch",
        full_refresh=False,
        on_schema_change="sync_all_columns",
        event_time="at",
        begin="2024-01-01",
        batch_size="day",
        lookback=3,
        contract=True,
        vars=("end", "start"),
        reads_this=True,
        watermark="d",
        strict=True,
    )
    assert node("model.shop.a", config=config, raw_sql=code).build == built, "manifests before v7 call it raw_sql"
    assert node("model.shop.a", config={**config, "materialized": "table"}, raw_code=code).build.vars == ()


@pytest.mark.parametrize(
    ("config", "field", "value"),
    [
        ({"full_refresh": None}, "full_refresh", None),
        ({"full_refresh": True}, "full_refresh", True),
        ({"full_refresh": "maybe"}, "full_refresh", None),
        ({"lookback": None}, "lookback", 1),
        ({"lookback": "x"}, "lookback", 1),
        ({"lookback": 0}, "lookback", 0),
        ({"contract": {"enforced": False}}, "contract", False),
        ({"contract": True}, "contract", True),
        ({"contract": None}, "contract", False),
    ],
)
def test_what_a_config_leaves_open(config: Raw, field: str, value: object) -> None:
    assert getattr(node("model.shop.a", config=config).build, field) == value


@pytest.mark.parametrize(
    ("unique_id", "config", "materialized"),
    [
        ("model.shop.a", {"materialized": "view"}, "view"),
        ("model.shop.a", {}, "view"),
        ("model.shop.a", None, "view"),
        ("seed.shop.a", {"materialized": None}, "seed"),
        ("snapshot.shop.a", {}, "snapshot"),
        ("function.shop.a", {}, ""),
        ("source.shop.raw.a", {"materialized": "table"}, ""),
        ("exposure.shop.a", {}, ""),
    ],
)
def test_materializations(unique_id: str, config: Raw | None, materialized: str) -> None:
    assert node(unique_id, config=config).materialized == materialized


def generic(**fields: Any) -> Raw:  # noqa: ANN401
    return {"test_metadata": {"name": "not_null", "namespace": None, "kwargs": {"column_name": "id", "model": "{{ get_where_subquery(ref('b')) }}"}}, **fields}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (generic(attached_node="model.shop.x", column_name="ID"), DataTest("not_null", "", "ID", "model.shop.x", "error")),
        (generic(depends_on={"nodes": ["model.shop.a", "model.shop.b"]}), DataTest("not_null", "", "id", "model.shop.b", "error")),
        (generic(depends_on={"nodes": ["model.shop.b"]}), DataTest("not_null", "", "id", "model.shop.b", "error")),
        (generic(depends_on={"nodes": ["model.shop.a", "model.shop.c"]}), DataTest("not_null", "", "id", "", "error")),
        (generic(depends_on={"nodes": ["model.shop.b", "source.shop.raw.b"]}), DataTest("not_null", "", "id", "", "error")),
        (generic(depends_on={"nodes": []}), DataTest("not_null", "", "id", "", "error")),
        (generic(config={"severity": "WARN"}, attached_node="model.shop.x"), DataTest("not_null", "", "id", "model.shop.x", "warn")),
        ({"test_metadata": {"name": "at_least_one", "namespace": "dbt_utils", "kwargs": None}}, DataTest("at_least_one", "dbt_utils")),
        ({"test_metadata": None, "depends_on": {"nodes": ["model.shop.a"]}}, DataTest()),
    ],
)
def test_what_a_test_tests(fields: Raw, expected: DataTest) -> None:
    assert node("test.shop.t", **fields).test == expected


@pytest.mark.parametrize(
    ("argument", "parents", "attached"),
    [
        ("ref('b')", ["model.shop.a", "model.shop.b"], "model.shop.b"),
        ("ref('other', 'b')", ["model.shop.a", "model.other.b"], "model.other.b"),
        ('source("raw", "b")', ["model.shop.a", "source.shop.raw.b"], "source.shop.raw.b"),
        ("ref('b', v=2)", ["model.shop.a", "model.shop.b.v2"], "model.shop.b.v2"),
        ("nothing quoted", ["model.shop.a", "model.shop.b"], ""),
    ],
)
def test_old_manifests_name_the_tested_node_in_an_argument(argument: str, parents: list[str], attached: str) -> None:
    kwargs = {"model": "{{ get_where_subquery(" + argument + ") }}"}
    found = node("test.shop.t", test_metadata={"name": "relationships", "kwargs": kwargs}, depends_on={"nodes": parents}).test
    assert found is not None
    assert found.attached_node == attached


def test_access_group_and_version_stand_in_two_places_and_versions_may_be_numbers() -> None:
    top = node("model.shop.a.v2", name="a", access="public", group="core", version=2, latest_version=2)
    config = node("model.shop.a.v2", name="a", config={"access": "public", "group": "core"}, version="2", latest_version="2")
    for found in (top, config):
        assert (found.access, found.group, found.version, found.is_latest, found.label) == ("public", "core", "2", True, "a.v2")
    assert not node("model.shop.a.v1", name="a", version=1, latest_version=2).is_latest
    assert not node("model.shop.a").is_latest


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ({"name": "Ann", "email": "ann@x.example"}, (Owner("Ann", "ann@x.example"),)),
        ({"name": "Ann", "email": ["ann@x.example", "team@x.example"]}, (Owner("Ann", "ann@x.example"), Owner(email="team@x.example"))),
        ({"name": None, "email": "ann@x.example"}, (Owner(email="ann@x.example"),)),
        ({"name": "Ann", "email": None, "slack": "@ann"}, (Owner("Ann", "", "@ann"),)),
        ({}, ()),
        (None, ()),
    ],
)
def test_owners_of_exposures_and_groups(owner: object, expected: tuple[Owner, ...]) -> None:
    found = project(resource("exposure.shop.e", owner=owner, type="Dashboard", maturity="HIGH"), groups={"group.shop.g": {"name": "g", "owner": owner}})
    assert found.nodes["exposure.shop.e"].exposure == ExposureInfo("dashboard", "high", "", "", expected)
    assert found.groups == {"g": Group("g", "", expected)}


def test_a_groups_config_is_never_read() -> None:
    leak = {"name": "g", "package_name": "shop", "owner": {"name": "Ann"}, "config": {"meta": {"owner": "leaked@x.example"}}}
    assert project(groups={"group.shop.g": leak}).groups["g"].owners == (Owner("Ann"),)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"freshness": {"warn_after": {"count": 12, "period": "hour"}, "error_after": None}, "loaded_at_field": "at"}, (True, True)),
        ({"freshness": {"warn_after": {"count": None, "period": None}, "error_after": {"count": None}}}, (False, False)),
        ({"freshness": None, "loaded_at_query": "select 1"}, (False, True)),
        ({"config": {"freshness": {"error_after": {"count": 1, "period": "day"}}, "loaded_at_field": "at"}}, (True, True)),
        ({}, (False, False)),
    ],
)
def test_freshness_of_sources(fields: Raw, expected: tuple[bool, bool]) -> None:
    found = node("source.shop.raw.orders", source_name="raw", loader="fivetran", source_meta={"owner": "x"}, identifier="ORDERS", **fields)
    assert found.source == SourceInfo("raw", "fivetran", *expected, {"owner": "x"})
    assert (found.label, found.identifier) == ("raw.orders", "ORDERS")


def test_exports_of_saved_queries() -> None:
    exports: list[Raw] = [
        {"name": "weekly", "config": {"database": "db", "schema_name": "s", "alias": "w"}},
        {"name": "daily", "config": {"schema_name": "s"}},
        {"name": "bare", "config": None},
    ]
    assert node("saved_query.shop.q", exports=exports).exports == (Export("weekly", "db.s.w"), Export("daily", "s.daily"), Export("bare", "bare"))


def test_paths_have_forward_slashes_and_parents_are_kept_once() -> None:
    found = node("model.shop.a", original_file_path="models\\staging\\a.sql", depends_on={"nodes": ["source.shop.raw.b", "model.shop.c", "source.shop.raw.b"]})
    assert found.path == "models/staging/a.sql"
    assert found.parents == ("source.shop.raw.b", "model.shop.c")
    assert node("model.shop.a", depends_on=None).parents == ()
    assert node("model.shop.a", depends_on={"macros": []}).parents == ()


@pytest.mark.parametrize(("compiled", "expected"), [(True, True), (False, False), (None, False)])
def test_whether_sql_is_compiled_is_said_by_models(compiled: bool | None, expected: bool) -> None:  # noqa: FBT001
    found = project(resource("model.shop.a", compiled=compiled), resource("test.shop.t", compiled=True))
    assert found.info.has_compiled_sql == expected


def test_a_type_that_is_not_stated_is_that_of_the_id() -> None:
    bare = {"name": "a", "unique_id": "model.shop.a"}
    found = read_manifest(json.dumps({"metadata": metadata(), "nodes": {"model.shop.a": bare}}).encode(), "x").nodes["model.shop.a"]
    assert (found.resource_type, found.package, found.materialized) == ("model", "", "view")


NOT_MANIFESTS = {
    "empty object": (b"{}", "it has no key 'metadata'"),
    "list": (b"[]", "it is not what dbt writes: Expected `object`, got `array`"),
    "text": (b'"x"', "it is not what dbt writes"),
    "number": (b"1", "it is not what dbt writes"),
    "null": (b"null", "it is not what dbt writes"),
    "not JSON": (b"models: []", "it is not JSON in UTF-8"),
    "truncated": (json.dumps(manifest(resource("model.shop.a"))).encode()[:-40], "it is not complete JSON"),
    "not UTF-8": (b'{"metadata": {"dbt_version": "\xff"}}', "it is not complete JSON"),
    "UTF-16": ('{"metadata": {}}'.encode("utf-16"), "it is not JSON in UTF-8"),
    "too deep": (b'{"selectors": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "it is not complete JSON"),
    "no schema": (b'{"metadata": {"dbt_version": "1.0"}, "nodes": {}}', "it is not a manifest (no dbt_schema_version)"),
    "other metadata": (b'{"metadata": {"dbt_schema_version": 7}, "nodes": {}}', "it is not a manifest (7)"),
    "run results": (json.dumps({"metadata": metadata("run-results", 6), "results": []}).encode(), "it is not a manifest (run-results/v6.json)"),
    "of the future": (json.dumps({"metadata": metadata(version=13, dbt="3.0")}).encode(), "it is a manifest of version 13 (dbt 3.0); versions 1 to 12 are read"),
    "version 0": (json.dumps({"metadata": metadata(version=0)}).encode(), "it is a manifest of version 0"),
    "no nodes": (json.dumps({"metadata": metadata()}).encode(), "it has no key 'nodes' (dbt 1.11.0)"),
    "nodes of no version": (json.dumps({"metadata": metadata(dbt="")}).encode(), "it has no key 'nodes' (dbt of unknown version)"),
    "nodes as a list": (json.dumps({"metadata": metadata(), "nodes": []}).encode(), "Expected `object | null`, got `array` - at `$.nodes`"),
    "a node as text": (json.dumps({"metadata": metadata(), "nodes": {"a": "b"}}).encode(), "at `$.nodes[...]`"),
    "parents as a text": (json.dumps(manifest(resource("model.shop.a", depends_on={"nodes": "x"}))).encode(), "at `$.nodes[...].depends_on.nodes`"),
    "without a name": (json.dumps(manifest(resource("model.shop.a", name=""))).encode(), "model.shop.a has no name"),
    "without a type": (json.dumps({"metadata": metadata(), "nodes": {"": {"name": "a"}}}).encode(), "has no resource_type"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "problem"), NOT_MANIFESTS.values(), ids=NOT_MANIFESTS)
def test_what_is_no_manifest_is_one_clear_error(data: bytes, problem: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        read_manifest(data, "target/manifest.json")
    error = caught.value
    assert error.place.startswith("target/manifest.json")
    assert problem in error.problem
    assert error.remedy
    assert str(error) == f"{error.place}: {error.problem}. {error.remedy}."
    assert not error.problem.endswith(".")
    assert not error.remedy.endswith(".")


def test_a_project_survives_being_kept() -> None:
    """What the cache does with it."""
    import msgspec

    found = read_manifest(raw("green")[0], "manifest.json")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Project) == found
