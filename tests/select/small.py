"""Small projects, written in few words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aftershock.graph import LineageGraph
from aftershock.model import DataTest, Node, Project, ProjectInfo, SourceInfo

GREEN = Path(__file__).parents[2] / "fixtures" / "artifacts" / "green"


def node(unique_id: str, *parents: str, **fields: Any) -> Node:  # noqa: ANN401
    """A node whose type, package and name its unique_id says; its fqn is its package and name, its relation ``db.main.name``."""
    kind, package, *rest = unique_id.split(".")
    version = rest.pop()[1:] if kind == "model" and rest[-1][:1] == "v" and rest[-1][1:].isdigit() else ""
    defaults: dict[str, Any] = {"name": rest[-1], "package": package, "fqn": (package, *rest), "parents": parents, "version": version}
    if version:
        defaults["fqn"] = (package, *rest, f"v{version}")
    if kind == "source":
        defaults["source"] = SourceInfo(rest[0])
    if kind == "test":
        defaults["test"] = DataTest(attached_node=parents[0] if parents else "")
    if kind in {"model", "seed", "snapshot", "source"}:
        defaults |= {"database": "db", "schema": rest[0] if kind == "source" else "main", "identifier": rest[-1] + (f"_v{version}" if version else "")}
    return Node(unique_id, kind, **{**defaults, **fields})


def project(*nodes: Node, disabled: tuple[Node, ...] = (), **fields: Any) -> Project:  # noqa: ANN401
    return Project(ProjectInfo(nodes[0].package), {item.unique_id: item for item in nodes}, {item.unique_id: item for item in disabled}, **fields)


def graph(*nodes: Node) -> LineageGraph:
    return LineageGraph.of(project(*nodes))
