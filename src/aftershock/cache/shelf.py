"""Many small values by content: one SQLite file in the cache's folder.

Unlike the files beside it, which hold one manifest each, this holds thousands of values that are asked for together. SQLite makes writers wait
for each other and survives a crash; every value carries a checksum, and whatever is wrong with the file makes it a new one. Nothing raises:
what goes wrong is a miss.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import zlib
from typing import TYPE_CHECKING

from aftershock.cache import store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

NAME = "lineage.aftershock-shelf"
SCHEMA = "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, value BLOB NOT NULL, crc INTEGER NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID"
MEGABYTE = 1024 * 1024
LIMIT = 512 * MEGABYTE
MOST_DIGITS = 7
AT_ONCE = 500
"""Keys of one query: SQLite has a limit on parameters."""
WAIT_SECONDS = 5.0
DAY = 24 * 60 * 60
"""What was used since is not noted again."""
KEEP = 0.8
"""The part of the limit that is left after a clean-up, so that not every write cleans up again."""


class Shelf:
    """Bytes by key, for the lineage of queries. Implements :class:`aftershock.columns.project.Store`.

    Args:
        directory: the cache's folder, made where it is absent; None keeps nothing.
        limit: bytes that the file may take; what was used longest ago goes first. ``AFTERSHOCK_LINEAGE_CACHE_MB`` megabytes where None, or 512.
    """

    def __init__(self, directory: Path | None, limit: int | None = None) -> None:
        self.limit = _limit() if limit is None else limit
        self._path = None if directory is None or store.problem_of(directory) else directory / NAME
        self._connection: sqlite3.Connection | None = None

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """What is there of these keys."""
        wanted = list(keys)
        found: dict[bytes, bytes] = {}
        stale: list[tuple[int, bytes]] = []
        now = int(time.time())
        with self._guarded():
            for start in range(0, len(wanted), AT_ONCE):
                part = wanted[start : start + AT_ONCE]
                marks = ",".join("?" * len(part))
                for key, value, crc, used in self._open().execute(f"SELECT key, value, crc, used FROM kept WHERE key IN ({marks})", part):  # noqa: S608  # marks only
                    if zlib.crc32(value) == crc:
                        found[key] = zlib.decompress(value)
                        stale.extend([(now, key)] if now - used > DAY else [])
            if stale:
                connection = self._open()
                with connection:
                    connection.executemany("UPDATE kept SET used = ? WHERE key = ?", stale)
        return found

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep these, and let go of what was used longest ago where it becomes too much."""
        now = int(time.time())
        rows = [(key, packed := zlib.compress(value, 1), zlib.crc32(packed), len(packed), now) for key, value in values.items()]
        with self._guarded():
            connection = self._open()
            with connection:
                connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)", rows)
            if self._path is not None and self._path.stat().st_size > self.limit:
                self._prune(connection)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def clear(self) -> int:
        """Remove everything. Returns the bytes removed."""
        self.close()
        return 0 if self._path is None else sum(_remove(self._path, suffix) for suffix in ("", "-wal", "-shm", "-journal"))

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._path is None:
                raise sqlite3.OperationalError("no folder")
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
            os.close(descriptor)
            connection = sqlite3.connect(self._path, timeout=WAIT_SECONDS, check_same_thread=False)
            with contextlib.suppress(sqlite3.OperationalError):  # another process is changing it to the same at this moment
                connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(SCHEMA)
            self._connection = connection
        return self._connection

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever goes wrong is a miss; a file that is no database of ours is made anew."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if self._path is not None and not isinstance(error, sqlite3.OperationalError):
                self._connection = None
                for suffix in ("", "-wal", "-shm", "-journal"):
                    _remove(self._path, suffix)
        except (OSError, zlib.error, OverflowError, MemoryError, TypeError, ValueError):
            pass

    def _prune(self, connection: sqlite3.Connection) -> None:
        (size,) = connection.execute("SELECT coalesce(sum(size), 0) FROM kept").fetchone()
        if size <= self.limit:
            return
        with connection:
            for key, its in connection.execute("SELECT key, size FROM kept ORDER BY used, key").fetchall():
                if size <= self.limit * KEEP:
                    break
                connection.execute("DELETE FROM kept WHERE key = ?", (key,))
                size -= its
        connection.execute("VACUUM")


def _limit() -> int:
    given = os.environ.get("AFTERSHOCK_LINEAGE_CACHE_MB", "")
    return int(given) * MEGABYTE if given.isdecimal() and len(given) <= MOST_DIGITS else LIMIT


def _remove(path: Path, suffix: str) -> int:
    """Remove a file. Returns its bytes."""
    target = path.with_name(path.name + suffix)
    try:
        size = target.stat().st_size
        target.unlink()
    except OSError:
        return 0
    return size
