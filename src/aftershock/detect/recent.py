"""Results that are new enough to be judged: where dbt dies before it builds, those of an earlier run are still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock import times
from aftershock.artifacts.target import BUILDING
from aftershock.errors import ArtifactError

if TYPE_CHECKING:
    from datetime import datetime

    from aftershock.model import Artifacts

REMEDY = "dbt may have stopped before it built anything: look at its log"


def recent(artifacts: Artifacts, since: str) -> Artifacts:
    """The artifacts without source freshness of before ``since``.

    Args:
        artifacts: what dbt left.
        since: a time (ISO 8601); run results must be of then or later.

    Raises:
        ArtifactError: there are no run results, they are older, or no command that builds or tests wrote them.
        UsageError: ``since`` is no time.
    """
    start = times.parse(since, "--since")
    run, freshness = artifacts.run, artifacts.freshness
    place = next((file.path for file in artifacts.files if file.kind == "run_results" and file.path), "run_results.json")
    if run is None:
        raise ArtifactError(place, f"it is not there, and --since {times.iso(start)} asks for a run", REMEDY)
    if _is_before(run.generated_at, start):
        raise ArtifactError(place, f"it is of {_shown(run.generated_at)}, before --since {times.iso(start)}", REMEDY)
    if run.which and run.which not in BUILDING:
        raise ArtifactError(place, f"it is of 'dbt {run.which}', which builds and tests nothing", REMEDY)
    if freshness is None or not _is_before(freshness.generated_at, start):
        return artifacts
    warning = f"sources.json is of {_shown(freshness.generated_at)}, before --since {times.iso(start)}, and was not judged."
    files = tuple(msgspec.structs.replace(file, path="") if file.kind == "sources" else file for file in artifacts.files)
    return msgspec.structs.replace(artifacts, freshness=None, files=files, warnings=(*artifacts.warnings, warning))


def _is_before(text: str, start: datetime) -> bool:
    """Whether a file is older; one that does not say when it was written could be."""
    moment = times.read(text)
    return moment is None or moment < start


def _shown(text: str) -> str:
    moment = times.read(text)
    return times.iso(moment) if moment is not None else "unknown time"
