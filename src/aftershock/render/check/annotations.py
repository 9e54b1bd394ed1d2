"""A check for services that show one remark at a line: GitHub's annotations, GitLab's Code Quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from aftershock.render.check import places, words
from aftershock.render.encoding import encoded
from aftershock.render.escape import prose, unaddressed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model.changes import Change, CheckReport, Judgement

MOST_OF_A_LEVEL = 10
"""GitHub shows so many annotations of one level from one step, and drops the rest."""
LONGEST = 2000
_LEVELS: dict[Judgement, Literal["error", "warning"]] = {"breaking": "error", "cannot-say": "warning", "risky": "warning"}
_SEVERITIES: dict[Judgement, str] = {"breaking": "critical", "cannot-say": "major", "risky": "minor"}


class Lines(msgspec.Struct, frozen=True):
    """The line at which a remark begins."""

    begin: int


class Location(msgspec.Struct, frozen=True):
    """A place in the repository."""

    path: str
    lines: Lines


class Issue(msgspec.Struct, frozen=True):
    """One entry of a Code Quality report."""

    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: Location


def github(report: CheckReport, *, prefix: str = "") -> str:
    """Workflow commands, one a line: errors, then warnings, and a notice with the verdict.

    What breaks something is an error, and so is what could not be judged where that fails the check; the rest is a warning. Beyond what GitHub shows of a
    level, the last one says how many more there are.

    Args:
        report: what to say.
        prefix: the folder of the dbt project in its repository.
    """
    return "".join(f"{line}\n" for line in _commands(report, prefix))


def _commands(report: CheckReport, prefix: str) -> Iterator[str]:
    consequences = words.consequences(report)
    for level in ("error", "warning"):
        found = [number for number, change in enumerate(report.changes) if not change.acknowledged and _level(change) == level]
        shown = found if len(found) <= MOST_OF_A_LEVEL else found[: MOST_OF_A_LEVEL - 1]
        yield from (_command(report, report.changes[number], level, consequences[number], prefix) for number in shown)
        if len(found) > len(shown):
            yield f"::{level} title=aftershock check::{len(found) - len(shown):,} more like these: see the summary of this job, or aftershock check --all"
    yield f"::notice title=aftershock check::{_data(f'{words.verdict(report)} {words.result(report)}.')}"


def _level(change: Change) -> str:
    """An error is what breaks something, and what nobody could judge where that fails the check; empty where nothing is to be said."""
    return "error" if change.verdict == "cannot-say" and change.fails else _LEVELS.get(change.verdict, "")


def _command(report: CheckReport, change: Change, level: str, consequence: str, prefix: str) -> str:
    file = places.path(report, change, prefix)
    where = f"file={_property(file)},line={places.line(change)}," if file else ""
    title = f"{words.JUDGED[change.verdict]}: {words.headed(report, change)}"
    return f"::{level} {where}title={_property(_short(title))}::{_data(_short(words.reasoned(change, consequence)))}"


def _short(text: str) -> str:
    shown = unaddressed(prose(text))
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def _data(text: str) -> str:
    """The message of a workflow command; what is left of ``##[`` would be a command of the older form."""
    return prose(text).replace("%", "%25").replace("##[", "## [")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def gitlab(report: CheckReport, *, prefix: str = "") -> str:
    """A Code Quality report: a JSON list. What was accepted is not in it, as it would be shown as a fault.

    Args:
        report: what to say.
        prefix: the folder of the dbt project in its repository.
    """
    found: list[Issue] = []
    seen: dict[str, int] = {}
    for change, consequence in zip(report.changes, words.consequences(report), strict=True):
        if change.verdict not in _SEVERITIES or change.acknowledged:
            continue
        print_ = unique(words.fingerprint(change), seen)
        location = Location(places.path(report, change, prefix) or _project(prefix), Lines(places.line(change)))
        found.append(Issue(_short(words.told(report, change, consequence)), change.kind, print_, _SEVERITIES[change.verdict], location))
    return encoded(found)


def _project(prefix: str) -> str:
    """GitLab wants a file for everything."""
    return "/".join(part for part in (prefix.strip("/"), "dbt_project.yml") if part)


def unique(fingerprint: str, seen: dict[str, int]) -> str:
    """A fingerprint that no earlier one equals; ``seen`` counts them."""
    number = seen[fingerprint] = seen.get(fingerprint, 0) + 1
    return fingerprint if number == 1 else f"{fingerprint[:-4]}{number:04x}"
