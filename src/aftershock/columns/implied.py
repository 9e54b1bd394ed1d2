"""What dbt does around a node's own SQL: the columns and keys of a snapshot, and a microbatch model's filter on what it reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from aftershock.columns.masks import NAMED, PASSED, SURE, bit
from aftershock.columns.relations import Inputs, add, merged, used
from aftershock.sql.query import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aftershock.columns.resolve import Resolved
    from aftershock.model import Node
    from aftershock.sql.dialects import Dialect

META = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")
DELETED = "dbt_is_deleted"
HOW = {"dbt_scd_id": "id", DELETED: ""}
WORD = re.compile(r"\w+")


class Implied(NamedTuple):
    """What a node's configuration adds to its SQL, all as column keys.

    Attributes:
        filters: (relation, column) by which dbt filters what the node reads.
        keys: its own output columns that say which row of a snapshot is which.
        checked: those that make a new version where they change; ``*`` for all.
        stamps: those that give the times of a version.
        added: (name, key, how) of columns that dbt adds: of ``keys`` and ``stamps`` ("id"), of ``stamps`` ("time"), or of neither ("").
    """

    filters: tuple[tuple[str, str], ...] = ()
    keys: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    added: tuple[tuple[str, str, str], ...] = ()

    def on(self, found: Resolved) -> Resolved:
        """A node's lineage with this in it."""
        if self.filters:
            reads = dict.fromkeys(self.filters, bit(Role.FILTER) | NAMED | SURE)
            found = msgspec.structs.replace(found, reads=merged((found.reads, reads)), rows=merged((found.rows, used(reads, Role.FILTER, within=False))))
        if not self.added:
            return found
        stamps = merged(_inputs(found, key) for key in self.stamps)
        keys = merged([stamps, *(_inputs(found, key) for key in self.keys)])
        made = {"id": used(keys, Role.TRANSFORMATION), "time": stamps, "": {}}
        own = {key for _, key, _ in found.columns}
        columns = (*found.columns, *((name, key, made[how]) for name, key, how in self.added if key not in own))
        rows = dict(found.rows)
        for inputs in (keys, *(_inputs(found, key) for key in self.checked)):
            add(rows, used(inputs, Role.FILTER, within=False))
        return msgspec.structs.replace(found, columns=columns, rows=rows)


def implied(node: Node, settings: Mapping[str, Any], parents: Iterable[Node], dialect: Dialect) -> Implied:
    """What dbt adds to a node's SQL.

    Args:
        node: a model or snapshot.
        settings: its whole config.
        parents: what it reads.
        dialect: how column names are compared.
    """
    if node.resource_type == "snapshot":
        checked = settings.get("check_cols") if settings.get("strategy") == "check" else None
        keys, stamps = (tuple(map(dialect.key, _names(settings.get(name)))) for name in ("unique_key", "updated_at"))
        names = settings.get("snapshot_meta_column_names")
        called = {key: name for key, name in names.items() if isinstance(name, str)} if isinstance(names, dict) else {}
        meta = (*META, DELETED) if node.build.hard_deletes == "new_record" else META
        added = tuple((name := called.get(item, item), dialect.key(name), HOW.get(item, "time")) for item in meta)
        return Implied((), keys, ("*",) if checked == "all" else tuple(map(dialect.key, _names(checked))), stamps, added)
    if node.build.strategy == "microbatch":
        return Implied(tuple(sorted((parent.unique_id, dialect.key(parent.build.event_time)) for parent in parents if parent.build.event_time)))
    return Implied()


def _names(value: object) -> Iterator[str]:
    """Column names in a setting: one, a list, or the words of an expression."""
    for item in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(item, str):
            yield from WORD.findall(item)


def _inputs(found: Resolved, key: str) -> Inputs:
    """What an output column comes from; one that is not listed, of whatever is passed on."""
    if key == "*":
        return merged([*(inputs for _, _, inputs in found.columns), {(relation, "*"): PASSED for relation, _, _ in found.opens}])
    known = next((inputs for _, own, inputs in found.columns if own == key), None)
    if known is not None:
        return known
    return {(relation, key): PASSED for relation, without, _ in found.opens if key not in without}
