"""Whether dbt, or the warehouse, refuses to write what a node's query yields once its columns are others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from aftershock.changes.stored import STORED, as_run
from aftershock.columns.writing import refused
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.changes.worlds import World
    from aftershock.model import Node

MOST_NAMED = 3


class Asked(NamedTuple):
    """A node of the head, how its next run treats its relation, what its query yielded and yields, and the names of what is lost of that, by key."""

    node: Node
    mode: str
    world: World
    lost: Mapping[str, str]
    config: Mapping[str, Any]
    dialect: str


class Refusal(NamedTuple):
    """Why a node is not built, as a part of a sentence, for which columns, and whether that is sure."""

    why: str
    keys: frozenset[str]
    certain: bool = True


def refusal(asked: Asked, *, whole: bool) -> Refusal | None:
    """Why a node's result is not written; None where it is.

    Args:
        asked: the node.
        whole: whether its own code is another one, so that its contract is compared with all that it yields; else only with what differs.
    """
    world = asked.world
    if world.after.complete and not world.after.columns:
        return Refusal("its SQL yields no column", frozenset(asked.lost))
    return _contract(asked, whole=whole) or _table(asked) or (_key(asked) if whole else None)


def _contract(asked: Asked, *, whole: bool) -> Refusal | None:
    """An enforced contract has exactly the columns that the SQL yields."""
    node, world = asked.node, asked.world
    if not node.build.contract:
        return None
    declared = {column.name.casefold(): column.name for column in node.columns}
    yielded = {name.casefold(): (name, key) for name, key in world.after.columns}
    gained = world.gained if not whole or not world.after.complete else frozenset(key for _, key in world.after.columns)
    lacks = {key: name for key, name in asked.lost.items() if name.casefold() in declared and name.casefold() not in yielded}
    if whole and world.after.complete:
        lacks.update((name, name) for key, name in declared.items() if key not in yielded and name not in lacks.values())
    extra = {key: name for folded, (name, key) in yielded.items() if key in gained and folded not in declared}
    if lacks:
        return Refusal(f"its contract has {_names(lacks)}, which its SQL does not yield", frozenset(lacks))
    if extra:
        return Refusal(f"its contract does not have {_names(extra)}, which its SQL yields", frozenset(extra), world.after.complete and world.before.complete)
    return None


def _table(asked: Asked) -> Refusal | None:
    """A table that is there has the columns that it had."""
    world, row, new = asked.world, STORED[asked.mode], asked.world.gained
    gained = {key: name for name, key in world.after.columns if key in new}
    if gained and row.gained == "fails":
        return Refusal(f"its table does not have {_names(gained)} (on_schema_change: {asked.mode})", frozenset(gained))
    if not asked.lost:
        return None
    node = as_run(asked.node, asked.mode)
    plain = msgspec.structs.replace(node, build=msgspec.structs.replace(node.build, contract=False))
    why = refused(plain, asked.lost, asked.config, asked.dialect)
    return Refusal(why, frozenset(asked.lost)) if why else None


def _key(asked: Asked) -> Refusal | None:
    """The key of an incremental model is of columns that its SQL yields."""
    node, after = asked.node, asked.world.after
    if asked.mode == "replaced" or node.materialized != "incremental" or not after.complete:
        return None
    known = {name.casefold() for name, _ in after.columns}
    missing = {name: name for name in node.build.unique_key if name.isidentifier() and name.casefold() not in known}
    return Refusal(f"its unique_key names {_names(missing)}, which its SQL does not yield", frozenset()) if missing else None


def _names(found: Mapping[str, str]) -> str:
    return listing(sorted(found.values()), MOST_NAMED)
