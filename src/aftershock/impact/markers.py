"""What marks a node: words in its tags, its meta and its columns' meta, compared whole and without regard to case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.model import Impact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aftershock.model import Markers, Node

PERSON_KEYS = frozenset({"owner", "owners", "subscribers", "contact", "team", "maintainer"})
"""Meta keys that name people: a team called Finance does not make its tables financial."""
ABSENT = frozenset({"", "false", "no", "0", "none", "null"})
CLASSIFICATION = frozenset({"classification", "data_classification"})


class Mark(msgspec.Struct, frozen=True):
    """A marker that was found: on which node, and the words that say so (``tag sla``, ``meta tier = 1``)."""

    unique_id: str
    evidence: str


def critical(node: Node, markers: Markers) -> Mark | None:
    """The node's critical marker, if it has one; an exposure's maturity counts too."""
    keys, values = _fold(markers.critical_meta_keys), _fold(markers.critical_meta_values)
    for key, value in _pairs(node.meta):
        if key in keys and value in values:
            return Mark(node.unique_id, f"meta {key} = {value}")
    tags = _fold(markers.critical_tags)
    for tag in node.tags:
        if tag.casefold() in tags:
            return Mark(node.unique_id, f"tag {tag}")
    if node.exposure is not None and node.exposure.maturity in _fold(markers.critical_maturity):
        return Mark(node.unique_id, f"maturity {node.exposure.maturity}")
    return None


def regulatory(node: Node, markers: Markers) -> Mark | None:
    """The node's own regulatory marker or one of its columns'."""
    words, classes = _fold(markers.regulatory), _fold(markers.regulatory_classification)
    return _word(node, words) or _classified(node, classes)


def financial(node: Node, markers: Markers) -> Mark | None:
    """The node's own financial marker or one of its columns'."""
    return _word(node, _fold(markers.financial))


def customer_facing(node: Node, markers: Markers) -> Mark | None:
    """The node's customer-facing marker; an exposure's type counts too."""
    if node.exposure is not None and node.exposure.type in _fold(markers.customer_facing_types):
        return Mark(node.unique_id, f"exposure type {node.exposure.type}")
    return _word(node, _fold(markers.customer_facing))


def privacy(node: Node, markers: Markers) -> Mark | None:
    """A privacy marker on the node or on a column: it raises nothing, but somebody has to be asked."""
    return _word(node, _fold(markers.privacy))


def tri_state(found: Iterable[Mark], denied: bool, asked: Iterable[Mark] = ()) -> Impact:  # noqa: FBT001  # one fact beside the marks
    """Yes where something is marked; no only where every node says so itself; otherwise unknown, with what to ask about."""
    marks = tuple(f"{mark.unique_id}: {mark.evidence}" for mark in found)
    if marks:
        return Impact("yes", marks)
    questions = tuple(f"{mark.unique_id}: {mark.evidence}" for mark in asked)
    return Impact("no", ("every affected node says so in its meta",)) if denied and not questions else Impact("unknown", questions)


def denies(node: Node, words: Iterable[str]) -> bool:
    """Whether the node's meta says outright that it is none of these (``customer_facing: false``)."""
    wanted = _fold(words)
    return any(key in wanted and value in ABSENT for key, value in _pairs(node.meta))


def _word(node: Node, words: frozenset[str]) -> Mark | None:
    """A tag that is one of the words, a meta key that is one and is not false, or a meta value that is one; then the same on columns."""
    for tag in node.tags:
        if tag.casefold() in words:
            return Mark(node.unique_id, f"tag {tag}")
    if evidence := _meta_word(node.meta, words):
        return Mark(node.unique_id, evidence)
    for column in node.columns:
        if not column.tags and not column.meta:
            continue
        for tag in column.tags:
            if tag.casefold() in words:
                return Mark(node.unique_id, f"column {column.name}: tag {tag}")
        if evidence := _meta_word(column.meta, words):
            return Mark(node.unique_id, f"column {column.name}: {evidence}")
    return None


def _meta_word(meta: dict[str, object], words: frozenset[str]) -> str:
    for key, value in _pairs(meta):
        if key in words and value not in ABSENT:
            return f"meta {key} = {value}"
        if value in words and key not in PERSON_KEYS:
            return f"meta {key} = {value}"
    return ""


def _classified(node: Node, classes: frozenset[str]) -> Mark | None:
    places = [("", node.meta), *((f"column {column.name}: ", column.meta) for column in node.columns if column.meta)]
    for place, meta in places:
        for key, value in _pairs(meta):
            if key in CLASSIFICATION and value in classes:
                return Mark(node.unique_id, f"{place}meta {key} = {value}")
    return None


def _pairs(meta: object, depth: int = 0, name: str = "") -> Iterator[tuple[str, str]]:
    """Every key with its value as folded text, lists, comma lists and nested mappings taken apart; bounded, since meta comes from anybody."""
    if depth > MAX_DEPTH:
        return
    if isinstance(meta, dict):
        for key, value in meta.items():
            yield from _pairs(value, depth + 1, name if name in PERSON_KEYS else str(key).casefold())
    elif isinstance(meta, (list, tuple)):
        for value in meta:
            yield from _pairs(value, depth + 1, name)
    else:
        for word in str(meta).split(","):
            yield name, word.strip().casefold()


MAX_DEPTH = 6


def _fold(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)
