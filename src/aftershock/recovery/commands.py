"""Steps as commands: argv from nodes, and the line that a person pastes from argv."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Literal

from aftershock.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.model import Step

Shell = Literal["posix"]

MOST_WORDS = 2_000
MOST_BYTES = 100_000
"""Of names in one command. Linux takes 128 KiB for one word and 2 MiB in all; Windows and some job runners far less."""


def command(step: Step, shell: Shell = "posix") -> str:
    """The step's command as one line, quoted for the shell; empty where a person acts.

    Raises:
        UsageError: the shell is not one that is known.
    """
    if shell != "posix":
        raise UsageError("shell", f"{shell!r} is not known", "Use posix")
    return shlex.join(step.argv)


def batches(words: Sequence[str]) -> Iterator[slice]:
    """The words cut, in their order, into runs that fit one command."""
    start = size = 0
    for end, word in enumerate(words):
        length = len(word.encode(errors="surrogatepass")) + 1
        if end > start and (end - start >= MOST_WORDS or size + length > MOST_BYTES):
            yield slice(start, end)
            start, size = end, 0
        size += length
    if start < len(words):
        yield slice(start, len(words))
