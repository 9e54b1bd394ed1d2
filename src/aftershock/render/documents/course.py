"""How it goes: the cause, the fix, when it will be over, and whether the impact has changed."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from aftershock import times
from aftershock.model.record import Status
from aftershock.phrases import counted
from aftershock.render.documents import words
from aftershock.render.documents.case import clipped, is_false, unknown
from aftershock.render.documents.moments import HOUR, MINUTE
from aftershock.render.documents.view import Field, listed, said, strong

if TYPE_CHECKING:
    from aftershock.model.plan import Estimate
    from aftershock.model.record import Record
    from aftershock.render.documents.case import Case

TOLD = re.compile(r"(?:Initial notification|Status update|Resolution) (?:posted$|sent to )")
"""How a line of the timeline begins by which people were told how much is affected."""

ASSESSED = re.compile(r"Impact assessed\b")
REPAIRED = re.compile(r"Fix applied: ")
AGAIN = re.compile(r"Reopened\b|The fix did not hold\b")


def root_cause(case: Case, *, identified: bool = False) -> Field:
    """Why it happened; with ``identified``, said to be found, as an update does."""
    record = case.record
    if record.root_cause:
        head = "identified: " if identified else ""
        return Field("root_cause", "Root cause", said(head, clipped(record.root_cause)))
    if record.code in words.NO_FIX:
        return Field("root_cause", "Root cause", said(_no_cause(case)))
    if record.status.is_over:
        return Field("root_cause", "Root cause", unknown(case, "not identified"), unknown=True)
    return Field("root_cause", "Root cause", said("still investigating"), unknown=True)


def _no_cause(case: Case) -> str:
    reason = clipped(case.record.reason)
    head = {"expected": "what was seen is as intended", "false-positive": "a false alert", "no-action": "not looked for further"}[
        case.record.code or "no-action"
    ]
    return f"{head}: {reason}" if reason else head


def fix_status(case: Case) -> Field:
    """How far the fix is: what the last update said, or the last step of the incident."""
    record = case.record
    value: str = record.fix_status
    if record.status.is_over:
        value = "not needed" if record.code in words.NO_FIX or record.status in {Status.CANCELLED, Status.MERGED} else "applied"
    if record.fix and not record.status.is_over and _did_not_hold(record):
        return Field("fix_status", "Fix status", said(f"{value}; an earlier fix did not hold: {clipped(record.fix)}"))
    return Field("fix_status", "Fix status", said(value, f": {clipped(record.fix)}" if record.fix else ""))


def _did_not_hold(record: Record) -> bool:
    """Whether the fix on record is from before work began again."""
    again = _last(record, AGAIN) if record.reopened_at else 0
    return record.status in {Status.TRIAGE, Status.INVESTIGATING} and again > _last(record, REPAIRED)


def _last(record: Record, what: re.Pattern[str]) -> int:
    """The number of the last event whose line in the timeline begins so; 0 where there is none."""
    return max((entry.event for entry in record.timeline if what.match(entry.what)), default=0)


def eta(case: Case) -> Field:
    """When it will be over: what a person said, else what the plan's estimate and the status tell."""
    record, label = case.record, "ETA to resolution"
    if record.status.is_over:
        at = f" since {case.clock.shown(record.resolved_at)}" if record.resolved_at else ""
        return Field("eta", label, said(f"it is over{at}"))
    if record.eta:
        return Field("eta", label, said(case.clock.shown(record.eta) if _is_time(record.eta) else clipped(record.eta)))
    if record.status is Status.MONITORING:
        return Field("eta", label, said("the repair is made; it is over once the verification is green"))
    known = case.report.recovery.estimate if case.report is not None else None
    if known is None or known.low is None or known.high is None:
        return Field("eta", label, unknown(case), unknown=True)
    takes = f"the commands of the repair alone, without people, take {rounded(known)}"
    if record.status is Status.MITIGATED:
        return Field("eta", label, said(f"{takes}, from when they begin"))
    return Field("eta", label, said(unknown(case, "unknown until the cause is corrected"), f". After that {takes}."), unknown=True)


def rounded(known: Estimate) -> str:
    """How long commands take, no finer than it is known: ``under a minute``, ``2 to 5 min``, ``1.5 to 3 h``; ``unknown`` where it is not."""
    if known.low is None or known.high is None:
        return "unknown"
    if known.high < MINUTE:
        return "under a minute"
    if known.high < 2 * HOUR:
        low, high = max(1, int(known.low / MINUTE)), math.ceil(known.high / MINUTE)
        return f"{low} to {high} min" if low != high else f"about {high} min"
    short, long = f"{known.low / HOUR:.1f}", f"{known.high / HOUR:.1f}"
    if short == long:
        return f"about {long} h"
    return f"{short} to {long} h" if known.low >= HOUR else f"{max(1, int(known.low / MINUTE))} min to {long} h"


def _is_time(text: str) -> bool:
    return "T" in text and times.read(text) is not None


def impact(case: Case, parts: list[str]) -> Field:
    """How much is affected, and whether that has changed since people were last told."""
    if case.report is None:
        return Field("impact", "Impact", unknown(case, "unknown (not assessed)"), unknown=True)
    if is_false(case.record):
        return Field("impact", "Impact", said("none: the data was right"))
    below = len(case.report.assessment.radius.below)
    told = case.record.announced_affected
    now = said(listed(parts) if parts else "nothing beside what failed", f" ({counted(below, 'node')} downstream)")
    if told is None:
        return Field("impact", "Impact", now)
    if told != below:
        return Field("impact", "Impact", said(strong("changed"), ": now ", listed(parts) if parts else "nothing beside what failed", f" ({_was(below, told)})"))
    same = "unchanged" if 0 < _last(case.record, TOLD) > _last(case.record, ASSESSED) else "unchanged in number"
    return Field("impact", "Impact", said(f"{same}: ", now))


def _was(below: int, told: int) -> str:
    return f"{counted(below, 'node')} downstream, {told:,} when last announced"
