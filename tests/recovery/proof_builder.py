"""Recorded results as values: who ran when, in minutes after the time from which results count."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from recovery_builder import project

from aftershock.graph import LineageGraph
from aftershock.model import DataTest, Freshness, Node, Phase, RecoveryPlan, Result, Run, SourceStatus, Step
from aftershock.model.proof import Recorded, RecordedFreshness, RecordedRun
from aftershock.recovery.proof import Proof, Scope, prove

if TYPE_CHECKING:
    from collections.abc import Sequence

SINCE = datetime(2026, 3, 1, 6, tzinfo=timezone.utc)


def at(minutes: float) -> str:
    """As dbt writes it."""
    return (SINCE + timedelta(minutes=minutes)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def uid(name: str) -> str:
    """``orders`` is a model, ``test.unique`` a test, ``source.orders`` a source."""
    kind, _, rest = name.rpartition(".")
    return f"source.shop.raw.{rest}" if kind == "source" else f"{kind or 'model'}.shop.{rest}"


def data_test(name: str, *parents: str, severity: str = "error") -> Node:
    return Node(f"test.shop.{name}", "test", name, "shop", parents=parents, test=DataTest(name, attached_node=parents[0], severity=severity))


def result(name: str, status: str, began: float, ended: float | None = None, message: str = "") -> Result:
    """A result that took one second, unless it says when it ended."""
    over = at(began) if ended is None else at(ended)
    return Result(uid(name), status, message, 1.0, None, at(began), over)


def run(*results: Result, which: str = "build", target: str | None = "prod", file: str = "", dbt: str = "1.11.0", **args: Any) -> RecordedRun:  # noqa: ANN401
    written = max((item.completed_at for item in results), default=at(1))
    given = {"which": which, **({"target": target} if target else {}), **args}
    return RecordedRun(file or f"{which}.json", Run(which, dbt, written, "one", given, {item.unique_id: item for item in results}))


def fresh(minutes: float, file: str = "sources.json", loaded: str = "", **statuses: str) -> RecordedFreshness:
    sources = {uid(f"source.{name}"): SourceStatus(uid(f"source.{name}"), status, loaded) for name, status in statuses.items()}
    return RecordedFreshness(file, Freshness("1.11.0", at(minutes), "one", sources))


def planned(*steps: Step, untouched: Sequence[str] = ()) -> RecoveryPlan:
    return RecoveryPlan((Phase("plain", steps),), tuple(uid(name) for name in untouched))


def proved(
    nodes: Sequence[Node],
    *found: RecordedRun | RecordedFreshness,
    failing: Sequence[str] = (),
    plan: RecoveryPlan | None = None,
    confirmed: Sequence[str] = (),
    of: Sequence[str] = (),
    **given: Any,  # noqa: ANN401
) -> Proof:
    """What the results prove of these nodes, all but tests unless ``of`` names some."""
    graph = LineageGraph.of(project(*nodes))
    judged = [uid(name) for name in of] or [node.unique_id for node in nodes if node.resource_type != "test"]
    scope = Scope(tuple(judged), frozenset(uid(name) for name in failing), plan, given.pop("category", None))
    record = Recorded(tuple(item for item in found if isinstance(item, RecordedRun)), tuple(item for item in found if isinstance(item, RecordedFreshness)))
    return prove(graph, scope, record, since=SINCE, confirmed=frozenset(uid(name) for name in confirmed), **given)


def states(proof: Proof) -> dict[str, str]:
    """Name: state."""
    return {node.unique_id.rpartition(".")[2]: node.state for node in proof.nodes}


def why(proof: Proof, name: str) -> str:
    return next(node.why for node in proof.nodes if node.unique_id.rpartition(".")[2] == name)
