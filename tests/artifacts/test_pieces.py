"""A manifest in pieces: what is not asked for is not decoded, and what is, is what decoding all of it would give."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from aftershock.artifacts.code import code_from_bytes
from aftershock.artifacts.definitions import definitions_from_bytes
from aftershock.artifacts.pieces import Overlaid, cut, raw_of
from aftershock.errors import ArtifactError
from aftershock.model.code import NodeCode

ONE, TWO, THREE = "model.p.one", "model.p.two", "model.p.three"


def manifest(**nodes: Any) -> bytes:  # noqa: ANN401  # JSON
    return json.dumps({"nodes": {f"model.p.{name}": {"unique_id": f"model.p.{name}", **fields} for name, fields in nodes.items()}}).encode()


def test_only_what_is_asked_for_is_decoded_and_an_error_names_the_resource() -> None:
    code = code_from_bytes(manifest(one={"raw_code": "select 1"}, two={"raw_code": 7}), "here")
    assert code.nodes[ONE] == NodeCode("select 1")
    assert code.nodes
    with pytest.raises(ArtifactError, match=r"here: model\.p\.two is not what dbt writes"):
        code.nodes.get(TWO)
    definitions = definitions_from_bytes(manifest(one={"columns": 7}, two={"checksum": "x"}), "here")
    assert definitions.nodes[TWO].checksum == "sha256:x"
    with pytest.raises(ArtifactError, match=ONE):
        definitions.nodes.get(ONE)


def test_a_resource_without_code_is_not_among_those_that_have_it() -> None:
    code = code_from_bytes(manifest(one={}, two={"raw_code": "select 2"}, three={"raw_code": "x", "config": {"enabled": False}}), "here")
    assert ONE not in code.nodes
    assert code.nodes.get(ONE) is None
    assert list(code.nodes) == [TWO]
    assert len(code.nodes) == 1
    assert code.nodes == {TWO: NodeCode("select 2")}
    assert not code_from_bytes(manifest(one={}), "here").nodes
    with pytest.raises(KeyError):
        code.nodes[THREE]


def test_a_value_is_decoded_once() -> None:
    code = code_from_bytes(manifest(one={"raw_code": "select 1"}), "here")
    assert code.nodes[ONE] is code.nodes[ONE]


def test_what_is_laid_over_comes_first_and_what_is_removed_is_gone() -> None:
    under = code_from_bytes(manifest(one={"raw_code": "a"}, two={"raw_code": "b"}), "here").nodes
    over = Overlaid(under, {TWO: NodeCode("c"), THREE: NodeCode("d")}, {ONE, "model.p.other"})
    assert over == {TWO: NodeCode("c"), THREE: NodeCode("d")}
    assert ONE not in over
    assert len(over) == len(list(over)) == 2
    assert not Overlaid(under, {}, {ONE, TWO})
    assert Overlaid(under, {ONE: NodeCode("x")}, {ONE}).get(ONE) is None


def test_the_undecoded_text_is_there_only_where_the_manifest_still_counts() -> None:
    data = manifest(one={"raw_code": "a"}, two={"raw_code": "b"})
    under = code_from_bytes(data, "here").nodes
    over = Overlaid(under, {TWO: NodeCode("c")}, {THREE})
    assert raw_of(over, ONE) == raw_of(under, ONE) == (cut(data, "here").nodes or {})[ONE]
    assert msgspec.json.decode(raw_of(under, ONE) or b"") == {"unique_id": ONE, "raw_code": "a"}
    assert raw_of(over, TWO) is raw_of(over, THREE) is raw_of(dict(under), ONE) is raw_of(under, THREE) is None


@pytest.mark.parametrize("disabled", [[7, {"unique_id": 7}], {ONE: []}, {ONE: 7}, 7, "x", None, {ONE: [{"unique_id": None}]}])
def test_disabled_resources_that_no_version_writes_are_read_as_none(disabled: object) -> None:
    assert dict(definitions_from_bytes(json.dumps({"disabled": disabled}).encode(), "here").nodes) == {}


def test_an_enabled_resource_comes_before_a_disabled_one_of_its_name() -> None:
    data = json.loads(manifest(one={"checksum": "on"}))
    data["disabled"] = {ONE: [{"unique_id": ONE, "checksum": "off"}], TWO: [{"unique_id": TWO, "checksum": "off"}]}
    found = definitions_from_bytes(json.dumps(data).encode(), "here").nodes
    assert {unique_id: definition.checksum for unique_id, definition in found.items()} == {ONE: "sha256:on", TWO: "sha256:off"}
