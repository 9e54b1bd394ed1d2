"""How long a plan's commands take, from the timings of earlier runs: a range and what it rests on, or that nobody can know."""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING

import msgspec

from aftershock import times
from aftershock.impact.checklist import duration
from aftershock.model import Estimate, Step
from aftershock.phrases import counted
from aftershock.recovery.names import listed
from aftershock.recovery.timings import Span, Timings, Took, Way, is_test

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from aftershock.graph import LineageGraph
    from aftershock.model import Phase, Run

WIDEST = 3.0
"""The high end is at most so many times the low: a wider range says nothing that a person could plan by."""

KNOWN = 2.0
"""Where what is known leaves more than this many times between the least and the most, too little is known for such a range."""

LOAD = (0.7, 1.8)
"""The same work takes from so much to so much of its earlier time: the warehouse and the machine are less or, oftener, more busy. Set by
``bench/estimates.py --set tune``."""

BUILDS = frozenset({"run", "seed", "snapshot", "retry", "full-refresh", "window", "test"})
"""Kinds of step whose nodes are in run results."""

FOREIGN_START = Span(5.0, 60.0)
"""What another program than dbt takes to start: an assumption."""

NO_COMMANDS = "No command repairs this by itself, so there is nothing to time."
PEOPLE = "What people have to do is not counted, nor the time until they do it."
MONTHS = 12


class Draft(msgspec.Struct, frozen=True):
    """One command: its own start, its nodes with how long each takes, and those of which nothing tells."""

    step: Step
    start: Span
    took: dict[str, Took]
    unknown: tuple[str, ...]


def estimate(phases: Sequence[Phase], graph: LineageGraph, runs: Sequence[Run], *, threads: int | None = None) -> Estimate:
    """The commands' share of the time to resolve: they go one after another, and within each a node waits for what it reads.

    Args:
        phases: a plan's. What has no command is not counted.
        graph: the lineage of the project.
        runs: past runs of this project, the newest last; only those of its target and engine count.
        threads: how many nodes dbt works on at once; None for what the runs tell.

    Returns:
        Seconds from low to high, high at most :data:`WIDEST` times the low; both None where what is known gives no such range.
    """
    steps = [step for phase in phases for step in phase.steps]
    timings = Timings(runs, graph)
    drafts = tuple(_drafts([step for step in steps if step.argv], timings, graph))
    if not drafts:
        return Estimate(basis=(NO_COMMANDS,))
    fewest, most = (threads, threads) if threads else timings.threads()
    total = Span()
    for draft in drafts:
        low = makespan({unique_id: item.span.low for unique_id, item in draft.took.items()}, graph, most)
        high = makespan({unique_id: item.span.high for unique_id, item in draft.took.items()}, graph, fewest)
        total = total.plus(draft.start).plus(Span(low, high))
    unknown = any(draft.unknown for draft in drafts) or total.high > KNOWN * total.low
    basis = (
        *_of_commands(drafts, timings),
        *_of_nodes(drafts, timings, graph),
        *([_of_threads(fewest, most, given=bool(threads))] if any(len(draft.took) > 1 for draft in drafts) else []),
        *_of_rest(drafts),
        *([PEOPLE] if any(not step.argv for step in steps) else []),
    )
    if unknown:
        return Estimate(basis=(f"It takes at least {duration(total.low * LOAD[0])}; how much longer, too little is known to say.", *basis))
    found = _within(total.wider(*LOAD))
    return Estimate(found.low, found.high, basis)


def _within(span: Span) -> Span:
    """To a tenth of a second; the ends cut alike where they are too far apart, since the errors of many nodes do not all fall on one side."""
    excess = max(1.0, span.high / span.low / WIDEST) ** 0.5
    low = math.ceil(span.low * excess * 10) / 10
    return Span(low, math.floor(min(span.high / excess, WIDEST * low) * 10) / 10)


def makespan(seconds: Mapping[str, float], graph: LineageGraph, threads: int) -> float:
    """How long one dbt command works on these nodes: each waits for those that it depends on through any path, and for a free thread.

    Where models and tests go together a test holds up what reads the tested model, as in ``dbt build``.
    """
    ranks = graph.ranks(seconds)
    children = _waiting_for(seconds, ranks, graph)
    waiting = dict.fromkeys(children, 0)
    for later in children.values():
        for child in later:
            waiting[child] += 1
    ready = [(ranks.get(unique_id, -1), unique_id) for unique_id, number in waiting.items() if not number]
    heapq.heapify(ready)
    working: list[tuple[float, str]] = []
    now = 0.0
    while ready or working:
        while ready and len(working) < threads:
            _, unique_id = heapq.heappop(ready)
            heapq.heappush(working, (now + seconds.get(unique_id, 0.0), unique_id))
        now, done = heapq.heappop(working)
        for child in children[done]:
            waiting[child] -= 1
            if not waiting[child]:
                heapq.heappush(ready, (ranks.get(child, -1), child))
    return now


def _waiting_for(seconds: Mapping[str, float], ranks: Mapping[str, int], graph: LineageGraph) -> dict[str, list[str]]:
    """What waits for each node; nodes between those of the command are passed in no time."""
    between = graph.descendants(seconds)
    children = {unique_id: [child for child in graph.children(unique_id) if child in between] for unique_id in between}
    for test in (unique_id for unique_id in seconds if is_test(graph.nodes[unique_id])):
        tested = [parent for parent in graph.parents(test) if parent in ranks]
        last = max((ranks[parent] for parent in tested), default=0)
        held = {child for parent in tested for child in graph.children(parent) if ranks.get(child, 0) > last and not is_test(graph.nodes[child])}
        children[test].extend(sorted(held))
    return children


