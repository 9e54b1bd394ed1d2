"""The report for a person at a terminal: the answer first, then how bad, who, what to run, and what is not certain.

The first screen is at most `BUDGET` rows, however much is affected; ``show_all`` lifts that. A command is printed whole or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from aftershock.render import summary
from aftershock.render.escape import http_url, prose, shell, terminal
from aftershock.render.layout import Item, Line, Section, Span, Style, cells, coloured, columns, cut, fit, pad, paragraph, plain, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aftershock.model import Affected, Dashboard, HiddenConsumer, Reason, Report

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
_STEP = 8
_URL = 2
_PEOPLE = 3
_FACT = 2
_BY_HAND = 2
"""Rows of a step that a person does: its reason is all that there is of it."""


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
    names = [_name(report, unique_id, short=short) for unique_id in summary.seeds(report)]
    sentence = paragraph((), summary.verdict(report, names), width, style="title")
    if short and len(sentence) > _VERDICT:
        sentence = paragraph((), summary.verdict(report, names, 1), width, rows=_VERDICT, style="title")
    facts = [
        ("Touches", _touches(report, short)),
        ("When", _when(report)),
        ("dbt docs", _page(report, width) if short else ""),
    ]
    lines = [paragraph((Span(f"{title:<10}", "dim"),), prose(fact), width, rows=_FACT if short else 0) for title, fact in facts if fact]
    return Section((), (sentence, *lines), floor=_HEAD)


def _touches(report: Report, short: bool) -> str:  # noqa: FBT001
    assessment = report.assessment
    parts = (("financial", assessment.financial), ("regulatory", assessment.regulatory), ("customer-facing", assessment.customer_facing))
    if short:
        return ", ".join(f"{title} {impact.answer}" for title, impact in parts)
    return "; ".join(f"{title} {impact.answer}" + (f" ({', '.join(impact.evidence)})" if impact.evidence else "") for title, impact in parts)


def _when(report: Report) -> str:
    assessment = report.assessment
    window = [f"bad since {assessment.window.since}" if assessment.window.since else "", f"until {assessment.window.until}" if assessment.window.until else ""]
    due = [f"{item.what.rpartition(' ')[2]} by {_clock(item.at, assessment.detected_at)}" for item in assessment.deadlines]
    return ", ".join(part for part in (f"detected {assessment.detected_at}" if assessment.detected_at else "", *window, *due) if part)


def _clock(at: str, start: str) -> str:
    """``06:53Z`` on the day of ``start``, else the whole time, to the minute."""
    day, _, time = at.partition("T")
    return f"{time[:5]}Z" if start.startswith(day) and len(time) == len("06:53:25Z") else at


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
    order = list(_CHANGES)
    reasons = sorted(found.reasons, key=lambda reason: order.index(reason.change))
    items = tuple(_reason(report, reason, width, short=short) for reason in _first(reasons, short=short))
    return Section(title, items, floor=2, unbuilt=len(reasons) - len(items))


def _reason(report: Report, reason: Reason, width: int, *, short: bool) -> Item:
    name = summary.label(report, reason.node) if reason.node else ""
    where = f"{name}: " if name and name not in reason.evidence else ""
    return paragraph((Span(f"  {_CHANGES[reason.change]:<11}"),), prose(f"{where}{reason.evidence} [{reason.rule}]"), width, rows=int(short))


def _dashboards(report: Report, width: int, short: bool) -> Section | None:  # noqa: FBT001
    return _exposures("Dashboards and reports", summary.dashboards(report), width, short=short, floor=5)


def _automations(report: Report, width: int, short: bool) -> Section | None:  # noqa: FBT001
    return _exposures("Automations that act on the data", summary.automations(report), width, short=short, floor=2)


def _exposures(title: str, items: list[Dashboard], width: int, *, short: bool, floor: int) -> Section | None:
    if not items:
        return None
    rows = [
        (
            Span(prose(item.name), "name"),
            Span(prose(f"{item.type} ({item.maturity})" if item.maturity else item.type)),
            Span(summary.effects(item)),
            Span(prose(summary.listing([owner.label for owner in item.owners])) or "nobody named"),
        )
        for item in _first(items, short=short)
    ]
    lines = columns(rows, width, whole=not short)
    shown = tuple(_with_url(line, item.url, width, short=short) for line, item in zip(lines, items, strict=False))
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
    nodes = [*tables, *others]
    rows = [_affected_row(report, item, short=short) for item in _first(nodes, short=short)]
    title = _title("Affected tables", len(tables))
    if tables:
        title = (*title, Span(f", {summary.reach(tables, deepest=not short)}"))
    if others and not short:
        title = (*title, Span(f"; and {summary.counted(len(others), 'other node')}"))
    return Section(title, tuple((line,) for line in columns(rows, width, whole=not short)), floor=0, unbuilt=len(nodes) - len(rows))


def _affected_row(report: Report, item: Affected, *, short: bool) -> Line:
    hit = summary.effects(item) + (f" ({', '.join(item.columns)})" if item.columns else "")
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
    shown = tuple(paragraph((Span("  "),), prose(_hidden_words(report, item)), width, rows=int(short)) for item in _first(found, short=short))
    return Section(_title("Consumers outside dbt's graph", len(found)), shown, floor=0, unbuilt=len(found) - len(shown))


def _hidden_words(report: Report, item: HiddenConsumer) -> str:
    through = summary.label(report, item.unique_id)
    return f"{item.what} ({summary.HIDDEN[item.kind]}; through {through})"


def _recovery(report: Report, width: int, short: bool) -> Section:  # noqa: FBT001
    found = summary.steps(report)
    if not found:
        return Section((Span("Recovery: ", "title"), Span("nothing to run.")), ())
    title = (Span("Recovery: ", "title"), Span(f"{summary.counted(len(found), 'step')}, in this order"))
    items = tuple(_step(report, item, width, short=short) for item in _first(found, short=short))
    return Section(title, items, floor=_STEP, first=True, unbuilt=len(found) - len(items))


def _step(report: Report, item: summary.NumberedStep, width: int, *, short: bool) -> Item:
    step = item.step
    lead = f"{item.number:>3}. "
    kind = step.kind if step.kind == item.phase else f"{step.kind} ({item.phase})"
    on = "" if step.argv else " " + summary.listing([_name(report, unique_id, short=short) for unique_id in step.nodes], 4)
    who = f" ({prose(step.who)})" if step.who else ""
    rows = (1 if step.argv else _BY_HAND) if short else 0
    lines = [*paragraph((Span(lead, "title"),), f"{kind}{on.rstrip()}{who}: {prose(step.why)}", width, rows=rows)]
    if step.destroys:
        lines.extend(paragraph((Span("     "), Span("destroys: ", "bad")), prose(step.destroys), width, style="warn"))
    if step.argv:
        lines.append((Span("     "), _command(step.argv)))
    if short and sum(rows_of(line, width) for line in lines) > _STEP:
        return _left_out(lead, item, width)
    return tuple(lines)


def _command(argv: tuple[str, ...]) -> Span:
    line = shell(argv)
    return Span(line, "command") if line else Span("no shell can pass the words of this command; --format json has them", "warn")


def _left_out(lead: str, item: summary.NumberedStep, width: int) -> Item:
    step = item.step
    size = f"; its command has {len(shell(step.argv)):,} characters" if step.argv else ""
    loss = " and says what it destroys" if step.destroys else ""
    words = f"{step.kind} of {summary.counted(len(step.nodes), 'node')}{size}: --all or --format json prints it{loss}."
    return paragraph((Span(lead, "title"),), words, width, style="warn")


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
        paragraph((Span("  "),), prose(f"read from {summary.files_read(report)}"), width, rows=int(short), style="dim"),
        *(paragraph((Span("  "), Span("warning: ", "warn")), prose(line), width, rows=int(short)) for line in report.warnings),
        *(((Span("  dbt docs: "), Span(link, "link")),) for link in pages),
    ]
    return Section((Span("Artifacts", "title"),), tuple(found), floor=2)


def _title(words: str, number: int) -> Line:
    return (Span(f"{words}: ", "title"), Span(f"{number:,}" if number else "none known"))


def _name(report: Report, unique_id: str, *, short: bool) -> str:
    shown = terminal(summary.label(report, unique_id))
    return cut(shown, _NAME * 2 // 3) if short else shown
