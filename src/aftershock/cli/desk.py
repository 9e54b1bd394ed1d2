"""What the verbs of ``aftershock incident`` share: which store, who is at it, and how the answer is printed."""

from __future__ import annotations

import getpass
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.terminal import check, emit, screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aftershock import Desk, DocumentKind, Record, Told

Command = TypeVar("Command", bound="Callable[..., Any]")
NOT_ALL_SENT = 1
_CLOCK = re.compile(r"\d{1,2}:\d{2}", re.ASCII)
_WEB = re.compile(r"https?://[^\s/]", re.IGNORECASE)

_WHERE = (
    click.option("--store", default="", envvar="AFTERSHOCK_STORE", metavar="URL", help="Where incidents are kept. Default: .aftershock/ in the project."),
    click.option("--project-dir", metavar="DIR", type=options.FILE, help="The dbt project. Default: at or above the current directory."),
    click.option("--by", default="", envvar="AFTERSHOCK_BY", metavar="NAME", help="Who you are, for the record. Default: your user name."),
)
_TELLING = (
    click.option("--send", is_flag=True, help="Send it to the targets of aftershock.yml."),
    click.option("--posted", is_flag=True, help="You post it yourself: the clock stops all the same."),
)


class Where(NamedTuple):
    """Which store, and who is at it, as click hands them over."""

    store: str
    project_dir: str | None
    config: str | None
    by: str

    @classmethod
    def taken(cls, given: dict[str, Any]) -> Where:
        """These options in what click hands over; the others are left there, ``config`` too, which other questions have."""
        return cls(given.pop("store"), given.pop("project_dir"), given.get("config"), given.pop("by"))

    def desk(self, target_dir: str | None = None, *, create: bool = False) -> Desk:
        """The incidents of the project.

        Args:
            target_dir: where the project is looked for, where no option names it.
            create: whether a store is made where there is none.

        Raises:
            UsageError: no project is there, and nothing else says where incidents are kept.
            AftershockError: the store or the configuration cannot be opened.
        """
        start = Path(self.project_dir or target_dir or ".")
        root = aftershock.find_project_root(start) or (start if self.project_dir or self.store else None)
        if root is None:
            raise aftershock.UsageError(
                "--project-dir", f"there is no dbt project at or above {start.absolute()}", "Name it, or say with --store where incidents are kept"
            )
        return aftershock.open_desk(self.store, project=root, policy=inputs.policy(root, self.config), by=self.by or _user(), create=create)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user in a container
        return ""


def at_desk(command: Command) -> Command:
    """A command with the options of `Where`, after its own."""
    return beside_question(options.config(command))


def beside_question(command: Command) -> Command:
    """As `at_desk`, for a command that has ``--config`` already."""
    for option in reversed(_WHERE):
        command = option(command)
    return command


def telling(command: Command) -> Command:
    """A command whose document may be sent."""
    for option in reversed(_TELLING):
        command = option(command)
    return command


