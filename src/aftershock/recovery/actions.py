"""What a rule can ask for, and the step that it becomes."""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model import PhaseKind, StepKind

Action = Literal[
    "gate",
    "restore",
    "seed",
    "seed-header",
    "build",
    "run",
    "snapshot",
    "full-refresh",
    "window",
    "backfill",
    "fill-window",
    "delete-window",
    "replace-window",
    "replace-keys",
    "insert-missing",
    "replace-all",
    "dedupe",
    "remove-versions",
    "reopen-versions",
    "dedupe-versions",
    "sql",
    "ask",
    "export",
    "confirm",
    "leave",
]


class Does(msgspec.Struct, frozen=True):
    """What an action becomes: the phase and kind of its step, and dbt's words before ``--select`` and after the names; no words where a person acts."""

    phase: PhaseKind
    kind: StepKind
    words: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


ACTIONS: dict[Action, Does] = {
    "gate": Does("gate", "gate"),
    "restore": Does("restore", "restore"),
    "seed": Does("plain", "seed", ("seed",)),
    "build": Does("plain", "run", ("build", "--resource-type", "function")),
    "run": Does("plain", "run", ("run",)),
    "snapshot": Does("plain", "snapshot", ("snapshot",)),
    "seed-header": Does("full-refresh", "seed", ("seed",), ("--full-refresh",)),
    "full-refresh": Does("full-refresh", "full-refresh", ("run",), ("--full-refresh",)),
    "window": Does("window", "window", ("run",)),
    "backfill": Does("window", "window", ("run",)),
    "fill-window": Does("manual", "window"),
    "delete-window": Does("manual", "sql"),
    "replace-window": Does("manual", "sql"),
    "replace-keys": Does("manual", "sql"),
    "insert-missing": Does("manual", "sql"),
    "replace-all": Does("manual", "sql"),
    "dedupe": Does("manual", "sql"),
    "remove-versions": Does("manual", "sql"),
    "reopen-versions": Does("restore", "restore"),
    "dedupe-versions": Does("manual", "sql"),
    "sql": Does("manual", "sql"),
    "ask": Does("manual", "confirm"),
    "export": Does("manual", "confirm"),
    "confirm": Does("verify", "confirm"),
}
"""``leave`` becomes no step."""

COMMANDS = frozenset(action for action, does in ACTIONS.items() if does.words)
"""Actions that a dbt command of its own does."""

SCRIPTED: frozenset[Action] = frozenset(
    {"delete-window", "replace-window", "replace-keys", "insert-missing", "replace-all", "dedupe", "remove-versions", "reopen-versions", "dedupe-versions"}
)
"""Actions that statements do, one transaction for a node."""
