"""The hook, installed and run by the real pre-commit as the documentation says: it makes an environment of its own, so this takes a minute."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import ci_pull_requests as ci
import ci_workflow as wf
import pytest
import yaml

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = ("src", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")


def test_the_hook_is_what_the_documentation_says() -> None:
    (hook,) = yaml.safe_load((ci.ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert hook["entry"] == "aftershock check --changed"
    assert (hook["language"], hook["pass_filenames"]) == ("python", False), "pre-commit names no file that is deleted, and parts long lists"
    assert hook["always_run"], "a commit that only deletes files must not pass unseen"
    ((repository,),) = yaml.safe_load(_documented()).values()
    assert repository["hooks"] == [{"id": hook["id"], "args": ["--base", "prod-target"]}]


def _documented() -> str:
    (found,) = [text for text in wf.documented("yml") if text.startswith("# .pre-commit-config.yaml\n")]
    return found


def _hook(folder: Path) -> Path:
    """A repository of aftershock as it is here."""
    repository = folder / "aftershock"
    repository.mkdir()
    for name in PACKAGE:
        source = ci.ROOT / name
        if source.is_dir():
            shutil.copytree(source, repository / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, repository)
    ci.git(repository, "init", "--quiet", "--initial-branch=main")
    ci.git(repository, "add", "--all")
    ci.git(repository, "commit", "--quiet", "--message=aftershock")
    return repository


def pre_commit(repository: Path, home: Path, *words: str) -> tuple[int, str]:
    environ = {
        key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PRE_COMMIT", "PYTHONPATH", "AFTERSHOCK_BASE")) and key != "CI"
    } | {"PRE_COMMIT_HOME": str(home)}
    command = [sys.executable, "-m", "pre_commit", *words]
    done = subprocess.run(command, cwd=repository, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, ci.VARYING.sub("…", done.stdout + done.stderr)


@pytest.mark.dbt
def test_pre_commit_says_of_each_pull_request_what_the_command_says(tmp_path: Path) -> None:
    repository, hook, home = ci.shop(tmp_path), _hook(tmp_path), tmp_path / "home"
    config = yaml.safe_load(_documented())
    config["repos"][0] |= {"repo": str(hook), "rev": ci.git(hook, "rev-parse", "HEAD").strip()}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    (repository / "prod").rename(repository / "prod-target")
    (repository / ".gitignore").write_text("target\nprod-target\n", "utf-8")
    ci.git(repository, "add", "--all")
    ci.git(repository, "commit", "--quiet", "--message=The hook")
    code, said = pre_commit(repository, home, "install-hooks")
    assert code == 0, said
    for name, request in ci.PULL_REQUESTS.items():
        ci.edit(repository, request)
        ci.git(repository, "add", "--all")
        code, said = pre_commit(repository, home, "run", "--verbose")
        assert code == min(request.code, 1), f"{name}: {said}"
        status, _, shown = said.partition("\n\n")
        assert ("exit code: 2" in status, "exit code: 1" in status) == (request.code == 2, request.code == 1), f"{name}: {said}"
        assert shown.strip() == _alone(repository), name
        ci.git(repository, "reset", "--hard", "--quiet")
    ci.git(repository, "checkout", "--quiet", "-b", "feature")
    for name in ("deleted", "drop"):
        ci.edit(repository, ci.PULL_REQUESTS[name])
        ci.git(repository, "commit", "--quiet", "--all", f"--message={name}")
    code, said = pre_commit(repository, home, "run", "--from-ref", "main", "--to-ref", "HEAD")
    assert code == 1
    assert all(name in said for name in ("stg_orders.status", "stg_refunds")), said
    code, said = pre_commit(repository, home, "run", "--all-files")
    assert code == 1
    assert "Git does not say what was changed" in said


def _alone(repository: Path) -> str:
    """What the command says without pre-commit."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv("CI", raising=False)
        _, out, err = ci.asked(repository, "check", "--base", "prod-target", "--changed")
    assert not err
    return ci.VARYING.sub("…", out).strip()
