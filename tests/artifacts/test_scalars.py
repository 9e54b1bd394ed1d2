"""Values whose type differs between versions of dbt."""

from __future__ import annotations

import pytest

from aftershock.artifacts.scalars import whole


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3), ("3", 3), (0, 0), (None, 1), ("", 1), ("²", 1), ("-2", 1), (2.5, 1), ([], 1), ("9" * 5000, 1), (True, 1)]
)
def test_a_whole_number_or_the_default(value: object, number: int) -> None:
    assert whole(value, 1) == number
