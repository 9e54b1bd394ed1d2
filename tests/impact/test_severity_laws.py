"""What holds of the severity of any incident in any project.

The law of metadata, exactly: taking away who owns what, links, groups, labels, notes, low maturities, run results or any freshness that is not
``error`` never makes a level milder; taking away every exposure, or everything that is known, leaves a level at least as severe as its
category's start. A critical, regulatory or customer-facing marker, a public model, an export, an affected exposure among others and a
freshness error are the evidence of rules: without one the level may be milder, and never more severe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from building import START, changed, graph_of, rules_of, verdict_of
from drawn import MARKING_META, MARKING_TAGS, Drawn, drawn_projects
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.impact import markers as marked
from aftershock.model import Category, Node, Policy, Seed, Severity, SeverityPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock.model import Verdict

CATEGORIES = st.sampled_from(list(Category))
POLICIES = st.sampled_from(
    [
        Policy(),
        Policy(severity=SeverityPolicy(production_targets=("prod",))),
        Policy(severity=SeverityPolicy(many_tables=2, many_exposures=2)),
        Policy(severity=SeverityPolicy(many_tables=3, rules={"raise-critical-marker": False})),
    ]
)


def judged(project: Drawn, category: Category, policy: Policy, *, confirmed: bool = True) -> Verdict:
    graph = graph_of(*project.nodes.values())
    return verdict_of(graph, category, project.seeds, policy, run=project.run, freshness=project.freshness, confirmed=confirmed)


def each_node(project: Drawn, change: Callable[[Node], Node]) -> Drawn:
    return msgspec.structs.replace(project, nodes={unique_id: change(item) for unique_id, item in project.nodes.items()})


def without_owners(item: Node) -> Node:
    bare = changed(item, group="", meta={key: value for key, value in item.meta.items() if key != "owner"})
    return changed(bare, exposure=msgspec.structs.replace(item.exposure, owners=())) if item.exposure else bare


def without_links(item: Node) -> Node:
    return changed(item, exposure=msgspec.structs.replace(item.exposure, url="", label="")) if item.exposure else item


def without_low_maturity(item: Node) -> Node:
    low = item.exposure is not None and item.exposure.maturity != "high"
    return changed(item, exposure=msgspec.structs.replace(item.exposure, maturity="")) if item.exposure and low else item


def without_unmarked(item: Node) -> Node:
    meta = {key: value for key, value in item.meta.items() if key in MARKING_META}
    return changed(item, meta=meta, tags=tuple(tag for tag in item.tags if tag in MARKING_TAGS))


def without_run(project: Drawn) -> Drawn:
    return msgspec.structs.replace(project, run=None)


def without_results(project: Drawn) -> Drawn:
    return msgspec.structs.replace(project, run=msgspec.structs.replace(project.run, results={})) if project.run else project


def without_freshness(project: Drawn) -> Drawn:
    if project.freshness is None:
        return project
    errors = {unique_id: status for unique_id, status in project.freshness.sources.items() if status.status == "error"}
    return msgspec.structs.replace(project, freshness=msgspec.structs.replace(project.freshness, sources=errors) if errors else None)


NEUTRAL: dict[str, Callable[[Drawn], Drawn]] = {
    "owners and groups": lambda project: each_node(project, without_owners),
    "links and labels": lambda project: each_node(project, without_links),
    "maturity other than high": lambda project: each_node(project, without_low_maturity),
    "tags and meta that mark nothing": lambda project: each_node(project, without_unmarked),
    "the run": without_run,
    "the results of the run": without_results,
    "freshness other than error": without_freshness,
}


@pytest.mark.parametrize("strip", NEUTRAL.values(), ids=NEUTRAL)
@given(drawn_projects(), CATEGORIES, POLICIES, st.booleans())
@settings(max_examples=40, deadline=None)
def test_ignorance_never_lowers(strip: Callable[[Drawn], Drawn], project: Drawn, category: Category, policy: Policy, confirmed: bool) -> None:  # noqa: FBT001
    before = judged(project, category, policy, confirmed=confirmed)
    after = judged(strip(project), category, policy, confirmed=confirmed)
    assert after.level.at_least(before.level)


@given(drawn_projects(), CATEGORIES, POLICIES)
@settings(max_examples=40, deadline=None)
def test_owners_links_and_notes_decide_nothing(project: Drawn, category: Category, policy: Policy) -> None:
    bare = each_node(project, lambda item: without_unmarked(without_low_maturity(without_links(without_owners(item)))))
    assert judged(bare, category, policy).reasons == judged(project, category, policy).reasons


@given(drawn_projects(), CATEGORIES)
@settings(max_examples=40, deadline=None)
def test_a_project_without_exposures_is_never_below_the_start(project: Drawn, category: Category) -> None:
    nodes = {unique_id: item for unique_id, item in project.nodes.items() if item.exposure is None}
    verdict = judged(without_run(without_freshness(msgspec.structs.replace(project, nodes=nodes))), category, Policy())
    assert verdict.level.at_least(Severity(START[category]))
    assert verdict.confidence == "low"
    assert "keep-no-exposures" in rules_of(verdict)


@given(drawn_projects(), CATEGORIES)
@settings(max_examples=40, deadline=None)
def test_of_a_project_of_which_nothing_is_known_the_level_is_the_start_or_worse(project: Drawn, category: Category) -> None:
    bare = each_node(project, lambda item: Node(item.unique_id, item.resource_type, item.name, parents=item.parents, build=item.build))
    unread = msgspec.structs.replace(bare, nodes={key: item for key, item in bare.nodes.items() if item.resource_type != "exposure"})
    verdict = judged(without_run(msgspec.structs.replace(unread, freshness=None)), category, Policy())
    assert verdict.level.at_least(Severity(START[category]))
    assert rules_of(verdict) <= {"start-typical", "keep-no-exposures", "raise-many-tables"}


@given(drawn_projects(), CATEGORIES, st.data())
@settings(max_examples=40, deadline=None)
def test_an_exposure_that_is_not_affected_is_never_missed(project: Drawn, category: Category, data: st.DataObject) -> None:
    """Fewer exposures elsewhere may take away the proof that nobody is affected, which only raises."""
    graph = graph_of(*project.nodes.values())
    reached = graph.descendants(seed.unique_id for seed in project.seeds)
    others = [unique_id for unique_id, item in project.nodes.items() if item.exposure is not None and unique_id not in reached]
    gone = data.draw(st.sets(st.sampled_from(others))) if others else set()
    fewer = msgspec.structs.replace(project, nodes={key: item for key, item in project.nodes.items() if key not in gone})
    assert judged(fewer, category, Policy()).level.at_least(judged(project, category, Policy()).level)


@given(drawn_projects(), CATEGORIES, POLICIES)
@settings(max_examples=40, deadline=None)
def test_a_marker_never_makes_it_milder(project: Drawn, category: Category, policy: Policy) -> None:
    unmarked = each_node(project, lambda item: changed(item, meta={}, tags=(), columns=()))
    assert judged(project, category, policy).level.at_least(judged(unmarked, category, policy).level)


@given(drawn_projects(), CATEGORIES, POLICIES)
@settings(max_examples=40, deadline=None)
def test_privacy_never_raises(project: Drawn, category: Category, policy: Policy) -> None:
    """With every node marked as private the level is that of the same project without, but for the lowering that a marker forbids."""
    private = each_node(project, lambda item: changed(item, meta={**item.meta, "pii": True, "privacy_tier": 1, "sensitive": "yes"}))
    raised = [reason for reason in judged(private, category, policy).reasons if reason.change == "raise"]
    assert raised == [reason for reason in judged(project, category, policy).reasons if reason.change == "raise"]


@given(drawn_projects(), CATEGORIES, POLICIES, st.booleans())
@settings(max_examples=40, deadline=None)
def test_one_input_has_one_answer_in_any_order(project: Drawn, category: Category, policy: Policy, backwards: bool) -> None:  # noqa: FBT001
    verdict = judged(project, category, policy)
    assert judged(project, category, policy) == verdict
    nodes = dict(reversed(project.nodes.items())) if backwards else project.nodes
    turned = msgspec.structs.replace(project, seeds=project.seeds[::-1], nodes=nodes)
    assert judged(turned, category, policy) == verdict


@given(drawn_projects(), CATEGORIES, POLICIES, st.data())
@settings(max_examples=40, deadline=None)
def test_more_failing_nodes_are_never_milder(project: Drawn, category: Category, policy: Policy, data: st.DataObject) -> None:
    relations = [unique_id for unique_id, item in project.nodes.items() if item.resource_type in {"model", "source"}]
    more = (*project.seeds, *(Seed(unique_id) for unique_id in data.draw(st.lists(st.sampled_from(relations), max_size=3))))
    assert judged(msgspec.structs.replace(project, seeds=more), category, policy).level.at_least(judged(project, category, policy).level)


@given(drawn_projects(), CATEGORIES.filter(lambda category: category is not Category.DATA_LOSS), POLICIES)
@settings(max_examples=40, deadline=None)
def test_a_p0_has_a_marker_on_the_node_or_on_an_exposure(project: Drawn, category: Category, policy: Policy) -> None:
    verdict = judged(project, category, policy)
    if verdict.level is not Severity.P0:
        return
    raised = [reason for reason in verdict.reasons if reason.change == "raise"]
    finders = (marked.critical, marked.regulatory, marked.customer_facing)
    assert raised
    for reason in raised:
        item = project.nodes[reason.node]
        assert item.exposure is not None or item.unique_id in {seed.unique_id for seed in project.seeds}
        assert any(find(item, policy.markers) for find in finders)


@given(drawn_projects(), CATEGORIES, POLICIES, st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_level_is_moved_by_one_each_way_and_only_by_a_rule_that_is_named(
    project: Drawn,
    category: Category,
    policy: Policy,
    confirmed: bool,  # noqa: FBT001
) -> None:
    verdict = judged(project, category, policy, confirmed=confirmed)
    changes = {reason.change for reason in verdict.reasons}
    start = 1 if category is Category.DATA_LOSS and not confirmed else Severity(START[category]).rank
    if "cap" not in changes:
        assert verdict.level.rank == start - ("raise" in changes) + ("lower" in changes)
    assert verdict.level is verdict.computed


def test_the_drawn_projects_are_not_all_alike() -> None:
    """The laws above would say nothing of projects in which no rule speaks."""
    seen: set[str] = set()

    @given(drawn_projects(), CATEGORIES, POLICIES)
    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    def collect(project: Drawn, category: Category, policy: Policy) -> None:
        seen.update(rules_of(judged(project, category, policy, confirmed=len(project.nodes) % 2 == 0)))

    collect()
    assert seen >= {
        "unconfirmed-loss",
        "raise-critical-marker",
        "raise-export",
        "raise-freshness-error",
        "raise-p0-critical-node",
        "raise-p0-regulatory",
        "lower-warn-only",
        "lower-no-consumer",
        "keep-no-exposures",
        "cap-not-production",
    }
