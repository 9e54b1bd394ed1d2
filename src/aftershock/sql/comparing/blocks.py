"""The rows of one SELECT: sources and conditions while it is read, one closed term once it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.sql.comparing.scopes import Entry
from aftershock.sql.comparing.terms import VOLATILE, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlglot import exp

    from aftershock.sql.comparing.scopes import Col, Open, Relation, Scope
    from aftershock.sql.comparing.terms import Terms

FROM, INNER, LEFT, FULL = "", "inner", "left", "full"
_PLAIN = frozenset({FROM, INNER})


class Opened(NamedTuple):
    """A relation in a SELECT that reads it: its sources, conditions and columns, its row as a whole, and the order in which it comes."""

    entries: list[Entry]
    pool: list[Term]
    cols: list[Col]
    opens: tuple[Open, ...]
    row: Term
    order: Term | None


class Blocks:
    """Closes and opens the rows of SELECTs.

    Args:
        terms: those of the comparison.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.written: dict[Term, exp.Expression] = {}
        """How a condition is written, for people."""

    def close(self, scope: Scope) -> tuple[Term, Mapping[Term, Term | None]]:
        """The rows of a SELECT so far, and what its instances have become there."""
        terms = self.terms
        pool = [item for item in scope.pool if not is_true(item)]
        slots: dict[Term, Term | None] = {}
        entries = [entry for entry in scope.entries if not self._looked_up(entry, slots)]
        if len(entries) == 1 and not pool and entries[0].kind == FROM:
            slots[entries[0].instance] = None
            return terms.close(entries[0].rows, slots), slots
        if all(entry.kind in _PLAIN and not entry.rows.free for entry in entries):
            entries.sort(key=lambda entry: entry.rows.number)
        found: list[Term] = []
        seen: dict[Term, int] = {}
        for place, entry in enumerate(entries):
            rows = terms.close(entry.rows, slots)
            seen[rows] = seen.get(rows, -1) + 1
            slots[entry.instance] = terms.make("slot", rows, seen[rows])
            kind = entry.kind if entry.kind not in _PLAIN else INNER if place else FROM
            found.append(terms.make("entry", kind, slots[entry.instance], self.both(self._closed(item, slots) for item in entry.on)))
        condition = self.both(self._closed(item, slots) for item in pool)
        return terms.make("block", terms.sequence(found), condition), slots

    def _closed(self, condition: Term, slots: Mapping[Term, Term | None]) -> Term:
        return self.follow(condition, self.terms.closing(slots))

    def follow(self, condition: Term, change: Callable[[Term], Term]) -> Term:
        """A condition as it is said of other rows; its parts are written as before."""
        for part in condition.parts if condition.kind == "and" else (condition,):
            if part in self.written:
                self.written.setdefault(change(part), self.written[part])
        return change(condition)

    def both(self, conditions: Iterable[Term]) -> Term:
        """Several conditions as a set, also of one or none."""
        found = [part for item in conditions for part in (item.parts if item.kind == "and" else (item,)) if not is_true(part)]
        return self.terms.collection(found)

    def _looked_up(self, entry: Entry, slots: dict[Term, Term | None]) -> bool:
        """Whether a LEFT JOIN finds at most one row for certain, since what it joins is grouped by what it is joined by.

        It decides about no rows then: its columns are looked up, as by a subquery, and only those that read them depend on it.
        """
        if entry.kind != LEFT or entry.rows.kind != "group" or entry.rows.free or not self._is_unique(entry):
            return False
        terms = self.terms
        on = terms.close(self.both(entry.on), {entry.instance: None})
        slots[entry.instance] = terms.close(terms.make("lookup", entry.rows, on, terms.make("hole")), slots)
        return True

    def _is_unique(self, entry: Entry) -> bool:
        keys = entry.rows.args[1]
        if not isinstance(keys, Term) or keys.kind != "set":
            return isinstance(keys, Term) and keys.kind == "all"  # one row of all
        met: set[Term] = set()
        for condition in entry.on:
            for item in condition.parts if condition.kind == "and" else (condition,):
                if item.kind == "pair" and item.args[0] == "EQ":
                    left, right = item.parts
                    met.update(this for this, other in ((left, right), (right, left)) if entry.instance not in other.free)
        return bool(keys.args) and all(self.terms.seen(key, entry.instance) in met for key in keys.parts)

    def opened(self, relation: Relation, kind: str) -> Opened:
        """A relation as the SELECT sees it that reads it: its own sources and conditions where that comes to the same, else one source.

        Args:
            relation: what is read.
            kind: how it is joined to what stands before it; FROM where it is the first.
        """
        terms, rows = self.terms, relation.rows
        count = len(rows.parts[0].args) if rows.kind == "block" else 0
        if not count or (kind != FROM and (kind not in {INNER, LEFT} or count > 1)):
            instance = terms.instance()
            see = terms.seeing(instance)
            entries, pool, row = [Entry(FROM, instance, rows)], [], terms.make("at", instance, terms.make("row"))
        else:
            instances: dict[Term, Term] = {}
            listed, condition = rows.parts
            entries = [self._entry(entry, instances) for entry in listed.parts]
            see = terms.opening(instances)
            pool = [self.follow(item, see) for item in condition.parts]
            row = terms.sequence(terms.make("at", entry.instance, terms.make("row")) for entry in entries)
        cols = [col._replace(term=see(term)) for col, term in zip(relation.cols, self._once(relation.cols), strict=True)]
        order = see(relation.order) if relation.order is not None else None
        return Opened(entries, pool, cols, tuple(item._replace(template=see(item.template)) for item in relation.opens), row, order)

    def _once(self, cols: list[Col]) -> list[Term]:
        """Values of columns; what answers differently each time is asked once for each column, however often that is read."""
        return [self.terms.make("once", place, col.term) if col.term.bits & VOLATILE else col.term for place, col in enumerate(cols)]

    def _entry(self, entry: Term, instances: dict[Term, Term]) -> Entry:
        kind, slot, on = entry.args
        terms = self.terms
        assert isinstance(slot, Term) and isinstance(on, Term)  # noqa: PT018, S101  # as it was made
        rows = terms.opening(instances)(slot.parts[0])
        instances[slot] = terms.instance()
        see = terms.opening(instances)
        return Entry(str(kind), instances[slot], rows, tuple(self.follow(item, see) for item in on.parts))


def is_true(term: Term) -> bool:
    """Whether a condition always holds: TRUE, 1 = 1."""
    if term.kind == "pair" and term.args[0] == "EQ":
        left, right = term.parts
        return left is right and left.kind == "literal"
    return term.kind == "true"
