"""A dbt target directory: where it is, what lies in it, and whether its files belong together."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from aftershock.artifacts.files import decode, find, is_directory, is_file, read_beginning, read_bytes
from aftershock.artifacts.manifest import read_manifest
from aftershock.artifacts.results import read_catalog_bytes, read_freshness, read_run
from aftershock.errors import ArtifactError
from aftershock.model import ArtifactFile, Artifacts, Catalog, Freshness, Project, Run

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST, RUN_RESULTS, SOURCES, CATALOG = "manifest.json", "run_results.json", "sources.json", "catalog.json"
PROJECT_FILE = "dbt_project.yml"
TARGET_DIR = "--target-dir"
GENERATED_AT = re.compile(rb'"generated_at":\s*"([^"]{10,40})"')
BUILDING = frozenset({"run", "build", "test", "seed", "snapshot", "retry", "clone"})
"""Commands whose results say something about data; the others report success for what they only compiled."""
COMMANDS = {"generate": "docs generate", "serve": "docs serve", "freshness": "source freshness"}
"""What a person types for commands that dbt's files call by their last word."""


class _Patched(msgspec.Struct, gc=False):
    patch_path: Any = None


class _Patches(msgspec.Struct, gc=False):
    nodes: dict[str, _Patched] | None = None
    sources: dict[str, _Patched] | None = None
    functions: dict[str, _Patched] | None = None


class ProjectStore(Protocol):
    """Where decoded manifests are kept between processes."""

    def get(self, source: Path, type_: type[Project]) -> Project | None:
        """The project decoded from this very file, if it is there."""

    def put(self, source: Path, value: Project) -> None:
        """Keep it."""


def read_artifacts(
    place: str | Path = ".", *, store: ProjectStore | None = None, environ: Mapping[str, str] | None = None, option: str = TARGET_DIR
) -> Artifacts:
    """Everything that a dbt target directory says.

    Args:
        place: a target directory, a dbt project's root, or a manifest file (its neighbours are read too).
        store: keeps decoded manifests, so that the next process need not decode them.
        environ: where DBT_TARGET_PATH is looked up; the process's environment by default.
        option: what a person gives the place with, for errors.

    Raises:
        ArtifactError: no manifest there, or a file is not what its name says.
    """
    path = find_manifest(Path(place), os.environ if environ is None else environ, option)
    directory = path.parent
    project = read_project(path, store=store)
    run_path, sources_path, catalog_path = (find(directory, name) for name in (RUN_RESULTS, SOURCES, CATALOG))
    run = read_run(read_bytes(run_path), str(run_path)) if run_path else None
    freshness = read_freshness(read_bytes(sources_path), str(sources_path)) if sources_path else None
    info = project.info
    files = (
        ArtifactFile("manifest", str(path), info.generated_at, info.invocation_id, info.dbt_version),
        ArtifactFile("run_results", str(run_path), run.generated_at, run.invocation_id, run.dbt_version, run.which) if run else ArtifactFile("run_results"),
        ArtifactFile("sources", str(sources_path), freshness.generated_at, freshness.invocation_id, freshness.dbt_version)
        if freshness
        else ArtifactFile("sources"),
        ArtifactFile("catalog", str(catalog_path), _written_at(catalog_path)) if catalog_path else ArtifactFile("catalog"),
    )
    return Artifacts(project, run, freshness, files, tuple(_warnings(project, run, freshness)))


def _written_at(path: Path) -> str:
    """``generated_at`` of a file that is not read for this answer: dbt writes the metadata first. Empty where its beginning does not say."""
    match = GENERATED_AT.search(read_beginning(path, 2048))
    return match[1].decode("ascii", "replace") if match else ""


def artifacts_from_bytes(data: bytes, place: str = "standard input") -> Artifacts:
    """A manifest alone, already in memory (``--manifest -``).

    Raises:
        ArtifactError: it is not a manifest.
    """
    project = read_manifest(data, place)
    info = project.info
    return Artifacts(project, files=(ArtifactFile("manifest", place, info.generated_at, info.invocation_id, info.dbt_version),))


def read_project(path: Path, *, store: ProjectStore | None = None) -> Project:
    """One manifest file as a Project, from the store where it is there.

    Raises:
        ArtifactError: it cannot be read or is not a manifest.
    """
    if store is not None and (project := store.get(path, Project)) is not None:
        return project
    project = read_manifest(read_bytes(path), str(path))
    if store is not None:
        store.put(path, project)
    return project


def read_catalog(directory: Path) -> Catalog | None:
    """The catalog of a target directory; None where ``dbt docs generate`` left none.

    Raises:
        ArtifactError: it is not a catalog.
    """
    path = find(directory, CATALOG)
    return read_catalog_bytes(read_bytes(path), str(path)) if path else None


def read_configs(path: Path) -> dict[str, dict[str, Any]]:
    """The whole config of every enabled resource, by unique_id: what the selector method ``config.…`` asks for.

    Raises:
        ArtifactError: as :func:`read_project`.
    """
    raw = decode(read_bytes(path), dict[str, Any], str(path))
    sections = (raw.get(key) for key in ("nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests", "functions"))
    return {
        unique_id: config if isinstance(config := resource.get("config"), dict) else {}
        for section in sections
        if isinstance(section, dict)
        for unique_id, resource in section.items()
        if isinstance(resource, dict)
    }


