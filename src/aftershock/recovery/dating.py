"""Whose time a model's rows have: the failing source's own, or that of something else, which it joined when it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.recovery.windows import time_column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.columns.project import ProjectLineage
    from aftershock.recovery.treatment import Evidence

MOST = 2_000
"""Columns that are followed for one model before it is given up."""


def dated(reader: ProjectLineage, unique_ids: Iterable[str], sources: frozenset[str], evidence: Evidence) -> frozenset[str]:
    """The incremental models whose time column comes from columns of these sources only.

    There, bad rows are those whose own time is in the bad time. Where a model's time is that of another table, rows that a run of the bad time wrote may
    be of any time that the run took. A model whose way cannot be followed is not among them.
    """
    found = set()
    for unique_id in unique_ids:
        node = reader.graph.nodes[unique_id]
        column = time_column(node, evidence.types(unique_id))
        if column and sources and _ends(reader, unique_id, column) <= sources:
            found.add(unique_id)
    return frozenset(found)


def _ends(reader: ProjectLineage, unique_id: str, column: str) -> set[str]:
    """The relations where a column begins; an empty name among them where its way cannot be followed to the end."""
    ends: set[str] = set()
    seen = {(unique_id, reader.key_of(unique_id, column))}
    todo = list(seen)
    while todo:
        relation, key = todo.pop()
        node = reader.graph.nodes.get(relation)
        if node is None or node.resource_type in {"source", "seed"}:
            ends.add(relation if node is not None else "")
            continue
        reader.read((relation,))
        lineage = reader.lineages.get(relation)
        resolved = lineage.resolved if lineage is not None else None
        inputs = next((inputs for _, own, inputs in resolved.columns if own == key), None) if resolved is not None else None
        if inputs is None and resolved is not None:  # a star passes it on
            inputs = {(parent, key): 0 for parent, without, _ in resolved.opens if key not in without}
        if not inputs or len(seen) > MOST:
            return {""}
        for each in inputs:
            if each not in seen:
                seen.add(each)
                todo.append(each)
    return ends
