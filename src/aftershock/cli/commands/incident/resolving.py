"""``aftershock incident resolve``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.desk import Telling, Where, at_desk, document_format, incident, telling, when
from aftershock.cli.terminal import emit, reading, screen

if TYPE_CHECKING:
    from aftershock import Checked, Desk, Record, ResolutionCode, Verification

NOT_REPAIRED = 1
CODES = ("fixed", "expected", "false-positive", "no-action")

EPILOG = """\b
Examples:
  aftershock incident resolve INC-1 --nothing-lost --send
  aftershock incident resolve INC-1 --run-results target-recovery \\
      --root-cause "A batch was loaded twice" --fix "Deduplicated raw.orders"
  aftershock incident resolve INC-1 --lost "Refunds of 3 March are gone"
  aftershock incident resolve INC-1 --code false-positive \\
      --reason "The threshold was too tight"
  aftershock incident resolve INC-1 --force "No test run before tomorrow"

A fixed incident has to be verified: aftershock verify must find every node
repaired by results that are newer than its mitigation. --force resolves all the
same, and the documents show why. The other codes need a --reason instead.

Exit codes: 0 resolved, 1 not resolved since something is not repaired, or not
everything could be sent, 2 could not run or could not judge.
"""


class Wanted(NamedTuple):
    """The command's own options, as click hands them over."""

    code: ResolutionCode
    reason: str
    root_cause: str
    fix: str
    data_is_now: str
    lasting: str
    nothing_lost: bool
    at: str
    force: str
    since: str
    target: str
    run_results: tuple[str, ...]
    confirmed: tuple[str, ...]
    dialect: str
    given_vars: str
    target_dir: str | None
    no_cache: bool

    def validated(self) -> Wanted:
        """Itself.

        Raises:
            UsageError: options contradict each other.
        """
        if self.lasting and self.nothing_lost:
            raise aftershock.UsageError("--nothing-lost", "--lost says that something is", "Give one of them")
        if self.code != "fixed" and self.force:
            raise aftershock.UsageError("--force", f"{self.code} needs no verification", "Give --reason instead")
        if self.code != "fixed" and not self.reason:
            raise aftershock.UsageError("--reason", f"{self.code} needs one", "Say why with --reason")
        return self


@click.command("resolve", epilog=EPILOG)
@incident
@click.option("--code", type=click.Choice(CODES), default="fixed", show_default=True, help="How it ended.")
@click.option("--reason", default="", metavar="TEXT", help="Why, where it was not fixed.")
@click.option("--root-cause", default="", metavar="TEXT", help="Why it happened.")
@click.option("--fix", default="", metavar="TEXT", help="What was done.")
@click.option("--data-is-now", default="", metavar="TEXT", help="What can be said of the data. Default: from the verification.")
@click.option("--lost", "lasting", default="", metavar="TEXT", help="Data that is lost for good, or still wrong.")
@click.option("--nothing-lost", is_flag=True, help="No data is lost for good or still wrong.")
@click.option("--at", default="", metavar="TIME", help="When it was over. Default: now.")
@click.option("--force", default="", metavar="REASON", help="Resolve although it is not verified; the documents show why.")
@click.option("--since", default="", metavar="TIME", help="From when on results count. Default: when it was mitigated.")
@click.option("--target", default="", metavar="NAME", help="As for aftershock verify.")
@click.option("--run-results", multiple=True, metavar="FILE", type=options.FILE, help="As for aftershock verify. Repeatable.")
@click.option("--confirmed", multiple=True, metavar="NODE", help="As for aftershock verify. Repeatable.")
@options.dialect
@options.variables
@options.target_dir
@options.no_cache
@telling
@document_format
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write the resolution to this file instead.")
@at_desk
def resolve(incident: str, **given: Any) -> int:  # noqa: ANN401  # typed by Where, Telling and Wanted
    """It is over: verified, or for a reason."""
    where, told = Where.taken(given), Telling.taken(given)
    given.pop("config")
    wanted = Wanted(**given).validated()
    desk = where.desk(wanted.target_dir)
    told.ready(desk, "resolution")
    record = desk.store.get(incident)
    checked, why = None, ""
    if wanted.code == "fixed":
        checked, found, why = _checked(desk, record, wanted, where)
        if found is not None and not found.is_repaired and not wanted.force:
            return _refused(record, found)
    record = desk.resolve(
        record.id,
        wanted.code,
        checked=checked,
        reason=wanted.reason,
        root_cause=wanted.root_cause,
        fix=wanted.fix,
        data_is_now=wanted.data_is_now,
        lasting="none" if wanted.nothing_lost else wanted.lasting,
        at=when(desk, wanted.at, "--at"),
    )
    if why:
        click.echo(aftershock.terminal_text(f"Resolved without verification: {why}."), err=True)
    return told.tell(desk, record, "resolution")


def _checked(desk: Desk, record: Record, wanted: Wanted, where: Where) -> tuple[Checked, Verification | None, str]:
    """What verify says; forced without it where it cannot judge, and why it cannot."""
    try:
        found = _verified(desk, record, wanted, where)
    except aftershock.AftershockError as error:
        if not wanted.force:
            raise
        return aftershock.Checked(at=desk.at, forced=wanted.force), None, error.problem
    return aftershock.checked(found, forced=wanted.force if not found.is_repaired else ""), found, ""


def _verified(desk: Desk, record: Record, wanted: Wanted, where: Where) -> Verification:
    read = inputs.read(wanted.target_dir or where.project_dir, None, where.config, cached=not wanted.no_cache)
    recorded = aftershock.read_recorded(wanted.run_results, target_dir=read.manifest.parent if read.manifest is not None else None)
    variables = aftershock.variables(wanted.given_vars) if wanted.given_vars else None
    with reading() as progress:
        return aftershock.check_incident(
            record,
            read.artifacts,
            recorded,
            since=desk.moment(wanted.since, "--since"),
            target=wanted.target,
            confirmed=wanted.confirmed,
            catalog=read.catalog(),
            reader=lambda: read.lineage(wanted.dialect, variables=variables, cached=not wanted.no_cache, progress=progress),
            policy=read.policy,
            patches=read.patches,
        )


def _refused(record: Record, found: Verification) -> int:
    """Show what is not repaired."""
    shown = screen()
    emit(aftershock.render_verification(found, "text", width=shown.width, colour=shown.colour))
    click.echo(f"{record.id} was not resolved: repair the rest, vouch for it with --confirmed, or give --force and a reason.", err=True)
    return NOT_REPAIRED
