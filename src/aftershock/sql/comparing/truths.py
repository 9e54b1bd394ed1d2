"""Conditions that hold, fail and are unknown together, in one form: what is denied is said without NOT where that can be, a list is one equation for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.sql.comparing.terms import VOLATILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.sql.comparing.terms import Term, Terms

ORDERED = frozenset({"databricks", "duckdb", "postgres", "redshift", "snowflake", "spark"})
"""Dialects in which one of two values is less than the other or they are equal, NaN included."""
NUMERIC_TRUTH = frozenset({"", "clickhouse", "doris", "mysql", "singlestore", "sqlite", "starrocks"})
"""Dialects in which a truth is a number, so that NOT NOT 5 is 1."""
LISTING = frozenset({"athena", "bigquery", "duckdb", "fabric", "oracle", "postgres", "presto", "redshift", "snowflake", "trino", "tsql"})
"""Dialects in which ``x IN (1, 2)`` is ``x = 1 OR x = 2``. Others compare in one type of all, or say that NULL is in no list."""
ROWS_AS_NULL = frozenset({"materialize", "postgres", "risingwave"})
"""Dialects in which a row is NULL where all of its fields are."""
LONGEST_LIST = 200
"""A list of more stays a list."""
_OPPOSITE = {"EQ": "NEQ", "NEQ": "EQ", "NULLSAFEEQ": "NULLSAFENEQ", "NULLSAFENEQ": "NULLSAFEEQ"}
_TURNED = {"LT": "LTE", "LTE": "LT"}
_SEVERAL = frozenset({"ANY", "ALL", "SOME", "TUPLE", "STRUCT", "ROW", "NAMED"})
"""Operands of which a comparison is not one of two values."""
_TRUTHS = frozenset({"LT", "LTE", "IN", "NOT", "IS", "LIKE", "ILIKE", "REGEXPLIKE"})
_OF_TRUTHS = frozenset({"true", "false", "and", "or", "pair", "exists"})


def negated(terms: Terms, term: Term, read: str) -> Term:
    """What holds where a condition does not, and is unknown where that is.

    Args:
        terms: those of the comparison.
        term: the condition.
        read: the dialect, by the parser's name.
    """
    if term.kind in {"true", "false"}:
        return terms.make("false" if term.kind == "true" else "true")
    if term.kind in {"and", "or"}:
        return terms.collection([negated(terms, part, read) for part in term.parts], "or" if term.kind == "and" else "and")
    name = str(term.args[0]) if term.args else ""
    if term.kind == "pair" and name in _OPPOSITE and not any(map(_is_several, term.parts)):
        return terms.pair(_OPPOSITE[name], *term.parts)
    if term.kind == "function" and name in _TURNED and read in ORDERED and len(term.args) == 3 and not any(map(_is_several, term.parts)):  # noqa: PLR2004  # two operands
        left, right = term.parts
        return terms.make("function", _TURNED[name], right, left)
    if term.kind == "function" and name == "NOT" and read not in NUMERIC_TRUTH and _is_truth(term.parts[0]):
        return term.parts[0]
    return terms.make("function", "NOT", "this", term)


def among(terms: Terms, value: Term, items: Sequence[Term], read: str) -> Term:
    """``value IN (…)``: equal to one of them. Only of plain values of one kind, since a list may be compared in a type of all.

    Args:
        terms: those of the comparison.
        value: what is looked for.
        items: the list.
        read: the dialect, by the parser's name.
    """
    kinds = {_kind(item) for item in items}
    if read not in LISTING or len(kinds) != 1 or "" in kinds or len(items) > LONGEST_LIST or value.bits & VOLATILE or _is_several(value):
        return terms.make("function", "IN", value, terms.collection(items))
    return terms.collection([terms.pair("EQ", value, item) for item in items], "or")


def chosen(terms: Terms, operand: Term | None, branches: Sequence[tuple[Term, Term]], otherwise: Term, read: str) -> Term:
    """A CASE. One with an operand compares it in each branch; one that only fills what is missing is COALESCE.

    Args:
        terms: those of the comparison.
        operand: what stands before the first WHEN; None where nothing does.
        branches: each branch's condition, or value to compare, and its result.
        otherwise: the result where no branch fits.
        read: the dialect, by the parser's name.
    """
    if operand is not None and (operand.bits & VOLATILE or _is_several(operand)):
        return terms.make("case", terms.sequence([operand]), terms.sequence(map(terms.sequence, branches)), otherwise)
    if operand is not None:
        branches = [(terms.pair("EQ", operand, value), result) for value, result in branches]
    if len(branches) == 1 and read not in ROWS_AS_NULL:
        condition, result = branches[0]
        for missing, given, filling in ((condition, otherwise, result), (_denied(condition), result, otherwise)):
            if missing is not None and _is_missing(missing, given):
                return terms.make("function", "COALESCE", given, filling)
    return terms.make("case", terms.sequence([]), terms.sequence(map(terms.sequence, branches)), otherwise)


def _denied(term: Term) -> Term | None:
    return term.parts[0] if term.kind == "function" and term.args[0] == "NOT" else None


def _is_missing(condition: Term, value: Term) -> bool:
    """Whether a condition is that a value is NULL."""
    is_null = condition.kind == "function" and condition.args[0] == "IS" and condition.parts[1].kind == "null"
    return is_null and condition.parts[0] is value and not value.bits & VOLATILE


def _kind(item: Term) -> str:
    """``text`` or ``whole`` of a plain value; empty of any other."""
    if item.kind == "function" and item.args[0] == "NEG" and len(item.parts) == 1:
        return "whole" if _kind(item.parts[0]) == "whole" else ""
    if item.kind != "literal":
        return ""
    kind, text = map(str, item.args)
    return "text" if kind == "text" else "whole" if text.isdecimal() else ""


def _is_several(term: Term) -> bool:
    return term.kind == "function" and term.args[0] in _SEVERAL


def _is_truth(term: Term) -> bool:
    return term.kind in _OF_TRUTHS or (term.kind == "function" and term.args[0] in _TRUTHS)
