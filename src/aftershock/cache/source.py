"""What tells whether a decoded value still is what its file says: the file's stat, its content, and the code that decoded it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import msgspec

from aftershock._version import __version__

if TYPE_CHECKING:
    from pathlib import Path

CACHE_FORMAT = 1
"""Raised when the layout of the cache's files changes."""

_DECODERS = ("", "model", "artifacts")
"""Where the code of a decoded value lies: two rooms, and beside them the module that reads owners."""
_RACY_NS = 2_000_000_000
_PIECE = 1 << 20


class Stamp(msgspec.Struct, frozen=True, array_like=True):
    """What a file system says of a file; any change of content changes it, except as ``is_settled`` says."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    def is_settled(self, now_ns: int) -> bool:
        """Whether the file was last written so long before ``now_ns`` that the next write must show in its times, which tick as slowly as two seconds."""
        return now_ns - max(self.mtime_ns, self.ctime_ns) > _RACY_NS


def stamp_of(source: Path) -> Stamp | None:
    """The stamp of a regular file, links followed; None for anything else."""
    try:
        found = os.stat(source)  # noqa: PTH116  # a hit must cost microseconds
    except (OSError, ValueError):
        return None
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def absolute(source: Path) -> bytes:
    """The path that a file is known by. Links stay links: one that points elsewhere tomorrow has another inode then."""
    return os.fsencode(os.path.abspath(source))  # noqa: PTH100  # as above


def digest_of_bytes(content: bytes) -> str:
    """The sha256, as hexadecimal digits."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def digest_of(source: Path) -> str:
    """The sha256 of a file, read in pieces. Raises OSError."""
    import hashlib

    found = hashlib.sha256()
    with source.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def made_by(type_: type) -> bytes:
    """What a value was decoded by: this version and format, its type, and the code of both (which changes in a checkout without a new version)."""
    return repr((CACHE_FORMAT, __version__, msgspec.__version__, type_.__module__, type_.__qualname__, code_of(*_DECODERS))).encode()


def code_of(*rooms: str) -> list[list[tuple[str, int, int]]]:
    """Name, size and mtime of every Python file of these rooms of the package, which tell whether what they made is still what they would make."""
    here = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120  # as above
    return [_code(os.path.join(here, room)) for room in rooms]  # noqa: PTH118  # as above


def _code(room: str) -> list[tuple[str, int, int]]:
    """Name, size and mtime of each Python file of a room; empty where the package is not on disk as files."""
    try:
        with os.scandir(room) as entries:
            found = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".py")]
    except OSError:
        return []
    return sorted((name, info.st_size, info.st_mtime_ns) for name, info in found)
