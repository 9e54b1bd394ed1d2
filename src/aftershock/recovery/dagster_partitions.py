"""A dbt event-time window as the partitions of a Dagster asset: dbt's end is exclusive, Dagster's last key belongs to the range."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from aftershock.recovery.windows import FLOORS

if TYPE_CHECKING:
    from collections.abc import Mapping

LENGTHS = {"hour": len("2026-03-01-05:00"), "day": len("2026-03-01"), "month": len("2026-03-01")}
"""How HourlyPartitionsDefinition, Daily… and Monthly… write a key, unless told otherwise. Dagster has no definition for years."""

LEAST = timedelta(microseconds=1)


class Partitions(NamedTuple):
    """The keys of a window's first and last partition, both of them in it, and what each partition is: hour, day or month."""

    first: str
    last: str
    size: str

    @property
    def is_range(self) -> bool:
        """Whether there is more than one."""
        return self.first != self.last

    @property
    def flags(self) -> tuple[str, str]:
        """The option for one run over all of them, and its value."""
        return ("--partition-range", f"{self.first}...{self.last}") if self.is_range else ("--partition", self.first)


def partitions(options: Mapping[str, str], size: str) -> Partitions | None:
    """The partitions that ``--event-time-start`` and ``--event-time-end`` cover, widened to whole ones; times are UTC on both sides.

    Args:
        options: a dbt command's options and their values.
        size: the model's ``batch_size``.

    Returns:
        None where the command has no window, or Dagster no usual partitions of this size.
    """
    start, end = options.get("--event-time-start"), options.get("--event-time-end")
    if size not in LENGTHS or not start or not end:
        return None
    return Partitions(_key(datetime.fromisoformat(start), size), _key(datetime.fromisoformat(end) - LEAST, size), size)


def _key(moment: datetime, size: str) -> str:
    return moment.replace(**FLOORS[size]).isoformat("-")[: LENGTHS[size]]  # type: ignore[arg-type]
