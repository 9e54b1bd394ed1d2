"""Bytes of dbt's files: plain, gzip or zstd, capped, and decoded into a typed struct or one clear error."""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from aftershock.errors import ArtifactError
from aftershock.garbage import uncollected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T = TypeVar("T")


class SupportsRead(Protocol):
    """A stream of unpacked bytes."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


SUFFIXES = ("", ".gz", ".zst")
MAX_UNPACKED = 4 * 1024**3
MAX_RATIO = 400
"""Real manifests shrink 10 to 30 times; a file that grows this much is not one."""
RATIO_APPLIES_FROM = 64 * 1024**2
CHUNK = 1024 * 1024


def find(directory: Path, name: str) -> Path | None:
    """``name`` in this directory, or its ``.gz`` or ``.zst``, the plain file first; None where there is none."""
    return next((path for suffix in SUFFIXES if is_file(path := directory / (name + suffix))), None)


def is_file(path: Path) -> bool:
    """Whether this is a file that can be looked at; a name that is too long, or a directory that is closed to us, is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_directory(path: Path) -> bool:
    """As :func:`is_file`, of a directory."""
    try:
        return path.is_dir()
    except OSError:
        return False


def read_bytes(path: Path) -> bytes:
    """The file's content, unpacked where its name says so.

    Raises:
        ArtifactError: missing, unreadable, empty, not a regular file, not what its suffix says, or larger than the cap once unpacked.
    """
    try:
        if path.suffix == ".gz":
            import gzip

            with gzip.open(path) as stream:
                data = _capped(stream, path)
        elif path.suffix == ".zst":
            data = _read_zst(path)
        else:
            data = path.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(str(path), "there is no such file", "Run dbt build or dbt parse first") from None
    except IsADirectoryError:
        raise ArtifactError(str(path), "this is a directory, not a file", "Name the file in it") from None
    except PermissionError:
        raise ArtifactError(str(path), "it may not be read", "Check the file's permissions") from None
    except (OSError, EOFError, zlib.error) as error:
        raise ArtifactError(str(path), f"it cannot be read ({error})", "Write it again with dbt") from None
    if not data.strip():
        raise ArtifactError(str(path), "it is empty", "dbt was interrupted while writing it; run dbt again")
    return data


def read_beginning(path: Path, size: int) -> bytes:
    """At most ``size`` bytes from the start, unpacked where the name ends in ``.gz``; nothing where that fails, or for ``.zst``."""
    import gzip

    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            return stream.read(size)
    except (OSError, EOFError, zlib.error):
        return b""


def read_stdin() -> bytes:
    """All of standard input.

    Raises:
        ArtifactError: it is empty, or a terminal.
    """
    if sys.stdin.isatty():
        raise ArtifactError("standard input", "nothing is piped into it", "Pipe a manifest: aftershock … --manifest - < target/manifest.json")
    data = sys.stdin.buffer.read()
    if not data.strip():
        raise ArtifactError("standard input", "it is empty", "Pipe a manifest: aftershock … --manifest - < target/manifest.json")
    return data


def decode(data: bytes, type_: type[T], place: str) -> T:
    """JSON as a typed struct.

    Raises:
        ArtifactError: truncated, not JSON, or a value has the wrong type; names the place and the key.
    """
    try:
        with uncollected():
            return msgspec.json.decode(data, type=type_)
    except msgspec.ValidationError as error:
        raise ArtifactError(place, f"it is not what dbt writes: {error}", "Is this the right file? Write it again with dbt") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if data[:64].lstrip()[:1] not in {b"{", b"["}:
            raise ArtifactError(place, "it is not JSON in UTF-8", "Give the file that dbt wrote") from None
        raise ArtifactError(place, f"it is not complete JSON ({error})", "Write it again with dbt; the last run may have been interrupted") from None


def _capped(stream: SupportsRead, path: Path) -> bytes:
    return b"".join(_chunks(stream, path))


def _chunks(stream: SupportsRead, path: Path) -> Iterator[bytes]:
    packed = max(path.stat().st_size, 1)
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > MAX_UNPACKED or (size > RATIO_APPLIES_FROM and size > packed * MAX_RATIO):
            raise ArtifactError(str(path), f"it unpacks to more than {size // CHUNK} MiB", "Unpack it yourself if you trust it")
        yield chunk


def _read_zst(path: Path) -> bytes:
    try:
        import zstandard
    except ImportError:
        raise ArtifactError(str(path), "reading .zst needs the package zstandard", "Install aftershock[zst], or unpack the file") from None
    try:
        with path.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
            return _capped(stream, path)
    except zstandard.ZstdError as error:
        raise ArtifactError(str(path), f"it is not a zstd file ({error})", "Write it again") from None
