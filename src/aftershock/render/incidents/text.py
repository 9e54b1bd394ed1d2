"""A record for a person at a terminal: where it stands, what is due, who has it, what is affected, what happened last, what can be done next.

The first screen is at most `BUDGET` rows; ``show_all`` lifts that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.phrases import counted, listing
from aftershock.render import summary
from aftershock.render.documents.case import Case, counts, sentence
from aftershock.render.documents.course import eta, fix_status
from aftershock.render.documents.moments import MINUTE, Clock, between, duration
from aftershock.render.documents.outcome import data_is_now, lasting
from aftershock.render.escape import http_url, prose, terminal
from aftershock.render.incidents import words
from aftershock.render.incidents.table import LEVELS
from aftershock.render.layout import Item, Line, Section, Span, coloured, columns, cut, fit, paragraph, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model.record import ActionItem, Due, Record, TimelineEntry

BUDGET = 40
"""Rows of the first screen."""

NARROWEST = 40
LABEL = 12
TITLE = 200
NAMES = 5
LAST = 8
"""Entries of the timeline on the first screen: the last ones."""


def text(record: Record, clock: tuple[str, str], *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """The record as lines of ``width`` cells.

    Args:
        record: the incident.
        clock: the moment (ISO 8601 in UTC), and the zone in which times are shown.
        width: the terminal's width in cells.
        colour: whether the terminal shows colours.
        show_all: everything, instead of the first screen.
    """
    width, short = max(width, NARROWEST), not show_all
    case = Case(record, Clock(*clock))
    made = (_head(case, width, short=short), *_parts(case, width, short=short), _next(record, width))
    lines = fit([section for section in made if section is not None], width, BUDGET if short else 0)
    return coloured(lines, width) if colour else plain(lines)


def _parts(case: Case, width: int, *, short: bool) -> Iterator[Section | None]:
    yield _clocks(case, width)
    yield _actions(case.record, width, short=short)
    yield _timeline(case, width, short=short)
    yield _deliveries(case, width)
    yield _evidence(case, width, short=short)


def _head(case: Case, width: int, *, short: bool) -> Section:
    record = case.record
    level = record.level.value if record.level is not None else "no severity"
    title = prose(record.title)
    first: Line = (Span(f"{prose(record.id)} ", "name"), Span(level, LEVELS.get(level, "")), Span(f" {record.status.value}: "))
    lead = paragraph(first, cut(title, TITLE) if short else title, width, style="title")
    rows = 3 if short else 0
    facts = [_fact(label, said, width, rows) for label, said in _facts(case, short=short) if said]
    return Section((), (lead, *(item for item in facts if item)), floor=20, first=True)


def _fact(label: str, said: str, width: int, rows: int) -> Item:
    return paragraph((Span(f"{label:<{LABEL}}", "dim"),), prose(said), width, rows=rows)


def _facts(case: Case, *, short: bool) -> Iterator[tuple[str, str]]:
    record, shown = case.record, case.clock.shown
    yield "Summary", str(sentence(case))
    yield "Severity", _severity(record)
    yield "Category", record.category.facts.title
    yield "Began", shown(record.started_at) or "unknown"
    yield "Detected", f"{shown(record.detected_at)}{f' by {record.source}' if record.source else ''}"
    for label, at in (("Mitigated", record.mitigated_at), ("Resolved", record.resolved_at), ("Closed", record.closed_at), ("Reopened", record.reopened_at)):
        yield label, shown(at)
    yield "Commander", record.commander or "nobody"
    yield "Comms", record.comms
    yield "Nodes", listing(case.failing(), NAMES if short else 0) or "none named"
    yield "Affects", _affects(case)
    yield "Root cause", record.root_cause or ("" if record.status.is_over else "still investigating")
    yield "Fix", str(fix_status(case).value)
    yield "ETA", "" if record.status.is_over else str(eta(case).value)
    yield "Update", record.update
    if record.status.is_over:
        yield "Outcome", f"{record.code or record.status.value}{f': {record.reason}' if record.reason else ''}"
        yield "Data is now", str(data_is_now(case).value)
        yield "Lasting", str(lasting(case).value)
    yield "Postmortem", shown(record.postmortem_at)
    yield "Merged into", record.merged_into
    yield "Took in", listing(record.absorbed)
    yield "See", listing([f"{each.label} {each.url}".strip() for each in record.references], 3 if short else 0)


def _severity(record: Record) -> str:
    if record.level is None:
        return "not assessed"
    if record.level is record.computed:
        return ""
    computed = record.computed.value if record.computed is not None else "nothing"
    return f"{record.level.value}, set by a person (the policy says {computed}){f': {record.override}' if record.override else ''}"


def _affects(case: Case) -> str:
    if case.report is None:
        return "not assessed"
    parts = counts(case.report)
    people = counted(len(summary.people(case.report)), "person or team to tell", "people or teams to tell")
    return f"{listing(parts) or 'nothing else'} ({counted(len(case.report.assessment.radius.below), 'node')} downstream, {people})"


def _clocks(case: Case, width: int) -> Section | None:
    """Every deadline, those that are overdue marked."""
    record, now = case.record, case.clock.now
    if not record.deadlines:
        return None
    late = len(record.overdue(now))
    title: Line = (Span(f"Clocks ({_zone(case, [due.at for due in record.deadlines])})", "title"), Span(f": {late:,} overdue", "bad") if late else Span(""))
    rows: list[Line] = [(Span(prose(due.what)), Span(_when(case, due.at)), _state(due, case)) for due in record.deadlines]
    return Section(title, tuple((line,) for line in columns(rows, width, whole=False)), floor=4)


def _zone(case: Case, isos: list[str]) -> str:
    return prose("/".join(case.clock.names(isos)))


def _when(case: Case, iso: str) -> str:
    """A time without its zone, which the title has."""
    day, hour = case.clock.day(iso), case.clock.hour(iso)
    return prose(f"{day} {hour}" if day != hour else day)


def _state(due: Due, case: Case) -> Span:
    if due.met_at:
        late = between(due.at, due.met_at) or 0
        return Span(f"done {_when(case, due.met_at)}" + (f", {duration(late)} late" if late >= MINUTE else ""), "good")
    overdue = due.is_overdue(case.clock.now)
    return Span(words.timing(due, case.clock.now).removeprefix(due.what).strip(), "bad" if overdue else "dim")


def _actions(record: Record, width: int, *, short: bool) -> Section | None:
    if not record.actions:
        return None
    left = words.open_actions(record)
    title: Line = (Span("Action items", "title"), Span(f": {left:,} of {len(record.actions):,} open"))
    order = sorted(record.actions, key=lambda item: (item.status != "open", item.due or "9999", item.number)) if short else record.actions
    lines = columns([_action(item) for item in order], width, whole=not short)
    return Section(title, tuple((line,) for line in lines), floor=4)


def _action(item: ActionItem) -> Line:
    return (
        Span(f"{item.number}."),
        Span(item.status, "" if item.status == "open" else "good"),
        Span(prose(item.due) or "no date"),
        Span(prose(item.owner) or "nobody"),
        Span(prose(item.item)),
    )


def _timeline(case: Case, width: int, *, short: bool) -> Section | None:
    """The whole timeline in its order, or its last entries, newest first."""
    every = case.record.timeline
    entries = tuple(reversed(every[-LAST:])) if short else every
    if not entries:
        return None
    zone = _zone(case, [entry.at for entry in entries])
    title: Line = (Span(f"Timeline ({zone}{', newest first' if short and len(every) > 1 else ''})", "title"),)
    items = tuple(_entry(case, entry, width, short=short) for entry in entries)
    return Section(title, items, floor=LAST, unbuilt=len(every) - len(entries))


def _entry(case: Case, entry: TimelineEntry, width: int, *, short: bool) -> Item:
    who = f" ({entry.by})" if entry.by else ""
    look = f" {http_url(entry.url)}" if not short and http_url(entry.url) else ""
    lead = (Span(f"  {_when(case, entry.at)}  ", "dim"),)
    return paragraph(lead, prose(f"{entry.what}{who}{look}"), width, rows=int(short))


def _deliveries(case: Case, width: int) -> Section | None:
    """What was not sent: what was is in the timeline."""
    failed = [delivery for delivery in case.record.deliveries if delivery.status == "failed"]
    if not failed:
        return None
    items = [
        paragraph((Span("  "),), prose(f"{each.document} to {each.target}{f' for {each.recipient}' if each.recipient else ''}: {each.error}"), width, rows=2)
        for each in failed
    ]
    return Section((Span("Not sent", "bad"), Span(f": {len(failed):,} (aftershock incident resend {prose(case.record.id)})")), tuple(items), floor=2)


def _evidence(case: Case, width: int, *, short: bool) -> Section | None:
    found = [each for each in case.record.evidence if each.strip()]
    if not found:
        return None
    return Section(
        (Span("Evidence", "title"), Span(f": {len(found):,}")), tuple(paragraph((Span("  "),), prose(each), width, rows=int(short)) for each in found)
    )


def _next(record: Record, width: int) -> Section | None:
    possible = words.verbs(record)
    if not possible:
        return None
    first, *others = possible
    command = f"aftershock incident {first} {terminal(record.id)}"
    item: Item = ((Span("  "), Span(command, "command")),)
    more = paragraph((Span("  "),), f"or {', '.join(others)}", width) if others else ()
    return Section((Span("Next", "title"),), ((*item, *more),), floor=3, must=(0,))
