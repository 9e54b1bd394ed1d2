"""Dashboards and consumers that aftershock.yml declares, as exposures of the project."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

import msgspec

from aftershock.errors import ConfigError, SelectionError
from aftershock.graph import LineageGraph
from aftershock.model import ExposureInfo, Node
from aftershock.select import resolve

if TYPE_CHECKING:
    from collections.abc import Container

    from aftershock.model import DeclaredExposure, Policy, Project


_PREFIX = "exposure.aftershock."


def with_declared(project: Project, policy: Policy) -> Project:
    """The project with the policy's exposures among its nodes; each gets a unique_id ``exposure.aftershock.<name>``.

    Raises:
        ConfigError: an exposure depends on something that the project does not have.
    """
    if not policy.exposures:
        return project
    graph = LineageGraph.of(project)
    nodes = dict(project.nodes)
    for item in policy.exposures:
        slug = _free(re.sub(r"\W+", "_", item.name).strip("_") or "exposure", nodes)
        nodes[_PREFIX + slug] = _node(item, slug, graph, policy.path)
    return msgspec.structs.replace(project, nodes=nodes)


def _free(slug: str, taken: Container[str]) -> str:
    """The slug, numbered where names differ only in what a slug leaves out: every exposure that is declared stays."""
    numbered = (slug if number == 1 else f"{slug}_{number}" for number in count(1))
    return next(name for name in numbered if _PREFIX + name not in taken)


def _node(item: DeclaredExposure, slug: str, graph: LineageGraph, place: str) -> Node:
    try:
        parents = dict.fromkeys(seed.unique_id for text in item.depends_on for seed in resolve(text, graph))
    except SelectionError as error:
        raise ConfigError(place, f"exposures: {item.name}: depends_on {error.place}: {error.problem}", error.remedy) from None
    owners = (item.owner,) if item.owner else ()
    return Node(
        _PREFIX + slug,
        "exposure",
        slug,
        "aftershock",
        parents=tuple(parents),
        fqn=("aftershock", slug),
        meta=item.meta,
        exposure=ExposureInfo(item.type.lower(), item.maturity.lower(), item.url, item.name, owners),
    )
