"""A plan as text, Markdown and JSON, and the words of its commands in PowerShell."""

from __future__ import annotations

import json as std
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import plans
import pytest
import reports
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.errors import UsageError
from aftershock.model import Phase, RecoveryPlan, Report, Step
from aftershock.model.plan import Estimate
from aftershock.recovery.statements import one_line
from aftershock.render import render
from aftershock.render.escape import UNSAFE, shell
from aftershock.render.layout import Span, rows_of
from aftershock.render.plan import PLAN_FORMATS, PLAN_SHELLS, render_no_plan, render_plan, words
from aftershock.render.plan.document import PlanDocument, PlanStep, schema
from aftershock.render.plan.powershell import powershell

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "plan.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(std.loads(schema()))
REPORTS = {"planned": plans.planned(), "realistic": reports.realistic(), "empty": reports.empty(), "large": reports.large()}


def document(report: Report, shell_: str = "posix") -> Any:  # noqa: ANN401  # what json.loads gives
    return std.loads(render_plan(report, "json", shell=shell_))


def steps_of(shown: Any) -> list[Any]:  # noqa: ANN401  # as document
    return [step for phase in shown["phases"] for step in phase["steps"]]


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_published_schema_is_that_of_the_structs() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema()
    jsonschema.Draft202012Validator.check_schema(std.loads(schema()))


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_documents_follow_the_schema_and_have_every_key(report: Report) -> None:
    shown = document(report)
    VALIDATOR.validate(shown)
    assert list(shown) == list(PlanDocument.__struct_fields__)
    assert all(list(step) == list(PlanStep.__struct_fields__) for step in steps_of(shown))


def test_the_schema_refuses_what_is_no_plan() -> None:
    for change in ({"target": None}, {"schema_version": "2.0"}, {"phases": [{}]}, {"shell": "fish"}):
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate({**document(plans.planned()), **change})


def test_what_is_said_is_what_the_plan_holds() -> None:
    shown = document(plans.planned())
    assert shown["incident"] == {
        "category": "data-quality", "nodes": [reports.STG], "since": "2026-11-01T00:00:00Z", "until": "", "detected_at": "2026-11-02T08:40:00Z",
    }  # fmt: skip
    assert (shown["severity"], shown["engine"], shown["shell"]) == ("P1", "dbt", "posix")
    assert shown["target"] == {"known": True, "name": "prod"}
    assert shown["estimate"] == {"low_seconds": 75.0, "high_seconds": 1500.0, "basis": ["It rests on 4 runs of the last week.", "What people do is not in it."]}
    assert [phase["kind"] for phase in shown["phases"]] == [phase.kind for phase in plans.PHASES]
    found = steps_of(shown)
    assert [step["number"] for step in found] == list(range(1, 10))
    assert [step["irreversible"] for step in found] == [False, False, False, False, True, True, False, False, False]
    assert (found[3]["requires"], found[3]["costs"]) == ("raw.orders holds the corrected rows.", "All rows of 3 tables are written again.")
    assert (found[5]["sql"], found[6]["sql"]) == (plans.SQL, "select count(*)\nfrom exports;")
    assert shown["untouched"] == ["metric.shop.revenue"]


@pytest.mark.parametrize("name", PLAN_SHELLS)
def test_commands_are_the_words_in_the_quoting_of_the_shell(name: str) -> None:
    quote = {"posix": shell, "powershell": powershell}[name]
    plan = [step for phase in plans.PHASES for step in phase.steps]
    found = steps_of(document(plans.planned(), name))
    assert [tuple(step["argv"]) for step in found] == [step.argv for step in plan]
    assert [step["commands"] for step in found] == [[quote(one_line(step.argv, step.sql))] if step.argv else [] for step in plan]
    for format_ in ("text", "markdown"):
        printed = render_plan(plans.planned(), format_, shell=name)
        assert all(quote(tuple("SQL" if step.sql and "\n" in word else word for word in step.argv)) in printed for step in plan if step.argv)


@pytest.mark.parametrize(
    ("report", "known", "name"),
    [
        (plans.planned(), True, "prod"),
        (reports.realistic(), False, ""),
        (plans.steps(plans.PHASES[3].steps[0], asks_target=True), False, "prod"),
        (plans.steps(plans.PHASES[3].steps[0], Step("run", (), "Why.", argv=("dbt", "run"))), False, "prod"),
        (plans.steps(Step("run", (), "Why.", argv=("dagster", "asset", "materialize"))), True, ""),
    ],
)
def test_a_target_is_known_where_every_command_of_dbt_carries_it(report: Report, name: str, known: bool) -> None:  # noqa: FBT001
    assert document(report)["target"] == {"known": known, "name": name}
    assert ("Target    not known: add --target" in render_plan(report)) is not known
    assert ("\n- Target: not known: add --target" in render_plan(report, "markdown")) is not known


