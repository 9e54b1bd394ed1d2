"""Changes as values: each with the file and the line where a reviewer looks."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from aftershock.changes.declared import Declared
from aftershock.model.changes import Change

if TYPE_CHECKING:
    from aftershock.changes.sides import Side
    from aftershock.model.changes import Certainty, ChangeKind, Judgement

MOST_WORK = 40_000
"""Lines between the first and the last that differ, of one text times the other; beyond that all of them count as changed."""
WORD = re.compile(r"\w+")
LONG, LONGEST = 300, 800
"""Characters of a value, and of a reason: what is longer comes from a file, and is read there."""


def cut(text: str, most: int) -> str:
    """A text that is no longer than so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


class Making:
    """Makes changes between two projects.

    Args:
        base: the project before.
        head: the project after.
    """

    def __init__(self, base: Side, head: Side) -> None:
        self.base = base
        self.head = head
        self._lines: dict[tuple[str, str], _Lines] = {}
        self._declared = Declared(head)

    def change(  # noqa: PLR0913  # a change has as many parts
        self,
        unique_id: str,
        kind: ChangeKind,
        verdict: Judgement,
        reason: str,
        *,
        certainty: Certainty = "certain",
        column: str = "",
        was: str = "",
        now: str = "",
        base_id: str = "",
        written: bool = False,
    ) -> Change:
        """One change.

        Args:
            unique_id: the node of the head, of the base where it is gone.
            kind: what changed.
            verdict: what that is for whoever reads it.
            reason: one sentence without a full stop.
            certainty: how sure the verdict is.
            column: the column, where it is one's.
            was: the old value.
            now: the new value.
            base_id: the node's name in the base, where that is another one.
            written: whether it is in the node's own code, and not in YAML.
        """
        path, line = self._where(unique_id, base_id or unique_id, column, written=written)
        return Change(unique_id, kind, verdict, certainty, cut(reason, LONGEST), column, cut(was, LONG), cut(now, LONG), path, line)

    def _where(self, unique_id: str, base_id: str, column: str, *, written: bool) -> tuple[str, int]:
        side = self.head if unique_id in self.head.nodes else self.base
        node = side.nodes.get(unique_id) or side.project.disabled.get(unique_id)
        patch = side.definition(unique_id).patch
        path = (patch if patch and not written else node.path if node is not None else "") or side.definitions.paths.get(unique_id, "")
        if side is not self.head:
            return path, 1
        return path, self._line(base_id, unique_id, column) if written else self._declared.line(unique_id, path, column)

    def _line(self, base_id: str, head_id: str, column: str) -> int:
        """The first line of the head's code that differs, one that names the column where there is one; counted from 1."""
        known = (base_id, head_id)
        if known not in self._lines:
            self._lines[known] = _Lines(_changed(self.base.code_of(base_id).raw, self.head.code_of(head_id).raw))
        return self._lines[known].of(column)


class _Lines:
    """Lines that differ, with their numbers, and which words stand in them."""

    def __init__(self, lines: list[tuple[int, str]]) -> None:
        self.first = lines[0][0] if lines else 1
        self.texts = [(number, text.casefold()) for number, text in lines]
        self.words: dict[str, int] = {}
        for number, text in self.texts:
            for word in WORD.findall(text):
                self.words.setdefault(word, number)

    def of(self, column: str) -> int:
        """The first that names a column; the first of all where none does, or no column is given."""
        name = column.casefold()
        if WORD.fullmatch(name) or not name:
            return self.words.get(name, self.first)
        return next((number for number, text in self.texts if name in text), self.first)


def _changed(old: str, new: str) -> list[tuple[int, str]]:
    """The lines of the new text that the old one does not have, with their numbers; where lines are gone, the one that follows."""
    before, after = old.splitlines(), new.splitlines()
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    mine, its = after[start : len(after) - end], before[start : len(before) - end]
    if not mine:
        return [] if not its else [(min(start, max(len(after) - 1, 0)) + 1, "")]
    if len(mine) * max(len(its), 1) > MOST_WORK:
        return [(start + place + 1, text) for place, text in enumerate(mine)]
    found: list[tuple[int, str]] = []
    for what, _, _, first, last in SequenceMatcher(None, its, mine, autojunk=False).get_opcodes():
        if what != "equal":
            found.extend((start + place + 1, mine[place]) for place in range(first, last))
            found.extend([(start + min(first, len(mine) - 1) + 1, "")] if first == last else [])
    return found


def _alike(one: list[str], other: list[str]) -> int:
    """How many lines at the start are the same."""
    return next((place for place, (mine, its) in enumerate(zip(one, other, strict=False)) if mine != its), min(len(one), len(other)))
