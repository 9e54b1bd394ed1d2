"""Where YAML names a node or its column: dbt's artifacts know the file, and no line of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aftershock.artifacts.target import find_project_root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.changes.sides import Side

MOST_BYTES = 2**20
"""A larger file is not looked into."""
NAME = re.compile(r"""^\s*(?:-\s+)?(["']?name["']?)\s*:\s*(["']?)(.*?)\2\s*(?:\#.*)?$""")


class Named(NamedTuple):
    """A line that gives something a name: how far its text stands from the left, its number from 1, and the name."""

    indent: int
    line: int
    name: str


class Declared:
    """The lines at which a project's YAML names things; files are read once.

    Args:
        side: the project, whose files lie at or above its manifest.
    """

    def __init__(self, side: Side) -> None:
        self.side = side
        self._files: dict[str, list[Named]] = {}

    def line(self, unique_id: str, path: str, column: str) -> int:
        """The line of a node's name, or of its column's, counted from 1; 1 where the file is not at hand, or does not name it.

        Args:
            unique_id: the node.
            path: the YAML file, relative to the project.
            column: the column, empty for the node alone.
        """
        node = self.side.nodes.get(unique_id)
        if node is None or node.package != self.side.project.info.name or not path.endswith((".yml", ".yaml")):
            return 1
        if path not in self._files:
            self._files[path] = named(self._text(path))
        outer = (node.source.source_name,) if node.source is not None else ()
        return line_of(self._files[path], [*outer, node.name, *([column] if column else [])])

    def _text(self, path: str) -> str:
        root = find_project_root(Path(self.side.manifest).parent) if self.side.manifest else None
        if root is None:
            return ""
        try:
            file = (root / path).resolve()
            if not file.is_relative_to(root.resolve()) or file.stat().st_size > MOST_BYTES:
                return ""
            return file.read_text("utf-8-sig")
        except (OSError, ValueError):
            return ""


def named(text: str) -> list[Named]:
    """Every line of YAML that gives something a name."""
    found = ((number, NAME.match(line)) for number, line in enumerate(text.splitlines(), 1))
    return [Named(match.start(1), number, match[3]) for number, match in found if match is not None]


def line_of(lines: Sequence[Named], names: Sequence[str]) -> int:
    """The line at which the last of some names stands within the one before it; of the last that is there, and 1 where none is."""
    within, line = list(lines), 1
    for name in names:
        hits = [item for item in within if item.name.casefold() == name.casefold()]
        if not hits:
            break
        best = min(hits, key=lambda item: (item.indent, item.line))  # columns stand deeper than what has them
        after = [item for item in within if item.line > best.line]
        end = next((item.line for item in after if item.indent <= best.indent), None)
        within, line = [item for item in after if end is None or item.line < end], best.line
    return line