def test_the_reference_names_every_key() -> None:
    part = SCHEMA.with_name("json.md").read_text(encoding="utf-8").split("\n## Plan\n")[1].split("\n## ")[0]
    assert re.findall(r"^- `(\w+)`", part, re.MULTILINE) == list(PlanDocument.__struct_fields__)
    assert all(f"`{name}`" in part for name in PlanStep.__struct_fields__)


@pytest.mark.parametrize("name", PLAN_FORMATS)
@given(say=reports.VOICES)
@settings(max_examples=30, deadline=None)
def test_any_text_gives_an_answer_that_is_safe_to_look_at(say: reports.Voice, name: str) -> None:
    report = plans.hostile(say)
    shown = render_plan(report, name, show_all=True)
    assert not UNSAFE.search(shown.replace("\n", "").replace("\t", ""))
    assert render_plan(report, name, show_all=True) == shown
    if name == "json":
        VALIDATOR.validate(std.loads(shown))


@given(say=reports.VOICES)
@settings(max_examples=30, deadline=None)
def test_no_text_makes_a_heading_a_box_or_an_end_of_a_fence(say: reports.Voice) -> None:
    report = plans.hostile(say)
    outside, fence = [], ""
    for line in render_plan(report, "markdown").splitlines():
        mark = re.fullmatch(r"\s*(`{3,})[^`]*", line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif mark:
            fence = mark[1]
        else:
            outside.append(line)
    assert fence == ""
    assert [line for line in outside if line.startswith("#")][:6] == [
        "## Recovery plan", *(f"### Phase {at}: {phase.kind}" for at, phase in enumerate(report.recovery.phases, 1)),
    ]  # fmt: skip
    assert len([line for line in outside if line.startswith("- [ ]")]) == 6


def test_every_phase_and_step_is_there_however_many() -> None:
    report = reports.large(60, 40, 3)
    shown = render_plan(report)
    assert len(re.findall(r"^Phase \d+: plain, 1 step$", shown, re.MULTILINE)) == 40
    assert [int(number) for number in re.findall(r"^ +(\d+)\. run ", shown, re.MULTILINE)] == list(range(1, 41))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_only_commands_sql_and_nothing_else_are_wider_than_the_terminal(width: int) -> None:
    shown = render_plan(plans.planned(), width=width)
    wide = [line for line in shown.splitlines() if rows_of((Span(line),), width) > 1]
    assert all(line.startswith(("     dbt ", "       ")) for line in wide)
    assert render_plan(plans.planned(), width=1) == render_plan(plans.planned(), width=40)


def test_names_are_cut_to_the_first_ones_and_counted() -> None:
    step = Step("backup", tuple(f"model.shop.m{at}" for at in range(300)), "Copy them.")
    report = plans.steps(step)
    assert "model.shop.m5 and 294 more: Copy them." in flat(render_plan(report))
    assert "`model.shop.m9` and 290 more: Copy them." in render_plan(report, "markdown")
    assert "model.shop.m298 and model.shop.m299: Copy them." in flat(render_plan(report, show_all=True))
    assert "`model.shop.m298` and `model.shop.m299`: Copy them." in render_plan(report, "markdown", show_all=True)


def test_everything_about_a_step_is_below_it() -> None:
    shown = render_plan(plans.planned())
    at = [
        shown.index(text)
        for text in ("  5. full-refresh fct_orders: It is", "     first: raw.orders holds all", "     destroys: Rows that", "     dbt run --full-refresh")
    ]
    assert at == sorted(at)
    assert "     costs: All rows of 3 tables are written again.\n     dbt run --select stg_orders" in shown
    assert "\n       begin;\n       delete from" in shown
    assert "\n       \tselect day, amount" in shown


def test_what_a_step_destroys_stands_out() -> None:
    assert "\x1b[1;31mdestroys: \x1b[0m\x1b[33mRows that the source" in render_plan(plans.planned(), colour=True)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(None, None, "unknown"), (30, 45.4, "30 s to 45 s"), (75, 1500, "75 s to 25 min"), (60.2, 60.4, "about 60 s"), (5000, 36000, "83 min to 10.0 h")],
)
def test_how_long_it_takes(low: float | None, high: float | None, said: str) -> None:
    plan = msgspec.structs.replace(plans.planned().recovery, estimate=Estimate(low, high, ("A basis.",)))
    report = msgspec.structs.replace(plans.planned(), recovery=plan)
    assert f"Takes     {said}, without what people do\n          A basis.\n" in render_plan(report)
    assert f"- Time of the commands: {said}. A basis.\n" in render_plan(report, "markdown")


