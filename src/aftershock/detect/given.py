"""The rules of aftershock.yml, which come before our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.detect.globs import matches, occurs
from aftershock.detect.rows import LOSS, Reading, other
from aftershock.model import Category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model import Node
    from aftershock.model.policy import DetectRule

IGNORE = "ignore"


def rule_for(rules: Sequence[DetectRule], message: str, nodes: tuple[Node, ...], test: str) -> DetectRule | None:
    """The first rule that matches a result.

    Args:
        rules: those of the policy.
        message: what dbt said.
        nodes: whose result it is, then the nodes for which it stands.
        test: the generic test's name with its package; empty for what is no test.
    """
    return next((rule for rule in rules if _holds(rule, message, nodes, test)), None)


def by_rule(rule: DetectRule, own: Reading) -> Reading:
    """A result as a rule of the user's has it; what our own rules make of it is an alternative, and what the error is about stays."""
    category = Category(rule.category)
    before = (other(own.category, own.says),) if own.category is not None and own.category is not category else ()
    others = (*before, *(item for item in own.others if item.category is not category and item.category is not own.category))
    return msgspec.structs.replace(
        own,
        rule=rule.name,
        category=category,
        confidence=rule.confidence,
        says=f"the rule {rule.name!r} of aftershock.yml says so",
        others=others,
        confirmed=category is not LOSS,
    )


def _holds(rule: DetectRule, message: str, nodes: tuple[Node, ...], test: str) -> bool:
    own = nodes[0]
    if rule.test:
        called = {test, test.rpartition(".")[2], own.name} - {""} if own.resource_type == "test" else set()
        if not any(matches(rule.test, name) for name in called):
            return False
    if rule.message and not occurs(rule.message, " ".join(message.split())):
        return False
    if rule.node and not any(matches(rule.node, name) for node in nodes for name in (node.unique_id, node.name, node.label)):
        return False
    return not rule.tag or any(matches(rule.tag, tag) for node in nodes for tag in node.tags)
