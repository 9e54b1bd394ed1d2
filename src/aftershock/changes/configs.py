"""Settings of a node that differ -> changes: how it is built, who may read it, who owns it.

Each row of RULES is one rule: what it looks at, and what it finds. A setting that is a template counts as it is written where both projects are made for
different targets.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from aftershock import times
from aftershock.changes.building import incremental, materialization, moved
from aftershock.changes.contracts import breaches, demands, differs, is_past
from aftershock.changes.found import Finding, setting, written_out
from aftershock.changes.making import cut
from aftershock.changes.options import option_changes
from aftershock.impact.people import owners_of
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair
    from aftershock.model.changes import Change, ChangeKind

BUILT = frozenset({"model", "seed", "snapshot"})
ACCESS = {"private": 0, "protected": 1, "public": 2}
MOST_NAMED = 3
ALTERED = frozenset({"databricks"})
"""Adapters that may put a new constraint on an incremental table which is there; the others make it with the table."""
MOST_SAID = 60
"""Characters of an expression within a sentence."""


def config_changes(scene: Scene, pair: Pair) -> Iterator[Change]:
    """The changes of one node's settings, by every rule in turn."""
    if (pair.alike or (pair.base == pair.head and pair.old == pair.new)) and scene.base.project.groups == scene.head.project.groups:
        return
    told = ((rule.kind, found) for rule in RULES for found in rule.find(scene, pair))
    for kind, found in chain(told, option_changes(scene, pair)):
        yield scene.making.change(pair.head_id, kind, found.verdict, found.reason, certainty=found.certainty, column=found.column, was=found.was, now=found.now)


def _contract(scene: Scene, pair: Pair) -> Iterator[Finding]:
    if pair.head.resource_type != "model" or not differs(pair):
        return
    adapter = scene.head.project.info.adapter
    found, asked = breaches(pair, adapter), tuple(demands(pair, adapter))
    for item in found:
        yield Finding("breaking", f"the contract of {pair.head.label} {item.what}", item.was, item.now, item.column)
    later = pair.head.materialized == pair.base.materialized == "incremental" and adapter not in ALTERED
    run = "a full refresh" if later else "the run"
    for demand in asked:
        expression = f" ({cut(demand.expression, MOST_SAID)})" if demand.expression else ""
        what = f"{run} stops where rows violate it" if demand.sure else "what the warehouse makes of it is not known"
        reason = f"the contract of {pair.head.label} has {demand.what}{expression} now: {what}"
        yield Finding("risky", reason, column=demand.column, certainty="likely" if demand.sure else "unknown")
    if not found and not asked:
        new = not pair.base.build.contract
        what = (
            "is enforced now: dbt stops where its columns are others" if new else "says more, or is less strict about lengths: nothing that it promised is gone"
        )
        yield Finding("safe", f"the contract of {pair.head.label} {what}")


def _access(scene: Scene, pair: Pair) -> Iterator[Finding]:
    old, new = pair.base.access, pair.head.access
    if old != new and old in ACCESS and new in ACCESS:
        if ACCESS[new] >= ACCESS[old]:
            yield Finding("safe", f"more may read {pair.head.label}: it was {old} and is {new}", old, new)
        else:
            whom = "other projects can no longer read it" if old == "public" else "only its own group can read it"
            yield Finding("breaking" if old == "public" else "risky", f"{pair.head.label} was {old} and is {new}: {whom}", old, new)
    found = setting(scene, pair, "grants")
    if found is not None:
        before, after = (_grantees(value) for value in found)
        gone = sorted(before - after)
        if gone:
            yield Finding(
                "breaking",
                f"{listing(gone, MOST_NAMED)} may no longer read {pair.head.label}",
                written_out(found[0]),
                written_out(found[1]),
                certainty="likely",
            )
        elif after - before:
            yield Finding("safe", f"more may read {pair.head.label}", written_out(found[0]), written_out(found[1]))


def _grantees(value: object) -> set[str]:
    grants = value if isinstance(value, dict) else {}
    return {f"{name} ({right})" for right, names in grants.items() for name in (names if isinstance(names, list) else [names]) if isinstance(name, str)}


