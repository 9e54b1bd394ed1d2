"""What was decoded before: values of msgspec structs on disk as MessagePack, never pickle.

Two kinds of files in one private folder (mode 0700, files 0600):

    a key, for a path      the content that it had when last read: size, mtime, ctime and inode → sha256
    data, for a content    the decoded value, and what it was decoded by

A key whose stat still matches answers without opening the source. Where the stat differs the content decides, so that a touched or copied
file is not decoded again. A file that was written less than two seconds before it was read may change again without a visible trace, so its
stat is not trusted, and its content is compared the next time.

What cannot be seen: content replaced in place by as many bytes, with mtime and ctime set back (which needs a changed system clock, or
raw access to the disk).
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import zlib
from pathlib import Path
from typing import TypeVar

import msgspec

from aftershock.cache import store
from aftershock.cache.source import Stamp, absolute, digest_of, digest_of_bytes, made_by, stamp_of
from aftershock.garbage import uncollected

__all__ = ["Cache", "cache_dir"]

T = TypeVar("T")

LIMIT = 512 * 1024 * 1024
"""Bytes that the folder may hold, unless told otherwise."""

_CANNOT_ENCODE = (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError, MemoryError)


class _Key(msgspec.Struct, frozen=True, array_like=True):
    """The content of a path; ``trusted`` where the same stamp proves the same content."""

    stamp: Stamp
    trusted: bool
    digest: str


def cache_dir() -> Path:
    """The folder for this user: ``AFTERSHOCK_CACHE_DIR``, else the platform's cache folder. It need not exist."""
    if named := os.environ.get("AFTERSHOCK_CACHE_DIR"):
        return Path(os.path.expanduser(named))  # noqa: PTH111  # a home that is unknown is no error here
    if sys.platform == "linux":  # platformdirs says the same; its import is worth saving in every answer
        return Path(os.environ.get("XDG_CACHE_HOME", "").strip() or os.path.expanduser("~/.cache")) / "aftershock"  # noqa: PTH111  # as above
    import platformdirs

    return platformdirs.user_cache_path("aftershock", appauthor=False)


class Cache:
    """Decoded values by the file that they were read from. Never raises: whatever goes wrong is a miss.

    Args:
        directory: the folder, made where it is absent; None is a cache that holds nothing.
        limit: bytes that the folder may hold; what was used longest ago goes first.

    Example:
        project = cache.get(path, Project)
        if project is None:
            project = decode(path)
            cache.put(path, project)
    """

    def __init__(self, directory: Path | None, limit: int = LIMIT) -> None:
        self.directory = directory
        self.limit = limit
        self._usable: Path | None = None
        self._problem: str | None = None
        self._missed: dict[bytes, tuple[Stamp, int]] = {}

    @property
    def problem(self) -> str:
        """Why nothing can be kept, e.g. ``/tmp/x is a symbolic link``; empty where all is well."""
        if self._problem is None:
            self._problem = "no folder" if self.directory is None else store.problem_of(self.directory)
            self._usable = None if self._problem else self.directory
        return self._problem

    def get(self, source: Path, type_: type[T]) -> T | None:
        """The value that was decoded from ``source`` as it is on disk now.

        Args:
            source: the file that was decoded, not the cache's own.
            type_: the struct that was put.

        Returns:
            The value, equal to the one that was put; None where the source must be decoded, and ``put`` may follow.
        """
        now = time.time_ns()
        folder, stamp = self._folder(), stamp_of(source)
        if folder is None or stamp is None:
            return None
        path, maker = absolute(source), made_by(type_)
        key = _read_key(folder, path)
        if key is not None and key.trusted and key.stamp == stamp:
            value = _read_value(folder, _data_name(stamp, key.digest, maker), maker, type_)
            store.used(folder, _key_name(path))
        else:
            value = _same_content(folder, source, stamp, now, type_)
        if value is None:
            self._missed[path] = (stamp, now)
        return value

    def put(self, source: Path, value: object, content: bytes | None = None) -> None:
        """Keep what was decoded from ``source`` after ``get`` found nothing.

        Args:
            source: the file that was decoded. If it has changed since ``get``, or ``get`` was never asked, nothing is kept: nobody could
                tell which content the value is of.
            value: a msgspec struct.
            content: the source's bytes where they are at hand (as they are on disk, still compressed), so that they are not read again.
        """
        path, folder = absolute(source), self._folder()
        stamp, asked_at = self._missed.pop(path, (None, 0))
        if folder is None or stamp is None:
            return
        with contextlib.suppress(OSError, *_CANNOT_ENCODE):
            payload = msgspec.msgpack.encode(value)
            digest = digest_of(source) if content is None else digest_of_bytes(content)
            if len(payload) <= self.limit and stamp_of(source) == stamp:
                maker = made_by(type(value))
                store.write(folder, _data_name(stamp, digest, maker), maker, payload)
                _write_key(folder, path, _Key(stamp, stamp.is_settled(asked_at), digest))
                store.prune(folder, self.limit)

    def clear(self) -> int:
        """Remove everything that the cache holds, and nothing else from its folder. Returns the bytes removed."""
        folder = self._folder()
        return 0 if folder is None else store.clear(folder)

    def _folder(self) -> Path | None:
        return None if self.problem else self._usable


def _same_content(folder: Path, source: Path, stamp: Stamp, now: int, type_: type[T]) -> T | None:
    """The value of whatever has the source's content, under any path; the source is hashed only where something has its size."""
    maker = made_by(type_)
    start, end = _data_name(stamp, "|", maker).split("|")
    if not any(name.startswith(start) and name.endswith(end) for name in store.names(folder)):
        return None
    with contextlib.suppress(OSError):
        digest = digest_of(source)
        if stamp_of(source) == stamp:
            value = _read_value(folder, _data_name(stamp, digest, maker), maker, type_)
            if value is not None:
                _write_key(folder, absolute(source), _Key(stamp, stamp.is_settled(now), digest))
            return value
    return None


def _read_value(folder: Path, name: str, maker: bytes, type_: type[T]) -> T | None:
    payload = store.read(folder, name, maker)
    value = None if payload is None else _decoded(payload, type_)
    if value is not None:
        store.used(folder, name)
    elif payload is not None:
        store.remove(folder, name)
    return value


def _read_key(folder: Path, path: bytes) -> _Key | None:
    payload = store.read(folder, _key_name(path), path)
    return None if payload is None else _decoded(payload, _Key)


def _write_key(folder: Path, path: bytes, key: _Key) -> None:
    with contextlib.suppress(OSError):
        store.write(folder, _key_name(path), path, msgspec.msgpack.encode(key))


def _key_name(path: bytes) -> str:
    """The name of a path's key. Two paths may share one: the file says whose it is, so that they displace each other at worst."""
    return f"{zlib.crc32(path):08x}{zlib.adler32(path):08x}{store.KEY}"


def _data_name(stamp: Stamp, digest: str, maker: bytes) -> str:
    return f"{stamp.size:x}-{digest}-{zlib.crc32(maker):08x}{store.DATA}"


def _decoded(payload: memoryview, type_: type[T]) -> T | None:
    try:
        with uncollected():
            return msgspec.msgpack.Decoder(type_).decode(payload)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        return None
