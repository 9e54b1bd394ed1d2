"""Where answers go: a terminal, a pipe, or a file that is replaced in one step."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aftershock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

WIDTH = 100
"""Cells of a line where no terminal and no COLUMNS says otherwise."""
WIDEST = 400


class Screen(NamedTuple):
    """What the reader's side can show: cells in a row, and whether colours."""

    width: int
    colour: bool


def screen(output: str | None = None) -> Screen:
    """What standard output can show; a file (``output``) shows no colours.

    COLUMNS sets the width. NO_COLOR and TERM=dumb turn colours off, FORCE_COLOR turns them on where nothing reads a terminal.
    """
    width = shutil.get_terminal_size((WIDTH, 40)).columns
    return Screen(max(1, min(width, WIDEST)), _to_stdout(output) and _shows_colour())


@contextmanager
def reading() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error while code is read, where a person looks at it."""
    shown = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    with aftershock.progress_bar(sys.stderr, "Reading SQL", shown=shown, colour=not os.environ.get("NO_COLOR")) as progress:
        yield progress


def emit(text: str, output: str | None = None) -> None:
    """Print ``text``, or put it in place of the file ``output`` (``-`` is standard output).

    A reader that goes away early (``| head``) is no error.

    Raises:
        OutputError: it could not be written; a file that was there is as it was.
    """
    if output is None or output == "-":
        _print(text)
    else:
        replace(Path(output), text)


def check(output: str | None) -> None:
    """Refuse a file that cannot be written, before any work is done for it.

    Raises:
        OutputError: its folder is missing, it is a folder itself, or it may not be written.
    """
    if output is None or output == "-":
        return
    path = Path(output)
    if path.is_dir():
        raise aftershock.OutputError(output, "this is a directory", "Give the name of a file in it")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise aftershock.OutputError(output, f"there is no directory {folder}", "Make it first")
    if path.exists() and not os.access(path, os.W_OK):
        raise aftershock.OutputError(output, "it may not be written", "Check the file's permissions")


def replace(path: Path, text: str, *, overwrite: bool = True) -> None:
    """Write a file in one step: readers see the old one or the whole new one, in UTF-8.

    Args:
        path: the file; a link is followed, a device or pipe is written to.
        text: what it will hold.
        overwrite: whether a file that is there may be replaced.

    Raises:
        OutputError: as :func:`check`; it is there and must not be overwritten; or the disk refuses.
    """
    check(str(path))
    path = path.resolve()
    data = text.encode("utf-8", "backslashreplace")
    temporary = path.with_name(f".{path.name[:100]}.{os.urandom(6).hex()}.tmp")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        try:
            _write_new(temporary, data)
            if overwrite:
                if path.exists():
                    temporary.chmod(stat.S_IMODE(path.stat().st_mode))
                temporary.replace(path)
            else:
                os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise aftershock.OutputError(str(path), "it is there already", "Give --force to replace it, or another --output") from None
    except OSError as error:
        raise aftershock.OutputError(str(path), f"it cannot be written ({error.strerror or error})", "Check the folder and the disk") from None


def lenient(*streams: TextIO | None) -> None:
    """Spell out what a stream's encoding cannot carry, instead of failing."""
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _write_new(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        _forget_stdout()
        if error.errno not in {errno.EPIPE, errno.EINVAL}:
            raise aftershock.OutputError("standard output", f"it cannot be written ({error.strerror})", "Check where it is redirected to") from None


def _forget_stdout() -> None:
    """What is still buffered must not fail a second time when the interpreter ends."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(descriptor, sys.stdout.fileno())
    finally:
        os.close(descriptor)


def _to_stdout(output: str | None) -> bool:
    return output is None or output == "-"


def _shows_colour() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
