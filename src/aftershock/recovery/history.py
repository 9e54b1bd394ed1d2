"""What past runs prove: that a node was last built before the data became bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock import times
from aftershock.recovery.shapes import GOOD_STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aftershock.model import Run


def unbuilt_since(unique_id: str, since: str, history: Sequence[Run], run: Run | None) -> bool:
    """Whether the runs show that the node was not built at or after ``since``.

    The run of the artifacts is the last that there was; what it says of a node that it built is enough. A node that it did not build may have been
    built in between by a run that nobody gave, unless earlier runs are given: these are taken as all that there were.

    Args:
        unique_id: the node.
        since: when the data became bad; nothing is shown where it is empty.
        history: earlier runs that were given, in any order.
        run: the run of the artifacts.
    """
    start = times.read(since)
    if start is None or run is None:
        return False
    last = _built(unique_id, run)
    if last is not None:
        return last < start
    if not history:
        return False
    found = [moment for past in history if (moment := _built(unique_id, past)) is not None]
    return bool(found) and max(found) < start


def _built(unique_id: str, run: Run) -> datetime | None:
    """When the run finished building the node; None where it did not, or does not say."""
    result = run.results.get(unique_id)
    if result is None or result.status not in GOOD_STATUSES:
        return None
    return times.read(result.completed_at) or times.read(run.generated_at)
