"""Every format of a check says what the report says, and nothing that a name holds does anything in it."""

from __future__ import annotations

import gzip
import itertools
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import check_golden
import check_reports as reports
import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftershock.errors import UsageError
from aftershock.model.changes import JUDGEMENTS, CheckReport
from aftershock.render.check import CHECK_FORMATS, render_check
from aftershock.render.check import words as said
from aftershock.render.check.annotations import MOST_OF_A_LEVEL
from aftershock.render.check.document import schema
from aftershock.render.check.markdown import MARKER, MOST_BYTES
from aftershock.render.check.text import BUDGET
from aftershock.render.escape import UNSAFE
from aftershock.render.layout import cells

HERE = Path(__file__).parent
DOCUMENT = jsonschema.Draft202012Validator(json.loads(schema()))
SARIF = jsonschema.Draft4Validator(json.loads(gzip.decompress((HERE / "sarif-2.1.0-rtm.5.json.gz").read_bytes())))
"""The schema that SARIF's own tools publish (package @microsoft/jest-sarif)."""

REPORTS = {"nothing": reports.nothing, "realistic": reports.realistic, "large": reports.large}
ATTACKS = [
    "@all", "@channel <!here>", "<script>alert(1)</script>", "[x](https://evil.example)", "a|b", "``` \n# h", "\x1b[31mred\x1b[0m", "\u202egnp.exe", "x\n::error::y",
    "##[set-output name=a]b", "::add-mask::x", "%0A::error::z", "<!-- aftershock:check -->", "</details>", "]]>", "&amp;", "\ud800", "\uffff", "a" * 500, "", " ",
    "$(rm -rf ~)", "{0} {{1}}", "https://evil.example/x", "#12 GH-7", "../../etc/passwd", "C:\\x", "\r\n- [ ] box", "=1+1", "--", "1. one", "\\", "`", "*b* _i_", "\x00",
]  # fmt: skip
HOSTILE = st.one_of(st.sampled_from(ATTACKS), st.text(st.characters() | st.sampled_from("|`\\[]<>@:#%\n\r\x1b\u2028"), max_size=60))


def loaded(report: CheckReport, name: str) -> Any:  # noqa: ANN401  # any JSON
    return json.loads(render_check(report, name))


@pytest.mark.parametrize("name", CHECK_FORMATS)
@pytest.mark.parametrize("which", REPORTS)
def test_every_format_says_every_report_in_the_same_bytes_again(name: str, which: str) -> None:
    first, second = (render_check(REPORTS[which](), name) for _ in range(2))
    assert first == second
    assert first.endswith("\n")


def test_an_unknown_format_is_an_error() -> None:
    with pytest.raises(UsageError, match="there is no format pdf"):
        render_check(reports.nothing(), "pdf")


def test_the_verdict() -> None:
    assert said.verdict(reports.nothing()) == "Nothing changed for anybody downstream."
    assert said.verdict(reports.report(reports.removed())) == "1 breaking change: nothing else is affected."
    assert said.verdict(reports.report(reports.removed(verdict="safe"))) == "Nothing breaking or risky: 1 safe change."
    accepted = reports.removed(acknowledged="x", by="y", until="2026-12-31", fails=False)
    assert said.verdict(reports.report(accepted)) == "Nothing breaking or risky: 1 acknowledged change."
    assert said.verdict(reports.realistic()) == (
        "1 breaking and 1 risky change, and 1 that could not be judged (1 more is acknowledged): "
        "2 dashboards, 1 automation and 4 people or teams are or may be affected."
    )
    assert said.verdict(reports.large(3)) == "3 breaking changes: 3 dashboards and 3 people or teams are affected."


def test_the_outcome() -> None:
    unread = reports.removed(verdict="cannot-say")
    assert reports.nothing().outcome == "passed"
    assert reports.report(unread).outcome == "not-judged"
    assert reports.report(replace(unread, fails=False)).outcome == "passed"
    assert reports.realistic().outcome == "failed"


