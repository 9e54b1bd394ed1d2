"""`aftershock plan` over what dbt really wrote."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from manifests import write
from test_cli_hostile import PAYLOADS, poisoned

import aftershock
from aftershock.recovery.statements import arguments
from aftershock.render.escape import shell
from aftershock.render.plan.document import schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Outcome

    Run = Callable[..., Outcome]
    Scenario = Callable[[str], Path]

VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema()))
AT = ("--detected-at", "2026-11-24T06:00", "--since", "2026-11-22")


def document(found: Outcome) -> Any:  # noqa: ANN401  # what json.loads gives
    assert (found.code, found.err) == (0, "")
    return json.loads(found.out)


def steps(shown: Any) -> list[Any]:  # noqa: ANN401  # as document
    return [step for phase in shown["phases"] for step in phase["steps"]]


@pytest.mark.parametrize(
    ("name", "node", "category"),
    [
        ("green", "raw.orders", "data-quality"),
        ("green", "raw.customers", "data-loss"),
        ("green", "fct_orders", "duplicate-load"),
        ("model_error", "stg_orders", "pipeline-failure"),
        ("stale_error", "raw.orders", "stale-data"),
        ("dropped_column", "raw.payments", "schema-break"),
    ],
)
def test_every_format_gives_the_same_commands(name: str, node: str, category: str, run: Run, scenario: Scenario) -> None:
    words = ("plan", node, "--category", category, "--target-dir", scenario(name), "--detected-at", "2026-11-24T06:00")
    shown = document(run(*words, "--format", "json"))
    VALIDATOR.validate(shown)
    commands = [line for step in steps(shown) for line in step["commands"]]
    assert commands
    assert [words_of(line) for line in commands] == [step["argv"] for step in steps(shown) if step["argv"]]
    assert not [line for line in commands if "\n" in line]
    text, markdown, script = (run(*words, "--format", format_).out for format_ in ("text", "markdown", "sh"))
    assert text.startswith(f"{node} ({category}, {shown['severity']}): ")
    brief = [shell(tuple("SQL" if step["sql"] and "\n" in word else word for word in step["argv"])) for step in steps(shown) if step["argv"]]
    assert all(f"     {line}\n" in text and f"  {line}\n" in markdown for line in brief)
    assert all(f"run_dbt {line}\n" in script or f"run {line}\n" in script for line in commands if " --args " not in line)
    assert script.count("\n  dbt_sql dbt run-operation ") == sum(" --args " in line for line in commands)
    assert len([line for line in script.splitlines() if line.startswith("if step ")]) == len(steps(shown))


def words_of(line: str) -> list[str]:
    """The words of a command as a POSIX shell cuts them, with the SQL as a step's argv has it."""
    words = shlex.split(line)
    at = words.index("--args") + 1 if "--args" in words else 0
    return [*words[:at], arguments(yaml.safe_load(words[at])["sql"]), *words[at + 1 :]] if at else words


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_script_lists_every_step(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    words = ("plan", "raw.orders", "--category", "data-quality", "--target-dir", scenario("green"), *AT)
    file = tmp_path / "plan.sh"
    assert run(*words, "--format", "sh", "--output", file) == (0, "", "")
    listed = subprocess.run(["bash", str(file), "--list"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert [int(line.split(".")[0]) for line in listed] == [step["number"] for step in steps(document(run(*words, "--format", "json")))]


def test_options_reach_the_plan(run: Run, scenario: Scenario) -> None:
    words = ("plan", "raw.orders", "--category", "data-quality", "--target-dir", scenario("green"), *AT, "--format", "json")
    known = document(run(*words))
    assert known["target"] == {"known": True, "name": "prod"}
    assert known["incident"]["since"] == "2026-11-22T00:00:00Z"
    other = document(run(*words, "--target", "staging"))
    assert other["target"] == {"known": True, "name": "staging"}
    assert all("staging" in step["argv"] and "prod" not in step["argv"] for step in steps(other) if step["argv"])
    assert len(steps(document(run(*words, "--column", "status")))) < len(steps(known))
    quoted = document(run(*words, "--shell", "powershell"))
    assert quoted["shell"] == "powershell"
    assert [step["argv"] for step in steps(quoted)] == [step["argv"] for step in steps(known)]
    assert [step["commands"] for step in steps(quoted)] != [step["commands"] for step in steps(known)]


def test_several_nodes_selectors_and_lists_as_for_assess(run: Run, scenario: Scenario) -> None:
    words = ("--category", "pipeline-failure", "--target-dir", scenario("model_error"), "--format", "json")
    selected = document(run("plan", "--select", "result:error", *words))
    assert selected["incident"]["nodes"] == ["model.shop.stg_orders"]
    piped = document(run("plan", "-", *words, stdin=b"models/staging/stg_orders.sql\nREADME.md\n"))
    assert piped["incident"]["nodes"] == ["model.shop.stg_orders"]
    assert any("README.md was left out" in warning for warning in piped["warnings"])


def test_earlier_runs_make_the_estimate_better(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    words = ("plan", "stg_orders", "--category", "data-quality", "--target-dir", scenario("green"), *AT, "--format", "json")
    (tmp_path / "runs").mkdir()
    shutil.copy(scenario("model_error") / "run_results.json.gz", tmp_path / "runs" / "monday.run_results.json.gz")
    alone, more = (document(run(*words, *extra)) for extra in ((), ("--run-results", tmp_path / "runs")))
    assert alone["estimate"]["basis"] != more["estimate"]["basis"]
    file = document(run(*words, "--run-results", tmp_path / "runs" / "monday.run_results.json.gz"))
    assert file["estimate"] == more["estimate"]


@pytest.mark.parametrize("format_", aftershock.PLAN_FORMATS)
def test_a_list_without_a_node_is_an_answer_in_every_format(format_: str, run: Run, scenario: Scenario) -> None:
    found = run("plan", "-", "--category", "data-quality", "--target-dir", scenario("green"), "--format", format_, stdin=b"README.md\n")
    assert (found.code, found.err) == (0, "")
    assert "Nothing in the list is a node of this project" in found.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "NODE: nothing is named"),
        (("nowhere",), "nowhere: "),
        (("stg_orders", "--exclude", "x"), "--exclude: it takes away from --select"),
        (("stg_orders", "--run-results", "/nowhere.json"), "/nowhere.json: there is no such file"),
        (("stg_orders", "--shell", "powershell", "--format", "sh"), "--shell: --format sh is a script for bash, not for powershell"),
        (("stg_orders", "--threads", "0"), "--threads: "),
        (("stg_orders", "--engine", "spark"), "--engine: there is no 'spark'"),
        (("stg_orders", "--output", "/nowhere/plan.sh"), "/nowhere/plan.sh: there is no directory /nowhere"),
    ],
)
def test_what_cannot_be_answered_is_refused(words: tuple[str, ...], said: str, run: Run, scenario: Scenario) -> None:
    found = run("plan", *words, "--category", "data-quality", "--target-dir", scenario("green"))
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith(said)
    assert found.err.count("\n") == 1


def test_errors_are_json_too(run: Run, scenario: Scenario) -> None:
    found = run("plan", "nowhere", "--category", "data-quality", "--target-dir", scenario("green"), "--format", "json")
    assert found.code == 2
    VALIDATOR.validate(json.loads(found.out))


def test_equal_questions_give_equal_bytes(run: Run, scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    from aftershock import times

    monkeypatch.setattr(times, "now", lambda: times.parse("2026-11-24T06:00", "now"))
    words = ("plan", "raw.orders", "--category", "duplicate-load", "--target-dir", scenario("green"), *AT)
    for format_ in aftershock.PLAN_FORMATS:
        assert run(*words, "--format", format_).out == run(*words, "--format", format_, "--no-cache").out


def test_all_names_every_node_of_a_step(run: Run, scenario: Scenario) -> None:
    words = ("plan", "raw.orders", "--category", "data-quality", "--target-dir", scenario("green"), *AT)
    few, every = run(*words).out, run(*words, "--all").out
    assert " more: " in " ".join(few.split())
    assert " more: " not in " ".join(every.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_script_from_hostile_artifacts_does_nothing_else(payload: str, run: Run, tmp_path: Path) -> None:
    write(tmp_path, "manifest.json", poisoned(payload))
    found = run("plan", "model.small.bad", "--category", "duplicate-load", "--target-dir", tmp_path, "--target", "prod", "--format", "sh")
    assert (found.code, found.err) == (0, "")
    place = tmp_path / "project"
    place.mkdir()
    (place / "dbt_project.yml").write_text("name: small\n")
    dbt = tmp_path / "dbt"
    dbt.write_text("#!/bin/sh\nexit 0\n")
    dbt.chmod(0o755)
    code, start = 3, 1
    while code == 3:  # a person's step: it is done, and the rest runs
        done = subprocess.run(
            ["bash", "-s", "--", "--yes-irreversible", "--from", str(start)],
            input=found.out.encode(),
            cwd=place,
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
            capture_output=True,
            check=False,
        )
        code, last = done.returncode, start
        start = int(done.stderr.rpartition(b"--from ")[2].split(b".")[0]) if code == 3 else start
        assert code != 3 or start > last
    assert code == (2 if b"stop 2 'No shell can pass" in found.out.encode() else 0), done.stderr
    assert [path.name for path in place.iterdir()] == ["dbt_project.yml"]
