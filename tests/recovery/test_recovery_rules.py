from __future__ import annotations

from itertools import combinations, product
from typing import get_args

import msgspec
import pytest
from recovery_builder import incremental, model, other, source

from aftershock.model import Build, Category, Node
from aftershock.recovery.actions import ACTIONS
from aftershock.recovery.rules import BAD_ROWS, ONLY_COPY, RULES, rule_for
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
            assert category in BAD_ROWS
            assert "blocked" not in facts
            assert rule.destroys
            assert rule.copy


def test_what_may_drop_the_last_copy_of_rows_says_so_and_is_copied_in_every_category() -> None:
    for category, shape, facts in CASES:
        rule = rule_for(category, shape, facts)
        drops = {"table", "refreshed", "custom", "microbatch", "overwrite"} if rule.action in {"run", "window"} else set()
        if shape in drops or rule.action == "full-refresh" or (rule.action == "snapshot" and "closes" in facts):
            assert rule.destroys
            assert rule.copy, (category, shape, facts)


def test_after_a_loss_what_is_below_is_a_copy_and_never_refreshed_whole() -> None:
    for category, shape, facts in CASES:
        rule = rule_for(category, shape, facts)
        if category is Category.DATA_LOSS and rule.action == "full-refresh":
            assert "failing" in facts
            assert "confirmed" not in facts


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
    taken = {category for category, shape, facts in CASES if rule_for(category, shape, facts).action == "snapshot"}
    assert taken == {Category.STALE_DATA, Category.PIPELINE_FAILURE}


def test_after_a_loss_a_failing_incremental_is_restored_and_what_is_rebuilt_is_copied() -> None:
    for category, shape, facts in CASES:
        rule = rule_for(category, shape, facts)
        if category is Category.DATA_LOSS and shape in INCREMENTAL_SHAPES and {"failing", "confirmed"} <= facts and "window" not in facts:
            assert rule.action == "restore"
        if category is Category.DATA_LOSS and rule.destroys == ONLY_COPY:
            assert rule.copy


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
    assert facts_of(node, failing=True, status="skipped", windowed=True) == {"failing", "confirmed", "not-run", "blocked", "sync", "window"}
    assert facts_of(model("m", full_refresh=True), failing=False, status="partial success", windowed=False, confirmed=False) == {"errored", "forced"}
    assert facts_of(incremental("m", strategy="delete+insert"), failing=False, status="", windowed=False, backfilled=True) == {
        "confirmed",
        "replaces",
        "backfill",
    }
    closing = other("snapshot", "m")
    for word, closes in (("", set()), ("ignore", set()), ("invalidate", {"closes"}), ("new_record", {"closes"})):
        node = msgspec.structs.replace(closing, build=Build("snapshot", hard_deletes=word))
        assert facts_of(node, failing=False, status="", windowed=False, confirmed=False) == closes
