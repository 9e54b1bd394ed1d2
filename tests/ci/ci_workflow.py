"""A little of what GitHub does with a workflow: expressions, steps of a shell, composite actions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import ci_pull_requests as ci
import yaml

if TYPE_CHECKING:
    from pathlib import Path

ACTION: dict[str, Any] = yaml.safe_load((ci.ROOT / "action.yml").read_text("utf-8"))
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
PYTHON = """\
#!/bin/sh
if [ "$1 $2 $3" = "-m pip install" ]; then shift 3; for word in "$@"; do echo "$word"; done > "$INSTALLED"; exit; fi
exec "{python}" "$@"
"""
"""A python that installs nothing, and writes down what it was asked to install."""


class Job(NamedTuple):
    """A job of a workflow on a runner: its checkout, its scratch folder, the folder of its programs, and what expressions can ask for."""

    workspace: Path
    temp: Path
    programs: Path
    contexts: dict[str, Any]


class Ran(NamedTuple):
    """What a step left: its exit code, log and standard error, and the summary and outputs that it wrote."""

    code: int
    log: str
    err: str
    summary: str
    outputs: dict[str, str]


def job(folder: Path, workspace: Path, event: dict[str, Any], *, base_ref: str = "") -> Job:
    """A job of the repository that is checked out in ``workspace``."""
    temp, programs = folder / "temp", folder / "programs"
    temp.mkdir()
    programs.mkdir()
    program(programs, "python", PYTHON.format(python=sys.executable))
    (temp / "event.json").write_text(json.dumps(event), "utf-8")
    return Job(workspace, temp, programs, {"github": {"event": event, "base_ref": base_ref, "action_path": str(ci.ROOT)}, "steps": {}})


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, "utf-8")
    (folder / name).chmod(0o755)


def value(expression: str, contexts: dict[str, Any]) -> str:
    """What an expression comes to; of operators ``||``, ``&&``, ``==`` and ``always()`` are known, without brackets."""
    for mark in ("||", "&&"):
        if mark in expression:
            left, right = (value(part, contexts) for part in expression.split(mark, 1))
            return (left or right) if mark == "||" else (right if left else left)
    if "==" in expression:
        left, right = (value(part, contexts) for part in expression.split("==", 1))
        return "true" if left == right else ""
    word = expression.strip()
    if word.startswith("'") or word == "always()":
        return word.strip("'").replace("always()", "true")
    assert re.fullmatch(r"[\w-]+(\.[\w-]+)+", word), word
    found: Any = contexts
    for part in word.split("."):
        found = found.get(part, "") if isinstance(found, dict) else ""
    return str(found)


def filled(text: object, contexts: dict[str, Any]) -> str:
    return EXPRESSION.sub(lambda found: value(found[1], contexts), str(text))


def outputs(text: str) -> dict[str, str]:
    """Step outputs as GitHub reads them."""
    found = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, arrow, mark = line.partition("<<")
        assert arrow, line
        inner = []
        for each in lines:
            if each == mark:
                break
            inner.append(each)
        found[name] = "\n".join(inner)
    return found


def shell(step: dict[str, Any], at: Job, contexts: dict[str, Any]) -> Ran:
    """Run one step of a shell, as a file, in the step's folder."""
    files = {name: at.temp / name for name in ("output", "summary", "installed", "script.sh")}
    for file in files.values():
        file.write_text("", "utf-8")
    files["script.sh"].write_text(filled(step["run"], contexts), "utf-8")
    environ = {key: text for key, text in os.environ.items() if not key.startswith(("GITHUB_", "AFTERSHOCK_CHECK", "AFTERSHOCK_BASE", "PYTHONPATH"))}
    environ |= {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(at.workspace), "GITHUB_EVENT_PATH": str(at.temp / "event.json")}
    environ |= {"GITHUB_OUTPUT": str(files["output"]), "GITHUB_STEP_SUMMARY": str(files["summary"]), "RUNNER_TEMP": str(at.temp)}
    environ |= {"GITHUB_BASE_REF": at.contexts["github"]["base_ref"], "PATH": f"{at.programs}{os.pathsep}{environ['PATH']}"}
    environ |= {"PYTHONPATH": str(ci.ROOT / "src"), "INSTALLED": str(files["installed"])}
    environ |= {name: filled(text, contexts) for name, text in step.get("env", {}).items()}
    folder = at.workspace / filled(step.get("working-directory", ""), contexts)
    done = subprocess.run([*SHELL, str(files["script.sh"])], cwd=folder, env=environ, capture_output=True, text=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr, files["summary"].read_text("utf-8"), outputs(files["output"].read_text("utf-8")))


def composite(at: Job, **given: str) -> Ran:
    """Run our action with these inputs, dashes written as underscores: what its last step left, with the action's outputs."""
    with_ = {name.replace("_", "-"): text for name, text in given.items()}
    assert set(with_) <= set(ACTION["inputs"])
    inputs = {name: with_.get(name, filled(its.get("default", ""), at.contexts)) for name, its in ACTION["inputs"].items()}
    contexts: dict[str, Any] = {**at.contexts, "inputs": inputs, "steps": {}}
    for step in ACTION["runs"]["steps"]:
        ran = shell(step, at, contexts)
        contexts["steps"][step.get("id", "")] = {"outputs": ran.outputs}
        if ran.code:
            break
    assert set(contexts["steps"].get("check", {}).get("outputs", {})) <= set(ACTION["outputs"]), "an output is not declared"
    return ran._replace(outputs={name: filled(its["value"], contexts) for name, its in ACTION["outputs"].items()})


def documented(language: str) -> list[str]:
    """The blocks of one language on the page about pull requests."""
    page = (ci.ROOT / "docs" / "how-to" / "pull-requests.md").read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def workflow(name: str) -> dict[str, Any]:
    """A file that the page shows, by the comment in its first line."""
    (text,) = [text for text in documented("yml") if text.startswith(f"# {name}\n")]
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def copied(folder: Path, to: Path) -> None:
    """Copy what is in a folder."""
    shutil.copytree(folder, to, dirs_exist_ok=True)
