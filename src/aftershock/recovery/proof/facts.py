"""What a judgement looks at: since when each node holds new data, what its tests said of that, and how fresh sources are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from aftershock.graph import LineageGraph
from aftershock.model import BAD_STATUSES, Catalog, Category, RecoveryPlan
from aftershock.model.proof import Evidence
from aftershock.recovery.proof.rebuilt import Rebuilt, rebuilt, repairing_steps
from aftershock.recovery.proof.record import Record, moment
from aftershock.recovery.shapes import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aftershock.model import Node, SourceStatus
    from aftershock.model.proof import RecordedFreshness

NEVER_BUILT = frozenset({"source", "foreign", "exposure", "semantic", "export"})
"""Shapes that no command of this project builds."""


class Scope(msgspec.Struct, frozen=True):
    """What is judged: ``nodes`` by unique_id, those of them that are ``failing``; the plan that was followed, and the category, where there are any."""

    nodes: tuple[str, ...]
    failing: frozenset[str] = frozenset()
    plan: RecoveryPlan | None = None
    category: Category | None = None


class Checked(NamedTuple):
    """The newest freshness of a source since then: None where the newest file does not list it."""

    status: SourceStatus | None
    seen: Evidence


class Tested(NamedTuple):
    """What a data test says of what it reads as it is now; ``due`` where it has not run since that was built."""

    unique_id: str
    name: str
    outcome: Literal["bad", "due", "warned", "passed"]
    message: str = ""
    seen: tuple[Evidence, ...] = ()


class Facts(msgspec.Struct, frozen=True):
    """Everything about the nodes of a scope that does not depend on the judgement of another.

    ``settled`` is since when a node holds new data, for a source since when its newest row is there; ``shaken`` the last failure of a test after that.
    """

    graph: LineageGraph
    scope: Scope
    record: Record
    rebuilt: Mapping[str, Rebuilt]
    settled: Mapping[str, datetime]
    shaken: Mapping[str, datetime]
    tests: Mapping[str, tuple[Tested, ...]]
    checked: Mapping[str, Checked]
    catalog: Catalog | None
    untouched: frozenset[str]

    def parents(self, node: Node) -> tuple[str, ...]:
        """What a node reads, of what is judged: of anything else nobody says that it is affected."""
        return tuple(parent for parent in dict.fromkeys(node.parents) if parent in self.rebuilt)


def facts_of(  # noqa: PLR0913  # one of each kind of file
    graph: LineageGraph, scope: Scope, record: Record, *, order: Sequence[str], freshness: Sequence[RecordedFreshness], catalog: Catalog | None
) -> Facts:
    """Everything there is to know about the nodes of ``order``, which are those of the scope, none before one that it reads."""
    steps = repairing_steps(scope.plan) if scope.plan is not None else {}
    done = {unique_id: rebuilt(unique_id, record, steps.get(unique_id, ())) for unique_id in order}
    checked = _checked(freshness, record.since, [graph.nodes[unique_id] for unique_id in order])
    settled = _settled(graph, scope, order, done, checked)
    tests = _tests(graph, record, order, settled)
    shaken = {unique_id: last for unique_id in order if (last := _shaken(unique_id, graph, record)) is not None and last > settled.get(unique_id, record.since)}
    untouched = frozenset(scope.plan.untouched) if scope.plan is not None else frozenset()
    fresh_catalog = catalog if catalog is not None and _is_since(catalog.generated_at, record.since) else None
    return Facts(graph, scope, record, done, settled, shaken, tests, checked, fresh_catalog, untouched)


def _settled(graph: LineageGraph, scope: Scope, order: Sequence[str], done: Mapping[str, Rebuilt], checked: Mapping[str, Checked]) -> dict[str, datetime]:
    """A stored node is as new as its build, a view as what it reads."""
    found: dict[str, datetime] = {}
    for unique_id in order:
        node, own = graph.nodes[unique_id], done[unique_id].mark
        times = [own.ended] if own is not None else []
        if node.resource_type == "source":
            times += _loaded(unique_id, scope, checked)
        elif not node.is_stored:
            times += [found[parent] for parent in node.parents if parent in found]
        if times:
            found[unique_id] = max(times)
    return found


def _loaded(unique_id: str, scope: Scope, checked: Mapping[str, Checked]) -> Iterable[datetime]:
    """When a source that was stale got its newest row: what was built before that holds the old ones. Other sources are loaded while their readers run."""
    stale = scope.category is None or scope.category.value == "stale-data"
    status = checked[unique_id].status if unique_id in checked else None
    if stale and unique_id in scope.failing and status is not None and (loaded := moment(status.max_loaded_at)) is not None:
        yield loaded


def _checked(freshness: Sequence[RecordedFreshness], since: datetime, nodes: Iterable[Node]) -> dict[str, Checked]:
    """For each source the newest file that lists it, else the newest of all."""
    files = sorted((item for item in freshness if _is_since(item.freshness.generated_at, since)), key=lambda item: item.freshness.generated_at)
    found: dict[str, Checked] = {}
    for node in nodes:
        if files and node.source is not None and node.source.freshness:
            item = next((item for item in reversed(files) if node.unique_id in item.freshness.sources), files[-1])
            status = item.freshness.sources.get(node.unique_id)
            word = status.status if status is not None else "absent"
            found[node.unique_id] = Checked(status, Evidence(item.file, node.unique_id, word, item.freshness.generated_at))
    return found


def _is_since(written: str, since: datetime) -> bool:
    at = moment(written)
    return at is not None and at >= since


def tests_on(unique_id: str, graph: LineageGraph) -> list[str]:
    """The data tests that read a node, also those that are declared on another one: which of the two is wrong, a failure does not say."""
    return sorted(child for child in graph.children(unique_id) if graph.nodes[child].resource_type == "test")


def _tests(graph: LineageGraph, record: Record, order: Sequence[str], settled: Mapping[str, datetime]) -> dict[str, tuple[Tested, ...]]:
    known: dict[str, Tested] = {}
    found: dict[str, tuple[Tested, ...]] = {}
    for unique_id in order:
        tests = tests_on(unique_id, graph)
        for test in tests:
            if test not in known:
                known[test] = _tested(graph.nodes[test], record, settled)
        found[unique_id] = tuple(known[test] for test in tests)
    return found


def _tested(test: Node, record: Record, settled: Mapping[str, datetime]) -> Tested:
    """A result counts once everything that the test reads is built again: one from before that is of other data, whatever it says."""
    due = max((settled[parent] for parent in test.parents if parent in settled), default=record.since)
    marks = [mark for mark in record.after(test.unique_id) if not mark.hollow and (mark.is_bad or mark.status in {"pass", "warn"})]
    last = marks[-1] if marks else None
    if last is None or last.began < max(due, record.since):
        return Tested(test.unique_id, test.name, "due", seen=(last.seen,) if last is not None else ())
    outcome: Literal["bad", "warned", "passed"] = "bad" if last.status in BAD_STATUSES else "warned" if last.status == "warn" else "passed"
    return Tested(test.unique_id, test.name, outcome, last.message, (last.seen,))


def _shaken(unique_id: str, graph: LineageGraph, record: Record) -> datetime | None:
    """The last time that a test of the node's own failed: where it passed later without a build, the data was changed in between, by hand."""
    own = [test for test in tests_on(unique_id, graph) if (info := graph.nodes[test].test) is not None and info.attached_node in {"", unique_id}]
    return max((mark.ended for test in own for mark in record.after(test) if mark.is_bad and not mark.hollow), default=None)


def is_built(node: Node) -> bool:
    """Whether a command of this project makes it."""
    return shape_of(node) not in NEVER_BUILT and node.materialized != "ephemeral"
