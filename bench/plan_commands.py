"""Does dbt select exactly the nodes that every command of every plan names?

    python -m bench.plan_commands TARGET …      target directories or manifests

Of every node in every category, with a window and without, the distinct commands with a selection are given to dbt-core's own selector over the same manifest.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aftershock
from aftershock.artifacts.files import read_bytes
from aftershock.graph import LineageGraph
from aftershock.impact import assess
from aftershock.model import Category, Policy, Seed, Window
from aftershock.recovery import Evidence, plan

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "recovery"))

from recovery_oracle import TOUCHED, DbtSelection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model import Artifacts, Step

BAD_TIME = Window("2026-03-02T04:00:00Z", "2026-03-04T09:30:00Z")
DETECTED = "2026-03-05T06:00:00Z"


def commands(artifacts: Artifacts) -> dict[tuple[str, ...], Step]:
    """The distinct commands with a selection, by their words, each with its step."""
    return {step.argv: step for step in _steps(artifacts) if "--select" in step.argv and step.argv[:2] in TOUCHED}


def _steps(artifacts: Artifacts) -> Iterator[Step]:
    graph = LineageGraph.of(artifacts.project)
    for unique_id in graph.nodes:
        for category in Category:
            for window in (Window(), BAD_TIME):
                found = assess(artifacts, graph, [Seed(unique_id)], category, policy=Policy(), detected_at=DETECTED, window=window)
                made = plan(found, graph, evidence=Evidence(artifacts.run), project=artifacts.project, policy=Policy())
                for phase in made.phases:
                    yield from phase.steps


def measure(place: str) -> tuple[int, int, list[str]]:
    """How many nodes, how many distinct commands, and the commands that select something else."""
    artifacts = aftershock.read_artifacts(place)
    manifest = next(Path(file.path) for file in artifacts.files if file.kind == "manifest")
    content: dict[str, Any] = json.loads(read_bytes(manifest))
    dbt, steps = DbtSelection(content), commands(artifacts)
    wrong = [" ".join(argv) for argv, step in steps.items() if dbt.touched(argv) != set(step.nodes)]
    return len(artifacts.project.nodes), len(steps), wrong


def main(places: list[str]) -> int:
    """Print a row for each place; 1 where a command selects something else."""
    failed = False
    for place in places:
        nodes, steps, wrong = measure(place)
        failed |= bool(wrong)
        print(f"{place}: {nodes} nodes, {steps} distinct commands, {len(wrong)} select something else")
        print("".join(f"    {line}\n" for line in wrong[:20]), end="")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
