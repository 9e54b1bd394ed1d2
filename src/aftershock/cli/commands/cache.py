"""``aftershock cache``: decoded manifests and column lineage on disk."""

from __future__ import annotations

import click

import aftershock
from aftershock.cli.terminal import emit

EPILOG = """\b
Examples:
  aftershock cache dir
  aftershock cache clear

AFTERSHOCK_CACHE_DIR puts the cache elsewhere; AFTERSHOCK_LINEAGE_CACHE_MB
limits its part for column lineage (512 by default).
"""


@click.group("cache", epilog=EPILOG)
def command() -> None:
    """Decoded manifests and column lineage are kept, so that a second question is fast."""


@command.command("dir")
def directory() -> None:
    """Print the folder that holds them."""
    emit(f"{aftershock.cache_dir()}\n")


@command.command("clear")
def clear() -> None:
    """Remove all of them."""
    folder = aftershock.cache_dir()
    freed = aftershock.Cache(folder).clear() + aftershock.Shelf(folder).clear()
    emit(f"{freed / 1024**2:,.1f} MiB freed in {folder}\n")
