"""Titles read as sentences."""

from __future__ import annotations

import pytest
from detect_builder import data_test, found, freshness_of, late, model, result, source


@pytest.mark.parametrize(
    ("kind", "column", "title"),
    [
        ("not_null", "email", "Column email of accounts has missing values"),
        ("not_null", "", "accounts has missing values"),
        ("accepted_values", "status", "Column status of accounts has values that are not accepted"),
        ("relationships", "plan", "Column plan of accounts has values that are not in the table that they refer to"),
        ("dbt_utils.cardinality_equality", "plan", "Column plan of accounts has another number of different values than expected"),
        ("dbt_utils.expression_is_true", "plan", "Values are wrong in column plan of accounts: rows break a rule that must hold"),
        ("unique", "id", "Rows came more than once in column id of accounts: several rows have one key"),
    ],
)
def test_what_a_test_found(kind: str, column: str, title: str) -> None:
    test = data_test(kind, "accounts", column)
    (item,) = found(model("accounts"), test, results=[result(test, "fail")]).incidents
    assert item.title == title


def test_more_results_are_those_that_are_not_named() -> None:
    tests = [data_test("not_null", "accounts", "email"), data_test("not_null", "below", "email")]
    (item,) = found(model("accounts"), model("below", "accounts"), *tests, results=[result(test, "fail") for test in tests]).incidents
    assert item.title == "Column email of accounts has missing values (and 1 more result)"


def test_late_sources_are_named_and_not_counted() -> None:
    detection = found(source("raw.a"), source("raw.b"), freshness=freshness_of(late("raw.a"), late("raw.b")))
    assert [item.title for item in detection.incidents] == ["raw.a and raw.b are late: their newest rows are older than their freshness allows"]


def test_a_contract() -> None:
    message = "Compilation Error in model a (models/a.sql)\n  This model has an enforced contract that failed."
    (item,) = found(model("a"), results=[result("a", "error", message)]).incidents
    assert item.title == "a does not select the columns of its contract"
    assert item.alternatives[0].why == "its own SQL or its contract may have changed, and nothing that it reads"
