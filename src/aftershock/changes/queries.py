"""How a node's query differs -> changes of its columns and rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.changes.stored import STORED, keeps_rows
from aftershock.changes.types import becomes
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair
    from aftershock.model.changes import Certainty, Change, ChangeKind, Judgement, QueryDiff

MOST_REASONS = 4
ANY = "*"
"""Stands for columns that are not known one by one."""
LATER = "; rows that are there stay as they are until a full refresh"


def query_changes(scene: Scene, pair: Pair, diff: QueryDiff) -> Iterator[Change]:
    """The changes of one node's columns and rows. What a lost column means for its readers is settled once they are known.

    Args:
        scene: both projects.
        pair: the node.
        diff: how its query differs.
    """
    if diff.unread:
        yield _change(scene, pair, "sql-unread", "cannot-say", f"its change could not be compared: {diff.unread}")
        return
    found = [*_columns(scene, pair, diff), *_values(scene, pair, diff)]
    yield from found
    if not found:
        yield _change(scene, pair, "sql-unread", "cannot-say", "its SQL differs, and what that changes could not be told")


def _columns(scene: Scene, pair: Pair, diff: QueryDiff) -> Iterator[Change]:
    mode = scene.mode(pair.head_id)
    row, label = STORED[mode], pair.head.label
    if diff.opaque and _is_listed_now(scene, pair):
        reason = f"{label} passed on every column of something whose columns are not known, and lists its own now: any other is gone"
        yield _change(scene, pair, "column-removed", "cannot-say", reason, column=ANY)
    for column in diff.removed:
        yield _change(scene, pair, "column-removed", "breaking", f"{label} no longer yields {column}", column=column)
    for old, new in diff.renamed:
        yield _change(scene, pair, "column-renamed", "breaking", f"{label} yields {old} as {new} now", column=old, was=old, now=new)
    for column in diff.added:
        verdict, reason = _added(mode, row.gained, column, label)
        yield _change(scene, pair, "column-added", verdict, reason, column=column)
    for column, was, now in diff.retyped:
        narrow = column in diff.narrowed
        what = f"{column} was {was or 'of an unknown type'} and is {now or 'of an unknown type'} now"
        reason = f"{what}, which {'need not hold all that it held' if narrow else 'holds all that it held'}"
        kept = f"; the table keeps {was or 'the old type'} until a full refresh" if row.retyped == "kept" else ""
        meaning: Judgement = "safe" if not narrow else "breaking" if becomes(was, now) == "breaking" else "risky"
        yield _change(scene, pair, "column-retyped", meaning, reason + kept, column=column, was=was, now=now)
    if diff.reordered:
        yield _change(scene, pair, "column-reordered", "safe", f"the columns of {label} stand in another order, and nothing reads them by their place")


def _is_listed_now(scene: Scene, pair: Pair) -> bool:
    """Whether a node's columns were not all known before, and are now."""
    found = []
    for side, unique_id in ((scene.base, pair.base_id), (scene.head, pair.head_id)):
        side.reader.read((unique_id,), whole=True)
        lineage = side.reader.lineages.get(unique_id)
        found.append(lineage is not None and lineage.resolved is not None and lineage.resolved.closed)
    return found == [False, True]


def _added(mode: str, gained: str, column: str, label: str) -> tuple[Judgement, str]:
    if gained == "fails":
        return "breaking", f"{label} yields {column}, which its table does not have: dbt stops (on_schema_change: {mode})"
    if gained == "absent":
        return "risky", f"{label} yields {column}, which dbt does not add to its table until a full refresh (on_schema_change: {mode})"
    return "safe", f"{label} has {column} now" + ("; rows that are there have no value in it" if keeps_rows(mode) else "")


def _values(scene: Scene, pair: Pair, diff: QueryDiff) -> Iterator[Change]:
    later = LATER if keeps_rows(scene.mode(pair.head_id)) else ""
    if diff.rows:
        yield _change(scene, pair, "rows-changed", "risky", f"which rows {pair.head.label} has may differ: {listing(diff.rows, MOST_REASONS)}{later}")
    if diff.resorted:
        reason = f"the rows of {pair.head.label} are the same in another order, which matters only to a reader that does not sort them: {diff.resorted}"
        yield _change(scene, pair, "rows-sorted", "risky", reason)
    for column, reason in diff.values:
        yield _change(scene, pair, "values-changed", "risky", f"{column} of {pair.head.label} may have other values: {reason}{later}", column=column)


def _change(  # noqa: PLR0913  # a change has as many parts
    scene: Scene, pair: Pair, kind: ChangeKind, verdict: Judgement, reason: str, *, column: str = "", was: str = "", now: str = ""
) -> Change:
    certainty: Certainty = "unknown" if verdict == "cannot-say" else "certain"
    return scene.making.change(pair.head_id, kind, verdict, reason, certainty=certainty, column=column, was=was, now=now, base_id=pair.base_id, written=True)


def function_change(scene: Scene, pair: Pair) -> Iterator[Change]:
    """A function of the project that is another one: what it is called for shows in no query."""
    if pair.old.body != pair.new.body:
        parts = sorted(key for key in {*pair.old.body, *pair.new.body} if pair.old.body.get(key) != pair.new.body.get(key))
        breaking = "arguments" in parts or "returns" in parts
        reason = f"the function {pair.head.label} is another one ({listing(parts, MOST_REASONS)})"
        yield _change(scene, pair, "values-changed", "breaking" if breaking else "risky", reason)
