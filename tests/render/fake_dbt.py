"""A project folder with a dbt that only writes down how it was called, and plans run there by a real bash."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from aftershock.render.plan import render_plan

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.model import Report

DBT = """\
#!/bin/bash
number=$(($(ls "$CALLS" | wc -l) + 1))
printf '%s\\0' "${0##*/}" "$@" > "$CALLS/$(printf '%03d' "$number")"
[[ -z $(cat) ]] || exit 99
if [[ $2 != freshness ]]; then
  mkdir -p "${WRITES:-target}" && printf '%s' "run $number" > "${WRITES:-target}/run_results.json"
fi
[[ ${FAILS:-0} != "$number" ]] || exit 7
"""


class Ran(NamedTuple):
    """How a script ended, and the words of every command that it called."""

    code: int
    out: str
    err: str
    calls: list[tuple[str, ...]]


class Place:
    """A dbt project's folder with a fake dbt beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.programs = folder / "programs"
        self.calls = folder / "calls"
        for path in (self.folder, self.programs, self.calls, self.folder / "target"):
            path.mkdir()
        (self.folder / "dbt_project.yml").write_text("name: shop\n")
        (self.folder / "target" / "run_results.json").write_text("the incident")
        self.program("dbt")

    def program(self, name: str) -> None:
        path = self.programs / name
        path.write_text(DBT)
        path.chmod(0o755)

    def run(self, report: Report, *words: str, **environ: str) -> Ran:
        script = self.folder.parent / "plan.sh"
        script.write_text(render_plan(report, "sh"), "utf-8")
        for path in self.calls.iterdir():
            path.unlink()
        done = subprocess.run(
            ["bash", str(script), *words], cwd=self.folder, env=self.environ(**environ), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode(), self.called())

    def environ(self, **more: str) -> dict[str, str]:
        base = {key: value for key, value in os.environ.items() if not key.startswith("DBT_")}
        return {**base, "PATH": f"{self.programs}:{os.environ['PATH']}", "CALLS": str(self.calls), **more}

    def called(self) -> list[tuple[str, ...]]:
        calls = [path.read_bytes().split(b"\0")[:-1] for path in sorted(self.calls.iterdir())]
        return [tuple(word.decode("utf-8", "surrogateescape") for word in words) for words in calls]

    def kept(self, folder: str = "target-recovery") -> dict[str, str]:
        place = self.folder / folder
        return {path.name: path.read_text() for path in sorted(place.iterdir())} if place.is_dir() else {}
