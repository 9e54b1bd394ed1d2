"""What dbt read of the project, handed from one step to the next: else each command reads all of it again."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.execute.folder import Recovery
    from aftershock.model import Step

PARTIAL_PARSE = "partial_parse.msgpack"
BULKY = ("manifest.json", "semantic_manifest.json", "graph.gpickle", "graph_summary.json")
"""What every command writes anew, up to a hundred megabytes in a large project, and no proof needs."""


def lend(recovery: Recovery, step: Step, folder: Path) -> None:
    """Give a step what dbt read last for the same ``--vars``, else what lies in the target directory. Without it dbt is slow, and as right."""
    known = (_kept(recovery, step), recovery.target_dir / PARTIAL_PARSE)
    with contextlib.suppress(OSError):
        path = next((path for path in known if path.is_file()), None)
        if path is not None:
            shutil.copyfile(path, folder / PARTIAL_PARSE)


def take_back(recovery: Recovery, step: Step, folder: Path) -> None:
    """Keep what dbt read for the next step, and nothing else that is bulky."""
    kept = _kept(recovery, step)
    with contextlib.suppress(OSError):
        kept.parent.mkdir(0o700, exist_ok=True)
        (folder / PARTIAL_PARSE).replace(kept)
    for name in BULKY:
        with contextlib.suppress(OSError):
            (folder / name).unlink(missing_ok=True)


def _kept(recovery: Recovery, step: Step) -> Path:
    """Other variables mean another reading."""
    values = [word for last, word in zip(step.argv, step.argv[1:], strict=False) if last == "--vars"]
    return recovery.folder / "parsed" / f"{hashlib.sha256(repr(values).encode()).hexdigest()[:12]}.msgpack"
