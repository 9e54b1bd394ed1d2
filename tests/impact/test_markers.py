"""Markers are whole tokens, in any case, on nodes and columns, and never people's names."""

from __future__ import annotations

from typing import Any

import pytest
from building import exposure, model

from aftershock.impact import markers as marked
from aftershock.impact.markers import Mark
from aftershock.model import Column, Impact, Markers, Node

DEFAULT = Markers()


@pytest.mark.parametrize("key", ["tier", "data_tier", "criticality", "critical", "TIER", "Data_Tier"])
@pytest.mark.parametrize("value", [1, "1", "tier1", "Tier-1", "Tier.Tier1", "t1", "P0", "p1", "critical", "HIGH", True, ["bronze", "tier1"]])
def test_critical_meta(key: str, value: object) -> None:
    assert marked.critical(model("orders", meta={key: value}), DEFAULT) is not None


@pytest.mark.parametrize(
    "meta",
    [
        {"tier": "gold"},
        {"tier": 2},
        {"tier": 10},
        {"tier": "tier10"},
        {"tier": None},
        {"tier": ""},
        {"critical": False},
        {"critical": "not critical"},
        {"criticality": "low"},
        {"priority": 1},
        {"priority": "high"},
        {"importance": "critical"},
        {"my_tier": 1},
        {"tier_1": True},
        {"owner": {"tier": "1"}},
        {},
    ],
)
def test_not_critical_meta(meta: dict[str, Any]) -> None:
    assert marked.critical(model("orders", meta=meta), DEFAULT) is None


@pytest.mark.parametrize("tag", ["critical", "p0", "P1", "tier1", "Tier-1", "SLA"])
def test_critical_tag(tag: str) -> None:
    assert marked.critical(model("orders", tags=("nightly", tag)), DEFAULT) == Mark("model.shop.orders", f"tag {tag}")


@pytest.mark.parametrize("tag", ["gold", "slab", "sla_report", "p01", "not-critical", "tier", "1", "high", ""])
def test_not_critical_tag(tag: str) -> None:
    assert marked.critical(model("orders", tags=(tag,)), DEFAULT) is None


def test_maturity_high_is_critical_and_only_of_exposures() -> None:
    assert marked.critical(exposure("board", info={"maturity": "high"}), DEFAULT) == Mark("exposure.shop.board", "maturity high")
    assert marked.critical(exposure("board", info={"maturity": "medium"}), DEFAULT) is None
    assert marked.critical(model("orders", meta={"maturity": "high"}), DEFAULT) is None


FINDERS = {"regulatory": marked.regulatory, "financial": marked.financial, "customer_facing": marked.customer_facing, "privacy": marked.privacy}
WORDS = [
    *(("regulatory", word) for word in ("gdpr", "hipaa", "phi", "sox", "pci", "regulatory")),
    *(("financial", word) for word in ("finance", "financial", "revenue", "billing", "sox")),
    *(("customer_facing", word) for word in ("customer-facing", "customer_facing", "external", "embedded")),
    *(("privacy", word) for word in ("pii", "contains_pii", "has_pii", "sensitive", "masking_policy", "privacy_tier")),
]


@pytest.mark.parametrize(("finder", "word"), WORDS)
def test_a_word_marks_as_a_tag_a_key_and_a_value_on_the_node_and_on_a_column(finder: str, word: str) -> None:
    find = FINDERS[finder]
    places: list[dict[str, Any]] = [
        {"tags": (word.upper(),)},
        {"meta": {word: True}},
        {"meta": {word: "yes"}},
        {"meta": {"domain": word.title()}},
        {"meta": {"domains": ["x", word]}},
        {"meta": {"governance": {"labels": [word]}}},
    ]
    for fields in places:
        assert find(model("orders", **fields), DEFAULT) is not None, fields
        assert find(model("orders", columns=(Column("id"), Column("card", **fields))), DEFAULT) is not None, fields


