"""The affected graph as a Mermaid flowchart, small enough for the sites that draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render.drawing import Drawing, Drawn, Shape, drawing, small_enough
from aftershock.render.escape import mermaid as escaped
from aftershock.render.layout import cut

if TYPE_CHECKING:
    from aftershock.model import Report

MOST_NODES = 150
"""More cannot be read; with it, edges and text stay below the limits at which Mermaid refuses (500 edges, 50,000 characters)."""

_SHAPES: dict[Shape, tuple[str, str]] = {
    "failing": ("[[", "]]"),
    "table": ("[", "]"),
    "other": ("(", ")"),
    "dashboard": ("([", "])"),
    "automation": ("{{", "}}"),
}
_CLASSES: dict[Shape, str] = {
    "failing": "fill:#fdd,stroke:#c00,stroke-width:3px,color:#000",
    "dashboard": "fill:#def,stroke:#06c,color:#000",
    "automation": "fill:#fed,stroke:#c60,color:#000",
}
_LABEL = 60
_URL = 200


def mermaid(report: Report, *, show_all: bool = False) -> str:
    """The paths by which affected nodes are reached.

    Args:
        report: what to draw.
        show_all: every node, also where Mermaid then needs higher limits than its own.
    """
    if show_all:
        return _chart(drawing(report))
    return small_enough(lambda limit: _chart(drawing(report, limit)), MOST_NODES)


def _chart(drawn: Drawing) -> str:
    lines = ["---", f'title: "{drawn.title}"', "---", "flowchart LR", *map(_node, drawn.nodes)]
    if drawn.left_out:
        lines.append(f'  more["… and {drawn.left_out:,} more nodes (--all)"]')
    lines += [f"  {start} --> {end}" for start, end in drawn.edges]
    lines += [f'  click {node.id} href "{node.url}" _blank' for node in drawn.nodes if node.url and len(node.url) <= _URL]
    lines += [f"  classDef {shape} {style}" for shape, style in _CLASSES.items()]
    return "\n".join(lines) + "\n"


def _node(node: Drawn) -> str:
    left, right = _SHAPES[node.shape]
    words = [escaped(cut(node.label, _LABEL)), node.text]
    shown = "<br/>".join(word for word in words if word)
    styled = f":::{node.shape}" if node.shape in _CLASSES else ""
    return f'  {node.id}{left}"{shown}"{right}{styled}'
