"""A check as the comment on a pull request: who is affected first, the rest folded; it begins with a hidden mark, so that one comment is kept up to date.

GitHub takes 65,536 characters: tables are cut at whole rows, with a count of what is left out.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from aftershock.phrases import counted, listing
from aftershock.render.check import audience, places, words
from aftershock.render.check.advice import Advice, Code, advice
from aftershock.render.escape import http_url, markdown_code
from aftershock.render.escape import markdown as escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.model import Dashboard
    from aftershock.model.changes import Change, CheckReport

MARKER = "<!-- aftershock:check -->"
"""What a comment of ours begins with."""

MOST_BYTES = 65_000
"""GitHub counts characters and takes 65,536 of them; bytes are never fewer."""

LIMITS = (50, 25, 10, 5, 2, 1, 0)
"""Rows of a table: the first that makes the whole small enough."""

_CELL = 200
"""Characters of one cell before it is escaped."""

_MOST_TOLD = 5
"""Changes that are told before everything else."""

_MOST_STEPS = 4
"""Steps of a way in one cell."""

_MOST_OPEN = 8
"""Rows of nodes that are not folded."""

_PASSED_ANYWAY = "⚠️ passed"
_MARKS = {"breaking": "❌", "cannot-say": "❔", "risky": "⚠️", "safe": "✅"}
_TITLES = {"failed": "❌ failed", "not-judged": "❔ could not judge", "passed": "✅ passed"}


class Table(NamedTuple):
    """Headings and rows of cells, all of them escaped."""

    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def markdown(report: CheckReport, *, show_all: bool = False, prefix: str = "") -> str:
    """A Markdown document that fits a comment.

    Args:
        report: what to say.
        show_all: lists of any length, as far as a comment takes them.
        prefix: the folder of the dbt project in its repository.
    """
    most = max(len(report.changes), len(report.impact.proofs), len(report.warnings), 1)
    for limit in (most * 4, *LIMITS) if show_all else LIMITS:
        found = "".join(f"{line}\n" for line in _lines(report, limit, prefix))
        if len(found.encode("utf-8", "backslashreplace")) <= MOST_BYTES:
            break
    return found


def _lines(report: CheckReport, limit: int, prefix: str) -> Iterator[str]:
    worst = [change for change in words.open_changes(report) if change.verdict != "safe"][: min(limit, _MOST_TOLD)]
    yield from _head(report)
    yield from _list("", [_told(report, change, prefix) for change in worst], _MOST_TOLD)
    yield from _table(Table(("Exposure", "Type", "What happens", "Owner"), [_board(item) for item in audience.dashboards(report)]), limit)
    yield from _people(report, limit)
    yield from _list("To do", [_advised(item) for item in advice(report, telling=False)], max(limit, 1), "1.")
    yield from _list("Settings that rule only after the merge", [escaped(_cut(line, 400)) for line in report.policy_changes], limit)
    yield from _downstream(report, limit)
    yield from _also(report, limit)
    if len(worst) < len(words.open_changes(report)):
        yield from _folded("All changes" if worst else "Changes", _changes(report, prefix), limit)
    yield from _folded("Acknowledged", _accepted(report), limit)
    yield from _limits(report, limit)


def _head(report: CheckReport) -> Iterator[str]:
    looked_at = report.outcome == "passed" and any(number for verdict, number in words.counts(report).items() if verdict != "safe")
    yield MARKER
    yield f"### aftershock check: {_PASSED_ANYWAY if looked_at else _TITLES[report.outcome]}"
    severity = f" Severity **{report.severity.level.value}**." if report.severity is not None else ""
    said = words.result(report)
    why = "" if said in words.RESULTS.values() else f" {escaped(_cut(said, 1000))}."
    yield from ("", f"{escaped(words.verdict(report))}{severity}{why} Fails on: {markdown_code(report.fail_on)}.")


def _told(report: CheckReport, change: Change, prefix: str) -> str:
    """A change as one line of a list: what, why and where."""
    where = _where(report, change, prefix)
    kind = f", {escaped(_cut(words.kind(change)))}" if change.kind != "sql-unread" else ""
    return f"{_judged(change)}: {_name(words.subject(report, change))}{kind}: {escaped(_cut(_reason(change)))}.{f' {where}' if where else ''}"


def _judged(change: Change) -> str:
    return f"{_MARKS[change.verdict]} {words.JUDGED[change.verdict]}"


def _reason(change: Change) -> str:
    return change.reason if change.certainty == "certain" or change.verdict == "cannot-say" else f"{change.reason} ({change.certainty})"


def _board(item: Dashboard) -> tuple[str, ...]:
    address, shown = http_url(item.url), escaped(_cut(item.name))
    linked = f"[{shown}](<{address}>)" if address and len(address) <= 4 * _CELL else shown
    owners = escaped(_cut(listing([owner.label for owner in item.owners]))) or "nobody named"
    return linked, escaped(_cut(item.type)), audience.effects(item), owners


def _people(report: CheckReport, limit: int) -> Iterator[str]:
    found = audience.people(report)
    if found:
        shown = [escaped(_cut(person.owner.label)) for person in found[: limit + 1]] + [""] * max(0, len(found) - limit - 1)
        yield from ("", f"**To tell ({len(found):,}):** {listing(shown, limit) if limit else 'see the rest of the answer'}.")


def _advised(item: Advice) -> str:
    """A thing to do, names and the command as code."""
    said = "".join(_name(part.text) if isinstance(part, Code) else _between(part) for part in item.parts)
    return f"{said}: {markdown_code(item.command)}." if item.command else f"{said}."


def _between(text: str) -> str:
    """Text beside code, with the space that it has on either side."""
    before, after = (" " if edge.isspace() else "" for edge in (text[:1], text[-1:]))
    shown = escaped(_cut(text, 600))
    return f"{before}{shown}{after}" if shown else before


def _hits(report: CheckReport) -> Table:
    rows = []
    several = sum(change.verdict != "safe" for change in words.open_changes(report)) > 1
    for hit in [hit for hit in words.hits(report) if hit.kind != "skipped"]:
        way, cause = words.way(report, hit), words.cause(report, hit)
        source = _name(words.subject(report, cause)) if cause is not None else ""
        reached = " → ".join(step if step == words.ELLIPSIS else _name(step) for step in words.shortened(way, _MOST_STEPS)) if len(way) > 1 else source
        why = ", ".join(hit.columns) or (hit.proof.why if hit.proof is not None else "") or (words.kind(cause) if cause is not None and several else "")
        rows.append((_name(words.name(report, hit.unique_id)), words.happens(hit.kind, certain=hit.certain), escaped(_cut(why)), reached))
    if not any(row[2] for row in rows):
        return Table(("Node", "What happens", "Reached by"), [(*row[:2], row[3]) for row in rows])
    return Table(("Node", "What happens", "Why", "Reached by"), rows)


def _downstream(report: CheckReport, limit: int) -> Iterator[str]:
    """The nodes that are hit, folded where they are many."""
    table = _hits(report)
    if len(table.rows) <= _MOST_OPEN:
        yield from _table(table, limit)
        return
    kinds = Counter(hit.kind for hit in words.hits(report) if hit.kind != "skipped")
    yield from _folded(f"Downstream: {listing([f'{number:,} {words.happens(kind, number)}' for kind, number in kinds.items()])}", table, limit, number=False)


def _also(report: CheckReport, limit: int) -> Iterator[str]:
    many = len(words.tests(report)) > words.NAMES  # fewer are all in what is to be done
    found = [
        ("Tests that fail or no longer run", [_name(name) for name in words.tests(report)[: None if many else 0]]),
        ("Skipped by dbt", [_name(words.name(report, hit.unique_id)) for hit in words.hits(report) if hit.kind == "skipped"]),
        ("Metrics", [_name(name) for name in words.names(report, report.impact.metrics)]),
    ]
    for title, names in found:
        if names:
            yield from ("", f"**{title} ({len(names):,}):** {listing(names, min(limit, 10)) if limit else 'not listed here'}.")
    if report.impact.hidden:
        outside = "; ".join(escaped(_cut(words.hidden_words(report, item))) for item in report.impact.hidden[: min(limit, 10)]) or "not listed here"
        rest = len(report.impact.hidden) - min(limit, 10)
        yield from ("", f"**Readers outside dbt ({len(report.impact.hidden):,}):** {outside}{f'; {rest:,} more' if limit and rest > 0 else ''}.")


def _changes(report: CheckReport, prefix: str) -> Table:
    rows = []
    for change in words.open_changes(report):
        reason = escaped(_cut(_reason(change)))
        rows.append((_judged(change), _name(words.subject(report, change)), escaped(_cut(words.kind(change))), reason, _where(report, change, prefix)))
    return Table(("", "What", "Change", "Why", "Where"), rows)


def _where(report: CheckReport, change: Change, prefix: str) -> str:
    file = places.path(report, change, prefix)
    return _name(f"{file}:{places.line(change)}") if file else ""


def _accepted(report: CheckReport) -> Table:
    rows = [
        (_name(words.subject(report, item)), escaped(_cut(words.kind(item))), escaped(_cut(item.acknowledged)), escaped(_cut(item.by)), escaped(item.until))
        for item in words.accepted(report)
    ]
    return Table(("What", "Change", "Why it is accepted", "By", "Until"), rows)


def _limits(report: CheckReport, limit: int) -> Iterator[str]:
    lines = [*(f"Severity: {line}." for line in words.reasons(report)), *words.doubts(report)]
    yield from ("", f"<details><summary>How it was read: {words.coverage(report)}</summary>", "")
    manifests = escaped(_cut(words.manifests(report)))
    yield f"{manifests[:1].upper()}{manifests[1:]}."
    yield from _list("", [escaped(_cut(line, 400)) for line in lines], limit)
    yield from ("", "</details>")


def _folded(title: str, table: Table, limit: int, *, number: bool = True) -> Iterator[str]:
    if table.rows:
        yield from ("", f"<details><summary>{title}{f': {len(table.rows):,}' if number else ''}</summary>")
        yield from _table(table, limit)
        yield from ("", "</details>")


def _table(table: Table, limit: int) -> Iterator[str]:
    if not table.rows:
        return
    rest = len(table.rows) - limit
    if limit:
        yield from ("", f"| {' | '.join(table.heads)} |", f"|{'---|' * len(table.heads)}")
        yield from (f"| {' | '.join(row)} |" for row in table.rows[:limit])
    if rest > 0:
        yield from (
            "",
            f"… and {rest:,} more."
            if limit
            else f"{counted(rest, f'row ({table.heads[0] or table.heads[1]})', f'rows ({table.heads[0] or table.heads[1]})')} left out.",
        )


def _list(title: str, lines: Sequence[str], limit: int, mark: str = "-") -> Iterator[str]:
    if not lines:
        return
    yield from ("", f"**{title}**", "") if title else ("",)
    yield from (f"{mark} {line}" for line in lines[:limit])
    if len(lines) > limit:
        yield from ("", f"… and {len(lines) - limit:,} more.")


def _name(text: str) -> str:
    return markdown_code(_cut(text))


def _cut(text: str, most: int = _CELL) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
