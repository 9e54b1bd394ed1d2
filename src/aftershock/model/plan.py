"""A recovery plan as data: phases of small steps. Renderers turn steps into commands; nothing here runs anything."""

from __future__ import annotations

from typing import Literal

import msgspec

PhaseKind = Literal["gate", "pause", "backup", "restore", "plain", "full-refresh", "window", "manual", "verify"]
"""What a phase does, in the order in which a plan may hold them for one node."""

StepKind = Literal["gate", "pause", "backup", "restore", "run", "seed", "snapshot", "retry", "full-refresh", "window", "sql", "test", "freshness", "confirm"]

SQL_REPAIRS: frozenset[StepKind] = frozenset({"sql", "restore"})
"""Kinds whose statements, once dbt has run them, repaired the step's nodes, which dbt's results do not name."""

WAITED_FOR: frozenset[StepKind] = frozenset({"sql", "window"})
"""Kinds that are not passed over where a person does the step: what follows would be built on what is bad."""

Engine = Literal["dbt", "dagster", "sql"]
"""What rebuilds: dbt's own commands, Dagster's, or SQL transactions."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing to do.

    Attributes:
        kind: what sort of thing.
        nodes: the unique_ids that it acts on; a dbt command of this step selects exactly these.
        why: why it is needed, one sentence.
        destroys: what it could destroy, one sentence; empty where nothing.
        argv: the command as words, program included; empty where a person acts.
        who: who acts, where a person does.
        requires: what must be true before it, one sentence; empty where nothing must.
        costs: what it costs, one sentence; empty where no more than the time that it takes.
        sql: the statements that ``argv`` has dbt run; without ``argv``, statements for whoever acts to check and run.
    """

    kind: StepKind
    nodes: tuple[str, ...]
    why: str
    destroys: str = ""
    argv: tuple[str, ...] = ()
    who: str = ""
    requires: str = ""
    costs: str = ""
    sql: str = ""

    @property
    def is_irreversible(self) -> bool:
        """Whether a machine runs it, and it could destroy something."""
        return bool(self.argv and self.destroys)


class Phase(msgspec.Struct, frozen=True):
    """Steps that may be done once all earlier phases are."""

    kind: PhaseKind
    steps: tuple[Step, ...]


class Estimate(msgspec.Struct, frozen=True, omit_defaults=True):
    """How long the commands of a plan take, in seconds, from ``low`` to ``high``; both None where nothing tells.

    ``basis`` says what that rests on and what it leaves out, each a full sentence.
    """

    low: float | None = None
    high: float | None = None
    basis: tuple[str, ...] = ()


class RecoveryPlan(msgspec.Struct, frozen=True):
    """How to repair.

    Attributes:
        phases: what is done, in order.
        untouched: affected nodes that need no command.
        notes: what the plan does not know or cannot do, each a full sentence.
        estimate: how long its commands take.
        asks_target: whether the artifacts do not say which target failed, so that nothing may be run before a person names it.
        engine: what its rebuilding commands are for.
    """

    phases: tuple[Phase, ...]
    untouched: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    estimate: Estimate = Estimate()
    asks_target: bool = False
    engine: Engine = "dbt"
