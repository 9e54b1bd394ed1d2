"""Whether dbt writes a result that lacks columns which it had: contracts, existing tables, and settings that name columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from aftershock.model import Node

KEEPING = frozenset({"append_new_columns"})
"""What on_schema_change must be for a stored table to keep a column that its SQL no longer yields, and the run to pass."""
DROPPING = frozenset({"sync_all_columns"})
WORD = re.compile(r"\w+")
KEY_CONFIGS = ("unique_key", "event_time", "updated_at", "check_cols", "merge_update_columns")
LAYOUT_CONFIGS = ("partition_by", "cluster_by", "sort", "dist", "order_by", "primary_key", "distributed_by", "liquid_clustered_by")
INDEXED = frozenset({"duckdb", "postgres"})
"""Dialects whose adapters have indexes instead, and pass over such settings."""


def refused(node: Node, lost: Mapping[str, str], settings: Mapping[str, Any], dialect: str) -> str:
    """Why dbt does not write a node's result without some columns, as a part of a sentence; empty where it does.

    Args:
        node: what is built, onto a relation that is there.
        lost: names of the columns that its SQL no longer yields, by key.
        settings: the node's whole config.
        dialect: decides which settings count.
    """
    names = ", ".join(sorted(lost.values()))
    if node.build.contract:
        return f"its contract has {names}"
    if node.materialized == "incremental" and node.build.on_schema_change not in KEEPING | DROPPING:
        return f"its table has {names}, which its SQL no longer yields (on_schema_change: {node.build.on_schema_change or 'ignore'})"
    configured = _configured(node, settings, dialect) & {name.casefold() for name in (*lost, *lost.values())}
    return f"its configuration names {', '.join(sorted(configured))}" if configured else ""


def keeps(node: Node) -> bool:
    """Whether a node's relation keeps a column that its SQL no longer yields, and the run passes: new rows lack a value."""
    return node.resource_type == "snapshot" or (node.materialized == "incremental" and node.build.on_schema_change in KEEPING)


def _configured(node: Node, settings: Mapping[str, Any], dialect: str) -> set[str]:
    """Words in those settings of a node that name its columns."""
    keyed = KEY_CONFIGS if node.materialized == "incremental" or node.resource_type == "snapshot" else ()
    layout = () if node.materialized in {"view", "ephemeral"} else ("indexes",) if dialect in INDEXED else LAYOUT_CONFIGS
    return {word.casefold() for key in (*keyed, *layout) for word in _words(settings.get(key))}


def _words(value: object) -> Iterator[str]:
    """Every word in a setting, whatever its shape."""
    if isinstance(value, str):
        yield from WORD.findall(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _words(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _words(item)
