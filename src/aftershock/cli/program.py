"""The program and its commands, each loaded when it is called: ``aftershock --help`` must not wait for the others."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

import click

import aftershock
from aftershock.cli.errors import guarded
from aftershock.cli.lazy import Entry, LazyGroup

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


COMMANDS = {
    name: Entry(summary, f"aftershock.cli.commands.{name}")
    for name, summary in (
        ("detect", "What the artifacts of a failed run show: incidents, with evidence."),
        ("assess", "What is affected, who must know, how bad it is and what to run."),
        ("plan", "The way back: what to run, in which order, and what it could destroy."),
        ("recover", "Run a plan's steps through dbt, one after another, asking first."),
        ("verify", "What is repaired, what is still bad, what was not run."),
        ("incident", "An incident's record, from opening it to closing it."),
        ("templates", "The documents' templates: copy them to write your own."),
        ("lineage", "Where columns come from, and where they go."),
        ("check", "What a pull request breaks, before it merges."),
        ("doctor", "Which artifacts are there, and what they lack."),
        ("categories", "The six incident categories and their typical severity."),
        ("init", "Write a commented aftershock.yml to start from."),
        ("config", "Which configuration is in force, and from where."),
        ("cache", "Where decoded manifests are kept; clear them."),
        ("completion", "Print the script that completes commands and node names."),
    )
}

EPILOG = """\b
Examples:
  aftershock detect
  aftershock assess stg_orders --category data-quality
  aftershock incident open --from-detect
  git diff --name-only | aftershock assess - --category schema-break
  aftershock doctor

Exit codes: 0 answered, 1 a gate was hit (--fail-on), something was found or not
all is repaired, 2 could not run.
"""


@click.group(
    cls=LazyGroup, entries=COMMANDS, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False, invoke_without_command=True
)
@click.version_option(aftershock.__version__, "-V", "--version", prog_name="aftershock", message="%(prog)s %(version)s")
@click.pass_context
def program(context: click.Context) -> None:
    """What broke, who must know, how bad it is and what to run.

    aftershock reads what dbt leaves in its target directory; it needs neither the warehouse nor the network, unless you tell it to send.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        arguments: the words after the program's name; those of the process by default.

    Returns:
        The exit code: 0 answered, 1 a gate was hit or not all is repaired, 2 could not run, 130 interrupted.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    return guarded(lambda: program.main(args=words, prog_name="aftershock", standalone_mode=False), words)


def run() -> NoReturn:
    """The console script: one answer, and out.

    Looking for rings of garbage among ten thousand nodes costs up to a third of a warm answer, and taking them apart at the end some more.
    """
    gc.disable()
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, or the reader is gone: said already, or nobody to say it to
            stream.flush()
    if "dbt" in sys.modules:  # it has connections to close and semaphores to give back
        raise SystemExit(code)
    os._exit(code)
