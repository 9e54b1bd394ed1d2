"""``aftershock templates``: the documents' templates."""

from __future__ import annotations

from pathlib import Path

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.terminal import emit

EPILOG = """\b
Examples:
  aftershock templates
  aftershock templates eject
  aftershock templates eject notification.md.j2
"""

EJECT_EPILOG = """\b
Examples:
  aftershock templates eject
  aftershock templates eject update.md.j2 update.html.j2
"""


@click.group("templates", epilog=EPILOG, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """The documents' templates: copy them to write your own.

    A file of the same name in the folder of your own takes the place of ours.
    Without a command, it lists them.
    """
    if context.invoked_subcommand is None:
        emit("".join(f"{name}\n" for name in aftershock.TEMPLATES))


@command.command("eject", epilog=EJECT_EPILOG)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@options.target_dir
@options.config
def eject(names: tuple[str, ...], target_dir: str | None, config: str | None, *, force: bool) -> None:
    """Copy templates into the folder of your own; all where none is named."""
    start = Path(target_dir or ".")
    policy = inputs.policy(start, config)
    root = Path(policy.path).parent if policy.path else aftershock.find_project_root(start) or start
    for path in aftershock.eject_templates(root / policy.templates, names, overwrite=force):
        emit(aftershock.terminal_text(str(path)) + "\n")
