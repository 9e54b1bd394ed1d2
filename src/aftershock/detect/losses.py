"""Rows that are gone without a failing result: runs that built nothing on purpose, and tables as two catalogs have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.detect import states
from aftershock.detect.looking import Seen, tops
from aftershock.detect.moments import stamp
from aftershock.detect.rows import Finding, read
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.detect.rows import Row
    from aftershock.detect.scene import Scene
    from aftershock.model import Catalog, CatalogTable, Node, Run

SHRUNK_TO = 0.5
GROWN_TO = 1.9
FEW = 20
"""Rows of a table whose growth or shrinking means little."""


def look_at_arguments(scene: Scene) -> Seen:
    """Tables that a run emptied, because it was called with ``--empty`` or ``--sample`` on a production target."""
    run = scene.run
    flag = _flag(run) if run is not None and scene.builds else ""
    if run is None or not flag:
        return Seen()
    target = run.args.get("target")
    production = scene.policy.severity.production_targets
    if production and isinstance(target, str) and target not in production:
        return Seen(notes=(f"The run had {flag} and was of {target}, which is not production: its tables there do not hold all rows.",))
    emptied = tuple(item.unique_id for item in run.results.values() if item.status == "success" and _replaced(scene.graph.nodes.get(item.unique_id), run))
    if not emptied:
        return Seen(notes=(f"The run had {flag}, and built nothing that loses rows by that.",))
    reading = msgspec.structs.replace(read(states.EMPTIED_RUN if flag == "--empty" else states.SAMPLED_RUN, cause=flag), confirmed=True)
    at = stamp(run.started_at or run.generated_at)
    return Seen(tuple(Finding(unique_id, "success", (unique_id,), reading, at=at, since=at) for unique_id in tops(emptied, scene)))


def _flag(run: Run) -> str:
    if run.args.get("empty") is True:
        return "--empty"
    return "--sample" if run.args.get("sample") else ""


def _replaced(node: Node | None, run: Run) -> bool:
    """Whether a run writes the node's rows anew: a table, or an incremental model in a full refresh."""
    if node is None or node.resource_type != "model":
        return False
    if node.materialized == "incremental":
        return node.build.full_refresh is True or (run.args.get("full_refresh") is True and node.build.full_refresh is not False)
    return node.materialized == "table"


def look_at_catalogs(scene: Scene) -> Seen:
    """What two catalogs show when they are laid side by side: tables without rows, or with far fewer or more, and sources that changed their columns."""
    if scene.before is None or scene.catalog is None:
        return Seen()
    return Seen(tuple(_changes(scene, scene.before, scene.catalog)))


def _changes(scene: Scene, before: Catalog, now: Catalog) -> Iterator[Finding]:
    for unique_id, old in before.tables.items():
        node = scene.graph.nodes.get(unique_id)
        if node is None:
            continue
        new = now.tables.get(unique_id)
        if new is None:
            if node.resource_type == "source" and now.tables:
                yield _found(unique_id, states.GONE, states.GONE.says, now)
            continue
        yield from _rows(unique_id, old, new, now)
        if node.resource_type == "source":
            yield from _columns(unique_id, old, new, now)


def _rows(unique_id: str, old: CatalogTable, new: CatalogTable, now: Catalog) -> Iterator[Finding]:
    if old.rows is None or new.rows is None or not old.rows:
        return
    counts = f": {old.rows:,} before, {new.rows:,} now"
    if not new.rows:
        yield _found(unique_id, states.EMPTIED, states.EMPTIED.says + counts, now, confirmed=True)
    elif old.rows >= FEW and new.rows <= old.rows * SHRUNK_TO:
        yield _found(unique_id, states.SHRUNK, states.SHRUNK.says + counts, now)
    elif old.rows >= FEW and new.rows >= old.rows * GROWN_TO:
        yield _found(unique_id, states.GROWN, states.GROWN.says + counts, now)


def _columns(unique_id: str, old: CatalogTable, new: CatalogTable, now: Catalog) -> Iterator[Finding]:
    if not old.columns or not new.columns:
        return
    present = {name.casefold(): type_.casefold() for name, type_ in new.columns.items()}
    lost = tuple(name for name in old.columns if name.casefold() not in present)
    retyped = tuple(name for name, type_ in old.columns.items() if present.get(name.casefold(), type_.casefold()) != type_.casefold())
    if lost:
        yield _found(unique_id, states.LOST_COLUMNS, f"{states.LOST_COLUMNS.says}: {listing(lost)}", now, columns=lost)
    if retyped:
        yield _found(unique_id, states.RETYPED_COLUMNS, f"{states.RETYPED_COLUMNS.says}: {listing(retyped)}", now, columns=retyped)


def _found(  # noqa: PLR0913  # what differs from change to change
    unique_id: str, row: Row, says: str, now: Catalog, *, columns: tuple[str, ...] = (), confirmed: bool = False
) -> Finding:
    reading = read(row, columns=columns)
    reading = msgspec.structs.replace(reading, says=says, confirmed=confirmed or reading.confirmed)
    return Finding(unique_id, "changed", (unique_id,), reading, file="catalog", at=stamp(now.generated_at))
