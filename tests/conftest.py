"""Every test starts from the same surroundings: a cache of its own, no colours, nothing of the developer's environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "DBT_TARGET_PATH", "AFTERSHOCK_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("AFTERSHOCK_CACHE_DIR", str(folder))
    return folder
