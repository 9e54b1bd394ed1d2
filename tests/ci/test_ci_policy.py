"""What a policy makes of changes: acknowledged, scoped, expired, and what fails."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftershock.changes.policy import Acknowledged, Comment, Rules, acknowledged, comments, judged, own_of_head, policy_changes
from aftershock.model import Column, DataTest, Markers, Node, Owner, OwnerRule, Policy, Project, ProjectInfo, Severity, SeverityPolicy, Verdict
from aftershock.model.changes import JUDGEMENTS, Change
from aftershock.model.code import NodeCode
from aftershock.model.policy import Acknowledgement, CheckPolicy, CheckScope

ORDERS = Node("model.shop.orders", "model", "orders", "shop", path="models/staging/orders.sql", tags=("core",), columns=(Column("a"),))
SANDBOX = Node("model.shop.play", "model", "play", "shop", path="models/sandbox/play.sql")
TEST = Node("test.shop.t", "test", "t", "shop", path="models/schema.yml", test=DataTest("unique", attached_node="model.shop.orders"))
PROJECT = Project(ProjectInfo("shop"), {node.unique_id: node for node in (ORDERS, SANDBOX, TEST)})
NOW = datetime(2026, 3, 1, 23, 59, tzinfo=timezone.utc)
EVE = Owner("Eve", "eve@example.com")
P1 = Verdict(Severity.P1, Severity.P1, "P1", (), "high")


def change(unique_id: str = "model.shop.orders", kind: Any = "column-removed", verdict: Any = "breaking", column: str = "a") -> Change:  # noqa: ANN401
    return Change(unique_id, kind, verdict, "certain", "because", column)


def accept(**more: Any) -> Acknowledgement:  # noqa: ANN401
    return Acknowledgement("it is known", EVE, more.pop("until", "2026-03-01"), **more)


def rules(
    *accepted: Acknowledgement, scopes: tuple[CheckScope, ...] = (), fail_on: str = "breaking", sql_comments: bool = False, head: Project = PROJECT
) -> Rules:
    return Rules(CheckPolicy(fail_on, accepted, scopes, sql_comments), PROJECT, head)


def marked(rules_: Rules, *changes: Change, said: tuple[Comment, ...] = ()) -> Acknowledged:
    return acknowledged(changes, rules_, NOW, said)


@pytest.mark.parametrize(
    ("entry", "counts"),
    [
        (accept(node="orders"), True),
        (accept(node="model.shop.orders", kind="column-removed", column="A"), True),
        (accept(path="models/staging"), True),
        (accept(path="models/*/orders.sql"), True),
        (accept(tag="core"), True),
        (accept(tag="core", path="models/sandbox"), False),
        (accept(node="play"), False),
        (accept(node="orders", kind="column-added"), False),
        (accept(node="orders", column="b"), False),
        (accept(node="orders", until="2026-02-28"), False),
        (accept(node="orders", until="2026-03-02"), True),
    ],
)
def test_an_acknowledgement_is_about_what_matches_until_its_day_ends(entry: Acknowledgement, *, counts: bool) -> None:
    (found,) = marked(rules(entry), change()).changes
    assert (found.acknowledged, found.by, found.until) == (("it is known", "Eve <eve@example.com>", entry.until) if counts else ("", "", ""))


def test_a_test_goes_with_what_it_tests_and_a_macro_by_its_own_id() -> None:
    found = marked(rules(accept(tag="core")), change("test.shop.t", "test-removed", "risky", "")).changes
    assert found[0].acknowledged
    found = marked(rules(accept(node="macro.shop.cents")), change("macro.shop.cents", "macro-changed", "risky", "")).changes
    assert found[0].acknowledged


def test_the_base_says_what_a_node_is() -> None:
    moved = Project(PROJECT.info, {"model.shop.play": replace(SANDBOX, tags=("core",), path="models/staging/play.sql")})
    assert not marked(rules(accept(tag="core"), head=moved), change("model.shop.play")).changes[0].acknowledged
    new = Project(PROJECT.info, {"model.shop.new": replace(SANDBOX, unique_id="model.shop.new", tags=("core",))})
    assert marked(rules(accept(tag="core"), head=new), change("model.shop.new")).changes[0].acknowledged


def test_what_is_safe_needs_no_acknowledgement() -> None:
    assert not marked(rules(accept(node="orders")), change(verdict="safe")).changes[0].acknowledged


def test_an_expired_one_is_told() -> None:
    found = marked(rules(accept(node="orders", until="2026-02-28"), accept(node="play", until="2020-01-01"), accept(node="play")), change())
    assert found.notes == (
        "The acknowledgement of orders by Eve <eve@example.com> ended on 2026-02-28, and counts no more.",
        "1 acknowledgement in aftershock.yml has ended, and can be removed.",
    )


RAW = """\
-- aftershock: accept column-removed a until 2026-03-01 because it is known
  {#- AFTERSHOCK: accept rows-changed until 2026-12-31 because of the new filter -#}
/* aftershock: accept values-changed b until 2026-12-31 because so */
select '-- aftershock: accept node-removed until 2030-01-01 because no' as text
-- aftershock: accept everything until 2026-12-31 because I may
-- aftershock: accept column-removed until tomorrow because I may
-- aftershock: accept column-removed until 2026-02-31 because I may
-- aftershock is nice
"""


def test_comments_are_read_where_they_are() -> None:
    found = comments(
        {"model.shop.orders": NodeCode(RAW), "model.shop.play": NodeCode("select 1")}, PROJECT.nodes, ["model.shop.orders", "model.shop.play", "x"]
    )
    assert [(item.place.rpartition(":")[2], item.kind, item.column, item.until, item.reason, bool(item.problem)) for item in found] == [
        ("1", "column-removed", "a", "2026-03-01", "it is known", False),
        ("2", "rows-changed", "", "2026-12-31", "of the new filter", False),
        ("3", "values-changed", "b", "2026-12-31", "so", False),
        ("5", "everything", "", "2026-12-31", "I may", True),
        ("6", "", "", "", "", True),
        ("7", "column-removed", "", "2026-02-31", "I may", True),
    ]


def test_a_comment_counts_where_the_policy_allows_it() -> None:
    said = comments({"model.shop.orders": NodeCode(RAW)}, PROJECT.nodes, ["model.shop.orders"])
    found = marked(rules(sql_comments=True), change(), change(column="c"), change("model.shop.play"), said=said)
    assert [item.by for item in found.changes] == ["a comment in models/staging/orders.sql:1", "", ""]
    assert len(found.notes) == 5
    assert "which there is none of: it can be removed" in found.notes[0]
    found = marked(rules(), change(), said=said)
    assert not found.changes[0].acknowledged
    assert found.notes[0] == "The comment in models/staging/orders.sql:1 accepts nothing: the base's check.sql_comments does not allow it."


@pytest.mark.parametrize(
    ("level", "verdict", "severity", "fails"),
    [
        ("breaking", "breaking", P1, True),
        ("breaking", "risky", P1, False),
        ("risky", "risky", P1, True),
        ("risky", "safe", None, False),
        ("P1", "risky", P1, True),
        ("P2", "breaking", P1, True),
        ("P0", "breaking", P1, False),
        ("P0", "breaking", None, False),
        ("never", "breaking", P1, False),
        ("breaking", "cannot-say", None, True),
        ("P0", "cannot-say", None, True),
        ("never", "cannot-say", None, False),
    ],
)
def test_what_keeps_a_check_from_passing(level: str, verdict: str, severity: Verdict | None, *, fails: bool) -> None:
    for rules_, given_ in ((rules(fail_on=level), ""), (rules(), level)):
        found = judged([change(verdict=verdict)], severity, rules_, given_)
        assert [item.fails for item in found.changes] == [fails]
        assert bool(found.failed) == (fails and verdict != "cannot-say")


def test_scopes_go_before_the_rest() -> None:
    scopes = (CheckScope("never", path="models/sandbox"), CheckScope("risky", tag="core"), CheckScope("never", node="orders"))
    both = [change(verdict="risky"), change("model.shop.play"), change("model.shop.play", verdict="cannot-say")]
    for fail_on, expected in (("", [True, False, False]), ("breaking", [True, False, False]), ("never", [False, False, False])):
        assert [item.fails for item in judged(both, P1, rules(scopes=scopes), fail_on).changes] == expected
    assert judged(both, P1, rules(scopes=scopes)).failed == ("1 change is risky.",)


def test_the_severity_is_why() -> None:
    assert judged([change(), change(verdict="risky")], P1, rules(fail_on="P2")).failed == ("The severity is P1, and P2 or worse fails the check.",)
    assert judged([change(), change(verdict="risky")], P1, rules(fail_on="risky")).failed == ("1 change is breaking.", "1 change is risky.")


@given(st.lists(st.sampled_from(JUDGEMENTS)), st.sampled_from(["breaking", "risky", "P0", "P1", "P2", "P3", "never"]), st.booleans())
def test_an_acknowledged_change_fails_nothing_and_a_milder_level_fails_no_more(verdicts: list[Any], level: str, accepts: bool) -> None:  # noqa: FBT001
    changes = [change(verdict=verdict) for verdict in verdicts]
    policy = rules(*([accept(node="orders")] if accepts else []), fail_on=level)
    found = judged(acknowledged(changes, policy, NOW).changes, P1 if {"breaking", "risky"} & set(verdicts) else None, policy)
    assert not any(item.fails and item.acknowledged for item in found.changes)
    if accepts:
        assert not any(item.fails for item in found.changes)
    assert len(found.changes) == len(changes)
    risky = judged(changes, P1, rules(fail_on="risky")).changes
    breaking = judged(changes, P1, rules(fail_on="breaking")).changes
    assert all(strict.fails for strict, mild in zip(risky, breaking, strict=True) if mild.fails)


def test_what_the_head_changes_in_the_settings() -> None:
    base = Policy(check=CheckPolicy("breaking", (accept(node="a"),), (CheckScope("risky", tag="x"), CheckScope("never", tag="y"))))
    head = replace(base, check=CheckPolicy("never", (accept(node="b"),), tuple(reversed(base.check.scopes)), sql_comments=True))
    assert policy_changes(base, base) == ()
    assert policy_changes(base, head) == (
        "check.fail_on was breaking and becomes never.",
        "check.acknowledge gains reason it is known; owner name Eve; email eve@example.com; until 2026-03-01; node b.",
        "check.acknowledge loses reason it is known; owner name Eve; email eve@example.com; until 2026-03-01; node a.",
        "check.scopes stands in another order.",
        "check.sql_comments was false and becomes true.",
    )
    other = replace(base, severity=SeverityPolicy(rules={"raise-export": False}), docs_url="https://docs.example.com")
    assert policy_changes(base, other) == (
        "severity.rules.raise-export was nothing and becomes false.",
        "docs_url was nothing and becomes https://docs.example.com.",
    )


def test_of_settings_that_the_head_could_have_written_only_people_count() -> None:
    whole = Policy(
        Markers(critical_tags=()), SeverityPolicy(many_tables=1_000_000), check=CheckPolicy("never"), owners=(OwnerRule(EVE, path="a"),), default_owner=EVE, docs_url="https://x"
    )  # fmt: skip
    assert own_of_head(whole) == Policy(owners=whole.owners, default_owner=EVE, docs_url="https://x")
