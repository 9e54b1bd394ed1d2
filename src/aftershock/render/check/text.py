"""A check for a person at a terminal: the verdict, who is affected, what happens downstream, then every change and what to do.

The first screen is at most `BUDGET` rows; ``show_all`` lifts that and gives the proof of everything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aftershock.phrases import listing
from aftershock.render import summary
from aftershock.render.check import audience, words
from aftershock.render.check.advice import Advice, advice
from aftershock.render.escape import prose, terminal
from aftershock.render.layout import Item, Line, Section, Span, Style, coloured, columns, cut, fit, paragraph, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model.changes import Change, CheckReport, Judgement

BUDGET = 48
"""Rows of the first screen."""

NARROWEST = 40
"""The narrowest layout; a narrower terminal breaks its lines itself."""

_STYLES: dict[Judgement, Style] = {"breaking": "bad", "cannot-say": "warn", "risky": "warn", "safe": "good"}
_HIT_STYLES: dict[words.HitKind, Style] = {"fails": "bad", "loses columns": "warn", "wrong values": "warn", "skipped": "dim"}
_OUTCOMES: dict[str, Style] = {"failed": "bad", "not-judged": "warn", "passed": "good"}
_COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)
_NAME = 48
_NAMES = 4
_FEW = 4
"""Changes that are told in full on the first screen."""


def text(report: CheckReport, *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """The report as lines of ``width`` cells.

    Args:
        report: what to say.
        width: the terminal's width in cells.
        colour: whether the terminal shows colours; without, the answer is plain text.
        show_all: everything, instead of the first screen.
    """
    width, short = max(width, NARROWEST), not show_all
    sections = [
        _head(report, width),
        _boards(report, width, short=short),
        _people(report, width, short=short),
        *(_hits(report, kind, width, short=short) for kind in words.HIT_TITLES if kind != "skipped" or not short),
        _more(report, width, short=short),
        _changes(report, width, short=short),
        _accepted(report, width, short=short),
        _settings(report, width, short=short),
        _advice(report, width),
        _doubts(report, width, short=short),
        _read(report, width, short=short),
    ]
    lines = fit([section for section in sections if section is not None], width, BUDGET if short else 0)
    return inert(coloured(lines, width) if colour else plain(lines))


def inert(shown: str) -> str:
    """Text of which a workflow's log takes no line for a command: a name may begin with ``::``, or hold ``##[``."""
    return _COMMAND.sub(r"\1: :", shown).replace("##[", "## [")


def _head(report: CheckReport, width: int) -> Section:
    sentence = paragraph((), prose(words.verdict(report)), width, rows=4, style="title")
    outcome = paragraph((), prose(f"{words.result(report)}. Fails on: {report.fail_on}."), width, rows=3, style=_OUTCOMES[report.outcome])
    items: list[Item] = [sentence, outcome]
    if report.severity is not None:
        first = next(iter(words.reasons(report)), "")
        items.append(paragraph((Span(f"Severity {report.severity.level.value}", "title"), Span(": ")), prose(first), width, rows=2))
    return Section((), tuple(items), floor=6, must=tuple(range(len(items))))


def _boards(report: CheckReport, width: int, *, short: bool) -> Section | None:
    boards = audience.dashboards(report)
    rows = [
        (
            Span(cut(prose(item.name), _NAME) if short else prose(item.name), "name"),
            Span(prose(item.type), "dim"),
            Span(audience.effects(item), "bad" if item.certainty == "column" else "warn"),
            Span(prose(listing([owner.label for owner in item.owners]) or "no owner")),
        )
        for item in boards
    ]
    return _table("Dashboards and other exposures", rows, width, short=short, floor=6, first=True)


def _people(report: CheckReport, width: int, *, short: bool) -> Section | None:
    said = [f"{person.owner.label}: {_theirs(report, person, short=short)}" for person in audience.people(report)]
    return _section("To tell", [paragraph((Span("  "),), prose(line), width, rows=2 if short else 0) for line in said], floor=5, first=True, short=short)


def _theirs(report: CheckReport, person: audience.Person, *, short: bool) -> str:
    limit = _NAMES if short else 0
    parts = [listing(words.names(report, ids), limit) for ids in (person.exposures, person.nodes)]
    return "; ".join(part for part in parts if part) or "everything"


