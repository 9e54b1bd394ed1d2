"""How much work one document's templates may do, counted, not timed: the same template ends in the same way on every machine."""

from __future__ import annotations

from aftershock.jinja.refusal import CannotRender

MAX_WORK = 200_000
"""Steps of one rendering: each turn of a loop, each call, filter and file is one, and so are each 50 characters that an operation makes."""

MAX_OUTPUT = 5_000_000
"""Characters of one document."""

MAX_SOURCE = 200_000
"""Characters of one template."""

CHARACTERS = 50
"""Characters that count as one step."""


class Meter:
    """Counts the work of one rendering."""

    def __init__(self) -> None:
        self.left = MAX_WORK

    def spend(self, steps: int = 1) -> None:
        """Count some work.

        Raises:
            CannotRender: it is too much.
        """
        self.left -= steps
        if self.left < 0:
            raise CannotRender("it does too much: loops within loops, or calls that call each other")

    def made(self, value: object) -> None:
        """Count what an operation made, a text or a list by its length."""
        self.spend(1 + len(value) // CHARACTERS if isinstance(value, (str, list, tuple)) else 1)
