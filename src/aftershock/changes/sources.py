"""Sources that differ, by what YAML says of them, and sources and seeds by what the warehouse had and has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.changes.places import configured, name_of, place_of
from aftershock.changes.types import becomes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair
    from aftershock.model import Catalog, Column, Node
    from aftershock.model.changes import Change


def source_changes(scene: Scene, pair: Pair) -> Iterator[Change]:
    """What YAML says of a source otherwise: which relation it is, and which columns it has."""
    old, new = pair.base, pair.head
    if (name_of(old), place_of(old)) != (name_of(new), place_of(new)) and (scene.places.same or name_of(old) != name_of(new) or configured(pair)):
        reason = f"{new.label} is another relation now: its rows and columns are those of that one"
        yield scene.making.change(pair.head_id, "source-changed", "risky", reason, certainty="likely", was=_relation(old), now=_relation(new))
    if scene.base.columns(pair.base_id) is None or scene.head.columns(pair.head_id) is None:
        yield from _declared(scene, pair)


def _relation(node: Node) -> str:
    return node.relation_name or ".".join(part for part in (node.database, node.schema, node.identifier or node.name) if part)


def _declared(scene: Scene, pair: Pair) -> Iterator[Change]:
    """Columns that YAML no longer declares, or declares with another type: what the warehouse has may be the same."""
    before, after = _by_name(pair.base.columns), _by_name(pair.head.columns)
    for name, column in before.items():
        label = f"{pair.head.label}.{column.name}"
        if name not in after:
            reason = f"{label} is no longer declared; whether the warehouse still has it was not looked up"
            yield scene.making.change(pair.head_id, "source-changed", "risky", reason, certainty="unknown", column=column.name)
        elif after[name].data_type.casefold() != column.data_type.casefold():
            was, now = column.data_type, after[name].data_type
            reason = f"{label} is declared as {now or 'of no type'} now, and was {was or 'of no type'}; which one the warehouse has was not looked up"
            yield scene.making.change(pair.head_id, "source-changed", "risky", reason, certainty="unknown", column=column.name, was=was, now=now)


def _by_name(columns: tuple[Column, ...]) -> dict[str, Column]:
    return {column.name.casefold(): column for column in columns}


def drift(scene: Scene, base: Catalog | None, head: Catalog | None) -> Iterator[Change]:
    """What the warehouse's own list of sources and seeds says otherwise in a second catalog.

    Args:
        scene: both projects.
        base: what the warehouse said before; nothing is found where either is None.
        head: what it says now.
    """
    if base is None or head is None:
        return
    for pair in scene.pairing.pairs:
        same = (name_of(pair.base), place_of(pair.base)) == (name_of(pair.head), place_of(pair.head))
        if pair.head.resource_type in {"source", "seed"} and pair.base_id in base.tables and same:
            yield from _drifted(scene, pair, base.tables[pair.base_id].columns, head)


def _drifted(scene: Scene, pair: Pair, before: dict[str, str], head: Catalog) -> Iterator[Change]:
    label = pair.head.label
    if pair.head_id not in head.tables:
        beside = any(_source_of(scene.head.nodes.get(unique_id)) == _source_of(pair.head) for unique_id in head.tables)
        if pair.head.resource_type == "source" and beside:
            reason = f"the warehouse no longer lists {label}, and does list other tables of {_source_of(pair.head)}"
            yield scene.making.change(pair.head_id, "source-removed", "breaking", reason, certainty="likely")
        return
    after = head.tables[pair.head_id].columns
    now = {name.casefold(): kind for name, kind in after.items()}
    was = {name.casefold() for name in before}
    for name, kind in before.items():
        if name.casefold() not in now:
            yield scene.making.change(pair.head_id, "column-removed", "breaking", f"{label} no longer has {name} in the warehouse", column=name)
        elif now[name.casefold()].casefold() != kind.casefold():
            new = now[name.casefold()]
            reason = f"{name} of {label} was {kind or 'of an unknown type'} in the warehouse and is {new or 'of an unknown type'} now"
            yield scene.making.change(pair.head_id, "column-retyped", becomes(kind, new), reason, certainty="likely", column=name, was=kind, now=new)
    for name in after:
        if name.casefold() not in was:
            yield scene.making.change(pair.head_id, "column-added", "safe", f"{label} has {name} in the warehouse now", column=name)


def _source_of(node: Node | None) -> str:
    return node.source.source_name if node is not None and node.source is not None else ""
