"""One error's text or one test into what it means, by the first row that matches."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from aftershock.detect.checks import DIMENSION, SINGULAR_ROWS, SQL_ROWS, TEST_ROWS
from aftershock.detect.errors import ERROR_ROWS, UNREAD
from aftershock.detect.globs import matches
from aftershock.detect.rows import LOSS, QUALITY, Reading, other, read
from aftershock.detect.said import alike, said
from aftershock.model import Category

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aftershock.detect.rows import Row
    from aftershock.detect.testing import Check

MISSING = frozenset({"missing-column", "missing-relation"})
"""Rows whose error names what is gone."""

_CONTRACT_LINE = re.compile(r"^\s*\|\s*(?P<column>[^|\s-][^|]*?)\s*\|[^|]*\|[^|]*\|[^|]*\|\s*$", re.MULTILINE)
_QUOTES = "\"'`[]();,:!"


@cache
def _expressions() -> tuple[tuple[Row, re.Pattern[str]], ...]:
    """Every expression, compiled when the first error is read."""
    return tuple((row, re.compile(expression, re.IGNORECASE)) for row in ERROR_ROWS for _, expression in row.messages)


def read_error(message: str) -> Reading:
    """What an error means.

    Args:
        message: of a result with the status ``error``, as dbt wrote it.
    """
    text = said(message)
    for row, expression in _expressions():
        found = expression.search(text)
        if found is not None:
            return _reading(row, found, message)
    return read(UNREAD, cause=_cause(UNREAD, message) if text else "")


def _reading(row: Row, found: re.Match[str], message: str) -> Reading:
    groups = found.groupdict()
    columns = tuple(_CONTRACT_LINE.findall(message)[1:]) if row.name == "contract" else (_last(groups.get("column")),)
    relation = _relation(groups.get("relation"))
    return read(row, cause=_cause(row, message), columns=tuple(filter(None, columns)), relation=relation, missing=row.name in MISSING)


def _cause(row: Row, message: str) -> str:
    if row.spread == "everywhere":
        return row.name
    return f"{row.name}: {alike(message)}" if row.spread else ""


def _last(name: str | None) -> str:
    """``"o"."status"`` → ``status``."""
    return (name or "").rstrip(".").rpartition(".")[2].strip(_QUOTES)


def _relation(name: str | None) -> str:
    """A relation's name without quotes, its parts between dots."""
    return ".".join(part.strip(_QUOTES) for part in re.split(r"[.:]", (name or "").strip(_QUOTES)) if part.strip(_QUOTES))


def read_test(check: Check, dimensions: Mapping[str, str]) -> Reading:
    """What a failing data test means.

    Args:
        check: the test, as far as it is known.
        dimensions: slugs of categories by quality dimension, in lower case.
    """
    by_name = next(_by_name(check))
    columns = (check.column,) if check.column else ()
    found = read(by_name, columns=columns)
    slug = dimensions.get(check.dimension.casefold())
    if slug is None or found.confidence == "high":
        return found
    return _by_dimension(found, Category(slug), check)


def _by_name(check: Check) -> Iterator[Row]:
    """Rows that match, the one that decides first; the last row of each table matches anything."""
    if check.is_generic:
        full = f"{check.namespace}.{check.name}"
        for row in TEST_ROWS:
            if any(matches(glob, full if "." in glob else check.name) for glob in row.tests):
                yield check.directed(row)
        return
    for row in SINGULAR_ROWS[:-1]:
        if any(f"_{word.replace(' ', '_')}_" in check.words for word in row.words):
            yield check.directed(row)
    yield next(filter(None, (check.by_sql(row) for row in SQL_ROWS)), SINGULAR_ROWS[-1])


def _by_dimension(found: Reading, category: Category, check: Check) -> Reading:
    """The dimension that somebody wrote decides before a name that only hints; a test of a column sees values, not whether rows are there."""
    if category is LOSS and check.column:
        category = QUALITY
    others = [item for item in found.others if item.category is not category]
    if found.category is not None and found.category is not category:
        others.insert(0, other(found.category, found.says))
    elif category is QUALITY and not any(item.category is LOSS for item in others):
        others.append(other(LOSS, "rows may be missing"))
    says = f"its quality dimension is {check.dimension}"
    return msgspec.structs.replace(
        found, rule=DIMENSION.name, category=category, confidence="medium", says=says, others=tuple(others), confirmed=category is not LOSS
    )
