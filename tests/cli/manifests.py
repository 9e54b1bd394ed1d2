"""Small manifests and what dbt writes beside them, to be broken."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN = "2026-03-01T06:00:00.000000Z"


def metadata(kind: str, version: int) -> dict[str, Any]:
    return {
        "dbt_schema_version": f"https://schemas.getdbt.com/dbt/{kind}/v{version}.json",
        "dbt_version": "1.11.16",
        "generated_at": WRITTEN,
        "invocation_id": "one",
        "adapter_type": "duckdb",
        "project_name": "small",
    }


def node(name: str, *parents: str, kind: str = "model", package: str = "small", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "unique_id": f"{kind}.{package}.{name}",
        "resource_type": kind,
        "name": name,
        "package_name": package,
        "original_file_path": f"models/{name}.sql",
        "fqn": [package, name],
        "depends_on": {"nodes": list(parents)},
        "relation_name": f'"db"."main"."{name}"',
        "database": "db",
        "schema": "main",
        "alias": name,
        "config": {"materialized": "table"},
        **more,
    }


MANIFEST: dict[str, Any] = {
    "metadata": metadata("manifest", 12),
    "nodes": {
        item["unique_id"]: item
        for item in (node("a"), node("b", "model.small.a"), node("twin", "model.small.a"), node("twin", "model.small.a", package="other"))
    },
    "sources": {},
    "exposures": {
        "exposure.small.board": {
            "unique_id": "exposure.small.board",
            "resource_type": "exposure",
            "name": "board",
            "package_name": "small",
            "depends_on": {"nodes": ["model.small.b"]},
            "type": "dashboard",
            "owner": {"name": "Eve", "email": "eve@example.com"},
        }
    },
    "disabled": {"model.small.off": [node("off")]},
}


def changed(path: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
    """The manifest with one value set; ``path`` is keys between slashes."""
    whole = copy.deepcopy(MANIFEST)
    *folders, last = path.split("/")
    place = whole
    for folder in folders:
        place = place[folder]
    place[last] = value
    return whole


def write(folder: Path, name: str, content: object) -> Path:
    """``content`` in a file: bytes as they are, anything else as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path
