"""What a target directory can and cannot answer: its files, and what they lack."""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model.project import ArtifactFile, ProjectInfo


class FileAge(msgspec.Struct, frozen=True):
    """An artifact and how old it is; ``hours`` is None where the file is missing or does not say when it was written."""

    file: ArtifactFile
    hours: float | None


class Finding(msgspec.Struct, frozen=True):
    """Something that makes answers weaker.

    ``level`` is ``error`` where an answer may leave something out or be of another time, ``warning`` where it is weaker, ``note`` where it is
    only worth knowing. ``count`` of ``total`` nodes are concerned (both 0 where it is not about nodes); ``examples`` are a few of their labels.
    """

    rule: str
    level: Literal["error", "warning", "note"]
    what: str
    remedy: str
    count: int = 0
    total: int = 0
    examples: tuple[str, ...] = ()


class Diagnosis(msgspec.Struct, frozen=True):
    """Which artifacts are there, and what they lack, worst first. ``resources`` counts the enabled nodes by resource type; times are ISO 8601 in UTC."""

    project: ProjectInfo
    files: tuple[FileAge, ...]
    resources: dict[str, int]
    findings: tuple[Finding, ...]
    read_at: str
