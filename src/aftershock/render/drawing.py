"""The affected graph as data, for Mermaid and DOT: nodes with safe ids, and the edges along which each of them is reached."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from aftershock.render import effects, summary
from aftershock.render.escape import http_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock.model import Report

Shape = Literal["failing", "table", "other", "dashboard", "automation"]


class Drawn(NamedTuple):
    """A node of the drawing: its id (``n0`` …), what it is, its unescaped label and effects, and a web address or nothing."""

    id: str
    shape: Shape
    label: str
    effects: str
    url: str

    @property
    def text(self) -> str:
        """What happens to it: free of untrusted text."""
        return f"FAILING: {self.effects}".removesuffix(": ") if self.shape == "failing" else self.effects


class Drawing(NamedTuple):
    """Nodes and edges (pairs of ids), the title without untrusted text, and how many affected nodes are left out."""

    title: str
    nodes: tuple[Drawn, ...]
    edges: tuple[tuple[str, str], ...]
    left_out: int


def drawing(report: Report, limit: int = 0) -> Drawing:
    """The proof paths as one graph.

    Args:
        report: whose affected nodes are drawn.
        limit: how many nodes at most (0: all). Whole paths are kept: failing nodes first, then what ends at an exposure, then by depth.
    """
    kept: dict[str, None] = {}
    edges: dict[tuple[str, str], None] = {}
    for path in _paths(report):
        fresh = [unique_id for unique_id in path if unique_id not in kept]
        if limit and len(kept) + len(fresh) > limit:
            continue
        kept.update(dict.fromkeys(path))
        edges.update(dict.fromkeys(pairwise(path)))
    ids = {unique_id: f"n{number}" for number, unique_id in enumerate(kept)}
    left_out = sum(item.unique_id not in kept for item in report.assessment.radius.affected)
    return Drawing(_heading(report), _drawn(report, ids), tuple((ids[start], ids[end]) for start, end in edges), left_out)


def _paths(report: Report) -> list[tuple[str, ...]]:
    items = summary.affected(report)
    ordered = sorted(items, key=lambda item: (item.depth > 0, item.resource_type != "exposure", item.depth, item.unique_id))
    return [item.path or (item.unique_id,) for item in ordered]


def _drawn(report: Report, ids: dict[str, str]) -> tuple[Drawn, ...]:
    known = {item.unique_id: item for item in report.assessment.radius.affected}
    exposures = {item.unique_id: item for item in report.assessment.dashboards}
    shapes: dict[str, Shape] = {unique_id: "automation" if item.automation else "dashboard" for unique_id, item in exposures.items()}
    tables: dict[str, Shape] = dict.fromkeys(report.assessment.tables, "table")
    failing: dict[str, Shape] = dict.fromkeys(summary.seeds(report), "failing")
    shapes = tables | shapes | failing
    found = []
    for unique_id, number in ids.items():
        item = known.get(unique_id)
        own = http_url(exposures[unique_id].url) if unique_id in exposures else ""
        url = own or summary.docs_link(report, unique_id, item.resource_type if item else "")
        found.append(Drawn(number, shapes.get(unique_id, "other"), summary.label(report, unique_id), effects.kinds(report, item) if item else "", url))
    return tuple(found)


def _heading(report: Report) -> str:
    assessment = report.assessment
    failing = summary.counted(len(summary.seeds(report)), "failing node")
    return f"{assessment.severity.level.value} {assessment.radius.category.value}: {failing}, {summary.counts(report)}"


MOST_MERMAID = 48_000
"""Characters of a chart: Mermaid refuses 50,000 unless it is told otherwise."""


def small_enough(chart: Callable[[int], str], limit: int) -> str:
    """A chart of at most ``limit`` things, halved until Mermaid takes it."""
    found = chart(limit)
    while len(found) > MOST_MERMAID:
        limit //= 2
        found = chart(limit)
    return found
