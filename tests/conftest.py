"""Every test starts from the same surroundings: a cache of its own, no colours, nothing of the developer's environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.register_profile("searching", max_examples=1500)
if "HYPOTHESIS_PROFILE" in os.environ or "CI" in os.environ:  # a check must not fail by chance; at a desk chance may find something
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "DBT_TARGET_PATH", "AFTERSHOCK_DEBUG", "CI"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("AFTERSHOCK_CACHE_DIR", str(folder))
    return folder
