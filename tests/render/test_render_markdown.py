from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
import reports
from hypothesis import given, settings
from markdown_it import MarkdownIt

from aftershock.model import ChecklistItem, HiddenConsumer, Phase, RecoveryPlan, Step
from aftershock.render.escape import UNSAFE, shell
from aftershock.render.markdown import CHECKLIST, MOST_ROWS, markdown

if TYPE_CHECKING:
    from markdown_it.token import Token

    from aftershock.model import Report

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TITLES = [title for title, _ in CHECKLIST]
HEADINGS = [
    "## Impact Assessment", "### Severity", "### Affected nodes", "### Dashboards and other exposures", "### People to tell", "### Hidden consumers",
    "### Recovery", "### Missing or not certain", "### Artifacts",
]  # fmt: skip


def parsed(shown: str) -> list[Token]:
    return MARKDOWN.parse(shown)


def headings(shown: str) -> list[str]:
    tokens = parsed(shown)
    return [f"{token.markup} {tokens[at + 1].content}" for at, token in enumerate(tokens) if token.type == "heading_open"]


def boxes(shown: str) -> list[str]:
    return [line for line in shown.splitlines() if line.startswith(("- [ ] **", "- [x] **"))]


def test_the_checklist_has_the_eight_items_in_order() -> None:
    shown = markdown(reports.realistic())
    assert [line[6:].split("**")[1] for line in boxes(shown)] == [f"{title}:" for title in TITLES]
    assert TITLES == [
        "Affected tables", "Affected dashboards", "Affected stakeholders", "Financial impact", "Regulatory impact", "Customer-facing", "Blast radius",
        "Recovery estimate",
    ]  # fmt: skip
    assert shown.startswith("## Impact Assessment\n")


def test_only_what_is_proved_is_ticked() -> None:
    ticked = [line.startswith("- [x]") for line in boxes(markdown(reports.realistic()))]
    assert ticked == [item.status == "done" for item in reports.CHECKLIST]
    assert not [line for line in boxes(markdown(reports.empty())) if "[x]" in line]


def test_items_of_another_order_are_put_in_order_and_unknown_ones_follow() -> None:
    items = (ChecklistItem("Something else", "done", "yes"), *reversed(reports.CHECKLIST))
    shown = boxes(markdown(msgspec.structs.replace(reports.realistic(), checklist=items)))
    assert [line[6:].split("**")[1] for line in shown] == [f"{title}:" for title in [*TITLES, "Something else"]]


def test_long_lists_say_what_they_leave_out() -> None:
    report = reports.large()
    evidence = ChecklistItem("Affected tables", "done", "many", tuple(f"table {at}" for at in range(52)))
    report = msgspec.structs.replace(report, checklist=(evidence,))
    short, whole = markdown(report), markdown(report, show_all=True)
    assert f"… and {451 - MOST_ROWS} more (`--all` lists them)." in short
    assert "  - … and 2 more (`--all` lists them)\n" in short
    assert "--all" not in whole
    assert "table 51" in whole
    assert len([line for line in whole.splitlines() if line.startswith("| [`int_")]) == 450


def test_commands_are_whole_in_fences_of_their_own() -> None:
    for report in (reports.realistic(), reports.large(50, 30)):
        fenced = [token.content.removesuffix("\n") for token in parsed(markdown(report)) if token.type == "fence"]
        assert fenced == [shell(step.argv) for phase in report.recovery.phases for step in phase.steps if step.argv]


def test_a_command_that_no_shell_can_run_is_not_printed() -> None:
    plan = RecoveryPlan((Phase("plain", (Step("run", (reports.STG,), "Why.", argv=("dbt", "a\0b")),)),))
    shown = markdown(msgspec.structs.replace(reports.realistic(), recovery=plan))
    assert "No shell can pass the words of this command" in shown
    assert "```" not in shown


def check(report: Report) -> None:
    shown = markdown(report, show_all=True)
    tokens = parsed(shown)
    inner = [child for token in tokens for child in token.children or []]
    assert headings(shown) == HEADINGS
    assert len(boxes(shown)) == 8
    assert not [token for token in (*tokens, *inner) if token.type in {"html_block", "html_inline", "image", "code_block", "blockquote_open", "hr", "s_open"}]
    for link in (child for child in inner if child.type == "link_open"):
        assert str(link.attrs["href"]).casefold().startswith(("https://", "http://"))
    plain = " ".join(child.content for child in inner if child.type == "text")
    assert "@" not in plain
    assert "://" not in plain
    assert not UNSAFE.search(shown.replace("\n", ""))
    fences = [token.content.removesuffix("\n") for token in tokens if token.type == "fence"]
    assert fences == [line for phase in report.recovery.phases for step in phase.steps if (line := shell(step.argv))]


@given(say=reports.VOICES)
@settings(max_examples=60, deadline=None)
def test_no_text_changes_the_document(say: reports.Voice) -> None:
    check(reports.hostile(say))


@pytest.mark.parametrize("attack", reports.ATTACKS)
def test_no_attack_changes_the_document(attack: str) -> None:
    check(reports.hostile(lambda: attack))


def test_attacks_in_turn_do_not_change_the_document() -> None:
    for start in range(len(reports.ATTACKS)):
        check(reports.hostile(reports.Voice([*reports.ATTACKS[start:], *reports.ATTACKS[:start]])))


def test_overdue_and_hidden_consumers_are_said_once() -> None:
    report = msgspec.structs.replace(reports.realistic(), read_at="2026-11-02T09:00:00Z")
    hidden = (
        *report.assessment.radius.hidden,
        HiddenConsumer("declared", reports.FCT, "A spreadsheet"),
        HiddenConsumer("same_relation", reports.FCT, "A twin"),
    )
    radius = msgspec.structs.replace(report.assessment.radius, hidden=hidden)
    shown = markdown(msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, radius=radius)))
    assert shown.count("(**overdue**)") == 1
    assert "(**overdue**)\n- Due by" in shown
    for line in (
        "dim_customers.v2 is public: other projects may read it",
        "A spreadsheet (declared in aftershock.yml; through `fct_orders`)",
        "A twin (through `fct_orders`)",
    ):
        assert f"- {line}\n" in shown
