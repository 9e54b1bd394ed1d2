"""What went well and what could be better: what people said, then what the record's own clocks and gaps show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.phrases import counted
from aftershock.render.documents.case import MANY, clipped, is_false, unknown
from aftershock.render.documents.moments import HOUR, MINUTE, between, duration
from aftershock.render.documents.view import Said, listed, name, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model.record import Due
    from aftershock.render.documents.case import Case

SOON = HOUR
"""Seconds from the beginning to detection that are no lesson."""

DONE = {
    "initial notification": "The initial notification went out",
    "impact checklist": "The impact checklist was done",
    "next update": "The last update went out",
    "postmortem": "The postmortem was done",
}
"""What it is called when something due was done."""

LESSON = 1_000
"""Characters of one."""


def went_well(case: Case) -> tuple[Said, ...]:
    """What people said, and what the clocks prove."""
    return (*_given(case.record.went_well), *_proved(case)) or _nothing(case)


def to_improve(case: Case) -> tuple[Said, ...]:
    """What people said, then candidates: what was late, and what the assessment missed."""
    return (*_given(case.record.to_improve), *(said("Candidate: ", each) for each in _candidates(case))) or _nothing(case)


def lucky(case: Case) -> tuple[Said, ...]:
    """What people said: no record shows luck."""
    return _given(case.record.lucky) or _nothing(case)


def _given(texts: tuple[str, ...]) -> tuple[Said, ...]:
    return tuple(said(clipped(each, LESSON)) for each in texts[:MANY] if each.strip())


def _nothing(case: Case) -> tuple[Said, ...]:
    return (said(unknown(case, "Nothing is said yet"), "."),)


def _proved(case: Case) -> Iterator[Said]:
    record = case.record
    lag = None if is_false(record) else between(record.started_at, record.detected_at)
    if lag is not None and 0 <= lag <= SOON:
        by = f", by {clipped(record.source, 120)}" if record.source else ""
        yield said(f"It was detected {duration(lag)} after it began{by}.")
    for due in record.deadlines:
        after = between(record.detected_at, due.met_at)
        if due.met_at and not _lateness(due.at, due.met_at) and due.what in {"initial notification", "impact checklist"} and after is not None and after >= 0:
            within = between(record.detected_at, due.at)
            limit = f" (due within {duration(within)})" if within is not None else ""
            yield said(f"{DONE[due.what]} {duration(after)} after detection{limit}.")
    checked = record.checked
    if checked is not None and not checked.forced and checked.total and checked.repaired >= checked.total:
        yield said(f"{counted(checked.total, 'node')} {'was' if checked.total == 1 else 'were'} verified before it was resolved.")


def _candidates(case: Case) -> Iterator[Said]:
    record = case.record
    lag = None if is_false(record) else between(record.started_at, record.detected_at)
    if lag is not None and lag > SOON:
        yield said(f"It went unnoticed for {duration(lag)}: a check nearer to the cause would have shown it sooner.")
    for due in (*record.past, *record.deadlines):
        if line := _late(case, due):
            yield line
    if record.checked is not None and record.checked.forced:
        yield said("It was resolved without a green verification.")
    if record.checked is not None and record.checked.untested:
        yield said(f"{counted(record.checked.untested, 'repaired node has', 'repaired nodes have')} no test that would show a fault.")
    if case.report is None:
        yield said("It was never assessed, so nobody knows from here what it affected.")
        return
    alone = [name(case.label(each)) for each in case.report.assessment.unowned]
    if alone:
        yield said("Nobody is named for ", listed(alone, 10), ": name an owner.")
    for missing in case.report.assessment.severity.missing:
        yield said(f"Missing for the severity: {clipped(missing, LESSON)}.")


def _late(case: Case, due: Due) -> Said:
    """What was done late, or was due before the end and never done."""
    if due.met_at:
        late = _lateness(due.at, due.met_at)
        return said(f"{DONE.get(due.what, f'{due.what} was done')} {duration(late)} late.") if late else Said()
    end = case.clock.now if due.what == "postmortem" else case.record.resolved_at or case.clock.now
    missed = due.is_overdue(end)
    return said(f"{clipped(due.what, 100)}: due by {case.clock.shown(due.at)}, and nothing says that it was done.") if missed else Said()


def _lateness(due: str, done: str) -> float:
    """Seconds; what is done within the minute in which it is due is not late."""
    late = between(due, done) or 0
    return late if late >= MINUTE else 0
