"""Column lineage in graphviz's DOT language.

A cluster for each node, solid edges where values go, dashed ones where a column decides about rows or values, dotted grey ones where that is not
certain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render.escape import dot as escaped
from aftershock.render.lineage.drawing import Arrow, Box, Cell, drawing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model.lineage import LineageReport


def dot(report: LineageReport) -> str:
    """Every use of a column on the way, as an edge."""
    drawn = drawing(report)
    lines = ["digraph aftershock {", "  rankdir=LR;", "  node [shape=box, height=0.3];", "  edge [fontsize=10];"]
    lines += [line for box in drawn.boxes for line in _box(box)]
    return "\n".join([*lines, *map(_arrow, drawn.arrows), "}"]) + "\n"


def _box(box: Box) -> Iterator[str]:
    style = 'style="dashed", color="#cc6600"' if box.unread else 'style="rounded", color="#888888"' if box.table else 'style="filled", color="#ddeeff"'
    yield f"  subgraph cluster_{box.id} {{"
    yield f'    graph [label="{escaped(box.label)}", {style}];'
    for cell in box.cells:
        yield f"    {_cell(cell, rows='(rows)' if box.table else '(reads)')}"
    yield "  }"


def _cell(cell: Cell, rows: str) -> str:
    if not cell.label:
        return f'{cell.id} [label="{rows}", shape=ellipse];'
    asked = ', style="filled,bold", color="#cc0000", fillcolor="#ffdddd"' if cell.asked else ""
    return f'{cell.id} [label="{escaped(cell.label)}"{asked}];'


def _arrow(arrow: Arrow) -> str:
    style = 'style="dotted", color="#999999"' if not arrow.certain else 'style="solid"' if arrow.direct else 'style="dashed"'
    return f'  {arrow.source} -> {arrow.target} [label="{arrow.text}", {style}];'
