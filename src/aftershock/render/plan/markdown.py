"""The plan as a checklist to paste into an incident's thread: phases as headings, a box for each step, commands and SQL in fences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.phrases import counted, listing
from aftershock.render import summary
from aftershock.render.escape import markdown as escaped
from aftershock.render.escape import markdown_code, markdown_fence
from aftershock.render.plan import words
from aftershock.render.steps import shown, sql_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model import Report

NAMES = 10
"""Names of a step before the rest is only counted."""

FENCES = {"posix": "sh", "powershell": "powershell"}
"""The language of a fence, by shell."""


def markdown(report: Report, *, show_all: bool = False, shell: str = "posix") -> str:
    """A Markdown document.

    Args:
        report: whose plan it is.
        show_all: every name of a step, instead of the first `NAMES`.
        shell: one of `words.SHELLS`.
    """
    limit = 0 if show_all else NAMES
    return "".join(f"{line}\n" for line in (*_head(report), *_phases(report, limit, shell), *_rest(report, limit, shell)))


def _head(report: Report) -> Iterator[str]:
    names = [markdown_code(name) for name in summary.labels(report, summary.seeds(report))]
    estimate = report.recovery.estimate
    yield from ("## Recovery plan", "", summary.verdict(report, names), "")
    if any(step.argv for step in words.steps(report.recovery)):
        yield " ".join([f"- Time of the commands: {words.estimate(estimate)}.", *map(escaped, estimate.basis)])
    if target := words.target_words(report.recovery):
        yield f"- Target: {target if words.asks_target(report.recovery) else markdown_code(target)}"
    if when := words.window(report):
        yield f"- When: {escaped(when)}"
    yield f"- Read from {escaped(summary.files_read(report))}."


def _phases(report: Report, limit: int, shell: str) -> Iterator[str]:
    if not report.recovery.phases:
        yield from ("", "Nothing to do.")
    numbers = iter(summary.steps(report))
    for at, phase in enumerate(report.recovery.phases, 1):
        yield from ("", f"### Phase {at}: {phase.kind}", "")
        for _ in phase.steps:
            yield from _step(report, next(numbers), limit, shell)


def _step(report: Report, item: summary.NumberedStep, limit: int, shell: str) -> Iterator[str]:
    step = item.step
    names = listing([markdown_code(name) for name in summary.labels(report, step.nodes)], limit)
    who = f" Who acts: {escaped(step.who)}." if step.who else ""
    yield f"- [ ] **{item.number}. {step.kind}**{f' {names}' if names else ''}: {escaped(step.why)}{who}"
    for label, said in (("First", step.requires), ("**Destroys**", step.destroys), ("Costs", step.costs)):
        if said.strip():
            yield f"  - {label}: {escaped(said)}"
    if step.argv:
        line = words.SHELLS[shell](shown(step))
        yield from _fenced([line], FENCES[shell]) if line else ("  - No shell can pass the words of its command; the JSON output has them.",)
    if step.sql:
        yield from _fenced(sql_lines(step.sql), "sql")


def _fenced(lines: list[str], language: str) -> Iterator[str]:
    """A block that belongs to the item above it."""
    fence = markdown_fence("\n".join(lines))
    yield from ("", f"  {fence}{language}", *(f"  {line}" if line else "" for line in lines), f"  {fence}")


def _rest(report: Report, limit: int, shell: str) -> Iterator[str]:
    untouched = [markdown_code(name) for name in summary.labels(report, sorted(report.recovery.untouched))]
    if untouched:
        yield from ("", f"Repaired without a command of their own ({counted(len(untouched), 'node')}): {listing(untouched, limit)}.")
    found = [*words.notes(report, shell), *(f"Warning: {line}" for line in report.warnings if line.strip())]
    if found:
        yield from ("", "### Not known, or not certain", "", *(f"- {escaped(line)}" for line in found))
