"""The recovery plan at a terminal: every step with its number, what must be true before it, what it destroys and its whole command, or a notice instead.

Where there is no room for all, the first command and the first one that destroys something, with the copies to make before it, come before
all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render import summary
from aftershock.render.escape import prose, shell, terminal
from aftershock.render.layout import Item, Line, Section, Span, Style, cut, paragraph, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aftershock.model import Report, Step

TALLEST = (10, 8)
"""Rows of a step on the first screen, its command included, where one step must be there and where two must; a taller one is a notice."""

_ROOM = 14
"""Rows of all steps beyond which whatever a person does gets one row instead of `_BY_HAND`."""

_BY_HAND = 2
"""Rows of a step that a person does: its reason is all that there is of it."""

_LOSS = 4
"""Rows of what a step destroys, where its command is too long to be shown."""

_COPIES = 2
_FLOOR = 8
SQL = "SQL"
"""What stands for the SQL of a command where that is printed below it."""
_NAME = 40
_NAMES = 4
_FEW = 2


def recovery(report: Report, width: int, *, short: bool) -> Section:
    """The steps as a section.

    Args:
        report: whose plan it is.
        width: of the terminal, in cells.
        short: whether this is the first screen.
    """
    found = summary.steps(report)
    if not found:
        return Section((Span("Recovery: ", "title"), Span("nothing to run.")), ())
    title = (Span("Recovery: ", "title"), Span(f"{summary.counted(len(found), 'step')}, in this order"))
    if not short:
        return Section(title, tuple(_whole(report, item, width) for item in found), first=True)
    must, kinds = _must(found), tuple(item.step.kind for item in found)
    tallest = TALLEST[sum(bool(found[at].step.argv) for at in must) > 1]
    items = tuple(_brief(report, item, width, _BY_HAND, tallest) for item in found)
    if sum(_rows(item, width) for item in items) > _ROOM:
        items = tuple(_brief(report, item, width, 1, tallest) for item in found)
    floor = sum(_rows(items[at], width) + 1 for at in must) or _FLOOR  # one more for what is left out before it
    return Section(title, items, floor=floor, first=True, must=must, kinds=kinds)


def _must(found: list[summary.NumberedStep]) -> tuple[int, ...]:
    """Where the first command stands, and the first command that destroys something, with the copies to make before it."""
    commands = [at for at, item in enumerate(found) if item.step.argv]
    destroying = [at for at in commands if found[at].step.destroys][:1]
    copies = [at for at, item in enumerate(found) if item.step.kind == "backup" and destroying and at < destroying[0]]
    return tuple(dict.fromkeys([*commands[:1], *destroying, *copies[:_COPIES]]))


def _rows(item: Item, width: int) -> int:
    return sum(rows_of(line, width) for line in item)


def whole(step: Step, head: Item, width: int, quote: Callable[[tuple[str, ...]], str] = shell) -> Item:
    """Everything about a step below its ``head``: what it requires, destroys and costs, its command as ``quote`` writes it, and its SQL."""
    return (
        *head,
        *_labelled("first: ", step.requires, width),
        *_loss(step, width),
        *_labelled("costs: ", step.costs, width),
        *_command(step, quote),
        *((Span("       "), Span(line, "dim")) if line else () for line in sql_lines(step.sql)),
    )


def shown(step: Step) -> tuple[str, ...]:
    """The words of a step's command; where one of them is all of its SQL, which stands below, only the word SQL instead."""
    line = sql_lines(step.sql)[:1]
    return tuple(SQL if line and line[0].strip() in word and "\n" in word else word for word in step.argv)


def sql_lines(sql: str) -> list[str]:
    """SQL line by line, safe to look at and, but for unsafe characters, as it is; none where there is none."""
    shown = sql.replace("\r\n", "\n").strip("\n")
    return ["\t".join(map(terminal, line.split("\t"))) for line in shown.split("\n")] if shown else []


def _whole(report: Report, item: summary.NumberedStep, width: int) -> Item:
    names = [terminal(name) for name in summary.labels(report, item.step.nodes)]
    return whole(item.step, _said(item, summary.listing(names), prose(item.step.who), width), width)


def _brief(report: Report, item: summary.NumberedStep, width: int, by_hand: int, tallest: int) -> Item:
    """A step of the first screen, in at most ``tallest`` rows; ``by_hand`` is the rows of one that a person does."""
    step = item.step
    names = [cut(terminal(name), _NAME) for name in summary.labels(report, step.nodes[: _NAMES + 1])]
    names += [""] * (len(step.nodes) - len(names))  # only counted
    tight = by_hand == 1
    shown = summary.listing(names, _FEW if tight else _NAMES)
    who = cut(prose(step.who), width // 3) if tight else prose(step.who)
    lines = (
        *_said(item, shown, who, width, 1 if step.argv else by_hand),
        *_labelled("first: ", step.requires, width, rows=by_hand),
        *_loss(step, width),
        *_labelled("costs: ", "" if tight else step.costs, width, rows=1),
        *_command(step, shell),
        *_by_hand(step),
    )
    return lines if _rows(lines, width) <= tallest else _notice(item, width)


def _said(item: summary.NumberedStep, names: str, who: str, width: int, rows: int = 0) -> Item:
    step = item.step
    kind = step.kind if step.kind == item.phase else f"{step.kind} ({item.phase})"
    on = f" {names}" if names and not step.argv else ""
    by = f" ({who})" if who else ""
    return paragraph((Span(f"{item.number:>3}. ", "title"),), f"{kind}{on}{by}: {prose(step.why)}", width, rows=rows)


def _loss(step: Step, width: int, rows: int = 0) -> Item:
    return _labelled("destroys: ", step.destroys, width, rows=rows, styles=("bad", "warn"))


def _labelled(label: str, text: str, width: int, *, rows: int = 0, styles: tuple[Style, Style] = ("dim", "")) -> Item:
    """A sentence below its step, with what kind of sentence it is; ``styles`` are those of the label and of the sentence."""
    return paragraph((Span("     "), Span(label, styles[0])), prose(text), width, rows=rows, style=styles[1]) if text else ()


def _command(step: Step, quote: Callable[[tuple[str, ...]], str]) -> Sequence[Line]:
    if not step.argv:
        return ()
    line = quote(shown(step))
    missing = Span("no shell can pass the words of this command; --format json has them", "warn")
    return ((Span("     "), Span(line, "command") if line else missing),)


def _by_hand(step: Step) -> Sequence[Line]:
    """Where the SQL is that a person is to run: the first screen has no room for it."""
    return ((Span("     "), Span(f"its SQL has {summary.counted(len(sql_lines(step.sql)), 'line')} (--all)", "dim")),) if step.sql and not step.argv else ()


def _notice(item: summary.NumberedStep, width: int) -> Item:
    """What a step is that is too tall, and what it destroys: that is never left for another screen to say."""
    step = item.step
    size = f"; its command has {len(shell(step.argv)):,} characters" if step.argv else ""
    loss = _loss(step, width, _LOSS)
    words = f"{step.kind} of {summary.counted(len(step.nodes), 'node')}{size}: --all or --format json prints it whole."
    return (*paragraph((Span(f"{item.number:>3}. ", "title"),), words, width, style="warn"), *loss)
