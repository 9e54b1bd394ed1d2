"""The workflows that the page about pull requests shows: they are what they call, and they do what the page says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import ci_action_cases as cases
import ci_dbt
import ci_pull_requests as ci
import ci_workflow as wf
import pytest
import yaml

if TYPE_CHECKING:
    from pathlib import Path

CHECK, COMMENT = ".github/workflows/check.yml", ".github/workflows/comment.yml"
DBT = """\
#!/bin/sh
[ "$1" = parse ] || exit 0
if grep -q "^    status,$" models/staging/stg_orders.sql; then name=main; else name=drop; fi
mkdir -p "${{DBT_TARGET_PATH:-target}}" && cp "{made}/$name/manifest.json" "${{DBT_TARGET_PATH:-target}}"
"""
"""A dbt that is quick: what the real one made of this very tree."""
GH = """\
#!{python}
import json, os, pathlib, subprocess, sys
words, folder = sys.argv[1:], pathlib.Path({folder!r})
with (folder / "gh.log").open("a") as log:
    log.write(json.dumps(words) + "\\n")
if words[:2] == ["run", "download"]:
    pathlib.Path("comment.md").write_text((folder / "artifact.md").read_text())
elif "--jq" in words:
    (path,) = [word for word in words if word.startswith("repos/")]
    answer = json.loads((folder / "github.json").read_text())[path]
    print(subprocess.run(["jq", "--raw-output", words[words.index("--jq") + 1]], input=json.dumps(answer), text=True, capture_output=True, check=True).stdout, end="")
"""
"""A gh that answers from files, with the real jq."""


def blocks() -> list[tuple[str, Any]]:
    """Every step of every block: the shell's text, or what it uses and hands over."""
    return [(text, yaml.safe_load(text)) for text in wf.documented("yml")]


