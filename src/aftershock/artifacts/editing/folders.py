"""What dbt reads a file as, by the folder that it lies in."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from aftershock.artifacts.folders import FOLDERS, OLD_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aftershock.model import Project
    from aftershock.model.definition import Definitions


class Kind(NamedTuple):
    """Files of one kind: what a new one is called, the setting of dbt_project.yml that names its folders, and one that held before dbt 1.0 without it."""

    called: str
    setting: str
    suffixes: tuple[str, ...] = (".sql",)
    old_folders: tuple[str, ...] = ()


MODEL, MACRO, SEED, FIXTURE = "model", "macro", "seed", "fixture of a unit test"
KINDS = (
    Kind(MODEL, "model-paths", (".sql", ".py")),
    Kind(MACRO, "macro-paths"),
    Kind(SEED, "seed-paths", (".csv",), ("data",)),
    Kind("snapshot", "snapshot-paths"),
    Kind("test", "test-paths"),
    Kind("analysis", "analysis-paths", old_folders=("analysis",)),
    Kind("function", "function-paths", (".sql", ".py")),
)
WITHIN_TESTS = {"generic": MACRO, "fixtures": FIXTURE}
"""Folders below those of tests that hold something else."""
TYPES = {"model": MODEL, "seed": SEED, "snapshot": "snapshot", "analysis": "analysis", "function": "function"}


class Folders:
    """The folders of a project and its packages.

    Args:
        project: its nodes, whose files show where such files are.
        definitions: the same of macros.
        settings: dbt_project.yml of the project; empty where that is not at hand.
    """

    def __init__(self, project: Project, definitions: Definitions, settings: Mapping[str, object]) -> None:
        self._root = project.info.name
        self._known: dict[tuple[str, str], set[str]] = {}
        self._settings = settings
        for node in project.nodes.values():
            if node.resource_type in TYPES:
                self._see(node.package, TYPES[node.resource_type], node.path)
        for unique_id, path in definitions.paths.items():
            self._see(unique_id.split(".")[1], MACRO, path)

    def _see(self, package: str, kind: str, path: str) -> None:
        top, slash, _ = path.partition("/")
        if slash and top != "tests":  # generic tests are macros there
            self._known.setdefault((package, kind), set()).add(top)

    def kind(self, package: str, path: str) -> str:
        """What dbt reads a file as, such as ``model``; empty where dbt does not read it.

        Args:
            package: the package that it is in.
            path: the file, relative to that.
        """
        file = PurePosixPath(path)
        found = [(len(folder.parts), kind) for kind in KINDS for folder in self._of(package, kind) if file.is_relative_to(folder) and folder != file]
        for depth, kind in sorted(found, key=lambda item: -item[0]):
            below = WITHIN_TESTS.get(file.parts[depth], "") if kind.called == "test" else ""
            if below == FIXTURE and file.suffix in {".sql", ".csv"}:
                return below
            if file.suffix in kind.suffixes:
                return below or kind.called
        return ""

    def holds_docs(self, package: str, path: str) -> bool:
        """Whether dbt looks for docs blocks in a file."""
        file = PurePosixPath(path)
        return file.suffix == ".md" and any(file.is_relative_to(folder) for kind in KINDS for folder in self._of(package, kind))

    def _of(self, package: str, kind: Kind) -> Iterator[PurePosixPath]:
        keys = kind.setting, OLD_NAMES.get(kind.setting, "")
        said = next((value for key in keys if isinstance(value := self._settings.get(key), list)), None) if package == self._root else None
        if said is not None:
            yield from (PurePosixPath(item.rstrip("/")) for item in said if isinstance(item, str))
            return
        known = self._known.get((package, kind.called), set())
        yield from map(PurePosixPath, sorted({*FOLDERS[kind.setting], *kind.old_folders, *known}))
