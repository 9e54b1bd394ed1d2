from __future__ import annotations

from itertools import combinations, product
from typing import get_args

import msgspec
import pytest
import rules_reference
from recovery_builder import incremental, model, other, source

from aftershock.model import Build, Category, Node
from aftershock.recovery.actions import ACTIONS, SCRIPTED
from aftershock.recovery.rules import BAD_ROWS, BUILT, RULES, WRONG_ROWS, rule_for
from aftershock.recovery.shapes import INCREMENTAL_SHAPES, Fact, Shape, facts_of, shape_of

FACTS = [frozenset(chosen) for size in range(4) for chosen in combinations(get_args(Fact), size)]
CASES = [(category, shape, facts) for category, shape, facts in product(Category, get_args(Shape), FACTS)]


def test_some_row_decides_whatever_holds() -> None:
    assert all(rule_for(*case).why for case in CASES)


def test_every_row_can_decide() -> None:
    assert {id(rule_for(*case)) for case in CASES} == {id(rule) for rule in RULES}


def test_every_row_says_why_in_sentences_and_every_action_has_a_place() -> None:
    for rule in RULES:
        assert rule.why.endswith(".")
        assert not rule.destroys or rule.destroys.endswith(".")
        assert rule.action == "leave" or rule.action in ACTIONS


def test_a_full_refresh_only_where_dbt_obeys_and_nothing_else_repairs() -> None:
    for category, shape, facts in CASES:
        rule = rule_for(category, shape, facts)
        if rule.action == "full-refresh":
            assert shape in {"append", "keyed", "overwrite"}
            assert category in WRONG_ROWS | {Category.SCHEMA_BREAK}
            assert not {"blocked", "unrun"} & facts
            assert "timed" not in facts or ("sync" in facts and category is Category.SCHEMA_BREAK)  # every row needs the column again, not a window of them
            assert rule.destroys
            assert rule.copy
            assert rule.guard


def test_what_may_drop_the_last_copy_of_rows_says_so_and_is_copied() -> None:
    for category, shape, facts in CASES:
        rule = rule_for(category, shape, facts)
        whole = rule.action == "run" and (shape == "table" or (shape in INCREMENTAL_SHAPES and "forced" in facts))
        rewrites = rule.action in (SCRIPTED - {"insert-missing"}) | {"full-refresh", "window"}
        if "unrun" not in facts and (rewrites or (whole and category is Category.DATA_LOSS)):
            assert rule.destroys, (category, shape, facts)
            assert rule.copy, (category, shape, facts)


def test_a_table_is_rebuilt_without_more_ado_where_each_scheduled_run_does_the_same() -> None:
    for category, shape, facts in CASES:
        rule = rule_for(category, shape, facts)
        if shape == "table" and category not in {Category.DATA_LOSS, Category.SCHEMA_BREAK}:
            assert not rule.destroys
            assert not rule.copy


def test_after_a_loss_what_is_below_is_a_copy_and_never_refreshed_whole() -> None:
    for category, shape, facts in CASES:
        rule = rule_for(category, shape, facts)
        assert category is not Category.DATA_LOSS or rule.action != "full-refresh"
        if category is Category.DATA_LOSS and rule.action in {"replace-window", "replace-all"}:
            assert rule.guard


def test_what_was_not_built_since_the_data_became_bad_is_not_rebuilt() -> None:
    for category, shape, facts in CASES:
        action = rule_for(category, shape, facts).action
        if "unrun" in facts and category in BAD_ROWS | {Category.SCHEMA_BREAK} and shape in BUILT:
            skipped = "not-run" in facts and category in BAD_ROWS
            assert action == (("snapshot" if shape == "snapshot" else "run") if skipped else "leave")


def test_duplicates_are_left_to_a_run_from_a_variable_only_where_it_deletes_them() -> None:
    for category, shape, facts in CASES:
        if rule_for(category, shape, facts).action == "backfill":
            assert shape == "keyed"
            assert "backfill" in facts
            assert category in BAD_ROWS
            assert category is not Category.DUPLICATE_LOAD or "replaces" in facts


def test_a_window_only_on_microbatch_and_only_where_it_is_known() -> None:
    for case in CASES:
        if rule_for(*case).action == "window":
            assert case[1] == "microbatch"
            assert "window" in case[2]
            assert "forced" not in case[2]


def test_snapshots_are_taken_only_of_good_input() -> None:
    for category, shape, facts in CASES:
        rule = rule_for(category, shape, facts)
        if rule.action == "snapshot" and category in {Category.DATA_QUALITY, Category.DUPLICATE_LOAD}:
            assert {"unrun", "not-run"} <= facts
        if rule.after == "snapshot":
            assert rule.action in {"remove-versions", "reopen-versions", "dedupe-versions"}


@pytest.mark.parametrize(
    ("node", "shape"),
    [
        (source(), "source"),
        (model("m", materialized="external"), "table"),
        (model("m", materialized="dynamic_table"), "refreshed"),
        (model("m", materialized="distributed_incremental"), "append"),
        (incremental("m", strategy=""), "keyed"),
        (incremental("m", strategy="replace_where"), "custom-incremental"),
        (other("saved_query", "q"), "semantic"),
        (other("semantic_model", "q"), "semantic"),
    ],
)
def test_shapes(node: Node, shape: Shape) -> None:
    assert shape_of(node) == shape


def test_facts() -> None:
    node = incremental("m", full_refresh=False, on_schema_change="sync_all_columns")
    assert facts_of(node, ("failing", "window"), "skipped") == {"failing", "window", "not-run", "blocked", "sync", "key"}
    assert facts_of(model("m", full_refresh=True), (), "partial success") == {"errored", "forced"}
    assert facts_of(incremental("m", strategy="delete+insert", takes_all=True), ("backfill",), "success") == {
        "built",
        "replaces",
        "backfill",
        "key",
        "takes-all",
    }
    assert facts_of(msgspec.structs.replace(model("m"), primary_key=("id",)), (), "") == {"key"}
    closing = other("snapshot", "m")
    for word, closes in (("", set()), ("ignore", set()), ("invalidate", {"closes"}), ("new_record", {"closes"})):
        node = msgspec.structs.replace(closing, build=Build("snapshot", hard_deletes=word))
        assert facts_of(node, (), "") == closes


def test_the_page_of_rules_is_the_table_itself() -> None:
    assert rules_reference.FILE.read_text(encoding="utf-8") == rules_reference.reference()
