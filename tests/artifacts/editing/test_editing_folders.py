"""What dbt reads a file as."""

from __future__ import annotations

import pytest

from aftershock.artifacts.editing.folders import Folders
from aftershock.model import Project, ProjectInfo
from aftershock.model.definition import Definitions


def folders(settings: dict[str, object], **paths: str) -> Folders:
    return Folders(Project(ProjectInfo("shop"), {}, {}, {}), Definitions(paths={f"macro.shop.{name}": path for name, path in paths.items()}), settings)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("models/a.sql", "model"),
        ("models/b/a.py", "model"),
        ("models/a.csv", ""),
        ("macros/a.sql", "macro"),
        ("tests/a.sql", "test"),
        ("tests/generic/a.sql", "macro"),
        ("tests/fixtures/a.csv", "fixture of a unit test"),
        ("seeds/a.csv", "seed"),
        ("snapshots/a.sql", "snapshot"),
        ("analyses/a.sql", "analysis"),
        ("functions/a.sql", "function"),
        ("scripts/a.sql", ""),
        ("models.sql", ""),
    ],
)
def test_dbts_own_folders(path: str, kind: str) -> None:
    assert folders({}).kind("shop", path) == kind


def test_folders_that_the_project_names() -> None:
    found = folders({"model-paths": ["transform/models"], "seed-paths": ["transform"]})
    assert found.kind("shop", "transform/models/a.sql") == "model"
    assert found.kind("shop", "transform/a.csv") == "seed"
    assert found.kind("shop", "models/a.sql") == ""
    assert found.kind("other", "models/a.sql") == "model"


def test_folders_that_the_manifest_shows() -> None:
    assert folders({}, cents="jinja/money.sql").kind("shop", "jinja/more.sql") == "macro"
