"""What a policy would have stopped: merges of the past, each checked as if it were to come."""

from __future__ import annotations

from typing import Literal

import msgspec

from aftershock.model.changes import Judgement


class Tried(msgspec.Struct, frozen=True, omit_defaults=True):
    """One merge: its commit, when (ISO 8601) and its first line, and what the check makes of it.

    ``outcome`` is ``error`` where it could not be checked at all; ``why`` says so, or what failed it. ``counts`` are its changes by judgement,
    ``changes`` names those that failed it.
    """

    commit: str
    at: str
    subject: str
    outcome: Literal["failed", "not-judged", "passed", "error"]
    why: str = ""
    severity: str = ""
    counts: dict[Judgement, int] = {}
    changes: tuple[str, ...] = ()


class Backtest(msgspec.Struct, frozen=True):
    """All merges that were tried, newest first, and what failed them: ``fail_on`` as the policy has it."""

    tried: tuple[Tried, ...]
    fail_on: str
    read_at: str
