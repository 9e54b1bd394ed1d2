"""What earlier runs tell of time: how long each node takes, what a command takes beside its nodes, how many nodes it works on at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from aftershock import times
from aftershock.model import TEST_TYPES, ProjectInfo
from aftershock.recovery.carried import vars_text
from aftershock.recovery.shapes import INCREMENTALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.model import Node, Result, Run

Way = Literal["plain", "full", "window"]
"""How a command builds a node: as every day, whole, or for a part of time."""

BUILDING = frozenset({"build", "run", "test", "seed", "snapshot", "retry"})
"""Commands whose timings are of work in the warehouse: compile and docs generate write results too, but only render SQL."""

DONE = frozenset({"success", "pass", "fail", "warn", "partial success"})
RECENT = 5
"""The newest timings of a node that count: data grows."""

MOST_THREADS = 8
"""Where no run shows how many threads there are. dbt's own default is one."""

MANY = 2
"""A command with this many times more nodes than threads has used all of them."""


class Span(msgspec.Struct, frozen=True):
    """From ``low`` to ``high`` seconds."""

    low: float = 0.0
    high: float = 0.0

    def plus(self, other: Span) -> Span:
        """One after the other."""
        return Span(self.low + other.low, self.high + other.high)

    def wider(self, down: float, up: float) -> Span:
        """The same with each end multiplied."""
        return Span(self.low * down, self.high * up)


PROCESS_SHARE, PROCESS_LEAST, PROCESS_MOST = 1.7, 1.2, 6.0
"""Python reading dbt before dbt notes when it started, and its end, are in no artifact. On a small project they took about 1.7 times what dbt's own start
took, on a quiet machine as on a busy one; a large project changes the latter alone, hence an end in seconds."""

FULL = 10.0
"""At most so many times longer than a plain run where no full refresh was timed."""

KIN = (0.5, 2.0)
"""A node that was not timed, beside the middle half of the same materialization's."""

STRANGER = (0.33, 3.0)
"""As KIN, where nothing of its materialization was timed."""

ANY = "*"
"""Any materialization."""


class Took(msgspec.Struct, frozen=True):
    """How long one node takes; ``source`` says what tells: its own timing, its timing when built another way, or other nodes' timings."""

    span: Span
    source: Literal["timed", "otherwise", "kin"]


