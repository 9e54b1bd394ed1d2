"""The plan for a person at a terminal: the answer, how long it takes and for which target, then every phase with its steps.

It is printed whole: who runs a plan must have read all of it. Only a step's names are cut to the first few unless all are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.phrases import counted, listing
from aftershock.render import summary
from aftershock.render.escape import prose, terminal
from aftershock.render.layout import Item, Section, Span, coloured, fit, paragraph, plain
from aftershock.render.plan import words
from aftershock.render.steps import whole
from aftershock.render.text import NARROWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model import Phase, Report

NAMES = 6
"""Names of a step before the rest is only counted."""


def text(report: Report, *, width: int = 100, colour: bool = False, show_all: bool = False, shell: str = "posix") -> str:
    """The plan as lines of ``width`` cells; a command is never broken.

    Args:
        report: whose plan it is.
        width: the terminal's width in cells.
        colour: whether the terminal shows colours; without, the answer is plain text.
        show_all: every name of a step, instead of the first `NAMES`.
        shell: one of `words.SHELLS`.
    """
    width, limit = max(width, NARROWEST), 0 if show_all else NAMES
    lines = fit([_head(report, width), *_phases(report, width, limit, shell), *_rest(report, width, limit, shell)], width, 0)
    return coloured(lines, width) if colour else plain(lines)


def _head(report: Report, width: int) -> Section:
    names = [terminal(name) for name in summary.labels(report, summary.seeds(report))]
    estimate = report.recovery.estimate
    facts = (
        ("When", words.window(report)),
        ("Takes", f"{words.estimate(estimate)}, without what people do" if any(step.argv for step in words.steps(report.recovery)) else ""),
        ("", " ".join(estimate.basis)),
        ("Target", words.target_words(report.recovery)),
        ("Engine", report.recovery.engine if report.recovery.engine != words.DBT else ""),
    )
    lines = [paragraph((Span(f"{title:<10}", "dim"),), prose(fact), width) for title, fact in facts if fact]
    return Section((), (paragraph((), summary.verdict(report, names), width, style="title"), *lines))


def _phases(report: Report, width: int, limit: int, shell: str) -> list[Section]:
    phases = report.recovery.phases
    if not phases:
        return [Section((Span("Nothing to do.", "title"),), ())]
    numbers = iter(summary.steps(report))
    return [Section(_title(at, phase), tuple(_step(report, next(numbers), width, limit, shell) for _ in phase.steps)) for at, phase in enumerate(phases, 1)]


def _title(at: int, phase: Phase) -> tuple[Span, ...]:
    return (Span(f"Phase {at}: {phase.kind}", "title"), Span(f", {counted(len(phase.steps), 'step')}"))


def _step(report: Report, item: summary.NumberedStep, width: int, limit: int, shell: str) -> Item:
    step = item.step
    names = listing([terminal(name) for name in summary.labels(report, step.nodes)], limit)
    who = f" ({prose(step.who)})" if step.who else ""
    head = paragraph((Span(f"{item.number:>3}. ", "title"),), f"{step.kind}{f' {names}' if names else ''}{who}: {prose(step.why)}", width)
    return whole(step, head, width, words.SHELLS[shell])


def _rest(report: Report, width: int, limit: int, shell: str) -> list[Section]:
    untouched = [terminal(name) for name in summary.labels(report, sorted(report.recovery.untouched))]
    kept = [listing(untouched, limit)] if untouched else []
    read = [f"read from {summary.files_read(report)}", *(f"warning: {line}" for line in report.warnings)]
    sections = (
        (f"Without a command of their own: {len(untouched):,}", kept),
        ("Not known, or not certain", words.notes(report, shell)),
        ("Artifacts", read),
    )
    return [Section((Span(title, "title"),), _lines(found, width)) for title, found in sections if found]


def _lines(found: Sequence[str], width: int) -> tuple[Item, ...]:
    return tuple(paragraph((Span("  "),), prose(line), width) for line in found)
