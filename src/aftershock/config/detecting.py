"""The settings of ``aftershock detect``: rules that come before its own, and what a quality dimension speaks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from aftershock.config import values
from aftershock.config.document import shown
from aftershock.model import Category
from aftershock.model.policy import DetectRule

if TYPE_CHECKING:
    from aftershock.config.document import Tree

SLUGS = tuple(category.value for category in Category)
IGNORE = "ignore"
MATCHES = ("test", "message", "node", "tag")
_Level = Literal["high", "medium", "low"]
LEVELS: tuple[_Level, ...] = get_args(_Level)
LONGEST = 200
"""Characters of a condition: longer than any name, and short enough to be looked for everywhere."""
MOST_STARS = 8


def detect_rules(tree: Tree, at: values.At, _default: tuple[DetectRule, ...] = ()) -> tuple[DetectRule, ...]:
    """What a result means that matches; the first rule that does counts."""
    found: dict[str, DetectRule] = {}
    for item, place in values.items(tree, at):
        rule = _rule(item, place)
        if rule.name.casefold() in found:
            raise place.error(f"has the name {shown(rule.name)}, which another one has", "Give it a name of its own")
        found[rule.name.casefold()] = rule
    return tuple(found.values())


def dimensions(tree: Tree, at: values.At, default: dict[str, str]) -> dict[str, str]:
    """Categories by quality dimension, added to the defaults."""
    return {**default, **{key.casefold(): _slug(value, place, SLUGS) for key, (value, place) in values.entries(tree, at).items()}}


def _rule(tree: Tree, at: values.At) -> DetectRule:
    given = values.entries(tree, at, ("name", *MATCHES, "category", "confidence"), "a key of a rule")
    conditions = {key: _glob(*given[key]) for key in MATCHES if key in given}
    if not conditions:
        raise at.error("matches nothing in particular", f"Give one of {', '.join(MATCHES)}")
    name = values.needed(given, "name", at, values.text)
    category = values.needed(given, "category", at, lambda value, place: _slug(value, place, (*SLUGS, IGNORE)))
    return DetectRule(name, category, confidence=_level(*given["confidence"]) if "confidence" in given else "high", **conditions)


def _glob(tree: Tree, at: values.At) -> str:
    found = values.text(tree, at)
    if len(found) > LONGEST or found.count("*") > MOST_STARS:
        raise at.error(f"is longer than {LONGEST} characters, or has more than {MOST_STARS} *", "A part of the name or message is enough")
    if not found.strip("*"):
        raise at.error("matches everything", "Write a part of what it is about")
    return found


def _slug(tree: Tree, at: values.At, allowed: tuple[str, ...]) -> str:
    found = values.text(tree, at)
    if found not in allowed:
        raise at.error(f"must be a category, not {shown(found)}", f"Use one of: {', '.join(allowed)}")
    return found


def _level(tree: Tree, at: values.At) -> _Level:
    found = values.text(tree, at)
    for level in LEVELS:
        if found == level:
            return level
    raise at.error(f"must be one of {', '.join(LEVELS)}, not {shown(found)}")
