"""The eight items of the impact checklist: done only where the artifacts prove it."""

from __future__ import annotations

from typing import Any

import pytest
from building import assessed, exposure, model, node, seeds_of

from aftershock.impact import checklist
from aftershock.model import Assessment, ChecklistItem, Estimate, Impact, Owner, Phase, RecoveryPlan, Step

EVE = Owner("Eve", "eve@shop.example")
OWNED: dict[str, Any] = {"meta": {"owner": "@ann"}}
NO_PLAN = RecoveryPlan(())
ITEMS = (
    "Affected tables",
    "Affected dashboards",
    "Affected stakeholders",
    "Financial impact",
    "Regulatory impact",
    "Customer-facing",
    "Blast radius",
    "Recovery estimate",
)
"""Those of the incident checklist, in its order."""


def listed(assessment: Assessment, plan: RecoveryPlan = NO_PLAN, *, declared: int = 1) -> dict[str, ChecklistItem]:
    items = checklist(assessment, plan, declared_exposures=declared)
    assert tuple(item.item for item in items) == ITEMS
    assert all(bool(item.ask) == (item.status == "open") for item in items), "whatever is open says what to find out"
    return {item.item: item for item in items}


def board(**fields: Any) -> Any:  # noqa: ANN401
    return exposure("board", "orders", info={"owners": (EVE,)}, **fields)


def test_tables_are_always_known_by_their_relations() -> None:
    nodes = (model("orders", relation_name='"db"."s"."orders"'), model("mart", "orders"), model("eph", "orders", materialized="ephemeral"))
    item = listed(assessed(*nodes))["Affected tables"]
    assert (item.status, item.answer, item.evidence) == ("done", "2 tables", ('"db"."s"."orders"', "mart"))
    eph = listed(assessed(nodes[2], seeds=seeds_of("eph")))["Affected tables"]
    assert (eph.status, eph.answer) == ("done", "none")


def test_dashboards_and_automations_are_counted_apart() -> None:
    nodes = (model("orders"), board(), exposure("book", "orders", info={"type": "notebook"}), exposure("bot", "orders", info={"type": "ml"}))
    item = listed(assessed(*nodes), declared=3)["Affected dashboards"]
    assert (item.status, item.answer) == ("done", "2 dashboards and reports, 1 automation")
    assert item.evidence == ("board (dashboard)", "book (notebook)", "bot (ml)")


def test_no_dashboard_is_known_where_none_is_declared() -> None:
    item = listed(assessed(model("orders", **OWNED)), declared=0)["Affected dashboards"]
    assert (item.status, item.answer, item.evidence) == ("open", "unknown", ())
    assert item.ask == "The project declares no exposures: ask @ann who reads the affected tables."
    assert listed(assessed(model("orders")), declared=4)["Affected dashboards"].answer == "none declared"


def test_hidden_readers_leave_dashboards_and_stakeholders_open() -> None:
    items = listed(assessed(model("orders", access="public", **OWNED), board()))
    assert [items[name].status for name in ("Affected dashboards", "Affected stakeholders")] == ["open", "open"]
    assert items["Affected dashboards"].answer == "1 dashboard or report, 0 automations"
    assert "orders is public" in items["Affected dashboards"].ask
    assert "@ann" in items["Affected stakeholders"].ask


def test_stakeholders_are_done_only_where_somebody_is_named_for_everything() -> None:
    item = listed(assessed(model("orders", **OWNED), board()))["Affected stakeholders"]
    assert (item.status, item.answer) == ("done", "1 consumer, 1 owner")
    assert item.evidence == ("consumer Eve <eve@shop.example>", "owner @ann")
    gap = listed(assessed(model("orders", **OWNED), model("a", "orders"), model("b", "orders"), board()))["Affected stakeholders"]
    assert (gap.status, gap.answer) == ("open", "1 consumer, 1 owner")
    assert gap.ask == "Nobody is named for model.shop.a and model.shop.b: ask @ann who relies on it."
    nobody = listed(assessed(model("orders")))["Affected stakeholders"]
    assert (nobody.answer, nobody.evidence) == ("unknown", ())
    assert "the project's maintainers" in nobody.ask


def test_owners_alone_do_not_prove_that_nobody_else_relies_on_it() -> None:
    item = listed(assessed(model("orders", **OWNED)), declared=0)["Affected stakeholders"]
    assert (item.status, item.answer) == ("open", "0 consumers, 1 owner")
    assert item.ask == "The project declares no exposures: ask @ann who relies on the data."


@pytest.mark.parametrize(
    ("item", "field", "word"),
    [
        ("Financial impact", "financial", "revenue reporting or billing"),
        ("Regulatory impact", "regulatory", "compliance data"),
        ("Customer-facing", "customer_facing", "end users"),
    ],
)
def test_three_questions_are_answered_or_asked(item: str, field: str, word: str) -> None:
    import msgspec

    assessment = assessed(model("orders", **OWNED))

    def answered(impact: Impact) -> ChecklistItem:
        return listed(msgspec.structs.replace(assessment, **{field: impact}))[item]

    assert answered(Impact("yes", ("orders: tag x",))) == ChecklistItem(item, "done", "yes", ("orders: tag x",))
    assert answered(Impact("no", ("said so",))) == ChecklistItem(item, "done", "no", ("said so",))
    asked = answered(Impact("unknown"))
    assert (asked.status, asked.answer) == ("open", "unknown")
    assert asked.ask.startswith("Ask @ann: ")
    assert word in asked.ask
    assert asked.ask.endswith("its absence proves nothing.")
    assert answered(Impact("unknown", ("orders: meta pii = true",))).ask.endswith("Privacy markers were found.")


