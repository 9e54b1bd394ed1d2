"""The report for a person at a terminal: the answer first, then how bad, who, what to run, and what is not certain.

The first screen is at most `BUDGET` rows, however much is affected; ``show_all`` lifts that. A command is printed whole or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from aftershock.render import effects, steps, summary
from aftershock.render.escape import http_url, prose, terminal
from aftershock.render.layout import Item, Line, Section, Span, Style, cells, coloured, columns, cut, fit, pad, paragraph, plain, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aftershock.model import Affected, Dashboard, Deadline, Reason, Report

_T = TypeVar("_T")

BUDGET = 40
"""Rows of the first screen."""

NARROWEST = 40
"""The narrowest layout; a narrower terminal breaks its lines itself."""

_LEVELS: dict[str, Style] = {"P0": "bad", "P1": "bad", "P2": "warn", "P3": "good"}
_CHANGES = {"override": "overridden", "raise": "raised", "cap": "capped", "lower": "lowered", "start": "starts at", "keep": "kept"}
_VERDICT = 3
_HEAD = 8
_NAME = 60
_URL = 2
_PEOPLE = 3
_DASHBOARDS = 5
_AUTOMATIONS = 2
_FACT = 3
_HITS = 5


def text(report: Report, *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """The report as lines of ``width`` cells.

    Args:
        report: what to say.
        width: the terminal's width in cells.
        colour: whether the terminal shows colours; without, the answer is plain text.
        show_all: everything, instead of the first screen.
    """
    width = max(width, NARROWEST)
    lines = _whole(report, width) if show_all or len(report.assessment.radius.affected) <= BUDGET else []
    if not lines or (not show_all and sum(rows_of(line, width) for line in lines) > BUDGET):
        lines = fit(_sections(report, width, short=True), width, BUDGET)
    return coloured(lines, width) if colour else plain(lines)


def _whole(report: Report, width: int) -> list[Line]:
    return fit(_sections(report, width, short=False), width, 0)


def _first(values: Sequence[_T], *, short: bool) -> Sequence[_T]:
    """As many as the first screen could show at most."""
    return values[:BUDGET] if short else values


def _sections(report: Report, width: int, *, short: bool) -> list[Section]:
    makers: tuple[Callable[[Report, int, bool], Section | None], ...] = (
        _head, _severity, _dashboards, _automations, _people, _affected, _hidden, _recovery, _caveats, _artifacts,
    )  # fmt: skip
    return [section for make in makers if (section := make(report, width, short)) is not None]


def _head(report: Report, width: int, short: bool) -> Section:  # noqa: FBT001
    sentence = _sentence(report, width, short=short)
    facts = [
        ("Touches", _touches(report, short)),
        ("When", _when(report)),
        ("dbt docs", _page(report, width) if short else ""),
    ]
    lines = [paragraph((Span(f"{title:<10}", "dim"),), prose(fact), width, rows=_FACT if short else 0) for title, fact in facts if fact]
    return Section((), (sentence, *lines), floor=_HEAD, must=(0, 1, 2))


def _sentence(report: Report, width: int, *, short: bool) -> Item:
    """The answer with as many whole names as `_VERDICT` rows hold; a name is cut only where no row could hold it."""
    names = [terminal(name) for name in summary.labels(report, summary.seeds(report))]
    for shown in (3, 2, 1):
        sentence = paragraph((), summary.verdict(report, names, shown), width, style="title")
        if not short or len(sentence) <= _VERDICT:
            return sentence
    names[0] = cut(names[0], _NAME * 2 // 3)
    return paragraph((), summary.verdict(report, names, 1), width, rows=_VERDICT, style="title")


def _touches(report: Report, short: bool) -> str:  # noqa: FBT001
    assessment = report.assessment
    parts = (("financial", assessment.financial), ("regulatory", assessment.regulatory), ("customer-facing", assessment.customer_facing))
    if short:
        return ", ".join(f"{title} {impact.answer}" for title, impact in parts)
    return "; ".join(f"{title} {impact.answer}" + (f" ({', '.join(impact.evidence)})" if impact.evidence else "") for title, impact in parts)


def _when(report: Report) -> str:
    assessment = report.assessment
    window = [f"bad since {assessment.window.since}" if assessment.window.since else "", f"until {assessment.window.until}" if assessment.window.until else ""]
    due = [f"{item.what.rpartition(' ')[2]} by {_clock(item.at, report.read_at)}{_late(report, item)}" for item in assessment.deadlines]
    return ", ".join(part for part in (f"detected {assessment.detected_at}" if assessment.detected_at else "", *window, *due) if part)


def _clock(at: str, asked: str) -> str:
    """``06:53Z`` on the day of the question, ``2026-11-02 06:53Z`` on another; as it is where it is no such time."""
    day, _, time = at.partition("T")
    if len(time) != len("06:53:25Z"):
        return at
    return f"{time[:5]}Z" if asked.startswith(day) else f"{day} {time[:5]}Z"


def _late(report: Report, item: Deadline) -> str:
    return " (overdue)" if summary.overdue(report, item) else ""


def _page(report: Report, width: int) -> str:
    """The page of the first failing node that has one, where it fits: the rest of a cut address would lead elsewhere."""
    kinds = {item.unique_id: item.resource_type for item in report.assessment.radius.affected}
    links = (summary.docs_link(report, unique_id, kinds.get(unique_id, "")) for unique_id in summary.seeds(report))
    return next((link for link in links if link and len(link) + 10 <= width), "")


def _severity(report: Report, width: int, short: bool) -> Section:  # noqa: FBT001
    found = report.assessment.severity
    override = f"set by a person; the policy says {found.computed.value}; " if found.level is not found.computed else ""
    title: Line = (
        Span("Severity ", "title"),
        Span(found.level.value, _LEVELS[found.level.value]),
        Span(f" ({override}typical {cut(prose(found.typical), _NAME)}, confidence {found.confidence})"),
    )
    reasons = summary.reasons(report)
    items = tuple(_reason(report, reason, width, short=short) for reason in _first(reasons, short=short))
    return Section(title, items, floor=2, unbuilt=len(reasons) - len(items))


def _reason(report: Report, reason: Reason, width: int, *, short: bool) -> Item:
    name = summary.label(report, reason.node) if reason.node else ""
    where = f"{name}: " if name and name not in reason.evidence else ""
    return paragraph((Span(f"  {_CHANGES[reason.change]:<11}"),), prose(f"{where}{reason.evidence} [{reason.rule}]"), width, rows=int(short))


def _dashboards(report: Report, width: int, short: bool) -> Section | None:  # noqa: FBT001
    return _exposures(report, "Dashboards and reports", summary.dashboards(report), width, short=short)


def _automations(report: Report, width: int, short: bool) -> Section | None:  # noqa: FBT001
    return _exposures(report, "Automations that act on the data", summary.automations(report), width, short=short)


def _exposures(report: Report, title: str, items: list[Dashboard], width: int, *, short: bool) -> Section | None:
    if not items:
        return None
    rows = [
        (
            Span(prose(item.name), "name"),
            Span(prose(f"{item.type} ({item.maturity})" if item.maturity else item.type)),
            Span(effects.words(report, item)),
            Span(prose(summary.listing([owner.label for owner in item.owners])) or "nobody named"),
        )
        for item in _first(items, short=short)
    ]
    lines = columns(rows, width, whole=not short)
    shown = tuple(_with_url(line, item.url, width, short=short) for line, item in zip(lines, items, strict=False))
    floor = _AUTOMATIONS if items[0].automation else _DASHBOARDS
    return Section(_title(title, len(items)), shown, floor=floor, unbuilt=len(items) - len(shown))


def _with_url(line: Line, url: str, width: int, *, short: bool) -> Item:
    """The address behind the line where it fits, else below; it is never cut, for what is left would lead elsewhere."""
    if not url:
        return (line,)
    shown = terminal(url)
    span = Span(shown, "link") if http_url(url) else Span(f"{shown} (not a web address)")
    beside: Line = (*line, Span("  "), span)
    if rows_of(beside, width) == 1:
        return (beside,)
    below: Line = (Span("    "), span)
    if short and rows_of(below, width) > _URL:
        return (line, (Span(f"    its address has {len(url):,} characters (--all)"),))
    return (line, below)


def _people(report: Report, width: int, short: bool) -> Section:  # noqa: FBT001
    found = summary.people(report)
    title = _title("People to tell", len(found))
    if short and found:
        return Section(title, (_names(report, found, width),), floor=_PEOPLE)
    shown = [terminal(person.owner.label) for person in found]
    room = min(max((cells(name) for name in shown), default=0), _NAME * 3 // 4)
    items = (_person(name, prose(_part(report, person)), room, width) for name, person in zip(shown, found, strict=True))
    return Section(title, tuple(items))


def _names(report: Report, found: list[summary.Person], width: int) -> Item:
    """As many names as fit, owners of failing nodes first and marked; whoever is left out is counted."""
    names = [f"{cut(prose(person.owner.label), _NAME)}{_failing(report, person)}" for person in found[:BUDGET]]
    for shown in range(len(names), 0, -1):
        more = f"; and {len(found) - shown} more (--all)" if shown < len(found) else ""
        item = paragraph((Span("  "),), "; ".join(names[:shown]) + more, width)
        if len(item) <= _PEOPLE:
            return item
    return paragraph((Span("  "),), f"{len(found)} (--all lists them)", width)


def _failing(report: Report, person: summary.Person) -> str:
    return f" (owns {prose(summary.listing(summary.labels(report, person.failing), 1))}, failing)" if person.failing else ""


def _person(name: str, part: str, room: int, width: int) -> Item:
    """A name in its column with what is theirs beside it; below it, where the name is too long."""
    if cells(name) > room:
        return ((Span("  "), Span(name, "name")), *paragraph((Span("    "),), part, width))
    return paragraph((Span("  "), Span(pad(name, room), "name"), Span("  ")), part, width)


def _part(report: Report, person: summary.Person) -> str:
    names = [f"{name} (failing)" for name in summary.labels(report, person.failing)] + summary.labels(report, person.nodes)
    owns = f"owns {summary.listing(names)}" if names else ""
    uses = f"uses {summary.listing(summary.labels(report, person.exposures))}" if person.exposures else ""
    evidence = f" [{', '.join(person.evidence)}]" if person.evidence else ""
    return "; ".join(part for part in (owns, uses) if part) + evidence


def _affected(report: Report, width: int, short: bool) -> Section:  # noqa: FBT001
    tables = summary.affected_tables(report)
    others = summary.other_nodes(report)
    nodes = summary.listed(report)
    rows = [_affected_row(report, item, short=short) for item in _first(nodes, short=short)]
    title = _title("Affected tables", len(tables))
    if tables:
        title = (*title, Span(f", {summary.reach(report, tables, deepest=not short)}"))
    if others and not short:
        title = (*title, Span(f"; and {summary.counted(len(others), 'other node')}"))
    floor = _HITS if report.assessment.radius.coverage is not None else 0
    return Section(title, tuple((line,) for line in columns(rows, width, whole=not short)), floor=floor, unbuilt=len(nodes) - len(rows))


def _affected_row(report: Report, item: Affected, *, short: bool) -> Line:
    hit = effects.words(report, item)
    way = " → ".join(summary.route(report, item, 3 if short else 0))
    return (
        Span(f"+{item.depth}" if item.depth else "failing", "" if item.depth else "bad"),
        Span(terminal(summary.label(report, item.unique_id)), "name"),
        Span(terminal(item.resource_type), "dim"),
        Span(prose(hit)),
        Span(prose(f"via {way}") if way else "", "dim"),
    )


def _hidden(report: Report, width: int, short: bool) -> Section | None:  # noqa: FBT001
    found = summary.hidden(report)
    if not found:
        return None
    shown = tuple(paragraph((Span("  "),), prose(summary.hidden_words(report, item)), width, rows=int(short)) for item in _first(found, short=short))
    return Section(_title("Consumers outside dbt's graph", len(found)), shown, floor=0, unbuilt=len(found) - len(shown))


def _recovery(report: Report, width: int, short: bool) -> Section:  # noqa: FBT001
    return steps.recovery(report, width, short=short)


def _caveats(report: Report, width: int, short: bool) -> Section | None:  # noqa: FBT001
    found = summary.caveats(report)
    if not found:
        return None
    items = tuple(paragraph((Span("  "),), prose(line), width, rows=int(short)) for line in _first(found, short=short))
    return Section(_title("Missing or not certain", len(found)), items, unbuilt=len(found) - len(items))


def _artifacts(report: Report, width: int, short: bool) -> Section:  # noqa: FBT001
    nodes = () if short else summary.affected(report)
    pages = [link for item in nodes if (link := summary.docs_link(report, item.unique_id, item.resource_type))]
    found = [
        *_coverage(report, width, short=short),
        paragraph((Span("  "),), prose(f"read from {summary.files_read(report)}"), width, rows=int(short), style="dim"),
        *(paragraph((Span("  "), Span("warning: ", "warn")), prose(line), width, rows=int(short)) for line in report.warnings),
        *(((Span("  dbt docs: "), Span(link, "link")),) for link in pages),
    ]
    return Section((Span("Artifacts", "title"),), tuple(found), floor=2 + len(_coverage(report, width, short=short)))


def _coverage(report: Report, width: int, *, short: bool) -> list[Item]:
    said = summary.coverage(report)
    return [paragraph((Span("  "),), prose(said), width, rows=int(short))] if said else []


def _title(words: str, number: int) -> Line:
    return (Span(f"{words}: ", "title"), Span(f"{number:,}" if number else "none known"))
