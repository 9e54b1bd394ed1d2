"""Our action: each pull request of shop through it as GitHub runs it, and what goes in and comes out of its steps."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import ci_action_cases as cases
import ci_dbt
import ci_pull_requests as ci
import ci_workflow as wf
import pytest

from aftershock.cli import github
from aftershock.render.check.markdown import MARKER

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = """\
#!/bin/sh
if [ "$1 $2 $3" = "-m pip install" ]; then shift 3; for word in "$@"; do echo "$word"; done > "$INSTALLED.kept"; exit; fi
echo "$*" > "$INSTALLED.module"
env -0 > "$INSTALLED.environ"
"""
"""A python that writes down what it is asked."""


@pytest.fixture
def made(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> ci_dbt.Made:
    found = ci_dbt.made(tmp_path_factory)
    monkeypatch.setenv("AFTERSHOCK_CACHE_DIR", str(found.cache))
    return found


@pytest.mark.dbt
@pytest.mark.parametrize("name", cases.CASES)
def test_what_a_run_leaves(name: str, made: ci_dbt.Made, tmp_path: Path) -> None:
    ran = cases.run(name, made, tmp_path)
    assert ran.code == cases.CASES[name].code, ran.log + ran.err
    found = cases.left(ran, tmp_path)
    assert found == {file.name: file.read_text("utf-8") for file in (cases.GOLDEN / name).iterdir()}, "python tests/ci/ci_action_cases.py writes it anew"
    assert ran.outputs["exit-code"] == str(ran.code)
    token = ran.log.splitlines()[0].removeprefix("::stop-commands::")
    shown, end, commands = ran.log.partition(f"\n::{token}::\n")
    assert (len(token), bool(end)) == (32, True)
    assert "::error" not in shown
    assert all(re.match(r"::(error|warning|notice) (file=[^,]+,line=\d+,)?title=", line) for line in commands.splitlines())


def test_every_answer_is_among_the_runs() -> None:
    assert {case.code for case in cases.CASES.values()} == {0, 1, 2}
    assert {folder.name for folder in cases.GOLDEN.iterdir()} == set(cases.CASES)


def job(tmp_path: Path) -> wf.Job:
    event = {"pull_request": {"base": {"sha": "0123abc"}}}
    found = wf.job(tmp_path, tmp_path, event, base_ref="main")
    wf.program(found.programs, "python", RECORDS)
    return found


def environment(found: wf.Job) -> dict[str, str]:
    text = (found.temp / "installed.environ").read_text("utf-8")
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


HOSTILE = "a b \"c\" 'd' $(touch pwned) `touch pwned` ${HOME} ; touch pwned\n--help"


def test_every_input_reaches_its_variable_as_it_is(tmp_path: Path) -> None:
    found = job(tmp_path)
    given = {name: f"{name}: {HOSTILE}" for name in wf.ACTION["inputs"]}
    assert wf.composite(found, **given).code == 0
    environ = environment(found)
    options = {name: environ[github._variable(name)] for name in [*github.OPTIONS, "working-directory"]}
    assert options == {name: text for name, text in given.items() if name != "install"}
    assert environ["AFTERSHOCK_CHECK_BASE_SHA"] == "0123abc"
    assert (found.temp / "installed.kept").read_text("utf-8").endswith(f"\n{given['install']}\n")
    assert (found.temp / "installed.module").read_text("utf-8") == "-m aftershock.cli.github\n"
    assert not list(tmp_path.rglob("pwned"))
    read = {*(github._variable(name) for name in github.OPTIONS), "AFTERSHOCK_CHECK_WORKING_DIRECTORY", "AFTERSHOCK_CHECK_BASE_SHA"}
    assert read == {name for name in environ if name.startswith("AFTERSHOCK_CHECK_")}


def test_without_inputs_it_is_the_action_itself_in_the_working_directory(tmp_path: Path) -> None:
    found = job(tmp_path)
    assert wf.composite(found).code == 0
    given = {name: text for name, text in environment(found).items() if name.startswith("AFTERSHOCK_CHECK_") and text}
    assert given == {"AFTERSHOCK_CHECK_WORKING_DIRECTORY": ".", "AFTERSHOCK_CHECK_BASE_SHA": "0123abc"}
    assert (found.temp / "installed.kept").read_text("utf-8").splitlines()[-1] == str(ci.ROOT)


def test_a_step_that_fails_is_the_last(tmp_path: Path) -> None:
    found = job(tmp_path)
    wf.program(found.programs, "python", "#!/bin/sh\nexit 3\n")
    assert wf.composite(found).code == 3


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A source that lost a column between the base in ``prod`` and the head in ``target``."""
    found = ci.shop(tmp_path, accepted="check: {fail_on: breaking}\n")
    (found / "target").mkdir()
    for kind in ("manifest", "catalog"):
        (found / "target" / f"{kind}.json").write_bytes(gzip.decompress((ci.ARTIFACTS.parent / "dropped_column" / f"{kind}.json.gz").read_bytes()))
    return found


