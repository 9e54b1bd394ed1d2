"""What a block of rows consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.sql.comparing.blocks import FROM

if TYPE_CHECKING:
    from aftershock.sql.comparing.terms import Term


class Joined:
    """How a source of a block is joined."""

    __slots__ = ("kind", "on")

    def __init__(self, kind: str, on: frozenset[Term]) -> None:
        self.kind = kind
        self.on = on


def entries_of(rows: Term) -> dict[Term, Joined]:
    """The sources of a block by slot; other rows are a block of themselves."""
    if rows.kind != "block":
        return {rows: Joined(FROM, frozenset())}
    found = {}
    for entry in rows.parts[0].parts:
        slot, on = entry.parts
        found[held(slot) if slot.args[1] == 0 else slot] = Joined(str(entry.args[0]), frozenset(on.parts))
    return found


def slots_of(rows: Term) -> list[Term]:
    """The sources of a block, in order."""
    return [entry.parts[0] for entry in rows.parts[0].parts] if rows.kind == "block" else []


def rows_of(entry: Term) -> Term:
    """The rows of a source."""
    return held(entry.parts[0])


def held(slot: Term) -> Term:
    """The rows that a slot holds."""
    return slot.parts[0] if slot.kind == "slot" else slot


def pool_of(rows: Term) -> frozenset[Term]:
    """The conditions of a block."""
    return frozenset(rows.parts[1].parts) if rows.kind == "block" else frozenset()