def _version(_: Scene, pair: Pair) -> Iterator[Finding]:
    if pair.base.is_latest and not pair.head.is_latest and pair.head.version:
        newest = pair.new.latest_version
        reason = f"a reference to {pair.head.name} without a version means version {newest or 'another'} now, and no longer {pair.base.version}"
        yield Finding("risky", reason, pair.old.latest_version, newest)


def _deprecation(scene: Scene, pair: Pair) -> Iterator[Finding]:
    old, new = pair.old.deprecation_date, pair.new.deprecation_date
    if times.read(old) == times.read(new) and bool(old) == bool(new):
        return
    if not new:
        yield Finding("safe", f"{pair.head.label} is not to go any more", old, "")
    else:
        when = "has passed" if is_past(new, scene.now) else "is to come"
        yield Finding("risky", f"{pair.head.label} is to go on {new[:10]}, which {when}", old, new)


def _owners(scene: Scene, pair: Pair) -> Iterator[Finding]:
    if pair.head.resource_type in {"test", "unit_test"}:
        return
    if pair.base.exposure is not None and pair.head.exposure is not None:
        old, new = pair.base.exposure.owners, pair.head.exposure.owners
    else:
        old = owners_of(pair.base, scene.base.project.groups, scene.policy)
        new = owners_of(pair.head, scene.head.project.groups, scene.policy)
    if set(old) != set(new):
        was, now = (", ".join(owner.label for owner in owners) for owners in (old, new))
        yield Finding("safe", f"somebody else answers for {pair.head.label}" if new else f"nobody answers for {pair.head.label} any more", was, now)


def _group(_: Scene, pair: Pair) -> Iterator[Finding]:
    if pair.base.group != pair.head.group:
        private = "private" in {pair.base.access, pair.head.access}
        reason = f"{pair.head.label} belongs to {pair.head.group or 'no group'} now" + (", and only that group may read it" if private else "")
        yield Finding("risky" if private else "safe", reason, pair.base.group, pair.head.group)


def _freshness(scene: Scene, pair: Pair) -> Iterator[Finding]:
    label = pair.head.label
    if pair.head.resource_type != "source":
        found = setting(scene, pair, "freshness")
        if found is not None and pair.head.resource_type == "model":
            yield Finding("risky", f"when {label} is built again is decided otherwise (freshness)", written_out(found[0]), written_out(found[1]))
        return
    if pair.old.loaded_at != pair.new.loaded_at:
        yield Finding("risky", f"how fresh {label} is, is told by something else", pair.old.loaded_at, pair.new.loaded_at)
    old, new = _thresholds(pair.old.freshness), _thresholds(pair.new.freshness)
    if old == new:
        return
    looser = [name for name, minutes in old.items() if name not in new or new[name] > minutes]
    reason = f"{label} may be older before dbt says so" if looser else f"dbt says earlier that {label} is old"
    yield Finding("risky" if looser else "safe", reason, _hours(old), _hours(new))


MINUTES = {"minute": 1, "hour": 60, "day": 1440}


def _thresholds(freshness: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in ("warn_after", "error_after"):
        item = freshness.get(name)
        if isinstance(item, dict) and isinstance(item.get("count"), int) and str(item.get("period")) in MINUTES:
            found[name] = item["count"] * MINUTES[str(item["period"])]
    return found


def _hours(thresholds: dict[str, int]) -> str:
    return ", ".join(f"{name} {minutes / 60:g} h" for name, minutes in thresholds.items())


class Rule(NamedTuple):
    """One rule: what kind of change it finds in a node that both projects have, and how."""

    kind: ChangeKind
    find: Callable[[Scene, Pair], Iterator[Finding]]


RULES: tuple[Rule, ...] = (
    Rule("relation-moved", moved),
    Rule("materialization-changed", materialization),
    Rule("incremental-changed", incremental),
    Rule("contract-changed", _contract),
    Rule("access-changed", _access),
    Rule("version-changed", _version),
    Rule("deprecation-changed", _deprecation),
    Rule("owner-changed", _owners),
    Rule("group-changed", _group),
    Rule("freshness-changed", _freshness),
)
