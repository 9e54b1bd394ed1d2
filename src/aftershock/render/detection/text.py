"""A detection for a person at a terminal: the verdict, then each incident with its evidence and what to ask next, the worst first.

The first screen is at most `BUDGET` rows; ``show_all`` lifts that and gives all evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.phrases import counted, listing
from aftershock.render.detection import words
from aftershock.render.escape import prose, shell, terminal
from aftershock.render.layout import Item, Line, Section, Span, Style, coloured, cut, fit, paragraph, plain
from aftershock.render.summary import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model.detection import Clue, Detection, Proposal

BUDGET = 40
"""Rows of the first screen."""

NARROWEST = 40
"""The narrowest layout; a narrower terminal breaks its lines itself."""

_LEVELS: dict[str, Style] = {"P0": "bad", "P1": "bad", "P2": "warn", "P3": "good"}
_LABEL = 10
_NAME = 40
_NODES = 3
_SKIPPED = 4
_CLUES = 2
_DOUBTS = 2
_SHOWN = 12
"""Incidents that the first screen may show; the rest is counted."""


def text(found: Detection, *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """The detection as lines of ``width`` cells.

    Args:
        found: what to say.
        width: the terminal's width in cells.
        colour: whether the terminal shows colours; without, the answer is plain text.
        show_all: everything, instead of the first screen.
    """
    width, short = max(width, NARROWEST), not show_all
    incidents = found.incidents[:_SHOWN] if short else found.incidents
    sections = [
        _head(found, width),
        *(_incident(found, item, width, short=short) for item in incidents),
        _rest(found, len(incidents)),
        _faults(found, width, short=short),
        _notes(found, width, short=short),
        _after(found),
        _read(found, width, short=short),
    ]
    lines = fit([section for section in sections if section is not None], width, BUDGET if short else 0)
    return coloured(lines, width) if colour else plain(lines)


def _head(found: Detection, width: int) -> Section:
    return Section((), (paragraph((), prose(words.verdict(found)), width, rows=3, style="title"),), floor=3, must=(0,))


def _incident(found: Detection, item: Proposal, width: int, *, short: bool) -> Section:
    level = item.severity.level.value
    lead: Line = (Span(f"{level} ", _LEVELS[level]), Span(f"{item.category.value}: ", "title"))
    heading = paragraph(lead, prose(item.title), width, rows=2 if short else 0)
    facts = [*_facts(found, item, width, short=short)]
    return Section((), (heading, *facts), floor=3, must=(0,), kinds=("title", *("detail" for _ in facts)))


def _facts(found: Detection, item: Proposal, width: int, *, short: bool) -> Iterator[Item]:
    yield _fact(
        "nodes", prose(listing([cut(name, _NAME) for name in words.names(found, item.nodes)], _NODES if short else 0)) or "not known", width, short=short
    )
    if item.origins:
        named = listing([cut(name, _NAME) for name in words.names(found, item.origins)], _NODES if short else 0)
        yield _fact("origin", prose(named), width, short=short)
    command = words.next_command(found, item)
    if command:
        yield ((Span("  "), Span("next".ljust(_LABEL), "dim"), Span(command, "command")),)
    clues = item.evidence[:_CLUES] if short else item.evidence
    for at, clue in enumerate(clues):
        rest = len(item.evidence) - len(clues)
        more = f" … and {rest:,} more (--all)" if rest and at == len(clues) - 1 else ""
        yield _fact("evidence" if not at else "", prose(words.clue(found, clue)) + more, width, short=short)
    if item.skipped:
        named = prose(listing([cut(name, _NAME) for name in words.names(found, item.skipped)], _SKIPPED if short else 0))
        yield _fact("skipped", f"{counted(len(item.skipped), 'node')}: {named}", width, short=short)
    yield _fact("sure", f"{item.confidence} confidence{'' if item.confirmed else ', not confirmed'}", width, short=short)
    for at, other in enumerate(item.alternatives[:1] if short else item.alternatives):
        yield _fact("or" if not at else "", prose(f"{other.category.value}: {other.why}"), width, short=short)
    for at, doubt in enumerate(item.doubts[:_DOUBTS] if short else item.doubts):
        yield _fact("doubt" if not at else "", prose(doubt), width, short=short, style="warn")
    if not short:
        for at, reason in enumerate(item.severity.reasons):
            where = f"{words.name(found, reason.node)}: " if reason.node else ""
            yield _fact("severity" if not at else "", prose(f"{where}{reason.evidence} [{reason.rule}]"), width, short=short)
        times = [f"bad since {item.started_at}" if item.started_at else "", f"seen {item.detected_at}" if item.detected_at else ""]
        yield _fact("when", ", ".join(part for part in times if part) or "not known", width, short=short)


def _fact(label: str, said: str, width: int, *, short: bool, style: Style = "") -> Item:
    return paragraph((Span("  "), Span(label.ljust(_LABEL), "dim")), said, width, rows=2 if short else 0, style=style)


def _rest(found: Detection, shown: int) -> Section | None:
    rest = found.incidents[shown:]
    if not rest:
        return None
    worst = rest[0].severity.level.value
    return Section((Span(f"… and {counted(len(rest), 'more incident')}, {worst} at worst (--all)", "dim"),), ())


def _faults(found: Detection, width: int, *, short: bool) -> Section | None:
    if not found.code_faults:
        return None
    items = tuple(_fault(found, clue, width, short=short) for clue in found.code_faults)
    return Section((Span("Faults in code, no incident: ", "title"), Span(f"{len(items):,}")), items, floor=2)


def _fault(found: Detection, clue: Clue, width: int, *, short: bool) -> Item:
    return paragraph(
        (Span("  "), Span(terminal(words.name(found, clue.unique_id)), "name"), Span(" ")),
        prose(f"{clue.status}: {clue.message}"),
        width,
        rows=1 if short else 0,
    )


def _notes(found: Detection, width: int, *, short: bool) -> Section | None:
    said = [*found.notes, *found.warnings]
    if not said:
        return None
    items = tuple(paragraph((Span("  "),), prose(line), width, rows=2 if short else 0) for line in said)
    return Section((Span("Not certain: ", "title"), Span(f"{len(items):,}")), items, floor=3)


def _after(found: Detection) -> Section | None:
    if not found.incidents:
        return None
    return Section((), (((Span("To keep a record: ", "dim"), Span(shell(words.OPEN), "command")),),), floor=1)


def _read(found: Detection, width: int, *, short: bool) -> Section:
    files = [file for file in found.files if file.path]
    kinds = listing([f"{file.kind} of {seconds(file.generated_at) or 'unknown time'}" for file in files]) or "nothing"
    lines = [paragraph((Span("  "),), prose(f"read {kinds}"), width, rows=2 if short else 0, style="dim")]
    if not short:
        lines += [paragraph((Span("  "),), prose(f"{file.kind} {file.path}"), width, style="dim") for file in files]
    return Section((Span("Artifacts", "title"),), tuple(lines), floor=2)
