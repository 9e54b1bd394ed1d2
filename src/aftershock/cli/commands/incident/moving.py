"""The verbs that change where an incident stands, and need no more than a time or a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from aftershock.cli.desk import Where, at_desk, changed, incident, record_format, when

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., Any]")
REASON = click.option("--reason", required=True, metavar="TEXT", help="Why.")
MAY_REASON = click.option("--reason", default="", metavar="TEXT", help="Why.")


def _at(what: str) -> Callable[[Command], Command]:
    return click.option("--at", default="", metavar="TIME", help=f"When {what}. Default: now.")


def _examples(*lines: str) -> str:
    return "\b\nExamples:\n" + "".join(f"  aftershock incident {line}\n" for line in lines)


@click.command("start", epilog=_examples("start INC-1", 'start INC-1 --at "10 min ago" --commander "Ada"'))
@incident
@_at("it began")
@click.option("--commander", default="", metavar="NAME", help="Who leads.")
@record_format
@at_desk
def start(incident: str, at: str, commander: str, format_: str, **given: Any) -> None:  # noqa: ANN401  # typed by Where
    """Begin to investigate."""
    desk = Where.taken(given).desk()
    record = desk.start(incident, at=when(desk, at, "--at"))
    changed(desk, desk.assign(record.id, commander) if commander else record, format_)


@click.command("mitigate", epilog=_examples('mitigate INC-1 --fix "Loader restarted"', "mitigate INC-1 --at 14:05"))
@incident
@_at("the cause was corrected")
@click.option("--fix", default="", metavar="TEXT", help="What was done.")
@click.option("--root-cause", default="", metavar="TEXT", help="Why it happened.")
@record_format
@at_desk
def mitigate(incident: str, at: str, fix: str, root_cause: str, format_: str, **given: Any) -> None:  # noqa: ANN401  # one of each option
    """The cause is corrected.

    What dbt builds and tests from here on counts as repaired: resolve looks
    only at results that are newer.
    """
    desk = Where.taken(given).desk()
    changed(desk, desk.mitigate(incident, fix=fix, root_cause=root_cause, at=when(desk, at, "--at")), format_)


@click.command("monitor", epilog=_examples("monitor INC-1"))
@incident
@_at("it began")
@record_format
@at_desk
def monitor(incident: str, at: str, format_: str, **given: Any) -> None:  # noqa: ANN401  # typed by Where
    """The repair is made: watch whether it holds."""
    desk = Where.taken(given).desk()
    changed(desk, desk.monitor(incident, at=when(desk, at, "--at")), format_)


@click.command("reopen", epilog=_examples('reopen INC-1 --reason "The same rows are back"'))
@incident
@REASON
@record_format
@at_desk
def reopen(incident: str, reason: str, format_: str, **given: Any) -> None:  # noqa: ANN401  # typed by Where
    """It was not over."""
    desk = Where.taken(given).desk()
    changed(desk, desk.reopen(incident, reason), format_)


@click.command("close", epilog=_examples("close INC-1"))
@incident
@MAY_REASON
@record_format
@at_desk
def close(incident: str, reason: str, format_: str, **given: Any) -> None:  # noqa: ANN401  # typed by Where
    """Everything is done and written down.

    Action items that are still open stay so, and the list goes on to show
    them when they are overdue.
    """
    desk = Where.taken(given).desk()
    record = desk.close(incident, reason=reason)
    changed(desk, record, format_)
    if left := sum(action.status == "open" for action in record.actions):
        click.echo(f"{record.id}: {left} {'action item stays' if left == 1 else 'action items stay'} open.", err=True)


@click.command("cancel", epilog=_examples('cancel INC-1 --reason "The test was wrong, not the data"'))
@incident
@REASON
@record_format
@at_desk
def cancel(incident: str, reason: str, format_: str, **given: Any) -> None:  # noqa: ANN401  # typed by Where
    """It was no incident."""
    desk = Where.taken(given).desk()
    changed(desk, desk.cancel(incident, reason), format_)


@click.command("merge", epilog=_examples("merge INC-2 --into INC-1"))
@incident
@click.option("--into", required=True, metavar="ID", help="The incident that goes on.")
@MAY_REASON
@record_format
@at_desk
def merge(incident: str, into: str, reason: str, format_: str, **given: Any) -> None:  # noqa: ANN401  # typed by Where
    """It is part of another incident."""
    desk = Where.taken(given).desk()
    record = desk.merge(incident, into, reason)
    changed(desk, record, format_)
    if record.nodes:
        click.echo(f"It has the nodes of both now; assess it anew: aftershock incident update {record.id} --assess", err=True)
