"""The base of a pull request from a real git repository: settings, files, manifests that a command makes, and the merges of the past."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import ci_pull_requests as ci
import pytest

from aftershock.errors import AftershockError, ArtifactError, ConfigError, UsageError
from aftershock.execute.backtest import backtest
from aftershock.execute.base import (
    Repository,
    commit_of,
    commits_behind,
    files_at,
    gone_since,
    has_commit,
    merges,
    policy_at,
    read_catalog_file,
    repository,
    target_at,
)
from aftershock.model import Policy
from aftershock.render.check.backtest import BACKTEST_FORMATS, render_backtest

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = {
    "metadata": {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.0", "generated_at": "2026-03-01T06:00:00Z",
        "adapter_type": "duckdb", "project_name": "small",
    }
}  # fmt: skip
WRITE = """
import json, os, pathlib
nodes = {}
for path in pathlib.Path("models").glob("*.sql"):
    sql, name = path.read_text(), path.stem
    parents = [f"model.small.{other.stem}" for other in pathlib.Path("models").glob("*.sql") if f"main.{other.stem}" in sql]
    nodes[f"model.small.{name}"] = {
        "unique_id": f"model.small.{name}", "resource_type": "model", "name": name, "package_name": "small", "original_file_path": str(path), "path": path.name,
        "fqn": ["small", name], "depends_on": {"nodes": parents}, "relation_name": f"main.{name}", "schema": "main", "alias": name, "compiled": True,
        "config": {"materialized": "table"}, "raw_code": sql, "compiled_code": sql, "language": "sql",
    }
