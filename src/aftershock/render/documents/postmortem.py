"""The postmortem: what happened, by the record's own clocks, and what is agreed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftershock.phrases import counted, listing
from aftershock.render.documents import course, lessons, outcome, parts, sendings
from aftershock.render.documents.case import MANY, NAME, at_name, board, capital, clipped, counts, exposure_counts, is_false, sentence, unknown, whom
from aftershock.render.documents.moments import between, duration
from aftershock.render.documents.outside import OUTSIDE, outside
from aftershock.render.documents.view import Field, Said, Section, Table, View, link, listed, name, person, said, sentences

if TYPE_CHECKING:
    from aftershock.model import Affected, Owner
    from aftershock.render.documents.case import Case

WHOLE = 4_000
"""Characters of a person's text in a long document."""

ROW = 500
"""Characters of a text in a table or a list."""

MOST_ROWS = 100
"""Rows of a table."""


def postmortem(case: Case) -> View:
    """The whole postmortem, its sections in their order."""
    made = parts.view(case, "postmortem", "Data Incident Postmortem", _head(case))
    sections = (
        Section("summary", "Summary", (_summary(case),)),
        _timeline(case),
        _cause(case),
        Section("impact", "Impact", fields=(_data(case), _bad(case), _downstream(case), outcome.lasting(case))),
        Section("went_well", "What Went Well", bullets=lessons.went_well(case)),
        Section("to_improve", "What Could Be Improved", bullets=lessons.to_improve(case)),
        Section("lucky", "Where We Got Lucky", bullets=lessons.lucky(case)),
        _actions(case),
        *_references(case),
    )
    return replace(made, heading=True, sections=sections)


def _head(case: Case) -> tuple[Field, ...]:
    record, clock = case.record, case.clock
    begun = record.started_at or record.detected_at
    day = said(clock.day(begun)) if begun else unknown(case)
    return (
        Field("date", "Date", day, unknown=not begun, short=True),
        _duration(case),
        _severity(case),
        Field("author", "Author", said(at_name(record.author)) if record.author else unknown(case, "nobody is named"), unknown=not record.author, short=True),
    )


def _duration(case: Case) -> Field:
    record, clock = case.record, case.clock
    start = record.started_at or record.detected_at
    if not start:
        return Field("duration", "Duration", unknown(case), unknown=True)
    which = "from when it began" if record.started_at else "from when it was detected; when it began is not known"
    if not record.resolved_at:
        lasted = between(start, clock.now)
        so_far = f", {duration(lasted)} so far" if lasted is not None and lasted >= 0 else ""
        return Field("duration", "Duration", said(f"{clock.shown(start)} to now{so_far}: it is not resolved ({which})"), unknown=True)
    total = between(start, record.resolved_at)
    shown = f" ({duration(total)})" if total is not None else ""
    return Field("duration", "Duration", said(f"{clock.shown(start)} to {clock.shown(record.resolved_at)}{shown}, {which}"))


def _severity(case: Case) -> Field:
    record = case.record
    value = parts.level(case)
    if record.level is not None and record.level is not record.computed:
        computed = f"the policy says {record.computed.value}" if record.computed is not None else "the policy was not asked"
        reason = f": {clipped(record.override, WHOLE)}" if record.override else ""
        value = f"{value} (set by a person, {computed}{reason})"
    elif case.report is not None:
        value = f"{value} (typical {case.report.assessment.severity.typical}, confidence {case.report.assessment.severity.confidence})"
    return Field("severity", "Severity", said(value), unknown=record.level is None)


def _summary(case: Case) -> Said:
    """Two or three sentences: what happened, how long and how far, how it ended."""
    record = case.record
    first = sentence(case)
    stop = "" if str(first).rstrip().endswith((".", "!", "?")) else "."
    told = counts(case.report) if record.summary and case.report is not None and not is_false(record) else []
    reach = f" and affected {listing(told)}" if told else ""
    tail = f"{stop} {_lasted(case)}{reach}."
    if len(first.pieces) == 1 and first.pieces[0].kind == "text":  # one text: "1" and ". It lasted" apart would begin a numbered list
        return said(f"{first.pieces[0].text}{tail}", *_ending(case))
    return said(first, tail, *_ending(case))


