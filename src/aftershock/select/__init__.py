"""What a person types -> nodes: names, relations and paths, and dbt's selector grammar.

Loaded piece by piece, since naming one node does not need the grammar.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aftershock.select.grammar import Criteria, Indirect, SetOperation, parse
    from aftershock.select.names import Resolution, complete, resolve, resolve_all, spelling
    from aftershock.select.selector import LISTED_TYPES, select
    from aftershock.select.tested import seeds_of

__all__ = [
    "LISTED_TYPES",
    "Criteria",
    "Indirect",
    "Resolution",
    "SetOperation",
    "complete",
    "parse",
    "resolve",
    "resolve_all",
    "seeds_of",
    "select",
    "spelling",
]

_HOMES = {
    **dict.fromkeys(("Criteria", "Indirect", "SetOperation", "parse"), "grammar"),
    **dict.fromkeys(("Resolution", "complete", "resolve", "resolve_all", "spelling"), "names"),
    **dict.fromkeys(("LISTED_TYPES", "select"), "selector"),
    "seeds_of": "tested",
}


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"aftershock.select.{_HOMES[name]}"), name)
