"""``aftershock incident``: the record of an incident, a command for each verb of its life."""

from __future__ import annotations

import click

from aftershock.cli.lazy import Entry, LazyGroup

VERBS = {
    name: Entry(summary, f"aftershock.cli.commands.incident.{module}", f"{name}_" if name in {"list", "import"} else name)
    for name, module, summary in (
        ("open", "opening", "Declare an incident, and write its initial notification."),
        ("list", "looking", "Which incidents there are, and what is overdue."),
        ("show", "looking", "One incident: its record, or one of its documents."),
        ("start", "moving", "Begin to investigate."),
        ("update", "updating", "Write a status update; correct facts; assess anew."),
        ("note", "adding", "Put something into the timeline."),
        ("assign", "adding", "Name the commander, or who communicates."),
        ("mitigate", "moving", "The cause is corrected: results count from here on."),
        ("monitor", "moving", "The repair is made: watch whether it holds."),
        ("resolve", "resolving", "It is over: verified, or for a reason."),
        ("reopen", "moving", "It was not over."),
        ("postmortem", "learning", "Write the postmortem."),
        ("action", "adding", "Follow-up work: add it, change it, finish it."),
        ("close", "moving", "Everything is done and written down."),
        ("override", "adding", "Set the severity yourself, with a reason."),
        ("merge", "moving", "It is part of another incident."),
        ("cancel", "moving", "It was no incident."),
        ("resend", "sending", "Send what did not arrive."),
        ("export", "carrying", "Incidents with their whole history, as JSON."),
        ("import", "carrying", "Take over incidents that were exported."),
    )
}

EPILOG = """\b
Examples:
  aftershock incident open --from-detect --send
  aftershock incident start INC-1
  aftershock incident update INC-1 "The loader is being restarted." --send
  aftershock incident mitigate INC-1 --fix "Restarted" --at "10 min ago"
  aftershock incident resolve INC-1 --nothing-lost --send
  aftershock incident postmortem INC-1 --author "Ada"
  aftershock incident list

Records are kept in .aftershock/ beside the project, or where --store or
AFTERSHOCK_STORE says: postgresql://… for a team. Nothing leaves the machine
unless --send is given. Times may be typed as 14:05, "20 min ago",
"yesterday 18:00" or 2026-03-01T06:00+01:00.
"""


@click.group(
    "incident", cls=LazyGroup, entries=VERBS, epilog=EPILOG, invoke_without_command=True, short_help="An incident's record, from opening it to closing it."
)
@click.pass_context
def command(context: click.Context) -> None:
    """An incident's record, from opening it to closing it.

    Triage, investigating, mitigated, monitoring, resolved, postmortem, closed:
    each step is a verb, and every change is kept with its time and author.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
