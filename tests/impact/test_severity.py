"""Every rule of the severity policy: that it fires, that it does not, and what it does to each of the six categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from building import START, data_test, exposure, freshness_of, graph_of, model, node, rules_of, run_of, seeds_of, source, verdict_of

from aftershock.impact import severity
from aftershock.model import SEVERITY_RULES, Category, Column, Export, Freshness, Node, Policy, Run, Severity, SeverityPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

P2_CATEGORIES = (Category.PIPELINE_FAILURE, Category.SCHEMA_BREAK, Category.STALE_DATA)
P1_CATEGORIES = (Category.DATA_QUALITY, Category.DUPLICATE_LOAD)
ELSEWHERE = exposure("elsewhere", "unrelated")
BOARD = exposure("board", "orders")


class Case(msgspec.Struct, frozen=True):
    """What a project looks like, and what follows: one level for each category in the enum's order, and the rules besides the start.

    ``at_p2`` and ``at_p1`` are the rules that speak where the category starts there; ``always`` those that speak everywhere.
    """

    levels: str
    nodes: tuple[Node, ...] = (BOARD,)
    root: dict[str, Any] = {}
    at_p2: frozenset[str] = frozenset()
    at_p1: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()
    run: Run | None = None
    freshness: Freshness | None = None
    given: dict[str, Any] = {}
    policy: Policy = Policy()
    declared: bool = True

    def verdict(self, category: Category, policy: Policy | None = None) -> Any:  # noqa: ANN401
        elsewhere = (model("unrelated"), ELSEWHERE) if self.declared else ()
        graph = graph_of(source("orders"), model("orders", "source.shop.raw.orders", **self.root), *self.nodes, *elsewhere)
        return verdict_of(graph, category, seeds_of("orders"), policy or self.policy, run=self.run, freshness=self.freshness, **self.given)


def rules(*names: str) -> frozenset[str]:
    return frozenset(names)


def tables(number: int) -> tuple[Node, ...]:
    return (BOARD, *(model(f"t{index}", "orders") for index in range(number)))


def boards(number: int) -> tuple[Node, ...]:
    return tuple(exposure(f"b{index}", "orders") for index in range(number))


WARNED = run_of(test__not_null="warn", orders="success")
TESTED = (BOARD, data_test("not_null", "orders"))
PRODUCTION = Policy(severity=SeverityPolicy(production_targets=("prod", "main")))
START_LEVELS = " ".join(START.values())
RAISED = "P1 P1 P1 P1 P0 P1"
TO_P0 = "P0 P2 P2 P2 P0 P0"
LOWERED = "P2 P3 P3 P3 P1 P2"

CASES: dict[str, Case] = {
    "a dashboard and nothing else": Case(START_LEVELS),
    "critical node": Case("P0 P1 P1 P1 P0 P0", root={"meta": {"tier": 1}}, at_p2=rules("raise-critical-marker"), at_p1=rules("raise-p0-critical-node")),
    "critical descendant": Case(RAISED, (BOARD, model("child", "orders", tags=("sla",))), at_p2=rules("raise-critical-marker")),
    "critical exposure": Case(
        "P0 P1 P1 P1 P0 P0",
        (exposure("board", "orders", info={"maturity": "high"}),),
        at_p2=rules("raise-critical-marker"),
        at_p1=rules("raise-p0-critical-exposure"),
    ),
    "maturity medium": Case(START_LEVELS, (exposure("board", "orders", info={"maturity": "medium"}),)),
    "regulatory node": Case(TO_P0, root={"tags": ("gdpr",)}, at_p1=rules("raise-p0-regulatory")),
    "regulatory column of the node": Case(TO_P0, root={"columns": (Column("ssn", meta={"hipaa": True}),)}, at_p1=rules("raise-p0-regulatory")),
    "regulatory descendant": Case(START_LEVELS, (BOARD, model("child", "orders", tags=("gdpr",)))),
    "regulatory exposure": Case(TO_P0, (exposure("board", "orders", meta={"classification": "restricted"}),), at_p1=rules("raise-p0-regulatory")),
    "customer-facing node": Case(TO_P0, root={"tags": ("external",)}, at_p1=rules("raise-p0-customer-facing")),
    "customer-facing descendant": Case(START_LEVELS, (BOARD, model("child", "orders", tags=("external",)))),
    "customer-facing exposure": Case(TO_P0, (exposure("board", "orders", tags=("embedded",)),), at_p1=rules("raise-p0-customer-facing")),
    "application": Case(
        "P0 P1 P1 P1 P0 P0",
        (exposure("app", "orders", info={"type": "application"}),),
        at_p2=rules("raise-automation-exposure"),
        at_p1=rules("raise-p0-customer-facing"),
    ),
    "ml": Case(RAISED, (exposure("model", "orders", info={"type": "ml"}),), at_p2=rules("raise-automation-exposure")),
    "notebook": Case(START_LEVELS, (exposure("book", "orders", info={"type": "notebook"}),)),
    "a type nobody has heard of": Case(START_LEVELS, (exposure("x", "orders", info={"type": "hologram"}),)),
    "public descendant": Case(RAISED, (BOARD, model("child", "orders", access="public")), at_p2=rules("raise-public-model")),
    "public node": Case(RAISED, root={"access": "public"}, at_p2=rules("raise-public-model")),
    "protected descendant": Case(START_LEVELS, (BOARD, model("child", "orders", access="protected"))),
    "export": Case(RAISED, (BOARD, node("q", "orders", kind="saved_query", exports=(Export("weekly"),))), at_p2=rules("raise-export")),
    "saved query without export": Case(START_LEVELS, (BOARD, node("q", "orders", kind="saved_query"))),
    "2 exposures": Case(START_LEVELS, boards(2)),
    "3 exposures": Case(RAISED, boards(3), at_p2=rules("raise-many-exposures")),
    "9 tables": Case(START_LEVELS, tables(8)),
    "10 tables": Case(RAISED, tables(9), at_p2=rules("raise-many-tables")),
    "10 tables, one of them ephemeral": Case(START_LEVELS, (*tables(8), model("e", "orders", materialized="ephemeral"))),
    "counts of hundreds": Case(RAISED, (*tables(300), *boards(50)), at_p2=rules("raise-many-tables", "raise-many-exposures")),
    "freshness error": Case(RAISED, freshness=freshness_of(orders="error"), at_p2=rules("raise-freshness-error")),
    "freshness runtime error": Case(START_LEVELS, freshness=freshness_of(orders="runtime error")),
    "freshness pass": Case(START_LEVELS, freshness=freshness_of(orders="pass")),
    "freshness error of a source that is not read": Case(START_LEVELS, freshness=freshness_of(payments="error")),
    "privacy markers": Case(START_LEVELS, root={"meta": {"pii": True, "contains_pii": True, "sensitive": True}}),
    "financial markers": Case(START_LEVELS, root={"tags": ("finance", "revenue")}),
    "words that only look like markers": Case(
        START_LEVELS, root={"tags": ("foo_finance", "tier10", "gdpr_free", "slab"), "meta": {"tier": "gold", "priority": 1, "importance": "critical"}}
    ),
    "no consumer": Case(LOWERED, (model("child", "orders"),), always=rules("lower-no-consumer")),
    "no consumer but a privacy marker below": Case(START_LEVELS, (model("child", "orders", meta={"pii": True}),)),
    "no consumer but a financial marker below": Case(START_LEVELS, (model("child", "orders", tags=("billing",)),)),
    "no consumer, 10 tables": Case("P2 P2 P2 P2 P1 P2", tables(9)[1:], at_p2=rules("raise-many-tables"), always=rules("lower-no-consumer")),
    "no exposures declared anywhere": Case(START_LEVELS, (), declared=False, always=rules("keep-no-exposures")),
    "freshness warn": Case(START_LEVELS, freshness=freshness_of(orders="warn")),
    "target in production": Case(START_LEVELS, run=run_of(target="main"), policy=PRODUCTION),
    "target not in production": Case("P3 P3 P3 P3 P3 P3", run=run_of(target="dev"), policy=PRODUCTION, always=rules("cap-not-production")),
    "target not in production, critical": Case(
        "P3 P3 P3 P3 P3 P3",
        root={"meta": {"critical": True}},
        run=run_of(target="ci"),
        policy=PRODUCTION,
        at_p2=rules("raise-critical-marker"),
        at_p1=rules("raise-p0-critical-node"),
        always=rules("cap-not-production"),
    ),
    "target unknown": Case(START_LEVELS, run=run_of(), policy=PRODUCTION),
    "every target is production": Case(START_LEVELS, run=run_of(target="dev")),
}


@pytest.mark.parametrize("category", list(Category), ids=lambda category: category.value)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_evidence_decides(case: Case, category: Category) -> None:
    verdict = case.verdict(category)
    level = case.levels.split()[list(Category).index(category)]
    added = case.at_p2 if category in P2_CATEGORIES else case.at_p1 if category in P1_CATEGORIES else frozenset()
    special = {"lower-warn-only"} if category is Category.STALE_DATA and case.freshness == freshness_of(orders="warn") else set()
    assert verdict.level.value == level
    assert rules_of(verdict) == {"start-typical"} | added | case.always | special
    assert verdict.computed is verdict.level


WARN_LEVELS = {
    Category.DATA_QUALITY: "P2",
    Category.PIPELINE_FAILURE: "P1",  # a test says nothing about whether a node was built
    Category.SCHEMA_BREAK: "P2",
    Category.STALE_DATA: "P1",
    Category.DATA_LOSS: "P1",
    Category.DUPLICATE_LOAD: "P2",
}


@pytest.mark.parametrize("category", list(Category), ids=lambda category: category.value)
def test_mere_warnings_cap_at_p2_whatever_else_holds(category: Category) -> None:
    critical = Case("", TESTED, root={"meta": {"tier": 1}}, run=WARNED)
    verdict = critical.verdict(category)
    assert verdict.level.value == WARN_LEVELS[category]
    assert ("lower-warn-only" in rules_of(verdict)) == (category not in {Category.PIPELINE_FAILURE, Category.STALE_DATA})


@pytest.mark.parametrize(
    ("statuses", "level"),
    [
        ({"test__not_null": "warn"}, "P2"),
        ({"test__not_null": "warn", "test__unique": "pass"}, "P2"),
        ({"test__not_null": "warn", "test__unique": "warn"}, "P2"),
        ({"test__not_null": "warn", "test__unique": "fail"}, "P0"),
        ({"test__not_null": "warn", "test__unique": "error"}, "P0"),
        ({"test__not_null": "warn", "orders": "error"}, "P0"),
        ({"test__not_null": "pass"}, "P0"),
        ({"test__relationships": "warn"}, "P0"),
        ({"test__relationships": "fail", "test__not_null": "warn"}, "P0"),
        ({}, "P0"),
    ],
)
def test_which_results_are_only_warnings(statuses: dict[str, Any], level: str) -> None:
    """A test of another node that reads this one may convict it, but not acquit it."""
    nodes = (model("items", "orders"), *TESTED, data_test("unique", "orders"), data_test("relationships", "orders", "items", on="items"))
    case = Case("", nodes, root={"meta": {"tier": 1}}, run=run_of(**statuses))
    assert case.verdict(Category.DATA_QUALITY).level.value == level


def test_the_typed_test_counts_although_it_is_attached_elsewhere() -> None:
    graph = graph_of(model("orders", tags=("sla",)), model("items", "orders"), exposure("board", "items"), data_test("rel", "orders", "items", on="items"))
    verdict = verdict_of(graph, Category.DATA_QUALITY, seeds_of("orders", via="rel"), run=run_of(test__rel="warn"))
    assert verdict.level is Severity.P2


def test_a_failed_build_is_an_error_and_a_warned_one_caps_pipeline_failure() -> None:
    critical = {"meta": {"tier": 1}}
    assert Case("", root=critical, run=run_of(orders="error")).verdict(Category.PIPELINE_FAILURE).level is Severity.P1
    assert Case("", root=critical, run=run_of(orders="warn")).verdict(Category.PIPELINE_FAILURE).level is Severity.P2


def test_a_warning_never_makes_a_p0_even_where_it_does_not_lower() -> None:
    case = Case("", TESTED, root={"meta": {"tier": 1}}, run=WARNED)
    assert rules_of(case.verdict(Category.DATA_QUALITY)) == {"start-typical", "lower-warn-only"}
    verdict = case.verdict(Category.DATA_QUALITY, Policy(severity=SeverityPolicy(rules={"lower-warn-only": False})))
    assert (verdict.level, rules_of(verdict)) == (Severity.P1, {"start-typical"})


@pytest.mark.parametrize(("other", "warned"), [("warn", True), ("pass", True), ("runtime error", False), ("error", False)])
def test_a_source_beside_one_that_is_only_late(other: str, warned: bool) -> None:  # noqa: FBT001
    graph = graph_of(source("a"), source("b"), model("orders", "source.shop.raw.a", "source.shop.raw.b"), exposure("board", "orders"))
    verdict = verdict_of(graph, Category.STALE_DATA, seeds_of("orders"), freshness=freshness_of(a="warn", b=other))
    assert ("lower-warn-only" in rules_of(verdict)) == warned


def test_one_node_without_a_result_is_no_mere_warning() -> None:
    graph = graph_of(model("orders", tags=("sla",)), model("items"), exposure("board", "orders"), data_test("not_null", "orders"))
    run = run_of(test__not_null="warn")
    assert verdict_of(graph, Category.DATA_QUALITY, seeds_of("orders"), run=run).level is Severity.P2
    assert verdict_of(graph, Category.DATA_QUALITY, seeds_of("orders", "items"), run=run).level is Severity.P0


def test_a_warning_and_no_consumer_lower_once() -> None:
    lonely = (model("child", "orders"), data_test("not_null", "orders"))
    assert Case("", lonely, run=WARNED).verdict(Category.DATA_QUALITY).level is Severity.P2
    assert Case("", lonely, run=WARNED).verdict(Category.SCHEMA_BREAK).level is Severity.P3
    assert Case("", lonely).verdict(Category.SCHEMA_BREAK).level is Severity.P3, "knowing of the warning is not worse than not knowing"
    verdict = Case("", lonely, run=WARNED, declared=False).verdict(Category.SCHEMA_BREAK)
    assert verdict.level is Severity.P2
    assert {"lower-warn-only", "keep-no-exposures"} <= rules_of(verdict)


@pytest.mark.parametrize("category", list(Category), ids=lambda category: category.value)
def test_an_unconfirmed_loss_starts_at_p1(category: Category) -> None:
    verdict = Case("", given={"confirmed": False}).verdict(category)
    assert verdict.level.value == ("P1" if category is Category.DATA_LOSS else START[category])
    assert ("unconfirmed-loss" in rules_of(verdict)) == (category is Category.DATA_LOSS)


def test_an_unconfirmed_loss_is_raised_and_lowered_like_any_p1() -> None:
    unconfirmed = {"confirmed": False}
    assert Case("", root={"meta": {"tier": 1}}, given=unconfirmed).verdict(Category.DATA_LOSS).level is Severity.P0
    assert Case("", (model("child", "orders"),), given=unconfirmed).verdict(Category.DATA_LOSS).level is Severity.P2
    assert Case("", TESTED, run=WARNED, given=unconfirmed).verdict(Category.DATA_LOSS).level is Severity.P2


def test_a_confirmed_loss_is_never_below_p1_but_by_its_environment() -> None:
    lonely = (model("child", "orders"), data_test("not_null", "orders"))
    assert Case("", lonely).verdict(Category.DATA_LOSS).level is Severity.P1
    assert Case("", lonely, run=WARNED).verdict(Category.DATA_LOSS).level is Severity.P1
    assert Case("", lonely, run=run_of(target="dev"), policy=PRODUCTION).verdict(Category.DATA_LOSS).level is Severity.P3


@pytest.mark.parametrize("category", P2_CATEGORIES)
def test_a_level_is_raised_once(category: Category) -> None:
    everything = (*tables(12), *boards(4), exposure("app", "orders", tags=("external", "sla", "gdpr"), info={"type": "application", "maturity": "high"}))
    verdict = Case("", everything, root={"meta": {"tier": 1, "gdpr": True}, "access": "public"}, freshness=freshness_of(orders="error")).verdict(category)
    assert verdict.level is Severity.P1
    assert not any(rule.startswith("raise-p0") for rule in rules_of(verdict))


def test_freshness_is_read_through_views_and_ephemerals_but_not_through_tables() -> None:
    def level(materialized: str) -> Severity:
        between = model("stg", "source.shop.raw.orders", materialized=materialized)
        graph = graph_of(source("orders"), between, model("mart", "stg"), exposure("board", "mart"))
        return verdict_of(graph, Category.STALE_DATA, seeds_of("mart"), freshness=freshness_of(orders="error")).level

    assert [level(kind) for kind in ("view", "ephemeral", "table", "incremental")] == [Severity.P1, Severity.P1, Severity.P2, Severity.P2]


def test_a_failing_source_is_itself_read() -> None:
    graph = graph_of(source("orders"), model("stg", "source.shop.raw.orders"), exposure("board", "stg"))
    seeds = seeds_of("source.shop.raw.orders")
    assert verdict_of(graph, Category.STALE_DATA, seeds, freshness=freshness_of(orders="error")).level is Severity.P1
    warned = verdict_of(graph, Category.STALE_DATA, seeds, freshness=freshness_of(orders="warn"))
    assert warned.level is Severity.P2
    assert "lower-warn-only" in rules_of(warned)


def test_hidden_readers_of_the_same_relation_keep_a_level() -> None:
    twin = source("orders_copy", relation_name='"db"."x"."orders"')
    graph = graph_of(model("orders", relation_name="db.x.ORDERS"), twin, ELSEWHERE, model("unrelated"))
    assert verdict_of(graph, Category.DATA_QUALITY, seeds_of("orders")).level is Severity.P1


@pytest.mark.parametrize("computed", list(Severity))
@pytest.mark.parametrize("level", list(Severity))
def test_a_person_may_override_and_the_computed_level_is_kept(level: Severity, computed: Severity) -> None:
    given = {"override": (level, "the CFO called")}
    category = {Severity.P0: Category.DATA_LOSS, Severity.P1: Category.DATA_QUALITY}.get(computed, Category.STALE_DATA)
    nodes = (model("child", "orders"),) if computed is Severity.P3 else (BOARD,)
    verdict = Case("", nodes, given=given).verdict(category)
    assert (verdict.level, verdict.computed) == (level, computed)
    assert verdict.reasons[-1].rule == "override"
    assert "the CFO called" in verdict.reasons[-1].evidence


def test_an_override_is_not_capped_by_the_environment() -> None:
    case = Case("", run=run_of(target="dev"), policy=PRODUCTION, given={"override": (Severity.P1, "dev is sold to a customer")})
    verdict = case.verdict(Category.DATA_LOSS)
    assert (verdict.level, verdict.computed) == (Severity.P1, Severity.P3)


FIRING: dict[str, tuple[Category, Callable[[], Case]]] = {
    "unconfirmed-loss": (Category.DATA_LOSS, lambda: Case("", given={"confirmed": False})),
    "raise-critical-marker": (Category.STALE_DATA, lambda: CASES["critical descendant"]),
    "raise-automation-exposure": (Category.STALE_DATA, lambda: CASES["ml"]),
    "raise-public-model": (Category.STALE_DATA, lambda: CASES["public descendant"]),
    "raise-export": (Category.STALE_DATA, lambda: CASES["export"]),
    "raise-many-exposures": (Category.STALE_DATA, lambda: CASES["3 exposures"]),
    "raise-many-tables": (Category.STALE_DATA, lambda: CASES["10 tables"]),
    "raise-freshness-error": (Category.STALE_DATA, lambda: CASES["freshness error"]),
    "raise-p0-critical-node": (Category.DATA_QUALITY, lambda: CASES["critical node"]),
    "raise-p0-critical-exposure": (Category.DATA_QUALITY, lambda: CASES["critical exposure"]),
    "raise-p0-regulatory": (Category.DATA_QUALITY, lambda: CASES["regulatory node"]),
    "raise-p0-customer-facing": (Category.DATA_QUALITY, lambda: CASES["customer-facing node"]),
    "lower-warn-only": (Category.DATA_QUALITY, lambda: Case("", TESTED, run=WARNED)),
    "lower-no-consumer": (Category.DATA_QUALITY, lambda: CASES["no consumer"]),
    "cap-not-production": (Category.DATA_QUALITY, lambda: CASES["target not in production"]),
}


@pytest.mark.parametrize("rule", FIRING)
def test_every_rule_can_be_switched_off_by_its_name(rule: str) -> None:
    category, build = FIRING[rule]
    case = build()
    on = case.verdict(category)
    severity = msgspec.structs.replace(case.policy.severity, rules={rule: False})
    off = case.verdict(category, msgspec.structs.replace(case.policy, severity=severity))
    assert rule in rules_of(on)
    assert rule not in rules_of(off)
    assert on.level is not off.level


def test_the_reason_for_not_lowering_can_be_switched_off_without_lowering() -> None:
    case = CASES["no exposures declared anywhere"]
    off = case.verdict(Category.DATA_QUALITY, Policy(severity=SeverityPolicy(rules={"keep-no-exposures": False})))
    assert rules_of(off) == {"start-typical"}
    assert off.level is Severity.P1


def test_every_rule_is_shown_to_fire_above() -> None:
    assert set(FIRING) | {"keep-no-exposures", "lower-intended"} == set(SEVERITY_RULES)


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("name", ["critical exposure", "no consumer", "no exposures declared anywhere"])
def test_what_may_be_as_intended_is_one_level_milder_and_says_so(category: Category, name: str) -> None:
    before = CASES[name].verdict(category)
    after = severity.intended(before, Policy())
    assert after.level.rank == min(before.level.rank + 1, Severity.P3.rank)
    assert after.level is not Severity.P0
    assert after.computed is after.level
    assert ("lower-intended" in rules_of(after)) == (after.level is not before.level)
    assert severity.intended(before, Policy(severity=SeverityPolicy(rules={"lower-intended": False}))) == before


def test_the_rules_that_raise_are_those_that_a_configuration_may_name_in_their_order() -> None:
    assert [name for name, _ in (*severity.TO_P1, *severity.TO_P0)] == [rule for rule in SEVERITY_RULES if rule.startswith("raise-")]


def test_thresholds_types_and_markers_are_configurable() -> None:
    policy = Policy(severity=SeverityPolicy(many_exposures=1, many_tables=2, automation_types=("dashboard",)))
    verdict = Case("", (BOARD, model("child", "orders"))).verdict(Category.STALE_DATA, policy)
    assert rules_of(verdict) == {"start-typical", "raise-many-exposures", "raise-many-tables", "raise-automation-exposure"}


def test_a_reason_names_its_evidence_and_its_node() -> None:
    critical = tuple(model(f"c{index}", "orders", meta={"tier": "Tier.Tier1"}) for index in range(3))
    verdict = Case("", (BOARD, *critical)).verdict(Category.STALE_DATA)
    start, raised = verdict.reasons
    assert (start.change, start.node) == ("start", "")
    assert (raised.change, raised.node, raised.evidence) == ("raise", "model.shop.c0", "meta tier = tier.tier1, and 2 more")
    assert verdict.typical == "P1-P2"


def test_confidence_is_low_without_exposures_and_says_why() -> None:
    verdict = Case("", (), declared=False, run=run_of(orders="error")).verdict(Category.DATA_QUALITY)
    assert verdict.confidence == "low"
    assert any("no exposures are declared" in text for text in verdict.missing)


def test_confidence_is_high_only_where_nothing_is_missing() -> None:
    from aftershock.model import Owner

    board = exposure("board", "orders", info={"maturity": "low", "owners": (Owner("Eve", "eve@shop.example"),)})
    full = Case("", (board,), run=run_of(orders="success"))
    assert full.verdict(Category.DATA_QUALITY).confidence == "high"
    assert full.verdict(Category.DATA_QUALITY).missing == ()
    assert Case("", (board,)).verdict(Category.DATA_QUALITY).confidence == "medium"


@pytest.mark.parametrize(
    ("case", "category", "text"),
    [
        (Case(""), Category.DATA_QUALITY, "no run results"),
        (Case(""), Category.DATA_QUALITY, "1 of 1 affected exposures state no maturity"),
        (Case(""), Category.DATA_QUALITY, "1 of 1 affected exposures have no owner e-mail"),
        (Case(""), Category.STALE_DATA, "no source freshness results"),
        (Case("", freshness=freshness_of(other="pass")), Category.STALE_DATA, "source.shop.raw.orders: absent is not fresh"),
        (Case("", policy=PRODUCTION), Category.DATA_QUALITY, "does not say its target"),
        (Case("", run=run_of(), policy=PRODUCTION), Category.DATA_QUALITY, "does not say its target"),
    ],
)
def test_what_limited_the_judgement_is_said(case: Case, category: Category, text: str) -> None:
    assert any(text in item for item in case.verdict(category).missing)


def test_what_is_known_is_not_said_to_be_missing() -> None:
    stale = Case("", freshness=freshness_of(orders="pass"), run=run_of(target="prod"), policy=PRODUCTION).verdict(Category.STALE_DATA)
    assert not any("fresh" in text or "target" in text or "run results" in text for text in stale.missing)
    assert not any("freshness" in text for text in Case("").verdict(Category.DATA_QUALITY).missing), "only stale data asks for freshness"
