"""Whether ``dbt retry`` does exactly what the plan would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.model import BAD_STATUSES, TEST_TYPES, Category
from aftershock.recovery.actions import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.graph import LineageGraph
    from aftershock.model import Run
    from aftershock.recovery.treatment import Treatment

COMMAND = frozenset({"build", "run", "seed", "snapshot"})
OLDEST = (1, 6)
REUSED = ("full_refresh", "empty", "sample", "event_time_start", "event_time_end", "defer")
"""Arguments that retry takes from the run that failed, or drops: with any of them it does something else than catch up."""
UNDONE = BAD_STATUSES | {"skipped"}


def can_retry(treated: Sequence[Treatment], category: Category, run: Run | None, graph: LineageGraph) -> bool:
    """Whether what retry would run are the nodes that the plan runs, each as the plan runs it.

    Not after a failed test, which retry runs again without the model that it tests, nor where rows of a failed append run may have landed.
    """
    if category is not Category.PIPELINE_FAILURE or run is None or run.which not in COMMAND or _version(run.dbt_version) < OLDEST:
        return False
    if run.dbt_version.startswith("2") or any(run.args.get(name) for name in REUSED):
        return False
    undone = {unique_id for unique_id, result in run.results.items() if result.status in UNDONE and unique_id in graph.nodes}
    tests = {unique_id for unique_id in undone if graph.nodes[unique_id].resource_type in TEST_TYPES}
    if any(run.results[unique_id].status in BAD_STATUSES for unique_id in tests):
        return False
    planned = {item.unique_id for item in treated if item.rule.action in COMMANDS}
    plain = all(item.rule.action in {"run", "seed", "snapshot", "build"} and not item.flags for item in treated if item.unique_id in planned)
    landed = any(item.shape == "append" and "errored" in item.facts for item in treated)
    consumers = {unique_id for unique_id in undone if graph.nodes[unique_id].exposure is not None or graph.nodes[unique_id].resource_type == "saved_query"}
    return bool(planned) and plain and not landed and undone - tests - consumers == planned


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())
