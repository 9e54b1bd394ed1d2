"""What can go wrong with a store, each as one clear error."""

from __future__ import annotations

from aftershock.errors import NothingThere, StoreError

_SQLITE = (
    ("file is not a database", "it is no database", "Name another file, or move this one away; it was left as it is"),
    ("malformed", "it is damaged", "Put back a copy from a backup, or import an export into a new one; it was left as it is"),
    ("could not decode", "it is damaged", "Put back a copy from a backup, or import an export into a new one; it was left as it is"),
    ("is full", "the disk is full: nothing was recorded", "Make room, then try again"),
    (
        "disk i/o error",
        "it cannot be written or read: the disk is full, limited or failing; nothing was recorded",
        "Make room, or check the disk, then try again",
    ),
    ("readonly", "it may not be written to", "Check the permissions of the file and of its folder"),
    ("unable to open", "it cannot be opened", "Check the permissions of the file and of its folder; SQLite makes files beside it"),
    ("locked", "somebody else has been writing to it for too long", "Try again; if it stays so, look for a process that hangs"),
    ("busy", "somebody else has been writing to it for too long", "Try again; if it stays so, look for a process that hangs"),
    ("too big", "what is to be recorded is too large", "Leave out what is not needed"),
)
_SHOWN = 200


def nothing(place: str) -> NothingThere:
    """The error for a store that is not there."""
    return NothingThere(place, "no incident was ever opened here", "Open one: aftershock incident open")


def of_sqlite(place: str, message: str) -> StoreError:
    """The error for what SQLite says."""
    low = message.lower()
    for words, problem, remedy in _SQLITE:
        if words in low:
            return StoreError(place, problem, remedy)
    return StoreError(place, f"SQLite refuses it ({shortened(message)})", "Check the file")


def of_postgres(place: str, message: str, shown: str, *, connected: bool) -> StoreError:
    """The error for what PostgreSQL says; ``shown`` is that without any password."""
    if not connected:
        return StoreError(place, f"it cannot be reached ({shortened(shown)})", "Check the address, the user and the password of --store")
    if "permission denied" in message.lower():
        return StoreError(place, f"the user may not do that ({shortened(shown)})", "Grant it the right to read, write and create tables there")
    if "lock timeout" in message.lower():
        return StoreError(place, "somebody else has been writing to it for too long", "Try again; if it stays so, look for a session that hangs")
    return StoreError(place, f"PostgreSQL refuses it ({shortened(shown)})", "Try again; nothing was recorded")


def unknown(place: str, shown: str) -> StoreError:
    """The error for a connection that was lost after everything was sent, and before it was acknowledged."""
    return StoreError(place, f"it is not known whether this was recorded ({shortened(shown)})", "Look at the incident before you try again")


def newer(place: str, version: str, known: str) -> StoreError:
    """The error for a store of a later aftershock."""
    from aftershock._version import __version__

    return StoreError(
        place, f"its schema is version {version}; aftershock {__version__} knows versions up to {known}", "Upgrade aftershock; the store was left as it is"
    )


def shortened(message: str) -> str:
    """The first line of a message, printable and not long."""
    line = " ".join((message.strip().splitlines() or [""])[0].split()).rstrip(".")
    line = "".join(char if char.isprintable() else "?" for char in line)
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