def _hits(report: CheckReport, kind: words.HitKind, width: int, *, short: bool) -> Section | None:
    found = [hit for hit in words.hits(report) if hit.kind == kind]
    if short and kind == "fails":
        items = [paragraph(_failing(report, hit), prose(_why_failing(report, hit)), width, rows=2) for hit in found[:BUDGET]]
        return _section(words.HIT_TITLES[kind], items, short=True, floor=6, unbuilt=len(found) - len(items), style=_HIT_STYLES[kind])
    if short:
        rows: list[Line] = [
            (
                Span(terminal(words.name(report, hit.unique_id)), _HIT_STYLES[kind]),
                Span(cut(prose(words.why(hit)), _NAME)),
                Span(terminal(_short_way(report, hit)), "dim"),
            )
            for hit in found[:BUDGET]
        ]
        if not any(why.text for _, why, _ in rows):
            rows = [(name, way) for name, _, way in rows]
        elif kind != "loses columns":  # why is seldom known, and the last is the one that is cut
            rows = [(name, way, why) for name, why, way in rows]
        return _table(words.HIT_TITLES[kind], rows, width, short=True, floor=4, unbuilt=len(found) - len(rows), style=_HIT_STYLES[kind])
    items = [_whole(report, hit, width) for hit in found]
    return _section(words.HIT_TITLES[kind], items, short=False, style=_HIT_STYLES[kind])


def _shown_way(report: CheckReport, hit: words.Hit) -> str:
    way = words.way(report, hit)
    change = words.cause(report, hit)
    return " → ".join(way) if len(way) > 1 else f"from {words.subject(report, change)}" if change is not None else ""


def _short_way(report: CheckReport, hit: words.Hit) -> str:
    """A way that is short enough for a cell: where it starts, and the column at its end, if it ends in one."""
    way = words.way(report, hit)
    if len(way) > 1 and way[-1] == words.name(report, hit.unique_id):
        return f"from {way[0]}"
    return " → ".join(words.shortened(way, 2)) if len(way) > 1 else _shown_way(report, hit)


def _failing(report: CheckReport, hit: words.Hit) -> Line:
    return Span("  "), Span(terminal(words.name(report, hit.unique_id)), _HIT_STYLES["fails"]), Span("  ")


def _why_failing(report: CheckReport, hit: words.Hit) -> str:
    why, way = words.why(hit), _short_way(report, hit)
    told = way.startswith("from ") and way[len("from ") :] in why
    return f"{why} ({way})" if why and way and not told else why or way


def _whole(report: CheckReport, hit: words.Hit, width: int) -> Item:
    why = words.why(hit)
    head = paragraph((Span("  "), Span(terminal(words.name(report, hit.unique_id)), "name"), Span(": " if why else "")), prose(why), width)
    way = _shown_way(report, hit)
    return (*head, *paragraph((Span("      "),), terminal(way), width, style="dim")) if way else head


def _more(report: CheckReport, width: int, *, short: bool) -> Section | None:
    """What is neither a table nor a dashboard: tests, metrics, readers outside the graph."""
    impact, limit = report.impact, _NAMES if short else 0
    skipped = [words.name(report, hit.unique_id) for hit in words.hits(report) if hit.kind == "skipped"]
    found = [
        ("Skipped by dbt", skipped if short else []),
        ("Tests that fail or no longer run", words.tests(report) if len(words.tests(report)) > words.NAMES or not short else []),
        ("Metrics", words.names(report, impact.metrics)),
    ]
    said = [f"{what} ({len(names):,}): {listing(names, limit)}" for what, names in found if names]
    outside = words.outside(report, limit)
    said += [f"Readers outside dbt ({len(impact.hidden):,}): {outside}"] if outside else []
    return _section("Also", [paragraph((Span("  "),), prose(line), width, rows=2 if short else 0) for line in said], floor=3, short=short, counted=False)


def _changes(report: CheckReport, width: int, *, short: bool) -> Section | None:
    found = words.open_changes(report)
    if not short:
        return _section("Changes", [_change(report, change, width) for change in found], short=False)
    few = len(found) <= _FEW
    items = [paragraph(_judged(change), prose(_told(report, change)), width, rows=_rows(change, few=few)) for change in found[:BUDGET]]
    return _section("Changes", items, floor=8, short=True, unbuilt=len(found) - len(items))


