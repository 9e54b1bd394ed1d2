"""Every SQL step that plans for a project can hold: whatever fails, in whatever category, with windows and without, rebuilt by dbt or by SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aftershock
from aftershock.model import Category

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aftershock.model import Step

UNREPAIRED = "__before_"
"""In the names of the copies that plans make."""


def sql_steps(target: Path, since: str, now: str) -> dict[str, Step]:
    """The distinct SQL steps that dbt would run, by their statements; copies and questions of freshness aside, all that change or check rows."""
    found: dict[str, Step] = {}
    for step in _steps(target, since, now):
        if step.sql and step.argv and step.argv[1] == "run-operation" and step.kind != "backup":
            found.setdefault(step.sql, step)
    return found


def _steps(target: Path, since: str, now: str) -> Iterator[Step]:
    artifacts = aftershock.read_artifacts(target)
    reader = aftershock.open_lineage(artifacts)
    for unique_id, node in artifacts.project.nodes.items():
        if node.resource_type not in {"source", "model", "snapshot", "seed"}:
            continue
        for category in Category:
            for start in ("", since):
                for engine in ("dbt", "sql"):
                    confirmed = category is not Category.DATA_LOSS or bool(start)
                    report = aftershock.plan(artifacts, unique_id, category, engine=engine, since=start, now=now, reader=reader, confirmed=confirmed)
                    for phase in report.recovery.phases:
                        yield from phase.steps
