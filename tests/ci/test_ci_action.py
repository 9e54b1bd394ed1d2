"""The step of a GitHub workflow: run as the action runs it, with GitHub's variables set."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ci_pull_requests as ci
import pytest
import yaml

from aftershock.cli import github

if TYPE_CHECKING:
    from collections.abc import Callable

ACTION: dict[str, Any] = yaml.safe_load((ci.ROOT / "action.yml").read_text("utf-8"))
STEP = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "check")


class Stepped:
    """What a step left: its exit code, log, summary and outputs."""

    def __init__(self, done: subprocess.CompletedProcess[str], folder: Path) -> None:
        self.code = done.returncode
        self.log = done.stdout
        self.err = done.stderr
        self.summary = (folder / "summary").read_text("utf-8")
        self.outputs = outputs((folder / "output").read_text("utf-8"))


def outputs(text: str) -> dict[str, str]:
    """Step outputs as GitHub reads them."""
    found = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, arrow, mark = line.partition("<<")
        assert arrow, line
        value = []
        for inner in lines:
            if inner == mark:
                break
            value.append(inner)
        found[name] = "\n".join(value)
    return found


@pytest.fixture
def step(tmp_path: Path) -> Callable[..., Stepped]:
    def call(repository: Path, **inputs: str) -> Stepped:
        for name in ("summary", "output"):
            (tmp_path / name).write_text("", "utf-8")
        environ = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
        environ |= {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_OUTPUT": str(tmp_path / "output"), "RUNNER_TEMP": str(tmp_path)}
        environ |= {"PYTHONPATH": str(ci.ROOT / "src")} | inputs
        done = subprocess.run([sys.executable, "-m", "aftershock.cli.github"], cwd=repository, env=environ, capture_output=True, text=True, check=False)
        return Stepped(done, tmp_path)

    return call


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A source that lost a column between the base in ``prod`` and the head in ``target``."""
    found = ci.shop(tmp_path, accepted="check: {fail_on: breaking}\n")
    (found / "target").mkdir()
    for kind in ("manifest", "catalog"):
        (found / "target" / f"{kind}.json").write_bytes(gzip.decompress((ci.ARTIFACTS.parent / "dropped_column" / f"{kind}.json.gz").read_bytes()))
    return found


def test_the_action_hands_over_every_input_and_output() -> None:
    wanted = {github._variable(name) for name in github.OPTIONS} | {"AFTERSHOCK_CHECK_BASE_SHA"}
    assert set(STEP["env"]) == wanted
    assert {f"${{{{ inputs.{name} }}}}" for name in github.OPTIONS} <= set(STEP["env"].values())
    assert set(github.OPTIONS) | {"working-directory", "install"} == set(ACTION["inputs"])
    assert STEP["run"] == "python -m aftershock.cli.github"
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.check.outputs.{name} }}}}"


def test_no_input_reaches_a_shell() -> None:
    assert all("${{" not in step.get("run", "") for step in ACTION["runs"]["steps"])


def test_a_pull_request_that_breaks(repository: Path, step: Callable[..., Stepped]) -> None:
    found = step(repository, AFTERSHOCK_CHECK_BASE="prod", AFTERSHOCK_CHECK_BASE_REF="main")
    assert found.code == 1, found.log + found.err
    assert set(found.outputs) == set(ACTION["outputs"])
    assert found.outputs["outcome"] == "failed"
    assert found.outputs["exit-code"] == "1"
    assert int(found.outputs["breaking"]) >= 1
    assert found.outputs["severity"] in {"P0", "P1", "P2"}
    assert found.summary.startswith("<!-- aftershock:check -->\n")
    assert Path(found.outputs["comment-file"]).read_text("utf-8") == found.summary
    for name in ("json-file", "sarif-file"):
        assert Path(found.outputs[name]).stat().st_size
    stop, *_ = found.log.splitlines()
    token = stop.removeprefix("::stop-commands::")
    shown, _, commands = found.log.partition(f"\n::{token}::\n")
    assert len(token) == 32
    assert found.outputs["verdict"] in " ".join(shown.split())
    assert re.match(r"::error file=models/[^,]+,line=\d+,title=", commands)


def test_a_head_that_is_the_base_passes(repository: Path, step: Callable[..., Stepped]) -> None:
    found = step(repository, AFTERSHOCK_CHECK_BASE="prod", AFTERSHOCK_CHECK_HEAD="prod", AFTERSHOCK_CHECK_FAIL_ON="risky")
    assert (found.code, found.outputs["outcome"], found.outputs["severity"], found.outputs["breaking"]) == (0, "passed", "", "0")


def test_the_base_of_the_pull_request_rules_without_being_named(repository: Path, step: Callable[..., Stepped]) -> None:
    sha = ci.git(repository, "rev-parse", "HEAD").strip()
    (repository / "aftershock.yml").write_text("check: {fail_on: never}\n", "utf-8")
    found = step(repository, AFTERSHOCK_CHECK_BASE="prod", AFTERSHOCK_CHECK_BASE_SHA=sha)
    assert found.code == 1
    assert "becomes never" in found.summary
    ci.git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    found = step(repository, AFTERSHOCK_CHECK_BASE="prod", GITHUB_BASE_REF="main", AFTERSHOCK_CHECK_BASE_SHA="0" * 40)
    assert found.code == 1
    assert "becomes never" in found.summary


def test_what_cannot_run_says_so_everywhere(repository: Path, step: Callable[..., Stepped]) -> None:
    found = step(repository, AFTERSHOCK_CHECK_BASE="nowhere")
    assert (found.code, found.outputs["outcome"], found.outputs["exit-code"]) == (2, "error", "2")
    assert "could not run" in found.summary
    assert found.err.startswith("nowhere: there is no such directory.")


def test_a_step_in_this_process(repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    for base, code in (("prod", 1), ("nowhere", 2)):
        (tmp_path / "output").write_text("", "utf-8")
        given = {"RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output"), "AFTERSHOCK_CHECK_BASE": base, "AFTERSHOCK_CHECK_BASE_REF": "main"}
        assert github.step(given) == code
        assert outputs((tmp_path / "output").read_text("utf-8"))["exit-code"] == str(code)
        assert capsys.readouterr().out.startswith("::stop-commands::")
    assert not (tmp_path / "summary").exists(), "what is not given is not looked up"


def test_a_value_with_lines_is_one_output() -> None:
    text = "a\naftershock_x\nb<<c\n::error::d"
    assert outputs(github._output("name", text)) == {"name": text}
