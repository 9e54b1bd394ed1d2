"""A recovery plan as data: phases of small steps. Renderers turn steps into commands; nothing here runs anything."""

from __future__ import annotations

from typing import Literal

import msgspec

PhaseKind = Literal["gate", "pause", "backup", "restore", "plain", "full-refresh", "window", "manual", "verify"]
"""What a phase does, in the order in which a plan may hold them for one node."""

StepKind = Literal["gate", "pause", "backup", "restore", "run", "seed", "snapshot", "retry", "full-refresh", "window", "sql", "test", "freshness", "confirm"]


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing to do.

    Attributes:
        kind: what sort of thing.
        nodes: the unique_ids that it acts on; a dbt command of this step selects exactly these.
        why: why it is needed, one sentence.
        destroys: what it could destroy, one sentence; empty where nothing.
        argv: the dbt command as words, program included; empty where a person acts.
        who: who acts, where a person does.
    """

    kind: StepKind
    nodes: tuple[str, ...]
    why: str
    destroys: str = ""
    argv: tuple[str, ...] = ()
    who: str = ""


class Phase(msgspec.Struct, frozen=True):
    """Steps that may be done once all earlier phases are."""

    kind: PhaseKind
    steps: tuple[Step, ...]


class RecoveryPlan(msgspec.Struct, frozen=True):
    """How to repair. ``notes`` say what the plan does not know or cannot do, each a full sentence; ``untouched`` affected nodes that need no command."""

    phases: tuple[Phase, ...]
    untouched: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
