"""What people hear who read dashboards and know nothing of dbt: what it means for them, whether to wait, when they hear more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftershock.model import Category, Effect
from aftershock.model.record import Status
from aftershock.phrases import counted
from aftershock.render import effects
from aftershock.render.documents import course, outcome, parts, words
from aftershock.render.documents.case import MANY, NAME, at_name, board, clipped, is_only_old
from aftershock.render.documents.moments import MINUTE, between, duration
from aftershock.render.documents.view import Field, Said, View, listed, said

if TYPE_CHECKING:
    from aftershock.model import Dashboard
    from aftershock.model.record import DocumentKind
    from aftershock.render.documents.case import Case

BUSY = {
    Status.TRIAGE: "We are checking whether there really is a problem.",
    Status.INVESTIGATING: "We are looking for the cause.",
    Status.MITIGATED: "We have corrected the cause and are repairing the data.",
    Status.MONITORING: "We have repaired the data and are checking it.",
}
TITLES = {"notification": "there is a problem", "update": "where we stand", "resolution": "the problem is over", "postmortem": "what happened"}
NOT_OVER = "the problem is not over yet"
YOURS = "Data that you use"
WRONG = frozenset({Category.DATA_QUALITY, Category.DATA_LOSS, Category.DUPLICATE_LOAD})
"""Where what reads the failing nodes is wrong if it was built from them, and old if it was not."""

LONG = 5 * MINUTE
"""Seconds of the repair's commands of which it is worth telling: below, people's time is all that counts."""

NOTHING_WRONG = {
    "false-positive": "Nothing: the alert was false, and the data was right all the time.",
    "expected": "Nothing: what was seen is as intended.",
    "no-action": "Nothing was changed. Ask us before you rely on it.",
}


def stakeholder(case: Case, document: DocumentKind) -> View:
    """One of the documents, in plain words, about the dashboards to which the case is limited."""
    over = case.record.status.is_over
    title = NOT_OVER if document in {"resolution", "postmortem"} and not over else TITLES[document]
    fields = [_what(case), _affected(case), _use(case)]
    fields += [outcome.lasting(case)] if over and case.record.code not in words.NO_FIX else [] if over else [_doing(case), _eta(case), _next(case)]
    fields += [_learned(case)] if document == "postmortem" else []
    made = parts.view(case, document, f"{YOURS}: {title}", (*fields, _contact(case)))
    about = str(listed(_names(case), 2)) or YOURS
    return replace(made, intro=_unowned(case), subject=clipped(f"{about}: {title} [{case.record.id}]", parts.SUBJECT), footer=said(case.record.id))


def _names(case: Case) -> list[str]:
    return [clipped(item.name, NAME) for item in case.dashboards()] + _followed(case)


def _followed(case: Case) -> list[str]:
    """Affected data that is no dashboard, and to which the reader subscribed."""
    if case.report is None or case.nodes is None:
        return []
    boards = {item.unique_id for item in case.report.assessment.dashboards}
    return [case.label(each) for each in sorted(case.nodes - boards)]


def _unowned(case: Case) -> tuple[Said, ...]:
    """Who this is for, where nobody is named."""
    if case.recipient is not None:
        return ()
    boards = [board(item) for item in case.dashboards()]
    if boards:
        return (said("No owner is declared for ", listed(boards, MANY), ". Please pass this on to whoever uses ", "it." if len(boards) == 1 else "them."),)
    return (said("Which dashboards are affected, and whose they are, is not known. Please pass this on to whoever may use the data."),)


def _what(case: Case) -> Field:
    """What one sees, and for how long."""
    record, clock, label = case.record, case.clock, "What happened"
    seen = _seen(case)
    if record.code in {"false-positive", "expected"} or record.status is Status.CANCELLED:
        return Field("what", label, said("we wrote that there was a problem, and there was none"))
    start = record.started_at or record.detected_at
    since = (
        clock.shown(record.started_at) if record.started_at else f"an unknown time (noticed {clock.shown(record.detected_at)})" if start else "an unknown time"
    )
    if not record.status.is_over or not record.resolved_at:
        return Field("what", label, said(f"{seen}, since {since}"))
    total = between(record.started_at, record.resolved_at)
    lasted = f" ({duration(total)})" if total is not None and total >= 0 else ""
    return Field("what", label, said(f"{seen}, from {since} to {clock.shown(record.resolved_at)}{lasted}"))


def _seen(case: Case) -> str:
    """What their dashboards show, as far as it is known: what dbt never refreshed is old rather than wrong."""
    record, over = case.record, case.record.status.is_over
    if record.category not in WRONG:
        return _maybe(case) + words.WORDING[record.category].plain
    if _unrefreshed(case):
        return "numbers may have been old: they were not refreshed" if over else "numbers may be old: they were not refreshed"
    if _maybe(case) or any(_is_old(case, item) for item in case.dashboards()):
        return "numbers may have been wrong or old" if over else "numbers may be wrong or old"
    return words.WORDING[record.category].plain


def _unrefreshed(case: Case) -> bool:
    """Whether dbt built nothing of what lies between the failing nodes and each of their dashboards."""
    boards = case.dashboards()
    return bool(boards) and not _followed(case) and case.record.category in WRONG and all(_is_old(case, item) for item in boards)


def _is_old(case: Case, item: Dashboard) -> bool:
    if case.report is None:
        return False
    between = set(item.path[1:-1])
    found = {effect for node in case.report.assessment.radius.affected if node.unique_id in between for effect in node.effects}
    return not {Effect.SKIPPED, Effect.STALE}.isdisjoint(found | set(item.effects))


def _maybe(case: Case) -> str:
    """``possibly`` where no more is known than that the dashboards read what broke."""
    boards = case.dashboards()
    sure = case.report is not None and case.report.assessment.confirmed and any(not effects.possible(case.report, item) for item in boards)
    return "" if sure or (case.report is not None and not boards and case.report.assessment.confirmed) else "possibly "


def _affected(case: Case) -> Field:
    """Their dashboards, each leading to itself."""
    boards = case.dashboards()
    items = [said(board(item)) for item in boards[:MANY]] + [said(each) for each in _followed(case)[:MANY]]
    left = len(boards) + len(_followed(case)) - len(items)
    label = "What you use" if _followed(case) or any(item.automation for item in boards) else "Your dashboards"
    if not items:
        return Field("dashboards", label, said("not known yet"), unknown=True)
    if len(items) == 1:
        return Field("dashboards", label, items[0])
    total = len(items) + left
    items += [said(f"… and {left:,} more")] if left else []
    return Field("dashboards", label, said(f"{total:,} are affected"), tuple(items))


def _use(case: Case) -> Field:
    """Whether to use them."""
    return Field("use", "What to do", said(_over(case) if case.record.status.is_over else _meanwhile(case)))


def _over(case: Case) -> str:
    record, checked = case.record, case.record.checked
    if record.code in NOTHING_WRONG:
        return NOTHING_WRONG[record.code or "no-action"]
    if record.status is Status.CANCELLED:
        return "Nothing: there was no problem."
    if record.status is Status.MERGED:
        return f"Please go on holding off: this is now part of {record.merged_into}, which you hear of separately."
    if checked is None or checked.forced or not checked.total or checked.repaired < checked.total:
        return "We could not check everything. Look at what you rely on before you use it."
    after = "Numbers that were taken from there meanwhile may be old: take them again." if _unrefreshed(case) else words.WORDING[record.category].after
    return f"It may be used again. {after}".strip()


def _meanwhile(case: Case) -> str:
    if _unrefreshed(case):
        return "It was not refreshed, so what it shows may be old. Please wait with whatever needs newer data until we write again."
    if not is_only_old(case):
        return "Please do not use it until we write again."
    since = f"as of {case.clock.shown(case.record.started_at)}" if case.record.started_at else "we do not know yet since when"
    return f"What it shows is old, {since}, and not wrong. Please wait with whatever needs newer data until we write again."


def _doing(case: Case) -> Field:
    return Field("doing", "What we are doing", said(BUSY[case.record.status]))


def _eta(case: Case) -> Field:
    """When it will be over, in plain words."""
    record, label = case.record, "When it will be over"
    known = case.report.recovery.estimate if case.report is not None else None
    if record.eta or record.status is Status.MONITORING or known is None or known.low is None or known.high is None or known.high < LONG:
        found = course.eta(case)
        if record.eta:
            return replace(found, label=label)
        return Field(
            "eta",
            label,
            said("soon: only the check is left" if record.status is Status.MONITORING else "we do not know yet"),
            unknown=record.status is not Status.MONITORING,
        )
    takes = f"the repair takes {course.rounded(known)} of machine time"
    if record.status is Status.MITIGATED:
        return Field("eta", label, said(f"{takes} from when it begins"))
    return Field("eta", label, said(f"we do not know yet; once we have found the cause, {takes}"), unknown=True)


def _next(case: Case) -> Field:
    found = parts.next_update(case)
    value = said("as soon as we know more") if found.unknown else found.value
    return Field("next_update", "When you hear from us again", value, unknown=found.unknown)


def _learned(case: Case) -> Field:
    """How much is agreed on so that it does not happen again; what, is written for engineers."""
    kept = [item for item in case.record.actions if item.status != "dropped"]
    done = sum(item.status == "done" for item in kept)
    value = f"{counted(len(kept), 'improvement is', 'improvements are')} agreed on, {done:,} of them done" if kept else "nothing is agreed on yet"
    return Field("learned", "What we do so that it does not happen again", said(value), unknown=not kept)


def _contact(case: Case) -> Field:
    who = case.record.comms or case.record.commander
    value = said(at_name(who)) if who else said("whoever sent you this: nobody is named yet")
    return Field("contact", "Questions to", value, unknown=not who)
