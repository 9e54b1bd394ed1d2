"""The one error handler: whatever goes wrong becomes one line on standard error and an exit code.

With ``--format json`` the error is a JSON object on standard output as well, so that a program always reads JSON there.
"""

from __future__ import annotations

import contextlib
import os
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import click

import aftershock
from aftershock.cli.terminal import emit, lenient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COULD_NOT_RUN = 2
INTERRUPTED = 130
DEBUG = "AFTERSHOCK_DEBUG"


def guarded(command: Callable[[], object], words: Sequence[str]) -> int:
    """Run a command; return its exit code, 2 after an error, 130 after an interruption.

    Args:
        command: does everything; returns an exit code, or None for 0.
        words: the command line, which says whether errors are wanted as JSON.
    """
    lenient(sys.stdout, sys.stderr)
    try:
        code = command()
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last line of defence
        if os.environ.get(DEBUG):
            import traceback

            traceback.print_exc()
        _report(_explained(error), words)
        return COULD_NOT_RUN
    return code if isinstance(code, int) else 0


def wants_json(words: Sequence[str]) -> bool:
    """Whether a command line asks for JSON; looked up in its words, since it may be what cannot be parsed."""
    options = list(words[: words.index("--")] if "--" in words else words)
    return "--format=json" in options or ("--format", "json") in pairwise(options)


def _report(error: aftershock.AftershockError, words: Sequence[str]) -> None:
    click.echo(aftershock.error_line(error), err=True)
    if wants_json(words):
        with contextlib.suppress(aftershock.OutputError):  # it may be standard output that cannot be written
            emit(aftershock.error_json(error))


def _explained(error: Exception) -> aftershock.AftershockError:
    """Any exception as place, problem and remedy."""
    if isinstance(error, aftershock.AftershockError):
        return error
    if isinstance(error, click.ClickException):
        return _usage(error)
    if isinstance(error, MemoryError):
        return aftershock.AftershockError("aftershock", "there is not enough memory", "Use a machine with more memory, or a smaller manifest")
    if isinstance(error, RecursionError):
        return aftershock.AftershockError("aftershock", "something in the input is nested too deeply", f"Set {DEBUG}=1 to see where")
    if isinstance(error, OSError) and error.strerror:
        return aftershock.AftershockError(str(error.filename or "aftershock"), error.strerror, "Check the path and its permissions")
    what = f"{type(error).__name__}: {error}".rstrip(".: ")
    return aftershock.AftershockError("aftershock", f"{what}; this is a bug in aftershock", f"Please report it, with the traceback that {DEBUG}=1 shows")


def _usage(error: click.ClickException) -> aftershock.UsageError:
    context = error.ctx if isinstance(error, click.UsageError) else None
    program = context.command_path if context is not None else "aftershock"
    remedy = f"See {program} --help"
    if isinstance(error, click.NoSuchOption):
        near = f"Use {' or '.join(sorted(error.possibilities))}, or see {program} --help" if error.possibilities else remedy
        return aftershock.UsageError(error.option_name, "there is no such option", near)
    if isinstance(error, click.BadOptionUsage):
        return aftershock.UsageError(error.option_name, _problem(error).replace(f"option '{error.option_name}'", "it"), remedy)
    if isinstance(error, click.BadParameter):
        return _parameter(error, remedy)
    return aftershock.UsageError(program, _problem(error), remedy)


def _parameter(error: click.BadParameter, remedy: str) -> aftershock.UsageError:
    """An option or argument that is missing or has a value that it cannot have; ``MissingParameter`` is one too."""
    parameter = error.param
    place = (parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name) if parameter is not None else "aftershock"
    kind = parameter.type if parameter is not None else None
    problem = _problem(error)
    if isinstance(kind, click.Choice):
        problem = f"there is no {problem.partition(' is not one of ')[0]}"
        remedy = f"Use one of: {', '.join(str(choice) for choice in kind.choices)}"
    return aftershock.UsageError(place, "it must be given" if isinstance(error, click.MissingParameter) else problem, remedy)


def _problem(error: click.ClickException) -> str:
    message = error.message.rstrip(".")
    return message[:1].lower() + message[1:]
