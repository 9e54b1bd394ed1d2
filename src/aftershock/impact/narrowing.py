"""Which categories an incident of single columns narrows, and to what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.columns.consequences import consequences
from aftershock.columns.trace import coverage
from aftershock.model import Category
from aftershock.model.columns import Coverage
from aftershock.model.lineage import Consequence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Run, Seed

NARROWING = {Category.SCHEMA_BREAK: True, Category.DATA_QUALITY: False}
"""Categories that concern single columns, and whether the column is gone; the others concern whole rows, whatever column showed it."""

WITHOUT_TESTS = frozenset({"run", "snapshot", "seed"})
"""dbt commands that run no tests, so that none of them keeps anything from being built."""


class Narrowed(msgspec.Struct, frozen=True):
    """What the failing columns do, by unique_id, failing nodes included."""

    columns: tuple[str, ...]
    consequences: dict[str, Consequence]
    coverage: Coverage


def narrow(reader: ProjectLineage, seeds: Sequence[Seed], columns: Sequence[str], category: Category, run: Run | None) -> Narrowed | None:
    """What these columns of the failing nodes reach; None where that cannot be told apart from everything downstream.

    That is so where the category concerns whole rows, and where a failing node is none that has columns.
    """
    ids = dict.fromkeys(seed.unique_id for seed in seeds)
    if not columns or category not in NARROWING:
        return None
    roots = {unique_id: _of(reader, unique_id, columns) for unique_id in ids}
    if not all(roots.values()):
        return None
    found = consequences(reader, roots, gone=NARROWING[category], tests_block=run is None or run.which not in WITHOUT_TESTS)
    looked = [unique_id for unique_id in reader.graph.descendants(ids) if unique_id not in ids]
    return Narrowed(tuple(columns), found, coverage(reader, looked))


def _of(reader: ProjectLineage, unique_id: str, columns: Sequence[str]) -> list[str]:
    """Those of the columns that a node has, or may have; none where it is nothing that has columns."""
    node = reader.graph.nodes[unique_id]
    if not node.is_relation and node.materialized != "ephemeral":
        return []
    reader.read((unique_id,), whole=True)
    known = {name.casefold() for name in reader.names(unique_id).values()}
    if not reader.info(unique_id).complete:
        return list(columns)
    return [column for column in columns if column.casefold() in known] or list(columns)
