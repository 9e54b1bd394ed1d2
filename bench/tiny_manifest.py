"""Manifests of a handful of nodes, just complete enough for dbt-core to read: questions of selection need no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SECTIONS = [
    "sources",
    "macros",
    "docs",
    "exposures",
    "metrics",
    "groups",
    "selectors",
    "disabled",
    "group_map",
    "saved_queries",
    "semantic_models",
    "unit_tests",
    "functions",
    "parent_map",
    "child_map",
]


def model(unique_id: str, fqn: Sequence[str], *, tags: Iterable[str] = (), parents: Iterable[str] = ()) -> dict[str, Any]:
    """Return a model's manifest entry; its name is the last part of `fqn`, its package the first."""
    file = f"models/{'/'.join(fqn[1:])}.sql"
    return {
        "unique_id": unique_id,
        "resource_type": "model",
        "name": fqn[-1],
        "alias": fqn[-1],
        "package_name": fqn[0],
        "fqn": list(fqn),
        "tags": list(tags),
        "config": {"enabled": True, "materialized": "view", "tags": list(tags)},
        "database": "db",
        "schema": "main",
        "path": file.removeprefix("models/"),
        "original_file_path": file,
        "checksum": {"name": "none", "checksum": ""},
        "raw_code": "select 1",
        "depends_on": {"macros": [], "nodes": list(parents)},
    }


def source(unique_id: str, source_name: str, name: str) -> dict[str, Any]:
    """Return a source table's manifest entry."""
    package = unique_id.split(".")[1]
    return {
        "unique_id": unique_id,
        "resource_type": "source",
        "name": name,
        "identifier": name,
        "package_name": package,
        "fqn": [package, source_name, name],
        "source_name": source_name,
        "source_description": "",
        "loader": "",
        "database": "db",
        "schema": source_name,
        "path": "models/sources.yml",
        "original_file_path": "models/sources.yml",
        "config": {"enabled": True},
    }


def manifest(nodes: Iterable[Mapping[str, Any]], sources: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return a manifest (schema v12) of these entries, with the edges both ways round."""
    content: dict[str, Any] = {section: {} for section in _SECTIONS} | {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "dbt_version": "1.11.0",
            "generated_at": "2026-01-01T00:00:00Z",
            "project_name": "pkg",
            "adapter_type": "postgres",
        },
        "nodes": {node["unique_id"]: node for node in nodes},
        "sources": {entry["unique_id"]: entry for entry in sources},
    }
    parents: dict[str, list[str]] = {unique_id: [] for unique_id in content["sources"]}
    parents |= {unique_id: node["depends_on"]["nodes"] for unique_id, node in content["nodes"].items()}
    content["parent_map"] = parents
    content["child_map"] = {unique_id: [child for child, above in parents.items() if unique_id in above] for unique_id in parents}
    return content
