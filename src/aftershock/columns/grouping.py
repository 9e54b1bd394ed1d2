"""Columns beside an aggregate that a query does not group by: most warehouses refuse them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.sql.query import AGGREGATED, Item, Ordinal, Ref, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aftershock.sql.query import Select

LENIENT = frozenset({"", "mysql", "doris", "drill", "druid", "clickhouse", "singlestore", "sqlite", "starrocks", "teradata"})
"""Dialects that may give one of the values of a group, or of which that is not known."""
BY_KEY = frozenset({"postgres"})
"""Dialects in which the key of a table stands for all of its columns."""


def ungrouped(query: Select, own: Callable[[Ref], bool], dialect: str) -> Iterator[str]:
    """What is wrong with a query's output columns, each as a part of a sentence, the same in every walk.

    Only a column alone is looked at: a function around it may be an aggregate that the parser does not know. It counts as grouped where the GROUP BY has its
    name anywhere, or the place or name of the output column.

    Args:
        query: the query.
        own: whether a reference surely is to a column of one of the query's own sources.
        dialect: the warehouse's.
    """
    items = [item for item in query.items if isinstance(item, Item)]
    grouped = bool(query.group) or any(item.kind & AGGREGATED for item in items)
    if not grouped or query.group_all or dialect in LENIENT or (query.group and dialect in BY_KEY):
        return
    places = {use.place for use in query.group if isinstance(use, Ordinal)}
    if places and len(items) < len(query.items):  # a star stands for any number of places
        return
    keys = [*query.group, *(use for place, item in enumerate(items, 1) if place in places for use in item.uses)]
    named = {part for use in keys if isinstance(use, Ref) for part in use.parts}
    aliases: set[str] = set()
    for place, item in enumerate(items, 1):
        use = _bare(item)
        known = use is None or place in places or not named.isdisjoint((item.key, *use.parts)) or (len(use.parts) == 1 and use.parts[0] in aliases)
        if use is not None and not known and own(use):
            yield f"{'.'.join(use.parts)} is neither grouped by nor aggregated"
        aliases.add(item.key)


def _bare(item: Item) -> Ref | None:
    """The column that an output column is and nothing else."""
    use = item.uses[0] if len(item.uses) == 1 else None
    return use if isinstance(use, Ref) and use.role == Role.IDENTITY else None