def _rows(change: Change, *, few: bool) -> int:
    """How many rows the first screen has for a change: a reason is seldom longer, and where there are many changes, what is safe is told in one."""
    return 6 if few else 4 if change.fails else 1 if change.verdict == "safe" else 2


def _change(report: CheckReport, change: Change, width: int) -> Item:
    where = f"{change.path}:{change.line}" if change.path else change.unique_id
    return (*paragraph(_judged(change), prose(_told(report, change)), width), *paragraph((Span("      "),), terminal(where), width, style="dim"))


def _judged(change: Change) -> Line:
    sure = "" if change.certainty == "certain" or change.verdict == "cannot-say" else f" ({change.certainty})"
    return Span("  "), Span(words.JUDGED[change.verdict], _STYLES[change.verdict]), Span(f"{sure}  ")


def _told(report: CheckReport, change: Change) -> str:
    kind = f"{words.kind(change)}: " if change.kind != "sql-unread" else ""
    return f"{words.subject(report, change)}: {kind}{change.reason}"


def _accepted(report: CheckReport, width: int, *, short: bool) -> Section | None:
    said = [
        f"{words.subject(report, item)}, {words.kind(item)}: accepted until {item.until} by {item.by}: {item.acknowledged}" for item in words.accepted(report)
    ]
    return _section("Acknowledged", [paragraph((Span("  "),), prose(line), width, rows=2 if short else 0) for line in said], floor=3, short=short)


def _settings(report: CheckReport, width: int, *, short: bool) -> Section | None:
    items = [paragraph((Span("  "),), prose(line), width, rows=2 if short else 0) for line in report.policy_changes]
    return _section("Settings that rule only after the merge", items, floor=2, short=short, style="warn")


def _advice(report: CheckReport, width: int) -> Section | None:
    items = [_advised(number, item, width) for number, item in enumerate(advice(report, telling=False), 1)]
    return _section("To do", items, floor=9, short=True, counted=False)


def _advised(number: int, item: Advice, width: int) -> Item:
    """What to do, and below it the command on one line, which can be copied."""
    said = paragraph((Span(f"  {number}. "),), prose(f"{item.sentence}{':' if item.command else '.'}"), width, rows=3)
    return (*said, (Span("     "), Span(terminal(item.command), "command"))) if item.command else said


def _doubts(report: CheckReport, width: int, *, short: bool) -> Section | None:
    items = [paragraph((Span("  "),), prose(line), width, rows=2 if short else 0) for line in words.doubts(report)]
    return _section("Not certain", items, floor=3, short=short, style="warn")


def _read(report: CheckReport, width: int, *, short: bool) -> Section:
    lines = [paragraph((Span("  "),), prose(f"{words.coverage(report)}; {words.manifests(report)}"), width, style="dim")]
    if not short:
        lines += [
            paragraph((Span("  "),), prose(f"{file.kind} {summary.seconds(file.generated_at)} {file.path}"), width, style="dim")
            for file in report.files
            if file.path
        ]
        lines += [paragraph((Span("  "),), prose(line), width, style="dim") for line in words.reasons(report)]
    return Section((Span("Read", "title"),), tuple(lines), floor=1)


def _table(  # noqa: PLR0913  # a table's own facts
    title: str, rows: Sequence[Line], width: int, *, short: bool, floor: int = 3, first: bool = False, unbuilt: int = 0, style: Style = "title"
) -> Section | None:
    items = [(line,) for line in columns(rows, width, whole=not short)]
    return _section(title, items, floor=floor, first=first, short=short, unbuilt=unbuilt, style=style)


def _section(  # noqa: PLR0913  # as above
    title: str, items: Sequence[Item], *, short: bool, floor: int = 3, first: bool = False, unbuilt: int = 0, style: Style = "title", counted: bool = True
) -> Section | None:
    if not items:
        return None
    shown = items[:BUDGET] if short else items
    number = f": {len(items) + unbuilt:,}" if counted else ""
    return Section((Span(title, style), Span(number)), tuple(shown), floor=floor, first=first, unbuilt=unbuilt + len(items) - len(shown))
