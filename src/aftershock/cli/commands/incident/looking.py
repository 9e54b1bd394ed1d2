"""The verbs that only look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

import aftershock
from aftershock.cli import options
from aftershock.cli.desk import Where, at_desk, incident, print_record, record_format
from aftershock.cli.terminal import check, emit, screen

if TYPE_CHECKING:
    from aftershock import Audience, DocumentKind

LIST_EPILOG = """\b
Examples:
  aftershock incident list
  aftershock incident list --all --format json
  aftershock incident list --overdue

Exit codes: 0 answered, 1 with --overdue: something is, 2 could not run.
"""

SHOW_EPILOG = """\b
Examples:
  aftershock incident show INC-1
  aftershock incident show INC-1 --format json
  aftershock incident show INC-1 --document postmortem --output postmortem.md
  aftershock incident show INC-1 --document notification --as slack \\
      --audience stakeholders
"""


@click.command("list", epilog=LIST_EPILOG)
@click.option("--all", "show_all", is_flag=True, help="Those that are over, too.")
@click.option("--overdue", is_flag=True, help="Only those of which something is overdue; exit with 1 if there are any.")
@record_format
@at_desk
def list_(show_all: bool, overdue: bool, format_: str, **given: Any) -> int:  # noqa: ANN401, FBT001  # typed by Where
    """Which incidents there are, and what is overdue.

    Those that are over are listed while something of theirs is still due: a
    postmortem, an action item.
    """
    try:
        desk = Where.taken(given).desk()
    except aftershock.NothingThere:  # nobody has opened one: that is an answer
        emit(aftershock.render_incidents([], format_, now=""))
        return 0
    records = desk.store.all()
    shown = [record for record in records if show_all or desk.needs_somebody(record)]
    if overdue:
        shown = [record for record in records if desk.is_late(record)]
    seen = screen()
    text = aftershock.render_incidents(shown, format_, now=desk.at, zone=desk.policy.timezone, width=seen.width, colour=seen.colour)
    emit(text)
    return int(overdue and bool(shown))


class Wanted(NamedTuple):
    """What is to be shown, as click hands it over."""

    document: DocumentKind | None
    form: str
    audience: Audience
    to: str
    output: str | None
    show_all: bool
    format_: str


@click.command("show", epilog=SHOW_EPILOG)
@incident
@click.option("--document", type=click.Choice(aftershock.DOCUMENTS), metavar="NAME", help=f"One of its documents: {', '.join(aftershock.DOCUMENTS)}.")
@click.option("--as", "form", type=click.Choice(aftershock.DOCUMENT_FORMATS), default="markdown", show_default=True, help="The document's form.")
@click.option("--audience", type=click.Choice(aftershock.AUDIENCES), default="engineers", show_default=True, help="The document's readers: one text for each.")
@click.option("--to", default="", metavar="NAME", help="Only for readers whose name or address has this in it.")
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write to this file instead, in one step.")
@click.option("--all", "show_all", is_flag=True, help="The whole record, not only the first screen.")
@record_format
@at_desk
def show(incident: str, **given: Any) -> None:  # noqa: ANN401  # typed by Where and Wanted
    """One incident: its record, or one of its documents."""
    where = Where.taken(given)
    given.pop("config")
    wanted = Wanted(**given)
    check(wanted.output)
    desk = where.desk()
    record = desk.store.get(incident)
    if wanted.document is None:
        print_record(desk, record, wanted.format_, wanted.output, show_all=wanted.show_all)
        return
    readers = aftershock.documents(desk, record, wanted.document, audience=wanted.audience)
    if not readers:
        raise aftershock.UsageError("--audience", f"there is no {wanted.document} for {wanted.audience}", "Use engineers")
    named = [message for message in readers if wanted.to.casefold() in (message.recipient.label if message.recipient else "").casefold()]
    if not named:
        raise aftershock.UsageError("--to", f"none of the {wanted.audience} has {wanted.to!r} in their name", "Leave it out to see all of them")
    emit(aftershock.document_text(named, wanted.form), wanted.output)
