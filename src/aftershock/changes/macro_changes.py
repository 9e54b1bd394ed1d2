"""Macros that differ -> changes: judged by what they make of the SQL of those who use them, where dbt or the renderer shows that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from aftershock.changes.macros import is_called_by_dbt
from aftershock.phrases import counted, listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair, Side
    from aftershock.model.changes import Change

READ = frozenset({"model", "snapshot"})
MATERIALIZATION = re.compile(r"materialization_(\w+?)_(?:default|[a-z]+)$")
MOST_NAMED = 3


def macro_changes(scene: Scene) -> Iterator[Change]:
    """Every macro that differs and that something uses, or that dbt itself may call; those of another package with one verdict are told as one."""
    own = scene.head.project.info.name
    foreign: dict[tuple[str, str], list[Change]] = {}
    for unique_id, used_by in scene.macros.items():
        package = unique_id.split(".")[1]
        for change in _judged(scene, unique_id, used_by, own):
            if package == own:
                yield change
            else:
                foreign.setdefault((package, change.verdict), []).append(change)
    yield from _operations(scene)
    for (package, _), changes in foreign.items():
        yield from changes if len(changes) <= MOST_NAMED else (_together(package, changes),)


def _operations(scene: Scene) -> Iterator[Change]:
    """What dbt runs before and after everything else: its effect shows in no query."""
    pairing = scene.pairing
    found = [pair.head_id for pair in pairing.pairs if pair.head.resource_type == "operation" and not _is_same(scene, pair)]
    found += [item for item in pairing.added if scene.head.nodes[item].resource_type == "operation"]
    found += [item for item in pairing.removed if scene.base.nodes[item].resource_type == "operation"]
    for unique_id in found:
        reason = f"what dbt runs before or after everything else differs ({unique_id.rpartition('.')[2]})"
        yield scene.making.change(unique_id, "macro-changed", "risky", reason, certainty="likely", written=True)


def _is_same(scene: Scene, pair: Pair) -> bool:
    """Whether an operation is written, and compiled, as it was."""
    written = scene.base.code_of(pair.base_id).raw.strip() == scene.head.code_of(pair.head_id).raw.strip()
    return pair.alike or (written and scene.texts.same(pair))


def _together(package: str, changes: list[Change]) -> Change:
    names = listing([change.unique_id.rpartition(".")[2] for change in changes], MOST_NAMED)
    return msgspec.structs.replace(changes[0], reason=f"{len(changes)} macros of {package} differ ({names}); of the first: {changes[0].reason}")


def _judged(scene: Scene, unique_id: str, used_by: tuple[str, ...], own: str) -> Iterator[Change]:
    name = unique_id.rpartition(".")[2]
    gone = unique_id not in scene.head.code.macros
    what = f"the macro {name} is gone" if gone else f"the macro {name} differs" if unique_id in scene.base.code.macros else f"the macro {name} is new"
    if used_by:
        yield _used(scene, unique_id, what, used_by)
    elif is_called_by_dbt(unique_id, own):
        reason = f"{what}, and dbt may call it for any node: what it does cannot be seen in their SQL"
        yield scene.making.change(unique_id, "macro-changed", "cannot-say", reason, certainty="unknown")
    elif not gone and unique_id.split(".")[1] == own:
        yield scene.making.change(unique_id, "macro-changed", "safe", f"{what}, and nothing says that it uses it", certainty="likely")


def _used(scene: Scene, unique_id: str, what: str, used_by: tuple[str, ...]) -> Change:
    models = [item for item in used_by if scene.head.nodes[item].resource_type in READ]
    others = [item for item in used_by if item not in models]
    unread = [item for item in models if (diff := scene.diffs.get(item)) is not None and diff.unread]
    hooked = [item for item in models if "hook" in _hooks_text(scene.head, item, unique_id)]
    if MATERIALIZATION.fullmatch(unique_id.rpartition(".")[2]):
        reason = f"{what}, and dbt builds {counted(len(used_by), 'node')} with it: what it does cannot be seen in their SQL"
        return scene.making.change(unique_id, "macro-changed", "cannot-say", reason, certainty="unknown")
    labels = listing([scene.head.label(item) for item in models], MOST_NAMED)
    if unread:
        reason = f"{what}, and the SQL of {listing([scene.head.label(item) for item in unread], MOST_NAMED)}, which use it, could not be compared"
        return scene.making.change(unique_id, "macro-changed", "cannot-say", reason, certainty="unknown")
    if hooked or others:
        whom = listing([scene.head.label(item) for item in (hooked or others)], MOST_NAMED)
        how = "in a hook" if hooked else "beside the SQL of models"
        return scene.making.change(unique_id, "macro-changed", "risky", f"{what}, and is used {how}: {whom}", certainty="likely")
    differ = sum(item in scene.diffs for item in models)
    shown = f"the SQL of {counted(differ, 'of them is another one', 'of them are others')}, and told there" if differ else "the SQL of none of them differs"
    reason = f"{what}; {counted(len(models), 'model uses', 'models use')} it ({labels}), and {shown}"
    return scene.making.change(unique_id, "macro-changed", "safe", reason)


def _hooks_text(side: Side, unique_id: str, macro: str) -> str:
    """``hook`` where a hook of a node names the macro; else nothing."""
    name = macro.rpartition(".")[2]
    config = side.definition(unique_id).config
    return "hook" if any(name in str(config.get(key, "")) for key in ("pre-hook", "post-hook")) else ""


def built_by(side: Side, macro: str) -> tuple[str, ...]:
    """The nodes that a materialization's macro builds; none where it is not one."""
    found = MATERIALIZATION.fullmatch(macro.rpartition(".")[2])
    return tuple(unique_id for unique_id, node in side.nodes.items() if found is not None and node.materialized == found[1])


def users_with_built(side: Side, users: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Who uses each macro, and what dbt builds with it."""
    return {macro: tuple(sorted({*nodes, *built_by(side, macro)})) for macro, nodes in users.items()}
