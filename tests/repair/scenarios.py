"""What goes wrong, where, and what nobody can bring back."""

from __future__ import annotations

from typing import NamedTuple

from repair.worlds import JOB, SHOP, Edit, World


class Loss(NamedTuple):
    """Rows that no repair brings back: how many are missing and too many in a relation, and what the plan must say of which node (a pattern)."""

    relation: str
    missing: int
    extra: int
    node: str
    says: str


class Scenario(NamedTuple):
    """An incident in a world: on the last of its ``days`` somebody notices; the source or the code is put right, and the plan repairs the rest.

    Attributes:
        name: layer, category and what happened.
        nodes: what is named to ``aftershock plan``.
        category: its slug.
        days: on which the incident lasts; each is loaded and built.
        statements: what is wrong with the sources after each load; ``getvariable('onset')`` is when it began.
        edits: what is wrong with the code; taken back before the repair.
        stopped: sources whose load of these days does not happen.
        job: the words of the scheduled dbt command.
        fails: whether that command ends with failures.
        harm: what happens to the warehouse itself after the last build.
        commands: dbt commands that somebody runs after that.
        after_gate: dbt commands that run when the sources are right again and nobody has repaired anything yet.
        options: further options of ``aftershock plan``.
        losses: what no repair brings back.
        world: where.
    """

    name: str
    nodes: tuple[str, ...]
    category: str
    days: tuple[int, ...] = (3,)
    statements: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    stopped: tuple[str, ...] = ()
    job: tuple[str, ...] = JOB
    fails: bool = False
    harm: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    after_gate: tuple[tuple[str, ...], ...] = ()
    options: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    world: World = SHOP
