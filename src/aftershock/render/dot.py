"""The affected graph in graphviz's DOT language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render.drawing import Drawn, Shape, drawing
from aftershock.render.escape import dot as escaped

if TYPE_CHECKING:
    from aftershock.model import Report

_SHAPES: dict[Shape, str] = {
    "failing": 'shape=box, style="filled,bold", color="#cc0000", fillcolor="#ffdddd"',
    "table": "shape=box",
    "other": 'shape=box, style="rounded"',
    "dashboard": 'shape=ellipse, style="filled", color="#0066cc", fillcolor="#ddeeff"',
    "automation": 'shape=hexagon, style="filled", color="#cc6600", fillcolor="#ffeedd"',
}


def dot(report: Report) -> str:
    """The paths by which affected nodes are reached, every affected node included."""
    drawn = drawing(report)
    lines = ["digraph aftershock {", "  rankdir=LR;", '  labelloc="t";', f'  label="{drawn.title}";', *map(_node, drawn.nodes)]
    return "\n".join([*lines, *(f"  {start} -> {end};" for start, end in drawn.edges), "}"]) + "\n"


def _node(node: Drawn) -> str:
    words = [escaped(node.label), node.text]
    shown = "\\n".join(word for word in words if word)
    link = f', URL="{escaped(node.url)}"' if node.url else ""
    return f'  {node.id} [label="{shown}", {_SHAPES[node.shape]}{link}];'
