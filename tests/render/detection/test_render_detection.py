"""A detection as text, JSON and workflow commands: what is said, and that no text from artifacts does anything."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftershock.artifacts import read_artifacts, read_catalog
from aftershock.detect import detect
from aftershock.errors import UsageError
from aftershock.model import ArtifactFile, Category, ProjectInfo, Reason, Severity, Verdict
from aftershock.model.detection import Alternative, Clue, Detection, Proposal
from aftershock.render.detection import DETECTION_FORMATS, render_detection
from aftershock.render.detection.document import schema
from aftershock.render.layout import cells

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "artifacts"
GOLDEN = Path(__file__).resolve().parent / "golden"
NOW = "2026-11-23T06:00:00Z"
SCENARIOS = sorted(path.name for path in FIXTURES.iterdir())
HOSTILE = "\x1b[31m::error::x\r\n::warning file=a,title=b::c\u202e @channel <b> `id`; $(rm) % \"' |"


def of(scenario: str) -> Detection:
    folder = FIXTURES / scenario
    found = detect(read_artifacts(folder), catalog=read_catalog(folder), now=NOW)
    return msgspec.structs.replace(found, files=tuple(msgspec.structs.replace(file, path=file.path and Path(file.path).name) for file in found.files))


def proposal(
    text: str = "orders", *, nodes: tuple[str, ...] = ("model.shop.orders",), level: Severity = Severity.P1, clues: int = 1, **fields: object
) -> Proposal:
    verdict = Verdict(level, level, "P1", (Reason("start-typical", "start", text, "model.shop.orders"),), "low")
    evidence = tuple(Clue("model.shop.orders", "error", text, text, message=text) for _ in range(clues))
    others = (Alternative(Category.SCHEMA_BREAK, text),)
    return Proposal(Category.DATA_QUALITY, "high", text, nodes, nodes, verdict, evidence, others, (text,), (text,), **fields)  # type: ignore[arg-type]


def detection(*incidents: Proposal, text: str = "orders", faults: tuple[Clue, ...] = ()) -> Detection:
    files = (ArtifactFile("run_results", text, "2026-03-01T06:00:00.5Z", text, text, "build"),)
    return Detection(
        incidents, faults, (text,), ProjectInfo(text), files, (text,), {"model.shop.orders": text}, "2026-03-01T07:00:00Z", {"model.shop.orders": text}
    )


@pytest.mark.parametrize("scenario", ["dropped_column", "test_failures", "stale_error", "green"])
@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_golden(scenario: str, form: str) -> None:
    """``python tests/render/detection/test_render_detection.py`` writes these anew."""
    assert render_detection(of(scenario), form) == (GOLDEN / f"{scenario}.{form}").read_text("utf-8")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_json_is_what_its_schema_says(scenario: str) -> None:
    document = json.loads(render_detection(of(scenario), "json"))
    jsonschema.Draft202012Validator(json.loads(schema())).validate(document)
    assert document["schema_version"] == "1.0"
    for incident in document["incidents"]:
        assert incident["severity"] in {"P0", "P1", "P2", "P3"}
        assert {"category", "confidence", "nodes", "skipped", "severity", "evidence", "alternatives"} <= incident.keys()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_first_screen_is_short_and_no_line_is_too_wide_but_a_command(scenario: str) -> None:
    for width in (40, 80, 120):
        lines = render_detection(of(scenario), width=width).splitlines()
        rows = sum(max(1, -(-cells(line) // width)) for line in lines)
        assert rows <= 40
        assert [line for line in lines if cells(line) > width and "aftershock" not in line] == []


def test_everything_has_all_of_it() -> None:
    found = of("test_failures")
    text = " ".join(render_detection(found, show_all=True).split())
    for incident in found.incidents:
        assert incident.title in text
        for clue in incident.evidence:
            assert f"[{clue.rule}]" in text
        assert all(doubt in text for doubt in incident.doubts)


def test_the_verdict_comes_first() -> None:
    assert render_detection(of("test_failures")).startswith("8 incidents: 4 P0, 1 P1 and 3 P2.\n")
    assert render_detection(of("model_error")).startswith("1 incident, P1.\n")
    assert render_detection(of("green")).startswith("No incident in dbt build of 2026-11-23T05:35:53Z and source freshness of 2026-11-23T05:35:44Z.\n")
    fault = Clue("unit_test.shop.a.b", "fail", "unit-test", "its code is wrong", message="differs")
    assert render_detection(detection(faults=(fault,))).startswith(
        "No incident in dbt build of 2026-03-01T06:00:00Z; 1 unit test fails, which is a fault in code.\n"
    )
    assert render_detection(detection(proposal(), faults=(fault, fault))).startswith("1 incident, P1; 2 unit tests fail, which is a fault in code.\n")
    nothing = msgspec.structs.replace(detection(), files=(ArtifactFile("run_results", "x", which="compile"),))
    assert render_detection(nothing).startswith("Nothing can be said: no file is of a run that builds or tests.\n")


@pytest.mark.parametrize(("asked", "age"), [("2026-03-02T06:00:00Z", ""), ("2026-03-02T12:00:00Z", "30 hours"), ("2026-03-11T06:00:00Z", "10 days")])
@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_the_verdict_says_how_old_the_results_are(form: str, asked: str, age: str) -> None:
    expected = f"No incident in results that are {age} old: dbt build of " if age else "No incident in dbt build of "
    assert expected in render_detection(msgspec.structs.replace(detection(), read_at=asked), form)


@pytest.mark.parametrize("scenario", ["dropped_column", "test_failures", "stale_error"])
def test_the_command_that_comes_next_is_whole_and_names_the_nodes(scenario: str) -> None:
    for width in (40, 100):
        text = render_detection(of(scenario), width=width)
        commands = re.findall(r"^  next +(aftershock assess .*)$", text, re.MULTILINE)
        assert commands
        for command in commands:
            words = shlex.split(command)
            assert words[words.index("--category") + 1] in {category.value for category in Category}
    assert "To keep a record: aftershock incident open --from-detect\n" in render_detection(of(scenario))


def test_columns_and_doubts_about_a_loss_go_with_the_command() -> None:
    narrowed = render_detection(detection(proposal("orders")))
    assert "aftershock assess orders --category data-quality --column orders\n" in narrowed
    loss = msgspec.structs.replace(proposal("orders"), category=Category.DATA_LOSS, confirmed=False, started_at="2026-03-01T06:00:00Z")
    assert "aftershock assess orders --category data-loss --since 2026-03-01T06:00:00Z --unconfirmed\n" in render_detection(detection(loss))
    assert "aftershock assess" not in render_detection(detection(proposal(nodes=())))


def test_much_is_cut_and_counted() -> None:
    text = render_detection(detection(*(proposal(clues=9) for _ in range(30)), text="x"))
    assert "more incidents, P1 at worst (--all)" in text
    assert len(text.splitlines()) <= 40
    one = render_detection(detection(proposal("orders", clues=9)))
    assert "… and 7 more (--all)" in one


def test_github_marks_the_file_and_the_level() -> None:
    lines = render_detection(of("test_failures"), "github").splitlines()
    assert len(lines) == 8
    assert sum(line.startswith("::error file=models/staging/stg_") for line in lines) == 5
    assert sum(line.startswith("::warning file=models/staging/stg_") for line in lines) == 3
    assert render_detection(of("green"), "github").startswith("::notice title=aftershock detect::No incident in dbt build")


@pytest.mark.parametrize("form", DETECTION_FORMATS)
def test_hostile_text_is_inert(form: str) -> None:
    fault = Clue("unit_test.shop.a.b", HOSTILE, "unit-test", HOSTILE, message=HOSTILE)
    found = detection(proposal(HOSTILE), text=HOSTILE, faults=(fault,))
    for show_all in (False, True):
        text = render_detection(found, form, show_all=show_all)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\r" not in text
        if form == "github":
            assert len(text.splitlines()) == 4
            assert all(re.match(r"::(?:error|warning|notice) (?:file=[^:,]*,)?title=[^:,]*::", line) for line in text.splitlines())
        if form == "json":
            jsonschema.Draft202012Validator(json.loads(schema())).validate(json.loads(text))
    if form == "text":
        command = re.search(r"^  next +(aftershock assess .*)$", render_detection(found), re.MULTILINE)
        assert command is not None
        assert "$(rm)" not in re.sub(r"\$?'(?:[^'\\]|\\.)*'", "", command[1])


@given(st.text(max_size=60), st.sampled_from(DETECTION_FORMATS), st.integers(1, 200))
def test_no_text_breaks_a_renderer(text: str, form: str, width: int) -> None:
    found = detection(proposal(text, started_at=text), text=text)
    assert render_detection(found, form, width=width) == render_detection(found, form, width=width)
    assert render_detection(found, form, width=width, show_all=True).endswith("\n")


def test_colours_change_nothing_else() -> None:
    coloured = render_detection(of("test_failures"), colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == render_detection(of("test_failures"))


def test_a_format_that_is_none() -> None:
    with pytest.raises(UsageError, match="there is no format yaml"):
        render_detection(detection(), "yaml")


def write() -> None:
    """Write the golden files anew."""
    GOLDEN.mkdir(exist_ok=True)
    for scenario in ("dropped_column", "test_failures", "stale_error", "green"):
        for form in DETECTION_FORMATS:
            (GOLDEN / f"{scenario}.{form}").write_text(render_detection(of(scenario), form), "utf-8")


if __name__ == "__main__":
    write()
