"""File paths -> nodes, wherever the path starts: in the project, above it, or inside one of its folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.errors import AmbiguousName, SelectionError, UnknownName
from aftershock.model import UNAFFECTED_TYPES
from aftershock.select.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aftershock.model import Node
    from aftershock.select.index import Index

SUFFIXES = (".sql", ".py", ".csv", ".yml", ".yaml", ".md", ".json", ".toml", ".txt", ".ipynb")
PROPERTIES = (".yml", ".yaml")
BUILT = frozenset({"model", "seed", "snapshot", "function", "analysis", "test"})
"""What a file of code or rows can hold."""


def is_path(text: str) -> bool:
    """Whether a text is meant as a file path."""
    return "/" in text or "\\" in text or text.lower().endswith(SUFFIXES)


def is_properties(text: str) -> bool:
    """Whether a text is the path of a YAML file."""
    return _clean(text).lower().endswith(PROPERTIES)


def in_file(text: str, index: Index, spell: Callable[[Node], str], *, listed: bool = False) -> list[Node]:
    """The nodes that a file defines or describes; usually one, more where an SQL file holds several snapshots, or for a YAML file.

    Args:
        text: a path with either kind of slash, relative to the project, to a folder above it, or to one inside it.
        index: where the nodes are; for a YAML file also those that it describes.
        spell: an unambiguous spelling, for error messages.
        listed: whether a program listed the file, so that nobody can be asked: several candidates are all taken, unknown files not compared.

    Raises:
        AmbiguousName: files of that path in several packages or folders.
        SelectionError: a file of macros, or a YAML file that neither defines nor describes a node.
        UnknownName: no node lies there.
    """
    found = files_at(text, index)
    nodes = _declared(found, index) if is_properties(text) else [node for node in found if node.resource_type in BUILT]
    if not nodes:
        _refuse(text, _clean(text), index, suggest=not listed)
    if len({(node.package, node.path) for node in found}) > 1 and not listed:
        raise AmbiguousName(text, tuple(spell(index.nodes[node.unique_id]) for node in nodes))
    return nodes


def _declared(found: Iterable[Node], index: Index) -> list[Node]:
    """What a YAML file is about: the nodes in it, and those to which its data tests belong."""
    about: dict[str, Node] = {}
    for node in found:
        attached = node.test.attached_node if node.test else ""
        if node.resource_type not in UNAFFECTED_TYPES:
            about[node.unique_id] = node
        elif attached in index.nodes:
            about.setdefault(attached, index.nodes[attached])
    return list(about.values())


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
        raise SelectionError(text, "it neither defines nor describes a node of the manifest", "Name the node that is damaged")
    files = {node.path for nodes in index.by_file.values() for node in nodes if not node.path.endswith(PROPERTIES)} if suggest else ()
    raise UnknownName(text, "no node of the manifest is defined in this file", nearest(path, files), "Name the node, or run dbt parse if the file is new")
