"""Where incidents are kept: what a person typed → a file, or a database of PostgreSQL's. Nothing is opened here but the file's first bytes."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from aftershock.errors import StoreError, UsageError
from aftershock.incidents.problems import nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ".aftershock"
NAME = "incidents.db"
_BESIDE = ("-wal", "-shm", "-journal")
HEADER = b"SQLite format 3\0"
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_POSTGRES = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_FORMS = "Give a file, sqlite:///FILE, or postgresql://USER@HOST/DATABASE"
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class FilePlace(msgspec.Struct, frozen=True):
    """A file of SQLite's. ``is_ours``: the folder is made by us, and ignored by git."""

    path: str
    is_ours: bool = False

    @property
    def label(self) -> str:
        """How errors name it."""
        return self.path

    def prepare(self, *, create: bool) -> None:
        """See that a file is there that may be opened: made private, byte by byte, where there is none.

        Raises:
            NothingThere: there is none, and none is to be made.
            StoreError: it cannot be made, or is something else than a database.
        """
        path = Path(self.path)
        if self.is_ours:
            self._refuse_links(path)
        try:
            found = path.stat()
        except FileNotFoundError:
            if not create:
                raise nothing(self.label) from None
            self._make(path)
            return
        except OSError as error:
            raise _unusable(self, error) from None
        self._check(path, found, create=create)

    def _make(self, path: Path) -> None:
        try:
            if self.is_ours:
                self._make_folder(path.parent)
            os.close(os.open(path, _CREATE, 0o600))
        except FileExistsError:  # another process was faster
            self._check(path, path.stat(), create=True)
        except OSError as error:
            raise _unusable(self, error) from None

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileExistsError), open(os.open(folder / ".gitignore", _CREATE, 0o644), "w", encoding="utf-8") as ignore:  # noqa: PTH123  # O_EXCL
            ignore.write("*\n")

    @staticmethod
    def _refuse_links(path: Path) -> None:
        """Raise StoreError where a link, which somebody may have put into the project, would have us write somewhere else."""
        for place in (path.parent, path, *(path.with_name(path.name + suffix) for suffix in _BESIDE)):
            if place.is_symlink():
                raise StoreError(str(place), "it is a link", "Remove it, or say with --store where incidents are kept")

    def _check(self, path: Path, found: os.stat_result, *, create: bool) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(self.label, "it is a folder" if stat.S_ISDIR(found.st_mode) else "it is no file", "Name a file")
        if not found.st_size:
            if not create:
                raise nothing(self.label)
            return
        try:
            with path.open("rb") as opened:
                start = opened.read(len(HEADER))
        except OSError as error:
            raise _unusable(self, error) from None
        if start != HEADER:
            raise StoreError(self.label, "it is no database", "Name another file, or move this one away; it was left as it is")


class ServerPlace(msgspec.Struct, frozen=True):
    """A database on a server. ``url`` may hold a password: only `label` may be shown."""

    url: str

    @property
    def label(self) -> str:
        """How errors name it: host, port and database, without user and password."""
        rest = self.url.partition("://")[2].partition("?")[0]
        return f"postgresql://{rest.rpartition('@')[2]}"

    def secrets(self) -> Iterator[str]:
        """What must never be shown, as written and decoded."""
        rest, _, query = self.url.partition("://")[2].partition("?")
        given = rest.rpartition("@")[0].partition(":")[2]
        asked = [part.partition("=")[2] for part in query.split("&") if "pass" in part.partition("=")[0].lower()]
        for secret in (given, *asked):
            if secret:
                yield secret
                yield unquote(secret)

    def scrubbed(self, text: str) -> str:
        """``text`` without what must never be shown."""
        for secret in sorted(self.secrets(), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def __repr__(self) -> str:
        return f"ServerPlace({self.label!r})"


def place_of(url: str, project: Path) -> FilePlace | ServerPlace:
    """Where a text says that incidents are kept.

    Args:
        url: ``postgresql://…``, ``sqlite:///…`` or a file's path; empty for the project's own file.
        project: the directory of the project.

    Raises:
        UsageError: it is some other kind of place.
    """
    if not url.strip():
        return FilePlace(str(project.absolute() / FOLDER / NAME), is_ours=True)
    found = _SCHEME.match(url)
    if found is None:
        return FilePlace(os.path.abspath(os.path.expanduser(url)))  # noqa: PTH100, PTH111  # links stay, and an unknown user is no error
    scheme = found[1].lower()
    if scheme in _POSTGRES:
        _check_password(url[found.end() :])
        return ServerPlace("postgresql" + url[len(found[1]) :])
    if scheme not in {"sqlite", "sqlite+pysqlite"}:
        raise UsageError("--store", f"incidents cannot be kept in {scheme}://…", _FORMS)
    path = unquote(url[found.end() :].partition("?")[0])
    if not path.startswith("/") or len(path) == 1 or "?" in url:
        raise UsageError("--store", "sqlite:// names no file" if "?" not in url else "sqlite:// takes no options", _FORMS)
    return FilePlace(os.path.abspath(path[1:]))  # noqa: PTH100  # as above


def _check_password(rest: str) -> None:
    """Raise UsageError where it is not clear what of a URL is the password: none of it may be taken for a host, and looked up."""
    if rest.count("@") > 1 or rest.count("@") != re.split("[/?#]", rest)[0].count("@"):
        raise UsageError("--store", "it is not clear where the password ends", "Write @ / ? # and % of the password as %40 %2F %3F %23 and %25")


def _unusable(place: FilePlace, error: OSError) -> StoreError:
    return StoreError(
        place.label, f"it cannot be used ({error.strerror or error})", "Check the path and its permissions, or say with --store where incidents are kept"
    )
