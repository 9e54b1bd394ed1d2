"""A check as SARIF 2.1.0, for code scanning: one result for each change that is not safe, the accepted ones suppressed with their reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from aftershock._version import __version__
from aftershock.render.check import places, words
from aftershock.render.check.annotations import unique
from aftershock.render.encoding import encoded
from aftershock.render.escape import prose, unaddressed

if TYPE_CHECKING:
    from aftershock.model.changes import Change, CheckReport, Judgement

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LONGEST = 4000
Level = Literal["error", "warning", "note"]
_LINK = re.compile(r"[\[\]\\]")
_LEVELS: dict[Judgement, Level] = {"breaking": "error", "cannot-say": "warning", "risky": "warning"}
_RULE_LEVELS: dict[str, Level] = {"node-removed": "error", "column-removed": "error", "source-removed": "error", "contract-changed": "error"}


class Text(msgspec.Struct, frozen=True):
    """A message."""

    text: str


class Rule(msgspec.Struct, frozen=True, rename="camel"):
    """A kind of change."""

    id: str
    name: str
    short_description: Text
    default_configuration: dict[str, Level]


class Result(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One change; ``level`` has no default here, so that it is always written."""

    rule_id: str
    rule_index: int
    level: Level
    message: Text
    locations: tuple[dict[str, Any], ...]
    partial_fingerprints: dict[str, str]
    properties: dict[str, str]
    suppressions: tuple[dict[str, str], ...] = ()


def sarif(report: CheckReport, *, prefix: str = "") -> str:
    """One run of SARIF.

    Args:
        report: what to say.
        prefix: the folder of the dbt project in its repository.
    """
    consequences = words.consequences(report)
    shown = [(change, consequences[number]) for number, change in enumerate(report.changes) if change.verdict in _LEVELS]
    kinds = list(dict.fromkeys(change.kind for change, _ in shown))
    seen: dict[str, int] = {}
    results = [
        _result(change, kinds.index(change.kind), words.told(report, change, consequence), _location(report, change, prefix), seen)
        for change, consequence in shown
    ]
    driver = {"name": "aftershock", "version": __version__, "semanticVersion": __version__, "rules": [_rule(kind) for kind in kinds]}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "aftershock/check/"},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"outcome": report.outcome, "verdict": words.verdict(report)},
    }
    return encoded({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(kind: str) -> Rule:
    spoken = kind.replace("-", " ")
    name = "".join(part.capitalize() for part in kind.split("-"))
    return Rule(kind, name, Text(f"{spoken.capitalize()}."), {"level": _RULE_LEVELS.get(kind, "warning")})


def _result(change: Change, rule: int, said: str, location: dict[str, Any], seen: dict[str, int]) -> Result:
    suppressions: tuple[dict[str, str], ...] = ()
    if change.acknowledged:
        why = _short(f"{change.acknowledged} ({change.by}, until {change.until})")
        suppressions = ({"kind": "external", "status": "accepted", "justification": why},)
    return Result(
        change.kind,
        rule,
        _LEVELS[change.verdict],
        Text(_short(said)),
        (location,),
        {"aftershockChange/v1": unique(words.fingerprint(change), seen)},
        {"uniqueId": change.unique_id, "column": change.column, "verdict": change.verdict, "certainty": change.certainty},
        suppressions,
    )


def _short(text: str) -> str:
    """``text`` as a message, in which brackets are no link."""
    shown = unaddressed(prose(text))
    return _LINK.sub(lambda found: f"\\{found[0]}", shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…")


def _location(report: CheckReport, change: Change, prefix: str) -> dict[str, Any]:
    """Code scanning wants a file for everything: what is in none of the repository stands in the project's own."""
    file = places.path(report, change, prefix)
    known = file or "/".join(part for part in (prefix.strip("/"), "dbt_project.yml") if part)
    line = places.line(change) if file else 1
    return {"physicalLocation": {"artifactLocation": {"uri": places.uri(known), "uriBaseId": "%SRCROOT%"}, "region": {"startLine": line}}}
