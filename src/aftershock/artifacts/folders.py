"""The folders of a dbt project in which dbt looks for its files."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from aftershock.artifacts.target import PROJECT_FILE, find_project_root, project_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDERS = {
    "model-paths": ("models",),
    "seed-paths": ("seeds",),
    "snapshot-paths": ("snapshots",),
    "test-paths": ("tests",),
    "macro-paths": ("macros",),
    "analysis-paths": ("analyses",),
    "function-paths": ("functions",),
}
"""The settings that name them, and what holds without."""
OLD_NAMES = {"model-paths": "source-paths", "seed-paths": "data-paths"}
"""Before dbt 1.0."""
SUFFIXES = frozenset({".sql", ".yml", ".yaml", ".py", ".csv"})
"""Of files that say something of what dbt builds."""
SETTINGS = (PROJECT_FILE, "packages.yml", "dependencies.yml")


def folders(root: Path, settings: tuple[str, ...] = tuple(FOLDERS)) -> tuple[Path, ...]:
    """Where dbt looks for the files of the project at ``root``, there or not.

    Args:
        root: the folder of dbt_project.yml.
        settings: which of :data:`FOLDERS`; all of them by default.
    """
    said = project_settings(root)
    found: list[Path] = []
    for name in settings:
        value = said.get(name, said.get(OLD_NAMES.get(name, "")))
        names = [text for text in value if isinstance(text, str)] if isinstance(value, list) else FOLDERS[name]
        found.extend(root / text for text in names)
    return tuple(dict.fromkeys(found))


def source_files(root: Path, settings: tuple[str, ...] = tuple(FOLDERS)) -> Iterator[str]:
    """The files that dbt may read of a project: its own settings and what lies in these folders, relative to it, in a fixed order.

    Args:
        root: the folder of dbt_project.yml.
        settings: as for :func:`folders`.
    """
    yield from (name for name in SETTINGS if (root / name).is_file())
    suffixes = tuple(SUFFIXES)
    for folder in folders(root, settings):
        for place, names in _below(folder):
            inside = os.path.relpath(place, root).replace(os.sep, "/")
            yield from (f"{inside}/{name}" for name in sorted(names) if name.endswith(suffixes))


def _below(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Every folder at or below one with the names of its files, through links as dbt goes, but none twice."""
    seen: set[str] = set()
    for place, below, names in os.walk(folder, followlinks=True):
        here = os.path.realpath(place)
        if here in seen:
            below.clear()
            continue
        seen.add(here)
        below.sort()
        yield place, names


class ProjectFolder:
    """A folder with a dbt_project.yml, whose content is read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def name(self) -> str:
        """The project's name; empty where the file does not say."""
        return str(project_settings(self.path).get("name") or "")

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """As :func:`folders`."""
        return folders(self.path)

    def holds(self, file: Path) -> bool:
        """Whether dbt looks for a file where this one is."""
        return any(file.is_relative_to(folder) for folder in self.folders)

    def inside(self, file: Path) -> str:
        """A file's path in the project, with forward slashes."""
        return file.relative_to(self.path).as_posix()


def project_folders(file: Path) -> Iterator[Path]:
    """Every folder above a file that has a dbt_project.yml, the nearest first."""
    root = find_project_root(file.parent)
    while root is not None:
        yield root
        root = find_project_root(root.parent) if root.parent != root else None
