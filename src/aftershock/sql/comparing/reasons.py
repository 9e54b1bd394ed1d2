"""Why two queries differ, in phrases for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.sql.comparing.blocks import FROM, INNER
from aftershock.sql.comparing.shapes import entries_of, held, pool_of, rows_of, slots_of
from aftershock.sql.comparing.wording import became, is_cast_of_same, is_window_of_same, join_of, plain, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlglot import exp

    from aftershock.sql.comparing.queries import Queries
    from aftershock.sql.comparing.scopes import Col, Made
    from aftershock.sql.comparing.shapes import Joined
    from aftershock.sql.comparing.terms import Term
    from aftershock.sql.dialects import Dialect

MOST = 12
_LAYERS = ("limit", "sorted", "first", "group", "unfold", "extra")
ROWS = frozenset({"scan", "block", "union", "setop", "recursive", "call", "pivot", "values", *_LAYERS})


class Reasons:
    """Says why values and rows differ.

    Args:
        dialect: in which expressions are written out.
        one: who read the base.
        two: who read the head.
    """

    def __init__(self, dialect: Dialect, one: Queries, two: Queries) -> None:
        self.dialect = dialect
        self.places = {**one.places, **two.places}
        self.words = {**one.words, **two.words}
        self.written = {**one.blocks.written, **two.blocks.written}
        self.branches = {**one.branches, **two.branches}
        self.labels = {**one.relations.labels, **two.relations.labels, **one.labels, **two.labels}
        self.paths = {**one.relations.paths, **two.relations.paths, **one.paths, **two.paths}

    # values

    def value(self, before: Col, after: Col) -> str:
        """Why a column's values may be others."""
        old, new = self._made(before, after)
        if old is not None and new is not None:
            was, now = self.text(old.node), self.text(new.node)
            if was != now:
                where = f" in {plain(new.place)}" if new.place else ""
                if is_cast_of_same(old.node, new.node):
                    return f"it is cast to another type{where}"
                if is_window_of_same(old.node, new.node):
                    return f"the window changed{where}"
                return f"the expression changed{where}{became(was, now)}"
        deeper = self._deeper(before.term, after.term)
        return deeper or "what it is computed from changed"

    def _made(self, before: Col, after: Col) -> tuple[Made | None, Made | None]:
        """Where both are computed; of a UNION's column, in the first branch in which that differs."""
        old, new = (self.branches.get(col.term, ()) for col in (before, after))
        if before.made is None and after.made is None and 0 < len(old) == len(new):
            pairs = zip(before.term.parts, after.term.parts, old, new, strict=True)
            return next(((was, now) for one, two, was, now in pairs if one is not two), (None, None))
        return before.made, after.made

    def _deeper(self, base: Term, head: Term) -> str:
        """What changed in the rows that a value is computed over."""
        seen: set[tuple[Term, Term]] = set()
        while base is not head and (base, head) not in seen:
            seen.add((base, head))
            if base.kind in ROWS and head.kind in ROWS:
                return next(iter(self.rows(base, head)), "")
            pairs = [(one, two) for one, two in zip(base.parts, head.parts, strict=False) if one is not two]
            if not pairs or base.kind != head.kind:
                return ""
            base, head = next((pair for pair in pairs if pair[0].kind in ROWS and pair[1].kind in ROWS), pairs[0])
        return ""

    def text(self, node: exp.Expression) -> str:
        """An expression as SQL, in one line."""
        try:
            written = node.sql(dialect=self.dialect.read or None, comments=False)
        except Exception:  # noqa: BLE001  # what cannot be written out is not shown
            return ""
        return plain(" ".join(written.split()))

    # rows

    def rows(self, base: Term, head: Term) -> list[str]:
        """What decides about the rows and changed; empty where nothing did."""
        if base is head:
            return []
        found = self._rows(base, head)
        return list(dict.fromkeys(found))[:MOST] or ["what decides about the rows changed"]

    def _rows(self, base: Term, head: Term) -> list[str]:  # noqa: PLR0911  # one return a case
        if base is head:
            return []
        compare = _SAME_KIND.get(base.kind) if base.kind == head.kind else None
        if compare is not None:
            return compare(self, base, head)
        if self._among(base, head) or self._among(head, base):
            return self._blocks(base, head)
        for kind in _LAYERS:
            if head.kind == kind != base.kind:
                return [f"{self._word(head)} was added", *self._rows(base, head.parts[0])]
            if base.kind == kind != head.kind:
                return [f"{self._word(base)} was removed", *self._rows(base.parts[0], head)]
        if "block" in {base.kind, head.kind}:
            return self._blocks(base, head)
        return [self._instead(base, head)]

    def _instead(self, base: Term, head: Term) -> str:
        """That other rows are read, by names that tell them apart."""
        for name in (self._own_name, self.name, self._path):
            was, now = name(base), name(head)
            if was and now and was != now:
                return f"it reads {now} instead of {was}"
        return "what it reads changed"

    def _own_name(self, rows: Term) -> str:
        """A relation's own name, rather than that of a CTE that passes it on; as :meth:`name` for other rows."""
        return self._label(rows) if rows.kind == "scan" else self.name(rows)

    def _path(self, rows: Term) -> str:
        return self.paths.get(str(rows.args[0]), "") if rows.kind == "scan" else ""

    def _label(self, rows: Term) -> str:
        relation = str(rows.args[0])
        return plain(self.labels.get(relation, relation.removeprefix("outside:")))

    @staticmethod
    def _among(block: Term, other: Term) -> bool:
        """Whether a block has a source of the kind of other rows, of which it leaves some."""
        return block.kind == "block" and any(rows_of(entry).kind == other.kind for entry in block.parts[0].parts)

    def _word(self, rows: Term) -> str:
        word = self.words.get(rows, {"limit": "LIMIT", "unfold": "a function that makes several rows of one", "first": "DISTINCT ON"}.get(rows.kind, ""))
        if rows.kind == "group":
            return "an aggregation over all rows" if word == "aggregation" else word or "GROUP BY"
        return word or "a clause"

    def name(self, rows: Term) -> str:
        """What people call these rows; empty where nobody gave them a name."""
        place = self.places.get(rows)
        if place:
            return plain(place)
        if rows.kind == "scan":
            return self._label(rows)
        return next((name for part in rows.parts if part.kind in ROWS and (name := self.name(part))), "")

    def _inside(self, rows: Term, phrases: Iterable[str]) -> list[str]:
        place = plain(self.places.get(rows, ""))
        return [phrase if not place or " inside " in phrase else f"{phrase} inside {place}" for phrase in phrases]

    def _blocks(self, base: Term, head: Term) -> list[str]:
        old, new = entries_of(base), entries_of(head)
        found: list[str] = []
        for slot in old.keys() & new.keys():
            found.extend(self._entry(slot, old[slot], new[slot]))
        lost, come = [slot for slot in old if slot not in new], [slot for slot in new if slot not in old]
        for before, after in self._pairs(lost, come):
            lost.remove(before)
            come.remove(after)
            found.extend(self._source(before, after))
            found.extend(self._kinds(old[before].kind, new[after].kind, held(after)))
        found.extend(f"{join_of(old[slot].kind)} {self.name(held(slot))}".rstrip() + " was removed" for slot in lost)
        found.extend(f"{join_of(new[slot].kind)} {self.name(held(slot))}".rstrip() + " was added" for slot in come)
        joined = [self._texts(condition for entry in entries.values() for condition in entry.on) for entries in (old, new)]
        found.extend(self._conditions(pool_of(base), pool_of(head), joined[0], joined[1]))
        return found

    def _entry(self, slot: Term, old: Joined, new: Joined) -> list[str]:
        found = self._kinds(old.kind, new.kind, held(slot))
        if old.on != new.on and not found and self._texts(old.on) != self._texts(new.on):
            found.append(f"the condition of the join with {self.name(held(slot)) or 'a subquery'} changed")
        return found

    def _kinds(self, old: str, new: str, rows: Term) -> list[str]:
        before, after = (INNER if kind == FROM else kind for kind in (old, new))
        if before == after:
            return []
        return [f"{join_of(before)} became {join_of(after)}{f' ({name})' if (name := self.name(rows)) else ''}"]

    def pairs(self, base: Term, head: Term) -> dict[Term, Term]:
        """Sources of two blocks that are the same one, changed."""
        old, new = slots_of(base), slots_of(head)
        return dict(self._pairs([slot for slot in old if slot not in new], [slot for slot in new if slot not in old]))

    def _pairs(self, lost: list[Term], come: list[Term]) -> list[tuple[Term, Term]]:
        """Sources that are the same one, changed: those of one name, and the only ones that are left."""
        pairs = [(before, after) for before in lost for after in come if (name := self.places.get(held(before), "")) and name == self.places.get(held(after))]
        used = {term for pair in pairs for term in pair}
        rest, others = [slot for slot in lost if slot not in used], [slot for slot in come if slot not in used]
        if len(rest) == len(others) == 1:
            pairs.append((rest[0], others[0]))
        found: dict[Term, Term] = {}
        for before, after in pairs:
            if before not in found and after not in found.values():
                found[before] = after
        return list(found.items())

    def _source(self, before: Term, after: Term) -> list[str]:
        old, new = held(before), held(after)
        if old.kind == new.kind == "scan":
            return [self._instead(old, new)]
        return self._inside(new, self._rows(old, new))

    def _texts(self, conditions: Iterable[Term]) -> set[str]:
        return {self.text(self.written[item]) if item in self.written else f"#{item.number}" for item in conditions}

    def _conditions(self, base: frozenset[Term], head: frozenset[Term], before: set[str], after: set[str]) -> list[str]:
        """Conditions of the rows that changed, but those that an outer join has taken over or left behind."""
        gone = [item for item in sorted(base - head, key=_number) if not self._texts((item,)) & after]
        come = [item for item in sorted(head - base, key=_number) if not self._texts((item,)) & before]
        both = self._texts(gone) & self._texts(come)
        gone, come = ([item for item in items if not self._texts((item,)) & both] for items in (gone, come))
        if not gone and not come:
            return ["what a filter reads changed"] if both else []
        was, now = self._shown(gone), self._shown(come)
        if len(was) == len(now) == 1:
            return [f"a filter changed{became(was[0], now[0])}"]
        found = [f"a filter was removed{told(was)}"] if gone else []
        return [*found, f"a filter was added{told(now)}"] if come else found

    def _shown(self, conditions: list[Term]) -> list[str]:
        """Conditions as they are written, each once; one of which that is not known is empty."""
        return list(dict.fromkeys(self.text(self.written[item]) if item in self.written else "" for item in conditions))

    def _limits(self, base: Term, head: Term) -> list[str]:
        found = self._rows(base.parts[0], head.parts[0])
        if base.args[2] is not head.args[2]:
            found.append("LIMIT changed")
        elif base.args[1] is not head.args[1] and not found:
            found.append("the order by which LIMIT takes rows changed")
        return found

    def _groups(self, base: Term, head: Term) -> list[str]:
        found = self._rows(base.parts[0], head.parts[0])
        old, new = base.parts[1], head.parts[1]
        if old.kind != new.kind or (old is not new and (not found or len(old.args) != len(new.args))):
            words = {self._word(base), self._word(head)}
            if len(words) > 1 or old.kind != new.kind:
                return [*found, f"{self._word(base)} became {self._word(head)}"]
            word = words.pop()
            found.append(f"the columns of {word} changed" if word in {"DISTINCT", "UNION"} else f"what {word} goes by changed")
        return found

    def _unions(self, base: Term, head: Term) -> list[str]:
        gone, come = list(base.parts), list(head.parts)
        for part in list(gone):
            if part in come:
                gone.remove(part)
                come.remove(part)
        found: list[str] = []
        if len(gone) == len(come):
            for old, new in zip(gone, come, strict=True):
                found.extend(self._inside(new, self._rows(old, new)))
            return found
        return [f"a branch of UNION was {'added' if len(come) > len(gone) else 'removed'}"]

    def _set_operations(self, base: Term, head: Term) -> list[str]:
        words = [str(term.args[0]).split(" ", maxsplit=1)[0].upper() for term in (base, head)]
        return [f"{words[0]} became {words[1]}" if words[0] != words[1] else f"a side of {words[1]} changed"]

    def _recursions(self, base: Term, head: Term) -> list[str]:
        found = [phrase for one, two in zip(base.parts[:2], head.parts[:2], strict=True) for phrase in self._rows(one, two)]
        return found or ["the recursion changed"]

    def _calls(self, base: Term, head: Term) -> list[str]:
        return ["the values changed" if base.kind == head.kind == "values" else "what is unfolded or pivoted changed"]

    def _wrapped(self, base: Term, head: Term) -> list[str]:
        return self._rows(base.parts[0], head.parts[0]) or [f"{self._word(head)} changed"]

    def _scans(self, base: Term, head: Term) -> list[str]:
        return [self._instead(base, head)]


def _number(term: Term) -> int:
    return term.number


_SAME_KIND: dict[str, Callable[[Reasons, Term, Term], list[str]]] = {
    "block": Reasons._blocks,  # noqa: SLF001  # its own table
    "limit": Reasons._limits,  # noqa: SLF001  # as above
    "group": Reasons._groups,  # noqa: SLF001  # as above
    "union": Reasons._unions,  # noqa: SLF001  # as above
    "setop": Reasons._set_operations,  # noqa: SLF001  # as above
    "recursive": Reasons._recursions,  # noqa: SLF001  # as above
    "scan": Reasons._scans,  # noqa: SLF001  # as above
    **dict.fromkeys(("call", "pivot", "values"), Reasons._calls),  # noqa: SLF001  # as above
    **dict.fromkeys(("sorted", "first", "unfold", "extra"), Reasons._wrapped),  # noqa: SLF001  # as above
}
