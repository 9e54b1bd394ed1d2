"""What is known of one node while a change of columns is followed down."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from aftershock.model import Effect

ROWS = ""
"""Stands for every column of a node: its rows are others."""


class Origin(NamedTuple):
    """Where an effect came from: the column (ROWS for its rows) of a parent, and the mask of its use."""

    node: str
    key: str
    mask: int = 0


class State:
    """What is known of one node while the change is followed down.

    Attributes:
        removed: keys of columns that its relation no longer has.
        wrong: keys of columns whose values are others, ROWS for all.
        effects: what happens to it.
        certain: whether that is sure.
        columns: names of its columns that are concerned.
        origin: by key, where that came from, by which the way back is found.
        why: what no longer binds.
    """

    __slots__ = ("certain", "columns", "effects", "origin", "removed", "why", "wrong")

    def __init__(self) -> None:
        self.removed: frozenset[str] = frozenset()
        self.wrong: dict[str, bool] = {}
        self.effects: dict[Effect, bool] = {}
        self.columns: dict[str, None] = {}
        self.certain = True
        self.origin: dict[str, Origin] = {}
        self.why = ""

    def hit(self, effect: Effect, *, certain: bool) -> None:
        """Note an effect; sure once is sure."""
        self.effects[effect] = self.effects.get(effect, False) or certain

    def spoil(self, effect: Effect, key: str, origin: Origin, *, certain: bool) -> None:
        """Note that a column's values, or all rows, are others."""
        self.wrong[key] = self.wrong.get(key, False) or certain
        self.origin.setdefault(key, origin)
        self.hit(effect, certain=certain)