target = pathlib.Path(os.environ["DBT_TARGET_PATH"])
target.mkdir(parents=True)
(target / "manifest.json").write_text(json.dumps({**MANIFEST, "nodes": nodes}))
"""


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, "utf-8")


def commit(folder: Path, message: str) -> str:
    ci.git(folder, "add", "--all")
    ci.git(folder, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return ci.git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def small(tmp_path: Path) -> Repository:
    """A project in a folder of its repository, with a program that writes its manifest as dbt would."""
    top = tmp_path / "a repository"
    write(top, "transform/dbt_project.yml", "name: small\n")
    write(top, "transform/models/a.sql", "select 1 as x, 2 as y")
    write(top, "transform/models/b.sql", "select x from main.a")
    write(top, "transform/write.py", f"MANIFEST = {json.dumps(MANIFEST)}\n{WRITE}")
    write(top, "aftershock.yml", "docs_url: https://docs.example.com\n")
    ci.git(top, "init", "--quiet", "--initial-branch=main")
    commit(top, "first")
    found = repository(top / "transform")
    assert found is not None
    return found


COMMAND = f'"{sys.executable}" write.py'


def test_a_checkout_and_the_project_in_it(small: Repository, tmp_path: Path) -> None:
    assert (small.top.resolve(), small.folder) == ((tmp_path / "a repository").resolve(), "transform")
    assert small.inside("models/a.sql") == "transform/models/a.sql"
    assert repository(tmp_path) is None
    top = repository(small.top)
    assert top is not None
    assert (top.folder, top.inside("x")) == ("", "x")


def test_names_of_commits(small: Repository) -> None:
    head = ci.git(small.top, "rev-parse", "HEAD").strip()
    assert commit_of(small, "main") == commit_of(small, head[:10]) == head
    assert has_commit(small, "HEAD")
    for name in ("nowhere", "--help", "-x", "", "main:aftershock.yml", "HEAD~99"):
        assert not has_commit(small, name)
        with pytest.raises(UsageError, match="git knows no commit"):
            commit_of(small, name)


def test_files_of_a_commit(small: Repository) -> None:
    write(small.top, "odd name\u00e9.sql", "select '\u00e9'\n\nblob 3\n")
    (small.top / "binary.sql").write_bytes(b"\xff\xfe")
    head = commit(small.top, "second")
    paths = ["odd name\u00e9.sql", "gone.sql", "binary.sql", "transform/models/a.sql", "transform", "a\nb"]
    assert files_at(small, head, paths) == {"odd name\u00e9.sql": "select '\u00e9'\n\nblob 3\n", "transform/models/a.sql": "select 1 as x, 2 as y"}
    assert files_at(small, head, []) == {}
    assert files_at(small, "nowhere", ["transform/models/a.sql"]) == {}


def test_how_far_a_branch_is_behind(small: Repository) -> None:
    ci.git(small.top, "branch", "feature")
    for number in range(3):
        commit(small.top, f"main {number}")
    ci.git(small.top, "checkout", "--quiet", "feature")
    commit(small.top, "own")
    assert (commits_behind(small, "main"), commits_behind(small, "feature"), commits_behind(small, "nowhere"), commits_behind(small, "--all")) == (3, 0, 0, 0)


def test_what_is_gone(small: Repository) -> None:
    first = commit_of(small, "HEAD")
    ci.git(small.top, "mv", "transform/models/a.sql", "transform/models/c.sql")
    assert gone_since(small, "HEAD") == ("transform/models/a.sql",)
    second = commit(small.top, "moved")
    assert gone_since(small, "HEAD") == ()
    assert gone_since(small, first, second) == ("transform/models/a.sql",)
    (small.top / "transform" / "models" / "b.sql").unlink()
    assert gone_since(small, "HEAD") == ("transform/models/b.sql",)


class TestPolicy:
    def test_the_nearest_file_of_the_commit_rules(self, small: Repository) -> None:
        write(small.top, "aftershock.yml", "check: {fail_on: never}\n")
        found = policy_at(small, "main")
        assert (found.docs_url, found.check.fail_on, found.path) == ("https://docs.example.com", "breaking", "main:aftershock.yml")
        write(small.top, "transform/aftershock.yaml", "check: {fail_on: risky}\n")
        commit(small.top, "own settings")
        assert (policy_at(small, "main").check.fail_on, policy_at(small, "main").path) == ("risky", "main:transform/aftershock.yaml")

    def test_without_a_file_the_defaults_rule(self, small: Repository) -> None:
        ci.git(small.top, "rm", "--quiet", "aftershock.yml")
        commit(small.top, "none")
        assert policy_at(small, "HEAD") == Policy()

    def test_one_that_cannot_be_followed_is_named_as_it_is_in_git(self, small: Repository) -> None:
        write(small.top, "aftershock.yml", "\nchek: 1\n")
        commit(small.top, "wrong")
        with pytest.raises(ConfigError) as caught:
            policy_at(small, "main")
        assert caught.value.place == "main:aftershock.yml:2"


class TestTarget:
    def test_a_command_writes_it_in_a_tree_of_its_own(self, small: Repository) -> None:
        head = commit_of(small, "HEAD")
        write(small.top, "transform/models/a.sql", "select 1 as x")
        with target_at(small, head, COMMAND) as target:
            nodes = json.loads((target / "manifest.json").read_text("utf-8"))["nodes"]
            assert nodes["model.small.a"]["raw_code"] == "select 1 as x, 2 as y"
            home = target.parent
        assert not home.exists()
        assert ci.git(small.top, "worktree", "list").count("\n") == 1
        assert (small.top / "transform/models/a.sql").read_text("utf-8") == "select 1 as x"

    def test_hooks_of_the_repository_do_not_run(self, small: Repository) -> None:
        hook = small.top / ".git" / "hooks" / "post-checkout"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{small.top}/ran'\n", "utf-8")
        hook.chmod(0o755)
        with target_at(small, "HEAD", COMMAND):
            pass
        assert not (small.top / "ran").exists()

    def test_a_command_that_fails_says_how(self, small: Repository) -> None:
        with (
            pytest.raises(AftershockError, match=r"it exited with 3 for .*: no profile") as caught,
            target_at(small, commit_of(small, "HEAD"), "echo no profile; exit 3"),
        ):
            pass
        assert caught.value.place == "--base-manifest-cmd"
        assert ci.git(small.top, "worktree", "list").count("\n") == 1

    @pytest.mark.parametrize(
        ("command", "said"),
        [
            ("true", "wrote no manifest.json: it said nothing"),
            ("false", "it exited with 1 for .*: it said nothing"),
            ("echo no dbt here", "wrote no manifest.json: no dbt here"),
        ],
    )
    def test_a_command_that_writes_nothing_says_so(self, small: Repository, command: str, said: str) -> None:
        with pytest.raises(AftershockError, match=said) as caught, target_at(small, commit_of(small, "HEAD"), command):
            pass
        assert "aftershock-base-" not in str(caught.value), "a folder that is gone is of no use"

    def test_a_manifest_of_the_commit_itself_is_not_what_the_command_wrote(self, small: Repository) -> None:
        write(small.top, "transform/target/manifest.json", "{}")
        commit(small.top, "an old target")
        with pytest.raises(AftershockError, match=r"wrote no manifest\.json"), target_at(small, "HEAD", "true"):
            pass
        with target_at(small, "HEAD", "echo {} > target/manifest.json") as target:
            assert target.name == "target"

    def test_a_termination_removes_the_tree(self, small: Repository) -> None:
        project = small.top / "transform"
        with target_at(small, "HEAD", COMMAND) as target:
            (project / "target").mkdir()
            (project / "target" / "manifest.json").write_bytes((target / "manifest.json").read_bytes())
        words = [sys.executable, "-m", "aftershock", "check", "--base-ref", "HEAD", "--base-manifest-cmd", "touch ../../started; exec sleep 60"]
        scratch = small.top.parent / "scratch"
        scratch.mkdir()
        environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {"TMPDIR": str(scratch)}
        with subprocess.Popen(words, cwd=project, env=environ) as process:
            until = time.monotonic() + 60
            while not list(scratch.glob("*/started")):
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 128 + signal.SIGTERM
        assert list(scratch.iterdir()) == []
        assert ci.git(small.top, "worktree", "list").count("\n") == 1

    def test_a_commit_without_the_project_is_an_error(self, small: Repository) -> None:
        with pytest.raises(AftershockError, match="it has no folder elsewhere"), target_at(small._replace(folder="elsewhere"), "HEAD", COMMAND):
            pass

    def test_a_target_path_of_the_machine_is_not_used(self, small: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "mine"))
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
        with target_at(small, "HEAD", COMMAND) as target:
            assert (target / "manifest.json").is_file()
        assert not (tmp_path / "mine").exists()


def test_a_catalog_is_a_file_or_in_a_folder(tmp_path: Path) -> None:
    text = json.dumps({"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"}, "nodes": {}, "sources": {}})
    write(tmp_path, "catalog.json", text)
    write(tmp_path, "monday.json", text)
    assert read_catalog_file(str(tmp_path)) == read_catalog_file(str(tmp_path / "monday.json"))
    for place in (tmp_path / "nowhere.json", tmp_path.parent):
        with pytest.raises(ArtifactError, match=r"there is no catalog\.json"):
            read_catalog_file(str(place))


class TestBacktest:
    def merge(self, small: Repository, name: str, path: str, text: str, *, squashed: bool = False) -> None:
        if not squashed:
            ci.git(small.top, "checkout", "--quiet", "-b", name)
        write(small.top, f"transform/{path}", text)
        commit(small.top, name)
        if not squashed:
            ci.git(small.top, "checkout", "--quiet", "main")
            ci.git(small.top, "merge", "--quiet", "--no-ff", f"--message=Merge {name}", name)

    def test_merges_are_those_of_the_main_line(self, small: Repository) -> None:
        assert merges(small, 5) == ()
        self.merge(small, "squashed", "models/c.sql", "select 1 as z", squashed=True)
        assert [item.subject for item in merges(small, 5)] == ["squashed"]
        self.merge(small, "one", "models/d.sql", "select 1 as z")
        self.merge(small, "two", "models/e.sql", "select 1 as z")
        self.merge(small, "direct", "models/f.sql", "select 1 as z", squashed=True)
        assert [item.subject for item in merges(small, 5)] == ["direct", "Merge two", "Merge one", "squashed"]
        assert [item.subject for item in merges(small, 2)] == ["direct", "Merge two"]

    def test_what_the_policy_would_have_stopped(self, small: Repository) -> None:
        self.merge(small, "comment", "models/b.sql", "select x from main.a -- all of it")
        self.merge(small, "drop", "models/a.sql", "select 2 as y")
        self.merge(small, "broken", "write.py", "raise SystemExit('no profile')")
        said: list[str] = []
        found = backtest(small, 5, COMMAND, Policy(), told=said.append)
        assert [(item.subject, item.outcome) for item in found.tried] == [("Merge broken", "error"), ("Merge drop", "failed"), ("Merge comment", "passed")]
        assert "no profile" in found.tried[0].why
        assert found.tried[1].changes == ("a.x: column-removed",)
        assert [line.partition(" ")[2] for line in said] == ["Merge comment", "Merge drop", "Merge broken"]
        assert ci.git(small.top, "worktree", "list").count("\n") == 1
        text, as_json, document = (render_backtest(found, name) for name in BACKTEST_FORMATS)
        assert text.startswith("The policy would have stopped 1 of 3 merges; 1 could not be checked.\n")
        assert [item["outcome"] for item in json.loads(as_json)["merges"]] == ["error", "failed", "passed"]
        assert "| stopped | `" in document
        never = backtest(small, 2, COMMAND, Policy(), fail_on="never")
        assert [item.outcome for item in never.tried] == ["error", "passed"]

    def test_the_command_line_asks_for_both(self, small: Repository) -> None:
        self.merge(small, "drop", "models/a.sql", "select 2 as y")
        project = small.top / "transform"
        code, out, err = ci.asked(project, "check", "--backtest", "3", "--base-manifest-cmd", COMMAND, "--format", "json")
        assert (code, [item["outcome"] for item in json.loads(out)["merges"]]) == (0, ["failed"])
        assert err.startswith("Checking ")
        with target_at(small, "HEAD", COMMAND) as target:
            words = ("check", "--head", str(target), "--base-ref", "HEAD~1", "--base-manifest-cmd", COMMAND, "--format", "json")
            code, out, _ = ci.asked(project, *words)
        assert code == 2, "a target outside of the project is in no checkout"
        (project / "target").mkdir()
        with target_at(small, "HEAD", COMMAND) as target:
            (project / "target" / "manifest.json").write_bytes((target / "manifest.json").read_bytes())
        code, out, err = ci.asked(project, "check", "--base-ref", "HEAD~1", "--base-manifest-cmd", COMMAND, "--format", "github")
        assert (code, err) == (1, "")
        assert out.startswith("::error file=transform/models/a.sql,line=1,")

    def test_a_history_that_cannot_be_checked_is_an_error(self, small: Repository) -> None:
        self.merge(small, "one", "models/d.sql", "select 1 as z")
        with pytest.raises(UsageError, match="none of 1 merges could be checked") as caught:
            backtest(small, 5, "exit 1", Policy())
        assert ".." not in str(caught.value)
