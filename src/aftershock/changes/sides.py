"""One of the two projects that are compared, with all that is known of it, and the nodes that are the same in both."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock.artifacts.code import COMPILED
from aftershock.artifacts.headers import seed_header
from aftershock.artifacts.pieces import raw_of
from aftershock.columns.opening import open_lineage
from aftershock.columns.project import ProjectLineage
from aftershock.graph import LineageGraph
from aftershock.model import Catalog
from aftershock.model.code import NodeCode
from aftershock.model.definition import Definition, Definitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aftershock.model import Artifacts, CatalogTable, Node, Project
    from aftershock.model.code import Code

WORD = re.compile(r"\w+")
NO_CODE = NodeCode()
NO_DEFINITION = Definition()


class Side:
    """A project, its code and its definitions.

    Args:
        artifacts: what dbt left; its project has the exposures that the policy declares.
        reader: its column lineage.
        definitions: what it says beyond nodes and code.
    """

    def __init__(self, artifacts: Artifacts, reader: ProjectLineage, definitions: Definitions) -> None:
        self.artifacts = artifacts
        self.definitions = definitions
        known = reader.graph.nodes == artifacts.project.nodes
        self.graph = reader.graph if known else LineageGraph.of(artifacts.project)
        self.reader = reader if known else reader.over(self.graph)

    @property
    def project(self) -> Project:
        """Its nodes."""
        return self.artifacts.project

    @property
    def nodes(self) -> dict[str, Node]:
        """Its enabled nodes."""
        return self.artifacts.project.nodes

    @cached_property
    def code(self) -> Code:
        """Its code."""
        return self.reader.code

    @cached_property
    def macro_words(self) -> frozenset[str]:
        """All words in the code of its macros: thousands of nodes may ask."""
        return frozenset(word for macro in self.code.macros.values() for word in WORD.findall(macro.sql))

    @property
    def manifest(self) -> str:
        """The path of its manifest; empty where it was not read from a file."""
        return next((file.path for file in self.artifacts.files if file.kind == "manifest"), "")

    @property
    def place(self) -> str:
        """What a person would call where it comes from."""
        return self.manifest or "manifest.json"

    def definition(self, unique_id: str) -> Definition:
        """What is said of a node beyond the node; an empty one where nothing is."""
        return self.definitions.nodes.get(unique_id, NO_DEFINITION)

    def code_of(self, unique_id: str) -> NodeCode:
        """A node's code; empty where it has none."""
        return self.code.nodes.get(unique_id, NO_CODE)

    @cached_property
    def compiled_in(self) -> Path | None:
        """Where dbt wrote what it compiled; None where it did not."""
        folder = Path(self.manifest).parent / COMPILED if self.manifest else None
        return folder if folder is not None and folder.is_dir() else None

    def compiled(self, unique_id: str) -> str:
        """The SQL that dbt compiled a node to; empty where it did not."""
        return self.reader.readings.compiled(unique_id)

    def columns(self, unique_id: str) -> dict[str, str] | None:
        """Types by the columns that the warehouse listed; None where it did not."""
        table = self.reader.catalog.tables.get(unique_id) if self.reader.catalog is not None else None
        return table.columns if table is not None else None

    def header(self, unique_id: str) -> tuple[str, ...] | None:
        """The names in the first line of a seed's file; None where that is not at hand as dbt saw it."""
        node, said = self.nodes[unique_id], self.definition(unique_id)
        if node.package != self.project.info.name or not self.manifest:
            return None
        return seed_header(Path(self.manifest), node.path, said.checksum, str(said.config.get("delimiter") or ","))

    def label(self, unique_id: str) -> str:
        """The name that people use."""
        node = self.nodes.get(unique_id) or self.project.disabled.get(unique_id)
        return node.label if node is not None else unique_id

    def without(self, stale: Iterable[str], other: Catalog | None, known: Mapping[str, CatalogTable] | None = None) -> Side:
        """The same side, whose columns come of its SQL where the change may have touched them.

        Args:
            stale: nodes whose columns a catalog may describe as they were, or as they will be.
            other: what the warehouse said of the other side: counts for what this one's catalog lacks.
            known: relations of which more is known than any catalog says.
        """
        mine = self.reader.catalog.tables if self.reader.catalog is not None else {}
        gone = {unique_id for unique_id in stale if unique_id in self.nodes and self._is_read(unique_id)}
        tables = {**(other.tables if other is not None else {}), **mine, **(known or {})}
        found = Side.__new__(Side)
        found.artifacts, found.definitions, found.graph = self.artifacts, self.definitions, self.graph
        kept = {unique_id: table for unique_id, table in tables.items() if unique_id not in gone}
        found.reader = ProjectLineage(self.graph, self.reader.readings, Catalog(tables=kept) if kept else None)
        return found

    def _is_read(self, unique_id: str) -> bool:
        """Whether a node's columns may come of its SQL."""
        node = self.nodes[unique_id]
        return node.resource_type in {"model", "snapshot"} and node.language == "sql"


class Pair(NamedTuple):
    """A node in both projects: ``base_id`` and ``head_id`` differ where it was renamed.

    ``alike`` is whether both manifests say the same of it, to the letter: most do, so nothing else of it is looked at.
    """

    base_id: str
    head_id: str
    base: Node
    head: Node
    sides: tuple[Side, Side]
    alike: bool = False

    @classmethod
    def of(cls, base: Side, head: Side, base_id: str, head_id: str) -> Pair:
        """The node of the base and of the head that have these names."""
        raw = raw_of(base.definitions.nodes, base_id) if base_id == head_id else None
        alike = raw is not None and raw == raw_of(head.definitions.nodes, head_id)
        return cls(base_id, head_id, base.nodes[base_id], head.nodes[head_id], (base, head), alike)

    @property
    def old(self) -> Definition:
        """What the base says of it beyond the node."""
        return self.sides[0].definition(self.base_id)

    @property
    def new(self) -> Definition:
        """What the head says of it beyond the node."""
        return self.sides[1].definition(self.head_id)


def open_side(artifacts: Artifacts, reader: ProjectLineage | None, catalog: Catalog | None, definitions: Definitions | None) -> Side:
    """A project with its code and definitions.

    Args:
        artifacts: what dbt left.
        reader: its column lineage; opened here where None.
        catalog: what the warehouse says of it; the one beside the manifest where None, and where no reader is given.
        definitions: what it says beyond nodes and code; the reader's where None.

    Raises:
        ArtifactError: the manifest's file can no longer be read.
    """
    reader = reader if reader is not None else open_lineage(artifacts, catalog=catalog)
    if catalog is not None:
        reader = ProjectLineage(reader.graph, reader.readings, catalog)
    if definitions is None:
        known = reader.readings.definitions
        definitions = known() if known is not None else Definitions()
    return Side(artifacts, reader, definitions)


def with_nodes(artifacts: Artifacts, nodes: dict[str, Node]) -> Artifacts:
    """Artifacts whose project has these nodes."""
    return msgspec.structs.replace(artifacts, project=msgspec.structs.replace(artifacts.project, nodes=nodes))