class Timings:
    """The timings of past runs of one project.

    Only runs of the newest one's target and engine count, each once: another target has other data. Runs with ``--empty`` or ``--sample`` do not.
    """

    def __init__(self, runs: Sequence[Run], graph: LineageGraph) -> None:
        self._graph = graph
        self._runs = tuple(_alike(runs))
        self._seconds: dict[tuple[str, Way], list[float]] = {}
        for run in self._runs:
            for unique_id, result in run.results.items():
                node = graph.nodes.get(unique_id)
                if node is not None and result.status in DONE and result.seconds > 0 and (way := _way(node, run)) is not None:
                    # of a part of time, what can be compared is one batch
                    self._seconds.setdefault((unique_id, way), []).append(result.seconds)
                    if result.batches:
                        self._seconds.setdefault((unique_id, "window"), []).append(result.seconds / result.batches)
        self._kin = _kin(self._seconds, graph)
        self.idle = tuple(seconds for run in self._runs if (seconds := idle(run)) is not None)[-RECENT:]

    @property
    def runs(self) -> int:
        """How many runs count."""
        return len(self._runs)

    @property
    def vars(self) -> str:
        """The newest run's variables, as :func:`aftershock.recovery.carried.vars_text` writes them."""
        return vars_text(self._runs[-1].args.get("vars")) if self._runs else ""

    def took(self, unique_id: str, way: Way, batches: int = 0) -> Took | None:
        """How long a node takes, built this way; ``batches`` is of how many batches a window is. None where nothing tells."""
        node = self._graph.nodes[unique_id]
        plain, full, batch = self._of(unique_id, "plain"), self._of(unique_id, "full"), self._of(unique_id, "window")
        way = _configured(node, way)
        if way == "window" and batches and batch is not None:
            return Took(batch.wider(batches, batches), "timed")
        if (own := {"plain": plain, "full": full}.get(way)) is not None:
            return Took(own, "timed")
        if plain is not None or full is not None:
            return Took(_otherwise(way, plain, full), "otherwise")
        kin = self._kin.get((node.resource_type, node.materialized))
        return None if kin is None else Took(kin.wider(1.0, FULL) if _differs(node, way) else kin, "kin")

    def stranger(self, unique_id: str) -> Took | None:
        """How long any node of its resource type takes; None where none was timed."""
        found = self._kin.get((self._graph.nodes[unique_id].resource_type, ANY))
        return None if found is None else Took(found, "kin")

    def start(self) -> Span:
        """What a command takes beside its nodes: dbt's own start, reading the project, asking the warehouse what is there, hooks."""
        if self.idle:
            own = middle(self.idle)
            return Span(own.low + _process(own.low), own.high + _process(own.high))
        size = len(self._graph.nodes)
        if self._runs and _engine(self._runs[-1]) == "fusion":
            return Span(0.75 + size * 0.0005, 1.5 + size * 0.001)
        reading = Span(2.5 + size * 0.002, 5.0 + size * 0.004)
        after = [seconds for run in self._runs if (seconds := idle_once_read(run)) is not None][-RECENT:]
        return reading.plus(middle(after)) if after else reading

    def reading(self) -> Span:
        """What it takes besides to read the whole project again, which dbt does where its variables are others than the last time."""
        size = len(self._graph.nodes)
        return Span(0.5 + size * 0.003, 1.0 + size * 0.03)

    def threads(self) -> tuple[int, int]:
        """The fewest and the most nodes that a command works on at once, by its options, else by what threads worked in earlier runs."""
        typed = next((found for run in reversed(self._runs) if (found := _typed_threads(run))), 0)
        if typed:
            return typed, typed
        seen = [(len({result.thread for result in done}), len(done)) for run in self._runs if (done := _by_workers(run))]
        most = max((threads for threads, _ in seen), default=1)
        known = any(nodes >= MANY * threads for threads, nodes in seen if threads == most)
        return most, most if known else max(most, MOST_THREADS)

    def _of(self, unique_id: str, way: Way) -> Span | None:
        found = self._seconds.get((unique_id, way))
        return middle(found[-RECENT:]) if found else None


def middle(seconds: Sequence[float]) -> Span:
    """The middle half of some durations: one outlier moves neither end far."""
    ordered = sorted(seconds)
    return Span(_at(ordered, 0.25), _at(ordered, 0.75))


def _process(idle_seconds: float) -> float:
    return min(max(PROCESS_SHARE * idle_seconds, PROCESS_LEAST), PROCESS_MOST)


def idle(run: Run) -> float | None:
    """Seconds of a run in which no node was being worked on; None where its artifact does not tell."""
    end, start, spans = _seconds(run.generated_at), _seconds(run.started_at), _spans(run)
    if end is None or start is None or not spans or start > spans[0][0] or max(ended for _, ended in spans) > end + 1:
        return None
    return max(0.0, end - start - _busy(spans))


def idle_once_read(run: Run) -> float | None:
    """As :func:`idle`, without the time before the project was read: what versions before 1.10 of dbt core tell."""
    spans = _spans(run)
    if run.elapsed is None or not spans or _engine(run) != "core":  # Fusion's is no time on a clock
        return None
    return max(0.0, run.elapsed - _busy(spans))


def _spans(run: Run) -> list[tuple[float, float]]:
    """When nodes were worked on, the earliest first."""
    return sorted((begun, ended) for result in run.results.values() if (begun := _seconds(result.started_at)) and (ended := _seconds(result.completed_at)))


