"""``aftershock incident resend``."""

from __future__ import annotations

import os
from typing import Any

import click

import aftershock
from aftershock.cli.desk import Where, at_desk, deliveries, incident

EPILOG = """\b
Examples:
  aftershock incident resend INC-1

What arrived is never sent twice. Exit codes: 0 everything arrived, 1 something
did not, 2 could not run.
"""


@click.command("resend", epilog=EPILOG)
@incident
@at_desk
def resend(incident: str, **given: Any) -> int:  # noqa: ANN401  # typed by Where
    """Send what did not arrive, as it reads now."""
    desk = Where.taken(given).desk()
    told = aftershock.resend(desk, incident, environ=os.environ)
    if not told.deliveries:
        click.echo(f"{told.record.id}: there is nothing that did not arrive.", err=True)
    return deliveries(told)
