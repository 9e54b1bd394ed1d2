"""Every expression of the tables reads what a warehouse says, and no row before it does."""

from __future__ import annotations

import re
import time

import pytest
from detect_errors_said import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st

from aftershock.detect.errors import ERROR_ROWS, UNREAD
from aftershock.detect.reading import read_error
from aftershock.detect.said import MOST, alike, said, shown


@pytest.mark.parametrize(("rule", "about", "message"), EXAMPLES, ids=[f"{rule}: {message.splitlines()[-1][:60]}" for rule, _, message in EXAMPLES])
def test_an_error_is_read(rule: str, about: str, message: str) -> None:
    found = read_error(message)
    assert found.rule == rule
    assert about in ({found.relation} if rule in {"missing-relation", "permission"} else {"", *found.columns}) or (rule == "permission" and not about)
    if about and rule not in {"missing-relation", "permission"}:
        assert found.columns[0] == about


@pytest.mark.parametrize("row", ERROR_ROWS, ids=lambda row: row.name)
def test_every_expression_has_an_example(row: object) -> None:
    texts = [said(message) for rule, _, message in EXAMPLES if rule == row.name]  # type: ignore[attr-defined]
    bare = [expression for _, expression in row.messages if not any(re.search(expression, text, re.IGNORECASE) for text in texts)]  # type: ignore[attr-defined]
    assert bare == []


def test_a_contract_names_all_of_its_columns() -> None:
    (message,) = (message for rule, about, message in EXAMPLES if rule == "contract" and about)
    assert read_error(message).columns == ("list_price", "product_name")


def test_names_of_nodes_and_files_are_not_read() -> None:
    message = (
        "Database Error in model connection_refused (models/permission_denied/timeout_expired.sql)\n  it is broken\n  compiled code at target/syntax error.sql"
    )
    assert read_error(message).rule == UNREAD.name
    assert said(message) == "Database Error\nit is broken"


def test_the_sql_that_a_warehouse_repeats_is_not_read() -> None:
    message = "Database Error in model a (a.sql)\n  it is broken\n  LINE 3: 'division by zero' as remark\n          ^"
    assert read_error(message).rule == UNREAD.name


def test_errors_of_one_cause_are_alike_but_for_their_places() -> None:
    one = "Compilation Error in model a (models/a.sql)\n  'm' is undefined\n\n  > in macro b (line 3)"
    two = "Compilation Error in model c (models/c.sql)\n  'm' is undefined\n\n  > in macro b (line 77)"
    assert alike(one) == alike(two)
    assert read_error(one).cause == read_error(two).cause != ""
    assert read_error(one).cause != read_error(one.replace("'m'", "'n'")).cause


def test_what_is_shown_is_one_line_and_not_long() -> None:
    assert shown("a\n  b\tc") == "a b c"
    assert len(shown("x" * 10_000)) == 300


@given(st.text())
def test_no_text_is_an_error_of_ours(text: str) -> None:
    found = read_error(text)
    assert found.category is not None
    assert found.says


@pytest.mark.parametrize(
    "piece",
    [
        "column a does not exist ",
        "[UNRESOLVED_COLUMN",
        "`a`.",
        "| a | b | c | d |\n",
        "line 1 at position 2 ",
        "Error in model ",
        "contract ",
        "a" * 50,
        '"',
        "' ",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (MOST // len(piece))
    start = time.perf_counter()
    read_error(text)
    alike(text)
    assert time.perf_counter() - start < 1.5