def _lasted(case: Case) -> str:
    record = case.record
    if not record.status.is_over:
        return "It is not over"
    total = between(record.started_at or record.detected_at, record.resolved_at or record.closed_at)
    if total is None:
        return "How long it lasted is not known"
    return f"The incident was open for {duration(total)}" if is_false(record) else f"It lasted {duration(total)}"


def _ending(case: Case) -> tuple[str | Said, ...]:
    if not case.record.status.is_over:
        return ()
    now = outcome.data_is_now(case)
    return (" Whether the data is right is not known: ask ", whom(case), ".") if now.unknown else (" The data is now ", now.value, ".")


def _timeline(case: Case) -> Section:
    entries = sendings.joined(sorted(case.record.timeline, key=lambda entry: (entry.at, entry.event)), case.record.deliveries)
    clock = case.clock
    several = len({clock.day(entry.at) for entry in entries}) > 1
    zones = clock.names([entry.at for entry in entries])
    rows = []
    for entry in entries[:MOST_ROWS]:
        when = f"{clock.day(entry.at)} {clock.hour(entry.at)}" if several else clock.hour(entry.at)
        when = clock.shown(entry.at) if len(zones) > 1 else when
        who = said(" (", person(clipped(entry.by, NAME)), ")") if entry.by else Said()
        look = said(" ", link("link", entry.url)) if entry.url else Said()
        rows.append((said(when), said(clipped(entry.what, ROW), who, look)))
    more = _more(case, len(entries) - len(rows))
    if not rows:
        return Section("timeline", "Timeline", (said("Nothing is recorded. ", unknown(case, "What happened when"), "."),))
    column = f"Time ({zones[0]})" if len(zones) == 1 else "Time"
    return Section("timeline", "Timeline", table=Table((column, "Event"), tuple(rows)), more=more)


def _cause(case: Case) -> Section:
    record = case.record
    field = course.root_cause(case)
    lines = [said(clipped(record.root_cause, WHOLE)) if record.root_cause else said(capital(field.value), ".")]
    if record.fix:
        lines.append(said("What was done: ", clipped(record.fix, WHOLE)))
    seen = tuple(said("Seen: ", clipped(each, ROW)) for each in record.evidence[:MANY] if each.strip())
    return Section("root_cause", "Root Cause", sentences(lines), bullets=seen, more=_more(case, len(record.evidence) - MANY))


def _data(case: Case) -> Field:
    """Every affected table with its row count, where one is known."""
    tables = case.tables()
    if is_false(case.record):
        return Field("data", "Data affected", said("none: the data was right"))
    if not tables:
        return Field("data", "Data affected", parts.affected(case).value, unknown=case.report is None)
    rows = {**case.record.rows, **case.rows}
    known = sum(item.unique_id in rows for item in tables)
    total = counted(len(tables), "table")
    count = "row counts are as dbt or the warehouse last said" if known == len(tables) else f"the row count of {len(tables) - known:,} is unknown"
    ask = said(": neither run results nor a catalog has it; ask whoever can query the warehouse") if known < len(tables) else Said()
    counts = [item for item in tables if item.unique_id in rows]
    items = [_table(case, item, rows[item.unique_id]) for item in counts[:MANY]]
    items += [more] if (more := _more(case, len(counts) - MANY)) else []
    if known < len(tables):
        others = [name(case.label(item.unique_id)) for item in tables if item.unique_id not in rows]
        items.append(said("row count unknown: ", listed(others, MANY)))
    return Field("data", "Data affected", said(f"{total}; {count}", ask), tuple(items), unknown=known < len(tables))


