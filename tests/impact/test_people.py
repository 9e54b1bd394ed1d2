"""Who owns, who uses: the order of statements, and one entry for each person."""

from __future__ import annotations

from typing import Any

import pytest
from building import FIXTURES, data_test, exposure, graph_of, model, node, radius_of, seeds_of, source
from hypothesis import given
from hypothesis import strategies as st

from aftershock import read_artifacts
from aftershock.graph import LineageGraph
from aftershock.impact.people import consumers, dashboards, matches, merge, owners
from aftershock.model import Column, Effect, Group, Node, Owner, OwnerRule, Policy, Seed, SeverityPolicy

ANN, BOB = Owner("Ann", "ann@shop.example"), Owner("Bob", "bob@shop.example")
GROUPS = {"core": Group("core", "shop", (Owner("Core", "core@shop.example"),))}
RULES = (OwnerRule(Owner("By path"), path="models/staging"), OwnerRule(Owner("By tag"), tag="nightly"))
FULL: dict[str, Any] = {
    "meta": {"owner": "node@shop.example"},
    "group": "core",
    "path": "models/staging/orders.sql",
    "columns": (Column("amount", meta={"owner": "column@shop.example"}), Column("tax", meta={"owner": "@tax"}), Column("id")),
}


def found(*nodes: Node, seeds: tuple[Seed, ...] = (), policy: Policy | None = None, columns: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """Who owns what, by label."""
    graph = graph_of(*nodes)
    entries, _ = owners(radius_of(graph, seeds or seeds_of("orders")), graph, GROUPS, policy or Policy(), columns)
    return {entry.owner.label: entry.nodes for entry in entries}


def evidence(*nodes: Node, seeds: tuple[Seed, ...] = (), policy: Policy | None = None, columns: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    graph = graph_of(*nodes)
    entries, _ = owners(radius_of(graph, seeds or seeds_of("orders")), graph, GROUPS, policy or Policy(), columns)
    return [(entry.owner.label, entry.evidence) for entry in entries]


POLICY = Policy(owners=RULES, default_owner=Owner("Default"))


def test_a_more_specific_statement_overrides_a_more_general_one() -> None:
    """Test, column, node, group, source, mapping, default: one is taken away after the other."""
    test = data_test("positive", "orders", column="amount", meta={"owner": "test@shop.example"})
    via = seeds_of("orders", via="positive")
    fields = dict(FULL)
    seen = [evidence(model("orders", **fields), test, seeds=via, policy=POLICY)]
    seen.append(evidence(model("orders", **fields), policy=POLICY, columns=("AMOUNT",)))
    seen.append(evidence(model("orders", **fields), policy=POLICY))
    fields["meta"] = {}
    seen.append(evidence(model("orders", **fields), policy=POLICY))
    fields["group"] = "unknown"
    seen.append(evidence(model("orders", **fields), policy=POLICY))
    fields["path"] = "models/marts/orders.sql"
    seen.append(evidence(model("orders", **fields), policy=POLICY))
    seen.append(evidence(model("orders", **fields)))
    assert seen == [
        [("test@shop.example", "meta.owner of the test positive")],
        [("column@shop.example", "meta.owner of the column orders.amount")],
        [("node@shop.example", "meta.owner of orders")],
        [("Core <core@shop.example>", "owner of the group core")],
        [("By path", "owners in aftershock.yml")],
        [("Default", "default_owner in aftershock.yml")],
        [],
    ]


def test_a_test_without_an_owner_stands_for_its_column() -> None:
    test = data_test("positive", "orders", column="amount")
    assert evidence(model("orders", **FULL), test, seeds=seeds_of("orders", via="positive")) == [
        ("column@shop.example", "meta.owner of the column orders.amount")
    ]


def test_everybody_of_one_rank_is_told() -> None:
    assert set(found(model("orders", **FULL), columns=("amount", "tax"))) == {"column@shop.example", "@tax"}
    tests = (data_test("a", "orders", meta={"owner": "@a"}), data_test("b", "orders", meta={"owner": "@b"}), data_test("c", "orders"))
    seeds = (*seeds_of("orders", via="a"), *seeds_of("orders", via="b"), *seeds_of("orders", via="c"))
    assert evidence(model("orders", **FULL), *tests, seeds=seeds) == [
        ("@a", "meta.owner of the test a"),
        ("@b", "meta.owner of the test b"),
        ("node@shop.example", "meta.owner of orders"),
    ], "the third test has no owner, so that it falls back on its node's"


def test_a_node_that_is_named_itself_and_by_a_test_is_its_owners_and_the_tests() -> None:
    test = data_test("a", "orders", meta={"owner": "@a"})
    seeds = (*seeds_of("orders", via="a"), *seeds_of("orders"))
    assert set(found(model("orders", **FULL), test, seeds=seeds)) == {"@a", "node@shop.example"}


def test_columns_are_those_of_failing_nodes_only() -> None:
    below = model("mart", "orders", columns=(Column("amount", meta={"owner": "@mart-column"}),), meta={"owner": "@mart"})
    assert found(model("orders", **FULL), below, columns=("amount",)) == {"column@shop.example": ("model.shop.orders",), "@mart": ("model.shop.mart",)}


def test_a_source_is_its_owners_and_then_its_source_groups() -> None:
    seeds = seeds_of("source.shop.raw.orders")
    assert evidence(source("orders", meta={"owner": "@table"}, info={"meta": {"owner": "@raw"}}), seeds=seeds) == [("@table", "meta.owner of raw.orders")]
    assert evidence(source("orders", info={"meta": {"owner": "@raw"}}), seeds=seeds) == [("@raw", "meta.owner of the source raw")]


def test_an_owner_that_names_nobody_overrides_nobody() -> None:
    assert set(found(model("orders", meta={"owner": "TBD"}, group="core"))) == {"Core <core@shop.example>"}
    assert set(found(model("orders", meta={"owner": None, "owners": ["@a", "@b"]}))) == {"@a", "@b"}


def test_the_first_rule_that_matches_decides() -> None:
    assert set(found(model("orders", path="models/staging/x.sql", tags=("nightly",)), policy=POLICY)) == {"By path"}
    assert set(found(model("orders", path="models/marts/x.sql", tags=("nightly",)), policy=POLICY)) == {"By tag"}


@pytest.mark.parametrize(
    ("rule", "matched"),
    [
        ({"path": "models/staging"}, True),
        ({"path": "models/staging/"}, True),
        ({"path": "models/staging/*.sql"}, True),
        ({"path": "models/*"}, True),
        ({"path": "models/stag"}, False),
        ({"path": "Models/staging"}, False),
        ({"tag": "nightly"}, True),
        ({"tag": "night"}, False),
        ({"package": "shop"}, True),
        ({"package": "sho"}, False),
        ({"name": "orders"}, True),
        ({"name": "model.shop.orders"}, True),
        ({"name": "orders.v2"}, True),
        ({"name": "order"}, False),
        ({"path": "models/staging", "tag": "nightly", "package": "shop", "name": "orders"}, True),
        ({"path": "models/staging", "tag": "weekly"}, False),
    ],
)
def test_a_rule_matches_where_every_condition_does(rule: dict[str, str], matched: bool) -> None:  # noqa: FBT001
    item = model("orders", path="models/staging/orders.sql", tags=("nightly",), version="2")
    conditions = {"path": "", "tag": "", "package": "", "name": "", **rule}
    assert matches(conditions["path"], conditions["tag"], conditions["package"], conditions["name"], item) == matched


def test_owners_of_failing_nodes_come_first_then_those_of_most() -> None:
    graph = graph_of(
        model("orders", meta={"owner": "@z"}),
        model("a", "orders", meta={"owner": "@a"}),
        model("b", "orders", meta={"owner": "@b"}),
        model("c", "orders", meta={"owner": "@b"}),
        model("d", "orders"),
    )
    entries, unowned = owners(radius_of(graph, seeds_of("orders")), graph, {}, Policy())
    assert [(entry.owner.label, entry.failing, len(entry.nodes)) for entry in entries] == [("@z", True, 1), ("@b", False, 2), ("@a", False, 1)]
    assert unowned == ("model.shop.d",)


def test_exposures_have_consumers_and_not_owners() -> None:
    graph = graph_of(
        model("orders", meta={"owner": "@z"}),
        exposure("board", "orders", info={"owners": (ANN,)}),
        exposure("by_meta", "orders", meta={"owner": "@meta"}),
        exposure("nobody", "orders"),
        node("revenue", "orders", kind="metric"),
    )
    radius = radius_of(graph, seeds_of("orders"))
    entries, unowned = owners(radius, graph, {}, Policy(default_owner=None))
    assert [entry.owner.label for entry in entries] == ["@z"]
    assert unowned == ("exposure.shop.nobody", "metric.shop.revenue")
    boards = dashboards(radius, graph, Policy())
    assert [(entry.owner.label, entry.exposures) for entry in consumers(boards, radius, graph)] == [
        ("Ann <ann@shop.example>", ("exposure.shop.board",)),
        ("@meta", ("exposure.shop.by_meta",)),
    ]


def test_a_consumer_has_one_entry_with_all_of_theirs_and_subscribers_are_consumers() -> None:
    graph = graph_of(
        model("orders", meta={"subscribers": ["@bob", "Ann"]}),
        model("mart", "orders", meta={"subscribers": "@bob"}),
        exposure("x", "orders", info={"owners": (ANN,)}),
        exposure("y", "mart", info={"owners": (Owner("Annie", "ANN@shop.example"),)}),
    )
    radius = radius_of(graph, seeds_of("orders"))
    entries = consumers(dashboards(radius, graph, Policy()), radius, graph)
    assert [(entry.owner, entry.exposures) for entry in entries] == [
        (ANN, ("exposure.shop.x", "exposure.shop.y", "model.shop.orders")),
        (Owner(slack="@bob"), ("model.shop.orders", "model.shop.mart")),
    ]


def test_automations_are_apart_from_what_people_look_at() -> None:
    graph = graph_of(
        model("orders"),
        exposure("a", "orders", info={"type": "application", "label": "The app", "url": "https://x.example", "maturity": "low"}),
        exposure("b", "orders", info={"type": "ml"}),
        exposure("c", "orders", info={"type": "dashboard"}),
        exposure("d", "orders", info={"type": "notebook"}),
    )
    radius = radius_of(graph, seeds_of("orders"))
    boards = dashboards(radius, graph, Policy())
    assert [(item.name, item.automation) for item in boards] == [("c", False), ("d", False), ("The app", True), ("b", True)]
    assert (boards[2].url, boards[2].maturity, boards[2].type) == ("https://x.example", "low", "application")
    assert boards[0].path == ("model.shop.orders", "exposure.shop.c")
    assert boards[0].effects == (Effect.WRONG,)
    own = dashboards(radius, graph, Policy(severity=SeverityPolicy(automation_types=("notebook",))))
    assert [item.name for item in own if item.automation] == ["d"]


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([ANN, Owner("A. Lee", "ANN@shop.example")], [ANN]),
        ([Owner(email="ann@shop.example"), ANN], [ANN]),
        ([Owner("Ann", slack="@ann"), Owner(slack="@Ann")], [Owner("Ann", slack="@ann")]),
        ([Owner("Ann"), ANN], [ANN]),
        ([ANN, Owner("ann")], [ANN]),
        ([Owner("Ann"), Owner("ANN")], [Owner("Ann")]),
        ([ANN, Owner("Ann", "ann@other.example")], [ANN, Owner("Ann", "ann@other.example")]),
        ([ANN, Owner("Ann", "ann@other.example"), Owner("Ann")], [ANN, Owner("Ann", "ann@other.example"), Owner("Ann")]),
        ([ANN, Owner("Ann", slack="@ann")], [ANN, Owner("Ann", slack="@ann")]),
        ([ANN, Owner("Ann", slack="@ann"), Owner("", "ann@shop.example", "@ann")], [Owner("Ann", "ann@shop.example", "@ann")]),
        ([Owner("Ann"), ANN, Owner("Ann", slack="@ann"), Owner("", "ann@shop.example", "@ann")], [Owner("Ann", "ann@shop.example", "@ann")]),
        ([ANN, BOB], [ANN, BOB]),
        ([Owner("Ann", "ann@x.example", "#data"), Owner("Bob", "bob@x.example", "#data")], [Owner("Ann", "ann@x.example", "#data"), Owner("Bob", "bob@x.example", "#data")]),
        ([Owner("Ann", slack="#data"), Owner("Bob", slack="#data")], [Owner("Ann", slack="#data"), Owner("Bob", slack="#data")]),
        ([Owner("Growth", slack="#growth"), Owner(slack="#growth"), Owner("growth")], [Owner("Growth", slack="#growth")]),
        ([Owner(slack="#growth"), Owner("Growth", slack="#GROWTH")], [Owner("Growth", slack="#growth")]),
        ([Owner(slack="#data"), Owner(slack="#data")], [Owner(slack="#data")]),
        ([], []),
    ],
)  # fmt: skip
def test_who_is_the_same_person(people: list[Owner], expected: list[Owner]) -> None:
    merged = merge([(owner, f"model.shop.m{index}", "") for index, owner in enumerate(people)])
    assert [owner for owner, _ in merged] == expected


