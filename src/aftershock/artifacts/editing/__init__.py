"""A manifest as it would be with some of its project's files edited, as far as that can be said without dbt."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from aftershock.artifacts.editing.documents import NotYaml, read_yaml
from aftershock.artifacts.editing.parts import Resources, Unread, checksum
from aftershock.artifacts.editing.properties import SECTIONS, edit_properties
from aftershock.artifacts.editing.templates import configs, edit_template, link_new_models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.model import Project
    from aftershock.model.definition import Definitions

__all__ = ["ManifestEdit", "Unread", "edit_manifest"]

PROJECT_FILES = frozenset({"dbt_project.yml", "packages.yml", "dependencies.yml", "package-lock.yml"})


class ManifestEdit(NamedTuple):
    """What an edit changes.

    ``data`` is a manifest of the edited and new resources alone; ``removed`` are unique_ids that are no more; of those in ``recoded`` what dbt compiled
    is out of date; ``unread`` is what cannot be said without dbt; ``passed_over`` are files that are none of the project's.
    """

    data: bytes
    removed: frozenset[str]
    recoded: frozenset[str]
    unread: tuple[Unread, ...]
    passed_over: tuple[str, ...]


def edit_manifest(  # noqa: PLR0913, PLR0917  # a manifest, read three ways
    data: bytes, place: str, project: Project, definitions: Definitions, files: Mapping[str, str | None], before: Mapping[str, str]
) -> ManifestEdit:
    """What becomes of a manifest when files are edited.

    Args:
        data: the manifest.
        place: what it is called in errors.
        project: its nodes.
        definitions: what it says beyond these.
        files: what each file now holds, None where it is gone; by its path in the project, or as ``package://path`` in one of its packages.
        before: what each held, where that is known.

    Raises:
        ArtifactError: it is no manifest.
    """
    resources = Resources(data, place, project, definitions)
    known = _by_file(project, definitions)
    off = {(node.package, node.path) for node in project.disabled.values()}
    passed_over: list[str] = []
    placed = {name: _placed(name, resources.root) for name in files}
    ordered = sorted(files, key=lambda name: (_is_yaml(name), files[name] is not None, placed[name] in known, name))
    for name in ordered:  # what is gone, what is new, what may read that, and what describes it all
        text, (package, path) = files[name], placed[name]
        ids = known.get((package, path), [])
        if _is_yaml(path):
            _yaml(resources, package, path, text, before.get(name), ids, passed_over)
        elif path.endswith(".csv"):
            for unique_id in ids:
                _seed(resources, unique_id, text)
        elif not ids and (package, path) in off and not (text and (configs(text) or {}).get("enabled")):
            continue
        elif ids or path.endswith((".sql", ".py")):
            edit_template(resources, package, path, text, ids)
        else:
            passed_over.append(name)
    link_new_models(resources)
    return ManifestEdit(
        resources.written(), frozenset(resources.removed), frozenset(resources.recoded & resources.touched.keys()), tuple(resources.unread), tuple(passed_over)
    )


def _placed(name: str, root: str) -> tuple[str, str]:
    """The package and path that a file's name stands for."""
    package, _, path = name.rpartition("://")
    return package or root, path


def _is_yaml(path: str) -> bool:
    return path.endswith((".yml", ".yaml"))


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


def _yaml(  # noqa: PLR0913, PLR0917  # one file's facts
    resources: Resources, package: str, path: str, text: str | None, before: str | None, ids: list[str], passed_over: list[str]
) -> None:
    if text is not None and text == before:
        return
    if PurePosixPath(path).name in PROJECT_FILES:
        resources.doubt(path, "what it configures is not read without dbt")
        return
    described = [unique_id for unique_id, definition in resources.definitions.nodes.items() if definition.patch == path and unique_id.split(".")[1] == package]
    concerned = [unique_id for unique_id in dict.fromkeys([*ids, *described]) if unique_id in resources.project.nodes]
    try:
        new = read_yaml(text or "")
        old = read_yaml(before) if before is not None else {} if not concerned else None
    except NotYaml as error:
        if concerned or before is not None:
            resources.doubt(path, str(error), concerned)
        return
    if concerned or _is_dbts(new) or _is_dbts(old):
        edit_properties(resources, package, path, old, new)
    else:
        passed_over.append(path)


def _is_dbts(document: Mapping[str, Any] | None) -> bool:
    return document is not None and not SECTIONS.isdisjoint(document)
