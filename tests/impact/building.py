"""Small projects in a line or two: nodes by short name, a graph, a radius, a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from aftershock.graph import LineageGraph
from aftershock.impact import assess, blast_radius, judge
from aftershock.model import (
    Artifacts,
    Assessment,
    BlastRadius,
    Build,
    Category,
    DataTest,
    ExposureInfo,
    Freshness,
    Node,
    Policy,
    Project,
    ProjectInfo,
    Result,
    Run,
    Seed,
    SourceInfo,
    SourceStatus,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "artifacts"
AT = "2026-03-01T06:00:00Z"
CORE = ProjectInfo("shop", "1.11.0")
FUSION = ProjectInfo("shop", "2.0.0")
START = dict(zip(Category, ("P1", "P2", "P2", "P2", "P0", "P1"), strict=True))


def uid(text: str, kind: str = "model") -> str:
    """``orders`` is a model; whatever has a dot is a unique_id already."""
    return text if "." in text else f"{kind}.shop.{text}"


def node(name: str, *parents: str, kind: str = "model", **fields: Any) -> Node:  # noqa: ANN401
    unique_id = uid(name, kind)
    return Node(unique_id, unique_id.partition(".")[0], unique_id.split(".")[-1], "shop", parents=tuple(uid(parent) for parent in parents), **fields)


def model(name: str, *parents: str, materialized: str = "table", **fields: Any) -> Node:  # noqa: ANN401
    return node(name, *parents, build=Build(materialized), **fields)


def source(name: str, **fields: Any) -> Node:  # noqa: ANN401
    return node(f"source.shop.raw.{name}", source=SourceInfo("raw", **fields.pop("info", {})), **fields)


def exposure(name: str, *parents: str, **fields: Any) -> Node:  # noqa: ANN401
    info = ExposureInfo(**{"type": "dashboard", **fields.pop("info", {})})
    return node(name, *parents, kind="exposure", exposure=info, **fields)


def data_test(name: str, *parents: str, on: str = "", column: str = "", severity: str = "error", **fields: Any) -> Node:  # noqa: ANN401
    attached = uid(on) if on else uid(parents[0])
    return node(name, *parents, kind="test", test=DataTest("not_null", "", column, attached, severity), **fields)


def graph_of(*nodes: Node) -> LineageGraph:
    return LineageGraph({item.unique_id: item for item in nodes})


def seeds_of(*names: str, via: str = "") -> tuple[Seed, ...]:
    return tuple(Seed(uid(name), uid(via, "test") if via else "") for name in names)


def run_of(info: ProjectInfo = CORE, *, target: str = "", **statuses: str) -> Run:
    """Results by short name with ``__`` for the dot: ``orders="error"``, ``test__not_null="warn"``."""
    results = {}
    for name, status in statuses.items():
        unique_id = uid(".shop.".join(name.split("__", 1)) if "__" in name else name)
        results[unique_id] = Result(unique_id, status)
    return Run("build", info.dbt_version, args={"target": target} if target else {}, results=results)


def freshness_of(**statuses: str) -> Freshness:
    found = {f"source.shop.raw.{name}": status for name, status in statuses.items()}
    return Freshness(sources={unique_id: SourceStatus(unique_id, status) for unique_id, status in found.items()})


def radius_of(graph: LineageGraph, seeds: Sequence[Seed], category: Category = Category.DATA_QUALITY, run: Run | None = None) -> BlastRadius:
    return blast_radius(seeds, category, graph, info=CORE, run=run)


def verdict_of(graph: LineageGraph, category: Category, seeds: Sequence[Seed], policy: Policy | None = None, **given: Any) -> Verdict:  # noqa: ANN401
    radius = radius_of(graph, seeds, category, given.get("run"))
    return judge(radius, graph, policy or Policy(), **given)


def rules_of(verdict: Verdict) -> set[str]:
    return {reason.rule for reason in verdict.reasons}


def changed(item: Node, **fields: Any) -> Node:  # noqa: ANN401
    return msgspec.structs.replace(item, **fields)


def assessed(*nodes: Node, category: Category = Category.DATA_QUALITY, seeds: tuple[Seed, ...] = (), **given: Any) -> Assessment:  # noqa: ANN401
    """The assessment of a failing ``orders``, detected ``AT``."""
    graph = graph_of(*nodes)
    artifacts = Artifacts(Project(CORE, dict(graph.nodes)), run=given.pop("run", None))
    return assess(artifacts, graph, seeds or seeds_of("orders"), category, policy=given.pop("policy", Policy()), detected_at=AT, **given)
