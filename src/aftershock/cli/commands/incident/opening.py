"""``aftershock incident open``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.desk import Telling, Where, beside_question, document_format, telling, web, when
from aftershock.cli.question import LEVELS, Question, answer, asked, found

if TYPE_CHECKING:
    from aftershock import Desk, Record

EPILOG = """\b
Examples:
  aftershock incident open --from-detect --send
  aftershock incident open stg_orders --category data-quality \\
      --since "yesterday 18:00" --detected-at "10 min ago"
  aftershock incident open --category data-quality \\
      --title "Finance says that revenue is off"

With --from-detect every incident that aftershock detect finds is opened, save
those that are open already: newer results are noted there, and it is assessed
anew, and an update printed, where it became worse. One that ended with these
results stays so; newer ones open another. With NODEs, they are assessed and
opened. With neither, a --title and a --category are enough: name nodes later
with aftershock incident update.

It prints the initial notification. Exit codes: 0 opened or nothing to open,
1 something could not be sent, 2 could not run.
"""


class Wanted(NamedTuple):
    """The command's own options, as click hands them over."""

    from_detect: bool
    min_severity: str
    title: str
    summary: str
    source: str
    commander: str
    comms: str
    references: tuple[str, ...]

    def validated(self, question: Question) -> Wanted:
        """Itself.

        Raises:
            UsageError: options contradict each other.
        """
        if self.from_detect and question.names:
            raise aftershock.UsageError("--from-detect", "NODEs are named too", "Give one of them")
        if self.from_detect and self.title:
            raise aftershock.UsageError("--title", "detect gives each incident its own", "Leave it out, or name the NODEs")
        web(self.references, "--reference")
        if not (self.from_detect or question.names or (self.title and question.category)):
            raise aftershock.UsageError("NODE", "nothing is named", "Name what failed, give --from-detect, or at least --title and --category")
        return self


@click.command("open", epilog=EPILOG)
@asked
@click.option("--from-detect", is_flag=True, help="Open what aftershock detect finds in the artifacts.")
@click.option("--min-severity", type=LEVELS, default="P3", show_default=True, metavar="P0|P1|P2|P3", help="Of these, only what is at least as bad.")
@click.option("--title", default="", metavar="TEXT", help="One line. Default: made from category and nodes.")
@click.option("--summary", default="", metavar="TEXT", help="One sentence for the documents. Default: made from the assessment.")
@click.option("--source", default="", metavar="TEXT", help="What or who detected it.")
@click.option("--commander", default="", metavar="NAME", help="Who leads.")
@click.option("--comms", default="", metavar="NAME", help="Who communicates.")
@click.option("--reference", "references", multiple=True, metavar="URL", help="Something outside that belongs to it. Repeatable.")
@telling
@document_format
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write the notification to this file instead.")
@beside_question
def open(**given: Any) -> int:  # noqa: A001, ANN401  # the verb; typed by Question, Where, Telling and Wanted
    """Declare an incident, and write its initial notification.

    NODE is what failed, as you would say it.
    """
    where, told = Where.taken(given), Telling.taken(given)
    question = Question.taken(given, named=False)
    wanted = Wanted(**given).validated(question)
    desk = where.desk(question.target_dir, create=True)
    told.ready(desk, "notification")
    question = _in_iso(question, desk)
    if wanted.from_detect:
        return _from_detect(desk, question, wanted, told)
    if question.names:
        read = inputs.read(question.target_dir, question.manifest, question.config, cached=not question.no_cache)
        report = answer(question, aftershock.assess)
        rows = aftershock.row_counts(report.assessment.tables, read.artifacts, read.catalog())
        texts = {"source": wanted.source, "title": wanted.title, "summary": wanted.summary}
        record = desk.open(aftershock.opened_from_report(report, clocks=desk.policy.clocks, rows=rows, **texts))
    else:
        record = desk.open_unassessed(
            wanted.title,
            aftershock.Category(question.category),
            detected_at=question.detected_at,
            started_at=question.since,
            source=wanted.source,
            summary=wanted.summary,
        )
    return told.tell(desk, _named(desk, record, wanted), "notification")


def _in_iso(question: Question, desk: Desk) -> Question:
    """The question with its times as a library takes them: a person may type ``20 min ago``."""
    return question._replace(
        since=when(desk, question.since, "--since"),
        until=when(desk, question.until, "--until"),
        detected_at=when(desk, question.detected_at, "--detected-at"),
    )


def _from_detect(desk: Desk, question: Question, wanted: Wanted, told: Telling) -> int:
    """Open each incident that is found and not open yet; the worst exit code of telling people."""
    read, detection, assessed = found(question)
    worst, code, records = aftershock.Severity(wanted.min_severity), 0, []
    for proposal, report in assessed:
        if not report.assessment.severity.level.at_least(worst):
            click.echo(aftershock.terminal_text(f"Left out, since it is {report.assessment.severity.level.value}: {proposal.title}."), err=True)
            continue
        rows = aftershock.row_counts(report.assessment.tables, read.artifacts, read.catalog())
        opened = aftershock.opened_from_proposal(proposal, detection, report, clocks=desk.policy.clocks, rows=rows)
        taken = desk.take(opened)
        records.append(taken.record)
        code = max(code, _tell(desk, taken.record, taken.how, wanted, told))
    for proposal in detection.incidents:
        if not proposal.roots:
            taken = desk.take_unassessed(proposal, detection, detected_at=question.detected_at)
            records.append(taken.record)
            code = max(code, _tell(desk, taken.record, taken.how, wanted, told))
    if not records:
        click.echo("Nothing was opened.", err=True)
    return code


def _tell(desk: Desk, record: Record, how: str, wanted: Wanted, told: Telling) -> int:
    """Tell people of what is new or worse; of the rest only whoever types."""
    if how == "opened":
        return told.tell(desk, _named(desk, record, wanted), "notification")
    says = f"{record.id} was {record.status.value} with these results" if how == "over" else f"{record.id} is open already"
    click.echo(aftershock.terminal_text(f"{says}: {record.title}."), err=True)
    if how != "worse":
        return 0
    try:
        told.ready(desk, "update")
    except aftershock.UsageError as error:  # no target takes updates
        click.echo(aftershock.error_line(error), err=True)
        told = told._replace(send=False)
    return told.tell(desk, record, "update")


def _named(desk: Desk, record: Record, wanted: Wanted) -> Record:
    """The record with its people and references."""
    if wanted.commander:
        record = desk.assign(record.id, wanted.commander)
    if wanted.comms:
        record = desk.assign(record.id, wanted.comms, "comms")
    for reference in wanted.references:
        record = desk.refer(record.id, reference)
    return record
