"""What each category, status and resolution is called: for engineers, and for people who only read the dashboards."""

from __future__ import annotations

from typing import NamedTuple

from aftershock.model import Category
from aftershock.model.record import Status

OLD = frozenset({Category.STALE_DATA})
"""Where data is old, not wrong."""


class Wording(NamedTuple):
    """How a category is put into sentences.

    ``now`` and ``then`` hold the names of failing nodes (``{}``), each for one node and for several; ``plain`` is what somebody sees who only reads a
    dashboard, ``after`` what to do about what was taken from it meanwhile, where there is something.
    """

    now: tuple[str, str]
    then: tuple[str, str]
    plain: str
    after: str


WORDING = {
    Category.DATA_QUALITY: Wording(
        ("{} holds incorrect values", "{} hold incorrect values"),
        ("{} held incorrect values",) * 2,
        "wrong numbers",
        "Numbers that were taken from there meanwhile may be wrong: take them again.",
    ),
    Category.PIPELINE_FAILURE: Wording(
        ("{} failed to build",) * 2,
        ("{} failed to build",) * 2,
        "old or incomplete data, because an update failed",
        "",
    ),
    Category.SCHEMA_BREAK: Wording(
        ("a change of columns broke {}",) * 2,
        ("a change of columns broke {}",) * 2,
        "data that is missing or does not load",
        "",
    ),
    Category.STALE_DATA: Wording(
        ("{} was not refreshed on schedule", "{} were not refreshed on schedule"),
        ("{} was not refreshed on schedule", "{} were not refreshed on schedule"),
        "old data",
        "",
    ),
    Category.DATA_LOSS: Wording(
        ("rows are missing from {}",) * 2,
        ("rows were missing from {}",) * 2,
        "missing data",
        "Numbers that were taken from there meanwhile may be too low: take them again.",
    ),
    Category.DUPLICATE_LOAD: Wording(
        ("{} holds rows that were loaded more than once", "{} hold rows that were loaded more than once"),
        ("{} held rows that were loaded more than once",) * 2,
        "things that are counted twice",
        "Numbers that were taken from there meanwhile may be too high: take them again.",
    ),
}

UNCONFIRMED_LOSS = ("rows may be missing from {}", "rows may have been missing from {}")
"""The same of a loss that is only inferred: now, then."""

STATUS = {
    Status.TRIAGE: "Investigating (not confirmed yet)",
    Status.INVESTIGATING: "Investigating",
    Status.MITIGATED: "Mitigated: the cause is corrected, the data is not repaired yet",
    Status.MONITORING: "Monitoring: the data was repaired, and has to prove it",
    Status.RESOLVED: "Resolved",
    Status.POSTMORTEM: "Resolved; the postmortem is being written",
    Status.CLOSED: "Closed",
    Status.CANCELLED: "Cancelled: it was no incident",
    Status.MERGED: "Merged into another incident",
}

BUSY = {
    Status.TRIAGE: "We are checking whether the alert is right.",
    Status.INVESTIGATING: "We are actively investigating.",
    Status.MITIGATED: "The cause is corrected. We are repairing the data.",
    Status.MONITORING: "The data was repaired. We are checking that it stays right.",
}
"""What is being done, a sentence; nothing once it is over."""

NOT_SO = {
    "expected": "What it saw is as intended.",
    "false-positive": "It was false.",
}
"""For a resolution by which nothing was wrong, behind what the alert said."""

NO_FIX = {
    "expected": "none was needed: what was seen is as intended",
    "false-positive": "none was needed: the alert was false",
    "no-action": "none: nothing was repaired",
}

NO_FIX_DATA = {
    "expected": "as intended: the change that was seen is right",
    "false-positive": "right, and was so all the time: the alert was false",
    "no-action": "as it was: nothing was repaired",
}

NO_FIX_END = {
    "expected": "What was seen is as intended. Normal operations go on.",
    "false-positive": "The alert was false. Nothing has to be repaired, and the data may be used.",
    "no-action": "No action was taken. Whoever reads the data should know what is said of it above.",
}
"""For a resolution without a fix, by its code."""