def _table(case: Case, item: Affected, rows: int) -> Said:
    failing = " (failing)" if not item.depth else ""
    return said(name(case.label(item.unique_id)), failing, ": ", counted(rows, "row"))


def _bad(case: Case) -> Field:
    """From when to when data was bad: given, else as far as detection and verification bound it."""
    record, clock, label = case.record, case.clock, "Duration of bad data"
    if is_false(record):
        return Field("bad_data", label, said("none"))
    window = case.report.assessment.window if case.report is not None else None
    since = record.started_at or (window.since if window is not None else "")
    until = record.bad_until or (window.until if window is not None else "")
    checked = record.checked
    proved = checked.at if checked is not None and not checked.forced and checked.total and checked.repaired >= checked.total else ""
    if not since and not until and not proved:
        return Field("bad_data", label, unknown(case), unknown=True)
    end = clock.shown(until) if until else f"{clock.shown(proved)} at the latest, when it was verified" if proved else "an unknown time"
    total = between(since, until or proved)
    lasted = f" ({duration(total)})" if total is not None and total >= 0 else ""
    open_ = not since or not (until or proved)
    ask = said("; ", unknown(case, "for the rest")) if open_ else Said()
    return Field("bad_data", label, said(f"{clock.shown(since) if since else 'an unknown time'} to {end}{lasted}", ask), unknown=open_)


def _downstream(case: Case) -> Field:
    """Dashboards with their owners, other consumers, readers outside dbt."""
    label = "Downstream impact"
    if case.report is None:
        return Field("downstream", label, unknown(case, "unknown (not assessed)"), unknown=True)
    if is_false(case.record):
        return Field("downstream", label, said("none: nothing that reads it was wrong"))
    assessment = case.report.assessment
    boards = case.dashboards()
    items = [said(board(item), f" ({item.type})" if item.type else "", _owners(item.owners)) for item in boards[:MANY]]
    items += [more] if (more := _more(case, len(boards) - MANY)) else []
    if case.nodes is None:
        users = [person(clipped(user.owner.label, NAME)) for user in assessment.consumers]
        items += [said("consumers: ", listed(users, MANY))] if users else []
        found = outside(case.report, limit=MANY, characters=ROW)
        items += [said(f"{OUTSIDE}: {found}")] if found else []
    told = [part for part in counts(case.report) if "table" not in part] if case.nodes is None else exposure_counts(boards)
    return Field("downstream", label, listed(told) if told else said("no dashboard or report is declared"), tuple(items))


def _owners(owners: tuple[Owner, ...]) -> Said:
    labels = [person(clipped(owner.label, NAME)) for owner in owners]
    return said(", owned by ", listed(labels)) if labels else said(", without an owner")


def _actions(case: Case) -> Section:
    clock = case.clock
    rows = tuple(
        (
            said(clipped(item.item, ROW)),
            said(at_name(item.owner)) if item.owner else said("nobody yet"),
            said(clock.day(item.due) if item.due else "no date"),
            said(item.status.capitalize()),
        )
        for item in sorted(case.record.actions, key=lambda item: item.number)[:MOST_ROWS]
    )
    if not rows:
        return Section("actions", "Action Items", (said("None is agreed on yet. ", unknown(case, "What follows"), "."),))
    more = _more(case, len(case.record.actions) - len(rows))
    return Section("actions", "Action Items", table=Table(("Item", "Owner", "Due Date", "Status"), rows), more=more)


def _references(case: Case) -> tuple[Section, ...]:
    found = tuple(said(link(clipped(item.label or item.url, ROW), item.url)) for item in case.record.references[:MANY])
    return (Section("references", "References", bullets=found, more=_more(case, len(case.record.references) - MANY)),) if found else ()


def _more(case: Case, left: int) -> Said:
    return said(f"… and {left:,} more: ", name(case.show)) if left > 0 else Said()