def read_patches(path: Path) -> dict[str, str]:
    """The YAML file that describes each resource, by unique_id, relative to its project: what ``path:`` of such a file asks for.

    Raises:
        ArtifactError: as :func:`read_project`.
    """
    raw = decode(read_bytes(path), _Patches, str(path))
    resources = {**(raw.nodes or {}), **(raw.sources or {}), **(raw.functions or {})}
    return {unique_id: item.patch_path.partition("://")[2] for unique_id, item in resources.items() if isinstance(item.patch_path, str)}


def find_manifest(place: Path, environ: Mapping[str, str], option: str = TARGET_DIR) -> Path:
    """The manifest that ``place`` stands for: itself, in it as a target directory, or in the target path of the project at or above it.

    Args:
        place: a manifest file, a target directory, or a folder in a dbt project.
        environ: where DBT_TARGET_PATH is looked up.
        option: what a person gives the place with, for errors.

    Raises:
        ArtifactError: there is none; says where it was looked for.
    """
    if is_file(place):
        return place
    if not is_directory(place):
        raise ArtifactError(str(place), "there is no such directory", f"Give a dbt target directory with {option}")
    if path := find(place, MANIFEST):
        return path
    root = find_project_root(place)
    if root is None:
        raise ArtifactError(str(place), f"there is no {MANIFEST} and no {PROJECT_FILE} at or above it", f"Run dbt in your project, or give {option}")
    target = target_path(root, environ, option)
    if path := find(target, MANIFEST):
        return path
    raise ArtifactError(str(target), f"there is no {MANIFEST}", "Run dbt build or dbt parse first")


def find_project_root(start: Path) -> Path | None:
    """The nearest directory at or above ``start`` that holds dbt_project.yml."""
    start = start.absolute()
    return next((directory for directory in (start, *start.parents) if is_file(directory / PROJECT_FILE)), None)


def target_path(root: Path, environ: Mapping[str, str], option: str = TARGET_DIR) -> Path:
    """Where the project at ``root`` has dbt write: DBT_TARGET_PATH, else ``target-path`` of dbt_project.yml, else ``target``.

    Raises:
        ArtifactError: dbt_project.yml cannot be read, or its target-path is a template.
    """
    if path := environ.get("DBT_TARGET_PATH"):
        return root / path
    file = root / PROJECT_FILE
    text = read_bytes(file)
    if b"target-path" not in text:  # most answers need no YAML, whose import is worth saving
        return root / "target"
    value = _project_file(file, text, option).get("target-path")
    if isinstance(value, str) and "{" in value:
        raise ArtifactError(str(file), "its target-path is a template, which only dbt can fill in", f"Give {option}")
    return root / (value if isinstance(value, str) and value else "target")


def project_settings(root: Path) -> dict[str, Any]:
    """What dbt_project.yml of the project at ``root`` says; empty where it cannot be read, since it may be of another time than the artifacts."""
    file = root / PROJECT_FILE
    try:
        return _project_file(file, read_bytes(file))
    except ArtifactError:
        return {}


def _project_file(file: Path, text: bytes, option: str = TARGET_DIR) -> dict[str, Any]:
    import yaml

    try:
        config = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ArtifactError(str(file), f"it is not YAML ({' '.join(str(error).split())})", f"Correct it, or give {option}") from None
    return config if isinstance(config, dict) else {}


def _warnings(project: Project, run: Run | None, freshness: Freshness | None) -> list[str]:
    """What does not belong together, each a sentence."""
    warnings: list[str] = []
    info = project.info
    nodes, disabled = project.nodes, project.disabled
    unknown = {parent for node in nodes.values() for parent in node.parents if parent not in nodes and parent not in disabled}
    if unknown:
        warnings.append(
            f"manifest.json is not whole: nodes depend on {len(unknown)} that it does not have ({min(unknown)}), so something affected may be missing."
        )
    if run is not None:
        strangers = [unique_id for unique_id in run.results if unique_id not in nodes and unique_id not in disabled]
        if strangers:
            warnings.append(
                f"run_results.json names {len(strangers)} of {len(run.results)} nodes that manifest.json does not have ({strangers[0]}): "
                "they may be of different projects or times."
            )
        if run.which and run.which not in BUILDING:
            command = COMMANDS.get(run.which, run.which)
            warnings.append(f"run_results.json is of 'dbt {command}', which builds nothing: its statuses do not say how the last build went.")
        elif run.invocation_id and info.invocation_id and run.invocation_id != info.invocation_id:
            warnings.append(
                f"manifest.json ({info.generated_at}) and run_results.json ({run.generated_at}) are of different dbt invocations: "
                "the project may have changed between them."
            )
        if run.dbt_version and info.dbt_version and run.dbt_version != info.dbt_version:
            warnings.append(f"manifest.json is of dbt {info.dbt_version}, run_results.json of dbt {run.dbt_version}.")
    if freshness is not None:
        lost = [unique_id for unique_id in freshness.sources if unique_id not in nodes and unique_id not in disabled]
        if lost:
            warnings.append(f"sources.json names {len(lost)} sources that manifest.json does not have ({lost[0]}).")
    return warnings
