"""What a project's policy makes of changes: which are acknowledged, and which fail the check.

A check asks twice: :func:`acknowledged` before the impact, which acknowledged changes have no part in, and :func:`judged` once the severity is known.
The policy is that of the base: what a change says of itself rules only after the merge.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock import times
from aftershock.config.checking import KINDS
from aftershock.config.settings import SETTINGS, value_of
from aftershock.impact.people import matches
from aftershock.model import Markers, Severity, SeverityPolicy
from aftershock.model.policy import CheckPolicy, DetectPolicy
from aftershock.phrases import counted, listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aftershock.model import Node, Policy, Project, Verdict
    from aftershock.model.changes import Change
    from aftershock.model.code import NodeCode
    from aftershock.model.policy import Acknowledgement

LEVELS = frozenset(level.value for level in Severity)
_MARK = re.compile(r"^[ \t]*(?:--|/\*|\{#-?)[ \t]*aftershock:(.*)$", re.MULTILINE | re.IGNORECASE)
_ACCEPT = re.compile(r"^\s*accept\s+([a-z-]+)(?:\s+(\S+))?\s+until\s+(\d{4}-\d{2}-\d{2})\s+because\s+(\S.*?)\s*$", re.IGNORECASE)
_CLOSING = re.compile(r"\s*(?:\*/|-?#\})\s*$")
_FORM = "-- aftershock: accept <kind> [column] until 2026-12-31 because <reason>"
MOST_NAMED = 3


class Rules(NamedTuple):
    """The base's policy, and the projects that it is asked about.

    What a node is (its path, its tags) the base says, and the head only where the base does not have it, under no other name either: a change cannot move
    itself under another rule. ``before`` are the base's names of nodes that were renamed, by those of the head.
    """

    policy: CheckPolicy
    base: Project
    head: Project
    before: Mapping[str, str] = {}

    def nodes(self, change: Change) -> tuple[Node, ...]:
        """The node that a change is about, and of a test the one that is tested; none for a macro."""
        node = self._node(change.unique_id)
        tested = self._node(node.test.attached_node) if node is not None and node.test is not None else None
        return tuple(found for found in (node, tested) if found is not None)

    def _node(self, unique_id: str) -> Node | None:
        before = self.before.get(unique_id, unique_id)
        known = ((self.base.nodes, before), (self.base.disabled, before), (self.head.nodes, unique_id), (self.head.disabled, unique_id))
        return next((nodes[name] for nodes, name in known if name in nodes), None)


class Comment(NamedTuple):
    """What a comment in a model's SQL accepts; ``problem`` says why it cannot be followed, and is empty where it can."""

    unique_id: str
    place: str
    kind: str = ""
    column: str = ""
    until: str = ""
    reason: str = ""
    problem: str = ""


