"""The hook, installed and run by the real pre-commit: it makes an environment of its own, so this takes a minute."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import ci_pull_requests as ci
import pytest
import yaml

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = ("src", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")


def test_the_hook_is_what_the_documentation_says() -> None:
    (hook,) = yaml.safe_load((ci.ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert hook["entry"] == "aftershock check --changed"
    assert (hook["language"], hook["types_or"], hook["require_serial"]) == ("python", ["sql", "yaml"], True)
    page = (ci.ROOT / "docs" / "how-to" / "pull-requests.md").read_text("utf-8")
    assert f"id: {hook['id']}" in page
    assert "args: [--base, prod-target]" in page


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of aftershock as it is here."""
    repository = tmp_path_factory.mktemp("aftershock")
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


def pre_commit(repository: Path, hook: Path, home: Path) -> subprocess.CompletedProcess[str]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PYTHONPATH"))}
    environ |= {"PRE_COMMIT_HOME": str(home), "AFTERSHOCK_BASE": "prod"}
    words = [sys.executable, "-m", "pre_commit", "try-repo", str(hook), "aftershock-check", "--verbose"]
    return subprocess.run(words, cwd=repository, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.dbt
def test_pre_commit_runs_it(tmp_path: Path, hook: Path) -> None:
    repository = ci.shop(tmp_path)
    ci.edit(repository, ci.PULL_REQUESTS["cosmetic"])
    ci.git(repository, "add", "--all")
    passed = pre_commit(repository, hook, tmp_path / "home")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "Nothing changed for anybody downstream." in passed.stdout
    ci.git(repository, "reset", "--hard", "--quiet")
    ci.edit(repository, ci.PULL_REQUESTS["drop"])
    ci.git(repository, "rm", "--quiet", "models/marts/marketing/churn_features.sql")
    ci.git(repository, "add", "--all")
    failed = pre_commit(repository, hook, tmp_path / "home")
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "exit code: 1" in failed.stdout
    assert "stg_orders.status" in failed.stdout
    assert "churn_features" in failed.stdout, "a file that is gone is not passed by pre-commit"
