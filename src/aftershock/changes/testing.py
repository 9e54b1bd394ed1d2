"""Data tests and unit tests that come, go or differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.changes.sides import Pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Side
    from aftershock.model import Node
    from aftershock.model.changes import Change

WEAKER = frozenset({"error", "warn"})
CONDITIONS = ("where", "limit", "warn_if", "error_if", "fail_calc")


def test_changes(scene: Scene) -> Iterator[Change]:
    """Every test that is new, gone or another one; one of the same kind on the same column with other arguments is another one."""
    twins = dict(_twins(scene))
    for unique_id in (*scene.pairing.removed, *scene.pairing.disabled):
        node = scene.base.nodes[unique_id]
        if _is_test(node) and unique_id not in twins and _outlives(scene, node):
            tested = _tested(scene.base, node)
            yield scene.making.change(unique_id, "test-removed", "risky", f"{_name(node)} no longer tests {tested}", was=node.name)
    for unique_id in scene.pairing.added:
        node = scene.head.nodes[unique_id]
        if _is_test(node) and unique_id not in twins.values():
            yield scene.making.change(unique_id, "test-added", "safe", f"{_name(node)} tests {_tested(scene.head, node)}", now=node.name)
    for old, new in twins.items():
        yield from _differences(scene, Pair.of(scene.base, scene.head, old, new))
    for pair in scene.pairing.pairs:
        if _is_test(pair.head):
            yield from _differences(scene, pair)


def _is_test(node: Node) -> bool:
    return node.resource_type in {"test", "unit_test"}


def _outlives(scene: Scene, node: Node) -> bool:
    """Whether what a test tested is still there: with a node its tests go, and that is no news of its own."""
    parents = [scene.pairing.renamed.get(parent, parent) for parent in node.parents]
    attached = node.test.attached_node if node.test is not None else ""
    wanted = [scene.pairing.renamed.get(attached, attached)] if attached else parents
    return any(parent in scene.head.nodes for parent in wanted)


def _twins(scene: Scene) -> Iterator[tuple[str, str]]:
    """Tests that are gone, each with the new one that does the same on the same column: their ids hold a digest of their arguments."""
    new: dict[tuple[str, ...], list[str]] = {}
    for unique_id in scene.pairing.added:
        if key := _key(scene.head.nodes[unique_id], {}):
            new.setdefault(key, []).append(unique_id)
    old: dict[tuple[str, ...], list[str]] = {}
    for unique_id in (*scene.pairing.removed, *scene.pairing.disabled):
        if key := _key(scene.base.nodes[unique_id], scene.pairing.renamed):
            old.setdefault(key, []).append(unique_id)
    for key, ids in old.items():
        yield from zip(ids, new.get(key, ()), strict=False)


def _key(node: Node, renamed: dict[str, str]) -> tuple[str, ...]:
    test = node.test
    if node.resource_type == "unit_test" and node.parents:
        return "", node.name, "", renamed.get(node.parents[0], node.parents[0])
    if test is None or not test.name or not test.attached_node:
        return ()
    return test.namespace, test.name, test.column.casefold(), renamed.get(test.attached_node, test.attached_node)


def _differences(scene: Scene, pair: Pair) -> Iterator[Change]:
    if pair.alike:
        return
    codes = scene.base.code_of(pair.base_id), scene.head.code_of(pair.head_id)
    if pair.base == pair.head and pair.old == pair.new and codes[0] == codes[1]:
        return
    name, tested = _name(pair.head), _tested(scene.head, pair.head)
    if pair.head.resource_type == "unit_test":
        if pair.old.body != pair.new.body:
            yield scene.making.change(pair.head_id, "test-changed", "safe", f"{name} gives or expects something else of {tested}")
        return
    old, new = pair.base.test, pair.head.test
    if old is not None and new is not None and old.severity != new.severity:
        weaker = new.severity != "error"
        reason = f"{name} on {tested} {'only warns now' if weaker else 'stops a run now'}"
        yield scene.making.change(pair.head_id, "test-changed", "risky" if weaker else "safe", reason, was=old.severity, now=new.severity)
    for key in CONDITIONS:
        before, after = pair.old.config.get(key), pair.new.config.get(key)
        if before != after:
            reason = f"{name} on {tested} counts other rows ({key})"
            yield scene.making.change(pair.head_id, "test-changed", "risky", reason, was=_text(before), now=_text(after))
    before, after = (_arguments(side, unique_id) for side, unique_id in ((scene.base, pair.base_id), (scene.head, pair.head_id)))
    alike = scene.base.project.info.schema_version == scene.head.project.info.schema_version  # versions differ in which arguments they write
    if before != after and alike:
        yield scene.making.change(pair.head_id, "test-changed", "risky", f"{name} on {tested} tests something else", was=_text(before), now=_text(after))
    elif not (old is not None and old.name) and not scene.texts.same(pair):
        yield scene.making.change(pair.head_id, "test-changed", "risky", f"the SQL of {name} differs", written=True, base_id=pair.base_id)


def _arguments(side: Side, unique_id: str) -> dict[str, object]:
    return {key: value for key, value in side.code_of(unique_id).arguments.items() if key not in {"model", "column_name"}}


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8", "replace")


def _name(node: Node) -> str:
    if node.resource_type == "unit_test":
        return f"the unit test {node.name}"
    return f"the test {node.test.name}" if node.test is not None and node.test.name else f"the test {node.name}"


def _tested(side: Side, node: Node) -> str:
    test = node.test
    attached = test.attached_node if test is not None else ""
    label = side.label(attached) if attached else ", ".join(side.label(parent) for parent in node.parents) or "nothing"
    return f"{label}.{test.column}" if test is not None and test.column and attached else label
