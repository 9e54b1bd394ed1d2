"""``python -m aftershock.cli.github``: ``aftershock check`` as a step of a GitHub workflow.

What the step is asked for it reads from environment variables, which ``action.yml`` fills from its inputs; nothing of them passes through a shell. It writes
the job's summary, the step's outputs and annotations, and posts nothing: that is for a workflow that does not run a pull request's code.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import msgspec

import aftershock
from aftershock.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTIONS = ("base", "head", "base-ref", "base-manifest-cmd", "base-catalog", "head-catalog", "config", "fail-on", "vars", "dialect")
"""Inputs that are options of the command, by the same names."""
FILES = {"markdown": "comment.md", "json": "check.json", "sarif": "check.sarif", "github": "annotations.txt"}
MOST_BYTES = 1_000_000
"""GitHub takes a mebibyte of summary from one step."""


class _Severity(msgspec.Struct):
    level: str = ""


class _Change(msgspec.Struct):
    verdict: str = ""
    acknowledged: str = ""


class _Document(msgspec.Struct):
    """What is read of the JSON output."""

    verdict: str = ""
    outcome: str = ""
    severity: _Severity | None = None
    changes: list[_Change] = []


class Run(NamedTuple):
    """What the command did: its exit code, the files that it wrote, and what they say."""

    code: int
    folder: Path
    document: _Document


def step(environ: Mapping[str, str]) -> int:
    """Check, and tell GitHub.

    Args:
        environ: GitHub's variables and those of ``action.yml``.

    Returns:
        The exit code of ``aftershock check``.
    """
    run = _check(environ)
    _append(environ.get("GITHUB_STEP_SUMMARY", ""), _summary(run))
    _append(environ.get("GITHUB_OUTPUT", ""), "".join(_output(name, value) for name, value in _outputs(run).items()))
    return run.code


def words(environ: Mapping[str, str]) -> list[str]:
    """The command line that the inputs ask for, without what it writes."""
    given = {name: environ.get(_variable(name), "") for name in OPTIONS}
    if not given["base-ref"] and not given["config"]:
        given["base-ref"] = _base_ref(environ)
    return ["check", *(word for name, value in given.items() if value for word in (f"--{name}", value))]


def _variable(name: str) -> str:
    return f"AFTERSHOCK_CHECK_{name.upper().replace('-', '_')}"


def _base_ref(environ: Mapping[str, str]) -> str:
    """The commit that a pull request goes onto, if it is here: what GitHub says of it, then the branch."""
    checkout = aftershock.repository(Path())
    branch = environ.get("GITHUB_BASE_REF", "")
    known = (environ.get("AFTERSHOCK_CHECK_BASE_SHA", ""), f"origin/{branch}" if branch else "")
    return next((ref for ref in known if ref and checkout is not None and aftershock.has_commit(checkout, ref)), "")


def _check(environ: Mapping[str, str]) -> Run:
    """Run the command. While it prints, GitHub takes no line for a command: names come from pull requests."""
    folder = Path(tempfile.mkdtemp(prefix="aftershock-", dir=environ.get("RUNNER_TEMP") or None))
    also = [word for format_, file in FILES.items() for word in ("--also", f"{format_}={folder / file}")]
    token = secrets.token_hex(16)
    sys.stdout.write(f"::stop-commands::{token}\n")
    sys.stdout.flush()
    try:
        code = main([*words(environ), *also])
    finally:
        sys.stderr.flush()
        sys.stdout.write(f"\n::{token}::\n")
    annotations = folder / FILES["github"]
    if annotations.exists():
        sys.stdout.write(annotations.read_text("utf-8"))
    sys.stdout.flush()
    report = folder / FILES["json"]
    return Run(code, folder, msgspec.json.decode(report.read_bytes(), type=_Document) if report.exists() else _Document())


def _summary(run: Run) -> str:
    comment = run.folder / FILES["markdown"]
    if not comment.exists():
        return "### aftershock check: could not run\n\nThe log of this step says why.\n"
    return comment.read_text("utf-8")[:MOST_BYTES]


def _outputs(run: Run) -> dict[str, str]:
    counted = [change.verdict for change in run.document.changes if not change.acknowledged]
    found = {
        "exit-code": str(run.code),
        "outcome": run.document.outcome or "error",
        "verdict": run.document.verdict,
        "severity": run.document.severity.level if run.document.severity is not None else "",
        "breaking": str(counted.count("breaking")),
        "risky": str(counted.count("risky")),
    }
    files = {"comment-file": "markdown", "json-file": "json", "sarif-file": "sarif"}
    return found | {name: str(path) for name, format_ in files.items() if (path := run.folder / FILES[format_]).exists()}


def _output(name: str, value: str) -> str:
    """One output, whatever lines its value has: none of them can be the end mark, which nobody knows before."""
    mark = f"aftershock_{secrets.token_hex(16)}"
    return f"{name}<<{mark}\n{value}\n{mark}\n"


def _append(path: str, text: str) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)


def run() -> NoReturn:
    """The module as a program."""
    raise SystemExit(step(os.environ))


if __name__ == "__main__":
    run()
