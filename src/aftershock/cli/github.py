"""``python -m aftershock.cli.github``: ``aftershock check`` as a step of a GitHub workflow.

What the step is asked for it reads from environment variables, which ``action.yml`` fills from its inputs; nothing of them passes through a shell. It writes
the job's summary, the step's outputs and annotations, and posts nothing: that is for a workflow that does not run a pull request's code. It is started in the
action's own folder and goes to the project itself: Python looks for modules where it is started, and a pull request could leave some there.
"""

from __future__ import annotations

import io
import os
import secrets
import sys
import tempfile
from contextlib import redirect_stderr
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
COULD_NOT_RUN = 2
NOT_RUN = """\
<!-- aftershock:check -->
### aftershock check: ❔ could not run

Nothing was checked.

"""
"""The comment where there is no answer: without it the one of an earlier run would stay and look like this one's."""


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
    """Run the command, and tell what it says at the changed lines."""
    folder = Path(tempfile.mkdtemp(prefix="aftershock-", dir=environ.get("RUNNER_TEMP") or None))
    also = [word for format_, file in FILES.items() for word in ("--also", f"{format_}={folder / file}")]
    code, errors = _muted(environ, also)
    report, annotations, comment = (folder / FILES[format_] for format_ in ("json", "github", "markdown"))
    if annotations.exists():
        sys.stdout.write(annotations.read_text("utf-8"))
    if not report.exists():
        comment.write_text(NOT_RUN + "".join(f"    {aftershock.terminal_text(line)[:1000]}\n" for line in errors.splitlines()[-20:]), "utf-8")
        sys.stdout.write(f"::error title=aftershock check could not run::{_message(errors)}\n")
    sys.stdout.flush()
    return Run(code, folder, msgspec.json.decode(report.read_bytes(), type=_Document) if report.exists() else _Document())


def _muted(environ: Mapping[str, str], also: list[str]) -> tuple[int, str]:
    """The exit code of the command and its standard error. While it prints, GitHub takes no line for a command: names come from pull requests."""
    token, errors = secrets.token_hex(16), io.StringIO()
    sys.stdout.write(f"::stop-commands::{token}\n")
    sys.stdout.flush()
    try:
        with redirect_stderr(errors):
            code = _entered(environ) or main([*words(environ), *also])
    finally:
        sys.stderr.write(errors.getvalue())
        sys.stderr.flush()
        sys.stdout.write(f"\n::{token}::\n")
    return code, errors.getvalue()


def _entered(environ: Mapping[str, str]) -> int:
    """Go to the dbt project's folder, if one is given; returns an exit code, 0 where it is there."""
    given = environ.get("AFTERSHOCK_CHECK_WORKING_DIRECTORY", "")
    try:
        os.chdir(Path(environ.get("GITHUB_WORKSPACE", ""), given) if given else Path())
    except OSError as error:
        problem = aftershock.UsageError(given, (error.strerror or "it cannot be entered").lower(), "Give the dbt project's folder as working-directory")
        sys.stderr.write(f"{aftershock.error_line(problem)}\n")
        return COULD_NOT_RUN
    return 0


def _message(text: str) -> str:
    """Text as the message of a workflow command."""
    return aftershock.terminal_text(" ".join(text.split()))[:2000].replace("%", "%25").replace("##[", "## [")


def _summary(run: Run) -> str:
    return (run.folder / FILES["markdown"]).read_text("utf-8")[:MOST_BYTES]


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
