"""Column names as people type them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from aftershock.errors import UnknownName
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.columns.project import ProjectLineage

MOST_COLUMNS = 8
MOST_NODES = 3


def check_columns(reader: ProjectLineage, unique_ids: Iterable[str], columns: Iterable[str], *, gone: bool = False) -> None:
    """Refuse a column that no failing node has, where the columns of all of them are known.

    Args:
        reader: the project's columns.
        unique_ids: the failing nodes.
        columns: what a person typed, in any case.
        gone: whether the column may be gone from the warehouse already: then it is enough that something still reads it.

    Raises:
        UnknownName: there is none of this name; says which are near.
    """
    ids = list(dict.fromkeys(unique_ids))
    reader.read(ids, whole=True)
    if not all(reader.info(unique_id).complete for unique_id in ids):
        return
    known = {name.casefold(): name for unique_id in ids for name in reader.names(unique_id).values()}
    known.update((column.name.casefold(), column.name) for unique_id in ids for column in reader.graph.nodes[unique_id].columns)
    for column in columns:
        if column.casefold() not in known and not (gone and _is_read(reader, ids, column)):
            nearest = get_close_matches(column.casefold(), known, n=3)
            few = ", ".join(list(known.values())[:MOST_COLUMNS])
            labels = listing([reader.graph.nodes[unique_id].label for unique_id in ids], MOST_NODES)
            raise UnknownName(
                column or "--column",
                f"{labels} has no such column" if len(ids) == 1 else f"none of {labels} has such a column",
                tuple(known[name] for name in nearest),
                f"Its columns begin with {few}",
            )


def _is_read(reader: ProjectLineage, unique_ids: list[str], column: str) -> bool:
    """Whether anything names this column of one of these nodes, or may, since it was not read."""
    readers = [child for unique_id in unique_ids for child in reader.graph.children(unique_id)]
    reader.read(readers)
    wanted = {(unique_id, reader.key_of(unique_id, column)) for unique_id in unique_ids}
    found = (lineage for child in readers if (lineage := reader.lineages.get(child)) is not None)
    return any(lineage.resolved is None or not wanted.isdisjoint(lineage.resolved.reads) for lineage in found)
