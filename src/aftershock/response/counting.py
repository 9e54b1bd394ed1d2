"""How many rows affected tables hold, where dbt's files say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.model import Artifacts, Catalog

WHOLE = frozenset({"table", "seed"})
"""Materializations whose every run writes all rows, so that the rows written are the rows held."""


def row_counts(nodes: Iterable[str], artifacts: Artifacts, catalog: Catalog | None = None) -> dict[str, int]:
    """Row counts by unique_id, for those of ``nodes`` of which something tells.

    Args:
        nodes: unique_ids.
        artifacts: their run results count where a run wrote a table whole.
        catalog: statistics of the warehouse's tables; they give way to a run's own count.
    """
    results = artifacts.run.results if artifacts.run is not None else {}
    counts: dict[str, int] = {}
    for unique_id in nodes:
        node, result = artifacts.project.nodes.get(unique_id), results.get(unique_id)
        written = result.rows if result is not None and result.status == "success" and node is not None and node.materialized in WHOLE else None
        listed = catalog.tables[unique_id].rows if catalog is not None and unique_id in catalog.tables else None
        rows = written if written is not None else listed
        if rows is not None:
            counts[unique_id] = rows
    return counts
