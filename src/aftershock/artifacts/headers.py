"""The first line of a seed's file: dbt's artifacts say nothing of a seed's columns."""

from __future__ import annotations

import csv
import hashlib
from typing import TYPE_CHECKING

from aftershock.artifacts.target import find_project_root

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 2**20
"""dbt looks into no larger seed, and so has no checksum of it."""


def seed_header(manifest: Path, path: str, checksum: str, delimiter: str = ",") -> tuple[str, ...] | None:
    """The names of a seed's columns, read from the project in which a manifest lies.

    Args:
        manifest: the manifest's file.
        path: the seed's file, relative to the project.
        checksum: what the manifest says of its content, as ``sha256:…``.
        delimiter: what stands between two values.

    Returns:
        None where the file is not there, or is not the one that dbt saw.
    """
    root = find_project_root(manifest.parent)
    if root is None or not path or len(delimiter) != 1:
        return None
    file = (root / path).resolve()
    if not file.is_relative_to(root.resolve()):
        return None
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, ValueError):
        return None
    if checksum.partition(":")[2] not in _checksums(data):
        return None
    found = next(csv.reader(text.splitlines(), delimiter=delimiter), None)
    return tuple(name.strip() for name in found) if found else None


def _checksums(data: bytes) -> set[str]:
    """What versions of dbt, on any system, make of a file: with and without the blanks at its ends, with either kind of line ends."""
    unix = data.replace(b"\r\n", b"\n")
    return {hashlib.sha256(each).hexdigest() for text in (data, unix) for each in (text, text.strip())}