def steps(found: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # any YAML
    if isinstance(found, list):
        return [step for part in found for step in (steps(part) if isinstance(part, list | dict) else [])]
    mine = [found] if "uses" in found or "run" in found else []
    return mine + [step for part in found.values() if isinstance(part, list | dict) for step in steps(part)]


def test_what_is_asked_of_the_action_is_an_input_and_what_is_read_of_it_an_output() -> None:
    used = [step for _, block in blocks() for step in steps(block) if str(step.get("uses", "")).startswith("OWNER/aftershock@")]
    assert used
    assert all(step["id"] == "check" and set(step["with"]) <= set(wf.ACTION["inputs"]) for step in used)
    read = {name for text, _ in blocks() for name in re.findall(r"steps\.check\.outputs\.([\w-]+)", text)}
    assert read
    assert read <= set(wf.ACTION["outputs"])
    page = (ci.ROOT / "docs" / "how-to" / "pull-requests.md").read_text("utf-8")
    table = page[page.index("| output | value |") : page.index("Without `base-ref` the action")]
    first = [name for row in table.splitlines() if row.startswith("|") for name in re.findall(r"`([\w-]+)`", row.split("|")[1])]
    assert sorted(first) == sorted(wf.ACTION["outputs"])


def test_no_shell_is_given_text_of_a_pull_request() -> None:
    found = [step for _, block in blocks() for step in steps(block) if "run" in step]
    assert found
    assert all("${{" not in step["run"] for step in found)


def scripts() -> list[str]:
    gitlab = next(block["aftershock"]["script"] for _, block in blocks() if "aftershock" in block)
    return [*(step["run"] for _, block in blocks() for step in steps(block) if "run" in step), "\n".join(gitlab), *wf.documented("bash")]


def test_every_script_is_one(tmp_path: Path) -> None:
    found = scripts()
    assert len(found) > 4
    for number, text in enumerate(found):
        file = tmp_path / f"{number}.sh"
        file.write_text(f"#!/bin/bash\n{text}\n", "utf-8")
        done = subprocess.run(["bash", "-n", str(file)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        if shutil.which("shellcheck"):
            done = subprocess.run(["shellcheck", str(file)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout


@pytest.fixture
def job(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> wf.Job:
    """A runner with a checkout of the pull request that drops a column, and a quick dbt."""
    made = ci_dbt.made(tmp_path_factory)
    monkeypatch.setenv("AFTERSHOCK_CACHE_DIR", str(made.cache))
    repository, event = cases.checkout(made, tmp_path, cases.CASES["drop"])
    found = wf.job(tmp_path, repository, event, base_ref="main")
    wf.program(found.programs, "pip", "#!/bin/sh\n")
    wf.program(found.programs, "dbt", DBT.format(made=made.folder / "made"))
    wf.program(found.programs, "aftershock", f'#!/bin/sh\nexec "{sys.executable}" -m aftershock "$@"\n')
    return found


def github_job(at: wf.Job, found: list[dict[str, Any]]) -> tuple[int, dict[str, str]]:
    """Run the steps of a job: its exit code, and what was uploaded, by name."""
    uploaded: dict[str, str] = {}
    code = 0
    for step in found:
        if not wf.value(step["if"], at.contexts) if "if" in step else code:
            continue
        uses, given = str(step.get("uses", "")), {name: wf.filled(text, at.contexts) for name, text in step.get("with", {}).items()}
        if uses.startswith("OWNER/aftershock@"):
            ran = wf.composite(at, **given)
            at.contexts["steps"][step["id"]] = {"outputs": ran.outputs}
        elif "run" in step:
            ran = wf.shell(step, at, at.contexts)
        else:
            if uses.startswith("actions/upload-artifact@"):
                uploaded[given["name"]] = (at.workspace / given["path"]).read_text("utf-8")
            continue
        code = code or ran.code
    return code, uploaded


@pytest.mark.dbt
def test_the_workflow_for_github_fails_the_pull_request_and_leaves_its_comment(job: wf.Job) -> None:
    code, uploaded = github_job(job, wf.workflow(CHECK)["jobs"]["check"]["steps"])
    assert code == 1
    assert ci.VARYING.sub("…", uploaded["aftershock"]) == (cases.GOLDEN / "drop" / "summary.md").read_text("utf-8")


@pytest.mark.dbt
def test_the_script_for_gitlab_fails_the_merge_request_and_leaves_its_reports(job: wf.Job, tmp_path_factory: pytest.TempPathFactory) -> None:
    found = next(block["aftershock"] for _, block in blocks() if "aftershock" in block)
    base = ci.git(job.workspace, "rev-parse", "origin/main").strip()
    ran = wf.shell({"run": "\n".join(found["script"]), "env": {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base}}, job, job.contexts)
    assert ran.code == 1, ran.err
    reports = found["artifacts"]["reports"]
    quality = json.loads((job.workspace / reports["codequality"]).read_text("utf-8"))
    assert [(issue["check_name"], issue["location"]["path"]) for issue in quality] == [("column-removed", ci.ORDERS)]
    assert "<failure" in (job.workspace / reports["junit"]).read_text("utf-8")
    assert all((job.workspace / path).exists() for path in found["artifacts"]["paths"])
    (plain,) = [text for text in wf.documented("bash") if "prod-target" in text and "dbt parse\n" in text]
    (job.workspace / "prod-target").mkdir()
    (job.workspace / "prod-target" / "manifest.json").write_bytes(ci_dbt.made(tmp_path_factory).manifest("main"))
    ran = wf.shell({"run": plain}, job, job.contexts)
    assert ran.code == 1, ran.err
    assert (job.workspace / "comment.md").exists()


OURS = {"id": 5, "user": {"type": "Bot"}, "body": "<!-- aftershock:check -->\nold"}
OTHERS = [
    {"id": 3, "user": {"type": "User"}, "body": "<!-- aftershock:check -->\nsomebody's own"},
    {"id": 4, "user": {"type": "Bot"}, "body": "another's"},
]


@pytest.mark.skipif(shutil.which("jq") is None, reason="gh has a jq of its own, which is told by the real one here")
@pytest.mark.parametrize(
    ("comments", "sha", "posted"),
    [
        (OTHERS, "abc", ["api", "repos/o/r/issues/7/comments", "--field", "body=@comment.md"]),
        ([*OTHERS, OURS], "abc", ["api", "--method", "PATCH", "repos/o/r/issues/comments/5", "--field", "body=@comment.md"]),
        ([OURS], "older", None),
    ],
)
def test_the_comment_is_posted_once_and_then_updated(comments: list[dict[str, Any]], sha: str, posted: list[str] | None, tmp_path: Path) -> None:
    found = wf.workflow(COMMENT)["jobs"]["comment"]
    head = {"id": 99, "head_sha": sha, "head_branch": "a b;c", "head_repository": {"owner": {"login": "eve"}}, "event": "pull_request"}
    at = wf.job(tmp_path, tmp_path, {"workflow_run": head})
    at.contexts["github"] |= {"repository": "o/r", "token": "t"}
    assert wf.value(found["if"], at.contexts) == "true"
    pulls = [{"number": 6, "head": {"sha": "other"}}, {"number": 7, "head": {"sha": "abc"}}]
    (tmp_path / "github.json").write_text(json.dumps({"repos/o/r/pulls": pulls, "repos/o/r/issues/7/comments": comments}), "utf-8")
    (tmp_path / "artifact.md").write_text("<!-- aftershock:check -->\nnew\n", "utf-8")
    wf.program(at.programs, "gh", GH.format(python=sys.executable, folder=str(tmp_path)))
    (step,) = found["steps"]
    environ = {name: wf.filled(text, at.contexts) for name, text in found["env"].items()}
    ran = wf.shell({**step, "env": environ}, at, at.contexts)
    assert ran.code == 0, ran.err
    calls = [json.loads(line) for line in (tmp_path / "gh.log").read_text("utf-8").splitlines()]
    assert calls[0] == ["run", "download", "99", "--repo", "o/r", "--name", "aftershock"]
    assert "head=eve:a b;c" in calls[1]
    assert calls[-1] == posted or posted is None
    assert posted is not None or not any("body=@comment.md" in call for call in calls)
