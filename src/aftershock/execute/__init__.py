"""A plan's steps run through dbt, one after another, gated, logged and resumable. The only room that imports dbt.

Its names are loaded when they are asked for: a check of a pull request asks this room for git alone, and answers before a commit.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aftershock.execute.folder import Recovery, begin_recovery, newest_recovery, resume_recovery
    from aftershock.execute.place import RunPlace, run_place
    from aftershock.execute.record import RecoveryEntry
    from aftershock.execute.running import RecoveryEnding, Watcher, recover
    from aftershock.execute.words import dbt_words, recovery_commands

_HOMES = {
    "folder": ("Recovery", "begin_recovery", "newest_recovery", "resume_recovery"),
    "place": ("RunPlace", "run_place"),
    "record": ("RecoveryEntry",),
    "running": ("RecoveryEnding", "Watcher", "recover"),
    "words": ("dbt_words", "recovery_commands"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Recovery",
    "RecoveryEnding",
    "RecoveryEntry",
    "RunPlace",
    "Watcher",
    "begin_recovery",
    "dbt_words",
    "newest_recovery",
    "recover",
    "recovery_commands",
    "resume_recovery",
    "run_place",
]


def __getattr__(name: str) -> object:
    """Load a name from its module (PEP 562)."""
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