def test_why_it_fails_is_said_where_the_verdict_does_not_say_it() -> None:
    unread, breaking = reports.removed(verdict="cannot-say"), reports.removed()
    assert said.result(reports.report(unread)) == "The check cannot say"
    assert said.result(reports.report(unread, replace(unread, fails=False))) == "The check cannot say: 1 change could not be judged"
    assert said.result(reports.realistic()) == "The check fails"
    scoped = reports.report(breaking, replace(breaking, fails=False), failed=("1 change is breaking.",))
    assert said.result(scoped) == "The check fails: 1 change is breaking"
    severe = reports.report(breaking, failed=("The severity is P1, and P2 or worse fails the check.",), fail_on="P2")
    assert said.result(severe) == "The check fails: The severity is P1, and P2 or worse fails the check"


class TestText:
    @pytest.mark.parametrize("width", [20, 60, 100, 200])
    @pytest.mark.parametrize("which", REPORTS)
    def test_the_first_screen_is_one(self, which: str, width: int) -> None:
        lines = render_check(REPORTS[which](), width=width).splitlines()
        assert sum(max(1, -(-cells(line) // max(width, 40))) for line in lines) <= BUDGET
        titles = re.compile(r"^\S.*\(--all")
        assert max(cells(line) for line in lines if not titles.match(line)) <= max(width, 44)  # four columns of eight cells

    def test_it_begins_with_the_verdict_then_dashboards_then_people(self) -> None:
        shown = render_check(reports.realistic())
        order = [
            shown.index(title)
            for title in ("1 breaking and", "Dashboards", "To tell", "Fail:", "Lose columns", "Changes", "Acknowledged", "To do", "Not certain")
        ]
        assert order == sorted(order)
        assert "stg_orders.amount → fct_orders.amount" in shown
        assert "Change fct_orders in the same pull request, or keep stg_orders.amount until it does without." in shown

    def test_all_is_all(self) -> None:
        shown = render_check(reports.large(), show_all=True)
        assert shown.count("stg_0799") >= 1
        assert "--all" not in shown
        assert "--all" in render_check(reports.large())

    def test_an_accepted_change_is_shown(self) -> None:
        assert "dim_customers.age" in render_check(reports.realistic())

    @pytest.mark.parametrize("name", ["::add-mask::x", "##[set-output name=a]b", "a ::error::b"])
    def test_a_log_takes_no_line_for_a_command(self, name: str) -> None:
        for width in (40, 60, 100):
            for show_all in (False, True):
                shown = render_check(reports.spoken(name), width=width, show_all=show_all)
                assert not [line for line in shown.splitlines() if line.strip().startswith("::") or "##[" in line]

    def test_colours(self) -> None:
        plain, colour = (render_check(reports.realistic(), colour=colour) for colour in (False, True))
        assert re.sub(r"\x1b\[[\d;]*m", "", colour) == plain

    @given(HOSTILE)
    def test_names_move_nothing(self, name: str) -> None:
        for show_all in (False, True):
            shown = render_check(reports.spoken(name), show_all=show_all).replace("\n", "")
            assert UNSAFE.sub("", shown) == shown


class TestJson:
    @pytest.mark.parametrize("which", REPORTS)
    def test_it_is_what_the_schema_says(self, which: str) -> None:
        DOCUMENT.validate(loaded(REPORTS[which](), "json"))

    def test_the_published_schema_is_this_one(self) -> None:
        published = HERE.parents[2] / "docs" / "reference" / "check.schema.json"
        assert published.read_text("utf-8") == schema()

    def test_the_keys(self) -> None:
        found = loaded(reports.realistic(), "json")
        assert found["schema_version"] == "1.0"
        first = found["changes"][0]
        assert {key: first[key] for key in ("unique_id", "kind", "column", "verdict", "certainty", "reason")} == {
            "unique_id": "model.shop.stg_orders", "kind": "column-removed", "column": "amount", "verdict": "breaking", "certainty": "certain",
            "reason": "fct_orders reads it, and it is gone",
        }  # fmt: skip
        impact = found["impact"]
        assert (impact["fails"], impact["skipped"], impact["loses_columns"]) == (
            ["model.shop.fct_orders"], ["model.shop.revenue"], {"model.shop.orders_copy": ["amount"]},
        )  # fmt: skip
        assert impact["wrong"] == ["model.shop.daily", "model.shop.weekly"]
        assert impact["failing_tests"] == ["test.shop.not_null_stg_orders_amount.1"]
        assert [item["unique_id"] for item in impact["dashboards"]] == ["exposure.shop.churn", "exposure.shop.board", "exposure.shop.sync"]
        assert [item["owner"]["name"] for item in impact["consumers"]] == ["Eve", "Finance", "Growth team", "Ops"]
        assert found["severity"]["level"] == "P1"
        assert found["acknowledged"] == [
            {
                "unique_id": "model.shop.dim_customers", "kind": "column-retyped", "column": "age", "reason": "ages are small", "by": "Ana <ana@example.com>",
                "until": "2026-12-31",
            }
        ]  # fmt: skip
        assert found["coverage"] == {"changed": 5, "compared": 4, "unread": {"model.shop.py_scores": "it is a Python model"}}
        assert (found["outcome"], found["fail_on"]) == ("failed", "breaking")
        assert loaded(reports.nothing(), "json")["severity"] is None

    @given(HOSTILE)
    def test_names_are_kept_as_they_are(self, name: str) -> None:
        shown = render_check(reports.spoken(name), "json")
        assert not UNSAFE.search(shown.replace("\n", ""))
        found = json.loads(shown)
        DOCUMENT.validate(found)
        if not re.search("[\ud800-\udfff]", name):
            assert found["changes"][0]["column"] == name


def bare_markdown(line: str) -> str:
    """A line without what is in code spans or behind a backslash."""
    kept, at = "", 0
    while at < len(line):
        fence = re.compile("`+").match(line, at)
        if line[at] == "\\":
            at += 2
        elif fence is None:
            kept, at = kept + line[at], at + 1
        else:
            closing = re.compile(f"(?<!`){fence[0]}(?!`)").search(line, fence.end())
            at = closing.end() if closing is not None else fence.end()
    return kept


class TestMarkdown:
    def test_it_begins_with_its_mark_and_who_is_affected(self) -> None:
        shown = render_check(reports.realistic(), "markdown")
        assert shown.startswith(f"{MARKER}\n")
        order = [shown.index(text) for text in ("breaking: `stg_orders.amount`", "Weekly revenue", "**To tell", "**To do**", "| `fct_orders` |", "<details>")]
        assert order == sorted(order)
        assert "Severity **P1**" in shown
        assert "ages are small" in shown

    @pytest.mark.parametrize(("verdict", "title"), [("safe", "✅ passed"), ("risky", "⚠️ passed"), ("breaking", "⚠️ passed"), ("cannot-say", "⚠️ passed")])
    def test_what_passes_and_needs_a_look_has_no_green_mark(self, verdict: str, title: str) -> None:
        shown = render_check(reports.report(reports.removed(verdict=verdict, fails=False)), "markdown")
        assert shown.splitlines()[1] == f"### aftershock check: {title}"

    def test_many_nodes_are_folded_and_few_changes_are_told_once(self) -> None:
        shown = render_check(reports.large(9), "markdown")
        assert "<details><summary>Downstream: 9 fail and 9 lose columns</summary>" in shown
        assert "<details><summary>All changes: 9</summary>" in shown
        few = render_check(reports.large(2), "markdown")
        assert few.count("❌ breaking") == 2
        assert "Changes" not in few
        assert "Downstream" not in few

    @pytest.mark.parametrize("show_all", [False, True])
    @pytest.mark.parametrize("report", [reports.large(), reports.large(5000), reports.spoken("|" * 70_000), reports.spoken("ü" * 70_000)])
    def test_it_always_fits_a_comment(self, report: CheckReport, *, show_all: bool) -> None:
        shown = render_check(report, "markdown", show_all=show_all)
        assert len(shown.encode("utf-8", "backslashreplace")) <= MOST_BYTES
        assert shown.count("<details>") == shown.count("</details>")

    def test_what_is_left_out_is_counted(self) -> None:
        shown = render_check(reports.large(), "markdown")
        rows = [line for line in shown.splitlines() if line.startswith("| Board number")]
        assert f"… and {800 - len(rows)} more." in shown
        longer = render_check(reports.large(120), "markdown", show_all=True)
        assert sum(line.startswith("| Board number") for line in longer.splitlines()) == 120

    @given(HOSTILE)
    def test_names_do_nothing(self, name: str) -> None:
        shown = render_check(reports.spoken(name), "markdown")
        assert not UNSAFE.search(shown.replace("\n", "").replace("⚠️", ""))
        assert shown.count("<!--") == 1
        lines = [bare_markdown(line.replace(MARKER, "")) for line in shown.splitlines()]
        assert sum("<details>" in line for line in lines) == sum("</details>" in line for line in lines)
        for line, bare in zip(shown.splitlines(), lines, strict=True):
            assert "<script" not in bare
            assert "[" not in bare or "](<http" in line
        for starts, rows in itertools.groupby(lines, lambda line: line.startswith("|")):
            assert not starts or len({line.count("|") for line in rows}) == 1, shown


class TestGithub:
    def test_an_error_at_the_line(self) -> None:
        lines = render_check(reports.realistic(), "github", prefix="transform").splitlines()
        assert lines[0].startswith(
            "::error file=transform/models/staging/stg_orders.sql,line=7,title=breaking%3A stg_orders.amount%2C column removed::fct_orders reads it, "
        )
        assert [line.split(" ")[0] for line in lines] == ["::error", "::error", "::warning", "::notice"]
        assert "dim_customers" not in "".join(lines), "it is accepted"

    def test_github_shows_ten_of_a_level(self) -> None:
        lines = render_check(reports.large(), "github").splitlines()
        assert len(lines) == MOST_OF_A_LEVEL + 1
        assert lines[-2].startswith(f"::error title=aftershock check::{800 - MOST_OF_A_LEVEL + 1} more like these")
        assert "800 breaking changes" in lines[-1]
        assert "more like these" not in render_check(reports.large(MOST_OF_A_LEVEL), "github")

    def test_what_could_not_be_judged_is_an_error_only_where_that_fails_the_check(self) -> None:
        for fails, level in ((True, "::error "), (False, "::warning ")):
            (line, _) = render_check(reports.report(reports.removed(verdict="cannot-say", fails=fails)), "github").splitlines()
            assert line.startswith(level)

    def test_what_is_in_no_file_of_the_repository_is_at_none(self) -> None:
        for path, unique_id in (
            ("../x.sql", "model.shop.a"),
            ("/etc/x.sql", "model.shop.a"),
            ("C:/x.sql", "model.shop.a"),
            ("models/x.sql", "model.dbt_utils.a"),
        ):
            (line, _) = render_check(reports.report(reports.removed(path=path, unique_id=unique_id)), "github").splitlines()
            assert line.startswith("::error title=")

    @given(HOSTILE)
    def test_names_are_no_commands(self, name: str) -> None:
        lines = render_check(reports.spoken(name), "github").split("\n")
        assert [line[:8] for line in lines] == ["::error ", "::notice", ""]
        for line in lines[:-1]:
            head, _, message = line[2:].partition("::")
            assert "##[" not in line
            assert not UNSAFE.search(line)
            assert set(re.findall(r"(?:^\w+ |,)(\w+)=", head)) <= {"file", "line", "title"}
            assert message


class TestSarif:
    @pytest.mark.parametrize("which", REPORTS)
    def test_it_is_what_its_schema_says(self, which: str) -> None:
        SARIF.validate(loaded(REPORTS[which](), "sarif"))

    def test_results(self) -> None:
        (run,) = json.loads(render_check(reports.realistic(), "sarif", prefix="trans form"))["runs"]
        levels = {result["ruleId"]: result["level"] for result in run["results"]}
        assert levels == {"column-removed": "error", "sql-unread": "warning", "rows-changed": "warning", "column-retyped": "warning"}
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert [rules[result["ruleIndex"]] for result in run["results"]] == [result["ruleId"] for result in run["results"]]
        place = run["results"][0]["locations"][0]["physicalLocation"]
        assert (place["artifactLocation"]["uri"], place["region"]) == ("trans%20form/models/staging/stg_orders.sql", {"startLine": 7})
        accepted = [result for result in run["results"] if "suppressions" in result]
        assert [result["suppressions"][0]["justification"] for result in accepted] == ["ages are small (Ana <ana@example.com>, until 2026-12-31)"]

    @given(HOSTILE)
    def test_names_break_nothing(self, name: str) -> None:
        found = loaded(reports.spoken(name), "sarif")
        SARIF.validate(found)
        for result in found["runs"][0]["results"]:
            assert not re.search(r"(?<!\\)(?:\\\\)*\[", result["message"]["text"].replace(r"\[", ""))


class TestGitlab:
    def test_issues(self) -> None:
        found = json.loads(render_check(reports.realistic(), "gitlab", prefix="transform"))
        assert [(item["check_name"], item["severity"], item["location"]["lines"]["begin"]) for item in found] == [
            ("column-removed", "critical", 7), ("sql-unread", "major", 1), ("rows-changed", "minor", 3),
        ]  # fmt: skip
        assert found[0]["location"]["path"] == "transform/models/staging/stg_orders.sql"
        assert loaded(reports.nothing(), "gitlab") == []

    def test_a_fingerprint_is_the_same_however_the_file_moves(self) -> None:
        before, after, other = (
            loaded(reports.report(change), "gitlab")[0]["fingerprint"]
            for change in (reports.removed(), reports.removed(line=99, path="models/x.sql", reason="another"), reports.removed(column="b"))
        )
        assert before == after != other

    def test_no_two_are_equal(self) -> None:
        found = loaded(reports.report(*[reports.removed()] * 3), "gitlab")
        assert len({item["fingerprint"] for item in found}) == 3

    @given(HOSTILE)
    def test_names_break_nothing(self, name: str) -> None:
        (issue,) = loaded(reports.spoken(name), "gitlab")
        assert not UNSAFE.search(issue["description"])


class TestJunit:
    def test_a_case_for_each_change(self) -> None:
        root = ET.fromstring(render_check(reports.realistic(), "junit"))  # noqa: S314  # our own
        (suite,) = root
        assert {key: suite.attrib[key] for key in ("tests", "failures", "errors", "skipped")} == {"tests": "5", "failures": "1", "errors": "1", "skipped": "1"}
        assert [[child.tag for child in case] for case in suite.iter("testcase")] == [
            ["failure"], ["error"], ["system-out"], ["skipped", "system-out"], ["system-out"],
        ]  # fmt: skip

    def test_nothing_changed_is_a_test_that_passes(self) -> None:
        (case,) = ET.fromstring(render_check(reports.nothing(), "junit")).iter("testcase")  # noqa: S314  # our own
        assert list(case) == []

    @given(HOSTILE)
    def test_names_break_nothing(self, name: str) -> None:
        shown = render_check(reports.spoken(name), "junit")
        root = ET.fromstring(shown.encode())  # noqa: S314  # our own
        assert len(list(root.iter("testcase"))) == 2
        assert not UNSAFE.search(shown.replace("\n", ""))


def test_counts_add_up() -> None:
    found = said.counts(reports.realistic())
    assert tuple(found) == JUDGEMENTS
    assert sum(found.values()) + len(said.accepted(reports.realistic())) == len(reports.realistic().changes)


@pytest.mark.parametrize("name", check_golden.CASES)
def test_whole_outputs_are_as_they_were(name: str) -> None:
    assert check_golden.CASES[name]() == (check_golden.FOLDER / name).read_bytes().decode(), "python tests/render/check/check_golden.py writes it anew"
