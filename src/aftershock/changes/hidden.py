"""Changes that the SQL which was compared does not show: code under a condition that this run decided, and another one may decide otherwise."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aftershock.jinja.branches import parts, plain
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair, Side
    from aftershock.jinja.branches import Part
    from aftershock.model.changes import Change, ChangeKind, Judgement

CODED = frozenset({"model", "snapshot"})
VARIABLES = frozenset({"var"})
MOST_NAMED = 3
LONGEST = 80


def hidden_changes(scene: Scene, pair: Pair) -> Iterator[Change]:
    """What differs in a template and stands in no SQL that was compared.

    Args:
        scene: both projects.
        pair: the node.
    """
    if pair.head.resource_type not in CODED or pair.alike:
        return
    old, new = scene.base.code_of(pair.base_id).raw, scene.head.code_of(pair.head_id).raw
    if old == new or "{" not in old + new:
        return
    before, after = Counter(parts(old)), Counter(parts(new))
    differing = [*_unseen(before - after, scene.base, pair.base_id), *_unseen(after - before, scene.head, pair.head_id)]
    if differing:
        where = listing(list(dict.fromkeys(map(_where, differing))), MOST_NAMED)
        reason = f"what {pair.head.label} is in a run for which {where} is decided otherwise differs, and was not compared"
        given = all(part.by <= VARIABLES for part in differing)  # the project's own values are in the SQL: only a run that is given others differs
        kind: ChangeKind = "rows-changed" if given else "sql-unread"
        verdict: Judgement = "risky" if given else "cannot-say"
        yield scene.making.change(pair.head_id, kind, verdict, reason, certainty="unknown", base_id=pair.base_id, written=True)


def _unseen(found: Counter[Part], side: Side, unique_id: str) -> Iterator[Part]:
    """Those of the parts that are not in the SQL which dbt compiled."""
    sql = plain(side.compiled(unique_id)) if found else ""
    yield from (part for part in found if not (part.conditions and sql and part.is_in(sql)))


def _where(part: Part) -> str:
    text = part.conditions[-1] if part.conditions else part.text
    return f"`{text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}`"
