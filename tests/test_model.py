"""What the nouns say about themselves."""

from __future__ import annotations

import pytest

from aftershock.model import ProjectInfo


@pytest.mark.parametrize(
    ("version", "engine"),
    [
        ("1.11.16", "core"),
        ("2.0.0-preview.196", "fusion"),
        ("2", "fusion"),
        ("", "core"),
        ("²", "core"),
        ("two", "core"),
        ("-2.0", "core"),
        ("9" * 5000, "fusion"),
    ],
)
def test_only_the_version_tells_the_engine(version: str, engine: str) -> None:
    assert ProjectInfo(dbt_version=version).engine == engine
