"""Relations as statements need them: names of copies, keys that are columns, snapshots as their configuration describes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from aftershock import times
from aftershock.columns.implied import DELETED, META
from aftershock.sql.repair import SnapshotTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aftershock.model import Node
    from aftershock.sql.repair import Table

QUOTES = ('"{}"', "`{}`", "[{}]", "{}")
NAME = re.compile(r"[A-Za-z_]\w*")
"""A key that is a column and no expression."""
MOST_NAME = 63
"""Characters of a name that every warehouse takes."""


def snapshot_table(table: Table, config: Mapping[str, Any], *, closes: bool) -> SnapshotTable | None:
    """A snapshot as its configuration describes it; None where its keys or times are expressions and no columns.

    Args:
        table: its table, with all columns.
        config: its whole configuration.
        closes: whether it has ``hard_deletes: new_record``, which marks the versions of deleted rows.
    """
    names = config.get("snapshot_meta_column_names")
    called = {key: name for key, name in names.items() if isinstance(name, str)} if isinstance(names, dict) else {}
    scd_id, updated, valid_from, valid_to = (called.get(name, name) for name in META)
    deleted = called.get(DELETED, DELETED) if closes else ""
    meta = {name.lower() for name in (scd_id, updated, valid_from, valid_to, deleted)}
    own = tuple(column for column in table.columns if column.lower() not in meta)
    strategy: Literal["check", "timestamp"] = "check" if config.get("strategy") == "check" else "timestamp"
    checked = config.get("check_cols")
    tracked = own if strategy != "check" or checked == "all" else within(own, _listed(checked))
    keys = within(own, _listed(config.get("unique_key")))
    updated_at = next(iter(within(own, _listed(config.get("updated_at")))), "")
    if not keys or not tracked or (strategy == "timestamp" and not updated_at):
        return None
    current = config.get("dbt_valid_to_current")
    return SnapshotTable(
        relation=table.relation,
        columns=table.columns,
        keys=keys,
        tracked=tracked,
        strategy=strategy,
        updated_at=updated_at,
        valid_from=valid_from,
        valid_to=valid_to,
        updated=updated,
        scd_id=scd_id,
        is_deleted=deleted,
        valid_to_current=current if isinstance(current, str) else "",
    )


def within(columns: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The columns of these names as the warehouse writes them; empty unless all are there, since a key may be an expression."""
    known = {column.lower(): column for column in columns}
    found = tuple(known[name.lower()] for name in names if name.lower() in known)
    return found if len(found) == len(names) else ()


def _listed(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else (value,) if isinstance(value, str) else ()


def beside(node: Node, suffix: str) -> str:
    """The name of another relation in the same schema, quoted in the same way; empty where the node's own name is not at the end of it."""
    identifier = node.identifier or node.name
    for quote in QUOTES:
        end = quote.format(identifier)
        if node.relation_name.endswith(end) and identifier:
            return node.relation_name[: -len(end)] + quote.format(identifier[: MOST_NAME - len(suffix)] + suffix)
    return ""


def digits(moment: str) -> str:
    """A time as it can stand in a name, to the minute."""
    found = times.read(moment)
    return found.strftime("%Y%m%d%H%M") if found is not None else "incident"
