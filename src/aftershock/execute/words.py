"""A plan's command with the folder in which it keeps what it writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aftershock.recovery.gates import TARGET_COPY

if TYPE_CHECKING:
    from aftershock.execute.place import RunPlace
    from aftershock.model import Report, Step

DBT = "dbt"
QUIET = ("--quiet", "--no-print", "--log-level", "none")
"""Its whole log is in the step's folder."""


def dbt_words(step: Step, place: RunPlace, artifacts: Path, folder: Path) -> tuple[str, ...]:
    """The words after ``dbt`` that run a step beside the target directory.

    Args:
        step: one with a command of dbt.
        place: where dbt finds its project.
        artifacts: the copies of dbt's files, which take the place of ``--state target-incident``.
        folder: takes what the command writes, as its target and log path.
    """
    copied = (str(artifacts) if last == "--state" and word == TARGET_COPY else word for last, word in zip(step.argv, step.argv[1:], strict=False))
    return (*copied, "--project-dir", str(place.project), "--target-path", str(folder), "--log-path", str(folder), *QUIET)


def recovery_commands(report: Report, place: RunPlace) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The commands that a recovery would run, each with the number of its step; ``ID`` stands for the name of its folder."""
    manifest = next((file.path for file in report.files if file.kind == "manifest"), "")
    folder = Path(manifest).absolute().parent / "aftershock" / "recovery" / "ID"
    steps = enumerate((step for phase in report.recovery.phases for step in phase.steps), 1)
    return tuple((number, (DBT, *dbt_words(step, place, folder / "artifacts", folder / "steps" / f"{number:02d}"))) for number, step in steps if is_run(step))


def is_run(step: Step) -> bool:
    """Whether dbt does it, not a person."""
    return step.argv[:1] == (DBT,)


def is_copy(step: Step) -> bool:
    """Whether it is the copy of dbt's own files, which a recovery makes before its first step."""
    return step.kind == "backup" and not step.nodes and not step.argv
