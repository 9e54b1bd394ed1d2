"""The selector method ``path``: dbt globs in the project's folder, which a manifest lets us rebuild from the paths that it names."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from aftershock.errors import SelectionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from aftershock.model import Node, Project

Parts = tuple[str, ...]


def path_matches(pattern: str, project: Project, nodes: Mapping[str, Node], patches: Callable[[], Mapping[str, str]] | None) -> Iterator[str]:
    """Nodes whose file, a folder above it, or the YAML file that describes them matches a glob.

    dbt looks for the pattern among the files of the root project only, and then takes every node, of any package, that has such a path
    within its own package.

    Args:
        pattern: ``models/staging``, ``models/**/stg_*.sql`` …, relative to the project.
        project: says which package is the root, and where its files are.
        nodes: the nodes to choose from.
        patches: gives the path of the YAML file that describes each node, where known.

    Raises:
        SelectionError: the pattern is not relative to the project, or empty.
    """
    wanted = _parts(pattern)
    described = patches() if patches is not None and _may_be_yaml(wanted) else {}
    root = project.info.name
    everything = [*project.nodes.values(), *project.disabled.values()]
    own = [node for node in everything if node.package == root or not root]
    there = {_clean(node.path) for node in own} | {_clean(described.get(node.unique_id, "")) for node in own}
    folders = {above for path in there for above in _with_parents(path[:-1])}
    known = folders if pattern.endswith(("/", "\\", "**")) else folders | there
    found = {path for path in known if path and _is_match(path, wanted)}
    for node in nodes.values():
        yaml = _clean(described.get(node.unique_id, ""))
        if yaml in found or not found.isdisjoint(_with_parents(_clean(node.path))):
            yield node.unique_id


def _parts(pattern: str) -> Parts:
    path = pattern.replace("\\", "/")
    parts = _clean(path)
    if not parts or path.startswith("/") or ".." in parts:
        raise SelectionError(f"path:{pattern}", "it is not a path within the project", "Give it relative to the folder of dbt_project.yml")
    return parts


def _may_be_yaml(parts: Parts) -> bool:
    return parts[-1].endswith((".yml", ".yaml")) or any(wildcard in parts[-1] for wildcard in "*?[")


def _clean(path: str) -> Parts:
    return tuple(part for part in path.split("/") if part not in {"", "."})


def _with_parents(path: Parts) -> Iterable[Parts]:
    return [path[:length] for length in range(1, len(path) + 1)]


def _is_match(path: Parts, pattern: Parts) -> bool:
    """Whether a path is what pathlib's glob would find: ``**`` stands for any number of folders."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_is_match(path[skipped:], pattern[1:]) for skipped in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _is_match(path[1:], pattern[1:])
