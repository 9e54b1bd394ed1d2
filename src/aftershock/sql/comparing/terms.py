"""The form in which queries are compared: terms that are one object where they are equal.

A term says how a value comes about, or which rows there are, in the words of base relations alone: CTEs, aliases, clauses and their order are gone.
Values are said of one row of the rows that they belong to. While a SELECT is read, its sources are instances (``inst``), and a column of one is
``at(inst, column)``. Once it is read its rows are closed: instances become slots, named by what they hold, so that equal queries close to one term.
What a subquery reads of the query around it becomes ``outer(depth, slot, column)``, by the number of rows that lie in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Arg = Union["Term", str, int, None]

VOLATILE, OPEN_WINDOW, HOLE, UNSURE = 1, 2, 4, 8
"""What a term holds somewhere: a function that answers differently each time, a window without its rows, a place for a column, a name that may be of several."""

ALL = frozenset(range(64))
NONE: frozenset[int] = frozenset()
_INSIDE = {
    "at": frozenset({1}),
    "outer": frozenset({2}),
    "win": frozenset({0, 1}),
    **dict.fromkeys(("scalar", "exists", "lookup"), ALL),
    **dict.fromkeys(("block", "group", "limit", "first", "unfold", "sorted", "union", "setop", "recursive", "call", "pivot", "extra", "values"), ALL),
}
"""Which arguments of a term are said of rows of its own."""
_SETS = frozenset({"and", "or", "set"})
LEAVES = frozenset({"col", "at", "agg", "row", "hole", "union-col", "rec-col", "once"})
"""What is a column of a row, rather than computed from such."""

MOST_TERMS = 400_000


class TooMany(ValueError):  # noqa: N818  # reads as what happened; becomes a reason at once
    """Queries whose terms multiply beyond what can be followed."""


class Term:
    """One term; made by :class:`Terms` alone.

    Attributes:
        kind: what it is.
        args: its parts.
        number: its place among the terms of one comparison.
        free: instances that it holds.
        reach: how many rows further out it refers to, at most.
        bits: what it holds, as flags.
    """

    __slots__ = ("args", "bits", "free", "kind", "number", "reach")

    def __init__(self, kind: str, args: tuple[Arg, ...], number: int) -> None:
        self.kind = kind
        self.args = args
        self.number = number
        self.free: frozenset[Term] = frozenset()
        self.reach = 0
        self.bits = 0

    def __repr__(self) -> str:
        return f"{self.kind}({', '.join(map(repr, self.args))})"

    @property
    def parts(self) -> list[Term]:
        """Its arguments that are terms."""
        return [arg for arg in self.args if isinstance(arg, Term)]


class Terms:
    """The terms of one comparison."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, tuple[Arg, ...]], Term] = {}
        self._instances = 0

    def make(self, kind: str, *args: Arg) -> Term:
        """The term of this kind and these parts.

        Raises:
            TooMany: there are more than any real comparison has.
        """
        found = self._known.get((kind, args))
        return self._new(kind, args) if found is None else found

    def _new(self, kind: str, args: tuple[Arg, ...]) -> Term:
        if len(self._known) >= MOST_TERMS:
            raise TooMany
        found = self._known[(kind, args)] = Term(kind, args, len(self._known))
        inside = _INSIDE.get(kind, NONE)
        reach = args[0] if kind == "outer" and isinstance(args[0], int) else 0
        free: frozenset[Term] = frozenset()
        for place, arg in enumerate(args):
            if isinstance(arg, Term):
                found.bits |= arg.bits
                reach = max(reach, arg.reach - (place in inside))
                if arg.free:
                    free = free | arg.free if free else arg.free
        found.free, found.reach = (frozenset({found}) if kind == "inst" else free), reach
        found.bits |= {"open-win": OPEN_WINDOW, "hole": HOLE, "volatile": VOLATILE, "name": UNSURE}.get(kind, 0)
        return found

    def instance(self) -> Term:
        """A new source."""
        self._instances += 1
        return self.make("inst", self._instances)

    def sequence(self, items: Iterable[Term]) -> Term:
        """Terms in order."""
        return self.make("list", *items)

    def collection(self, items: Iterable[Term], kind: str = "set") -> Term:
        """Terms in any order, each once but for what answers differently each time. ``and`` and ``or`` take in their own kind, and are a single term itself."""
        listed = [part for item in items for part in (item.parts if kind != "set" and item.kind == kind else (item,))]
        volatile = [item for item in listed if item.bits & VOLATILE]
        found = [*{item for item in listed if not item.bits & VOLATILE}, *volatile]
        if len(found) == 1 and kind != "set":
            return found[0]
        return self.make(kind, *sorted(found, key=_number))

    def pair(self, name: str, left: Term, right: Term) -> Term:
        """Two terms in any order."""
        return self.make("pair", name, *sorted((left, right), key=_number))

    def chain(self, left: Term, operator: Term, right: Term) -> Term:
        """Two operands of an operator. Operators are applied from left to right, so that a sum of hundreds is no term as deep."""
        turns = operator.args[1] == 1
        if turns and left.kind != "chain" and (right.kind == "chain" or right.number < left.number):
            left, right = right, left
        return self.make("chain", *(left.args if left.kind == "chain" else (left,)), operator, right)

    def again(self, term: Term, args: list[Arg]) -> Term:
        """The term with other parts."""
        if term.kind in _SETS:
            return self.collection((arg for arg in args if isinstance(arg, Term)), term.kind)
        if term.kind == "pair":
            left, right = (arg for arg in args if isinstance(arg, Term))
            return self.pair(str(args[0]), left, right)
        if term.kind == "chain":
            first, operator, second, *rest = (arg for arg in args if isinstance(arg, Term))
            found = self.chain(first, operator, second)
            return self.make("chain", *found.args, *rest) if rest else found
        return self.make(term.kind, *args)

    def rewrite(self, term: Term, change: Change, wanted: Wanted, memo: Memo | None = None, depth: int = 0) -> Term:
        """The term with parts of it replaced.

        Args:
            term: where to look.
            change: what takes the place of a part that lies so many rows deep; None where its own parts are looked at.
            wanted: whether there is anything to replace in a part.
            memo: what was replaced before, by the same two.
            depth: how many rows deep the term lies itself.
        """
        if not wanted(term, depth):
            return term
        known: Memo = {} if memo is None else memo

        def walk(item: Term, depth: int) -> Term:
            if not wanted(item, depth):
                return item
            key = (item, depth)
            found = known.get(key)
            if found is None:
                found = change(item, depth)
                if found is None:
                    inside = _INSIDE.get(item.kind, NONE)
                    parts: list[Arg] = [walk(arg, depth + (place in inside)) if isinstance(arg, Term) else arg for place, arg in enumerate(item.args)]
                    found = self.again(item, parts)
                known[key] = found
            return found

        return walk(term, depth)

    def closing(self, slots: Mapping[Term, Slot]) -> Callable[[Term], Term]:
        """What says terms of an open SELECT of a row of its closed rows.

        Args:
            slots: what each instance has become: a slot, None where it is all there is, or a term with a hole for the column.
        """
        instances = frozenset(slots)
        memo: Memo = {}

        def again(term: Term, depth: int) -> Term:
            return self.rewrite(term, change, wanted, memo, depth)

        def change(item: Term, depth: int) -> Term | None:
            holder = item.args[0] if item.kind == "at" else None
            if holder is None or holder not in slots:
                return None
            leaf, slot = item.parts[1], slots[holder]  # type: ignore[index]  # a term
            if slot is not None and slot.kind != "slot":
                return again(self.fill(slot, leaf), depth)
            if depth and slot is None and leaf.kind == "at" and leaf.parts[0].kind == "slot":
                return self.make("outer", depth, leaf.parts[0], again(leaf.parts[1], depth + 1))
            if depth:
                return self.make("outer", depth, slot, again(leaf, depth + 1))
            return again(leaf, 0) if slot is None else self.make("at", slot, again(leaf, 1))

        def wanted(item: Term, _: int) -> bool:
            return bool(item.free) and not item.free.isdisjoint(instances)

        return lambda term: again(term, 0)

    def close(self, term: Term, slots: Mapping[Term, Slot]) -> Term:
        """One term as :meth:`closing` says it."""
        return self.closing(slots)(term)

    def fill(self, template: Term, leaf: Term) -> Term:
        """A term with a column in its hole."""
        if template.kind == "hole":
            return leaf
        return self.rewrite(template, lambda item, _: leaf if item.kind == "hole" else None, lambda item, _: bool(item.bits & HOLE))

    def seeing(self, holder: Term) -> Callable[[Term], Term]:
        """What says terms of a row of closed rows as a SELECT sees them that has an instance of these, or a block that has a slot of them."""
        memo: Memo = {}

        def change(item: Term, depth: int) -> Term | None:
            if item.kind == "outer" and item.args[0] == depth:
                _, slot, leaf = item.args
                return self.make("at", holder, leaf if slot is None else self.make("at", slot, leaf))
            if depth or item.kind not in LEAVES:
                return None
            if item.kind == "at" and item.parts[0].kind == "inst":
                return item  # of a query around this one
            return self.make("at", holder, item)

        def wanted(item: Term, depth: int) -> bool:
            return not depth or item.reach >= depth

        return lambda term: self.rewrite(term, change, wanted, memo)

    def seen(self, term: Term, holder: Term) -> Term:
        """One term as :meth:`seeing` says it."""
        return self.seeing(holder)(term)

    def opening(self, instances: Mapping[Term, Term]) -> Callable[[Term], Term]:
        """What says terms of a row of a closed block where the block's slots are instances again; more of these may come while it is used."""
        memo: Memo = {}

        def again(term: Term, depth: int) -> Term:
            return self.rewrite(term, change, wanted, memo, depth)

        def change(item: Term, depth: int) -> Term | None:
            if item.kind == "outer" and item.args[0] == depth and item.args[1] in instances:
                return self.make("at", instances[item.args[1]], again(item.parts[-1], depth + 1))  # type: ignore[index]  # a slot
            if not depth and item.kind == "at" and item.args[0] in instances:
                return self.make("at", instances[item.args[0]], again(item.parts[1], 1))  # type: ignore[index]  # as above
            return None

        def wanted(item: Term, depth: int) -> bool:
            return not depth or item.reach >= depth

        return lambda term: again(term, 0)


def _number(term: Term) -> int:
    return term.number


if TYPE_CHECKING:
    Slot = Term | None
    Memo = dict[tuple[Term, int], Term]
    Change = Callable[[Term, int], Term | None]
    Wanted = Callable[[Term, int], bool]
