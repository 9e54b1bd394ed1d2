"""A manifest as it would be with some of its project's files edited, as far as that can be said without dbt."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from aftershock.artifacts.editing.calls import configs
from aftershock.artifacts.editing.documents import Document, document, moved
from aftershock.artifacts.editing.folders import FIXTURE, SEED, Folders
from aftershock.artifacts.editing.parts import Resources, Unread, checksum
from aftershock.artifacts.editing.properties import SECTIONS, edit_properties
from aftershock.artifacts.editing.templates import edit_template

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aftershock.artifacts.pieces import Pieces
    from aftershock.model import Project
    from aftershock.model.definition import Definitions

__all__ = ["ManifestEdit", "Unread", "edit_manifest"]

PROJECT_FILES = frozenset({"dbt_project.yml", "packages.yml", "dependencies.yml", "package-lock.yml", "profiles.yml", "selectors.yml"})
_DOCS = re.compile(r"\{%-?\s*docs\s+(\w+)")


class ManifestEdit(NamedTuple):
    """What an edit changes.

    ``data`` is a manifest of the edited and new resources alone; ``removed`` are unique_ids that are no more; of those in ``recoded`` what dbt compiled
    is out of date, and of those in ``cosmetic`` the template differs in SQL comments and white space alone; ``unread`` is what cannot be said without dbt;
    ``passed_over`` are files that are none of the project's.
    """

    data: bytes
    removed: frozenset[str]
    recoded: frozenset[str]
    cosmetic: frozenset[str]
    unread: tuple[Unread, ...]
    passed_over: tuple[str, ...]


def edit_manifest(  # noqa: PLR0913, PLR0917  # a manifest, and two states of files
    pieces: Pieces,
    project: Project,
    definitions: Definitions,
    files: Mapping[str, str | None],
    before: Mapping[str, str],
    settings: Mapping[str, object],
) -> ManifestEdit:
    """What becomes of a manifest when files are edited.

    Args:
        pieces: the manifest.
        project: its nodes.
        definitions: what it says beyond these.
        files: what each file now holds, None where it is gone; by its path in the project, or as ``package://path`` in one of its packages.
        before: what each held, where that is known.
        settings: what dbt_project.yml says, of which folders dbt reads; empty where it is not at hand.
    """
    edit = _Edit(Resources(pieces, project, definitions), Folders(project, definitions, settings))
    placed = {name: _placed(name, edit.resources.root) for name in files}
    edit.read(placed, files, before)
    ordered = sorted(files, key=lambda name: (_is_yaml(name), files[name] is not None, placed[name] in edit.known, name))
    for name in ordered:  # what is gone, what is new, what may read that, and what describes it all
        edit.put(name, placed[name], files[name], before.get(name))
    resources = edit.resources
    resources.link()
    touched = resources.touched.keys()
    return ManifestEdit(
        resources.written(),
        frozenset(resources.removed),
        frozenset(resources.recoded & touched),
        frozenset(resources.cosmetic & touched - resources.recoded),
        tuple(resources.unread),
        tuple(edit.passed_over),
    )


def _placed(name: str, root: str) -> tuple[str, str]:
    """The package and path that a file's name stands for."""
    package, _, path = name.rpartition("://")
    return package or root, path


def _is_yaml(path: str) -> bool:
    return path.endswith((".yml", ".yaml"))