def test_where_nothing_is_run_there_is_no_time_and_no_target() -> None:
    report = plans.steps(Step("gate", (reports.STG,), "Look."))
    for name in ("text", "markdown"):
        assert "unknown" not in render_plan(report, name)
        assert "arget" not in render_plan(report, name)


def test_an_engine_that_is_not_dbt_is_named() -> None:
    report = msgspec.structs.replace(plans.planned(), recovery=msgspec.structs.replace(plans.planned().recovery, engine="dagster"))
    assert "\nEngine    dagster\n" in render_plan(report)
    assert document(report)["engine"] == "dagster"


@pytest.mark.parametrize("name", ["text", "markdown"])
def test_words_that_no_shell_can_pass_are_said(name: str) -> None:
    assert re.search(r"[Nn]o shell can pass the words of", render_plan(plans.steps(Step("run", (), "Why.", argv=("dbt", "a\0b"))), name))


@pytest.mark.parametrize(
    ("argv", "writes"),
    [
        (("dbt", "run", "--select", "source"), True),
        (("dbt", "--quiet", "build"), True),
        (("dbt", "source", "freshness", "--select", "source:run"), False),
        (("dbt", "ls", "--select", "run"), False),
        (("dbt", "run-operation", "run_query"), True),
        (("dbt",), False),
        (("dagster", "run"), False),
        ((), False),
    ],
)
def test_which_commands_write_run_results(argv: tuple[str, ...], writes: bool) -> None:  # noqa: FBT001
    assert words.writes_results(Step("run", (), "Why.", argv=argv)) is writes


def test_formats_and_shells_that_there_are_not() -> None:
    with pytest.raises(UsageError, match="there is no format runes"):
        render_plan(plans.planned(), "runes")
    with pytest.raises(UsageError, match="there is no shell fish"):
        render_plan(plans.planned(), shell="fish")  # noqa: S604  # no process is started
    with pytest.raises(UsageError, match="--format sh is a script for bash, not for powershell"):
        render_plan(plans.planned(), "sh", shell="powershell")  # noqa: S604  # as above
    with pytest.raises(UsageError, match="there is no format runes"):
        render_no_plan((), "runes")


def test_nothing_listed_in_every_format() -> None:
    reasons = (("README.md", "it is no node"), ("a\nb", "neither"))
    assert std.loads(render_no_plan(reasons, "json")) == {
        "schema_version": "1.0", "summary": "Nothing in the list is a node of this project.", "phases": [],
        "warnings": ["README.md was left out: it is no node.", "a\nb was left out: neither."],
    }  # fmt: skip
    assert render_no_plan(reasons).startswith("Nothing in the list is a node")
    assert "- `README.md`: it is no node\n" in render_no_plan(reasons, "markdown")
    script = render_no_plan(reasons, "sh")
    assert script.splitlines()[1:] == ["# Nothing in the list is a node of this project.", "# README.md: it is no node", "# a b: neither", "exit 0"]


def test_piped_output_loads_neither_rich_nor_jinja() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import plans; from aftershock.render.plan import PLAN_FORMATS, render_plan; "
        "[render_plan(plans.planned(), name) for name in PLAN_FORMATS]; "
        "print(sorted({'rich', 'jinja2', 'markupsafe', 'networkx', 'yaml', 'click', 'sqlglot'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


SINGLE, DOUBLE = "'\u2018\u2019\u201a\u201b", '"\u201c\u201d\u201e'


