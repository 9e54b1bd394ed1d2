"""Whole outputs, kept as files beside this one. ``python tests/render/golden.py`` writes them anew: look at the difference before you keep it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import reports

from aftershock.render import render

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "golden"

CASES: dict[str, Callable[[], str]] = {
    "realistic-80.txt": lambda: render(reports.realistic(), "text", width=80),
    "realistic-120.txt": lambda: render(reports.realistic(), "text", width=120),
    "realistic-all.txt": lambda: render(reports.realistic(), "text", show_all=True),
    "realistic-colour.txt": lambda: render(reports.realistic(), "text", colour=True),
    "empty.txt": lambda: render(reports.empty(), "text"),
    "large-100.txt": lambda: render(reports.large(), "text"),
    "large-few-steps.txt": lambda: render(reports.large(500, 1), "text"),
    "realistic.md": lambda: render(reports.realistic(), "markdown"),
    "empty.md": lambda: render(reports.empty(), "markdown"),
    "hostile.md": lambda: render(reports.hostile(reports.Voice(reports.ATTACKS)), "markdown"),
    "hostile.txt": lambda: render(reports.hostile(reports.Voice(reports.ATTACKS)), "text", show_all=True),
    "realistic.json": lambda: render(reports.realistic(), "json"),
    "realistic.mmd": lambda: render(reports.realistic(), "mermaid"),
    "realistic.dot": lambda: render(reports.realistic(), "dot"),
}


def main() -> None:
    for name, make in CASES.items():
        (FOLDER / name).write_bytes(make().encode())


if __name__ == "__main__":
    main()
