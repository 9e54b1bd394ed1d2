"""The verbs that carry incidents from one store to another."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

import aftershock
from aftershock.cli import options
from aftershock.cli.desk import Where, at_desk, complete_incidents
from aftershock.cli.terminal import check, emit


@click.command("export", epilog="\b\nExamples:\n  aftershock incident export --output incidents.json\n  aftershock incident export INC-1 INC-2\n")
@click.argument("incidents", nargs=-1, metavar="[ID]...", shell_complete=complete_incidents)
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write to this file instead, in one step; you alone can read it.")
@at_desk
def export(incidents: tuple[str, ...], output: str | None, **given: Any) -> None:  # noqa: ANN401  # typed by Where
    """Incidents with their whole history, as JSON; all where none is named."""
    check(output)
    desk = Where.taken(given).desk()
    data = desk.store.export(incidents).decode()
    before = os.umask(0o077)  # a record may name people and data: as the store itself, it is its owner's alone
    try:
        emit(data, output)
    finally:
        os.umask(before)
    if output is not None and output != "-" and Path(output).is_file():
        Path(output).chmod(0o600)


@click.command(
    "import", epilog="\b\nExamples:\n  aftershock incident import incidents.json\n  aftershock incident export | aftershock incident import - --store team.db\n"
)
@click.argument("file", type=options.FILE)
@at_desk
def import_(file: str, **given: Any) -> None:  # noqa: ANN401  # typed by Where
    """Take over incidents that were exported; - reads standard input.

    An incident that is there already gets the events that it lacks. One whose
    id is taken by another gets the next free one.
    """
    data = sys.stdin.buffer.read() if file == "-" else _read(Path(file))
    desk = Where.taken(given).desk(create=True)
    for taken in desk.store.load(data):
        emit(aftershock.terminal_text(f"{taken.id}: {taken.what}.") + "\n")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise aftershock.UsageError(str(path), f"it cannot be read ({error.strerror or error})", "Name a file that aftershock incident export wrote") from None
