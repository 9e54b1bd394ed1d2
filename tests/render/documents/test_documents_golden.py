from __future__ import annotations

import document_golden as golden
import pytest


@pytest.mark.parametrize("name", golden.CASES)
def test_document_is_the_one_that_was_reviewed(name: str) -> None:
    assert golden.CASES[name]() == (golden.FOLDER / name).read_bytes().decode()


def test_no_golden_document_is_left_over() -> None:
    assert {path.name for path in golden.FOLDER.iterdir()} == set(golden.CASES)