def test_the_base_of_the_pull_request_rules_without_being_named(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    sha = ci.git(repository, "rev-parse", "HEAD").strip()
    given = {"AFTERSHOCK_CHECK_BASE": "prod", "AFTERSHOCK_CHECK_BASE_SHA": sha}
    assert github.words(given) == ["check", "--base", "prod", "--base-ref", sha]
    for more in ({"AFTERSHOCK_CHECK_CONFIG": "rules.yml"}, {"AFTERSHOCK_CHECK_BASE_REF": "v1"}):
        assert sha not in github.words(given | more)
    unknown = given | {"AFTERSHOCK_CHECK_BASE_SHA": "0" * 40, "GITHUB_BASE_REF": "main"}
    assert github.words(unknown) == ["check", "--base", "prod"]
    ci.git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert github.words(unknown) == ["check", "--base", "prod", "--base-ref", "origin/main"]


def test_a_step_in_this_process(repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    given = {"RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output"), "AFTERSHOCK_CHECK_BASE_REF": "main", "GITHUB_WORKSPACE": str(tmp_path)}
    for base, place, code in (("prod", repository.name, 1), ("nowhere", repository.name, 2), ("prod", "nowhere", 2)):
        (tmp_path / "output").write_text("", "utf-8")
        assert github.step(given | {"AFTERSHOCK_CHECK_BASE": base, "AFTERSHOCK_CHECK_WORKING_DIRECTORY": place}) == code
        found = wf.outputs((tmp_path / "output").read_text("utf-8"))
        assert set(found) <= set(wf.ACTION["outputs"])
        assert (found["exit-code"], bool(found.get("json-file"))) == (str(code), code == 1)
        shown = capsys.readouterr()
        assert shown.out.startswith("::stop-commands::")
        assert shown.err.startswith("nowhere: ") == (code == 2)
        comment = (tmp_path / found["comment-file"]).read_text("utf-8")
        assert comment.startswith(f"{MARKER}\n")
        assert ("could not run" in comment) == (code == 2)
    assert not (tmp_path / "summary").exists(), "what is not given is not looked up"


def test_a_value_with_lines_is_one_output() -> None:
    text = "a\naftershock_x\nb<<c\n::error::d"
    assert wf.outputs(github._output("name", text)) == {"name": text}


@pytest.mark.parametrize(
    ("expression", "found"),
    [("inputs.a || github.b", "x"), ("inputs.none || github.b", "y"), ("always() && inputs.a", "x"), ("always() && inputs.none", ""), ("inputs.a == 'x'", "true"),
     ("inputs.a == 'y'", ""), ("steps.check.outputs.exit-code", "1"), ("github.event.none.sha", "")],
)  # fmt: skip
def test_expressions(expression: str, found: str) -> None:
    contexts = {"inputs": {"a": "x"}, "github": {"b": "y", "event": {}}, "steps": {"check": {"outputs": {"exit-code": "1"}}}}
    assert wf.value(expression, contexts) == found
