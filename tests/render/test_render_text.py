from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import reports

from aftershock.model import Phase, RecoveryPlan, Report, Step
from aftershock.render.escape import shell
from aftershock.render.layout import Span, rows_of
from aftershock.render.text import BUDGET, text

LARGE = [reports.large(), reports.large(500, 2, 1), reports.large(60, 40, 1), reports.large(500, 3, 400)]


def commands(report: Report) -> set[str]:
    return {shell(step.argv) for phase in report.recovery.phases for step in phase.steps if step.argv}


def with_steps(*steps: Step) -> Report:
    return msgspec.structs.replace(reports.realistic(), recovery=RecoveryPlan((Phase("plain", steps),)))


@pytest.mark.parametrize("width", [80, 100, 120, 200])
@pytest.mark.parametrize("number", range(len(LARGE)))
def test_the_first_screen_is_forty_rows(width: int, number: int) -> None:
    shown = text(LARGE[number], width=width)
    assert sum(rows_of((Span(line),), width) for line in shown.splitlines()) <= BUDGET


@pytest.mark.parametrize("number", range(len(LARGE)))
@pytest.mark.parametrize("show_all", [True, False])
def test_a_command_is_whole_or_not_there(number: int, show_all: bool) -> None:  # noqa: FBT001
    shown = text(LARGE[number], width=80, show_all=show_all)
    printed = {line.strip() for line in shown.splitlines() if line.strip().startswith("dbt run")}
    assert printed <= commands(LARGE[number])
    assert not show_all or printed == commands(LARGE[number])


@pytest.mark.parametrize("number", range(len(LARGE)))
def test_the_first_screen_begins_with_the_answer_and_names_every_part(number: int) -> None:
    shown = text(LARGE[number], width=80)
    assert shown.startswith("stg_orders")
    for part in ("Severity P0", "Dashboards and reports", "Automations", "People to tell", "Affected tables", "Recovery", "Missing", "Artifacts"):
        assert f"\n{part}" in shown


def test_a_command_that_is_too_long_is_counted_and_not_cut() -> None:
    report = with_steps(Step("run", (reports.STG,) * 300, "Rebuild.", "Old rows.", ("dbt", "run", "--select", *(f"model_{at}" for at in range(300)))))
    shown = text(report)
    size = len(next(iter(commands(report))))
    assert f"run of 300 nodes; its command has {size:,} characters: --all or --format json prints it and says what it destroys." in shown.replace(
        "\n     ", " "
    )
    assert "model_0" not in shown
    assert next(iter(commands(report))) in text(report, show_all=True)


def test_a_step_of_a_person_that_is_too_long_is_counted() -> None:
    report = with_steps(*(Step("confirm", (reports.STG,), "Look.", "Everything. " * 300) for _ in range(9)))
    assert "confirm of 1 node: --all or --format json prints it and says what it destroys." in text(report)


def test_everything_that_a_step_destroys_is_said_with_its_command() -> None:
    loss = "rows of every kind, " * 12
    shown = text(with_steps(*(Step("run", (reports.STG,), "Why.", loss, ("dbt", "run")) for _ in range(9))))
    assert " ".join(shown.split()).count(loss.strip()) == shown.count("     dbt run\n") > 0


def test_a_command_that_no_shell_can_run_is_not_printed() -> None:
    shown = text(with_steps(Step("run", (reports.STG,), "Why.", argv=("dbt", "a\0b"))))
    assert "no shell can pass the words of this command" in shown


def test_an_address_is_never_cut() -> None:
    url = "https://bi.example.com/" + "x" * 300
    report = reports.large()
    boards = tuple(msgspec.structs.replace(board, url=url) for board in report.assessment.dashboards)
    report = msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, dashboards=boards), docs_url=url)
    assert f"its address has {len(url)} characters (--all)" in text(report)
    assert "xxx…" not in text(report)
    assert "dbt docs" not in text(report)
    assert url in text(report, show_all=True)


def test_piped_output_loads_neither_rich_nor_jinja() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import reports; from aftershock.render import render; "
        "render(reports.realistic()); render(reports.realistic(), 'json'); render(reports.realistic(), 'mermaid'); render(reports.realistic(), 'dot'); "
        "print(sorted({'rich', 'jinja2', 'markupsafe', 'networkx', 'yaml', 'click'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_narrow_terminal_gets_an_answer() -> None:
    assert text(reports.realistic(), width=1) == text(reports.realistic(), width=40)


def test_the_answer_is_a_whole_sentence_also_where_many_long_names_fail() -> None:
    for width in (80, 100, 120):
        assert " are affected." in " ".join(text(reports.large(), width=width).splitlines()[:3])
