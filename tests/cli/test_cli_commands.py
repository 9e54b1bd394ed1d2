"""The small commands."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml
from manifests import MANIFEST, write

import aftershock
from aftershock.cli.program import program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Outcome

    Run = Callable[..., Outcome]
    Scenario = Callable[[str], Path]


def test_categories_as_text(run: Run) -> None:
    found = run("categories")
    assert found.code == 0
    heads = [line for line in found.out.splitlines() if line[:1] != " "]
    assert heads == [
        "data-quality      P1     Incorrect values in production tables",
        "pipeline-failure  P1-P2  A run failed or timed out",
        "schema-break      P1-P2  An upstream schema change broke what reads it",
        "stale-data        P1-P2  Data is loaded but not refreshed on schedule",
        "data-loss         P0     Records are missing or were deleted",
        "duplicate-load    P1     The same batch was loaded more than once",
    ]
    assert max(map(len, found.out.splitlines())) <= 80


def test_categories_as_json(run: Run) -> None:
    rows = json.loads(run("categories", "--format", "json").out)["categories"]
    assert [row["category"] for row in rows] == [category.value for category in aftershock.Category]
    assert rows[4]["typical"] == "P0"
    assert all(row["downstream"] and row["example"] for row in rows)


def test_doctor(run: Run, scenario: Scenario) -> None:
    found = run("doctor", "--target-dir", scenario("green"))
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("shop: ")
    assert "models without any owner: nobody is asked or told [model-owner]" in found.out


def test_doctor_as_json(run: Run, scenario: Scenario) -> None:
    answer = json.loads(run("doctor", "--target-dir", scenario("green"), "--format", "json").out)
    assert {file["kind"] for file in answer["files"]} == {"manifest", "run_results", "sources", "catalog"}
    assert all(file["generated_at"] for file in answer["files"])
    assert {finding["level"] for finding in answer["findings"]} <= {"error", "warning", "note"}


def test_config_without_a_file(run: Run, tmp_path: Path) -> None:
    found = run("config", "--target-dir", tmp_path)
    assert found.code == 0
    head, *rows = found.out.splitlines()
    assert head.startswith("no aftershock.yml: everything is as by default")
    assert all(row.endswith("(default)") for row in rows)


def test_config_says_which_line_sets_what(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "aftershock.yml"
    file.write_text("severity:\n  many_tables: 5\n")
    rows = run("config", "--target-dir", tmp_path).out.splitlines()
    assert rows[0] == str(file)
    assert [row.split() for row in rows if "many_tables" in row] == [["severity.many_tables", "5", f"({file}:2)"]]
    answer = json.loads(run("config", "--target-dir", tmp_path, "--format", "json").out)
    assert answer["path"] == str(file)
    assert {"key": "severity.many_tables", "value": 5, "origin": f"{file}:2"} in answer["settings"]
    assert run("config", "--config", file).out.splitlines()[0] == str(file)


def test_config_schema_accepts_what_is_meant(run: Run) -> None:
    schema = json.loads(run("config", "--schema").out)
    jsonschema.validate({"severity": {"many_tables": 5}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"severty": {}}, schema)


def test_init_writes_beside_the_project_and_changes_nothing(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    shutil.copytree(scenario("green"), tmp_path / "target")
    found = run("init", "--target-dir", tmp_path)
    file = tmp_path / "aftershock.yml"
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith(f"{file} is written.")
    assert not yaml.safe_load(file.read_text())
    assert aftershock.load_policy(file) == aftershock.Policy(path=str(file))
    again = run("init", "--target-dir", tmp_path / "target")
    assert again.code == 2
    assert again.err == f"{file}: it is there already. Give --force to replace it, or another --output.\n"
    file.write_text("mine")
    assert run("init", "--target-dir", tmp_path, "--force").code == 0
    assert file.read_text() != "mine"


def test_init_prints_it(run: Run, scenario: Scenario) -> None:
    assert run("init", "--target-dir", scenario("green"), "--output", "-").out.startswith("## ")


def test_init_outside_a_project_writes_here(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "t", "manifest.json", MANIFEST)
    monkeypatch.chdir(tmp_path)
    assert run("init", "--target-dir", "t").code == 0
    assert (tmp_path / "aftershock.yml").is_file()


def test_cache_dir_and_clear(run: Run, scenario: Scenario, surroundings: Path) -> None:
    assert run("cache", "dir").out == f"{surroundings}\n"
    run("doctor", "--target-dir", scenario("green"))
    assert list(surroundings.iterdir())
    found = run("cache", "clear")
    assert found.code == 0
    assert found.out.endswith(f"freed in {surroundings}\n")
    assert not [path for path in surroundings.iterdir() if path.is_file()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, run: Run) -> None:
    found = run("completion", shell)
    assert (found.code, found.err) == (0, "")
    assert "_AFTERSHOCK_COMPLETE" in found.out
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=found.out, text=True, capture_output=True, check=False).returncode == 0


def press_tab(run: Run, monkeypatch: pytest.MonkeyPatch, line: str, words: int) -> None:
    monkeypatch.setenv("_AFTERSHOCK_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(words))
    with pytest.raises(SystemExit):
        run()


def test_node_names_complete(run: Run, scenario: Scenario, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    press_tab(run, monkeypatch, f"aftershock assess --target-dir {scenario('green')} stg_or", 4)
    assert capsys.readouterr().out.split() == ["plain,stg_order_items", "plain,stg_orders"]


def test_commands_complete(run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    press_tab(run, monkeypatch, "aftershock c", 1)
    assert capsys.readouterr().out.split() == ["plain,check", "plain,categories", "plain,config", "plain,cache", "plain,completion"]


@pytest.mark.parametrize("options", ["--target-dir /nowhere", "--manifest -", "--manifest /dev/null"])
def test_completion_never_complains(options: str, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    press_tab(run, monkeypatch, f"aftershock assess {options} stg", 4)
    found = capsys.readouterr()
    assert (found.out.strip(), found.err) == ("", "")


def test_no_command_is_longer_than_a_screenful() -> None:
    import inspect

    for name in program.list_commands(None):  # type: ignore[arg-type]
        command = program.get_command(None, name)  # type: ignore[arg-type]
        source = inspect.getsource(inspect.unwrap(command.callback))  # type: ignore[union-attr,arg-type]
        body = source[source.index("def ") :].splitlines()
        assert len(body) <= 25, name
