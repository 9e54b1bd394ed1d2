"""Run results into findings, faults in code and notes: nothing that is not good is left out."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from aftershock.detect import states
from aftershock.detect.errors import PARTIAL, UNREAD
from aftershock.detect.given import IGNORE, by_rule, rule_for
from aftershock.detect.moments import stamp
from aftershock.detect.reading import read_error, read_test
from aftershock.detect.rows import Finding, Reading, read
from aftershock.detect.said import shown
from aftershock.detect.testing import check_of, nameless
from aftershock.model import BAD_STATUSES, UNAFFECTED_TYPES
from aftershock.model.detection import Clue
from aftershock.phrases import counted, listing

if TYPE_CHECKING:
    from aftershock.detect.scene import Scene
    from aftershock.detect.testing import Check
    from aftershock.model import Result

GOOD = frozenset({"success", "pass", "no-op", "no op", "skipped", "reused", "warn", "warning"})
WARNINGS = frozenset({"warn", "warning"})
_BAD_WORD = re.compile(r"error|fail|abort|cancel|timed? ?out|kill")


class Seen(msgspec.Struct, frozen=True):
    """What results come to: findings, faults in code, and full sentences on what could not be judged."""

    findings: tuple[Finding, ...] = ()
    faults: tuple[Clue, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: Seen) -> Seen:
        """Both."""
        return Seen(self.findings + other.findings, self.faults + other.faults, self.notes + other.notes)


def is_bad(status: str) -> bool:
    """Whether a status is worse than a warning; words that later versions of dbt may write are taken by their sound."""
    return status in BAD_STATUSES or (status not in GOOD and bool(_BAD_WORD.search(status)))


def at_of(result: Result, scene: Scene) -> str:
    """When a result was there: ISO 8601 in UTC, empty where nothing says so."""
    run = scene.run
    return stamp(result.completed_at or result.started_at or (run.generated_at if run is not None else ""))


def look_at_run(scene: Scene) -> Seen:
    """What the run results show."""
    run = scene.run
    if run is None:
        return Seen()
    concerned = [result for result in run.results.values() if is_bad(result.status) or result.status in WARNINGS]
    unknown = [result for result in run.results.values() if not is_bad(result.status) and result.status not in GOOD]
    notes = tuple(_unknown(unknown))
    if not scene.builds:
        return Seen(notes=(*notes, _not_building(run.which, concerned)))
    if _is_false_file(scene, concerned):
        return Seen((*_all_error(concerned, scene),), notes=notes)
    seen = Seen(notes=notes)
    parts: dict[str, list[Result]] = defaultdict(list)
    for result in concerned:
        parts[_part(result, scene)].append(result)
    for result in parts["node"]:
        seen += _node(result, scene)
    faults = tuple(
        Clue(result.unique_id, result.status, "unit-test", states.UNIT_TEST, message=shown(result.message), at=at_of(result, scene)) for result in parts["code"]
    )
    strangers = tuple(_stranger(result, scene) for result in parts["stranger"])
    return seen + Seen(strangers, faults, (*_strangers(parts["stranger"]), *_no_data(parts["no data"])))


def _part(result: Result, scene: Scene) -> str:
    """What sort of thing a result is about."""
    if result.unique_id.startswith("unit_test."):
        return "code"
    if result.unique_id not in scene.graph:
        return "node" if result.unique_id.startswith("operation.") else "stranger"
    kind = scene.graph.nodes[result.unique_id].resource_type
    return "code" if kind == "unit_test" else "no data" if kind in UNAFFECTED_TYPES - {"test", "operation"} else "node"


def _node(result: Result, scene: Scene) -> Seen:
    """One result of a node, a data test or a hook."""
    node = scene.graph.nodes.get(result.unique_id)
    if node is None or node.resource_type == "operation":
        return Seen((_hook(result, scene),))
    check = check_of(node, scene.graph, scene.code) if node.resource_type == "test" else None
    nodes = check.nodes if check is not None else (node.unique_id,)
    rule = rule_for(scene.policy.detect.rules, result.message, (node, *(scene.graph.nodes[item] for item in nodes)), check.kind if check is not None else "")
    if rule is not None and rule.category == IGNORE:
        return Seen(notes=(f"{scene.label(result.unique_id)} ({result.status}) makes no incident: the rule {rule.name!r} of aftershock.yml says so.",))
    own = _reading(result, check, scene)
    finding = Finding(
        result.unique_id,
        result.status,
        nodes,
        by_rule(rule, own) if rule is not None else own,
        shown(result.message),
        at=at_of(result, scene),
        stops=is_bad(result.status),
        against=check.against if check is not None else (),
        words=check.words if check is not None else "",
    )
    return Seen((finding,))


def _reading(result: Result, check: Check | None, scene: Scene) -> Reading:
    """What a result means by our own rules. A test that could not run says nothing about values, but may about columns and tables."""
    if check is None:
        return _partial(result) or read_error(result.message)
    if result.status == "fail" or result.status in WARNINGS:
        return read_test(check, scene.policy.detect.dimensions)
    return msgspec.structs.replace(read_error(result.message), about_test=True)


def _stranger(result: Result, scene: Scene) -> Finding:
    """A result of what the manifest does not have: an incident all the same, though nobody can say of which node."""
    kind, _, rest = result.unique_id.partition(".")
    failed = result.status == "fail" or result.status in WARNINGS
    own = read_test(nameless(rest.split(".")[1:2]), {}) if kind == "test" and failed else read_error(result.message)
    reading = msgspec.structs.replace(own, cause=own.cause or f"unknown {own.category}", missing=False)
    return Finding(result.unique_id, result.status, (), reading, shown(result.message), at=at_of(result, scene), stops=is_bad(result.status))


def _partial(result: Result) -> Reading | None:
    """What a microbatch model of which some batches failed means, where its message does not tell why."""
    if result.status != "partial success":
        return None
    found = read_error(result.message)
    return read(PARTIAL) if found.rule == UNREAD.name else found


def _hook(result: Result, scene: Scene) -> Finding:
    """A hook: one before the run stands for what could have been built first and was not; else it stands for no data."""
    first = is_start(result.unique_id)
    nodes = tops(skipped(scene), scene) if first else ()
    row = states.BEFORE_ALL if first else states.AFTER_ALL
    inner = read_error(result.message)
    says = (row.says, "dbt built nothing after it" if nodes else "", "" if inner.rule == UNREAD.name else inner.says)
    reading = msgspec.structs.replace(read(row), says="; ".join(filter(None, says)), cause="hooks before" if first else "hooks after")
    return Finding(result.unique_id, result.status, nodes, reading, shown(result.message), at=at_of(result, scene), stops=True)


def is_start(unique_id: str) -> bool:
    """Whether a hook is one of on-run-start, as its unique_id tells."""
    return "on-run-start" in unique_id


def skipped(scene: Scene) -> tuple[str, ...]:
    """What dbt would have built and skipped because of something, not for want of a reason to build it, as Fusion writes too."""
    if scene.run is None:
        return ()
    return tuple(
        result.unique_id
        for result in scene.run.results.values()
        if result.status == "skipped"
        and result.unique_id in scene.graph
        and scene.graph.nodes[result.unique_id].resource_type in {"model", "seed", "snapshot", "function"}
        and (not scene.is_fusion or "upstream" in result.message.casefold() or "fail" in result.message.casefold())
    )


def tops(unique_ids: tuple[str, ...], scene: Scene) -> tuple[str, ...]:
    """Those that are below none of the others."""
    wanted = set(unique_ids)
    below: set[str] = set()
    for unique_id in scene.graph.in_order(wanted):
        if unique_id not in below:
            below |= set(scene.graph.descendants([unique_id])) - {unique_id}
    return tuple(unique_id for unique_id in scene.graph.in_order(wanted) if unique_id not in below)


def _is_false_file(scene: Scene, concerned: list[Result]) -> bool:
    """Whether every result is an error of Fusion's, also what it does not run, or would have skipped below another: then the file does not show what failed."""
    run = scene.run
    if run is None or not scene.is_fusion or len(concerned) < len(run.results) or any(item.status != "error" for item in concerned):
        return False
    known = [item.unique_id for item in concerned if item.unique_id in scene.graph]
    kinds = {scene.graph.nodes[unique_id].resource_type for unique_id in known}
    return len(known) > 1 and (len(kinds) > 1 or len(tops(tuple(known), scene)) < len(known))


