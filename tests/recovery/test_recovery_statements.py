from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aftershock.recovery.carried import Carried
from aftershock.recovery.statements import arguments, sql_argv

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1)


@given(TEXTS)
def test_dbt_reads_the_very_statements(text: str) -> None:
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        assert yaml.load(arguments(text), loader)["sql"].rstrip("\n") == text.rstrip("\n")  # noqa: S506  # a safe one


@pytest.mark.parametrize(
    "text", ["select 1;\n\n  select 'a: b # c';", "   indented\n\ttab", "a\u2028b\x85c\x07d\ufeff", "☃ '\"\\ $x `y` {{ z }}", "\U0001f300\x7f"]
)
def test_whatever_stands_in_them(text: str) -> None:
    assert yaml.safe_load(arguments(text))["sql"].rstrip("\n") == text


def test_plain_statements_stay_readable() -> None:
    assert arguments("begin;\n  delete from t;\ncommit;\n") == "sql: |2\n  begin;\n    delete from t;\n  commit;\n"


def test_the_command_carries_what_every_command_carries() -> None:
    assert sql_argv("select 1", Carried(("--target", "prod")))[-4:] == ("--args", "sql: |2\n  select 1\n", "--target", "prod")
