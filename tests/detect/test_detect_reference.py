"""The published page of rules and the published schema are those of the program."""

from __future__ import annotations

import pytest
from detection_reference import FILE, SCHEMA, reference

from aftershock.detect import states
from aftershock.detect.checks import DIMENSION, SINGULAR_ROWS, SQL_ROWS, TEST_ROWS
from aftershock.detect.errors import ERROR_ROWS, PARTIAL, UNREAD
from aftershock.detect.globs import matches
from aftershock.model import Category
from aftershock.model.policy import DIMENSIONS
from aftershock.render.detection.document import schema

ROWS = (
    *TEST_ROWS,
    *SINGULAR_ROWS,
    *SQL_ROWS,
    *ERROR_ROWS,
    *states.FRESHNESS_ROWS,
    *states.RUN_ROWS,
    *states.CATALOG_ROWS,
    DIMENSION,
    PARTIAL,
    UNREAD,
)


def test_the_page_is_written_from_the_tables() -> None:
    assert FILE.read_text("utf-8") == reference(), "python tests/detect/detection_reference.py writes it anew"


def test_the_published_schema_is_this_one() -> None:
    assert SCHEMA.read_text("utf-8") == schema(), "python tests/detect/detection_reference.py writes it anew"


def test_every_row_has_a_name_of_its_own_and_says_what_it_means() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.says
        assert row.says[0].islower() or row.says.startswith("SQL")
        assert not row.says.endswith(".")
        assert row.category not in {other.category for other in row.others}
        assert len({other.category for other in row.others}) == len(row.others)


@pytest.mark.parametrize("row", TEST_ROWS[:-1], ids=lambda row: row.name)
def test_no_pattern_of_a_test_is_hidden_by_a_row_above(row: object) -> None:
    above = TEST_ROWS[: TEST_ROWS.index(row)]  # type: ignore[arg-type]
    hidden = [
        glob
        for glob in row.tests
        if any(matches(other, glob.replace("*", "x")) and other != glob for rows in above for other in rows.tests if "." not in other)
    ]  # type: ignore[attr-defined]
    assert not hidden or len(hidden) < len(row.tests)  # type: ignore[attr-defined]


def test_every_dimension_is_a_category_in_lower_case() -> None:
    assert set(DIMENSIONS.values()) <= {category.value for category in Category}
    assert all(name == name.casefold() for name in DIMENSIONS)
