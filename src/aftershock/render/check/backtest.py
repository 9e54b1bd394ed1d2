"""What a policy would have stopped, as text, JSON and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from aftershock.errors import UsageError
from aftershock.model.changes import Judgement
from aftershock.phrases import counted
from aftershock.render.check.text import inert
from aftershock.render.encoding import encoded
from aftershock.render.escape import markdown as escaped
from aftershock.render.escape import markdown_code, prose
from aftershock.render.layout import Line, Section, Span, Style, coloured, columns, fit, paragraph, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model.backtest import Backtest, Tried

BACKTEST_FORMATS = ("text", "json", "markdown")
BACKTEST_VERSION: Literal["1.0"] = "1.0"
MOST_NAMED = 3
_CELL = 200
_OUTCOMES: dict[str, tuple[str, Style]] = {
    "failed": ("stopped", "bad"),
    "not-judged": ("not judged", "warn"),
    "passed": ("passes", "good"),
    "error": ("not checked", "warn"),
}


class TriedMerge(msgspec.Struct, frozen=True):
    """One merge: `outcome` is failed, not-judged, passed or error; `why` says what failed it, or why it could not be checked."""

    commit: str
    at: str
    subject: str
    outcome: Literal["failed", "not-judged", "passed", "error"]
    why: str
    severity: str
    counts: dict[Judgement, int]
    changes: tuple[str, ...]


class BacktestDocument(msgspec.Struct, frozen=True):
    """The merges of the past, newest first, each checked by the policy of today."""

    schema_version: Literal["1.0"]
    verdict: str
    fail_on: str
    merges: tuple[TriedMerge, ...]
    read_at: str


def render_backtest(found: Backtest, name: str = "text", *, width: int = 100, colour: bool = False) -> str:
    """What a policy would have stopped, in the format called ``name``.

    Args:
        found: what to say.
        name: one of `BACKTEST_FORMATS`.
        width: the terminal's width in cells (text).
        colour: whether the terminal shows colours (text).

    Raises:
        UsageError: there is no such format.
    """
    if name not in BACKTEST_FORMATS:
        raise UsageError("--format", f"a backtest has no format {name}", f"Use one of: {', '.join(BACKTEST_FORMATS)}")
    if name == "json":
        return encoded(
            BacktestDocument(
                BACKTEST_VERSION,
                verdict(found),
                found.fail_on,
                tuple(msgspec.convert(item, TriedMerge, from_attributes=True) for item in found.tried),
                found.read_at,
            )
        )
    return "".join(f"{line}\n" for line in _markdown(found)) if name == "markdown" else _text(found, max(width, 40), colour=colour)


def verdict(found: Backtest) -> str:
    """The answer in one sentence, without untrusted text."""
    if not found.tried:
        return "There is no merge to check."
    stopped, unsure, failed = (sum(item.outcome == outcome for item in found.tried) for outcome in ("failed", "not-judged", "error"))
    total = counted(len(found.tried), "merge")
    more = [f"{unsure:,} could not be judged"] if unsure else []
    more += [f"{failed:,} could not be checked"] if failed else []
    return f"The policy would have stopped {stopped:,} of {total}{'; ' if more else ''}{' and '.join(more)}."


def _text(found: Backtest, width: int, *, colour: bool) -> str:
    rows = [_row(item) for item in found.tried]
    head = Section((), (paragraph((), verdict(found), width, style="title"), paragraph((), f"Fails on: {prose(found.fail_on)}.", width)))
    table = Section((Span("Merges", "title"),), tuple((line,) for line in columns(rows, width, whole=False)))
    lines = fit([head, *([table] if rows else [])], width, 0)
    return inert(coloured(lines, width) if colour else plain(lines))


def _row(item: Tried) -> Line:
    word, style = _OUTCOMES[item.outcome]
    return (Span(word, style), Span(item.commit[:9], "dim"), Span(item.at[:10], "dim"), Span(prose(item.subject)[:60]), Span(prose(_said(item))))


def _said(item: Tried) -> str:
    names = ", ".join(item.changes[:MOST_NAMED])
    more = f" and {len(item.changes) - MOST_NAMED} more" if len(item.changes) > MOST_NAMED else ""
    severity = f"{item.severity}: " if item.severity and item.outcome == "failed" else ""
    return f"{severity}{names}{more}" if names else item.why


def _markdown(found: Backtest) -> Iterator[str]:
    yield from ("## Backtest", "", f"{verdict(found)} Fails on: {markdown_code(found.fail_on)}.")
    if found.tried:
        yield from ("", "| | Commit | Day | Merge | Why |", "|---|---|---|---|---|")
    for item in found.tried:
        cells = (_OUTCOMES[item.outcome][0], markdown_code(item.commit[:9]), item.at[:10], escaped(item.subject[:_CELL]), escaped(_said(item)[:_CELL]))
        yield f"| {' | '.join(cells)} |"
