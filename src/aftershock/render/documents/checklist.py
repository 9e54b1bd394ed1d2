"""The impact checklist: the eight questions, answered by the assessment, or open with whom to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftershock.model import ChecklistItem
from aftershock.render.documents import parts
from aftershock.render.documents.case import LONGEST, MANY, clipped, sentence
from aftershock.render.documents.view import Field, name, said
from aftershock.render.markdown import CHECKLIST

if TYPE_CHECKING:
    from aftershock.render.documents.case import Case
    from aftershock.render.documents.view import View


def checklist(case: Case) -> View:
    """The eight items in their order, then whatever else was judged."""
    given = case.report.checklist if case.report is not None else ()
    found = {item.item.casefold(): item for item in given}
    known = [found.pop(title.casefold(), ChecklistItem(title, "open", "not judged", (), ask)) for title, ask in CHECKLIST]
    fields = tuple(_field(case, item) for item in (*known, *found.values()))
    return replace(parts.view(case, "checklist", "Impact Assessment", fields), heading=True, intro=(sentence(case),))


def _field(case: Case, item: ChecklistItem) -> Field:
    evidence = [said(clipped(piece, LONGEST)) for piece in item.evidence if piece.strip()]
    items = evidence[:MANY]
    if len(evidence) > MANY:
        items.append(said(f"… and {len(evidence) - MANY:,} more: ", name(case.show)))
    done = item.status == "done"
    if item.ask and not done:
        items.append(said(f"To find out: {clipped(item.ask, 4 * LONGEST)}"))
    key = item.item.casefold().replace(" ", "_").replace("-", "_")
    return Field(key, item.item, said(clipped(item.answer, LONGEST)), tuple(items), unknown=not done, done=done)
