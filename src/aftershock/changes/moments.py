"""What dbt writes into SQL of the run itself, its id and the time at which it began: in two compiled targets that differs, and nobody changed it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from aftershock import times

if TYPE_CHECKING:
    from aftershock.changes.sides import Side

TIME = r"\d{4}(?:-\d{2}-\d{2}|\d{4})(?:[ T_]?\d{2}:?\d{2}(?::?\d{2}(?:[.,]?\d{1,9})?)?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?"
DAY, SECOND = 8, 14
"""Digits of a date, and of a time to the second."""
FARTHEST = timedelta(hours=14)
"""A time zone's distance from UTC is no more, and a whole number of quarters of an hour."""
QUARTER = timedelta(minutes=15)
LATEST = timedelta(hours=1)
"""How long a run may go on compiling before and after the time that its manifest names."""


class Run(NamedTuple):
    """A run of dbt: its id and when it began; empty and None where the manifest does not say."""

    invocation_id: str = ""
    started_at: datetime | None = None

    @classmethod
    def of(cls, side: Side) -> Run:
        """The run that wrote a side's manifest."""
        return cls(side.project.info.invocation_id, times.read(side.code.started_at))

    def has(self, word: str) -> bool:
        """Whether a word is this run's id, or a time at which it was, in any time zone."""
        if word == self.invocation_id:
            return True
        moment = _moment(word)
        if self.started_at is None or moment is None:
            return False
        away = moment - self.started_at
        if len(re.sub(r"\D", "", word)) < SECOND:
            return abs(away) <= FARTHEST + timedelta(days=1)
        zone = round(away / QUARTER) * QUARTER
        return abs(away) <= FARTHEST + LATEST and (abs(away - zone) <= timedelta(minutes=5) or abs(away) <= LATEST)


def _moment(word: str) -> datetime | None:
    """A time as its digits say it, whatever stands between them; the zone is left out."""
    digits = re.sub(r"\D", "", word)[:SECOND]
    try:
        return datetime.strptime(digits.ljust(SECOND, "0"), "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc) if len(digits) >= DAY else None
    except ValueError:
        return None


def differ_by_run(before: str, after: str, old: Run, new: Run) -> bool:
    """Whether two texts are the same but for what each has of its own run.

    Args:
        before: what one run compiled.
        after: what the other one compiled.
        old: the one.
        new: the other.
    """
    ids = [re.escape(run.invocation_id) for run in (old, new) if run.invocation_id]
    words = re.compile(rf"(?<![\w-])({'|'.join([*ids, TIME])})(?![\w-])", re.ASCII)
    mine, its = words.split(before), words.split(after)
    if len(mine) != len(its):
        return False
    return all(one == other or (place % 2 == 1 and old.has(one) and new.has(other)) for place, (one, other) in enumerate(zip(mine, its, strict=True)))
