"""What two queries yield -> how they differ, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.model.changes import QueryDiff
from aftershock.sql.comparing.reasons import Reasons
from aftershock.sql.comparing.scopes import open_term
from aftershock.sql.comparing.terms import UNSURE
from aftershock.sql.comparing.types import Types

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.sql.comparing.facts import Side
    from aftershock.sql.comparing.queries import Queries
    from aftershock.sql.comparing.scopes import Col, Open, Relation
    from aftershock.sql.comparing.terms import Term, Terms
    from aftershock.sql.dialects import Dialect

KEEPING_CASE = frozenset({"bigquery", "databricks", "doris", "duckdb", "fabric", "mysql", "singlestore", "spark", "sqlite", "starrocks", "tsql"})
"""Warehouses that keep the case in which a column is named, and find it in any."""
CONSTANT = frozenset({"chain", "operator", "literal", "null", "true", "false", "type", "text", "id", "word", "function", "case", "list", "pseudo"})


class Sides(NamedTuple):
    """What both sides share, who read each, and what was known to them."""

    terms: Terms
    dialect: Dialect
    one: Queries
    two: Queries
    base: Side
    head: Side


class _Columns:
    """The columns of one side by key, and what passes through stars."""

    def __init__(self, terms: Terms, relation: Relation, dialect: Dialect) -> None:
        self.terms = terms
        self.opens = relation.opens
        self.by_key: dict[str, Col] = {}
        for col in relation.cols:
            key, name, number = col.key, col.name, 0
            while key in self.by_key:
                number += 1
                mark = "_" if dialect.numbers else "#"
                key, name = f"{col.key}{mark}{number}", f"{col.name}{mark}{number}"
            self.by_key[key] = col._replace(key=key, name=name)

    def passing(self, key: str) -> list[Term]:
        """What a column of this key would be, of those that stars pass on."""
        return [item.column(self.terms, key) for item in self.opens if key not in item.without]

    def taken(self) -> frozenset[str]:
        """Columns that a star names, and that do not pass through it."""
        return frozenset(key for item in self.opens for key in item.without)


def is_doubtful(sides: Sides, diff: QueryDiff, base: Relation, head: Relation) -> bool:
    """Whether knowing more columns could have told another difference."""
    if diff.same:
        return False
    if diff.opaque or any(name == "*" for name, _ in diff.values) or sides.one.hearsay or sides.two.hearsay:
        return True
    old, new = set(base.values(sides.terms)), set(head.values(sides.terms))
    changed = [*(old ^ new), *((base.rows, head.rows) if base.rows is not head.rows else ())]
    return any(term.bits & UNSURE for term in changed)


def difference(sides: Sides, base: Relation, head: Relation) -> QueryDiff:
    """How what one query yields differs from what another does."""
    old, new = (_Columns(sides.terms, relation, sides.dialect) for relation in (base, head))
    reasons = Reasons(sides.dialect, sides.one, sides.two)
    common = _common(old, new)
    removed = [col for key, col in old.by_key.items() if key not in common]
    added = [col for key, col in new.by_key.items() if key not in common]
    renamed = _renamed(removed, added)
    removed = [col for col in removed if col.key not in renamed]
    added = [col for col in added if col.key not in {after.key for _, after in renamed.values()}]
    gone = sorted((new.taken() - old.taken() - new.by_key.keys() - old.by_key.keys()) if old.opens else ())
    come = sorted((old.taken() - new.taken() - new.by_key.keys() - old.by_key.keys()) if new.opens else ())
    starred = _stars(sides.terms, base.opens) == _stars(sides.terms, head.opens)
    changed = _changed(sides.terms, common, base.rows, head.rows, reasons)
    retyped, cast, narrowed = Types(sides.terms, sides.dialect, sides.base, sides.head).changed(changed, base.rows, head.rows)
    values = [(pair[1].name, reasons.value(*pair)) for key, pair in changed.items() if key not in cast]
    if not starred and _templates(sides.terms, base.opens) != _templates(sides.terms, head.opens):
        values.append(("*", "a star passes on something else"))
    found = QueryDiff(
        removed=(*(col.name for col in removed), *gone),
        added=(*(col.name for col in added), *come),
        renamed=tuple((before.name, after.name) for before, after in renamed.values()),
        values=tuple(values),
        retyped=retyped,
        narrowed=narrowed,
        rows=tuple(dict.fromkeys(reasons.rows(base.rows, head.rows))),
        reordered=_reordered(old, new, renamed),
        opaque=not starred,
        resorted=_resorted(base.order, head.order),
        recased=_recased(common, sides.dialect),
    )
    return QueryDiff(same=True, recased=found.recased) if found == QueryDiff(recased=found.recased) else found


def _changed(terms: Terms, common: dict[str, tuple[Col, Col]], base: Term, head: Term, reasons: Reasons) -> dict[str, tuple[Col, Col]]:
    """Columns whose own value is another. Where rows differ, what a source became is no difference of each column that comes from it."""
    if base is head:
        return {key: pair for key, pair in common.items() if pair[0].term is not pair[1].term}
    pairs = reasons.pairs(base, head)

    def alike(before: Term, after: Term) -> bool:
        return before is after or _lifted(terms, _moved(terms, before, pairs), base, head) is _lifted(terms, after, head, base)

    return {key: pair for key, pair in common.items() if not alike(pair[0].term, pair[1].term)}


def _moved(terms: Terms, term: Term, pairs: dict[Term, Term]) -> Term:
    """A value of the base with the sources of the head in the places of those that they were."""
    return terms.rewrite(term, lambda item, _: pairs.get(item), lambda *_: True) if pairs else term


def _lifted(terms: Terms, term: Term, rows: Term, other: Term) -> Term:
    """A value of rows that are one source of the other side's, as it is said there."""
    slot = terms.make("slot", rows, 0)
    if rows.kind == "block" or other.kind != "block" or all(entry.parts[0] is not slot for entry in other.parts[0].parts):
        return term
    return terms.seen(term, slot)


