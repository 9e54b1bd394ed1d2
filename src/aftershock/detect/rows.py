"""What a row of the rules is, and what a rule makes of one result."""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model import Category
from aftershock.model.detection import Alternative, Confidence

QUALITY, FAILURE, BREAK = Category.DATA_QUALITY, Category.PIPELINE_FAILURE, Category.SCHEMA_BREAK
STALE, LOSS, DOUBLE = Category.STALE_DATA, Category.DATA_LOSS, Category.DUPLICATE_LOAD

Spread = Literal["", "everywhere", "same text"]


class Row(msgspec.Struct, frozen=True):
    """One rule.

    Attributes:
        name: how the answer names it.
        category: what a result that matches speaks for.
        confidence: how sure that is.
        says: what it means, one sentence without a full stop.
        others: other categories that it allows, likeliest first.
        tests: globs over a generic test's name, with or without its package.
        words: runs of words, one of which the name of a singular test has.
        messages: (warehouse, regular expression) over what an error says.
        spread: which results of this rule on different nodes have one cause: all of them, or those that say the same.
    """

    name: str
    category: Category
    confidence: Confidence
    says: str
    others: tuple[Alternative, ...] = ()
    tests: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    spread: Spread = ""


class Reading(msgspec.Struct, frozen=True):
    """What one result means.

    ``category`` is None for a fault in code. ``cause`` is equal for results that have one cause wherever they are, empty where the node decides;
    ``columns`` and ``relation`` are what the result is about, as far as it says so; ``missing`` is whether that is what is gone.
    """

    rule: str
    category: Category | None
    confidence: Confidence
    says: str
    others: tuple[Alternative, ...] = ()
    cause: str = ""
    columns: tuple[str, ...] = ()
    relation: str = ""
    missing: bool = False
    confirmed: bool = True
    about_test: bool = False


class Finding(msgspec.Struct, frozen=True):
    """One result that is not good, and what it means.

    Attributes:
        unique_id: whose result it is: a node, a test, a source, a hook.
        status: as dbt wrote it, in lower case.
        nodes: the data nodes for which it stands; empty for a hook after the run.
        reading: what it means.
        message: dbt's own words, on one line, cut.
        file: where it was read.
        at: when, ISO 8601 in UTC; empty where unknown.
        since: when the data became bad, where the result says so.
        stops: whether dbt skips what is below because of it.
        against: nodes with which a test only compares these.
        words: a test's name as words between underscores.
    """

    unique_id: str
    status: str
    nodes: tuple[str, ...]
    reading: Reading
    message: str = ""
    file: Literal["run_results", "sources", "manifest", "catalog"] = "run_results"
    at: str = ""
    since: str = ""
    stops: bool = False
    against: tuple[str, ...] = ()
    words: str = ""

    @property
    def category(self) -> Category:
        """What it speaks for; a fault in code is no finding of an incident."""
        return self.reading.category or FAILURE


def read(row: Row, *, cause: str = "", columns: tuple[str, ...] = (), relation: str = "", missing: bool = False) -> Reading:
    """What a row makes of a result."""
    return Reading(
        row.name,
        row.category,
        row.confidence,
        row.says,
        row.others,
        cause=cause,
        columns=columns,
        relation=relation,
        missing=missing,
        confirmed=row.category is not LOSS,
    )


def other(category: Category, why: str) -> Alternative:
    """Another category that a row allows, and what speaks for it."""
    return Alternative(category, why)
