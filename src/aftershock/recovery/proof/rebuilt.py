"""Whether a node was built again as it has to be: once, or by every step that the plan has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock import times
from aftershock.recovery.proof.record import records_flags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aftershock.model import RecoveryPlan, Run, Step
    from aftershock.recovery.proof.record import Mark, Record

REPAIRING = frozenset({"run", "seed", "snapshot", "retry", "full-refresh", "window", "sql", "restore"})
"""Kinds of steps after which a node holds other data."""

BY_HAND = "the plan has a person repair it, which no result shows: vouch for it with --confirmed once that is done"


class Rebuilt(NamedTuple):
    """The result that finished it, or why there is none."""

    mark: Mark | None
    lacks: str = ""


def repairing_steps(plan: RecoveryPlan) -> dict[str, tuple[Step, ...]]:
    """The steps that repair each node, by unique_id, in their order."""
    found: dict[str, list[Step]] = {}
    for step in (step for phase in plan.phases for step in phase.steps):
        if step.kind in REPAIRING:
            for unique_id in step.nodes:
                found.setdefault(unique_id, []).append(step)
    return {unique_id: tuple(steps) for unique_id, steps in found.items()}


def rebuilt(unique_id: str, record: Record, steps: Sequence[Step]) -> Rebuilt:
    """The newest result by which the node holds new data.

    Args:
        unique_id: a node that dbt builds.
        record: what counts.
        steps: those of the plan that repair it; each that a machine runs must have been done, with its flags. Empty without a plan.
    """
    builds = record.builds(unique_id)
    done: list[Mark] = []
    for step in (step for step in steps if step.argv):
        mark = newest(mark for mark in _candidates(step, builds, record) if _does(step, mark.run))
        if mark is None:
            return Rebuilt(None, _undone(step, builds) or _idle(unique_id, record))
        done.append(mark)
    mark = newest([*done, *builds])
    if mark is not None:
        return Rebuilt(mark)
    return Rebuilt(None, BY_HAND if steps else _idle(unique_id, record))


def newest(marks: Iterable[Mark]) -> Mark | None:
    """The one that ended last."""
    return max(marks, key=lambda mark: mark.ended, default=None)


def _candidates(step: Step, builds: Sequence[Mark], record: Record) -> Iterable[Mark]:
    return record.operations() if "run-operation" in step.argv else builds


def _does(step: Step, run: Run) -> bool:
    """Whether a run did what the step says, as far as its results record that."""
    if "run-operation" in step.argv:
        given = run.args.get("args")
        sql = given.get("sql") if isinstance(given, dict) else None
        return isinstance(sql, str) and bool(step.sql) and sql.split() == step.sql.split()
    return not records_flags(run) or not (_missing(step, run))


def _missing(step: Step, run: Run) -> str:
    """The flag of the step that the run was not given, or not so."""
    if "--full-refresh" in step.argv and run.args.get("full_refresh") is not True:
        return "--full-refresh"
    start, end = (times.read(_value(step.argv, flag)) for flag in ("--event-time-start", "--event-time-end"))
    given = [times.read(str(run.args.get(key))) for key in ("event_time_start", "event_time_end")]
    if start is not None and (given[0] is None or given[0] > start):
        return "--event-time-start"
    if end is not None and (given[1] is None or given[1] < end):
        return "--event-time-end"
    wanted, passed = _mapping(_value(step.argv, "--vars")), run.args.get("vars")
    has = passed if isinstance(passed, dict) else {}
    return "" if all(name in has and has[name] == value for name, value in wanted.items()) else "--vars"


def _value(argv: Sequence[str], flag: str) -> str:
    place = argv.index(flag) + 1 if flag in argv else len(argv)
    return argv[place] if place < len(argv) else ""


def _mapping(text: str) -> Mapping[str, object]:
    """A plan writes variables as JSON; what a person wrote in YAML is not compared."""
    try:
        return msgspec.json.decode(text, type=dict[str, object]) if text else {}
    except msgspec.DecodeError:
        return {}


def _undone(step: Step, builds: Sequence[Mark]) -> str:
    """What there is instead of the step; empty where there is nothing."""
    if "run-operation" in step.argv:
        return "no dbt run-operation since then ran the plan's SQL for it"
    last = newest(builds)
    return f"it was built at {times.iso(last.ended)} without {_missing(step, last.run)} as the plan has it" if last is not None else ""


def _idle(unique_id: str, record: Record) -> str:
    """Why nothing shows that it was built."""
    last = newest(record.after(unique_id))
    if last is None:
        return "no result since then"
    if last.status == "success":
        return f"dbt built it at {times.iso(last.ended)}, but began before then"
    return f"dbt only says {last.status!r} of it"
