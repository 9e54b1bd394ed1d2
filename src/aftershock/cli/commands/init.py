"""``aftershock init``: a configuration to start from."""

from __future__ import annotations

from pathlib import Path

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.terminal import emit, replace

FILE = "aftershock.yml"

EPILOG = """\b
Examples:
  aftershock init
  aftershock init --target-dir prod/target --output aftershock.yml
  aftershock init --output -
"""


@click.command("init", epilog=EPILOG)
@options.target_dir
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help=f"Default: {FILE} beside dbt_project.yml; - prints it.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(target_dir: str | None, output: str | None, *, force: bool) -> None:
    """Write a commented aftershock.yml to start from.

    It names what the manifest has: groups, exposures, tags and meta that look
    like markers. Everything in it is commented out, so that nothing changes
    until you say so.
    """
    text = aftershock.starter(inputs.artifacts(target_dir).project)
    if output == inputs.STDIN:
        emit(text)
        return
    path = Path(output) if output is not None else _beside_project(Path(target_dir or "."))
    replace(path, text, overwrite=force)
    emit(f"{aftershock.terminal_text(str(path))} is written. `aftershock config` shows what is in force.\n")


def _beside_project(start: Path) -> Path:
    return (aftershock.find_project_root(start) or Path()) / FILE
