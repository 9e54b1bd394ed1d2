"""A verification for a person at a terminal: the verdict, then what is still bad, not run or not tested, then the rest.

The first screen is at most `BUDGET` rows; ``show_all`` lifts that and gives the evidence of every judgement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.model.proof import STATES
from aftershock.phrases import listing
from aftershock.render.escape import prose, terminal
from aftershock.render.layout import Item, Line, Section, Span, Style, coloured, columns, cut, fit, paragraph, plain
from aftershock.render.proof import words
from aftershock.render.summary import seconds

if TYPE_CHECKING:
    from aftershock.model.proof import NodeProof, ProofState, Verification

BUDGET = 40
"""Rows of the first screen."""

NARROWEST = 40
"""The narrowest layout; a narrower terminal breaks its lines itself."""

_STYLES: dict[ProofState, Style] = {"still_bad": "bad", "not_run": "bad", "not_tested": "warn", "not_judged": "warn", "untested": "good", "repaired": "good"}
_FLOORS: dict[ProofState, int] = {"still_bad": 6, "not_run": 5, "not_tested": 4, "not_judged": 2, "untested": 1, "repaired": 1}
_FIRST = frozenset({"still_bad", "not_run"})
_VERDICT = 4
_NAME = 40


def text(found: Verification, *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """The verification as lines of ``width`` cells.

    Args:
        found: what to say.
        width: the terminal's width in cells.
        colour: whether the terminal shows colours; without, the answer is plain text.
        show_all: everything, instead of the first screen.
    """
    width, short = max(width, NARROWEST), not show_all
    states = [_state(found, state, width, short=short) for state in STATES if found.of(state)]
    sections = [_head(found, width), *states, _confirm(found, width, short=short), _limits(found, width, short=short), _read(found, width, short=short)]
    lines = fit([section for section in sections if section is not None], width, BUDGET if short else 0)
    return coloured(lines, width) if colour else plain(lines)


def _head(found: Verification, width: int) -> Section:
    shown = {node.unique_id: cut(terminal(words.name(found, node.unique_id)), _NAME) for node in found.nodes if node.is_open}
    sentence = paragraph((), words.verdict(found, shown), width, rows=_VERDICT, style="title")
    target = f", target {terminal(found.target)}" if found.target else ""
    facts: Line = (Span(f"Judged by what ran since {found.since}{target}", "dim"),)
    return Section((), (sentence, (facts,)), floor=_VERDICT + 1, must=(0, 1))


def _state(found: Verification, state: ProofState, width: int, *, short: bool) -> Section:
    nodes = found.of(state)
    title: Line = (Span(f"{words.TITLES[state]}: ", _STYLES[state]), Span(f"{len(nodes):,}"))
    if not short:
        return Section(title, tuple(_whole(found, node, width) for node in nodes))
    rows = [_row(found, node) for node in nodes[:BUDGET]]
    items = tuple((line,) for line in columns(rows, width, whole=False))
    return Section(title, items, floor=_FLOORS[state], first=state in _FIRST, unbuilt=len(nodes) - len(items))


def _row(found: Verification, node: NodeProof) -> Line:
    return (
        Span(terminal(words.name(found, node.unique_id)), "name"),
        Span(terminal(node.resource_type), "dim"),
        Span("failing" if node.failing else "", "bad"),
        Span(prose(node.why)),
    )


def _whole(found: Verification, node: NodeProof, width: int) -> Item:
    name: Line = (Span("  "), Span(terminal(words.name(found, node.unique_id)), "name"), Span(f" ({terminal(node.resource_type)}): "))
    why = paragraph((Span("      "),), prose(words.reason(node)), width)
    seen = [paragraph((Span("        "), Span("· ", "dim")), prose(words.evidence(item)), width, style="dim") for item in node.evidence]
    return (name, *why, *(line for item in seen for line in item))


def _confirm(found: Verification, width: int, *, short: bool) -> Section | None:
    if not found.confirm:
        return None
    items = []
    for item in found.confirm:
        names = listing([cut(terminal(name), _NAME) for name in words.names(found, item.nodes)], words.NAMES if short else 0)
        items.append(paragraph((Span("  "),), f"{prose(item.who)}: {f'{names}. ' if names else ''}{prose(item.why)}", width, rows=int(short)))
    return Section((Span("To confirm: ", "title"), Span(f"{len(items):,}")), tuple(items), floor=2)


def _limits(found: Verification, width: int, *, short: bool) -> Section | None:
    said = [*found.notes, *found.warnings]
    if not said:
        return None
    items = tuple(paragraph((Span("  "),), prose(line), width, rows=2 if short else 0) for line in said)
    return Section((Span("Not certain: ", "title"), Span(f"{len(items):,}")), items, floor=3)


def _read(found: Verification, width: int, *, short: bool) -> Section:
    files = [file for file in found.files if file.path]
    lines = [paragraph((Span("  "),), prose(f"read {words.judged_by(found)}; manifest of {seconds(found.project.generated_at)}"), width, style="dim")]
    if not short:
        lines += [paragraph((Span("  "),), prose(f"{file.kind} {seconds(file.generated_at)} {file.path}"), width, style="dim") for file in files]
    return Section((Span("Artifacts", "title"),), tuple(lines), floor=1)
