"""Column lineage as a Mermaid flowchart, small enough for the sites that draw it.

A box for each node, solid arrows where values go, dashed ones where a column decides about rows or values, dotted grey ones where that is not
certain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render.drawing import small_enough
from aftershock.render.escape import mermaid as escaped
from aftershock.render.layout import cut
from aftershock.render.lineage.drawing import Arrow, Box, drawing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model.lineage import LineageReport
    from aftershock.render.lineage.drawing import Drawing

MOST_ARROWS = 200
"""More cannot be read; with it, arrows and text stay below the limits at which Mermaid refuses (500 edges, 50,000 characters)."""

_LABEL = 60
_ASKED = "fill:#fdd,stroke:#c00,stroke-width:3px,color:#000"
_UNREAD = "stroke:#c60,stroke-width:3px,stroke-dasharray:4 4"
_UNCERTAIN = "stroke:#999,stroke-dasharray:1 4"


def mermaid(report: LineageReport, *, show_all: bool = False) -> str:
    """The uses of columns as arrows.

    Args:
        report: what to draw.
        show_all: every use, also where Mermaid then needs higher limits than its own.
    """
    if show_all:
        return _chart(drawing(report))
    return small_enough(lambda limit: _chart(drawing(report, limit)), MOST_ARROWS)


def _chart(drawn: Drawing) -> str:
    lines = ["flowchart LR", *(line for box in drawn.boxes for line in _box(box)), *map(_arrow, drawn.arrows)]
    if drawn.left_out:
        lines.append(f'  more["… and {drawn.left_out:,} more uses (--all)"]')
    unsure = [str(number) for number, arrow in enumerate(drawn.arrows) if not arrow.certain]
    if unsure:
        lines.append(f"  linkStyle {','.join(unsure)} {_UNCERTAIN}")
    lines += [f"  style {box.id} {_UNREAD}" for box in drawn.boxes if box.unread]
    lines.append(f"  classDef asked {_ASKED}")
    return "\n".join(lines) + "\n"


def _box(box: Box) -> Iterator[str]:
    yield f'  subgraph {box.id}["{escaped(cut(box.label, _LABEL))}"]'
    for cell in box.cells:
        name = escaped(cut(cell.label, _LABEL)) or ("(rows)" if box.table else "(reads)")
        left, right = ("[", "]") if cell.label else ("([", "])")
        yield f'    {cell.id}{left}"{name}"{right}{":::asked" if cell.asked else ""}'
    yield "  end"


def _arrow(arrow: Arrow) -> str:
    line = "-->" if arrow.direct else "-.->"
    return f'  {arrow.source} {line}|"{arrow.text}"| {arrow.target}'
