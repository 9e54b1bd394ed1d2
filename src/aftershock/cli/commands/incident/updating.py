"""``aftershock incident update``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.desk import Telling, Where, at_desk, document_format, incident, telling, to_come, when

if TYPE_CHECKING:
    from aftershock import Desk, FixStatus, Record

EPILOG = """\b
Examples:
  aftershock incident update INC-1 "The loader is being restarted." --send
  aftershock incident update INC-1 --root-cause "A vendor changed the file" \\
      --fix-status applied --eta "in 2 hours"
  aftershock incident update INC-1 --node stg_payments --node raw.refunds

With --node or --assess the incident is assessed anew, and the update says how
its impact changed. It prints the status update, which names the next one.
"""


class Wanted(NamedTuple):
    """The command's own options, as click hands them over."""

    text: str
    root_cause: str
    fix: str
    fix_status: FixStatus | None
    eta: str
    title: str
    summary: str
    source: str
    started_at: str
    bad_until: str
    detected_at: str
    data_is_now: str
    lasting: str
    nodes: tuple[str, ...]
    category: str | None
    reassess: bool
    target_dir: str | None
    no_cache: bool


@click.command("update", epilog=EPILOG)
@incident
@click.argument("text", required=False, default="")
@click.option("--root-cause", default="", metavar="TEXT", help="Why it happened.")
@click.option("--fix", default="", metavar="TEXT", help="What is done about it.")
@click.option("--fix-status", type=click.Choice(["in progress", "applied", "pending verification"]), help="Where the fix stands.")
@click.option("--eta", default="", metavar="TIME", help='When it will be resolved: "in 2 hours", 18:00. Default: the plan\'s estimate.')
@click.option("--title", default="", metavar="TEXT", help="Correct the title.")
@click.option("--summary", default="", metavar="TEXT", help="Correct the summary.")
@click.option("--source", default="", metavar="TEXT", help="Correct what or who detected it.")
@click.option("--started-at", default="", metavar="TIME", help="Correct when the data became bad.")
@click.option("--bad-until", default="", metavar="TIME", help="Correct when it stopped being bad.")
@click.option("--detected-at", default="", metavar="TIME", help="Correct when it was noticed.")
@click.option("--data-is-now", default="", metavar="TEXT", help="What can be said of the data.")
@click.option("--lost", "lasting", default="", metavar="TEXT", help="Data that is lost for good, or still wrong.")
@click.option("--node", "nodes", multiple=True, metavar="NODE", help="Assess anew with this failing node too. Repeatable.")
@click.option("--category", type=click.Choice([item.value for item in aftershock.Category]), metavar="SLUG", help="Assess anew under this category.")
@click.option("--assess", "reassess", is_flag=True, help="Assess anew from the artifacts as they are now.")
@options.target_dir
@options.no_cache
@telling
@document_format
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write the update to this file instead.")
@at_desk
def update(incident: str, **given: Any) -> int:  # noqa: ANN401  # typed by Where, Telling and Wanted
    """Write a status update; correct facts; assess anew."""
    where, told = Where.taken(given), Telling.taken(given)
    given.pop("config")
    wanted = Wanted(**given)
    desk = where.desk(wanted.target_dir)
    told.ready(desk, "update")
    eta = to_come(desk, wanted.eta, "--eta")
    record = _corrected(desk, desk.store.get(incident), wanted)
    if wanted.nodes or wanted.category or wanted.reassess:
        record = _assessed(desk, record, wanted, where)
    record = desk.update(record.id, wanted.text, fix_status=wanted.fix_status, eta=eta, root_cause=wanted.root_cause, fix=wanted.fix)
    return told.tell(desk, record, "update")


def _corrected(desk: Desk, record: Record, wanted: Wanted) -> Record:
    times = {name: when(desk, getattr(wanted, name), f"--{name.replace('_', '-')}") for name in ("started_at", "bad_until", "detected_at")}
    texts = {name: getattr(wanted, name) for name in ("title", "summary", "source", "data_is_now", "lasting")}
    return desk.edit(record.id, **texts, **times)


def _assessed(desk: Desk, record: Record, wanted: Wanted, where: Where) -> Record:
    """The record with a new assessment: the artifacts as they are now, and what else is said to fail."""
    read = inputs.read(wanted.target_dir or where.project_dir, None, where.config, cached=not wanted.no_cache)
    report = aftershock.assess(
        read.artifacts,
        wanted.nodes,
        wanted.category or record.category,
        selected=tuple(unique_id for unique_id in record.nodes if unique_id in read.artifacts.project.nodes),
        policy=read.policy,
        since=record.started_at,
        until=record.bad_until,
        detected_at=record.detected_at,
        patches=read.patches,
    )
    why = "more nodes fail" if wanted.nodes else "another category" if wanted.category else "the artifacts as they are now"
    return desk.assess(record.id, report, why, rows=aftershock.row_counts(report.assessment.tables, read.artifacts, read.catalog()))
