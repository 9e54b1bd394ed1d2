"""Branches of shop with the manifests that dbt makes of them: one process of dbt for all, whichever test asks first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import ci_edits
import ci_pull_requests as ci
from tests.once import once

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

NO_DBT = {"deleted"}
"""Pull requests that dbt itself refuses: a model reads one that is gone."""

MAKE = """
import json, os, pathlib, shutil, subprocess, sys, time
from dbt.cli.main import dbtRunner

refs = json.loads(sys.argv[1])
made = pathlib.Path(sys.argv[2])
dbt = dbtRunner()
for ref, (name, words) in refs.items():
    subprocess.run(["git", "checkout", "--quiet", "--force", "--detach", ref], check=True)
    if not pathlib.Path("dbt_packages").exists():
        assert dbt.invoke(["--quiet", "deps"]).success
    done = dbt.invoke(["--quiet", *words])
    assert done.success, (name, done.exception)
    (made / name).mkdir()
    shutil.copy("target/manifest.json", made / name)
    if name == "main":
        time.sleep(1)  # so that no head is of the base's second
"""
"""Check out each commit, and keep the manifest that dbt makes of it; what did not change is not parsed again."""


class Made:
    """A repository ``origin`` with ``main`` and a branch for each pull request, and the manifests of all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.origin = folder / "origin" / "repository"

    def manifest(self, name: str) -> bytes:
        """What dbt wrote for a branch."""
        return (self.folder / "made" / name / "manifest.json").read_bytes()

    @property
    def cache(self) -> Path:
        """A cache that all may use, since they compare with the same base."""
        return self.folder / "cache"


def made(factory: pytest.TempPathFactory) -> Made:
    """All of it, made by whichever test asks first, in whichever process."""
    return Made(once(factory, "dbt", make))


def make(folder: Path) -> None:
    """All of it in a folder that is there."""
    origin = ci.shop(folder / "origin")
    branches: dict[str, Sequence[ci.Edit]] = {name: request.edits for name, request in ci.PULL_REQUESTS.items() if name not in NO_DBT}
    branches |= ci_edits.BRANCHES
    for name, edits in branches.items():
        ci.git(origin, "checkout", "--quiet", "-b", name, "main")
        for one in edits:
            ci.edit(origin, ci.PullRequest(0, (one,)))
        ci.git(origin, "add", "--all")
        ci.git(origin, "commit", "--quiet", f"--message={name}")
    ci.git(origin, "checkout", "--quiet", "main")
    ci.git(folder, "clone", "--quiet", str(origin), "clone")
    whole = ["parse", "--no-partial-parse"]
    refs = {"origin/main": ("main", ["parse"])} | {f"origin/{name}": (name, whole if name in ci_edits.BRANCHES else ["parse"]) for name in branches}
    (folder / "made").mkdir()
    environ = {key: text for key, text in os.environ.items() if not key.startswith(("GIT_", "DBT_"))} | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    words = [sys.executable, "-c", MAKE, json.dumps(refs), str(folder / "made")]
    done = subprocess.run(words, cwd=folder / "clone", env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
