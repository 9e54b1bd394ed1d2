"""Why an alert may be false: each doubt is a full sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock import times
from aftershock.artifacts.target import BUILDING
from aftershock.detect.looking import WARNINGS, is_bad
from aftershock.detect.rows import BREAK
from aftershock.model import STALE_AFTER_HOURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.detect.grouping import Group
    from aftershock.detect.scene import Scene
    from aftershock.model import Result, Run

FRESHNESS_HOURS = 1
"""So much older than the run the freshness results may be: dbt is often asked for them before it builds."""
DAYS_FROM_HOURS = 48
PASSED = frozenset({"success", "pass"})


def doubts(group: Group, scene: Scene) -> tuple[str, ...]:
    """What speaks for it that the alert is false."""
    files = {item.file for item in group.findings}
    return (
        *_warned(group),
        *_passed_later(group, scene),
        *_unproved(group),
        *(_of_run(scene) if "run_results" in files else ()),
        *(_of_freshness(group, scene) if "sources" in files else ()),
    )


def passed_later(group: Group, scene: Scene) -> int:
    """Of how many results a later run shows that they are good now."""
    return sum(_later(item.unique_id, scene) is not None for item in group.findings if item.file == "run_results")


def _warned(group: Group) -> Iterator[str]:
    if all(item.status in WARNINGS for item in group.findings):
        yield "Every result is a warning: somebody decided that dbt need not fail for it."


def _passed_later(group: Group, scene: Scene) -> Iterator[str]:
    results = [item for item in group.findings if item.file == "run_results"]
    found = [run for item in results if (run := _later(item.unique_id, scene)) is not None]
    if found:
        newest = max(found, key=lambda run: run.generated_at)
        which = f"dbt {newest.which}" if newest.which else "a run of dbt"
        what = "all of it" if len(found) == len(results) else f"{len(found)} of {len(results)} results"
        yield f"A later run, {which} of {_shown(newest.generated_at)}, went well for {what}."


def _later(unique_id: str, scene: Scene) -> Run | None:
    """The newest later run that has this node, where it went well there."""
    run = scene.run
    after = times.read(run.generated_at) if run is not None else None
    building = [later for later in scene.later if unique_id in later.results and (not later.which or later.which in BUILDING)]
    dated = [(moment, later) for later in building if (moment := times.read(later.generated_at)) is not None]
    newer = [(moment, later) for moment, later in dated if after is None or moment > after]
    if not newer:
        return None
    _, newest = max(newer, key=lambda item: item[0])
    return newest if _is_good(newest.results[unique_id]) else None


def _is_good(result: Result) -> bool:
    return result.status in PASSED and not is_bad(result.status)


def _unproved(group: Group) -> Iterator[str]:
    if all(item.reading.about_test for item in group.findings):
        yield "Only tests failed to run: they say nothing about the data that they would have looked at."
    if group.category is not BREAK and any(item.status == "absent" for item in group.findings):
        yield "dbt source freshness may have been run for other sources only: then nobody asked how old this is."
    if group.invented:
        yield f"The code may be at fault, and no data changed: {group.proof}."


def _of_run(scene: Scene) -> Iterator[str]:
    run, info = scene.run, scene.artifacts.project.info
    if run is None:
        return
    hours = times.hours_since(run.generated_at, scene.now)
    if hours is not None and hours > STALE_AFTER_HOURS:
        yield f"run_results.json is {_old(hours)} old: runs since then may have gone well."
    if run.invocation_id and info.invocation_id and run.invocation_id != info.invocation_id:
        yield "manifest.json and run_results.json are of different dbt invocations: the project may have changed between them."
    elif run.dbt_version and info.dbt_version and run.dbt_version != info.dbt_version:
        yield f"manifest.json is of dbt {info.dbt_version} and run_results.json of dbt {run.dbt_version}: they may not belong together."


def _of_freshness(group: Group, scene: Scene) -> Iterator[str]:
    freshness, run = scene.freshness, scene.run
    if freshness is None:
        return
    hours = times.hours_since(freshness.generated_at, scene.now)
    if hours is not None and hours > STALE_AFTER_HOURS:
        yield f"sources.json is {_old(hours)} old: the sources may have been loaded since then."
    start = times.read(run.started_at or run.generated_at) if run is not None else None
    before = times.hours_since(freshness.generated_at, start) if start is not None else None
    if before is not None and before > FRESHNESS_HOURS and group.findings:
        yield f"sources.json is {_old(before)} older than the run: the sources may have been loaded in between."


def _old(hours: float) -> str:
    return f"{hours / 24:.0f} days" if hours >= DAYS_FROM_HOURS else f"{hours:.0f} hours"


def _shown(text: str) -> str:
    found = times.read(text)
    return times.iso(found) if found is not None else "unknown time"