def test_the_blast_radius_counts_what_is_below() -> None:
    nodes = (
        model("orders"),
        model("a", "orders"),
        model("b", "a"),
        node("snap", "b", kind="snapshot"),
        node("revenue", "b", kind="metric"),
        exposure("x", "metric.shop.revenue"),
    )
    assert listed(assessed(*nodes))["Blast radius"].answer == "2 downstream models, 1 snapshot, 1 exposure, 1 metric, up to 4 steps away"
    assert listed(assessed(*nodes[:2]))["Blast radius"].answer == "1 downstream model, 0 exposures, up to 1 step away"
    assert listed(assessed(nodes[0]))["Blast radius"].answer == "0 downstream models, 0 exposures"


def plan(*steps: Step, kind: Any = "plain") -> RecoveryPlan:  # noqa: ANN401
    return RecoveryPlan((Phase(kind, steps),))


RUN_TWO = Step("run", ("model.shop.orders", "model.shop.mart"), "why", argv=("dbt", "run"))
BASIS = ("2 of 2 nodes timed in 3 earlier runs.",)


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(1.26, 3.0, "1.3 s to 3.0 s"), (80.0, 240.0, "80.0 s to 4 min"), (3600.0, 9000.0, "60 min to 2.5 h"), (0.0, 0.04, "0.0 s to 0.0 s")],
)
def test_the_estimate_is_the_plans(low: float, high: float, shown: str) -> None:
    found = RecoveryPlan((Phase("plain", (RUN_TWO,)),), estimate=Estimate(low, high, BASIS))
    item = listed(assessed(model("orders", **OWNED)), found)["Recovery estimate"]
    assert item.status == "open", "nobody can prove how long the cause takes"
    assert item.answer == f"{shown} for 1 command, 2 nodes to rebuild"
    assert item.evidence == BASIS
    assert item.ask == "Ask @ann how long the cause takes to fix."


def test_commands_that_prove_are_counted_and_the_nodes_that_they_look_at_are_not_rebuilt() -> None:
    verify = Phase("verify", (Step("test", ("test.shop.one",), "why", argv=("dbt", "test")),))
    found = RecoveryPlan((Phase("plain", (RUN_TWO, RUN_TWO)), verify), estimate=Estimate(10.0, 20.0, BASIS))
    assert listed(assessed(model("orders")), found)["Recovery estimate"].answer == "10.0 s to 20.0 s for 3 commands, 2 nodes to rebuild"


def test_an_estimate_without_timings_or_without_commands_says_so() -> None:
    assessment = assessed(model("orders"))
    by_hand = Step("sql", ("model.shop.orders",), "why", who="Ann")
    verify = plan(Step("test", ("model.shop.orders",), "why", argv=("dbt", "test")), kind="verify")
    for nothing in (NO_PLAN, plan(by_hand), verify):
        assert listed(assessment, nothing)["Recovery estimate"].answer == "unknown: no command repairs this by itself"
    unknown = RecoveryPlan((Phase("plain", (RUN_TWO,)),), estimate=Estimate(basis=BASIS))
    item = listed(assessment, unknown)["Recovery estimate"]
    assert (item.answer, item.evidence) == ("unknown: 2 nodes to rebuild, too little is known of earlier runs", BASIS)


def test_whom_to_ask_are_the_owners_of_failing_nodes_and_at_most_three() -> None:
    below = tuple(model(f"m{index}", "orders", meta={"owner": f"@o{index}"}) for index in range(5))
    assert "Ask @ann: " in listed(assessed(model("orders", **OWNED), *below))["Financial impact"].ask
    assert "Ask @o0, @o1, @o2 and 2 more: " in listed(assessed(model("orders"), *below))["Financial impact"].ask


def test_whoever_owns_a_node_is_asked_for_its_readers_outside_the_graph() -> None:
    nodes = (
        model("orders", **OWNED),
        model("a", "orders", access="public", meta={"owner": "@bob"}),
        model("b", "orders", access="public", meta={"owner": "@bob"}),
        model("c", "orders", access="public"),
        board(),
    )
    items = listed(assessed(*nodes))
    whom = "@bob (a is public: other projects may read it; b is public: other projects may read it); @ann (c is public: other projects may read it)."
    assert items["Affected dashboards"].ask == f"Readers outside dbt's graph are known to exist. Ask which dashboards they feed: {whom}"
    assert (
        items["Affected stakeholders"].ask
        == f"Nobody is named for model.shop.c: ask @ann who relies on it. Readers outside dbt's graph are known to exist. Ask who they are: {whom}"
    )
    known = listed(assessed(*nodes[:3], board()))["Affected stakeholders"]
    assert known.ask == f"Readers outside dbt's graph are known to exist. Ask who they are: {whom.partition('; @ann')[0]}."
