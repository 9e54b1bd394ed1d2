"""Whether dbt did what a step says: exactly its nodes, each with a good status. That it exits with 0 proves nothing, since it does so where it runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.artifacts.files import is_file, read_bytes
from aftershock.artifacts.results import read_freshness, read_run
from aftershock.artifacts.target import RUN_RESULTS, SOURCES
from aftershock.errors import ArtifactError
from aftershock.model import SQL_REPAIRS
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aftershock.model import Step

GOOD = frozenset({"success", "reused", "pass", "warn"})
OPERATION = "run-operation"
QUESTION = "show"
"""What answers a question and builds nothing: it succeeds or fails as a whole, as an operation does."""
REPAIRED = "repaired"
MORE_ALLOWED = frozenset({"retry", "test", "freshness"})
"""Steps that may list more than their nodes: retry runs the tests of what it builds again, and a selected test brings others of its models."""

HOOK = "operation."
"""How the unique_id of an on-run-start or on-run-end hook begins."""

_SHOWN = 3


class Seen(NamedTuple):
    """What dbt recorded of one node."""

    status: str
    message: str = ""


def shortfall(step: Step, folder: Path) -> str:
    """What of a step that succeeded was not done, or was done besides: a sentence without a full stop; empty where all is as planned.

    Args:
        step: what was planned.
        folder: where its command wrote its results.
    """
    if step.argv[1:2] in {(OPERATION,), (QUESTION,)}:  # its result is of a macro, or of the question
        return ""
    try:
        found = _recorded(step, folder)
    except ArtifactError as error:
        return str(error).rstrip(".")
    planned = set(step.nodes)
    bad = sorted(unique_id for unique_id in planned & found.keys() if found[unique_id].status not in GOOD)
    missing, strange = sorted(planned - found.keys()), sorted(found.keys() - planned)
    if not found:
        return f"dbt ran nothing, not {listing(missing, _SHOWN)}" if planned else ""
    if bad:
        return failure(step, folder)
    if missing:
        return f"dbt did not run {listing(missing, _SHOWN)}"
    return f"dbt also ran {listing(strange, _SHOWN)}" if strange and step.kind not in MORE_ALLOWED else ""


def keep_repaired(step: Step, folder: Path) -> None:
    """Write down what the SQL of a step that succeeded repaired, beside dbt's results, which do not name it: `aftershock verify` reads it."""
    if OPERATION in step.argv[1:2] and step.kind in SQL_REPAIRS:
        (folder / REPAIRED).write_text("".join(f"{unique_id}\n" for unique_id in step.nodes), encoding="utf-8")


def failure(step: Step, folder: Path) -> str:
    """What dbt recorded as failed, without a full stop; empty where it recorded nothing bad."""
    try:
        found = _recorded(step, folder)
    except ArtifactError:
        return ""
    bad = [f"{unique_id}: {seen.status}{f' ({seen.message})' if seen.message else ''}" for unique_id, seen in found.items() if _is_cause(seen)]
    skipped = sum(seen.status == "skipped" for seen in found.values())
    return "; ".join([*bad[:_SHOWN], *([f"{len(bad) - _SHOWN} more failed"] if len(bad) > _SHOWN else []), *([f"{skipped} skipped"] if skipped else [])])


def built(step: Step, folder: Path) -> tuple[str, ...]:
    """The nodes of a step that were built, though it failed: a second run builds them once more. Tests build nothing."""
    if step.kind in {"test", "freshness"} or step.argv[1:2] in {(OPERATION,), (QUESTION,)}:
        return ()
    try:
        found = _recorded(step, folder)
    except ArtifactError:
        return ()
    return tuple(unique_id for unique_id in step.nodes if unique_id in found and found[unique_id].status in GOOD)


def _is_cause(seen: Seen) -> bool:
    return seen.status not in GOOD | {"skipped", "no-op"}


def _recorded(step: Step, folder: Path) -> Mapping[str, Seen]:
    """The results of a step by unique_id, but for those of hooks.

    Raises:
        ArtifactError: dbt wrote none, or they cannot be read.
    """
    if step.kind == "freshness":
        data = _bytes(folder / SOURCES)
        return {unique_id: Seen(item.status, item.error) for unique_id, item in read_freshness(data, SOURCES).sources.items()}
    data = _bytes(folder / RUN_RESULTS)
    results = read_run(data, RUN_RESULTS).results.values()
    return {item.unique_id: Seen(item.status, item.message) for item in results if not item.unique_id.startswith(HOOK)}


def _bytes(path: Path) -> bytes:
    if not is_file(path):
        raise ArtifactError(path.name, "dbt wrote none")
    return read_bytes(path)
