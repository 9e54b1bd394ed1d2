"""How far reading is, drawn over itself on a terminal and gone when it is done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from rich.progress import Progress


@contextmanager
def progress_bar(stream: TextIO, words: str = "Reading", *, shown: bool = True, colour: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """A callback that takes how many of how many are done, and shows it; None where nothing is to be shown.

    rich is loaded when something remains to be done after the first call: a warm answer must not pay for it.

    Args:
        stream: the terminal.
        words: what is being done.
        shown: whether there is a terminal that can draw over a line.
        colour: whether it shows colours.
    """
    bar = _Bar(stream, words, colour=colour)
    try:
        yield bar if shown else None
    finally:
        bar.close()


class _Bar:
    def __init__(self, stream: TextIO, words: str, *, colour: bool) -> None:
        self.stream = stream
        self.words = words
        self.colour = colour
        self.progress: Progress | None = None

    def __call__(self, done: int, total: int) -> None:
        """So many of so many are done."""
        if self.progress is None:
            if done >= total:
                return
            self.progress = self._open()
            self.progress.add_task(self.words, total=total)
            self.progress.start()
        self.progress.update(self.progress.task_ids[0], completed=done, total=total, refresh=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self.progress is not None:
            self.progress.stop()

    def _open(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        console = Console(file=self.stream, force_terminal=True, no_color=not self.colour, legacy_windows=False)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        return Progress(*columns, console=console, transient=True, auto_refresh=False)
