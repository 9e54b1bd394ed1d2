"""Two texts -> how they differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar, cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from aftershock.model.changes import QueryDiff
from aftershock.sql.comparing.differences import Sides, difference, is_doubtful
from aftershock.sql.comparing.facts import Compared, Relations
from aftershock.sql.comparing.queries import Queries
from aftershock.sql.comparing.scopes import Relation
from aftershock.sql.comparing.terms import Terms, TooMany
from aftershock.sql.dialects import dialect_of
from aftershock.sql.reading import _first_line, _quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aftershock.sql.comparing.facts import Comparison, Side
    from aftershock.sql.dialects import Dialect

_T = TypeVar("_T")
_TOKEN = re.compile(r" but got <Token[^>]*>")
SAME = QueryDiff(same=True)
TOO_MUCH = "it is more than can be compared"


class Incomparable(ValueError):  # noqa: N818  # reads as what happened; becomes a value at once
    """Why a text is no query that can be compared, as a part of a sentence."""


def compare_sql(comparison: Comparison) -> Compared:
    """How two queries differ by what they yield, statement by statement where each may be several.

    Raises:
        RecursionError: one is nested too deeply.
    """
    dialect = dialect_of(comparison.dialect)
    base, head = _paired(comparison.base.texts, comparison.head.texts)
    found = [_compared(one, two, comparison, dialect) for one, two in zip(base, head, strict=True)]
    if not found:
        return Compared(QueryDiff(unread="it is empty"))
    return Compared(united([item.diff for item in found]), tuple(sorted({relation for item in found for relation in item.wanting})))


def _paired(base: Sequence[str], head: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """As many statements on both sides: where one has only one, it is what runs in every case."""
    if not base or not head:
        return (), ()
    longest = max(len(base), len(head))
    return [*base, *[base[-1]] * (longest - len(base))], [*head, *[head[-1]] * (longest - len(head))]


def _compared(base: str, head: str, comparison: Comparison, dialect: Dialect) -> Compared:
    if base == head or _words(base, dialect) == _words(head, dialect):
        return Compared(SAME)
    terms = Terms()
    with _quiet():
        try:
            sides = [_read(text, side, terms, dialect) for text, side in ((base, comparison.base), (head, comparison.head))]
            (one, old), (two, new) = sides
            both = Sides(terms, dialect, one, two, comparison.base, comparison.head)
            diff = difference(both, old, new)
            doubtful = is_doubtful(both, diff, old, new)
        except Incomparable as error:
            return Compared(QueryDiff(unread=str(error)))
        except TooMany:
            return Compared(QueryDiff(unread=TOO_MUCH))
    wanting = tuple(sorted((one.wanting | two.wanting) - {""})) if doubtful else ()
    return Compared(diff, wanting)


def _words(text: str, dialect: Dialect) -> list[tuple[object, str]] | None:
    """A text as its words, without comments and space; each text is another where it cannot be cut into words."""
    with _quiet():
        try:
            tokens = sqlglot.tokenize(text, read=dialect.read or None)
        except SqlglotError:
            return [(text, "")]
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    return [(token.token_type, token.text) for token in tokens]


def _read(text: str, side: Side, terms: Terms, dialect: Dialect) -> tuple[Queries, Relation]:
    """What one side yields, and who read it."""
    try:
        trees = [tree for tree in sqlglot.parse(text, read=dialect.read or None) if tree is not None and not isinstance(tree, exp.Semicolon)]
    except SqlglotError as error:
        raise Incomparable(f"it cannot be parsed: {_TOKEN.sub('', _first_line(error))}") from None
    if len(trees) != 1:
        raise Incomparable(f"it is {len(trees)} statements" if trees else "it is empty")
    tree = cast("exp.Expression", trees[0])
    queries = Queries(terms, dialect, Relations(side.known), dict(side.inlined))
    if isinstance(tree, (exp.Create, exp.Insert)) and isinstance(tree.args.get("expression"), exp.Expression):
        return queries, _written_into(tree, queries)
    if not isinstance(tree, (exp.Select, exp.SetOperation, exp.Subquery, exp.Paren, exp.Values, exp.Pivot, exp.Table)):
        raise Incomparable(f"it is not a query ({tree.key})")
    return queries, queries.query(tree, None, {})


def _written_into(tree: exp.Expression, queries: Queries) -> Relation:
    """The query of a CREATE or INSERT; what stands around it counts as it is written."""
    body = tree.args["expression"]
    around = tree.copy()
    around.set("expression", None)
    found = queries.query(body, None, queries.ctes(tree, {}))
    rows = queries.terms.make("extra", found.rows, queries.terms.make("text", around.sql()))
    return Relation(rows, found.cols, found.opens, found.order)


def united(diffs: Sequence[QueryDiff]) -> QueryDiff:
    """How several pairs of statements differ together, of which any may be the one that runs."""
    if len(diffs) == 1:
        return diffs[0]
    unread = next((diff.unread for diff in diffs if diff.unread), "")
    if unread:
        return QueryDiff(unread=unread)
    recased = _each(pair for diff in diffs for pair in diff.recased)
    if all(diff.same for diff in diffs):
        return QueryDiff(same=True, recased=recased)
    removed = _each(column for diff in diffs for column in diff.removed)
    return QueryDiff(
        removed=removed,
        added=_each(column for diff in diffs for column in diff.added),
        renamed=_each(pair for diff in diffs for pair in diff.renamed if pair[0] not in removed),
        values=tuple({column: (column, why) for diff in reversed(diffs) for column, why in diff.values}.values()),
        retyped=_each(item for diff in diffs for item in diff.retyped),
        narrowed=_each(column for diff in diffs for column in diff.narrowed),
        rows=_each(why for diff in diffs for why in diff.rows),
        reordered=any(diff.reordered for diff in diffs),
        opaque=any(diff.opaque for diff in diffs),
        resorted=next((diff.resorted for diff in diffs if diff.resorted), ""),
        recased=recased,
    )


def _each(items: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(items))
