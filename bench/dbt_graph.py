"""dbt-core's own graph and selector over a manifest file: the oracle for aftershock's.

Needs dbt-core. Its modules are imported inside the functions, for they take seconds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class DbtGraph:
    """A manifest as dbt links it. All three are dbt's own objects, which have no public types."""

    manifest: Any
    graph: Any
    selector: Any
    """The one that `dbt ls` uses."""

    def unique_ids(self) -> list[str]:
        """Return every enabled node, sorted."""
        return sorted(self.selector.graph.nodes())

    def descendants(self, unique_id: str) -> frozenset[str]:
        """Return what `dbt ls --select X+` lists beside X, for the node with this unique_id.

        Tests, unit tests, exposures, metrics, semantic models, saved queries and functions are in it; analyses and
        operations are walked through and left out. These are dbt's own steps, less its search by name.
        """
        from dbt.graph.selector_spec import SelectionCriteria

        below = self.selector.collect_specified_neighbors(SelectionCriteria.from_single_spec("x+"), {unique_id})
        direct, _ = self.selector.expand_selection({unique_id} | below)
        return frozenset(self.selector.filter_selection(direct)) - {unique_id}

    def select(self, select: Iterable[str], exclude: Iterable[str] = ()) -> frozenset[str]:
        """Return the unique_ids that `dbt ls --select … --exclude …` lists."""
        from dbt.graph.cli import parse_difference

        spec = parse_difference(list(select), list(exclude))
        return frozenset(self.selector.get_selected(spec, warn_on_no_nodes=False))


def read(path: Path) -> DbtGraph:
    """Read a manifest file of any version that dbt-core can upgrade, and link it as dbt does for `ls`."""
    return link(json.loads(path.read_bytes()))


def link(content: Mapping[str, Any]) -> DbtGraph:
    """Link a decoded manifest. Raises dbt's own errors where dbt cannot read or link it."""
    _set_flags()
    from dbt.artifacts.schemas.manifest import WritableManifest
    from dbt.compilation import Linker
    from dbt.contracts.graph.manifest import Manifest
    from dbt.graph.graph import Graph
    from dbt.graph.selector import ResourceTypeSelector
    from dbt.task.list import ListTask

    stored: type[Any] = WritableManifest
    manifest: Any = Manifest.from_writable_manifest(stored.upgrade_schema_version(dict(content)))
    manifest.nodes.update(_generic_tests(content))
    linker = Linker()
    linker.link_graph(manifest)
    graph = Graph(linker.graph)
    selector = ResourceTypeSelector(
        graph=graph,
        manifest=manifest,
        previous_state=None,
        resource_types=list(ListTask.DEFAULT_RESOURCE_VALUES),
        include_empty_nodes=True,
    )
    return DbtGraph(manifest, graph, selector)


def _generic_tests(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the generic tests as dbt's own objects: reading a manifest, dbt 1.11 takes each for a singular test."""
    from dbt.artifacts.resources.v1.generic_test import GenericTest
    from dbt.contracts.graph.nodes import GenericTestNode

    found = {unique_id: node for unique_id, node in content["nodes"].items() if node.get("test_metadata")}
    return {unique_id: GenericTestNode.from_resource(GenericTest.from_dict(node)) for unique_id, node in found.items()}


def _set_flags() -> None:
    """Set the flags that dbt reads while it selects; without a command line it has none."""
    from argparse import Namespace

    from dbt.flags import set_from_args

    set_from_args(Namespace(), {})
