"""Earlier run results: what dbt wrote in past runs, kept by a scheduler or by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aftershock.artifacts.files import SUFFIXES, is_directory, is_file, read_bytes
from aftershock.artifacts.results import read_run
from aftershock.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aftershock.model import Run

NAMES = tuple(f"run_results.json{suffix}" for suffix in SUFFIXES)


def read_runs(places: Iterable[str | Path]) -> tuple[Run, ...]:
    """The runs of these files, each once, in their order.

    Args:
        places: files that dbt wrote as run_results.json, or directories of such files, whose names end so; packed with gzip or zstandard too.

    Raises:
        ArtifactError: a file is missing or holds no run results, or a directory has none.
    """
    runs: dict[str, Run] = {}
    for place in places:
        for path in _files(Path(place)):
            run = read_run(read_bytes(path), str(path))
            runs.setdefault(run.invocation_id or str(path), run)
    return tuple(runs.values())


def _files(place: Path) -> Sequence[Path]:
    if not is_directory(place):
        return (place,)
    found = sorted(path for path in place.iterdir() if path.name.endswith(NAMES) and is_file(path))
    if not found:
        raise ArtifactError(str(place), "no file in this directory is called run_results.json", "Give the files themselves")
    return found
