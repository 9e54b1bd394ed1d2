"""A small project whose templates are rendered inline."""

from __future__ import annotations

import re
from typing import Any

from aftershock.jinja import Context, render
from aftershock.model import Build, Column, Node, Project, ProjectInfo, SourceInfo
from aftershock.model.code import Code, MacroCode, NodeCode

MODEL = "model.shop.orders"


def node(unique_id: str, **fields: Any) -> Node:  # noqa: ANN401
    kind, package, name = unique_id.split(".")[:3]
    given = {"package": package, "database": "prod", "schema": "sales", "relation_name": f'"prod"."sales"."{name}"', **fields}
    return Node(unique_id, kind, given.pop("name", name), **given)


NODES = (
    node(MODEL, build=Build("incremental"), tags=("nightly",), meta={"owner": "ann"}, parents=("model.shop.items",)),
    node("model.shop.items", columns=(Column("sku", "text", meta={"sensitive": True}), Column("price"))),
    node("model.kit.items", schema="kit", relation_name='"prod"."kit"."items"'),
    node("model.kit.tools", schema="kit", relation_name='"prod"."kit"."tools"'),
    node("model.shop.slim", build=Build("ephemeral"), relation_name=""),
    node("model.shop.dim.v1", name="dim", version="1", relation_name='"prod"."sales"."dim_v1"', identifier="dim_v1"),
    node("model.shop.dim.v2", name="dim", version="2", is_latest=True, relation_name='"prod"."sales"."dim_v2"', identifier="dim_v2"),
    node("seed.shop.rates"),
    node("source.shop.raw.events", name="events", schema="raw", relation_name='"prod"."raw"."events"', source=SourceInfo("raw")),
    node("source.shop.raw.files", name="files", relation_name="read_csv('files.csv')", source=SourceInfo("raw")),
    node("function.shop.net", relation_name=""),
)


def macro(package: str, text: str) -> MacroCode:
    """A macro by its block: its name is read from it."""
    name = re.split(r"macro |test ", text, maxsplit=1)[1].split("(", 1)[0].strip()
    return MacroCode(name, package, text)


def project(adapter: str = "duckdb", nodes: tuple[Node, ...] = NODES) -> Project:
    info = ProjectInfo("shop", "1.11.0", adapter, 12, "2026-03-01T06:00:00.123456Z", "one")
    return Project(info, {item.unique_id: item for item in nodes})


def code(*macros: MacroCode, **config: Any) -> Code:  # noqa: ANN401
    return Code(
        {MODEL: NodeCode("select 1", config={"materialized": "incremental", **config})},
        {f"macro.{item.package}.{item.name}": item for item in macros},
        "2026-03-01T05:30:00.5Z",
        {"TEAM": "sales"},
    )


def context(*macros: MacroCode, adapter: str = "duckdb", **known: Any) -> Context:  # noqa: ANN401
    return Context.of(project(adapter), code(*macros), **known)


def text(  # each is one thing that a template can ask
    source: str,
    *macros: MacroCode,
    incremental: bool = False,
    unique_id: str = MODEL,
    config: dict[str, Any] | None = None,
    arguments: dict[str, Any] | None = None,
    adapter: str = "duckdb",
    **known: Any,  # noqa: ANN401
) -> str:
    """The source as the code of one of the project's nodes, rendered."""
    its = NodeCode(source, config=config or {}, arguments=arguments or {}, file="orders.sql")
    return render(its, project(adapter).nodes[unique_id], context(*macros, adapter=adapter, **known), incremental=incremental)