@pytest.mark.parametrize(("finder", "word"), WORDS)
def test_a_part_of_a_word_a_denial_and_a_person_mark_nothing(finder: str, word: str) -> None:
    find = FINDERS[finder]
    absent: list[dict[str, Any]] = [
        {"tags": (f"foo_{word}", f"{word}2", f"re{word}")},
        {"meta": {word: False}},
        {"meta": {word: None}},
        {"meta": {word: "no"}},
        {"meta": {word: ""}},
        {"meta": {f"{word}_note": "x"}},
        {"meta": {"note": f"all about {word}"}},
        {"meta": {"owner": word}},
        {"meta": {"owner": {"name": word}}},
        {"meta": {"owners": [word]}},
        {"meta": {"team": word}},
    ]
    for fields in absent:
        assert find(model("orders", **fields), DEFAULT) is None, fields
        assert find(model("orders", columns=(Column("card", **fields),)), DEFAULT) is None, fields


@pytest.mark.parametrize(
    ("meta", "regulated"),
    [
        ({"classification": "restricted"}, True),
        ({"data_classification": "Confidential"}, True),
        ({"classification": "public"}, False),
        ({"classification": "internal"}, False),
        ({"status": "restricted"}, False),
        ({"classification": "unrestricted"}, False),
    ],
)
def test_classification(meta: dict[str, Any], regulated: bool) -> None:  # noqa: FBT001
    assert (marked.regulatory(model("orders", meta=meta), DEFAULT) is not None) == regulated
    assert (marked.regulatory(model("orders", columns=(Column("x", meta=meta),)), DEFAULT) is not None) == regulated


def test_an_application_faces_customers() -> None:
    assert marked.customer_facing(exposure("app", info={"type": "application"}), DEFAULT) == Mark("exposure.shop.app", "exposure type application")
    assert marked.customer_facing(exposure("app", info={"type": "dashboard"}), DEFAULT) is None


def test_the_evidence_names_the_column() -> None:
    node = model("orders", columns=(Column("card", meta={"pci": True}), Column("iban", tags=("sox",))))
    assert marked.regulatory(node, DEFAULT) == Mark("model.shop.orders", "column card: meta pci = true")
    assert marked.financial(node, DEFAULT) == Mark("model.shop.orders", "column iban: tag sox")


def test_markers_are_configurable() -> None:
    own = Markers(critical_tags=("Gold",), customer_facing_types=("Portal",), financial=("Treasury",))
    assert marked.critical(model("orders", tags=("gold",)), own) is not None
    assert marked.critical(model("orders", tags=("sla",)), own) is None
    assert marked.customer_facing(exposure("app", info={"type": "portal"}), own) is not None
    assert marked.financial(model("orders", tags=("TREASURY",)), own) is not None


def test_meta_that_is_nested_without_end_ends() -> None:
    deep: dict[str, Any] = {"tier": 1}
    for _ in range(50):
        deep = {"x": deep}
    assert marked.critical(model("orders", meta=deep), DEFAULT) is None
    assert marked.critical(model("orders", meta={"a": {"b": {"tier": 1}}}), DEFAULT) is not None


@pytest.mark.parametrize(
    ("found", "denied", "asked", "answer"),
    [
        ([Mark("a", "tag pci")], False, [], Impact("yes", ("a: tag pci",))),
        ([Mark("a", "tag pci")], True, [Mark("b", "pii")], Impact("yes", ("a: tag pci",))),
        ([], True, [], Impact("no", ("every affected node says so in its meta",))),
        ([], True, [Mark("b", "meta pii = true")], Impact("unknown", ("b: meta pii = true",))),
        ([], False, [Mark("b", "meta pii = true")], Impact("unknown", ("b: meta pii = true",))),
        ([], False, [], Impact("unknown")),
    ],
)
def test_three_answers(found: list[Mark], denied: bool, asked: list[Mark], answer: Impact) -> None:  # noqa: FBT001
    assert marked.tri_state(found, denied, asked) == answer


@pytest.mark.parametrize(
    ("node", "denied"),
    [
        (model("orders", meta={"customer_facing": False}), True),
        (model("orders", meta={"external": "no"}), True),
        (model("orders", meta={"customer_facing": True}), False),
        (model("orders"), False),
    ],
)
def test_a_node_denies_only_outright(node: Node, denied: bool) -> None:  # noqa: FBT001
    assert marked.denies(node, DEFAULT.customer_facing) == denied


def test_a_comma_list_is_read_word_by_word() -> None:
    assert marked.regulatory(model("orders", meta={"compliance": "Internal, gdpr"}), DEFAULT) is not None
    assert marked.regulatory(model("orders", meta={"compliance": "not gdpr"}), DEFAULT) is None
