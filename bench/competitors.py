"""The field's tools that answer "what is downstream of X", and aftershock, each in a virtual environment of its own.

Run as `python -m bench.competitors` to install them under `bench/.envs/` (ignored by git); a tool that is there is left alone.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ENVIRONMENTS: Final = Path(__file__).parent / ".envs"


@dataclass(frozen=True, slots=True)
class Competitor:
    """A tool on the Python package index: what to install, and the program that it brings."""

    name: str
    requirements: tuple[str, ...]
    program: str

    @property
    def executable(self) -> Path:
        """Where the program is once installed."""
        return ENVIRONMENTS / self.name / "bin" / self.program


DLIN: Final = Competitor("dlin-cli", ("dlin-cli==0.2.6",), "dlin")
PATHFINDER: Final = Competitor(
    "dbt-pathfinder",
    ("dbt-pathfinder==0.5.0", "click"),  # it imports click, which it does not require
    "dbt-pathfinder",
)
IMPACTGRAPH: Final = Competitor("impactgraph", ("impactgraph==0.7.6",), "impactgraph")
OURS: Final = Competitor("aftershock", (str(Path(__file__).parent.parent),), "aftershock")
COMPETITORS: Final = (DLIN, PATHFINDER, IMPACTGRAPH)


def install(competitor: Competitor) -> str:
    """Install a tool unless it is there; return why it could not be installed, or an empty string."""
    return "" if competitor.executable.exists() else _install(competitor.name, competitor.requirements)


def install_ours() -> str:
    """Install aftershock from this tree, as its users have it: a wheel, compiled, beside nothing but what it requires.

    Measured in its development environment it would look slower than it is. Returns why it could not be
    installed, or an empty string.
    """
    return _install(OURS.name, ("--upgrade", *OURS.requirements))


def _install(name: str, arguments: tuple[str, ...]) -> str:
    """Run pip in the environment of this name, made where it is missing; return its error, or an empty string."""
    home = ENVIRONMENTS / name
    if not (home / "bin" / "python").exists():
        venv.create(home, with_pip=True, clear=True)
    pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--compile"]
    done = subprocess.run([*pip, *arguments], check=False, capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return errors[-1] if errors else f"pip: exit {done.returncode}"


def install_all() -> dict[str, str]:
    """Install every competitor, and aftershock as it is now; return the problem of each that failed, by its name."""
    problems = {tool.name: install(tool) for tool in COMPETITORS} | {OURS.name: install_ours()}
    return {name: problem for name, problem in problems.items() if problem}


def main() -> int:
    """Install every tool and say which failed."""
    failed = install_all()
    for name, problem in failed.items():
        print(f"{name}: {problem}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