PEOPLE = st.builds(
    Owner, st.sampled_from(["", "Ann", "Bob"]), st.sampled_from(["", "a@x.example", "b@x.example"]), st.sampled_from(["", "@a", "@b", "#data"])
).filter(lambda owner: owner != Owner())


@given(st.lists(PEOPLE, max_size=8), st.randoms(use_true_random=False))
def test_nobody_is_lost_and_who_is_one_does_not_depend_on_the_order(people: list[Owner], random: Any) -> None:  # noqa: ANN401
    claims = [(owner, f"model.shop.m{index}", "") for index, owner in enumerate(people)]
    merged = merge(claims)
    assert sorted(claim for _, mine in merged for claim in mine) == sorted(claims)
    for owner, mine in merged:
        assert all(not claim.email or owner.email for claim, _, _ in mine)
    turned = claims[:]
    random.shuffle(turned)
    assert {frozenset(mine) for _, mine in merged} == {frozenset(mine) for _, mine in merge(turned)}


@given(st.lists(PEOPLE, max_size=8))
def test_two_e_mails_are_one_person_only_through_a_handle(people: list[Owner]) -> None:
    for _, mine in merge([(owner, "model.shop.m", "") for owner in people]):
        mails = {owner.email for owner, _, _ in mine if owner.email}
        handles = {owner.slack for owner, _, _ in mine if owner.slack.startswith("@")}
        assert len(mails) <= 1 + len(handles)


def test_in_shop_a_groups_owner_is_its_own_and_not_what_leaked_into_its_config() -> None:
    """``models: +meta`` appears in a group's config too; nobody is told because of it."""
    artifacts = read_artifacts(FIXTURES / "green")
    graph = LineageGraph.of(artifacts.project)
    entries, unowned = owners(radius_of(graph, (Seed("model.shop.dim_products"),)), graph, artifacts.project.groups, Policy())
    assert (entries[0].owner, entries[0].evidence) == (Owner("Data Core", "data-core@shop.example"), "owner of the group core")
    assert not any("data-platform" in entry.owner.label for entry in entries)
    assert "model.shop.sales_by_category" in unowned
