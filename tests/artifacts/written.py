"""Manifests and results as small dicts: one of every shape that dbt has written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aftershock.artifacts import read_manifest

if TYPE_CHECKING:
    from aftershock.model import Node, Project

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SCENARIOS = sorted(path.name for path in (FIXTURES / "artifacts").iterdir())
Raw = dict[str, Any]


def metadata(kind: str = "manifest", version: int = 12, dbt: str = "1.11.0", **fields: Any) -> Raw:  # noqa: ANN401
    schema = f"https://schemas.getdbt.com/dbt/{kind}/v{version}.json"
    return {"dbt_schema_version": schema, "dbt_version": dbt, "generated_at": "2026-03-01T06:00:00.123456Z", "invocation_id": "one", **fields}


def resource(unique_id: str, **fields: Any) -> Raw:  # noqa: ANN401
    kind, package, *rest = unique_id.split(".")
    return {"unique_id": unique_id, "resource_type": kind, "name": rest[-1], "package_name": package, **fields}


def manifest(*resources: Raw, version: int = 12, dbt: str = "1.11.0", **sections: Any) -> Raw:  # noqa: ANN401
    """Resources sorted into the sections of a manifest by their type."""
    homes = {"source": "sources", "exposure": "exposures", "metric": "metrics", "semantic_model": "semantic_models", "saved_query": "saved_queries"}
    homes |= {"unit_test": "unit_tests", "function": "functions"}
    written: Raw = {"metadata": metadata(version=version, dbt=dbt), "nodes": {}}
    for item in resources:
        written.setdefault(homes.get(item["resource_type"], "nodes"), {})[item["unique_id"]] = item
    return {**written, **sections}


def project(*resources: Raw, **fields: Any) -> Project:  # noqa: ANN401
    return read_manifest(json.dumps(manifest(*resources, **fields)).encode(), "manifest.json")


def node(unique_id: str, **fields: Any) -> Node:  # noqa: ANN401
    """One resource as it is read from a manifest that has nothing else."""
    return project(resource(unique_id, **fields)).nodes[unique_id]


def run_results(*results: Raw, **fields: Any) -> Raw:  # noqa: ANN401
    return {"metadata": metadata("run-results", 6), "args": {"which": "build"}, "results": list(results), **fields}


def save(path: Path, content: Raw) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