def _common(old: _Columns, new: _Columns) -> dict[str, tuple[Col, Col]]:
    """Columns of both sides; where only one side lists a column, the other may pass it on through a star."""
    found: dict[str, tuple[Col, Col]] = {}
    for key, col in old.by_key.items():
        after = new.by_key.get(key) or _through(new, col)
        if after is not None:
            found[key] = (col, after)
    for key, col in new.by_key.items():
        if key not in found:
            before = _through(old, col, replaced=key in new.taken())
            if before is not None:
                found[key] = (before, col)
    return found


def _through(side: _Columns, col: Col, *, replaced: bool = True) -> Col | None:
    """The column as the other side passes it on; where its value would be another, only if it is known to be there."""
    passing = side.passing(col.key)
    if not passing or (col.term not in passing and not replaced):
        return None
    return col._replace(term=col.term if col.term in passing else passing[0], made=None)


def _stars(terms: Terms, opens: Sequence[Open]) -> set[Term]:
    return {open_term(terms, item) for item in opens}


def _templates(terms: Terms, opens: Sequence[Open]) -> set[Term]:  # noqa: ARG001  # as its neighbour
    return {item.template for item in opens}


def _renamed(removed: Sequence[Col], added: Sequence[Col]) -> dict[str, tuple[Col, Col]]:
    """Columns that have another name now, by the old key: one of each side, and no other, has this value."""
    found: dict[str, tuple[Col, Col]] = {}
    for col in removed:
        before = [item for item in removed if item.term is col.term]
        after = [item for item in added if item.term is col.term]
        if len(before) == len(after) == 1 and not col.unnamed and not after[0].unnamed and not _is_constant(col.term):
            found[col.key] = (col, after[0])
    return found


def _is_constant(term: Term) -> bool:
    """Whether a value comes of no row: two constants are equal by chance."""
    return term.kind in CONSTANT and all(_is_constant(part) for part in term.parts)


def _reordered(old: _Columns, new: _Columns, renamed: dict[str, tuple[Col, Col]]) -> bool:
    """Whether the columns of both sides stand in another order."""
    names = {key: after.key for key, (_, after) in renamed.items()}
    before = [names.get(key, key) for key in old.by_key if names.get(key, key) in new.by_key]
    kept = set(before)
    return before != [key for key in new.by_key if key in kept]


def _recased(common: dict[str, tuple[Col, Col]], dialect: Dialect) -> tuple[tuple[str, str], ...]:
    """Columns whose names are spelled in another case now, where the warehouse keeps that."""
    if dialect.read not in KEEPING_CASE:
        return ()
    return tuple((before.name, after.name) for before, after in common.values() if before.spelled and after.spelled and before.name != after.name)


def _resorted(base: Term | None, head: Term | None) -> str:
    before, after = base is not None and bool(base.args), head is not None and bool(head.args)
    if not before or not after:
        return "" if before == after else "an ORDER BY was added" if after else "the ORDER BY was removed"
    return "" if base is head else "the ORDER BY changed"
