"""What a person types -> nodes: names, relations and paths, and dbt's selector grammar.

Loaded piece by piece, since naming one node does not need the grammar.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aftershock.select.names import Resolution, complete, resolve, resolve_all, spelling
    from aftershock.select.selector import LISTED_TYPES, select

__all__ = [
    "LISTED_TYPES",
    "Resolution",
    "complete",
    "resolve",
    "resolve_all",
    "select",
    "spelling",
]

_HOMES = {
    **dict.fromkeys(("Resolution", "complete", "resolve", "resolve_all", "spelling"), "names"),
    **dict.fromkeys(("LISTED_TYPES", "select"), "selector"),
}


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"aftershock.select.{_HOMES[name]}"), name)
