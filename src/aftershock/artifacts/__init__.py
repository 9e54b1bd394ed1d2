"""dbt's files as values: the only room that knows dbt's keys."""

from aftershock.artifacts.files import read_stdin
from aftershock.artifacts.manifest import read_manifest
from aftershock.artifacts.target import (
    ProjectStore,
    artifacts_from_bytes,
    find_manifest,
    find_project_root,
    read_artifacts,
    read_catalog,
    read_configs,
    read_patches,
    read_project,
)

__all__ = [
    "ProjectStore",
    "artifacts_from_bytes",
    "find_manifest",
    "find_project_root",
    "read_artifacts",
    "read_catalog",
    "read_configs",
    "read_manifest",
    "read_patches",
    "read_project",
    "read_stdin",
]
