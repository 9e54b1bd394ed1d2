"""The plan where nothing that a program listed is a node: there is nothing to repair, and why each entry is no node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.render.encoding import encoded
from aftershock.render.nothing import ANSWER, render_nothing
from aftershock.render.plan.document import PLAN_VERSION

if TYPE_CHECKING:
    Reasons = tuple[tuple[str, str], ...]


class NoPlanDocument(msgspec.Struct, frozen=True):
    """What `--format json` prints then: a plan without a phase, and a warning for each entry."""

    schema_version: str
    summary: str
    phases: tuple[str, ...]
    warnings: tuple[str, ...]


def nothing(reasons: Reasons, name: str) -> str:
    """The answer in the format called ``name``.

    Raises:
        UsageError: there is no such format.
    """
    if name == "sh":
        return f"#!/usr/bin/env bash\n{''.join(f'# {line.strip()}{chr(10)}' for line in render_nothing(reasons).splitlines())}exit 0\n"
    if name == "json":
        return encoded(NoPlanDocument(PLAN_VERSION, ANSWER, (), tuple(f"{text} was left out: {why}." for text, why in reasons)))
    return render_nothing(reasons, name)
