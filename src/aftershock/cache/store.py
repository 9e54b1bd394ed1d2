"""A private folder of checked files. Each is MAGIC · crc32 · lengths · whose it is · payload; what does not check out is absent.

crc32 finds every torn or rotten file and costs a third of a cryptographic hash; nobody else can write here, so that nothing is signed.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import sys
import time
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = ".aftershock-key"
DATA = ".aftershock-data"
_TEMPORARY = ".aftershock-tmp"
_OURS = (KEY, DATA, _TEMPORARY)
"""Endings that nobody else uses, so that pruning a folder that a person named by mistake takes nothing of theirs."""

MAX_FILES = 1000
"""Files that the folder may hold: a key is tiny, but each costs a stat when the folder is pruned."""

_MAGIC = b"ashk"
_HEADER = struct.Struct("<4sIIQ")
_ABANDONED_SECONDS = 3600
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | _FLAGS
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS


class Held(NamedTuple):
    """A file of ours in the folder: where, its bytes, and when it was last used (nanoseconds since 1970)."""

    path: str
    size: int
    used_ns: int


def problem_of(directory: Path) -> str:
    """Make the folder, for its owner alone. Returns what is wrong with it: others could read it, or plant entries; empty where nothing is."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
    except (OSError, ValueError) as error:
        return f"{directory} cannot be made ({getattr(error, 'strerror', None) or error})"
    if not stat.S_ISDIR(found.st_mode):
        return f"{directory} is a symbolic link"
    if sys.platform != "win32":
        if found.st_uid != os.geteuid():
            return f"{directory} belongs to another user"
        if found.st_mode & 0o022:
            return f"{directory} can be written by others"
    return ""


def read(directory: Path, name: str, whose: bytes) -> memoryview | None:
    """The payload of a file.

    Returns:
        None where there is none, where it is somebody else's (``whose`` differs), or where it is damaged: then it is removed.
    """
    path = _join(directory, name)
    try:
        with open(os.open(path, _READ), "rb", buffering=0) as opened:  # noqa: PTH123  # O_NOFOLLOW
            data = opened.read()
    except OSError:
        return None
    if len(data) >= _HEADER.size:
        magic, crc, name_length, length = _HEADER.unpack_from(data)
        body = memoryview(data)[_HEADER.size :]
        if magic == _MAGIC and len(body) == name_length + length and zlib.crc32(body) == crc:
            return body[name_length:] if body[:name_length] == whose else None
    remove(directory, name)
    return None


def write(directory: Path, name: str, whose: bytes, payload: bytes) -> None:
    """Put a file in place in one step: readers see the old one or the new one. Raises OSError."""
    temporary = _join(directory, os.urandom(8).hex() + _TEMPORARY)
    try:
        with open(os.open(temporary, _CREATE, 0o600), "wb") as file:  # noqa: PTH123  # O_EXCL and the mode
            file.write(_HEADER.pack(_MAGIC, zlib.crc32(payload, zlib.crc32(whose)), len(whose), len(payload)))
            file.write(whose)
            file.write(payload)
        os.replace(temporary, _join(directory, name))  # noqa: PTH105  # paths are texts here, see _join
    except BaseException:
        _unlink(temporary)
        raise


def used(directory: Path, name: str) -> None:
    """Note that a file is of use, so that others go first."""
    with contextlib.suppress(OSError):
        os.utime(_join(directory, name))


def remove(directory: Path, name: str) -> None:
    """Remove a file, if it is there."""
    _unlink(_join(directory, name))


def names(directory: Path) -> list[str]:
    """The names of our files."""
    try:
        with os.scandir(directory) as entries:
            return [entry.name for entry in entries if entry.name.endswith(_OURS)]
    except OSError:
        return []


def held(directory: Path) -> Iterator[Held]:
    """Our files with their sizes."""
    for name in names(directory):
        with contextlib.suppress(OSError):
            path = _join(directory, name)
            found = os.lstat(path)
            if stat.S_ISREG(found.st_mode):
                yield Held(path, found.st_size, found.st_mtime_ns)


def clear(directory: Path) -> int:
    """Remove all of our files and nothing else. Returns their bytes."""
    return sum(file.size for file in held(directory) if _unlink(file.path))


def prune(directory: Path, limit: int) -> None:
    """Keep within ``limit`` bytes and MAX_FILES: what was used longest ago goes first, and whatever a writer that died has left."""
    files = sorted(held(directory), key=lambda file: file.used_ns)
    size, count, now = sum(file.size for file in files), len(files), time.time_ns()
    for file in files:
        abandoned = file.path.endswith(_TEMPORARY) and now - file.used_ns > _ABANDONED_SECONDS * 1_000_000_000
        if (abandoned or size > limit or count > MAX_FILES) and _unlink(file.path):
            size, count = size - file.size, count - 1


def _join(directory: Path, name: str) -> str:
    return os.path.join(directory, name)  # noqa: PTH118  # a hit must cost microseconds


def _unlink(path: str) -> bool:
    try:
        os.unlink(path)  # noqa: PTH108  # as above
    except OSError:
        return False
    return True
