"""`aftershock check` on the command line: what it takes, what it refuses, where it writes, and how it exits."""

from __future__ import annotations

import copy
import gzip
import json
from typing import TYPE_CHECKING, Any

import manifests
import pytest

import aftershock
from aftershock import times

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Outcome

    Run = Callable[..., Outcome]
    Scenario = Callable[[str], Path]

NOW = "2026-03-01T08:00:00Z"
SQL = {"a": "select 1 as x, 2 as y", "b": 'select x from "db"."main"."a"'}


def project(**sql: str) -> dict[str, Any]:
    """The small manifest with SQL: ``b`` reads a column of ``a``, and a dashboard reads ``b``."""
    whole = copy.deepcopy(manifests.MANIFEST)
    for name, text in {**SQL, **sql}.items():
        whole["nodes"][f"model.small.{name}"] |= {"raw_code": text, "compiled_code": text, "compiled": True, "language": "sql"}
    return whole


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no project, with a base in ``base`` and a head in ``head`` that drops a column which is read."""
    monkeypatch.setattr(times, "now", lambda: times.parse(NOW, "now"))
    monkeypatch.chdir(tmp_path)
    manifests.write(tmp_path / "base", "manifest.json", project())
    manifests.write(tmp_path / "head", "manifest.json", project(a="select 2 as y"))
    return tmp_path


BOTH = ("check", "--base", "base", "--head", "head")


def test_a_break_fails_it(sides: Path, run: Run) -> None:
    found = run(*BOTH)
    assert (found.code, found.err) == (1, "")
    assert found.out.startswith("1 breaking change: 1 dashboard and 1 person or team are or may be affected.\nThe check fails. Fails on: breaking.")
    as_json = json.loads(run(*BOTH, "--format", "json").out)
    assert (as_json["impact"]["fails"], as_json["outcome"]) == (["model.small.b"], "failed")
    assert sides.exists()


@pytest.mark.parametrize(("level", "code"), [("breaking", 1), ("RISKY", 1), ("P3", 1), ("p0", 0), ("never", 0)])
def test_the_level_may_be_given(sides: Path, run: Run, level: str, code: int) -> None:
    assert sides.exists()
    assert run(*BOTH, "--fail-on", level).code == code


def test_what_changes_nothing_passes(sides: Path, run: Run) -> None:
    manifests.write(sides / "head", "manifest.json", project(a="-- a comment\nselect 1 as x,\n  2 as y"))
    found = run(*BOTH)
    assert (found.code, found.out.splitlines()[0]) == (0, "Nothing changed for anybody downstream.")


def test_what_cannot_be_read_is_not_judged(sides: Path, run: Run) -> None:
    manifests.write(sides / "head", "manifest.json", project(a="select ((((( as x"))
    found = run(*BOTH, "--format", "json")
    assert (found.code, json.loads(found.out)["outcome"]) == (2, "not-judged")
    assert "\nThe check cannot say. Fails on: breaking." in run(*BOTH).out
    assert run(*BOTH, "--fail-on", "never").code == 0


def test_several_formats_in_one_run(sides: Path, run: Run) -> None:
    found = run(*BOTH, "--output", "check.txt", "--also", "markdown=comment.md", "--also", "sarif=out.sarif", "--also", "github=-", "--all")
    assert found.code == 1
    assert found.out.startswith("::error ")
    assert (sides / "check.txt").read_text("utf-8").startswith("1 breaking change")
    assert (sides / "comment.md").read_text("utf-8").startswith("<!-- aftershock:check -->")
    assert json.loads((sides / "out.sarif").read_text("utf-8"))["version"] == "2.1.0"


def test_settings_rule_as_the_base_has_them(sides: Path, run: Run) -> None:
    for side in ("base", "head"):
        manifests.write(sides / side, "dbt_project.yml", b"name: small\n")
    manifests.write(sides / "base", "aftershock.yml", b"check: {fail_on: never}\n")
    manifests.write(sides / "head", "aftershock.yml", b"check: {fail_on: risky}\n")
    found = run(*BOTH, "--format", "json")
    assert found.code == 0
    assert json.loads(found.out)["policy_changes"] == ["check.fail_on was never and becomes risky."]
    manifests.write(sides, "given.yml", b"check: {fail_on: breaking}\n")
    assert run(*BOTH, "--config", "given.yml").code == 1
    manifests.write(sides / "head", "aftershock.yml", b"chek: 1\n")
    found = run(*BOTH, "--format", "json")
    assert found.code == 0
    assert json.loads(found.out)["policy_changes"][0].startswith("The head's settings cannot be followed: ")
    manifests.write(sides / "base", "aftershock.yml", b"chek: 1\n")
    assert run(*BOTH).code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--base: there is nothing to compare with. Give the target directory of production,"),
        (("a.sql", "--base", "base"), "a.sql: files are compared only with --changed."),
        (("--base", "base", "--base-catalog", "base"), "--base-catalog: one catalog says nothing of a change."),
        (("--base", "base", "--head-catalog", "base"), "--head-catalog: one catalog says nothing of a change."),
        (("--base", "base", "--base-manifest-cmd", "x", "--base-ref", "y"), "--base-manifest-cmd: it makes what --base has already."),
        (("--base-manifest-cmd", "x"), "--base-manifest-cmd: it is run in a commit. Give that with --base-ref."),
        (("--base-ref", "main"), "--base: there is nothing to compare with."),
        (("--base-ref", "main", "--base-manifest-cmd", "x", "--head", "head"), "--base-ref: head is in no git checkout."),
        (("--base", "base", "--head", "head", "--base-ref", "main"), "--base-ref: head is in no dbt project of a git checkout."),
        (("--changed", "a.sql"), "--base: there is nothing to compare with. Give the target directory of production or set AFTERSHOCK_BASE."),
        (("--changed", "--base", ""), "--base: there is nothing to compare with."),
        (("--base", ""), "--base: there is nothing to compare with."),
        (("--changed", "--base-ref", "main", "--base-manifest-cmd", "x"), "--base-manifest-cmd: dbt does not run for --changed."),
        (("--base", "base", "--head", "head", "--changed", "a.sql"), "--changed: the head is the base with the files put into it."),
        (("--base", "nowhere", "--head", "head"), "nowhere: there is no such directory."),
        (("--base", "base", "--head", "nowhere"), "nowhere: there is no such directory."),
        (("--base", "base", "--head", "head", "--base-catalog", "base", "--head-catalog", "base"), "base: there is no catalog.json."),
        (("--base", "base", "--head", "head", "--also", "markdown"), "--also: 'markdown' is no format and file."),
        (("--base", "base", "--head", "head", "--also", "pdf=x"), "--also: 'pdf=x' is no format and file."),
        (("--base", "base", "--head", "head", "--also", "json=nowhere/x"), "nowhere/x: there is no directory"),
        (("--base", "base", "--head", "head", "--fail-on", "P4"), "--fail-on: there is no 'P4'."),
        (("--base", "base", "--head", "head", "--vars", "x"), "--vars: it is no mapping of names to values."),
        (("--base", "base", "--head", "head", "--dialect", "duckbd"), "--dialect: there is no dialect 'duckbd'. Did you mean duckdb"),
        (("--backtest", "3"), "--base-manifest-cmd: it must be given."),
        (("--backtest", "3", "--base-manifest-cmd", "x", "--base", "base"), "--base: a backtest compares what was merged."),
        (("--backtest", "3", "--base-manifest-cmd", "x", "--changed"), "--changed: a backtest compares what was merged."),
        (("--backtest", "3", "--base-manifest-cmd", "x", "--format", "sarif"), "--format: a backtest has no format sarif."),
        (("--backtest", "3", "--base-manifest-cmd", "x"), "--backtest: this is no dbt project in a git checkout."),
        (("--backtest", "0", "--base-manifest-cmd", "x"), "--backtest: 0 is not in the range"),
    ],
)
def test_what_cannot_be_asked_is_an_error(words: tuple[str, ...], said: str, sides: Path, run: Run) -> None:
    assert sides.exists()
    found = run("check", *words)
    assert (found.code, found.out) == (2, "")
    assert said in found.err
    if "--format" not in words:
        assert list(json.loads(run("check", *words, "--format", "json").out)) == ["schema_version", "error"]


@pytest.mark.parametrize(
    "broken",
    [{}, {"metadata": manifests.metadata("manifest", 12), "nodes": {}}, {"metadata": manifests.metadata("manifest", 12)}, {"nodes": {}}],
    ids=["nothing", "no nodes", "no section", "no metadata"],
)
@pytest.mark.parametrize("side", ["base", "head"])
def test_an_empty_side_is_never_green(broken: dict[str, Any], side: str, sides: Path, run: Run) -> None:
    manifests.write(sides / side, "manifest.json", broken)
    for level in ("breaking", "never"):
        found = run(*BOTH, "--fail-on", level)
        assert (found.code, found.out) == (2, "")
        assert found.err


def test_another_project_is_never_green(sides: Path, run: Run) -> None:
    text = json.dumps(project()).replace("small", "other")
    manifests.write(sides / "base", "manifest.json", text.encode())
    found = run(*BOTH)
    assert found.code == 2
    assert "it is of the project other, and the head is of small" in found.err


def test_the_base_may_be_in_the_environment(sides: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSHOCK_BASE", str(sides / "base"))
    assert run("check", "--head", "head").code == 1


def test_a_packed_manifest_of_another_target(sides: Path, run: Run) -> None:
    packed = gzip.compress(json.dumps(project()).encode())
    manifests.write(sides / "packed", "manifest.json.gz", packed)
    assert run("check", "--base", "packed", "--head", "head", "--no-cache").code == 1
    assert run("check", "--base", "packed", "--head", "base", "--no-cache").code == 0


def test_a_head_without_compiled_sql_is_rendered(sides: Path, run: Run) -> None:
    parsed = project(b="select x from {{ ref('a') }}", a="select 2 as y")
    for node in parsed["nodes"].values():
        node.pop("compiled_code", None)
        node.pop("compiled", None)
    manifests.write(sides / "head", "manifest.json", parsed)
    base = project()
    base["nodes"]["model.small.b"]["raw_code"] = "select x from {{ ref('a') }}"
    manifests.write(sides / "base", "manifest.json", base)
    found = run(*BOTH, "--format", "json")
    assert json.loads(found.out)["impact"]["fails"] == ["model.small.b"], found
    assert found.code == 1


@pytest.mark.parametrize("name", ["green", "model_error", "dropped_column", "test_failures"])
def test_every_scenario_against_itself_is_nothing(name: str, run: Run, scenario: Scenario) -> None:
    found = run("check", "--base", scenario(name), "--head", scenario(name), "--format", "json")
    assert (found.code, json.loads(found.out)["changes"]) == (0, [])


@pytest.mark.parametrize(
    "words", [("--also", "json=a", "--also", "markdown=./a"), ("--output", "a", "--also", "json=a"), ("--output", "a", "--also", "json=link")]
)
def test_two_answers_in_one_file_are_refused(words: tuple[str, ...], sides: Path, run: Run) -> None:
    (sides / "link").symlink_to(sides / "a")
    found = run(*BOTH, *words)
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("--also: ")
    assert "a would be written twice." in found.err
    assert not (sides / "a").exists()


def test_a_device_takes_any_number_of_answers(sides: Path, run: Run) -> None:
    assert sides.exists()
    assert run(*BOTH, "--also", "json=/dev/null", "--also", "markdown=/dev/null", "--also", "github=-").code == 1


@pytest.mark.parametrize(
    ("words", "option"),
    [(("--base", "nowhere", "--head", "head"), "--base"), (("--base", "base", "--head", "nowhere"), "--head"), (("--base", "base"), "--head"), (("--base", "nowhere", "--changed"), "--base")],
)  # fmt: skip
def test_an_error_names_the_option_that_this_command_has(words: tuple[str, ...], option: str, sides: Path, run: Run) -> None:
    assert sides.exists()
    found = run("check", *words)
    assert found.code == 2
    assert found.err.rstrip().endswith(f"{option}.")
    assert "--target-dir" not in found.err


def test_a_manifest_without_code_is_told_from_one_that_is_no_file(sides: Path, run: Run) -> None:
    bare = project()
    for node in bare["nodes"].values():
        node.pop("raw_code", None), node.pop("compiled_code", None)
    manifests.write(sides / "head", "manifest.json", bare)
    found = run(*BOTH)
    assert (found.code, found.err) == (2, "head/manifest.json: it has no code of any model, raw or compiled. Write it again with dbt parse.\n")
    artifacts = aftershock.artifacts_from_bytes(json.dumps(project()).encode())
    with pytest.raises(aftershock.ArtifactError, match=r"Read the base from a file, or give check\(\) its reader, base_reader\.$"):
        aftershock.check(artifacts, artifacts)
