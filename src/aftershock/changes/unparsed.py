"""A manifest that is older than the files of its project: what dbt has not read yet, nobody can judge."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from aftershock.artifacts.folders import source_files
from aftershock.artifacts.headers import seed_header
from aftershock.artifacts.pieces import raw_of
from aftershock.artifacts.target import MANIFEST, find_project_root, project_settings
from aftershock.model.changes import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    import msgspec

    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Artifacts, Node

WHOLE = frozenset({"model", "analysis", "test", "function"})
"""What is a file of its own, but for the blanks at its ends. A snapshot is a block of one, and so is a macro."""
CODE = (".sql", ".py")
IGNORED = ".dbtignore"
MOST_HASHED = 2**20
"""dbt has no checksum of the content of a larger seed."""
REMEDY = "run dbt parse and check again"


def unparsed(head: Artifacts, reader: ProjectLineage, root: Path | None = None) -> tuple[Change, ...]:
    """What the files beside the head's manifest say otherwise than the manifest does: changes that cannot be judged.

    Args:
        head: what dbt left, read from a target directory in its project. Where the project is not there, nothing can be compared.
        reader: its column lineage.
        root: the project's folder; the one at or above the manifest where None.

    Returns:
        One for each node or macro of the project itself whose file is another one, or gone, and one for each model's file that the manifest does not have.
    """
    root = _root(head, root)
    if root is None:
        return ()
    texts = _Texts(root)
    mine = [node for node in head.project.nodes.values() if node.package == head.project.info.name]
    read = [node for node in mine if node.path.endswith(CODE) and (node.resource_type in WHOLE or node.resource_type == "snapshot")]
    if not any(texts.of(node.path) is not None for node in read):
        return ()
    return (*_nodes(read, reader, texts), *_seeds(mine, reader, root), *_macros(head.project.info.name, reader, texts), *_new(head, root))


class _Texts:
    """Files of a project, as dbt would read them; None for one that is not there. There may be thousands, so their paths are put together as text."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._folders: dict[str, str] = {}
        self._found: dict[str, str | None] = {}

    def of(self, path: str) -> str | None:
        """The file at a path of the manifest, which must not lead out of the project."""
        if path not in self._found:
            self._found[path] = self._read(path)
        return self._found[path]

    def _read(self, path: str) -> str | None:
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(f"{self._root}/{folder}")
        file = f"{self._folders[folder]}/{name}"
        try:
            if not self._is_inside(self._folders[folder]) or (os.path.islink(file) and not self._is_inside(os.path.realpath(file))):  # noqa: PTH114  # text
                return None
            with open(file, "rb") as opened:  # noqa: PTH123  # as above
                return _bare(opened.read().decode("utf-8", "replace"))
        except (OSError, ValueError):
            return None

    def _is_inside(self, place: str) -> bool:
        return place == self._root or place.startswith(f"{self._root}{os.sep}")


def _root(head: Artifacts, root: Path | None) -> Path | None:
    """The folder of the project whose target the head was read from; None where that is another one's, or is not there."""
    place = next((file.path for file in head.files if file.kind == "manifest"), "")
    root = root if root is not None else find_project_root(Path(place).parent) if place else None
    name = head.project.info.name
    return root if root is not None and name and project_settings(root).get("name") == name else None


def _bare(text: str) -> str:
    return text.replace("\r\n", "\n").lstrip("\ufeff").strip()


def _nodes(nodes: list[Node], reader: ProjectLineage, texts: _Texts) -> Iterator[Change]:
    for node in nodes:
        if node.test is not None and node.test.name:
            continue
        text = texts.of(node.path)
        if text is not None and _says(raw_of(reader.code.nodes, node.unique_id), text):
            continue
        code = reader.code.nodes.get(node.unique_id)
        if code is None or not code.raw:
            continue
        if text is None or not (_bare(code.raw) == text if node.resource_type in WHOLE else _is_block(code.raw, text)):
            yield _differs(node.unique_id, node.path, there=text is not None)


def _says(raw: msgspec.Raw | None, text: str) -> bool:
    """Whether a manifest has this very text as a node's code; nothing need be decoded for most of thousands."""
    if raw is None:
        return False
    data, told = bytes(raw), json.dumps(text).encode()
    return b'"raw_code": ' + told in data or b'"raw_code":' + told in data


def _is_block(raw: str, text: str) -> bool:
    """Whether a template stands in a file between two tags."""
    return re.search(r"%\}\s*" + re.escape(_bare(raw)) + r"\s*\{%", text) is not None


def _seeds(nodes: list[Node], reader: ProjectLineage, root: Path) -> Iterator[Change]:
    definitions = reader.readings.definitions
    for node in nodes:
        said = definitions().nodes.get(node.unique_id) if node.resource_type == "seed" and definitions is not None else None
        if said is None or not node.path:
            continue
        file = root / node.path
        there = file.is_file()
        hashed = said.checksum.startswith("sha256:") and there and 0 < file.stat().st_size <= MOST_HASHED
        if not there or (hashed and seed_header(root / MANIFEST, node.path, said.checksum) is None):
            yield _differs(node.unique_id, node.path, there=there)


def _macros(package: str, reader: ProjectLineage, texts: _Texts) -> Iterator[Change]:
    definitions = reader.readings.definitions
    paths = definitions().paths if definitions is not None else {}
    for unique_id in paths:
        code = reader.code.macros.get(unique_id) if unique_id.startswith(f"macro.{package}.") else None
        path = paths[unique_id]
        if code is None or not path:
            continue
        text = texts.of(path)
        if text is None or _bare(code.sql) not in text:
            yield _differs(unique_id, path, there=text is not None)


def _new(head: Artifacts, root: Path) -> Iterator[Change]:
    """Models that dbt has not read yet. What dbt is told to ignore is not looked up."""
    if (root / IGNORED).exists():
        return
    known = {node.path for nodes in (head.project.nodes, head.project.disabled) for node in nodes.values()}
    for path in source_files(root, ("model-paths",)):
        if path.endswith(CODE) and path not in known and (root / path).is_file() and (root / path).stat().st_size:
            yield _change(path, path, f"the head's manifest does not have {path}")


def _differs(unique_id: str, path: str, *, there: bool = True) -> Change:
    return _change(unique_id, path, f"{path} is not what the head's manifest has of it" if there else f"the head's manifest has it, and {path} is not there")


def _change(unique_id: str, path: str, why: str) -> Change:
    return Change(unique_id, "sql-unread", "cannot-say", "unknown", f"{why}: {REMEDY}", path=path)
