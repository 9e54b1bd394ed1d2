"""Whole outputs, kept as files beside this one. ``python tests/render/golden.py`` writes them anew: look at the difference before you keep it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import plans
import reports

from aftershock.render import render
from aftershock.render.plan import render_plan

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
    "planned.txt": lambda: render(plans.planned(), "text", show_all=True),
    "plan.txt": lambda: render_plan(plans.planned(), "text"),
    "plan-60.txt": lambda: render_plan(plans.planned(), "text", width=60, colour=True),
    "plan-powershell.txt": lambda: render_plan(plans.planned(), "text", shell="powershell"),  # noqa: S604  # no process is started
    "plan-hostile.txt": lambda: render_plan(plans.hostile(reports.Voice(reports.ATTACKS)), "text", show_all=True),
    "plan.md": lambda: render_plan(plans.planned(), "markdown"),
    "plan-hostile.md": lambda: render_plan(plans.hostile(reports.Voice(reports.ATTACKS)), "markdown"),
    "plan.json": lambda: render_plan(plans.planned(), "json"),
    "plan.sh": lambda: render_plan(plans.planned(), "sh"),
    "plan-hostile.sh": lambda: render_plan(plans.hostile(reports.Voice(reports.ATTACKS)), "sh"),
    "plan-empty.txt": lambda: render_plan(reports.empty(), "text"),
    "plan-empty.md": lambda: render_plan(reports.empty(), "markdown"),
    "plan-empty.sh": lambda: render_plan(reports.empty(), "sh"),
}


def main() -> None:
    for name, make in CASES.items():
        (FOLDER / name).write_bytes(make().encode())


if __name__ == "__main__":
    main()
