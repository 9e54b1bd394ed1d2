"""Groups of commands that are imported one at a time, when they are called: ``aftershock --help`` must not wait for them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import aftershock

if TYPE_CHECKING:
    from collections.abc import Mapping


class Entry(NamedTuple):
    """A command's one-line help, the module that defines it, and its name there."""

    summary: str
    module: str
    name: str = "command"


class LazyGroup(click.Group):
    """A group that knows its commands' names and summaries, and imports one of them only when it is called."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **kwargs: Any) -> None:  # noqa: ANN401  # click's own arguments
        super().__init__(*args, **kwargs)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Every command in the order in which a person meets them."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        """The command, imported now; None where there is none."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(import_module(entry.module), entry.name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click, with our own error for a command that there is not."""
        if args[0] not in self.entries and args[0][:1] not in {"", "-"} and not ctx.resilient_parsing:
            raise aftershock.UsageError(args[0], "there is no such command", f"Use one of: {', '.join(self.entries)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # as above
        """The list of commands, from the summaries here."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.entries.items()])