def read_by_powershell(line: str) -> list[str]:
    """The words of a line as PowerShell 7.3 reads them, as far as our commands go (about_Parsing, about_Quoting_Rules); fails on what it would expand."""
    found, at = [], 0
    while at < len(line):
        word, start = "", at
        while at < len(line) and line[at] != " ":
            char = line[at]
            if char in SINGLE and at == start:
                at += 1
                while not (line[at] in SINGLE and (at + 1 == len(line) or line[at + 1] not in SINGLE)):
                    word += line[at]
                    at += 2 if line[at] in SINGLE else 1
                at += 1
            elif char in DOUBLE and at == start:
                at += 1
                while line[at] not in DOUBLE:
                    assert line[at] != "$", "it would be expanded"
                    coded = re.match(r"`u\{([0-9a-f]{1,6})\}", line[at:])
                    word += chr(int(coded[1], 16)) if coded else line[at + 1] if line[at] == "`" else line[at]
                    at += len(coded[0]) if coded else 2 if line[at] == "`" else 1
                at += 1
            else:
                assert re.fullmatch(r"[\w./\\:=+&-]", char, re.ASCII), f"{char!r} means something outside quotes"
                word += char
                at += 1
        found.append(word)
        at += 1
    return found


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.sampled_from([*SINGLE, *DOUBLE, "$(x)", "`", "a,b", "--%", "-a.b", "007"])))
@settings(max_examples=300, deadline=None)
def test_powershell_reads_the_words_again(found: list[str]) -> None:
    line = powershell(("dbt", *found))
    assert read_by_powershell(line) == ["dbt", *found]
    assert not UNSAFE.search(line)


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (("dbt", "run", "--select", "stg_orders", "--full-refresh"), "dbt run --select stg_orders --full-refresh"),
        (("dbt", "a,b", "1", "-x:y", "-x.y", "--%", "@a", "", "a b"), "dbt 'a,b' '1' '-x:y' '-x.y' '--%' '@a' '' 'a b'"),
        (("dbt", "--vars", '{"a": "it\'s $5"}'), "dbt --vars '{\"a\": \"it''s $5\"}'"),
        (("dbt", "\u2019;x"), "dbt '\u2019\u2019;x'"),
        (("dbt", 'a\n"$x`\u201c'), 'dbt "a`u{a}`"`$x```\u201c"'),
        (("my dbt", "run"), "& 'my dbt' run"),
        (("dbt", "a\0b"), ""),
        (("dbt", "\udc80"), ""),
        ((), ""),
    ],
)
def test_powershell_quoting(argv: tuple[str, ...], line: str) -> None:
    assert powershell(argv) == line


def test_what_powershell_cannot_do_is_a_note() -> None:
    plain = plans.steps(Step("run", (), "Why.", argv=("dbt", "run", *plans.TARGET)))
    assert not any("PowerShell" in note for note in document(plain, "powershell")["notes"])
    assert any("PowerShell 7.3 or later" in note for note in document(plans.planned(), "powershell")["notes"])
    assert not any("PowerShell" in note for note in document(plans.planned())["notes"])
    long = Step("run", (), "Why.", argv=("dbt", "run", "x" * 40_000))
    assert (
        "Windows takes at most 32,767 characters in one command: split step 2 there."
        in document(plans.steps(plain.recovery.phases[0].steps[0], long), "powershell")["notes"]
    )


def test_notes_are_those_of_the_plan_then_those_of_the_assessment_each_once() -> None:
    report = msgspec.structs.replace(
        reports.realistic(), recovery=RecoveryPlan((Phase("plain", ()),), notes=("B.", "1 of 4 models was narrowed by column.", "", "B."))
    )
    assert document(report)["notes"] == ["B.", "1 of 4 models was narrowed by column."]


def test_an_assessment_says_what_its_steps_require_and_cost_too() -> None:
    first = "     first: raw.orders holds the corrected rows.\n     costs: All rows of 3 tables are written again.\n     dbt run --select stg_orders"
    assert first in render(plans.planned(), show_all=True)
    report = msgspec.structs.replace(reports.large(), recovery=plans.steps(*plans.PHASES[3].steps, plans.PHASES[5].steps[1]).recovery)
    shown = render(report)
    assert first in shown
    assert "     its SQL has 2 lines (--all)\n" in shown
    crowded = msgspec.structs.replace(reports.large(), recovery=plans.steps(*[plans.PHASES[3].steps[0]] * 9).recovery)
    assert "     first: raw.orders holds the corrected rows.\n     dbt run --select stg_orders" in render(crowded)


def test_the_json_of_an_assessment_has_them_too() -> None:
    found = [step for phase in std.loads(render(plans.planned(), "json"))["recovery"]["phases"] for step in phase["steps"]]
    keys = ("requires", "costs", "irreversible", "sql")
    assert [{key: step[key] for key in keys} for step in found] == [{key: step[key] for key in keys} for step in steps_of(document(plans.planned()))]