def _drafts(steps: Sequence[Step], timings: Timings, graph: LineageGraph) -> Iterator[Draft]:
    start, read = timings.start(), timings.vars
    wanted = [_nodes(step, graph) for step in steps]
    timed = [timings.took(unique_id, way, batches) for nodes in wanted for unique_id, (way, batches) in nodes.items()]
    mostly = 2 * sum(item is not None for item in timed) >= len(timed)
    for step, nodes in zip(steps, wanted, strict=True):
        found = {unique_id: timings.took(unique_id, way, batches) for unique_id, (way, batches) in nodes.items()}
        found = {unique_id: item or (timings.stranger(unique_id) if mostly else None) for unique_id, item in found.items()}
        took = {unique_id: item for unique_id, item in found.items() if item is not None}
        given = _option(step.argv, "--vars")
        again = timings.reading() if given != read else Span()
        read = given
        own = start.plus(again) if step.argv[0] == "dbt" else start.plus(FOREIGN_START)
        yield Draft(step, own, took, tuple(unique_id for unique_id in found if unique_id not in took))


def _nodes(step: Step, graph: LineageGraph) -> dict[str, tuple[Way, int]]:
    """The nodes that a command works on, each with how it is built and in how many batches where that is known."""
    if step.kind not in BUILDS or step.sql:
        return {}
    since, until = times.read(_option(step.argv, "--event-time-start")), times.read(_option(step.argv, "--event-time-end"))
    way: Way = "window" if step.kind == "window" else "full" if "--full-refresh" in step.argv else "plain"
    nodes = {unique_id: graph.nodes[unique_id] for unique_id in step.nodes if unique_id in graph}
    return {
        unique_id: (way, batches_between(since, until, node.build.batch_size) if since and until else 0)
        for unique_id, node in nodes.items()
        if node.materialized != "ephemeral"
    }


def batches_between(since: datetime, until: datetime, size: str) -> int:
    """How many batches of this size lie between two times that are the ends of batches; 0 for a size that dbt does not have."""
    years, hours = until.year - since.year, (until - since).total_seconds() / 3600
    sizes = {"hour": hours, "day": hours / 24, "month": MONTHS * years + until.month - since.month, "year": years}
    return max(1, round(sizes[size])) if size in sizes else 0


def _option(argv: Sequence[str], name: str) -> str:
    return argv[argv.index(name) + 1] if name in argv[:-1] else ""


def _of_commands(drafts: Sequence[Draft], timings: Timings) -> Iterator[str]:
    start = timings.start()
    why = f"as in {counted(len(timings.idle), 'earlier run')}" if timings.idle else "an assumption, since no earlier run tells"
    length = f"{duration(start.low)} to {duration(start.high)}" if duration(start.low) != duration(start.high) else duration(start.low)
    each = f"takes {length} to start, {why}"
    yield f"The one command {each}." if len(drafts) == 1 else f"{counted(len(drafts), 'command')} one after another: each {each}."
    again = sum(draft.step.argv[0] == "dbt" and draft.start != start for draft in drafts)
    if again:
        yield f"In {counted(again, 'command')} dbt reads the whole project again, since --vars is another than just before: an assumption."
    if any(draft.step.argv[0] != "dbt" for draft in drafts):
        yield "How long a program other than dbt takes to start is an assumption."


def _of_nodes(drafts: Sequence[Draft], timings: Timings, graph: LineageGraph) -> Iterator[str]:
    sources = {unique_id: item.source for draft in drafts for unique_id, item in draft.took.items()}
    unknown = tuple(dict.fromkeys(unique_id for draft in drafts for unique_id in draft.unknown))
    if not sources and not unknown:
        return
    by = {source: [unique_id for unique_id, found in sources.items() if found == source] for source in ("timed", "otherwise", "kin")}
    known = len(by["timed"])
    yield f"{known:,} of {counted(len(sources.keys() | set(unknown)), 'node')} timed in {counted(timings.runs, 'earlier run')}."
    if by["otherwise"]:
        yield f"No earlier run built these in the way that this plan does, so they are a guess from how they were built: {listed(by['otherwise'], graph)}."
    if by["kin"]:
        yield f"Taken as other nodes were, in a wider range, since no earlier run timed them: {listed(by['kin'], graph)}."
    if unknown:
        yield f"Nothing tells how long these take: {listed(unknown, graph)}."


def _of_threads(fewest: int, most: int, *, given: bool) -> str:
    if fewest != most:
        return f"Between {fewest} and {most} threads: no earlier run tells."
    return f"{counted(most, 'thread')}, {'as given' if given else 'as in earlier runs'}."


def _of_rest(drafts: Sequence[Draft]) -> Iterator[str]:
    rest = [draft.step for draft in drafts if draft.step.sql or draft.step.kind not in BUILDS]
    statements = sum(bool(step.sql) for step in rest)
    if statements:
        yield f"Of {counted(statements, 'SQL step')} only the start is counted: no artifact tells how long the statements take."
    if len(rest) > statements:
        yield f"Of {counted(len(rest) - statements, 'other command')} only the start is counted, such as of the query for a source's freshness."
