"""``aftershock completion``: the script for a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

import aftershock
from aftershock.cli.terminal import emit

VARIABLE = "_AFTERSHOCK_COMPLETE"

EPILOG = """\b
Examples:
  eval "$(aftershock completion bash)"      # in ~/.bashrc
  eval "$(aftershock completion zsh)"       # in ~/.zshrc
  aftershock completion fish | source       # in config.fish
"""


@click.command("completion", epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options and node names."""
    found = get_completion_class(shell)
    if found is None:  # pragma: no cover  # click has had these three since 8.0
        raise aftershock.UsageError("SHELL", f"click knows no completion for {shell}", "Install a newer click")
    root = context.find_root().command
    completion = found(root, {}, "aftershock", VARIABLE)
    emit(completion.source_template % completion.source_vars() + "\n")
