"""What dbt does to a relation that is there when its query yields other columns: without a full refresh, by materialization and on_schema_change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from aftershock.model import Node

Lost = Literal["gone", "kept", "fails"]
Gained = Literal["there", "absent", "fails"]
Retyped = Literal["done", "kept", "fails"]


class Row(NamedTuple):
    """What becomes of a column that the query no longer yields, of one that is new, and of one whose type is another.

    ``kept`` is there, without values in new rows, or in its old type; ``absent`` is not there; ``fails`` is a run that dbt or the warehouse ends.
    """

    lost: Lost
    gained: Gained
    retyped: Retyped


STORED: dict[str, Row] = {
    "replaced": Row("gone", "there", "done"),
    "ignore": Row("fails", "absent", "kept"),
    "fail": Row("fails", "fails", "fails"),
    "append_new_columns": Row("kept", "there", "kept"),
    "sync_all_columns": Row("gone", "there", "done"),
    "snapshot": Row("kept", "there", "kept"),
}
"""Views, tables and whatever is built anew are ``replaced``; a snapshot has its own way; an incremental table goes by its on_schema_change."""

KEEPS_ROWS = frozenset({"incremental", "snapshot"})
TABLES = frozenset({"table", "incremental"})


def mode_of(base: Node | None, head: Node, *, same_relation: bool = True) -> str:
    """The row of the table that holds for a node's next run.

    Args:
        base: the node as it was built so far; None where it was not.
        head: the node as it is built then.
        same_relation: whether that writes the relation which is there.
    """
    if base is None or not same_relation:
        return "replaced"
    if head.resource_type == "snapshot":
        return "snapshot"
    if head.materialized != "incremental" or base.materialized not in TABLES or head.build.full_refresh is True:
        return "replaced"
    return head.build.on_schema_change if head.build.on_schema_change in STORED else "ignore"


def keeps_rows(mode: str) -> bool:
    """Whether rows that are there stay as they are, and only what comes new is made by the changed query."""
    return mode != "replaced"


def as_run(node: Node, mode: str) -> Node:
    """The node as its next run treats it: an incremental one that is built anew keeps nothing."""
    if mode != "replaced" or node.materialized != "incremental":
        return node
    return msgspec.structs.replace(node, build=msgspec.structs.replace(node.build, on_schema_change="sync_all_columns"))
