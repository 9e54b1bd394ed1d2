from __future__ import annotations

import pytest
import reports
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.errors import UsageError
from aftershock.render import FORMATS, render
from aftershock.render.escape import UNSAFE, shell


def test_the_formats_are_these() -> None:
    assert FORMATS == ("text", "markdown", "json", "mermaid", "dot")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("make", [reports.realistic, reports.empty, reports.large])
def test_the_same_report_gives_the_same_bytes(name: str, make: object) -> None:
    assert callable(make)
    assert render(make(), name) == render(make(), name)
    assert render(make(), name).endswith("\n")


@pytest.mark.parametrize("name", FORMATS)
def test_links_are_in_every_format(name: str) -> None:
    shown = render(reports.realistic(), name)
    assert "https://bi.example.com/dashboards/42?tab=revenue" in shown
    assert "https://docs.example.com/dbt/#!/model/model.shop.stg_orders" in shown


def test_another_format_is_an_error() -> None:
    with pytest.raises(UsageError, match="Use one of: text, markdown, json, mermaid, dot"):
        render(reports.realistic(), "pdf")


@pytest.mark.parametrize("colour", [False, True])
@given(say=reports.VOICES, width=st.integers(20, 150))
@settings(max_examples=40, deadline=None)
def test_any_text_gives_safe_lines_for_a_terminal(say: reports.Voice, width: int, colour: bool) -> None:  # noqa: FBT001
    report = reports.hostile(say)
    for show_all in (False, True):
        shown = render(report, colour=colour, width=width, show_all=show_all)
        inert = shown if not colour else reports.SGR.sub("", shown)
        assert not UNSAFE.search(inert.replace("\n", ""))
        for line in (shell(step.argv) for phase in report.recovery.phases for step in phase.steps):
            assert not show_all or not line or f"     {line}\n" in inert
