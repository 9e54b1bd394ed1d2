"""Options that several commands have."""

from __future__ import annotations

import click

FILE = click.Path(readable=False, allow_dash=True)
"""A path that is checked where it is used, so that every error about files reads alike."""

target_dir = click.option(
    "--target-dir",
    metavar="DIR",
    type=FILE,
    help="dbt's target directory, or a dbt project. Default: the project at or above the current directory.",
)
config = click.option("--config", metavar="FILE", type=FILE, help="Configuration. Default: aftershock.yml at or above the project.")
dialect = click.option("--dialect", default="", metavar="NAME", help="Read the SQL as this dialect or adapter. Default: the manifest's adapter.")
variables = click.option("--vars", "given_vars", default="", metavar="YAML", help="Values for var(), as for dbt, where code is not compiled.")
no_cache = click.option("--no-cache", is_flag=True, help="Keep nothing on disk, and use nothing that is there.")
text_or_json = click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it.")
