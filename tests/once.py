"""What several tests start from, and takes long to make: made once, by whichever test of whichever process asks first."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from fixtures.build import build_shop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AT_A_DESK = pytest.mark.skipif("CI" in os.environ, reason="minutes more of dbt, beside a test of the same kind; run at a desk")
"""Marks what is left out in CI, where time is short."""
LONGEST = 900.0
"""Seconds for which the others wait."""


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that all tests of a run share, and none of them changes.

    Args:
        factory: where temporary folders are.
        name: which one of those that are shared.
        make: makes what is in it.
    """
    base = factory.getbasetemp()
    return made(base.parent / name if os.environ.get("PYTEST_XDIST_WORKER") else base / name, make)


def made(folder: Path, make: Callable[[Path], object]) -> Path:
    """The folder, made unless another process makes it, or has."""
    done, failed = (folder.with_name(f"{folder.name}.{end}") for end in ("done", "failed"))
    try:
        folder.mkdir()
    except FileExistsError:
        until = time.monotonic() + LONGEST
        while not done.exists():
            assert not failed.exists(), "it failed in another process, which says why"
            assert time.monotonic() < until
            time.sleep(0.2)
        return folder
    try:
        make(folder)
    except BaseException:
        failed.touch()
        raise
    done.touch()
    return folder


def green_shop(factory: pytest.TempPathFactory) -> Path:
    """Shop, built without a failure, with its warehouse, manifest and run results; to be copied."""
    return once(factory, "green-shop", lambda folder: build_shop(folder, full_artifacts=False))
