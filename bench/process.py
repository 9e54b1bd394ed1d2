"""What one command costs: processor time, wall time and peak memory, its children included."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIMIT_S: Final = 120
_LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Run:
    """One finished command. Times in seconds, memory in bytes; `cpu_s` is user and system together."""

    exit_code: int
    cpu_s: float
    wall_s: float
    peak_bytes: int
    stdout: str
    error: str
    """Its last line on standard error where it failed, else empty."""


def run(  # noqa: PLR0913 - what a command is run with
    command: Sequence[str],
    scratch: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    tty: bool = False,
    limit_s: float = LIMIT_S,
) -> Run:
    """Run one command to its end and return its cost and output.

    A command that cannot start has exit code 127, one that is stopped for taking longer than `limit_s` 124.
    """
    report = scratch / "run"
    launcher = [sys.executable, "-S", "-E", str(_LAUNCH), str(report), *(["--tty"] if tty else []), "--", *command]
    surroundings = {**os.environ, **(env or {})}
    started = subprocess.Popen(launcher, env=surroundings, cwd=cwd, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        _, complaint = started.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)  # the session that was started here, and no other
        started.communicate()
        return Run(124, 0.0, 0.0, 0, "", f"stopped after {limit_s:g} s")
    if started.returncode:
        return Run(127, 0.0, 0.0, 0, "", _last_line(complaint))
    cost = json.loads(report.with_suffix(".json").read_text())
    stdout = report.with_suffix(".out").read_text(errors="replace")
    stderr = report.with_suffix(".err").read_text(errors="replace")
    failed = cost["exit_code"] != 0
    return Run(**cost, stdout=stdout, error=_last_line(stderr or stdout) if failed else "")


def _last_line(text: str) -> str:
    """Return the last line that says something, shortened."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:160] if lines else "no message"
