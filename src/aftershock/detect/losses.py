"""Rows that are gone without a failing result: runs that built nothing on purpose, and tables as two catalogs have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.detect import states
from aftershock.detect.looking import WARNINGS, Seen, tops
from aftershock.detect.moments import stamp
from aftershock.detect.rows import Finding, read
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.detect.rows import Reading, Row
    from aftershock.detect.scene import Scene
    from aftershock.model import Catalog, CatalogTable, Node, Run

SHRUNK_TO = 0.5
GROWN_TO = 1.9
FEW = 20
"""Rows of a table whose growth or shrinking means little."""

COUNTED = WARNINGS | {"fail"}
"""How a test ends that ran and found rows."""


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
    emptied = _emptied(scene, run)
    if not emptied:
        return Seen(notes=(f"The run had {flag}, and built nothing that loses rows by that.",))
    first = {*tops(emptied, scene), *(item for item in emptied if scene.graph.nodes[item].resource_type == "snapshot")}
    at = stamp(run.started_at or run.generated_at)
    found = ((unique_id, _emptying(scene.graph.nodes[unique_id], flag, flag if unique_id in first else "")) for unique_id in emptied)
    return Seen(tuple(Finding(unique_id, "success", (unique_id,), reading, at=at, since=at) for unique_id, reading in found))


def _emptying(node: Node, flag: str, cause: str) -> Reading:
    full = states.EMPTIED_RUN if flag == "--empty" else states.SAMPLED_RUN
    row = states.EMPTIED_SNAPSHOT if node.resource_type == "snapshot" else full
    return msgspec.structs.replace(read(row, cause=cause), confirmed=True)


def _emptied(scene: Scene, run: Run) -> tuple[str, ...]:
    built = (item.unique_id for item in run.results.values() if item.status == "success")
    return tuple(item for item in built if item in scene.graph and scene.graph.parents(item) and _replaced(scene.graph.nodes[item], run))


def with_limited_tests(seen: Seen, scene: Scene) -> Seen:
    """Test results of a run with ``--empty`` or ``--sample``, whose tests read limited tables themselves: evidence of what was emptied, or a note.

    Args:
        seen: what the results show, each by itself.
        scene: the run.
    """
    flag = _flag(scene.run) if scene.run is not None and scene.builds else ""
    tests = [item for item in seen.findings if flag and item.file == "run_results" and item.unique_id.startswith("test.") and item.status in COUNTED]
    if not tests:
        return seen
    emptied = {item.unique_id for item in seen.findings if item.reading.rule in states.EMPTYING}
    below = scene.graph.descendants(emptied)
    evidence = {item.unique_id: _limited(item) for item in tests if item.nodes and all(node in emptied or node in below for node in item.nodes)}
    others = [scene.label(item.unique_id) for item in tests if item.unique_id not in evidence]
    note = f"The run had {flag}, and its tests read tables without their rows: nothing follows from {listing(others)}."
    kept = tuple(evidence.get(item.unique_id, item) for item in seen.findings if item not in tests or item.unique_id in evidence)
    return Seen(kept, seen.faults, (*seen.notes, *([note] if others else [])))


def _limited(item: Finding) -> Finding:
    reading = read(states.LIMITED_TEST)
    return msgspec.structs.replace(item, reading=msgspec.structs.replace(reading, says=f"{reading.says} ({item.reading.says})"))


def _flag(run: Run) -> str:
    if run.args.get("empty") is True:
        return "--empty"
    return "--sample" if run.args.get("sample") else ""


def _replaced(node: Node, run: Run) -> bool:
    """Whether nothing of a node's earlier rows is left: all models but incremental ones without a full refresh, and snapshots that follow deletions."""
    if node.resource_type != "model":
        return node.resource_type == "snapshot" and node.build.hard_deletes in {"invalidate", "new_record"}
    if node.materialized == "incremental":
        return node.build.full_refresh is True or (run.args.get("full_refresh") is True and node.build.full_refresh is not False)
    return node.materialized != "ephemeral"


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
