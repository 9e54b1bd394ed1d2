"""The classification: four severities, six categories, and what is typical of each."""

from __future__ import annotations

import enum

import msgspec


class Severity(enum.Enum):
    """P0 is the worst, P3 the mildest."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    @property
    def rank(self) -> int:
        """0 for P0 … 3 for P3."""
        return int(self.value[1])

    def at_least(self, other: Severity) -> bool:
        """Whether this level is as bad as ``other``, or worse."""
        return self.rank <= other.rank


class Category(enum.Enum):
    """The six incident categories, by slug."""

    DATA_QUALITY = "data-quality"
    PIPELINE_FAILURE = "pipeline-failure"
    SCHEMA_BREAK = "schema-break"
    STALE_DATA = "stale-data"
    DATA_LOSS = "data-loss"
    DUPLICATE_LOAD = "duplicate-load"

    @property
    def facts(self) -> CategoryFacts:
        """Title, typical severity and example of this category."""
        return CATEGORIES[self]


class CategoryFacts(msgspec.Struct, frozen=True):
    """A row of the classification table. ``mild`` and ``severe`` span the typical range; they are equal where it is one level."""

    title: str
    description: str
    mild: Severity
    severe: Severity
    example: str
    downstream: str

    @property
    def typical(self) -> str:
        """``P1`` or ``P1-P2``."""
        return self.severe.value if self.mild is self.severe else f"{self.severe.value}-{self.mild.value}"


CATEGORIES: dict[Category, CategoryFacts] = {
    Category.DATA_QUALITY: CategoryFacts(
        "Data Quality",
        "Incorrect values in production tables",
        Severity.P1,
        Severity.P1,
        "A revenue column shows negative values",
        "wrong values; every stored descendant built since then holds them",
    ),
    Category.PIPELINE_FAILURE: CategoryFacts(
        "Pipeline Failure",
        "A run failed or timed out",
        Severity.P2,
        Severity.P1,
        "dbt run failed on a staging model",
        "not built; descendants are skipped, or built on old data",
    ),
    Category.SCHEMA_BREAK: CategoryFacts(
        "Schema Break",
        "An upstream schema change broke what reads it",
        Severity.P2,
        Severity.P1,
        "A source dropped a column that models read",
        "what reads the column fails; select * silently loses it",
    ),
    Category.STALE_DATA: CategoryFacts(
        "Stale Data",
        "Data is loaded but not refreshed on schedule",
        Severity.P2,
        Severity.P1,
        "A dashboard shows yesterday's data at noon",
        "old, not wrong",
    ),
    Category.DATA_LOSS: CategoryFacts(
        "Data Loss",
        "Records are missing or were deleted",
        Severity.P0,
        Severity.P0,
        "A production table was truncated during a load",
        "rows missing; a rebuild can make the loss permanent",
    ),
    Category.DUPLICATE_LOAD: CategoryFacts(
        "Duplicate Load",
        "The same batch was loaded more than once",
        Severity.P1,
        Severity.P1,
        "The row count doubled overnight",
        "rows doubled; append models and aggregates keep them after the source is clean",
    ),
}
