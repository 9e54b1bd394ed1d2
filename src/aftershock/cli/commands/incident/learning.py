"""``aftershock incident postmortem``."""

from __future__ import annotations

from typing import Any, NamedTuple

import click

from aftershock.cli import options
from aftershock.cli.desk import Telling, Where, at_desk, changed, document_format, incident, telling, to_come

EPILOG = """\b
Examples:
  aftershock incident postmortem INC-1 --schedule "tomorrow 10:00"
  aftershock incident postmortem INC-1 --author "Ada" \\
      --well "The unique test caught it" --improve "No freshness check"
  aftershock incident postmortem INC-1 --format html --output postmortem.html

It prints the postmortem, filled in from the record; what is given is added to
what was given before. --schedule only says when it is held.
"""


class Wanted(NamedTuple):
    """The command's own options, as click hands them over."""

    author: str
    well: tuple[str, ...]
    improve: tuple[str, ...]
    lucky: tuple[str, ...]
    schedule: str


@click.command("postmortem", epilog=EPILOG)
@incident
@click.option("--author", default="", metavar="NAME", help="Who writes it.")
@click.option("--well", multiple=True, metavar="TEXT", help="What went well. Repeatable.")
@click.option("--improve", multiple=True, metavar="TEXT", help="What could be improved. Repeatable.")
@click.option("--lucky", multiple=True, metavar="TEXT", help="Where we got lucky. Repeatable.")
@click.option("--schedule", default="", metavar="TIME", help="Say when it will be held, and nothing else.")
@telling
@document_format
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write it to this file instead.")
@at_desk
def postmortem(incident: str, **given: Any) -> int:  # noqa: ANN401  # typed by Where, Telling and Wanted
    """Write the postmortem."""
    where, told = Where.taken(given), Telling.taken(given)
    given.pop("config")
    wanted = Wanted(**given)
    desk = where.desk()
    told.ready(desk, "postmortem")
    if wanted.schedule:
        changed(desk, desk.schedule(incident, to_come(desk, wanted.schedule, "--schedule")))
        return 0
    record = desk.postmortem(incident, author=wanted.author, went_well=wanted.well, to_improve=wanted.improve, lucky=wanted.lucky)
    return told.tell(desk, record, "postmortem")
