"""What detect proposes, beside what is known already: a new incident, an open one seen again or grown, or results that an incident ended with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from aftershock.incidents import clocks
from aftershock.model.record import Absorbed, Assessed, Edited, Noted, Opened, Record, Status, Updated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model import Report, Severity
    from aftershock.model.record import Change
    from aftershock.response.desk import Desk

How = Literal["opened", "worse", "assessed", "seen", "known", "over"]


class Taken(msgspec.Struct, frozen=True):
    """What became of a proposal, and the incident that has it now.

    ``opened``: it is new. ``worse``: it was open, and has more nodes or a worse severity now. ``assessed``: it was open, and other results are evidence of it
    now. ``seen``: it was open, and newer results show the same. ``known``: it is open, with these results. ``over``: it ended, and these are old results.
    """

    record: Record
    how: How


def take(desk: Desk, opened: Opened) -> Taken:
    """Declare an incident, unless one of its category about one of its nodes goes on, or ended with these results or newer ones.

    Args:
        desk: whose incidents count.
        opened: what is proposed.

    Raises:
        AftershockError: it could not be recorded.
    """
    known = _alike(desk.store.all(), opened)
    going_on = [record for record in known if not record.status.is_over]
    if going_on:
        return _again(desk, going_on[-1], opened)
    ended = max(known, key=_end, default=None)
    if ended is None:
        return Taken(desk.open(opened), "opened")
    if opened.results_at and opened.results_at <= _end(ended):
        return Taken(ended, "over")
    before = f"{ended.id} was about the same: {ended.status.value} since {_end(ended)}"
    return Taken(desk.open(msgspec.structs.replace(opened, evidence=(*opened.evidence, before))), "opened")


def _end(record: Record) -> str:
    """From when on results are no longer those of an incident that is over: it may be closed long after its data was repaired."""
    return record.resolved_at or record.closed_at


def _alike(records: Sequence[Record], opened: Opened) -> list[Record]:
    """Incidents of this category about one of these nodes, by number; the one that goes on in place of one that was merged."""
    by_id = {record.id: record for record in records}
    found = {}
    for record in records:
        if record.category is opened.category and _is_about(record, opened):
            while record.status is Status.MERGED and record.merged_into in by_id:
                record = by_id[record.merged_into]  # noqa: PLW2901  # where it went on
            found[record.id] = record
    return [record for record in records if record.id in found]


def _is_about(record: Record, opened: Opened) -> bool:
    if opened.nodes:
        return bool(set(opened.nodes) & set(record.nodes))
    return record.title == opened.title


def _again(desk: Desk, record: Record, opened: Opened) -> Taken:
    """An incident that goes on: assessed anew where there is more of it, else noted where the results are newer than those it was seen in last."""
    is_newer = not opened.results_at or opened.results_at > record.results_at
    seen = [Noted(f"Seen again: {opened.source or opened.title}", results_at=opened.results_at)] if is_newer else []
    why = _more(record, opened)
    if opened.report is None or not why:
        return Taken(desk.append(record.id, *seen), "seen") if seen else Taken(record, "known")
    after = desk.append(record.id, *_anew(desk, record, opened, opened.report, why), *seen)
    if set(after.nodes) == set(record.nodes) and not _is_worse(after.level, record.level):
        return Taken(after, "assessed")
    below = len(opened.report.assessment.radius.below)
    return Taken(desk.append(record.id, Updated("", after.fix_status, "", below)), "worse")


def _more(record: Record, opened: Opened) -> str:
    """Why an open incident has to be assessed anew; empty where nothing of it is new."""
    if opened.report is None:
        return ""
    if not set(opened.nodes) <= set(record.nodes):
        return "more nodes fail"
    if _is_worse(opened.report.assessment.severity.level, record.computed):
        return "it is worse than it was"
    return "" if set(opened.seen) <= set(record.seen) else "other results show it"


def _is_worse(level: Severity | None, than: Severity | None) -> bool:
    return level is not None and (than is None or level.rank < than.rank)


def _anew(desk: Desk, record: Record, opened: Opened, report: Report, why: str) -> list[Change]:
    """The new assessment; every node that the incident had stays one that has to be repaired."""
    level = record.level if record.override else report.assessment.severity.level
    assessed = Assessed(
        report,
        tuple(dict.fromkeys((*record.nodes, *opened.nodes))),
        why,
        clocks.after_override(record, level, desk.at, desk.policy.clocks),
        opened.rows,
        evidence=tuple(dict.fromkeys((*opened.evidence, *_kept(record, opened)))),
        seen=tuple(dict.fromkeys((*record.seen, *opened.seen))),
        results_at=opened.results_at,
    )
    is_ours = record.title != opened.title and not _is_titled(desk, record)
    return [*([Edited(title=opened.title)] if is_ours else []), assessed]


def _kept(record: Record, opened: Opened) -> list[str]:
    """What was evidence before and is not said anew, in other figures perhaps, of the same node."""
    anew = {text.partition(": ")[0] for text in opened.evidence}
    return [text for text in record.evidence if text.partition(": ")[0] not in anew]


def _is_titled(desk: Desk, record: Record) -> bool:
    """Whether a person gave the incident its title: that one stays. Ours are recorded together with an assessment."""
    events = desk.store.events(record.id)
    edits = [number for number, event in enumerate(events) if isinstance(event.change, Edited) and event.change.title is not None]
    if not edits:
        return False
    after = events[edits[-1] + 1 : edits[-1] + 2]
    return not (after and isinstance(after[0].change, Assessed) and after[0].change.seen)


def absorbed(record: Record) -> Absorbed:
    """What an incident leaves to the one that it is merged into.

    Args:
        record: the incident that is merged.
    """
    return Absorbed(
        record.id,
        record.title,
        nodes=record.nodes,
        evidence=record.evidence,
        seen=record.seen,
        detected_at=record.detected_at,
        started_at=record.started_at,
        level=record.level,
        rows=record.rows,
        results_at=record.results_at,
    )
