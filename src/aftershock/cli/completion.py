"""Tab completion of node names. It runs at every key press: whatever goes wrong, it offers nothing and says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aftershock
from aftershock.cli import inputs

if TYPE_CHECKING:
    import click


def complete_nodes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001  # click's signature
    """Spellings of nodes that begin with what is typed, from the manifest that the options so far point to."""
    manifest = context.params.get("manifest")
    if manifest == inputs.STDIN:
        return []
    try:
        found = inputs.artifacts(context.params.get("target_dir"), manifest, cached=not context.params.get("no_cache"))
        return list(aftershock.complete(incomplete, aftershock.LineageGraph.of(found.project)))
    except Exception:  # noqa: BLE001  # a traceback in the middle of a command line helps nobody
        return []
