"""dbt's own rules for a contract: what an enforced one promises to whoever reads the model, and which changes break that.

Breaking: the contract is no longer enforced; the model is deleted, renamed or disabled (unless its deprecation date has passed); a column is gone; a column's
type is another (its length, precision and scale may change); a constraint that the warehouse enforces is gone, where the model was a table or incremental; a
model that had constraints is built as neither. A contract that is new, or says more, is a change and breaks nothing, but a constraint that is new stops the
run where rows violate it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock import times
from aftershock.model.definition import Constraint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aftershock.changes.sides import Pair
    from aftershock.model import Node
    from aftershock.model.definition import Definition

CONSTRAINED = frozenset({"table", "incremental"})
"""Materializations that have constraints in the warehouse."""
ALL = frozenset({"check", "not_null", "unique", "primary_key", "foreign_key", "custom"})
ENFORCED: dict[str, frozenset[str]] = {
    "athena": frozenset(),
    "bigquery": frozenset({"not_null"}),
    "clickhouse": frozenset({"check"}),
    "databricks": frozenset({"not_null", "check"}),
    "fabric": frozenset({"not_null", "unique", "primary_key", "foreign_key"}),
    "fabricspark": frozenset(),
    "firebolt": frozenset({"not_null"}),
    "redshift": frozenset({"not_null"}),
    "snowflake": frozenset({"not_null"}),
    "spark": frozenset(),
    "trino": frozenset({"not_null"}),
}
"""Constraints that an adapter's warehouse enforces; all of them where it is not listed."""


class Breach(NamedTuple):
    """One way in which a contract is broken: a part of a sentence after "the contract", and the column where it is one's."""

    what: str
    column: str = ""
    was: str = ""
    now: str = ""


class Demand(NamedTuple):
    """One constraint that is new: in words, the column where it is one's, its expression, and whether it is known what the warehouse makes of it."""

    what: str
    column: str
    expression: str
    sure: bool


def breaches(pair: Pair, adapter: str) -> tuple[Breach, ...]:
    """What a model's change breaks of its contract; nothing where the base did not enforce one."""
    if not pair.base.build.contract:
        return ()
    return tuple(_breaches(pair, adapter))


def demands(pair: Pair, adapter: str) -> Iterator[Demand]:
    """Constraints that the warehouse holds a model to now, and did not before, those of the whole model first.

    Args:
        pair: the model.
        adapter: its warehouse, in dbt's word.
    """
    if not pair.head.build.contract or pair.head.materialized not in CONSTRAINED:
        return
    held = pair.base.build.contract and pair.base.materialized in CONSTRAINED
    before = {part for item in _rules(pair.old) for part in _parts(item)} if held else set()
    for item in _rules(pair.new):
        enforced = item.type == "custom" or item.type in ENFORCED.get(adapter, ALL)
        if enforced and not before.issuperset(_parts(item)):
            yield Demand(_constraint(item), item.columns[0] if len(item.columns) == 1 else "", item.expression, sure=item.type != "custom")


def _rules(definition: Definition) -> Iterator[Constraint]:
    """All constraints of a model, those of a column with its name."""
    yield from definition.constraints
    for column, items in definition.column_constraints.items():
        yield from (msgspec.structs.replace(item, columns=(column,)) for item in items)


def _parts(item: Constraint) -> Iterator[Constraint]:
    """What a constraint asks of rows, whatever it is called: a key is unique, and none of its columns is null."""
    bare = msgspec.structs.replace(item, name="", columns=tuple(sorted(column.casefold() for column in item.columns)))
    if bare.type != "primary_key":
        yield bare
        return
    yield Constraint("unique", columns=bare.columns)
    yield from (Constraint("not_null", columns=(column,)) for column in bare.columns)


def breach_of_removal(node: Node, definition: Definition, now: datetime, *, disabled: bool) -> str:
    """Why a model that is gone breaks its contract, as a part of a sentence; empty where it had none, or was announced to go."""
    if not node.build.contract or is_past(definition.deprecation_date, now):
        return ""
    return f"its contract was enforced, and it is {'disabled' if disabled else 'deleted or renamed'}"


def differs(pair: Pair) -> bool:
    """Whether what the two contracts say is not the same, breaking or not."""
    old, new = pair.base.build.contract, pair.head.build.contract
    if not old and not new:
        return False
    return old != new or _said(pair.base, pair.old) != _said(pair.head, pair.new)


def is_past(date: str, now: datetime) -> bool:
    """Whether a date has passed; false where there is none."""
    then = times.read(date)
    return then is not None and then < now


def _said(node: Node, definition: Definition) -> object:
    """What a contract says, in an order of its own."""
    columns = sorted((column.name, column.data_type, definition.column_constraints.get(column.name, ())) for column in node.columns)
    return columns, sorted(definition.constraints), node.materialized in CONSTRAINED


def _breaches(pair: Pair, adapter: str) -> Iterator[Breach]:
    enforced = ENFORCED.get(adapter, ALL)
    if not pair.head.build.contract:
        yield Breach("is no longer enforced")
    now = {column.name: column for column in pair.head.columns}
    for column in pair.base.columns:
        if column.name not in now:
            yield Breach(f"no longer has {column.name}", column.name)
            continue
        before, after = column.data_type, now[column.name].data_type
        if base_type(before) != base_type(after):
            yield Breach(f"has another type for {column.name}", column.name, before, after)
    if pair.base.materialized in CONSTRAINED:
        for column in pair.base.columns:
            if column.name in now:
                gone = _gone(pair.old.column_constraints.get(column.name, ()), pair.new.column_constraints.get(column.name, ()), enforced)
                yield from (Breach(f"no longer has {item.type} of {column.name}", column.name, item.type) for item in gone)
        yield from (Breach(f"no longer has {_constraint(item)}", "", item.type) for item in _gone(pair.old.constraints, pair.new.constraints, enforced))
        if pair.head.materialized not in CONSTRAINED and (pair.old.constraints or any(pair.old.column_constraints.values())):
            yield Breach(f"loses its constraints, as the model is built as {pair.head.materialized}", "", pair.base.materialized, pair.head.materialized)


def _gone(old: tuple[Constraint, ...], new: tuple[Constraint, ...], enforced: frozenset[str]) -> Iterator[Constraint]:
    return (item for item in old if item not in new and item.type in enforced)


def _constraint(item: Constraint) -> str:
    return f"{item.type} on {', '.join(item.columns)}" if item.columns else item.type


def base_type(text: str) -> str:
    """A type without its length, precision and scale, as dbt compares it."""
    return text.partition("(")[0].strip().lower()
