"""Small projects and runs in a line or two; nodes by short name: ``orders`` is a model, ``raw.orders`` a source, ``unique:orders:id`` a test of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aftershock.detect import detect
from aftershock.model import (
    ArtifactFile,
    Artifacts,
    Build,
    Catalog,
    CatalogTable,
    Column,
    DataTest,
    ExposureInfo,
    Freshness,
    Node,
    Project,
    ProjectInfo,
    Result,
    Run,
    SourceInfo,
    SourceStatus,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.model.detection import Detection, Proposal

AT = "2026-03-01T06:00:00Z"
NOW = "2026-03-01T07:00:00Z"
CORE, FUSION = "1.11.0", "2.0.0-preview.196"


def uid(name: str) -> str:
    """A unique_id as it is; ``raw.orders`` is a source, anything else a model."""
    parts = name.split(".")
    if parts[0] in {"model", "test", "unit_test", "source", "seed", "snapshot", "operation", "exposure", "analysis"}:
        return name
    return f"source.shop.{name}" if len(parts) > 1 else f"model.shop.{name}"


def model(name: str, *parents: str, materialized: str = "table", **fields: Any) -> Node:  # noqa: ANN401
    unique_id = uid(name)
    return Node(
        unique_id,
        "model",
        name,
        "shop",
        path=f"models/{name}.sql",
        parents=tuple(map(uid, parents)),
        build=Build(materialized, **fields.pop("build", {})),
        schema="analytics",
        database="db",
        identifier=name,
        **fields,
    )


def source(name: str, *, freshness: bool = False, loader: str = "", **fields: Any) -> Node:  # noqa: ANN401
    group, _, table = name.partition(".")
    info = SourceInfo(group, loader, freshness, freshness)
    return Node(uid(name), "source", table, "shop", path="models/sources.yml", source=info, schema=group, database="db", identifier=table, **fields)


def data_test(kind: str, on: str, column: str = "", *, against: Iterable[str] = (), severity: str = "error", name: str = "", **fields: Any) -> Node:  # noqa: ANN401
    """A generic test with metadata, as newer manifests have it."""
    namespace, _, bare = kind.rpartition(".")
    called = name or "_".join(filter(None, (namespace, bare, on.replace(".", "_"), column)))
    test = DataTest(bare, namespace, column, uid(on), severity)
    parents = tuple(map(uid, (on, *against)))
    return Node(f"test.shop.{called}.0123456789", "test", called, "shop", path="models/schema.yml", parents=parents, test=test, **fields)


def bare_test(name: str, *parents: str, **fields: Any) -> Node:  # noqa: ANN401
    """A generic test whose manifest says nothing but its name."""
    return Node(f"test.shop.{name}.0123456789", "test", name, "shop", path="models/schema.yml", parents=tuple(map(uid, parents)), test=DataTest(), **fields)


def singular(name: str, *parents: str, **fields: Any) -> Node:  # noqa: ANN401
    return Node(f"test.shop.{name}", "test", name, "shop", path=f"tests/{name}.sql", parents=tuple(map(uid, parents)), test=DataTest(), **fields)


def unit_test(name: str, on: str) -> Node:
    return Node(f"unit_test.shop.{on}.{name}", "unit_test", name, "shop", path="models/schema.yml", parents=(uid(on),))


def exposure(name: str, *parents: str) -> Node:
    return Node(f"exposure.shop.{name}", "exposure", name, "shop", parents=tuple(map(uid, parents)), exposure=ExposureInfo("dashboard"))


def hook(name: str) -> Node:
    return Node(f"operation.shop.{name}", "operation", name, "shop")


def columns(*names: str) -> tuple[Column, ...]:
    return tuple(map(Column, names))


def result(node: Node | str, status: str, message: str = "", *, at: str = AT, failures: int | None = None) -> Result:
    unique_id = node if isinstance(node, str) else node.unique_id
    return Result(uid(unique_id), status, message, 1.0, failures, at, at)


def run_of(*results: Result, version: str = CORE, which: str = "build", at: str = AT, invocation: str = "one", **args: Any) -> Run:  # noqa: ANN401
    return Run(which, version, at, invocation, args, {item.unique_id: item for item in results}, at)


def freshness_of(*statuses: SourceStatus, at: str = AT) -> Freshness:
    return Freshness(CORE, at, "fresh", {item.unique_id: item for item in statuses})


def late(name: str, status: str = "error", *, loaded: str = "2026-02-27T06:00:00Z", error: str = "") -> SourceStatus:
    return SourceStatus(uid(name), status, loaded, 172_800.0, error)


def catalog_of(*, at: str = AT, **tables: dict[str, str] | int | tuple[dict[str, str], int]) -> Catalog:
    """Tables by short name with ``__`` for the dot: their columns, their number of rows, or both."""
    found = {}
    for name, given in tables.items():
        unique_id = uid(name.replace("__", "."))
        cells, rows = given if isinstance(given, tuple) else (given, None) if isinstance(given, dict) else ({}, given)
        found[unique_id] = CatalogTable(unique_id, "table", cells, rows)
    return Catalog(at, "cat", found)


def artifacts_of(*nodes: Node, run: Run | None = None, freshness: Freshness | None = None, version: str = CORE) -> Artifacts:
    info = ProjectInfo("shop", version, "postgres", 12, AT, "one")
    files = (
        ArtifactFile("manifest", "target/manifest.json", AT, "one", version),
        ArtifactFile("run_results", "target/run_results.json", run.generated_at, run.invocation_id, run.dbt_version, run.which)
        if run
        else ArtifactFile("run_results"),
        ArtifactFile("sources", "target/sources.json", freshness.generated_at) if freshness else ArtifactFile("sources"),
    )
    return Artifacts(Project(info, {node.unique_id: node for node in nodes}), run, freshness, files)


def found(
    *nodes: Node,
    results: Iterable[Result] = (),
    freshness: Freshness | None = None,
    version: str = CORE,
    run: Run | None = None,
    **given: Any,  # noqa: ANN401
) -> Detection:
    """What detect finds in these results."""
    run = run or (run_of(*results, version=version) if results else None)
    return detect(artifacts_of(*nodes, run=run, freshness=freshness, version=version), now=given.pop("now", NOW), **given)


def short(unique_id: str) -> str:
    """``orders`` for a model, ``raw.orders`` for a source."""
    return ".".join(unique_id.split(".")[2:])


def shape(item: Proposal) -> tuple[str, tuple[str, ...], int]:
    """Category, root nodes, and how many results an incident rests on."""
    return item.category.value, tuple(sorted(map(short, item.origins or item.nodes))), len(item.evidence)


def shapes(detection: Detection) -> list[tuple[str, tuple[str, ...], int]]:
    return sorted(map(shape, detection.incidents))
