"""Asset keys as dagster-dbt's default translator gives them, and the word of a selection that names one asset and no other."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.model import Node

ASSET_TYPES = frozenset({"model", "seed", "snapshot"})
PART = re.compile(r"\w[\w.-]*")
"""Parts of a key in which Dagster sees no operator, wildcard or separator."""

UNVERSIONED = frozenset({"", "0"})
"""Dagster tests a version for its truth, so that to it a zero is none."""


def is_asset(node: Node) -> bool:
    """Whether dagster-dbt makes an asset of the node that a run can materialize."""
    return node.resource_type in ASSET_TYPES and node.materialized != "ephemeral"


def asset_key(node: Node) -> tuple[str, ...]:
    """The parts of a model's, seed's, snapshot's or source's asset key.

    ``meta.dagster.asset_key`` where it is set; else the source's name and the table's; the alias of a versioned model; otherwise the name,
    after the ``schema`` of the node's config where it has one.
    """
    if configured := _configured(node):
        return configured
    if node.source is not None:
        return (node.source.source_name, node.name)
    if node.resource_type == "model" and node.version not in UNVERSIONED:
        return (node.identifier,)
    return (node.custom_schema, node.name) if node.custom_schema else (node.name,)


def _configured(node: Node) -> tuple[str, ...]:
    settings = node.meta.get("dagster")
    value = settings.get("asset_key") if isinstance(settings, dict) else None
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(str(part) for part in value) if isinstance(value, list) else ()


def asset_words(nodes: Mapping[str, Node]) -> dict[str, str]:
    """The word that selects a node's asset, e.g. ``marts/orders``, for every node that has such a word.

    The bare key, never ``key:"marts/orders"``: that one selects nothing where no asset has the key, and Dagster takes an empty selection for
    all assets; a bare key that is unknown is an error. Bare keys cannot hold every character. Two nodes of one key have no word either:
    the default translator refuses them, so that their assets are called something else.
    """
    keys = {unique_id: asset_key(node) for unique_id, node in nodes.items() if is_asset(node)}
    used = Counter(keys.values())
    return {unique_id: "/".join(key) for unique_id, key in keys.items() if used[key] == 1 and all(PART.fullmatch(part) for part in key)}
