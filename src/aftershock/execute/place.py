"""Whether a plan can be run here, and where dbt finds its project."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import msgspec

from aftershock import times
from aftershock.artifacts import find_project_root
from aftershock.artifacts.target import PROJECT_FILE
from aftershock.errors import ArtifactError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model import Report, Step

PROJECT_DIR, TARGET = "--project-dir", "--target"


class RunPlace(msgspec.Struct, frozen=True):
    """Where dbt runs.

    Attributes:
        project: the folder of dbt_project.yml.
        base: the folder that relative words of the plan's commands start from.
    """

    project: Path
    base: Path


def run_place(report: Report, project_dir: str | Path | None = None, *, runs: bool = True) -> RunPlace:
    """Where the plan's commands are run.

    Args:
        report: whose plan it is.
        project_dir: the project; else the one that the plan names, the one at or above the target directory, or at or above the current one.
        runs: whether dbt is needed, or the commands are only shown.

    Raises:
        UsageError: the plan is for another engine than dbt, no target is known, there is no project, or dbt is not installed.
        ArtifactError: the plan was read from artifacts older than the newest run.
    """
    if report.recovery.engine != "dbt":
        raise UsageError("--engine", f"the commands of {report.recovery.engine} are not run here", "Use --engine dbt, or run what aftershock plan prints")
    commands = [step for phase in report.recovery.phases for step in phase.steps if step.argv]
    if report.recovery.asks_target or any(TARGET not in step.argv for step in commands):
        raise UsageError(TARGET, "the artifacts do not say which target failed", "Name it with --target, or another warehouse may be repaired")
    _check_age(report)
    if runs and commands and not has_dbt():
        raise UsageError("dbt", "it is not installed here", "Run pip install 'aftershock[dbt]' and the adapter, in the environment of your project")
    return _place(report, commands, project_dir)


def has_dbt() -> bool:
    """Whether dbt can be imported, without the seconds that importing it takes. dbt 2 (Fusion) is no Python package."""
    try:
        return find_spec("dbt.cli") is not None
    except ModuleNotFoundError:
        return False


def _check_age(report: Report) -> None:
    """Refuse a manifest that another, later run has left behind: the plan would be for a project as it was before."""
    files = {file.kind: file for file in report.files}
    manifest, run = files.get("manifest"), files.get("run_results")
    if manifest is None or run is None or not run.invocation_id or not manifest.invocation_id or run.invocation_id == manifest.invocation_id:
        return
    read, newest = times.read(manifest.generated_at), times.read(run.generated_at)
    if read is not None and newest is not None and newest > read:
        problem = f"it is of {times.iso(read)}, but dbt {run.which or 'ran'} has written run_results.json at {times.iso(newest)}"
        raise ArtifactError(manifest.path or "manifest.json", problem, "Give the target directory of the newest run")


def _place(report: Report, commands: list[Step], project_dir: str | Path | None) -> RunPlace:
    if project_dir is not None:
        root = Path(project_dir).absolute()
        if not (root / PROJECT_FILE).is_file():
            raise UsageError(PROJECT_DIR, f"there is no {PROJECT_FILE} in {project_dir}", "Name the folder of the dbt project")
        return RunPlace(root, root)
    carried = next((step.argv[step.argv.index(PROJECT_DIR) + 1] for step in commands if PROJECT_DIR in step.argv[:-1]), "")
    if carried and (Path(carried) / PROJECT_FILE).is_file():
        return RunPlace(Path(carried).absolute(), Path.cwd())
    path = next((file.path for file in report.files if file.kind == "manifest"), "")
    above = next((found for start in _starts(path) if (found := find_project_root(start)) is not None), None)
    if above is None:
        raise UsageError(PROJECT_DIR, f"there is no {PROJECT_FILE} at or above the target directory", "Name the folder of the dbt project")
    return RunPlace(above, _base(above, PurePath(carried)))


def _starts(manifest: str) -> Iterator[Path]:
    if manifest:
        yield Path(manifest).absolute().parent
    yield Path.cwd()


def _base(root: Path, carried: PurePath) -> Path:
    """The folder in which ``carried`` names the project; the project itself where it names another place or nothing."""
    parts = carried.parts
    below = bool(parts) and not carried.is_absolute() and root.parts[-len(parts) :] == parts
    return root.parents[len(parts) - 1] if below else root
