"""Source freshness into findings: late sources, failed queries, and sources that are not there though they declare their freshness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.detect import states
from aftershock.detect.errors import UNREAD
from aftershock.detect.looking import WARNINGS, Seen, is_bad
from aftershock.detect.moments import stamp
from aftershock.detect.reading import read_error
from aftershock.detect.rows import Finding, Reading, read
from aftershock.detect.said import shown
from aftershock.phrases import counted, listing

if TYPE_CHECKING:
    from aftershock.detect.scene import Scene
    from aftershock.model import Freshness, Node, SourceStatus

NO_TIME = "0001-01-01"
"""What dbt writes for the time of the newest row where a source has none."""


def look_at_freshness(scene: Scene) -> Seen:
    """What sources.json shows."""
    freshness = scene.freshness
    if freshness is None:
        return Seen()
    concerned = [item for item in freshness.sources.values() if is_bad(item.status) or item.status in WARNINGS]
    known = [item for item in concerned if item.unique_id in scene.graph]
    lost = [f"{item.unique_id} ({item.status})" for item in concerned if item.unique_id not in scene.graph]
    notes = (f"manifest.json does not have {listing(lost)}, which sources.json calls late.",) if lost else ()
    absent, asked_less = _absent(scene, freshness)
    return Seen((*(_finding(item, freshness, scene) for item in known), *absent), notes=(*notes, *asked_less))


def _finding(item: SourceStatus, freshness: Freshness, scene: Scene) -> Finding:
    late = item.status != "runtime error"
    empty = late and item.max_loaded_at.startswith(NO_TIME)
    reading = read(states.NO_ROWS if empty else states.LATE) if late else _query(item.error)
    cause = f"loader: {_loader(scene.graph.nodes[item.unique_id])}" if late else reading.cause
    says = f"{reading.says}{_age(item)}" if late and not empty else reading.says
    return Finding(
        item.unique_id,
        item.status,
        (item.unique_id,),
        msgspec.structs.replace(reading, cause=cause, says=says),
        shown(item.error),
        "sources",
        stamp(freshness.generated_at),
        stamp(item.max_loaded_at) if late and not empty else "",
    )


def _query(error: str) -> Reading:
    """What a failed freshness query means, by its error where that can be read."""
    found = read_error(error)
    return read(states.UNASKED, cause=found.cause) if found.rule == UNREAD.name else found


def _absent(scene: Scene, freshness: Freshness) -> tuple[list[Finding], list[str]]:
    """Sources that declare how old they may be, and by what that is told, and that the file does not have.

    Where it lacks more than it has, it was asked for a part of them only.
    """
    declared = [node for node in scene.graph.nodes.values() if node.source is not None and node.source.freshness and node.source.loaded_at]
    absent = [node for node in declared if node.unique_id not in freshness.sources]
    if len(absent) * 2 > len(declared) and len(absent) > 1:
        named = listing([node.label for node in absent])
        return [], [f"sources.json lacks {counted(len(absent), 'source')} of {len(declared)} that declare their freshness, so nothing is known of {named}."]
    return [_missing(node, freshness, scene) for node in absent], []


def _missing(node: Node, freshness: Freshness, scene: Scene) -> Finding:
    column = _gone(node, scene)
    reading = read(states.AGELESS if column else states.ABSENT, cause=f"absent: {_loader(node)}", columns=(column,) if column else ())
    return Finding(node.unique_id, "absent", (node.unique_id,), reading, file="sources", at=stamp(freshness.generated_at))


def _gone(node: Node, scene: Scene) -> str:
    """The column that tells the source's age, where the catalog has the table without it."""
    table = scene.catalog.tables.get(node.unique_id) if scene.catalog is not None else None
    if table is None or not table.columns:
        return ""
    column = age_column(node, scene)
    return column if column.casefold() not in {name.casefold() for name in table.columns} else ""


def age_column(node: Node, scene: Scene) -> str:
    """The column that tells a source's age, as its loaded_at_field names it; empty for an expression, and where none is named."""
    field = scene.configs().get(node.unique_id, {}).get("loaded_at_field")
    plain = field.strip().strip('"`[]') if isinstance(field, str) else ""
    return plain if plain.isidentifier() else ""


def _loader(node: Node) -> str:
    """What loads a source: those of one loader and one name are late together."""
    info = node.source
    return f"{info.loader}/{info.source_name}" if info is not None else ""


def _age(item: SourceStatus) -> str:
    if item.age_seconds is None:
        return ""
    hours = item.age_seconds / 3600
    return f": it is {hours / 24:.1f} days old" if hours >= 48 else f": it is {hours:.1f} hours old"  # noqa: PLR2004  # two days
