"""dbt in this process. Importing it takes seconds, so it is imported by the first command that runs."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from aftershock.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Ran(NamedTuple):
    """What became of a command: whether it succeeded, whether somebody stopped it, and what went wrong where dbt recorded no results."""

    success: bool
    message: str = ""
    interrupted: bool = False


class Runner(Protocol):
    """Runs dbt."""

    def __call__(self, words: Sequence[str], /) -> Ran:
        """Run ``dbt`` with these words."""


class DbtRunner:
    """dbt's own entry point for programs, a new one for each command.

    Args:
        base: the folder in which commands are run.
    """

    def __init__(self, base: Path) -> None:
        self.base = base

    def __call__(self, words: Sequence[str], /) -> Ran:
        """Run ``dbt`` with these words.

        Raises:
            UsageError: dbt, or something that it needs, is not installed.
        """
        try:
            from dbt.cli.main import dbtRunner
        except ImportError as error:
            raise UsageError(
                "dbt", f"it cannot be loaded ({error})", "Run pip install 'aftershock[dbt]' and the adapter, in the environment of your project"
            ) from None
        with _within(self.base):
            result = dbtRunner().invoke(list(words))
        _let_go()
        stopped = isinstance(result.exception, (KeyboardInterrupt, SystemExit))
        return Ran(bool(result.success), "" if result.exception is None else str(result.exception), stopped)


def _let_go() -> None:
    """Close the warehouse: a person may have to open it before the next step, and DuckDB lets one process at a time."""
    from dbt.adapters.factory import FACTORY

    for adapter in tuple(FACTORY.adapters.values()):
        own = getattr(adapter, "cleanup_connections", None)
        shared = getattr(getattr(adapter, "connections", None), "close_all_connections", None)  # dbt-duckdb keeps one beside its own
        for close in (own, shared):
            if close is not None:
                with suppress(Exception):  # a connection that is broken needs no closing
                    close()


@contextmanager
def _within(folder: Path) -> Iterator[None]:
    """In another folder for a while: dbt looks for profiles.yml in the current one, and goes to that of its project by itself."""
    before = os.getcwd()  # noqa: PTH109  # what os.chdir takes back
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
