"""The keys that entries of a manifest share, in the shape of dbt's schema v12."""

from __future__ import annotations

import hashlib
from typing import Any, Final, TypeAlias

from bench.warehouse import PACKAGE

Resource: TypeAlias = dict[str, Any]
"""One entry of the manifest, ready for json."""

METADATA: Final[Resource] = {
    "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
    "dbt_version": "1.11.0",
    "generated_at": "2026-01-01T00:00:00.000000Z",
    "invocation_id": "00000000-0000-4000-8000-000000000000",
    "env": {},
    "project_name": PACKAGE,
    "adapter_type": "postgres",
    "quoting": {"database": True, "schema": True, "identifier": True, "column": None},
}
CREATED: Final = 1767225600.0


def head(kind: str, unique_id: str, name: str, path: str) -> Resource:
    """Return the keys that every entry starts with."""
    return {
        "name": name,
        "resource_type": kind,
        "package_name": PACKAGE,
        "path": path.partition("/")[2],
        "original_file_path": path,
        "unique_id": unique_id,
    }


def node(kind: str, unique_id: str, name: str, path: str) -> Resource:
    """Return the keys shared by the entries under `nodes`."""
    folders = path.partition("/")[2].split("/")[:-1]
    return {
        "database": "analytics",
        **head(kind, unique_id, name, path),
        "fqn": [PACKAGE, *folders, name],
        "alias": name,
        "tags": [],
        "description": "",
        "columns": {},
        "meta": {},
        "group": None,
        "docs": {"show": True, "node_color": None},
        "patch_path": f"{PACKAGE}://{'/'.join(path.split('/')[:-1])}/_models.yml",
        "build_path": None,
        "unrendered_config": {},
        "created_at": CREATED,
        "language": "sql",
        "metrics": [],
        "functions": [],
        "doc_blocks": [],
    }


def depends(parents: list[str]) -> Resource:
    """Return the keys shared by the entries that are not under `nodes` and read something."""
    return {
        "meta": {},
        "tags": [],
        "config": {"enabled": True, "meta": {}},
        "unrendered_config": {},
        "depends_on": {"macros": [], "nodes": parents},
        "refs": [ref(parent) for parent in parents if parent.startswith("model.")],
        "sources": [],
        "metrics": [],
        "created_at": CREATED,
    }


def config(materialized: str, tags: list[str]) -> Resource:
    """Return a node's config as dbt writes it, defaults included."""
    return {
        "enabled": True,
        "alias": None,
        "schema": None,
        "database": None,
        "tags": tags,
        "meta": {},
        "group": None,
        "materialized": materialized,
        "incremental_strategy": None,
        "persist_docs": {},
        "post-hook": [],
        "pre-hook": [],
        "quoting": {},
        "column_types": {},
        "full_refresh": None,
        "on_schema_change": "ignore",
        "grants": {},
        "packages": [],
        "docs": {"show": True, "node_color": None},
        "contract": {"enforced": False, "alias_types": True},
        "access": "protected",
    }


def column(name: str) -> Resource:
    """Return the entry of one documented column."""
    return {
        "name": name,
        "description": f"The {name.replace('_', ' ')} of the row, as agreed with its owner.",
        "meta": {},
        "data_type": None,
        "constraints": [],
        "quote": None,
        "config": {"meta": {}, "tags": []},
        "tags": [],
        "granularity": None,
        "doc_blocks": [],
    }


def ref(unique_id: str) -> Resource:
    """Return the `refs` entry of a model."""
    return {"name": unique_id.split(".")[2], "package": None, "version": None}


def checksum(text: str) -> Resource:
    """Return dbt's checksum entry of a file's text."""
    return {"name": "sha256", "checksum": hashlib.sha256(text.encode()).hexdigest()}