def _all_error(concerned: list[Result], scene: Scene) -> list[Finding]:
    known = tuple(
        item.unique_id for item in concerned if item.unique_id in scene.graph and scene.graph.nodes[item.unique_id].resource_type not in UNAFFECTED_TYPES
    )
    told = [item for item in known if (run := scene.run) is not None and read_error(run.results[item].message).rule != UNREAD.name]
    nodes = tops(tuple(told) if 0 < len(told) < len(known) else known, scene)
    reading = msgspec.structs.replace(read(states.ALL_ERROR), cause="all-error")
    return [Finding(item.unique_id, item.status, nodes, reading, shown(item.message), at=at_of(item, scene), stops=True) for item in concerned]


def _unknown(results: list[Result]) -> list[str]:
    if not results:
        return []
    words = listing(sorted({repr(result.status) for result in results}))
    return [f"What the status {words} means is not known, so that {listing([item.unique_id for item in results])} could not be judged."]


def _not_building(which: str, concerned: list[Result]) -> str:
    note = f"run_results.json is of 'dbt {which}', which builds and tests nothing: it does not say how the last build went"
    failed = listing([f"{item.unique_id} ({item.status})" for item in concerned])
    return f"{note}; in it failed {failed}." if failed else f"{note}."


def _strangers(results: list[Result]) -> list[str]:
    if not results:
        return []
    named = listing([item.unique_id for item in results])
    return [f"manifest.json does not have {counted(len(results), 'node')} that failed, so what {named} would affect is not known."]


def _no_data(results: list[Result]) -> list[str]:
    named = listing([f"{item.unique_id} ({item.status})" for item in results])
    return [f"What failed holds no data, so that it makes no incident: {named}."] if results else []
