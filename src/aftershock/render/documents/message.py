"""The three messages of an incident for those who work on it: first notification, status update, resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftershock.model.record import Status
from aftershock.phrases import counted
from aftershock.render.documents import course, outcome, parts, words
from aftershock.render.documents.case import clipped, counts, exposure_counts
from aftershock.render.documents.view import Said, name, said, sentences

if TYPE_CHECKING:
    from aftershock.render.documents.case import Case
    from aftershock.render.documents.view import View


def notification(case: Case) -> View:
    """The first message: what is known, who has it in hand, when people hear more."""
    fields = (
        parts.summary_field(case),
        parts.detected(case),
        parts.affected(case),
        parts.status(case),
        parts.owner(case),
        parts.next_update(case),
    )
    over = case.record.status.is_over
    busy = Said() if over else said(words.BUSY[case.record.status], " ", parts.hold_off(case))
    made = parts.view(case, "notification", f"DATA INCIDENT -- {parts.level(case)}", fields)
    return replace(made, intro=_yours(case), closing=sentences((busy, *parts.caveats(case, nodes=True))))


def update(case: Case) -> View:
    """What has changed since the last message."""
    scoped = [counted(len(case.tables()), "table"), *exposure_counts(case.dashboards())]
    counted_ = scoped if case.nodes is not None else counts(case.report) if case.report is not None else []
    fields = (
        course.root_cause(case, identified=True),
        course.fix_status(case),
        course.eta(case),
        course.impact(case, counted_),
    )
    news = said(clipped(case.record.update)) if case.record.update else Said()
    title = f"UPDATE -- {case.record.level.value} Data Incident" if case.record.level is not None else f"UPDATE -- Data Incident, {parts.NO_LEVEL}"
    made = parts.view(case, "update", title, fields)
    return replace(made, intro=(*sentences((news,)), *_yours(case)), closing=sentences((parts.next_sentence(case), *parts.caveats(case))))


def resolution(case: Case) -> View:
    """That it is over, and what can be said of the data."""
    fields = (
        parts.summary_field(case),
        course.root_cause(case),
        outcome.fix_applied(case),
        outcome.verified_at(case),
        outcome.data_is_now(case),
        outcome.lasting(case),
        outcome.postmortem_at(case),
    )
    made = parts.view(case, "resolution", _end_title(case), fields)
    return replace(made, intro=_yours(case), closing=sentences((_end(case), *parts.caveats(case))))


def _end_title(case: Case) -> str:
    record = case.record
    if record.status is Status.CANCELLED:
        return "CANCELLED -- Data Incident"
    if record.status is Status.MERGED:
        return f"MERGED INTO {record.merged_into} -- Data Incident"
    return "RESOLVED -- Data Incident" if record.status.is_over else "NOT RESOLVED YET -- Data Incident"


def _end(case: Case) -> Said:
    """What follows for whoever uses the data; only what was proved is said to be right."""
    record = case.record
    if not record.status.is_over:
        return said("The incident is not resolved. ", parts.hold_off(case))
    if record.status is Status.CANCELLED:
        return said("It was no incident", f": {clipped(record.reason)}." if record.reason else ".", " Normal operations go on.")
    if record.status is Status.MERGED:
        return said(f"It is part of {record.merged_into} and goes on there: ", name(f"aftershock incident show {record.merged_into}"), ".")
    if record.code in words.NO_FIX_END:
        why = f" Why: {clipped(record.reason)}" if record.reason and record.root_cause else ""
        return said(f"{words.NO_FIX_END[record.code or 'no-action']}{why}")
    return _proved(case)


def _proved(case: Case) -> Said:
    """What was built and tested, and what nobody has confirmed; only where nothing was forced are operations normal again."""
    checked = case.record.checked
    if checked is None or not checked.total:
        return said("Nothing has been verified. Check what you rely on before you use it.")
    judged = checked.total - len(checked.unjudged)
    if checked.forced or not judged or checked.repaired < judged:
        return said("Not all affected tables have been built and tested. Check what you rely on before you use it.")
    have = "1 node has" if checked.untested == 1 else f"{checked.untested:,} nodes have"
    bare = f"All affected tables have been built; {have} no test that would show a fault"
    built = bare if checked.untested else "All affected tables have been built and tested"
    found = outcome.unconfirmed(case)
    return said(built, "; " if found else "", found, ". Normal operations resumed.")


def _yours(case: Case) -> tuple[Said, ...]:
    """Why this reader gets it."""
    if case.audience != "owners" or case.nodes is None:
        return ()
    names = [name(case.label(item.unique_id)) for item in case.tables()]
    many = counted(len(case.nodes), "affected node")
    return (said(f"You are named as owner of {many}", "; only what is yours, and what reads it, is listed here." if names else "."),)
