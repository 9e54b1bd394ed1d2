"""A check as JUnit XML, for whatever shows test results: one test case for each change."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from aftershock.render.check import places, words
from aftershock.render.escape import prose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model.changes import Change, CheckReport

LONGEST = 4000


def junit(report: CheckReport, *, prefix: str = "") -> str:
    """A JUnit report: failures are what fails the check, errors what could not be judged, skipped what somebody accepted.

    Args:
        report: what to say.
        prefix: the folder of the dbt project in its repository.
    """
    return "".join(f"{line}\n" for line in _lines(report, prefix))


def _lines(report: CheckReport, prefix: str) -> Iterator[str]:
    changes = report.changes
    failures = sum(_fails(change) for change in changes)
    errors = sum(change.fails and not _fails(change) for change in changes)
    skipped = sum(bool(change.acknowledged) for change in changes)
    totals = f'tests="{max(1, len(changes))}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="aftershock check" {totals}>'
    yield f'  <testsuite name="aftershock check" {totals} timestamp="{_text(report.read_at)}">'
    for change, consequence in zip(changes, words.consequences(report), strict=True):
        yield from _case(report, change, consequence, prefix)
    if not changes:
        yield '    <testcase classname="aftershock" name="nothing changed"/>'
    yield f"    <system-out>{_text(f'{words.verdict(report)} {words.result(report)}.')}</system-out>"
    yield "  </testsuite>"
    yield "</testsuites>"


def _fails(change: Change) -> bool:
    return change.fails and change.verdict != "cannot-say"


def _case(report: CheckReport, change: Change, consequence: str, prefix: str) -> Iterator[str]:
    file = places.path(report, change, prefix)
    where = f' file="{_text(file)}" line="{places.line(change)}"' if file else ""
    head = f'    <testcase classname="aftershock.{change.kind}" name="{_text(words.subject(report, change))}"{where}'
    said = _text(words.told(report, change, consequence))
    if change.acknowledged:
        accepted = _text(f"accepted by {change.by} until {change.until}: {change.acknowledged}")
        yield f'{head}><skipped message="{accepted}"/><system-out>{said}</system-out></testcase>'
    elif change.fails:
        tag = "failure" if _fails(change) else "error"
        yield f'{head}><{tag} type="{change.verdict}" message="{_text(change.reason)}">{said}</{tag}></testcase>'
    else:
        yield f"{head}><system-out>{_text(words.JUDGED[change.verdict])}: {said}</system-out></testcase>"


def _text(text: str) -> str:
    """``text`` in XML: what XML cannot hold at all is spelled out already."""
    shown = prose(text).translate(_NOT_XML)
    return escape(shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…", quote=True)


_NOT_XML = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}
