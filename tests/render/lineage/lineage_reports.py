"""Lineage reports to render: of the fixtures, made up at any size, and with any text in them."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st

import aftershock
from aftershock.model import ArtifactFile, ProjectInfo
from aftershock.model.lineage import ColumnRef, Coverage, LineageEdge, LineageNode, LineageReport, NodeColumns, Unread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    Direction = Literal["up", "down", "both"]

ROOT = Path(__file__).resolve().parents[3]
GREEN = ROOT / "fixtures" / "artifacts" / "green"
NOW = "2026-11-25T09:00:00Z"
DIRECT = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")
INDIRECT = ("FILTER", "JOIN", "GROUP_BY", "SORT", "WINDOW", "CONDITIONAL")

ATTACKS = (
    "x\x1b[2J\x1b]0;owned\x07\x9b31m\rgone\b\b",
    "x\u202egnp.exe\u2066\u200b\ufeff",
    'x"]:::asked\nclick n0 call alert(1)\n%%{init: {}}%%',
    'x" URL="javascript:alert(1)"]; }\\',
    "x<script>alert(1)</script>&amp;",
    "x[bold red]y[/bold red]",
    "x\nend\nsubgraph y",
    "\udc80",
    "",
    "*",
)
TEXTS = st.one_of(st.sampled_from(ATTACKS), st.text(max_size=30), st.text(alphabet='"\\\n\x1b`[]()<>|;#&%', max_size=12))


@cache
def _green() -> tuple[aftershock.Artifacts, aftershock.ProjectLineage]:
    artifacts = aftershock.read_artifacts(GREEN)
    return artifacts, aftershock.open_lineage(artifacts, cached=False)


@cache
def real(node: str, direction: str = "both", depth: int | None = None, columns: tuple[str, ...] = ()) -> LineageReport:
    artifacts, reader = _green()
    return aftershock.lineage(artifacts, node, columns=columns, direction=direction, depth=depth, facets=True, reader=reader, now=NOW)


def made_up(seed: int, size: int = 8, texts: Sequence[str] = (), direction: Direction = "both") -> LineageReport:
    """A graph of ``size`` nodes on each side, three columns each; names are ``texts`` in turn where there are any."""
    chance = random.Random(seed)  # noqa: S311
    sides = ([-1] if direction != "down" else []) + ([1] if direction != "up" else [])
    ids = [("model.p.start", 0, "model"), *((f"{kind}.p.{sign}_{at}", sign * (1 + at % 7), kind) for sign in sides for at, kind in _kinds(size, chance, sign))]
    names = {unique_id: (texts[at % len(texts)] if texts else unique_id.rpartition(".")[2]) for at, (unique_id, _, _) in enumerate(ids)}
    columns = {
        unique_id: tuple(f"c{place}{texts[(at + place) % len(texts)] if texts else ''}" for place in range(3)) for at, (unique_id, _, _) in enumerate(ids)
    }
    depths = {unique_id: depth for unique_id, depth, _ in ids}
    edges: set[LineageEdge] = set()
    for unique_id, depth, kind in ids[1:]:
        nearer = [other for other, away in depths.items() if abs(away) < abs(depth) and away * depth >= 0 and other.split(".")[0] in {"model", "source"}]
        for _ in range(chance.randint(1, 3)):
            near, direct = chance.choice(nearer), chance.random() < 0.5 and kind in {"model", "source"}
            far = ColumnRef(unique_id, chance.choice(columns[unique_id]) if direct or depth < 0 else "")
            pair = (far, ColumnRef(near, chance.choice(columns[near]) if direct else ""))
            source, target = pair if depth < 0 else (ColumnRef(near, chance.choice(columns[near])), far)
            words = ("DIRECT", chance.choice(DIRECT)) if direct else ("INDIRECT", chance.choice(INDIRECT))
            edges.add(LineageEdge(source, target, *words, named=chance.random() < 0.8, certain=chance.random() < 0.8))  # type: ignore[arg-type]
    used = {ref for edge in edges for ref in (edge.source, edge.target)}
    why = texts[0] if texts else "it is a Python model"
    nodes = tuple(
        LineageNode(
            unique_id, kind, names[unique_id], f'"db"."s"."{names[unique_id]}"', depth,
            columns[unique_id][:1] if not depth else tuple(column for column in columns[unique_id] if ColumnRef(unique_id, column) in used),
            ColumnRef(unique_id, "") in used, why if depth > 0 and kind == "model" and chance.random() < 0.1 else "",
        )
        for unique_id, depth, kind in sorted(ids, key=lambda item: (item[1], item[0]))
    )  # fmt: skip
    unread = tuple(sorted(Unread(node.unique_id, f"{node.unread} {number % 9}") for number, node in enumerate(nodes) if node.unread))
    facets = tuple(
        NodeColumns(
            node.unique_id, node.relation_name, tuple((name, "INT") for name in columns[node.unique_id]),
            tuple(sorted(edge for edge in edges if edge.target.node == node.unique_id)),
        )
        for node in nodes if node.resource_type == "model" and not node.unread
    )  # fmt: skip
    info = ProjectInfo(texts[0] if texts else "p", "1.11", texts[-1] if texts else "snowflake", 12, NOW)
    files = (ArtifactFile("manifest", texts[0] if texts else "target/manifest.json", NOW), ArtifactFile("catalog"))
    return LineageReport(
        "model.p.start", columns["model.p.start"][:1], direction, None, nodes, tuple(sorted(edges)), facets,
        Coverage(len(nodes), len(nodes) - len(unread), unread, 9000, 8000, 7), info, files, tuple(texts[:3]), ("2 of 9 uses are not certain.",), names, NOW,
    )  # fmt: skip


def _kinds(size: int, chance: random.Random, sign: int) -> list[tuple[int, str]]:
    kinds = ("model", "model", "source") if sign < 0 else ("model", "model", "model", "exposure", "metric")
    return [(at, chance.choice(kinds)) for at in range(size)]
