"""What the command line says beside an answer: an error, a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render.escape import prose, terminal

if TYPE_CHECKING:
    from aftershock.errors import AftershockError

LONGEST = 2000
"""Characters of an error: names come from files, and a terminal is not a file viewer."""


def error_line(error: AftershockError) -> str:
    """Place, problem and remedy on one line without a line end, safe on a terminal."""
    line = prose(str(error))
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def terminal_text(text: str) -> str:
    """``text`` on one line, with whatever could steer a terminal spelled out."""
    return terminal(text)
