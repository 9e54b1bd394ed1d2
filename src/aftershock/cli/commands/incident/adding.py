"""The verbs that add to a record: notes, people, follow-up work, another severity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import aftershock
from aftershock.cli.desk import Where, at_desk, changed, day_to_come, incident, record_format, web, when
from aftershock.cli.question import LEVELS

if TYPE_CHECKING:
    from aftershock import ActionStatus, DocumentKind, Role

ROLES = click.Choice(["commander", "comms"])
STATUSES = click.Choice(["open", "done", "dropped"])
DOCUMENTS = click.Choice(aftershock.DOCUMENTS)


@click.command(
    "note",
    epilog='\b\nExamples:\n  aftershock incident note INC-1 "Vendor confirms the outage" --at 14:05\n  aftershock incident note INC-1 --posted notification\n',
)
@incident
@click.argument("text", required=False, default="")
@click.option("--at", default="", metavar="TIME", help="When it happened. Default: now.")
@click.option("--url", default="", metavar="URL", help="Where one can look.")
@click.option("--reference", "references", multiple=True, metavar="URL", help="Something outside that belongs to it: a ticket, a thread. Repeatable.")
@click.option("--posted", type=DOCUMENTS, metavar="DOCUMENT", help=f"You have posted this document: {', '.join(aftershock.DOCUMENTS)}.")
@record_format
@at_desk
def note(incident: str, text: str, at: str, url: str, references: tuple[str, ...], posted: DocumentKind | None, format_: str, **given: Any) -> None:  # noqa: ANN401, PLR0913, PLR0917  # one of each option
    """Put something into the timeline."""
    if not (text or references or posted):
        raise aftershock.UsageError("TEXT", "nothing is said", "Say what happened, or give --reference or --posted")
    web([url], "--url")
    web(references, "--reference")
    desk = Where.taken(given).desk()
    record = desk.store.get(incident)
    if text:
        record = desk.note(record.id, text, at=when(desk, at, "--at"), url=url)
    for reference in references:
        record = desk.refer(record.id, reference)
    changed(desk, desk.announce(record.id, posted) if posted else record, format_)


@click.command("assign", epilog='\b\nExamples:\n  aftershock incident assign INC-1 "Ada"\n  aftershock incident assign INC-1 "Grace" --role comms\n')
@incident
@click.argument("who")
@click.option("--role", type=ROLES, default="commander", show_default=True, help="What they do.")
@record_format
@at_desk
def assign(incident: str, who: str, role: Role, format_: str, **given: Any) -> None:  # noqa: ANN401  # typed by Where
    """Name the commander, or who communicates; "" names nobody."""
    desk = Where.taken(given).desk()
    changed(desk, desk.assign(incident, who, role), format_)


@click.command(
    "override",
    epilog='\b\nExamples:\n  aftershock incident override INC-1 P0 --reason "The board reads it today"\n  aftershock incident override INC-1 --computed --reason "Read it yesterday"\n',
)
@incident
@click.argument("level", type=LEVELS, required=False)
@click.option("--computed", is_flag=True, help="Give it back to the policy.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; the documents show it.")
@record_format
@at_desk
def override(incident: str, level: str | None, computed: bool, reason: str, format_: str, **given: Any) -> None:  # noqa: ANN401, FBT001  # one of each option
    """Set the severity yourself, with a reason.

    The computed level, yours and the reason are all kept.
    """
    if (level is None) is not computed:
        raise aftershock.UsageError("LEVEL", "give a level or --computed", "Use P0, P1, P2 or P3, or --computed for the policy's")
    desk = Where.taken(given).desk()
    changed(desk, desk.override(incident, aftershock.Severity(level) if level else None, reason), format_)


@click.command(
    "action",
    epilog='\b\nExamples:\n  aftershock incident action INC-1 "Add a freshness check to raw.orders" \\\n      --owner Ada --due "in 3 days"\n  aftershock incident action INC-1 --number 1 --status done\n',
)
@incident
@click.argument("item", required=False, default="", metavar="[TEXT]")
@click.option("--number", type=click.IntRange(min=1), metavar="N", help="Change this one instead of adding one.")
@click.option("--owner", default="", metavar="NAME", help="Who does it.")
@click.option("--due", default="", metavar="DATE", help='By when: 2026-03-01, tomorrow, "in 3 days".')
@click.option("--status", type=STATUSES, help="Where it stands.")
@record_format
@at_desk
def action(incident: str, item: str, number: int | None, owner: str, due: str, status: ActionStatus | None, format_: str, **given: Any) -> None:  # noqa: ANN401, PLR0913, PLR0917  # one of each option
    """Follow-up work: add it, change it, finish it."""
    desk = Where.taken(given).desk()
    date = day_to_come(desk, due, "--due")
    if number is not None:
        record = desk.change_action(incident, number, item=item, owner=owner, due=date, status=status)
    elif not item:
        raise aftershock.UsageError("TEXT", "nothing is said", "Say what is to be done, or name one with --number")
    else:
        record = desk.add_action(incident, item, owner=owner, due=date)
        if status:
            record = desk.change_action(record.id, len(record.actions), status=status)
    changed(desk, record, format_)