class Acknowledged(NamedTuple):
    """The changes, those that somebody accepts marked so, and what is to be said of acknowledgements that count no more or cannot be followed."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]


class Judged(NamedTuple):
    """The changes, those that fail the check marked so, and why it fails, one sentence each; none where it passes."""

    changes: tuple[Change, ...]
    failed: tuple[str, ...]


def comments(codes: Mapping[str, NodeCode], nodes: Mapping[str, Node], unique_ids: Iterable[str]) -> tuple[Comment, ...]:
    """What the SQL of these nodes says it accepts.

    Args:
        codes: the head's code, by unique_id.
        nodes: the head's nodes.
        unique_ids: the nodes whose code is looked at.
    """
    found: list[Comment] = []
    for unique_id in dict.fromkeys(unique_ids):
        if unique_id in codes and unique_id in nodes and "aftershock:" in codes[unique_id].raw.lower():
            found.extend(_comments(codes[unique_id].raw, nodes[unique_id]))
    return tuple(found)


def acknowledged(changes: Sequence[Change], rules: Rules, now: datetime, said: Sequence[Comment] = ()) -> Acknowledged:
    """Mark the changes that somebody accepts.

    Args:
        changes: what changed.
        rules: what is accepted, and of which projects.
        now: decides which acknowledgements have expired.
        said: what :func:`comments` found; counts only where the policy allows it.
    """
    today = now.date().isoformat()
    placed = [(change, rules.nodes(change)) for change in changes]
    marked = tuple(_marked(change, nodes, rules.policy, said, today) for change, nodes in placed)
    return Acknowledged(marked, tuple(_notes([pair for pair in placed if pair[0].verdict != "safe"], rules.policy, said, today)))


def judged(changes: Sequence[Change], severity: Verdict | None, rules: Rules, fail_on: str = "") -> Judged:
    """Mark the changes that keep the check from passing.

    Args:
        changes: what changed, marked by :func:`acknowledged`.
        severity: how bad the breaking and risky ones are together.
        rules: what fails a check, and of which projects.
        fail_on: what the command line says instead of the policy's own ``fail_on``; ``never`` goes before its scopes too.
    """
    level = fail_on or rules.policy.fail_on
    marked = []
    for change in changes:
        holds = "never" if fail_on == "never" else _scope(rules.nodes(change), rules.policy) or level
        marked.append(msgspec.structs.replace(change, fails=not change.acknowledged and _fails(change, holds, severity)))
    return Judged(tuple(marked), tuple(_why(marked, level, severity)))


def own_of_head(policy: Policy) -> Policy:
    """What may rule of settings that the head itself could have written: whom to tell and where to look, and nothing that lets a change pass."""
    return msgspec.structs.replace(policy, check=CheckPolicy(), severity=SeverityPolicy(), markers=Markers(), detect=DetectPolicy())


def policy_changes(base: Policy, head: Policy) -> tuple[str, ...]:
    """What the head changes in the settings, one sentence each: it rules only after the merge."""
    return tuple(sentence for setting in SETTINGS for sentence in _difference(setting.key, value_of(base, setting.key), value_of(head, setting.key)))


def _comments(raw: str, node: Node) -> Iterator[Comment]:
    for mark in _MARK.finditer(raw):
        place = f"{node.path}:{raw.count(chr(10), 0, mark.start()) + 1}"
        parts = _ACCEPT.match(_CLOSING.sub("", mark[1]))
        if parts is None:
            yield Comment(node.unique_id, place, problem=f"it does not read as '{_FORM}'")
            continue
        kind, column, until, reason = parts[1].lower(), parts[2] or "", parts[3], parts[4]
        problem = f"there is no kind of change {kind!r}" if kind not in KINDS else "" if times.read(until) is not None else f"{until} is no day"
        yield Comment(node.unique_id, place, kind, column, until, reason, problem)


def _marked(change: Change, nodes: Sequence[Node], rules: CheckPolicy, said: Sequence[Comment], today: str) -> Change:
    if change.verdict == "safe":
        return change
    for rule in rules.acknowledge:
        if rule.until >= today and _accepts(rule, change, nodes):
            return msgspec.structs.replace(change, acknowledged=rule.reason, by=rule.owner.label, until=rule.until)
    for comment in said if rules.sql_comments else ():
        if not comment.problem and comment.until >= today and _accepts_here(comment, change):
            return msgspec.structs.replace(change, acknowledged=comment.reason, by=f"a comment in {comment.place}", until=comment.until)
    return change


def _accepts(rule: Acknowledgement, change: Change, nodes: Sequence[Node]) -> bool:
    if rule.kind not in {"", change.kind} or (rule.column and rule.column.casefold() != change.column.casefold()):
        return False
    return any(matches(rule.path, rule.tag, "", rule.node, node) for node in nodes) or (rule.node == change.unique_id and not rule.path and not rule.tag)


def _accepts_here(comment: Comment, change: Change) -> bool:
    same = comment.unique_id == change.unique_id and comment.kind == change.kind
    return same and (not comment.column or comment.column.casefold() == change.column.casefold())


def _notes(concerned: Sequence[tuple[Change, Sequence[Node]]], rules: CheckPolicy, said: Sequence[Comment], today: str) -> Iterator[str]:
    old = [rule for rule in rules.acknowledge if rule.until < today]
    idle = 0
    for rule in old:
        if any(_accepts(rule, change, nodes) for change, nodes in concerned):
            yield f"The acknowledgement of {_about(rule)} by {rule.owner.label} ended on {rule.until}, and counts no more."
        else:
            idle += 1
    if idle:
        yield f"{counted(idle, 'acknowledgement')} in aftershock.yml {'has' if idle == 1 else 'have'} ended, and can be removed."
    for comment in said:
        yield from _note(comment, [change for change, _ in concerned], rules, today)


def _note(comment: Comment, concerned: Sequence[Change], rules: CheckPolicy, today: str) -> Iterator[str]:
    place = f"The comment in {comment.place}"
    if comment.problem:
        yield f"{place} accepts nothing: {comment.problem}."
    elif not rules.sql_comments:
        yield f"{place} accepts nothing: the base's check.sql_comments does not allow it."
    elif comment.until < today:
        yield f"{place} ended on {comment.until}, and counts no more."
    elif not any(_accepts_here(comment, change) for change in concerned):
        yield f"{place} accepts {comment.kind}{f' of {comment.column}' if comment.column else ''}, which there is none of: it can be removed."


def _about(rule: Acknowledgement) -> str:
    where = listing([text for text in (rule.node, rule.path, f"tag {rule.tag}" if rule.tag else "") if text])
    what = " of ".join(text for text in (rule.kind, rule.column) if text)
    return f"{what} in {where}" if what else where


def _scope(nodes: Sequence[Node], rules: CheckPolicy) -> str:
    found = (scope.fail_on for scope in rules.scopes for node in nodes if matches(scope.path, scope.tag, "", scope.node, node))
    return next(found, "")


def _fails(change: Change, level: str, severity: Verdict | None) -> bool:
    """Whether a change keeps the check from passing; what could not be judged does unless nothing fails it."""
    if level == "never" or change.verdict == "safe":
        return False
    if change.verdict == "cannot-say":
        return True
    if level in LEVELS:
        return severity is not None and severity.level.at_least(Severity(level))
    return change.verdict == "breaking" or level == "risky"


def _why(changes: Sequence[Change], level: str, severity: Verdict | None) -> Iterator[str]:
    failing = [change for change in changes if change.fails]
    if failing and level in LEVELS and severity is not None and severity.level.at_least(Severity(level)):
        yield f"The severity is {severity.level.value}, and {level} or worse fails the check."
        return
    for verdict in ("breaking", "risky"):
        number = sum(change.verdict == verdict for change in failing)
        if number:
            yield f"{counted(number, f'change is {verdict}', f'changes are {verdict}')}."


def _difference(key: str, base: object, head: object) -> Iterator[str]:
    if base == head:
        return
    if isinstance(base, tuple) and isinstance(head, tuple):
        gained, lost = [item for item in head if item not in base], [item for item in base if item not in head]
        if gained:
            yield f"{key} gains {_shown(gained)}."
        if lost:
            yield f"{key} loses {_shown(lost)}."
        if not gained and not lost:
            yield f"{key} stands in another order."
    elif isinstance(base, dict) and isinstance(head, dict):
        for inner in dict.fromkeys((*base, *head)):
            yield from _difference(f"{key}.{inner}", base.get(inner), head.get(inner))
    else:
        yield f"{key} was {_value(base)} and becomes {_value(head)}."


def _shown(items: Sequence[object]) -> str:
    return listing([_value(item) for item in items], MOST_NAMED)


def _value(item: object) -> str:
    """A setting's value in words."""
    plain = msgspec.to_builtins(item)
    if isinstance(plain, dict):
        return "; ".join(f"{key} {_value(value)}" for key, value in plain.items() if value not in (None, "", [], {}))
    if isinstance(plain, list):
        return listing([_value(value) for value in plain], MOST_NAMED) or "nothing"
    return "nothing" if plain in (None, "") else str(plain).lower() if isinstance(plain, bool) else str(plain)
