"""File paths -> nodes, wherever the path starts: in the project, above it, or inside one of its folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.errors import AmbiguousName, SelectionError, UnknownName
from aftershock.select.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock.model import Node
    from aftershock.select.index import Index

SUFFIXES = (".sql", ".py", ".csv", ".yml", ".yaml", ".md", ".json", ".toml", ".txt", ".ipynb")
PROPERTIES = (".yml", ".yaml")
BUILT = frozenset({"model", "seed", "snapshot", "function", "analysis", "test"})
"""What a file can hold as its own: of a properties file only YAML snapshots remain."""

LISTED = 5


def is_path(text: str) -> bool:
    """Whether a text is meant as a file path."""
    return "/" in text or "\\" in text or text.lower().endswith(SUFFIXES)


def in_file(text: str, index: Index, spell: Callable[[Node], str], *, listed: bool = False) -> list[Node]:
    """The nodes that a file defines; usually one, more where an SQL file holds several snapshots.

    Args:
        text: a path with either kind of slash, relative to the project, to a folder above it, or to one inside it.
        index: where the nodes are.
        spell: an unambiguous spelling, for error messages.
        listed: whether a program listed the file, so that nobody can be asked: several candidates are all taken, unknown files not compared.

    Raises:
        AmbiguousName: files of that path in several packages or folders.
        SelectionError: a properties file, which describes nodes but is none.
        UnknownName: no node lies there.
    """
    path = _clean(text)
    found = files_at(text, index)
    built = [node for node in found if node.resource_type in BUILT and not (node.resource_type == "test" and path.endswith(PROPERTIES))]
    if found and not built:
        declared = ", ".join(spell(node) for node in found[:LISTED] if node.resource_type not in {"test", "unit_test"})
        raise SelectionError(
            text, "it is a properties file, which names no node by itself", f"Name a node{' that it declares: ' + declared if declared else ''}"
        )
    if not built:
        _refuse(text, path, index, suggest=not listed)
    if len({(node.package, node.path) for node in built}) > 1 and not listed:
        raise AmbiguousName(text, tuple(spell(node) for node in built))
    return built


def files_at(text: str, index: Index) -> list[Node]:
    """Every node in the file that a path means: the exact one, else one whose own path ends it, else one whose own path it ends."""
    path = _clean(text)
    same_name = index.by_file.get(path.rpartition("/")[2], [])
    exact = [node for node in same_name if _clean(node.path) == path]
    if exact:
        return exact
    above = [node for node in same_name if path.endswith("/" + _clean(node.path))]
    if above:
        return _deepest(path, above)
    return [node for node in same_name if _clean(node.path).endswith("/" + path)]


def _deepest(path: str, nodes: list[Node]) -> list[Node]:
    """Of nodes whose own path ends ``path``: those with most of it, then those whose package is the folder nearest to the file."""

    def evidence(node: Node) -> tuple[int, int]:
        before = path[: -len(_clean(node.path))].split("/")
        nearest_folder = max((place for place, folder in enumerate(before) if folder == node.package), default=-1)
        return len(node.path), nearest_folder

    best = max(evidence(node) for node in nodes)
    return [node for node in nodes if evidence(node) == best]


def _clean(path: str) -> str:
    return "/".join(part for part in path.strip("\"'").replace("\\", "/").split("/") if part not in {"", "."})


def _refuse(text: str, path: str, index: Index, *, suggest: bool) -> None:
    folders = path.split("/")[:-1]
    if "macros" in folders or (folders and folders[-1] == "generic"):
        raise SelectionError(text, "it is a file of macros, which names no node by itself", "Name a node that uses them")
    if path.endswith(PROPERTIES):
        raise SelectionError(text, "it is a properties file, which names no node by itself", "Name a node that it describes")
    files = {node.path for nodes in index.by_file.values() for node in nodes if not node.path.endswith(PROPERTIES)} if suggest else ()
    raise UnknownName(text, "no node of the manifest is defined in this file", nearest(path, files))
