"""A plan's steps run through dbt, one after another, gated, logged and resumable. The only room that imports dbt."""

from aftershock.execute.folder import Recovery, begin_recovery, newest_recovery, resume_recovery
from aftershock.execute.place import RunPlace, run_place
from aftershock.execute.record import RecoveryEntry
from aftershock.execute.running import RecoveryEnding, Watcher, recover
from aftershock.execute.words import dbt_words, recovery_commands

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
