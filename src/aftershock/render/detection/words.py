"""What every format says of a detection: the verdict in a sentence, names, the next command."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from aftershock import times
from aftershock.artifacts.target import BUILDING
from aftershock.model import STALE_AFTER_HOURS, Category, Severity
from aftershock.phrases import counted, listing
from aftershock.render.escape import shell
from aftershock.render.summary import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.model import ArtifactFile
    from aftershock.model.detection import Clue, Detection, Proposal

OPEN = ("aftershock", "incident", "open", "--from-detect")
DAYS_FROM_HOURS = 48
HEAD = re.compile(r"^\w+ Error in \w+ \S+ \([^)]*\) ")
"""How dbt begins the message of a node's error."""
NARROWED = frozenset({Category.SCHEMA_BREAK, Category.DATA_QUALITY})
"""Categories in which what is affected follows columns; in the others whole rows are concerned."""


def name(found: Detection, unique_id: str) -> str:
    """The name that people use for a node; its unique_id where none is known."""
    return found.labels.get(unique_id) or unique_id


def names(found: Detection, unique_ids: Iterable[str]) -> list[str]:
    """`name` of each, in the same order."""
    return [name(found, unique_id) for unique_id in unique_ids]


def verdict(found: Detection) -> str:
    """The answer in one sentence, unescaped."""
    number = len(found.incidents)
    faults = f"{counted(len(found.code_faults), 'unit test fails', 'unit tests fail')}, which is a fault in code" if found.code_faults else ""
    if number:
        levels = Counter(item.severity.level for item in found.incidents)
        by_level = listing([f"{levels[level]} {level.value}" for level in Severity if level in levels])
        head = f"1 incident, {found.incidents[0].severity.level.value}" if number == 1 else f"{number:,} incidents: {by_level}"
        return f"{head}{f'; {faults}' if faults else ''}."
    judged = judged_by(found)
    if not judged:
        return f"Nothing can be said: no file is of a run that builds or tests{f'; {faults}' if faults else ''}."
    age = _age(found)
    results = f"results that are {age} old: {judged}" if age else judged
    other = "no file is of a run that builds or tests" if any(file.kind == "run_results" and _is_idle(file) for file in found.files) else ""
    return f"{'; '.join(filter(None, (f'No incident in {results}', other, faults)))}."


def judged_by(found: Detection) -> str:
    """Which results were looked at, unescaped; empty where there are none that say anything."""
    said = []
    for file in found.files:
        if not file.path:
            continue
        if file.kind == "run_results" and not _is_idle(file):
            said.append(f"{f'dbt {file.which}' if file.which else 'the run'} of {seconds(file.generated_at) or 'unknown time'}")
        elif file.kind == "sources":
            said.append(f"source freshness of {seconds(file.generated_at) or 'unknown time'}")
    return listing(said)


def _is_idle(file: ArtifactFile) -> bool:
    """Whether a command that builds and tests nothing wrote it."""
    return bool(file.path and file.which) and file.which not in BUILDING


def _age(found: Detection) -> str:
    """How old the newest results are, in words; empty where they are of the last day, or say no time."""
    now = times.read(found.read_at)
    judged = [file for file in found.files if file.path and (file.kind == "sources" or (file.kind == "run_results" and not _is_idle(file)))]
    ages = [hours for file in judged if now is not None and (hours := times.hours_since(file.generated_at, now)) is not None]
    youngest = min(ages, default=0.0)
    if youngest <= STALE_AFTER_HOURS:
        return ""
    return f"{youngest / 24:.0f} days" if youngest >= DAYS_FROM_HOURS else f"{youngest:.0f} hours"


def clue(found: Detection, item: Clue) -> str:
    """A result in words, unescaped: what it is of, what it says, and dbt's own message without the node's name and file again."""
    said = HEAD.sub("", item.message)
    message = f" ({said})" if said else ""
    return f"{name(found, item.unique_id)} {item.status}: {item.says}{message} [{item.rule}]"


def next_command(found: Detection, item: Proposal) -> str:
    """The command that says what an incident affects, for a shell; empty where it has no node, or no shell can pass its name."""
    roots = item.origins or item.nodes  # what an origin affects has the nodes that read it among it
    if not roots:
        return ""
    columns = [word for column in item.columns for word in ("--column", column)] if item.category in NARROWED else []
    since = ["--since", item.started_at] if item.started_at else []
    unconfirmed = [] if item.confirmed else ["--unconfirmed"]
    return shell(("aftershock", "assess", *names(found, roots), "--category", item.category.value, *columns, *since, *unconfirmed))