def _busy(spans: Sequence[tuple[float, float]]) -> float:
    """Seconds in which at least one node was worked on."""
    busy, until = 0.0, spans[0][0]
    for begun, ended in spans:
        busy += max(0.0, ended - max(begun, until))
        until = max(until, ended)
    return busy


def _alike(runs: Iterable[Run]) -> Iterator[Run]:
    building = [run for run in runs if (not run.which or run.which in BUILDING) and not run.args.get("empty") and not run.args.get("sample")]
    seen: set[str] = set()
    for run in building:
        if (_engine(run), run.args.get("target")) == (_engine(building[-1]), building[-1].args.get("target")) and run.invocation_id not in seen:
            seen.update([run.invocation_id] if run.invocation_id else [])
            yield run


def _engine(run: Run) -> str:
    return ProjectInfo(dbt_version=run.dbt_version).engine


def _way(node: Node, run: Run) -> Way | None:
    """How a run built a node; None where what it did can be compared with no other run."""
    if run.args.get("event_time_start") and node.build.strategy == "microbatch":
        return "window"
    given = run.args.get("vars")
    if isinstance(given, dict) and not given.keys().isdisjoint(node.build.vars):
        return None
    return _configured(node, "full" if run.args.get("full_refresh") is True else "plain")


def _configured(node: Node, way: Way) -> Way:
    """What a flag comes to with the node's own configuration."""
    if not _differs(node, "full") or (way == "full" and node.build.full_refresh is False):
        return "plain"
    return "full" if way == "plain" and node.build.full_refresh is True else way


def _differs(node: Node, way: Way) -> bool:
    """Whether a node is built otherwise this way than every day."""
    return way != "plain" and node.materialized in INCREMENTALS and not node.build.takes_all


def _otherwise(way: Way, plain: Span | None, full: Span | None) -> Span:
    """From how it was built to how it will be: a part is less than the whole, and no less than a day's rows would take."""
    whole = full or (plain.wider(1.0, FULL) if plain else Span())
    part = plain or Span(whole.low / FULL, whole.high)
    return Span(part.low, whole.high) if way == "window" else whole if way == "full" else part


def _kin(seconds: Mapping[tuple[str, Way], Sequence[float]], graph: LineageGraph) -> dict[tuple[str, str], Span]:
    """How long nodes of a resource type and materialization take."""
    pools: dict[tuple[str, str], list[float]] = {}
    for (unique_id, way), found in seconds.items():
        if way == "plain":
            node, newest = graph.nodes[unique_id], found[-RECENT:]
            for kind in ((node.resource_type, node.materialized), (node.resource_type, ANY)):
                pools.setdefault(kind, []).append(sum(newest) / len(newest))
    return {kind: middle(pool).wider(*(STRANGER if kind[1] == ANY else KIN)) for kind, pool in pools.items()}


def _typed_threads(run: Run) -> int:
    command = run.args.get("invocation_command")
    typed = re.search(r"\s--threads[= ](\d{1,4})\b", command) if isinstance(command, str) else None
    given = run.args.get("threads")
    return int(typed[1]) if typed else given if isinstance(given, int) and given > 0 else 0


def _by_workers(run: Run) -> list[Result]:
    """What a pool's threads did: hooks and skipped nodes are the main thread's."""
    return [result for result in run.results.values() if result.status in DONE and result.thread and not result.thread.lower().startswith("main")]


def _at(ordered: Sequence[float], share: float) -> float:
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _seconds(written: str) -> float | None:
    """A time with its fraction, in seconds since 1970."""
    moment = times.read(written)
    fraction = re.search(r"\.(\d+)", written)
    return None if moment is None else moment.timestamp() + (float(f"0.{fraction[1]}") if fraction else 0.0)


def is_test(node: Node) -> bool:
    """Whether the node only looks at others."""
    return node.resource_type in TEST_TYPES