def complete_incidents(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001  # click's signature
    """Ids of incidents that begin with what is typed."""
    given = context.params
    try:
        desk = Where(given.get("store") or "", given.get("project_dir"), given.get("config"), "").desk()
        return [record.id for record in desk.store.all() if record.id.lower().startswith(incomplete.lower())]
    except Exception:  # noqa: BLE001  # a traceback in the middle of a command line helps nobody
        return []


incident = click.argument("incident", metavar="ID", shell_complete=complete_incidents)
record_format = click.option("--format", "format_", type=click.Choice(aftershock.INCIDENT_FORMATS), default="text", show_default=True, help="How to print it.")
document_format = click.option(
    "--format", "format_", type=click.Choice([*aftershock.DOCUMENT_FORMATS, "json"]), default="markdown", show_default=True, help="How to print it."
)


def when(desk: Desk, text: str, place: str) -> str:
    """A past time as people type it, as ISO 8601 in UTC; that a time of day was taken as yesterday's is said.

    Raises:
        UsageError: it is no time, or means two.
    """
    moment = desk.moment(text, place)
    if _CLOCK.match(text.strip()) and moment < desk.moment("today", place):
        click.echo(aftershock.terminal_text(f"{text} was taken as {moment[:10]} {moment[11:16]} UTC."), err=True)
    return moment


def to_come(desk: Desk, text: str, place: str) -> str:
    """A coming time as people type it, as ISO 8601 in UTC.

    Raises:
        UsageError: it is no time, means two, or has passed.
    """
    moment = desk.moment(text, place, future=True)
    if moment and moment < desk.at:
        raise aftershock.UsageError(place, f"{text!r} is in the past: it is {desk.at}", "Give a time that is still to come")
    return moment


def day_to_come(desk: Desk, text: str, place: str) -> str:
    """Today or a coming day as people type it, as a date in the policy's time zone.

    Raises:
        UsageError: it is no day, or has passed.
    """
    day, today = (desk.day(each, place) if each else "" for each in (text, "today"))
    if day and day < today:
        raise aftershock.UsageError(place, f"{text!r} is in the past: it is {today}", "Give a day that is still to come")
    return day


def web(addresses: Iterable[str], place: str) -> None:
    """Refuse addresses at which a browser cannot look.

    Raises:
        UsageError: one is not of the web.
    """
    for address in addresses:
        if address and not _WEB.match(address):
            raise aftershock.UsageError(place, f"{address[:80]!r} is not an address of the web", "Give one that begins with https:// or http://")


def print_record(desk: Desk, record: Record, format_: str = "text", output: str | None = None, *, show_all: bool = False) -> None:
    """Print a record, or write it to a file."""
    seen = screen(output)
    zone = desk.policy.timezone
    emit(aftershock.render_incident(record, format_, now=desk.at, zone=zone, width=seen.width, colour=seen.colour, show_all=show_all), output)


def changed(desk: Desk, record: Record, format_: str = "text") -> None:
    """Print what a verb did: one line and what is due next, or the whole record as JSON."""
    if format_ == "json":
        print_record(desk, record, format_)
    else:
        emit(aftershock.render_changed(record, now=desk.at, zone=desk.policy.timezone))


class Telling(NamedTuple):
    """How people are told of a document: sent by us, posted by the person who types, or neither yet."""

    send: bool
    posted: bool
    format_: str
    output: str | None = None

    @classmethod
    def taken(cls, given: dict[str, Any]) -> Telling:
        """These options in what click hands over.

        Raises:
            UsageError: both ways.
        """
        found = cls(**{name: given.pop(name) for name in cls._fields if name in given})
        if found.send and found.posted:
            raise aftershock.UsageError("--posted", "--send posts it already", "Give one of them")
        return found

    def ready(self, desk: Desk, document: DocumentKind) -> Telling:
        """Itself, once it is known that the answer can be written and the document sent: before anything is recorded.

        Raises:
            OutputError: the file cannot be written.
            UsageError: no target takes the document.
            ConfigError: a target or its credential is wrong.
        """
        check(self.output)
        if self.send:
            aftershock.check_sending(desk.policy, document, os.environ)
        return self

    def tell(self, desk: Desk, record: Record, document: DocumentKind) -> int:
        """Print a document, and send it where that is wanted; the exit code. Whatever is wrong with it, the incident it is of is named."""
        try:
            return self._told(desk, record, document)
        except aftershock.ConfigError as error:  # a template of the user's own, say: what was recorded stays so
            click.echo(aftershock.render_changed(record, now=desk.at, zone=desk.policy.timezone), err=True, nl=False)
            click.echo(aftershock.error_line(error), err=True)
            return NOT_ALL_SENT

    def _told(self, desk: Desk, record: Record, document: DocumentKind) -> int:
        if self.format_ != "json":
            emit(aftershock.document_text(aftershock.documents(desk, record, document, goes_out=True), self.format_), self.output)
        if self.posted:
            record = desk.announce(record.id, document)
        told = aftershock.tell(desk, record.id, document, environ=os.environ) if self.send else None
        if self.format_ == "json":
            print_record(desk, told.record if told else record, "json", self.output)
        if not self.send and not self.posted:
            click.echo("Nothing was sent. Post this and say so with --posted, or send it with --send.", err=True)
        return deliveries(told) if told else 0


def deliveries(told: Told) -> int:
    """Say what arrived and what did not; the exit code."""
    for delivery in told.deliveries:
        click.echo(aftershock.render_delivery(delivery), err=True)
    if told.failed:
        click.echo(f"Try again: aftershock incident resend {told.record.id}", err=True)
    return NOT_ALL_SENT if told.failed else 0
