"""Nodes that dbt did not build because a unit test of their code failed: that is no fault of data, and their tables are old all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.detect import states
from aftershock.detect.grouping import Group
from aftershock.detect.looking import at_of, is_bad, tops
from aftershock.detect.proposing import unexplained
from aftershock.detect.rows import FAILURE, Finding, read
from aftershock.detect.testing import unit_tested
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.detect.scene import Scene
    from aftershock.model.detection import Clue


def held_back(groups: Sequence[Group], faults: Sequence[Clue], scene: Scene) -> tuple[Group, ...]:
    """A group for each topmost node that was skipped for nothing but a unit test.

    Args:
        groups: what failed, which explains what else was skipped.
        faults: unit tests that failed.
        scene: the run.
    """
    run = scene.run
    models = {clue.unique_id: unit_tested(clue.unique_id, scene.graph) for clue in faults if is_bad(clue.status)}
    tested = {test: scene.graph.descendants(found) for test, found in models.items()}
    if run is None or not scene.builds or not tested:
        return ()
    below = tuple(item for item in unexplained(groups, scene) if any(item in reached for reached in tested.values()))
    found = []
    for node in tops(below, scene):
        tests = [test for test, reached in tested.items() if node in reached]
        whose = "its code" if all(node in models[test] for test in tests) else "code above it"
        says = f"dbt skipped it because the unit {'test' if len(tests) == 1 else 'tests'} {listing(list(map(scene.label, tests)), 3)} of {whose} failed"
        reading = msgspec.structs.replace(read(states.HELD_BACK), says=says)
        result = run.results[node]
        found.append(Group(FAILURE, (node,), (Finding(node, result.status, (node,), reading, at=at_of(result, scene), stops=True),)))
    return tuple(found)
