"""The code in a manifest and in the target directory's compiled files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from written import FIXTURES, Raw, manifest, metadata, resource

from aftershock.artifacts.code import code_from_bytes, compiled_file, read_code
from aftershock.errors import ArtifactError
from aftershock.model import Node
from aftershock.model.code import Code, MacroCode, NodeCode, Ref

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = "model.shop.orders"


def read(*resources: Raw, **sections: Any) -> Code:  # noqa: ANN401
    return code_from_bytes(json.dumps(manifest(*resources, **sections)).encode(), "manifest.json")


def test_new_and_old_keys_say_the_same() -> None:
    new = resource(ORDERS, raw_code="r", compiled_code="c", refs=[{"package": "kit", "name": "a", "version": 2}, {"name": "b"}], sources=[["raw", "x"]])
    old = resource(ORDERS, raw_sql="r", compiled_sql="c", refs=[["kit", "a"], ["b"]], sources=[["raw", "x"]])
    assert read(new).nodes[ORDERS] == NodeCode("r", "c", refs=(Ref("kit", "a", "2"), Ref("", "b")), sources=(("raw", "x"),))
    assert read(old).nodes[ORDERS] == NodeCode("r", "c", refs=(Ref("kit", "a"), Ref("", "b")), sources=(("raw", "x"),))


def test_all_that_rendering_needs_is_kept() -> None:
    test = resource("test.shop.t", raw_code="t", path="t.sql", test_metadata={"name": "n", "kwargs": {"model": "m"}}, config={"severity": "warn"})
    python = resource("model.shop.py", raw_code="def model", language="python", compiled_path="target\\compiled\\shop\\models\\py.py")
    found = read(test, python).nodes
    assert found["test.shop.t"] == NodeCode("t", file="t.sql", config={"severity": "warn"}, arguments={"model": "m"})
    assert found["model.shop.py"] == NodeCode("def model", language="python", compiled_path="target/compiled/shop/models/py.py")


def test_what_has_no_code_is_left_out() -> None:
    seed, empty, off = resource("seed.shop.s", raw_code="x"), resource("model.shop.e", raw_code=""), resource(ORDERS, raw_code="x", config={"enabled": False})
    assert read(seed, empty, off).nodes == {}


def test_macros_and_the_runs_own_facts() -> None:
    macros = {"macro.kit.m": {"name": "m", "package_name": "kit", "macro_sql": "x"}, "macro.kit.n": {"macro_sql": "y"}, "macro.kit.none": {"name": "none"}}
    found = read(resource(ORDERS, raw_code="x"), macros=macros, metadata=metadata(run_started_at="2026-03-01T05:30:00Z", env={"TEAM": 1}))
    assert found.macros == {"macro.kit.m": MacroCode("m", "kit", "x"), "macro.kit.n": MacroCode("n", "", "y")}
    assert (found.started_at, found.env) == ("2026-03-01T05:30:00Z", {"TEAM": "1"})
    assert read().started_at == "2026-03-01T06:00:00.123456Z"


def test_odd_shapes_are_read_as_nothing() -> None:
    odd = resource(ORDERS, raw_code="x", refs=[1, [], {}], sources=[["a"], 2], config=[], test_metadata={"kwargs": []})
    assert read(odd, metadata={"env": []}).nodes[ORDERS] == NodeCode("x", refs=(Ref("", ""),))
    assert code_from_bytes(b"{}", "x") == Code({})
    with pytest.raises(ArtifactError):
        code_from_bytes(b"[", "x")


def test_a_packed_manifest_is_read() -> None:
    found = read_code(FIXTURES / "artifacts" / "green" / "manifest.json.gz")
    assert found.nodes["model.shop.fct_orders"].compiled
    assert any(item.package == "dbt" for item in found.macros.values())


LAYOUTS = [
    ("models/a/orders.sql", "a/orders.sql", "shop/models/a/orders.sql"),
    ("models/schema.yml", "not_null_orders_id.sql", "shop/models/schema.yml/not_null_orders_id.sql"),
    ("snapshots/all.sql", "all/orders.sql", "shop/snapshots/all.sql/all/orders.sql"),
    ("models/dim_v1.sql", "dim_v1.sql", "shop/models/dim_v1.sql"),
    ("models/orders.sql", "", "shop/models/orders.sql"),
]


@pytest.mark.parametrize(("path", "file", "written"), LAYOUTS)
def test_a_compiled_file_is_found_where_dbt_writes_it(path: str, file: str, written: str, tmp_path: Path) -> None:
    place = tmp_path / "compiled" / written
    place.parent.mkdir(parents=True)
    place.write_text("select 1")
    assert compiled_file(tmp_path, Node(ORDERS, "model", "orders", "shop", path), NodeCode("x", file=file)) == "select 1"


def test_the_manifest_may_say_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "compiled").mkdir()
    (tmp_path / "compiled" / "elsewhere.sql").write_text("select 2")
    code = NodeCode("x", compiled_path="/some/where/target/compiled/elsewhere.sql")
    assert compiled_file(tmp_path, Node(ORDERS, "model", "orders"), code) == "select 2"


def test_nothing_outside_of_compiled_is_read(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "compiled" / "shop").mkdir(parents=True)
    (tmp_path / "secret.sql").write_text("secret")
    (target / "compiled" / "shop" / "link.sql").symlink_to(tmp_path / "secret.sql")
    (target / "compiled" / "shop" / "bytes.sql").write_bytes(b"\xff\xfe")
    (target / "compiled" / "shop" / "empty.sql").write_bytes(b"")
    for path in ("../../../secret.sql", str(tmp_path / "secret.sql"), "link.sql", "none.sql", "a" * 5000, "bytes.sql", "empty.sql", "nul\0.sql", ""):
        assert compiled_file(target, Node(ORDERS, "model", "orders", "shop", path), NodeCode("x")) == ""
    assert compiled_file(target, Node(ORDERS, "model", "orders"), NodeCode("x", compiled_path="target/compiled/../../secret.sql")) == ""
