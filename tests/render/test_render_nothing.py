"""What is printed where a list names no node."""

from __future__ import annotations

import pytest

from aftershock.errors import UsageError
from aftershock.render import FORMATS
from aftershock.render.nothing import ANSWER, render_nothing

REASONS = (("setup.py", "no node is defined there"), ("a\x1b[2Jb.md", "it is no file of dbt's"))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_answer_and_is_inert(name: str) -> None:
    shown = render_nothing(REASONS, name)
    assert ANSWER in shown
    assert "\x1b" not in shown


def test_a_format_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no format"):
        render_nothing(REASONS, "yaml")
