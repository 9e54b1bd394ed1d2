"""What several documents say alike: the title, the clocks, the cause, the fix, what the data is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render.documents import words
from aftershock.render.documents.case import Case, at_name, board, clipped, held, is_only_old, node_owners, says_title, sentence, systems, unknown
from aftershock.render.documents.moments import between, duration
from aftershock.render.documents.view import Field, Identity, Said, View, link, listed, name, person, said

if TYPE_CHECKING:
    from aftershock.model.record import DocumentKind

NO_LEVEL = "severity not assessed"
UPDATE, POSTMORTEM = "next update", "postmortem"
SUBJECT = 200
"""Characters of a subject line."""


def level(case: Case) -> str:
    """The severity in force."""
    return case.record.level.value if case.record.level is not None else NO_LEVEL


def identity(case: Case) -> Identity:
    """Which incident it is."""
    record, clock = case.record, case.clock
    return Identity(
        id=record.id,
        title=record.title,
        category=record.category.facts.title,
        category_slug=record.category.value,
        severity=level(case),
        status=words.STATUS[record.status],
        commander=record.commander,
        comms=record.comms,
        detected_at=clock.shown(record.detected_at),
        started_at=clock.shown(record.started_at),
        resolved_at=clock.shown(record.resolved_at),
        url=case.url,
    )


def view(case: Case, document: DocumentKind, title: str, fields: tuple[Field, ...]) -> View:
    """A message: its title and its fields in their order."""
    return View(
        document=document,
        audience=case.audience,
        title=said(title),
        subject=subject(case, title),
        incident=identity(case),
        recipient=case.recipient.label if case.recipient is not None else "",
        fields=fields,
        footer=footer(case, titled=document not in {"update", "checklist"} and says_title(case)),
    )


def subject(case: Case, title: str) -> str:
    """The line by which a mail is found again."""
    return clipped(f"[{case.record.id}] {title}: {' '.join(case.record.title.split())}", SUBJECT)


def footer(case: Case, *, titled: bool = False) -> Said:
    """Which incident it is and where more is known; without its title where the document has said it (``titled``)."""
    title = "" if titled else clipped(" ".join(case.record.title.split()), 120)
    head = said(link(case.record.id, case.url), f" ({title}). " if title else ". ")
    took = said("It took in ", listed([clipped(each, 40) for each in case.record.absorbed], 5), ". ") if case.record.absorbed else Said()
    return said(head, took, "All that is known: ", name(case.show), ".")


def summary_field(case: Case) -> Field:
    """The incident in one sentence."""
    return Field("summary", "Summary", sentence(case))


def detected(case: Case) -> Field:
    """When it was noticed, and by what."""
    record = case.record
    if not record.detected_at:
        return Field("detected_at", "Detected at", unknown(case), unknown=True, short=True)
    source = f" ({clipped(record.source, 120)})" if record.source else ""
    return Field("detected_at", "Detected at", said(case.clock.shown(record.detected_at), source), short=True)


def affected(case: Case) -> Field:
    """Tables and dashboards."""
    found = systems(case)
    if found:
        return Field("affected", "Affected systems", found)
    names = [name(each) for each in case.failing()]
    if case.report is not None:
        return Field("affected", "Affected systems", said("none is known beside ", listed(names, 3)) if names else said("none is known"))
    known = said(listed(names, 5), "; what reads them is ") if names else Said()
    return Field("affected", "Affected systems", said(known, unknown(case, "unknown (not assessed)")), unknown=True)


def status(case: Case) -> Field:
    """Where it stands."""
    into = f" ({case.record.merged_into})" if case.record.merged_into else ""
    return Field("status", "Status", said(words.STATUS[case.record.status], into), short=True)


def owner(case: Case) -> Field:
    """Who has it in hand."""
    record = case.record
    if record.commander:
        return Field("owner", "Owner", said(at_name(record.commander)), short=True)
    owners = [person(each) for each in node_owners(case)]
    if owners:
        whose = said(listed(owners, 2), " (", "owns" if len(owners) == 1 else "own", " what failed)")
        return Field("owner", "Owner", said("nobody has taken it yet; ask ", whose), unknown=True, short=True)
    return Field("owner", "Owner", said("nobody has taken it yet, and nobody is named for what failed"), unknown=True, short=True)


def next_update(case: Case) -> Field:
    """When people hear more: a time, unless it is over."""
    if case.record.status.is_over:
        return Field("next_update", "Next update", said("none: it is over"), short=True)
    due = case.due(UPDATE)
    late = due is not None and (between(case.clock.now, due.at) or 0) <= 0
    if due is None or due.met_at or late:
        before = f"not set (one was due at {case.clock.shown(due.at)})" if due is not None and late and not due.met_at else "not set"
        return Field("next_update", "Next update", unknown(case, before), unknown=True, short=True)
    return Field("next_update", "Next update", said(case.clock.shown(due.at)), short=True)


def next_sentence(case: Case) -> Said:
    """The same as a sentence: ``Next update in 30 min (2026-03-01 06:30 UTC)``."""
    field, due = next_update(case), case.due(UPDATE)
    if case.record.status.is_over:
        return said("No further update follows.")
    if field.unknown or due is None:
        return said("Next update: ", field.value, ".")
    return said(f"Next update in {duration(between(case.clock.now, due.at) or 0)} ({case.clock.shown(due.at)}).")


def hold_off(case: Case) -> Said:
    """Whether to use the data: by what is wrong with it."""
    if not is_only_old(case):
        return said("Please hold off on using ", held(case) or said("the data in question"), " until this is resolved.")
    since = case.record.started_at or (case.report.assessment.window.since if case.report is not None else "")
    old = f"The data is old as of {case.clock.shown(since)}, not wrong." if since else "The data is old, not wrong; since when is not known."
    source = said(" from ", found) if (found := held(case)) else Said()
    return said(f"{old} Please hold off on whatever needs newer data", source, " until this is resolved.")


def caveats(case: Case, *, nodes: bool = False) -> tuple[Said, ...]:
    """What a reader has to know who takes this for everything: dashboards, and with ``nodes`` the nodes, without anybody to tell."""
    if case.report is None or case.nodes is not None:
        return ()
    alone = [board(item) for item in case.dashboards() if not item.owners]
    seen = {item.unique_id for item in case.report.assessment.dashboards}
    unowned = [name(case.label(each)) for each in case.report.assessment.unowned if each not in seen]
    lines = []
    if alone:
        lines.append(said("No owner is declared for ", listed(alone, 5), ": nobody is told of ", "it." if len(alone) == 1 else "them."))
    if nodes and unowned:
        lines.append(said("Nobody is named for ", listed(unowned, 5), "."))
    return tuple(lines)
