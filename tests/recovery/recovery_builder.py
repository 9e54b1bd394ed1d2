"""Small projects and incidents, as values."""

from __future__ import annotations

from aftershock.graph import LineageGraph
from aftershock.impact import assess
from aftershock.model import (
    Artifacts,
    Build,
    Category,
    Export,
    ExposureInfo,
    Node,
    Owner,
    Policy,
    Project,
    ProjectInfo,
    RecoveryPlan,
    Result,
    Run,
    Seed,
    SourceInfo,
    Window,
)
from aftershock.recovery import Evidence, plan

NO_WINDOW = Window()
POLICY = Policy()
WINDOW = Window("2026-03-02T04:00:00Z", "2026-03-04T09:30:00Z")
REPAIRS = {"run", "seed", "snapshot", "full-refresh", "window", "sql", "restore"}
EXPOSURE = ExposureInfo("dashboard", owners=(Owner("Ada", "ada@shop.example"),))


def model(name: str, *parents: str, materialized: str = "table", package: str = "shop", **build: object) -> Node:
    unique_id = f"model.{package}.{name}"
    folder = ("marts",)
    return Node(
        unique_id,
        "model",
        name,
        package,
        f"models/marts/{name}.sql",
        (package, *folder, name),
        parents,
        build=Build(materialized, **build),
        relation_name=f'"db"."main"."{name}"',
    )


def incremental(name: str, *parents: str, strategy: str = "merge", unique_key: tuple[str, ...] = ("id",), **build: object) -> Node:
    return model(name, *parents, materialized="incremental", strategy=strategy, unique_key=unique_key, **build)


def microbatch(name: str, *parents: str, batch_size: str = "day", **build: object) -> Node:
    return incremental(name, *parents, strategy="microbatch", unique_key=(), event_time="at", batch_size=batch_size, begin="2020-01-01", **build)


def source(name: str = "orders", *, freshness: bool = True, loader: str = "") -> Node:
    return Node(
        f"source.shop.raw.{name}", "source", name, "shop", "models/_s.yml", ("shop", "raw", name), source=SourceInfo("raw", loader, freshness, freshness)
    )


def other(kind: str, name: str, *parents: str, path: str = "models/_m.yml", **fields: object) -> Node:
    materialized = kind if kind in {"seed", "snapshot", "function"} else ""
    return Node(f"{kind}.shop.{name}", kind, name, "shop", path, ("shop", name), parents, build=Build(materialized), **fields)


def exposure(name: str, *parents: str) -> Node:
    return other("exposure", name, *parents, exposure=EXPOSURE)


def saved_query(name: str, *parents: str) -> Node:
    return other("saved_query", name, *parents, exports=(Export("out", "db.exports.out"),))


def project(*nodes: Node, adapter: str = "duckdb") -> Project:
    return Project(ProjectInfo("shop", "1.11.0", adapter), {node.unique_id: node for node in nodes})


def ran(**statuses: str) -> Run:
    """A run of models by name, with a known target."""
    results = {f"model.shop.{name}": Result(f"model.shop.{name}", status) for name, status in statuses.items()}
    return Run("build", args={"target": "prod", "invocation_command": "dbt build --target prod"}, results=results)


def planned(
    of: Project, category: Category | str, *failing: str, run: Run | None = None, window: Window = NO_WINDOW, confirmed: bool = True, policy: Policy = POLICY
) -> RecoveryPlan:
    graph = LineageGraph.of(of)
    seeds = [Seed(unique_id if "." in unique_id else f"model.shop.{unique_id}") for unique_id in failing]
    found = assess(Artifacts(of, run), graph, seeds, Category(category), policy=policy, detected_at="2026-03-05T06:00:00Z", window=window, confirmed=confirmed)
    return plan(found, graph, evidence=Evidence(run), project=of, policy=policy)


def lines(found: RecoveryPlan) -> list[str]:
    """``phase kind: names`` for every step, in order."""
    return [f"{phase.kind} {step.kind}: {' '.join(unique_id.rpartition('.')[2] for unique_id in step.nodes)}" for phase in found.phases for step in phase.steps]


def commands(found: RecoveryPlan) -> list[str]:
    return [" ".join(step.argv) for phase in found.phases for step in phase.steps if step.argv]


def repair_of(found: RecoveryPlan, name: str) -> str:
    """``phase kind`` of the step that repairs a model."""
    (answer,) = [
        f"{phase.kind} {step.kind}"
        for phase in found.phases
        for step in phase.steps
        if phase.kind not in {"gate", "pause", "backup", "verify"} and f"model.shop.{name}" in step.nodes
    ]
    return answer


def copied(found: RecoveryPlan) -> set[str]:
    """Names of what the plan copies first."""
    return {unique_id.rpartition(".")[2] for phase in found.phases if phase.kind == "backup" for step in phase.steps for unique_id in step.nodes}