class _Edit:
    """One edit of many files."""

    def __init__(self, resources: Resources, folders: Folders) -> None:
        self.resources = resources
        self.folders = folders
        self.known = _by_file(resources.project, resources.definitions)
        self.off = {(node.package, node.path) for node in resources.project.disabled.values()}
        self.passed_over: list[str] = []
        self.documents: dict[str, Document] = {}

    def read(self, placed: Mapping[str, tuple[str, str]], files: Mapping[str, str | None], before: Mapping[str, str]) -> None:
        """Read the YAML files that differ."""
        packages: dict[str, dict[str, Document]] = {}
        for name, place in placed.items():
            text, old = files[name], before.get(name)
            if _is_yaml(name) and (text is None or text != old):
                known = bool(self._concerned(place)) or PurePosixPath(name).name in PROJECT_FILES
                packages.setdefault(place[0], {})[name] = document(text, old, known=known)
        for documents in packages.values():
            moved(documents)
            self.documents.update(documents)

    def _concerned(self, place: tuple[str, str]) -> list[str]:
        """The nodes that the manifest says a YAML file defines or describes."""
        ids = (*self.known.get(place, ()), *self.resources.described.get(place, ()))
        return [unique_id for unique_id in dict.fromkeys(ids) if unique_id in self.resources.project.nodes]

    def put(self, name: str, place: tuple[str, str], text: str | None, before: str | None) -> None:
        """Put one file in."""
        package, path = place
        ids = self.known.get((package, path), [])
        kind = self.folders.kind(package, path)
        if _is_yaml(path):
            self._yaml(name, package, path, known=before is not None)
        elif path.endswith(".md") and self.folders.holds_docs(package, path):
            self._docs(path, text, before)
        elif ids and path.endswith(".csv"):
            for unique_id in ids:
                _seed(self.resources, unique_id, text)
        elif not ids and (package, path) in self.off and not self._is_on(path, text, before):
            return
        elif ids or (text is not None and kind) or kind == FIXTURE:
            self._template(package, path, text, ids, kind)
        elif not kind:
            self.passed_over.append(name)

    def _template(self, package: str, path: str, text: str | None, ids: Sequence[str], kind: str) -> None:
        if kind in {SEED, FIXTURE}:
            new = "a seed that is new" if kind == SEED else f"a {kind}"
            self.resources.doubt(path, f"{new} is not read without dbt")
        else:
            edit_template(self.resources, package, path, text, ids, kind)

    def _is_on(self, path: str, text: str | None, before: str | None) -> bool:
        """Whether the file of a node that is switched off now switches it on; it is noted where that is not certain."""
        if text is None or text == before:
            return False
        now, then = configs(text), configs(before) if before is not None else {}
        if now is None or (now.get("enabled", True) and (then is None or then.get("enabled") is False) and "enabled" not in now):
            self.resources.doubt(path, "its node was switched off, and may no longer be")
            return False
        return bool(now.get("enabled"))

    def _docs(self, path: str, text: str | None, before: str | None) -> None:
        """Texts for descriptions; one that is gone stops dbt where something refers to it."""
        if text is None or (before is not None and not {*_DOCS.findall(before)} <= {*_DOCS.findall(text)}):
            self.resources.doubt(path, "which descriptions refer to what is gone from it is not read without dbt")

    def _yaml(self, name: str, package: str, path: str, *, known: bool) -> None:
        resources, found = self.resources, self.documents.get(name)
        if found is None:
            return
        concerned, of_project = self._concerned((package, path)), PurePosixPath(path).name in PROJECT_FILES
        if found.problem:
            if concerned or of_project or known:
                resources.doubt(path, found.problem, concerned)
        elif of_project:
            if found.old != found.new:
                resources.doubt(path, "what it configures is not read without dbt")
        elif concerned or _is_dbts(found.new) or _is_dbts(found.old):
            edit_properties(resources, package, path, found.old, found.new)
        else:
            self.passed_over.append(path)


def _by_file(project: Project, definitions: Definitions) -> dict[tuple[str, str], list[str]]:
    """Nodes and macros by package and file; generic tests apart, which their node's entry declares."""
    found: dict[tuple[str, str], list[str]] = {}
    for node in project.nodes.values():
        if node.test is None or not node.test.name:
            found.setdefault((node.package, node.path), []).append(node.unique_id)
    for unique_id, path in definitions.paths.items():
        found.setdefault((unique_id.split(".")[1], path), []).append(unique_id)
    return found


def _seed(resources: Resources, unique_id: str, text: str | None) -> None:
    if text is None:
        resources.remove(unique_id)
    elif checksum(text) != resources.get(unique_id).get("checksum"):
        resources.get(unique_id)["checksum"] = checksum(text)
    else:
        resources.touched.pop(unique_id, None)


def _is_dbts(document: Mapping[str, Any] | None) -> bool:
    return document is not None and not SECTIONS.isdisjoint(document)
