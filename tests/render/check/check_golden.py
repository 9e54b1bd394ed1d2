"""Whole outputs, kept beside this file. ``python tests/render/check/check_golden.py`` writes them anew: look at the difference before you keep it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import check_reports as reports

from aftershock.render.check import render_check

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "golden"
CASES: dict[str, Callable[[], str]] = {
    "realistic.txt": lambda: render_check(reports.realistic(), "text"),
    "realistic-60.txt": lambda: render_check(reports.realistic(), "text", width=60, colour=True),
    "realistic-all.txt": lambda: render_check(reports.realistic(), "text", show_all=True),
    "realistic.md": lambda: render_check(reports.realistic(), "markdown", prefix="transform"),
    "realistic.json": lambda: render_check(reports.realistic(), "json"),
    "realistic.github": lambda: render_check(reports.realistic(), "github", prefix="transform"),
    "realistic.sarif": lambda: render_check(reports.realistic(), "sarif", prefix="transform"),
    "realistic.gitlab.json": lambda: render_check(reports.realistic(), "gitlab", prefix="transform"),
    "realistic.junit.xml": lambda: render_check(reports.realistic(), "junit", prefix="transform"),
    "nothing.txt": lambda: render_check(reports.nothing(), "text"),
    "nothing.md": lambda: render_check(reports.nothing(), "markdown"),
    "large.txt": lambda: render_check(reports.large(), "text"),
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, make in CASES.items():
        (FOLDER / name).write_bytes(make().encode())


if __name__ == "__main__":
    main()
