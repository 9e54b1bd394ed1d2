from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import reports

from aftershock.model import Phase, Reason, RecoveryPlan, Report, Seed, Step
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
    assert f"run of 300 nodes; its command has {size:,} characters: --all or --format json prints it whole." in shown.replace("\n     ", " ")
    assert "     destroys: Old rows.\n" in shown, "a loss is said on the first screen, whatever the command"
    assert "model_0" not in shown
    assert next(iter(commands(report))) in text(report, show_all=True)


def test_a_step_of_a_person_that_is_too_long_is_counted() -> None:
    report = with_steps(*(Step("confirm", (reports.STG,), "Look.", "Everything. " * 300) for _ in range(9)))
    assert "confirm of 1 node: --all or --format json prints it whole.\n     destroys: Everything. Everything." in text(report)


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


def test_names_in_the_answer_are_whole_and_fewer_where_they_are_long() -> None:
    def answer(length: int) -> str:
        report = reports.realistic()
        ids = tuple(f"model.shop.{letter * length}" for letter in "abcd")
        radius = msgspec.structs.replace(report.assessment.radius, seeds=tuple(Seed(unique_id) for unique_id in ids))
        labels = {unique_id: unique_id.split(".")[2] for unique_id in ids}
        return text(msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, radius=radius), labels=labels)).split("Touches")[0]

    assert answer(10).startswith("aaaaaaaaaa, bbbbbbbbbb, cccccccccc and 1 more (")
    assert answer(70).startswith(f"{'a' * 70},\n{'b' * 70} and 2 more (")
    assert answer(95).startswith(f"{'a' * 95} and\n3 more (")
    assert answer(300).startswith(f"{'a' * 39}… and 3 more (")
    assert all("affected." in " ".join(answer(length).split()) for length in (10, 70, 95, 300))


PERSON = Step("gate", (reports.STG,), "Look at it first. " * 9, who="Somebody")
LONG = ("dbt", "run", "--select", *(f"model_{at}" for at in range(300)))


def large_with(*steps: Step) -> Report:
    return msgspec.structs.replace(reports.large(), recovery=RecoveryPlan((Phase("plain", steps),)))


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_first_command_and_the_first_that_destroys_are_on_the_first_screen(width: int) -> None:
    plain = Step("run", (reports.STG,), "Why.", argv=("dbt", "run", "--select", "first"))
    gone = Step("full-refresh", (reports.STG,), "Why.", "All old rows.", ("dbt", "run", "--full-refresh", "--select", "second"))
    copy = Step("backup", (reports.STG,), "Copy it.", who="Somebody")
    report = large_with(*(PERSON,) * 50, copy, plain, *(PERSON,) * 9, gone, *(gone,) * 9)
    shown = text(report, width=width)
    assert sum(rows_of((Span(line),), width) for line in shown.splitlines()) <= BUDGET
    assert " 51. backup" in shown
    assert "     dbt run --select first\n" in shown
    assert " 62. full-refresh (plain): Why.\n     destroys: All old rows.\n     dbt run --full-refresh --select second\n" in shown
    gaps = re.findall(r"^     … (\d+) more here: gate \(--all\)$", shown, re.MULTILINE)
    assert len(gaps) == 2
    assert "  1. gate (plain) stg_orders (Somebody): Look at it" in shown
    assert f"Recovery: {51 + 1 + 9 + 10} steps, in this order … and " in shown


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_when_it_is_due_is_there_however_much_room_the_first_commands_take(width: int) -> None:
    tall = ("dbt", "run", "--select", "x" * (width * 5))
    report = large_with(*(PERSON,) * 9, Step("run", (reports.STG,), "Why.", argv=tall), PERSON, Step("run", (reports.STG,), "Why.", "Rows.", tall))
    shown = text(report, width=width)
    assert shown.count("     dbt run --select xxx") == 2
    assert "\nWhen      detected " in shown
    assert sum(rows_of((Span(line),), width) for line in shown.splitlines()) <= BUDGET


def test_a_first_command_that_is_too_long_is_a_notice_with_its_loss() -> None:
    shown = text(large_with(*(PERSON,) * 9, Step("run", (reports.STG,) * 300, "Why.", "Rows. " * 200, LONG)))
    assert " 10. run of 300 nodes; its command has " in shown
    assert shown.count("Rows. Rows. ") >= 1
    assert "destroys: Rows." in shown


def test_what_people_do_takes_one_row_where_room_is_short_and_two_where_it_is_not() -> None:
    few, many = (text(large_with(*(PERSON,) * number)) for number in (2, 20))
    assert len(re.findall(r"^  \d\. gate.*\n     \S", few, re.MULTILINE)) == 2
    assert len(re.findall(r"^ +\d+\. gate.*…$", many, re.MULTILINE)) >= 6


def test_a_long_name_leaves_room_for_the_reason() -> None:
    step = msgspec.structs.replace(PERSON, who="Somebody with a very long name, " * 9)
    assert "…): Look at it first." in text(large_with(*(step,) * 20))


def with_reasons(*changes: str) -> Report:
    report = reports.realistic()
    reasons = tuple(Reason(f"r{at}", change, f"because {at}") for at, change in enumerate(changes))  # type: ignore[arg-type]
    verdict = msgspec.structs.replace(report.assessment.severity, reasons=reasons)
    return msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, severity=verdict))


@pytest.mark.parametrize(
    ("changes", "order"),
    [
        (("start", "raise", "raise", "cap"), [3, 0, 1, 2]),
        (("start", "raise", "keep"), [1, 0, 2]),
        (("start", "raise", "lower", "cap", "override"), [4, 0, 1, 2, 3]),
        (("start",), [0]),
        (("keep",), [0]),
    ],
)
def test_what_decided_the_severity_comes_first(changes: tuple[str, ...], order: list[int]) -> None:
    shown = text(with_reasons(*changes), show_all=True)
    assert [int(found) for found in re.findall(r"because (\d)", shown)] == order


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("2026-11-02T08:41:00Z", "notification by 08:55Z, checklist by 09:10Z"),
        ("2026-11-02T09:00:00Z", "notification by 08:55Z (overdue), checklist by 09:10Z"),
        ("2026-11-03T00:00:00Z", "notification by 2026-11-02 08:55Z (overdue), checklist by 2026-11-02 09:10Z (overdue)"),
        ("2026-11-01T23:59:00Z", "notification by 2026-11-02 08:55Z, checklist by 2026-11-02 09:10Z"),
        ("", "notification by 2026-11-02 08:55Z, checklist by 2026-11-02 09:10Z"),
    ],
)
def test_deadlines_are_dated_on_another_day_and_say_when_they_are_over(asked: str, shown: str) -> None:
    report = msgspec.structs.replace(reports.realistic(), read_at=asked)
    assert shown in " ".join(text(report, width=80).split())


def test_failing_nodes_that_are_no_relations_come_first_too() -> None:
    report = reports.realistic()
    tables = tuple(unique_id for unique_id in report.assessment.tables if unique_id != reports.STG)
    report = msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, tables=tables))
    shown = text(report, show_all=True).split("Affected tables: 5")[1]
    assert shown.splitlines()[1].startswith("  failing  stg_orders")


def test_a_step_names_all_of_its_nodes_where_everything_is_shown() -> None:
    report = with_steps(Step("backup", tuple(reports.LABELS), "Why."))
    assert "backup (plain) stg_orders, int_order_items, fct_orders, fct_orders_daily," in text(report, width=200, show_all=True)
    assert "revenue_by_day: Why." in text(report, width=300, show_all=True)
