"""Everything that detect looks at, in one value."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from aftershock.artifacts.code import read_code
from aftershock.artifacts.files import is_file
from aftershock.artifacts.target import BUILDING, read_configs
from aftershock.errors import ArtifactError
from aftershock.graph import LineageGraph
from aftershock.model import Artifacts, Catalog, Freshness, Policy, Run
from aftershock.model.code import Code

HOOK = re.compile(r"operation\.(?P<package>[^.]+)\.(?P=package)-(?P<when>on-run-start|on-run-end)-(?P<number>\d+)")


class Scene(msgspec.Struct, frozen=True):
    """What is looked at.

    ``catalog`` is what the warehouse says now and ``before`` what it said earlier, each None where there is none; ``later`` are runs since the one that
    is judged; ``code`` and ``configs`` are read from the manifest's file when first asked for, and empty where it is not there. ``above`` gives a node and
    everything that it depends on, with the fewest edges between.
    """

    artifacts: Artifacts
    graph: LineageGraph
    policy: Policy
    catalog: Catalog | None
    before: Catalog | None
    later: tuple[Run, ...]
    now: datetime
    code: Callable[[], Code]
    configs: Callable[[], Mapping[str, Mapping[str, Any]]]
    above: Callable[[str], Mapping[str, int]]

    @property
    def run(self) -> Run | None:
        """The run that is judged."""
        return self.artifacts.run

    @property
    def freshness(self) -> Freshness | None:
        """What ``dbt source freshness`` said."""
        return self.artifacts.freshness

    @property
    def builds(self) -> bool:
        """Whether the run is of a command whose results say something about data."""
        return self.run is not None and (not self.run.which or self.run.which in BUILDING)

    @property
    def is_fusion(self) -> bool:
        """Whether Fusion wrote the run results, by the version that they name."""
        major = self.run.dbt_version.partition(".")[0] if self.run is not None else ""
        return major.isdecimal() and len(major) < 9 and int(major) >= 2  # noqa: PLR2004  # dbt 2; a version comes from a file, so of any length

    def label(self, unique_id: str) -> str:
        """The name that people use, that of a hook as dbt prints it, its unique_id for what the manifest does not have."""
        hook = HOOK.fullmatch(unique_id)
        if hook is not None:
            return f"{hook['package']}.{hook['when']}.{hook['number']}"
        return self.graph.nodes[unique_id].label if unique_id in self.graph else unique_id


def upward(graph: LineageGraph) -> Callable[[str], Mapping[str, int]]:
    """What is above a node, walked once for each."""

    @cache
    def above(unique_id: str) -> Mapping[str, int]:
        depths = {unique_id: 0}
        queue = deque(depths)
        while queue:
            node = queue.popleft()
            for parent in graph.parents(node):
                if parent not in depths:
                    depths[parent] = depths[node] + 1
                    queue.append(parent)
        return depths

    return above


def readers(artifacts: Artifacts) -> tuple[Callable[[], Code], Callable[[], Mapping[str, Mapping[str, Any]]]]:
    """How the manifest's code and configs are read: once, and only when asked for."""
    path = next((Path(file.path) for file in artifacts.files if file.kind == "manifest" and file.path), None)

    @cache
    def code() -> Code:
        try:
            return read_code(path) if path is not None and is_file(path) else Code({})
        except ArtifactError:
            return Code({})

    @cache
    def configs() -> Mapping[str, Mapping[str, Any]]:
        try:
            return read_configs(path) if path is not None and is_file(path) else {}
        except ArtifactError:
            return {}

    return code, configs
