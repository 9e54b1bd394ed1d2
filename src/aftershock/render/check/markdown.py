"""A check as the comment on a pull request: who is affected first, the rest folded; it begins with a hidden mark, so that one comment is kept up to date.

GitHub takes 65,536 characters: tables are cut at whole rows, with a count of what is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.phrases import counted, listing
from aftershock.render.check import places, words
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
    yield from _head(report)
    yield from _table(Table(("Dashboard", "Type", "What happens", "Owner"), [_board(item) for item in words.dashboards(report)]), limit)
    yield from _people(report, limit)
    yield from _table(_hits(report), limit)
    yield from _also(report, limit)
    yield from _list("To do", [escaped(_cut(line, 600)) for line in words.advice(report)], max(limit, 1), "1.")
    yield from _list("Settings that rule only after the merge", [escaped(_cut(line, 400)) for line in report.policy_changes], limit)
    yield from _folded("Changes", _changes(report, prefix), limit)
    yield from _folded("Acknowledged", _accepted(report), limit)
    yield from _limits(report, limit)


def _head(report: CheckReport) -> Iterator[str]:
    yield MARKER
    yield f"### aftershock check: {_TITLES[report.outcome]}"
    severity = f" Severity **{report.severity.level.value}**." if report.severity is not None else ""
    yield from ("", f"{escaped(words.verdict(report))}{severity}")
    why = f" {words.result(report)}." if report.outcome != "passed" else ""
    yield from ("", f"{escaped(_cut(why, 1000)).strip()} Fails on: {markdown_code(report.fail_on)}.".strip())


def _board(item: Dashboard) -> tuple[str, ...]:
    address, shown = http_url(item.url), escaped(_cut(item.name))
    linked = f"[{shown}](<{address}>)" if address and len(address) <= 4 * _CELL else shown
    owners = escaped(_cut(listing([owner.label for owner in item.owners]))) or "nobody named"
    return linked, escaped(_cut(item.type)), words.effects(item), owners


def _people(report: CheckReport, limit: int) -> Iterator[str]:
    found = words.people(report)
    if found:
        shown = [escaped(_cut(person.owner.label)) for person in found[: limit + 1]] + [""] * max(0, len(found) - limit - 1)
        yield from ("", f"**To tell ({len(found):,}):** {listing(shown, limit) if limit else 'see the rest of the answer'}.")


def _hits(report: CheckReport) -> Table:
    rows = []
    for hit in [hit for hit in words.hits(report) if hit.kind != "skipped"]:
        way = words.way(report, hit)
        reached = " → ".join(_name(step) for step in way) if 1 < len(way) <= 4 else _name(words.cause(report, hit))  # noqa: PLR2004  # more is hard to read in a cell
        kind = hit.kind if hit.certain else f"may be: {hit.kind}"
        why = ", ".join(hit.columns) or (hit.proof.why if hit.proof is not None else "")
        rows.append((_name(words.name(report, hit.unique_id)), kind, escaped(_cut(why)), reached))
    return Table(("Node", "What happens", "Why", "Reached by"), rows)


def _also(report: CheckReport, limit: int) -> Iterator[str]:
    found = [
        ("Tests that fail or no longer run", [_name(name) for name in words.names(report, report.impact.failing_tests)]),
        ("Skipped by dbt", [_name(words.name(report, hit.unique_id)) for hit in words.hits(report) if hit.kind == "skipped"]),
        ("Metrics", [_name(name) for name in words.names(report, report.impact.metrics)]),
        ("Readers outside dbt", [escaped(_cut(words.hidden_words(report, item))) for item in report.impact.hidden]),
    ]
    for title, names in found:
        if names:
            yield from ("", f"**{title} ({len(names):,}):** {listing(names, min(limit, 10)) if limit else 'not listed here'}.")


def _changes(report: CheckReport, prefix: str) -> Table:
    rows = []
    for change in words.open_changes(report):
        reason = escaped(_cut(f"{change.reason}{'' if change.certainty == 'certain' else f' ({change.certainty})'}"))
        said = f"{_MARKS[change.verdict]} {words.JUDGED[change.verdict]}"
        rows.append((said, _name(words.subject(report, change)), escaped(_cut(words.kind(change))), reason, _where(report, change, prefix)))
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
    yield f"{escaped(_cut(words.manifests(report)))}."
    yield from _list("", [escaped(_cut(line, 400)) for line in lines], limit)
    yield from ("", "</details>")


def _folded(title: str, table: Table, limit: int) -> Iterator[str]:
    if table.rows:
        yield from ("", f"<details><summary>{title}: {len(table.rows):,}</summary>")
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
