"""The SQL of a recovery, as pure functions over names: what a step of a plan has the warehouse do."""

from aftershock.sql.repairing.copies import TIME_TRAVEL, backup, time_travel
from aftershock.sql.repairing.reach import Measure, Measured, window_counts, window_lost
from aftershock.sql.repairing.scripts import Script, Table
from aftershock.sql.repairing.snapshots import dedupe_versions, remove_bad_versions, reopen_closed
from aftershock.sql.repairing.tables import (
    dedupe,
    delete_window,
    insert_missing,
    replace_all,
    replace_keys,
    replace_window,
    replace_window_by_key,
    restore_from,
    rows_lost,
    window_proof,
)
from aftershock.sql.repairing.text import NoQuery
from aftershock.sql.repairing.versions import SnapshotTable
from aftershock.sql.repairing.warehouses import takes_several

__all__ = [
    "TIME_TRAVEL",
    "Measure",
    "Measured",
    "NoQuery",
    "Script",
    "SnapshotTable",
    "Table",
    "backup",
    "dedupe",
    "dedupe_versions",
    "delete_window",
    "insert_missing",
    "remove_bad_versions",
    "reopen_closed",
    "replace_all",
    "replace_keys",
    "replace_window",
    "replace_window_by_key",
    "restore_from",
    "rows_lost",
    "takes_several",
    "time_travel",
    "window_counts",
    "window_lost",
    "window_proof",
]
