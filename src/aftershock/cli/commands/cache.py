"""``aftershock cache``: decoded manifests on disk."""

from __future__ import annotations

import click

import aftershock
from aftershock.cli.terminal import emit

EPILOG = """\b
Examples:
  aftershock cache dir
  aftershock cache clear

AFTERSHOCK_CACHE_DIR puts the cache elsewhere.
"""


@click.group("cache", epilog=EPILOG)
def command() -> None:
    """Decoded manifests are kept, so that a second question about the same manifest is fast."""


@command.command("dir")
def directory() -> None:
    """Print the folder that holds them."""
    emit(f"{aftershock.cache_dir()}\n")


@command.command("clear")
def clear() -> None:
    """Remove all of them."""
    freed = aftershock.Cache(aftershock.cache_dir()).clear()
    emit(f"{freed / 1024**2:,.1f} MiB freed in {aftershock.cache_dir()}\n")
