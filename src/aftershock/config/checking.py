"""The settings of ``aftershock check``: what fails it, what somebody accepts, and where something else holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from aftershock import times
from aftershock.config import values
from aftershock.config.document import shown
from aftershock.model.changes import ChangeKind
from aftershock.model.policy import Acknowledgement, CheckScope

if TYPE_CHECKING:
    from aftershock.config.document import Tree

KINDS: tuple[str, ...] = get_args(ChangeKind)
SCOPED = ("breaking", "risky", "never")
FAIL_ON = ("breaking", "risky", *values.SEVERITIES, "never")
WHERE = ("node", "path", "tag")
DAY = r"^\d{4}-\d{2}-\d{2}$"


def fail_on(tree: Tree, at: values.At, _default: str = "breaking") -> str:
    """What fails a check."""
    return _choice(tree, at, FAIL_ON)


def acknowledgements(tree: Tree, at: values.At, _default: tuple[Acknowledgement, ...] = ()) -> tuple[Acknowledgement, ...]:
    """What somebody accepts."""
    return tuple(_acknowledgement(item, place) for item, place in values.items(tree, at))


def scopes(tree: Tree, at: values.At, _default: tuple[CheckScope, ...] = ()) -> tuple[CheckScope, ...]:
    """Where something else fails a check; the first that matches counts."""
    return tuple(_scope(item, place) for item, place in values.items(tree, at))


def _acknowledgement(tree: Tree, at: values.At) -> Acknowledgement:
    given = values.entries(tree, at, (*WHERE, "kind", "column", "reason", "owner", "until"), "a key of an acknowledgement")
    optional = _where(given, at)
    if "kind" in given:
        optional["kind"] = _choice(*given["kind"], KINDS)
    if "column" in given:
        optional["column"] = values.text(*given["column"])
    reason, owner = values.needed(given, "reason", at, values.text), values.needed(given, "owner", at, values.owner)
    return Acknowledgement(reason, owner, values.needed(given, "until", at, day), **optional)


def _scope(tree: Tree, at: values.At) -> CheckScope:
    given = values.entries(tree, at, (*WHERE, "fail_on"), "a key of a scope")
    level: Any = values.needed(given, "fail_on", at, lambda value, place: _choice(value, place, SCOPED))
    return CheckScope(level, **_where(given, at))


def _where(given: dict[str, tuple[Tree, values.At]], at: values.At) -> dict[str, Any]:
    found = {key: values.text(*given[key]) for key in WHERE if key in given}
    if not found:
        raise at.error("matches nothing in particular", f"Give one of {', '.join(WHERE)}")
    return found


def day(tree: Tree, at: values.At, _default: str = "") -> str:
    """A day as ``2026-12-31``."""
    found = values.text(tree, at)
    if not re.match(DAY, found) or times.read(found) is None:
        raise at.error(f"must be a day such as 2026-12-31, not {shown(found)}")
    return found


def _choice(tree: Tree, at: values.At, allowed: tuple[str, ...]) -> str:
    found = values.text(tree, at)
    if found not in allowed:
        raise at.error(f"must be one of {', '.join(allowed)}, not {shown(found)}")
    return found
