"""``aftershock config``: what is in force."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.terminal import emit

if TYPE_CHECKING:
    from aftershock import Policy

EPILOG = """\b
Examples:
  aftershock config
  aftershock config --format json
  aftershock config --schema > aftershock.schema.json
"""


@click.command("config", epilog=EPILOG)
@options.target_dir
@options.config
@options.text_or_json
@click.option("--schema", "show_schema", is_flag=True, help="Print the JSON Schema of aftershock.yml instead.")
def command(target_dir: str | None, config: str | None, format_: str, *, show_schema: bool) -> None:
    """Which settings are in force, and from where.

    Settings are in aftershock.yml beside dbt_project.yml; `aftershock init`
    writes one to start from.
    """
    if show_schema:
        emit(json.dumps(aftershock.schema(), indent=2) + "\n")
        return
    policy = inputs.policy(Path(target_dir or "."), config)
    emit(_json(policy) if format_ == "json" else _text(policy))


def _json(policy: Policy) -> str:
    rows = [{"key": row.key, "value": row.value, "origin": row.origin} for row in _rows(policy)]
    return json.dumps({"schema_version": "1.0", "path": policy.path, "settings": rows}, indent=2) + "\n"


def _text(policy: Policy) -> str:
    rows = _rows(policy)
    room = max(len(row.key) for row in rows)
    head = policy.path or "no aftershock.yml: everything is as by default (`aftershock init` writes one to start from)"
    lines = [head, *(f"{row.key:<{room}}  {json.dumps(row.value)}  ({row.origin})" for row in rows)]
    return "\n".join(aftershock.terminal_text(line) for line in lines) + "\n"


def _rows(policy: Policy) -> list[aftershock.InForce]:
    return aftershock.explain(policy, Path(policy.path) if policy.path else None)
