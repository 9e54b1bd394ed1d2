"""How it ended: what was done, what was proved, what the data is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.phrases import counted, listing
from aftershock.render.documents import words
from aftershock.render.documents.case import NAME, clipped, exposures, unknown
from aftershock.render.documents.view import Field, Said, listed, name, said, strong

if TYPE_CHECKING:
    from aftershock.render.documents.case import Case

POSTMORTEM = "postmortem"
"""The deadline of this name."""


def fix_applied(case: Case) -> Field:
    """What was done."""
    record = case.record
    if record.fix:
        return Field("fix", "Fix applied", said(clipped(record.fix)))
    if record.code in words.NO_FIX:
        return Field("fix", "Fix applied", said(words.NO_FIX[record.code or "no-action"]))
    return Field("fix", "Fix applied", unknown(case), unknown=True)


def data_is_now(case: Case) -> Field:
    """What can be said of the data: given, else as far as it was verified."""
    record, checked, label = case.record, case.record.checked, "Data is now"
    given = said(clipped(record.data_is_now)) if record.data_is_now else Said()
    if checked is not None and checked.forced:
        proved = f"{checked.repaired:,} of {counted(checked.total, 'node')} proved repaired" if checked.total else "nothing was judged"
        left = said("; not proved: ", listed([name(clipped(each, NAME)) for each in checked.left], 5)) if checked.left else Said()
        forced = said(
            strong("not verified"), f": resolved by a person although the verification was not green ({proved}", left, f"). Reason: {clipped(checked.forced)}"
        )
        return Field("data_is_now", label, said(given, ". " if given else "", forced))
    if given:
        return Field("data_is_now", label, given)
    if checked is not None and checked.total:
        return Field("data_is_now", label, _proved(case))
    if record.code in words.NO_FIX_DATA:
        return Field("data_is_now", label, said(words.NO_FIX_DATA[record.code or "no-action"]))
    return Field("data_is_now", label, unknown(case), unknown=True)


def _proved(case: Case) -> Said:
    checked = case.record.checked
    if checked is None:
        return Said()
    judged = checked.total - len(checked.unjudged)
    bare = f", {checked.untested:,} of them without a test that would show a fault" if checked.untested else ""
    open_ = said("; ", found) if (found := unconfirmed(case)) else Said()
    if judged > 0 and checked.repaired >= judged:
        every = "the one affected node" if judged == 1 else f"all {judged:,} affected nodes"
        return said(f"{'built' if bare else 'built and tested'}: {every}{bare}", open_)
    left = said(" except ", listed([name(clipped(each, NAME)) for each in checked.left], 5)) if checked.left else Said()
    return said("repaired", left, f" ({checked.repaired:,} of {counted(checked.total, 'node')}{bare})", open_)


def unconfirmed(case: Case) -> Said:
    """What results of dbt's cannot prove, so that only those who use it can: ``nobody has confirmed the dashboard yet: Weekly revenue``."""
    checked = case.record.checked
    groups = exposures(case.dashboards())
    snapshots = [name(case.label(item.unique_id)) for item in case.tables() if item.resource_type == "snapshot"]
    groups += [("snapshot" if len(snapshots) == 1 else "snapshots", snapshots)] if snapshots else []
    known = {item.name for item in case.dashboards()} | {piece.text for _, pieces in groups for piece in pieces}
    rest = [name(clipped(each, NAME)) for each in (checked.unjudged if checked is not None and case.nodes is None else ()) if each not in known]
    groups += [("other node" if len(rest) == 1 else "other nodes", rest)] if rest else []
    if not groups:
        return Said()
    named = listed([piece for _, pieces in groups for piece in pieces], 5)
    kinds = [each for kind, _ in groups for each in kind.split(" and ")]
    return said(f"nobody has confirmed the {listing(kinds)} yet: ", named)


def lasting(case: Case) -> Field:
    """Whether data is lost for good or still wrong, said either way."""
    record, label = case.record, "Data lost or still wrong"
    if record.lasting:
        none = record.lasting.strip().casefold() in {"none", "no", "nothing"}
        return Field("lasting", label, said("none" if none else clipped(record.lasting)))
    if record.code in {"false-positive", "expected"}:
        return Field("lasting", label, said("none: no data was damaged"))
    return Field("lasting", label, unknown(case), unknown=True)


def verified_at(case: Case) -> Field:
    """When the repair was proved."""
    record, label = case.record, "Verified at"
    if record.checked is not None and record.checked.forced:
        at = f" at {case.clock.shown(record.resolved_at)}" if record.resolved_at else ""
        return Field("verified_at", label, said(f"not verified (resolved by a person{at})"))
    if record.checked is not None:
        since = f" (by results since {case.clock.shown(record.checked.since)})" if record.checked.since else ""
        return Field("verified_at", label, said(f"{case.clock.shown(record.checked.at)}{since}"))
    if record.code in words.NO_FIX:
        return Field("verified_at", label, said("nothing had to be verified"))
    return Field("verified_at", label, unknown(case, "not verified"), unknown=True)


def postmortem_at(case: Case) -> Field:
    """When the postmortem is held, or by when it is due."""
    record, due, label = case.record, case.due(POSTMORTEM), "Postmortem scheduled"
    if record.postmortem_at:
        return Field("postmortem", label, said(case.clock.shown(record.postmortem_at)))
    if due is not None and due.met_at:
        return Field("postmortem", label, said(f"done at {case.clock.shown(due.met_at)}"))
    if due is not None:
        late = " (overdue)" if due.is_overdue(case.clock.now) else ""
        return Field("postmortem", label, said(f"not scheduled; due by {case.clock.shown(due.at)}{late}"), unknown=True)
    if record.code in words.NO_FIX:
        return Field("postmortem", label, said("none is due"))
    return Field("postmortem", label, unknown(case, "not scheduled"), unknown=True)
