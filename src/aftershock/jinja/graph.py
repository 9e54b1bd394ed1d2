"""``graph``: the project's nodes and sources as a template walks them, under dbt's keys, as far as they are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from aftershock.jinja.exposed import Exposed, Shelf
from aftershock.jinja.names import fresh
from aftershock.jinja.refusal import CannotRender
from aftershock.model import Node
from aftershock.model.code import NodeCode

if TYPE_CHECKING:
    from aftershock.jinja.values import Value


class GraphNode(msgspec.Struct, frozen=True, array_like=True):
    """A node and its code, of which only the config is kept; None where the node has none."""

    node: Node
    code: NodeCode | None


def packed(nodes: Mapping[str, Node], code: Mapping[str, NodeCode]) -> bytes:
    """The nodes that ``graph.nodes`` and ``graph.sources`` show: packed, since most renderings never look at them."""
    shown = (node for node in nodes.values() if node.resource_type in _NODES or node.source is not None)
    return msgspec.msgpack.encode([GraphNode(node, _config(code.get(node.unique_id))) for node in shown])


_NODES = frozenset({"model", "seed", "snapshot", "test", "analysis", "operation"})


def _config(code: NodeCode | None) -> NodeCode | None:
    return None if code is None else NodeCode(language=code.language, file=code.file, refs=code.refs, sources=code.sources, config=code.config)


class Graph(Exposed):
    """``graph`` itself."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def absent(self, name: str) -> Value:
        """Its nodes or sources.

        Raises:
            CannotRender: it is another section.
        """
        if name not in {"nodes", "sources"}:
            raise CannotRender(f"it needs graph.{name}, which is not known here")
        return _sections(self._data)[name]

    def __getitem__(self, name: str) -> Value:
        return self.absent(name)


@lru_cache(maxsize=2)
def _sections(data: bytes) -> dict[str, Section]:
    """Both sections, unpacked once in this process: no template can change them."""
    found = msgspec.msgpack.decode(data, type=list[GraphNode])
    return {
        "nodes": Section({item.node.unique_id: NodeView(item.node, item.code) for item in found if item.node.source is None}),
        "sources": Section({item.node.unique_id: NodeView(item.node, item.code) for item in found if item.node.source is not None}),
    }


class Section(Exposed, Mapping[str, Any]):
    """``graph.nodes`` or ``graph.sources``: by unique_id."""

    NAMES: ClassVar[frozenset[str]] = frozenset({"get", "items", "keys", "values"})

    def __init__(self, views: dict[str, NodeView]) -> None:
        self._views = views

    def absent(self, name: str) -> Value:
        """Undefined, as in dbt: the section holds all that there are."""
        from aftershock.jinja.sandbox import sandbox

        return sandbox().undefined(name=name)

    def values(self) -> Value:
        """Its nodes."""
        return self._views.values()

    def __getitem__(self, unique_id: str) -> NodeView:
        return self._views[unique_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)


class NodeView(Exposed):
    """A node under dbt's keys: ``model``, or a member of ``graph``. A key that is not known is refused, never taken for absent."""

    NAMES: ClassVar[frozenset[str]] = frozenset({"get"})

    def __init__(self, node: Node, code: NodeCode | None) -> None:
        self._node = node
        self._code = code

    def label(self) -> str:
        """Its id."""
        return self._node.unique_id

    def get(self, name: str, default: Value = None) -> Value:
        """A value, or the default where dbt has none for this node."""
        found = self.absent(name)
        return default if found is None else found

    def absent(self, name: str) -> Value:
        """The value of one of dbt's keys.

        Raises:
            CannotRender: it is not known.
        """
        return fresh(self._values[name]) if name in self._values else super().absent(name)

    def __getitem__(self, name: str) -> Value:
        return self.absent(name)

    @property
    def _values(self) -> dict[str, Any]:
        if "_known" not in self.__dict__:
            self.__dict__["_known"] = {**_node_values(self._node), **(_code_values(self._code) if self._code is not None else {})}
        known: dict[str, Any] = self.__dict__["_known"]
        return known


def _node_values(node: Node) -> dict[str, Any]:
    columns = {column.name: Shelf("column", {"name": column.name, "data_type": column.data_type or None, "meta": column.meta, "tags": list(column.tags)}) for column in node.columns}  # fmt: skip
    values = {
        "unique_id": node.unique_id,
        "name": node.name,
        "resource_type": node.resource_type,
        "package_name": node.package,
        "original_file_path": node.path,
        "database": node.database,
        "schema": node.schema,
        "relation_name": node.relation_name or None,
        "fqn": list(node.fqn),
        "tags": list(node.tags),
        "meta": node.meta,
        "columns": columns,
    }
    if node.source is not None:
        return {**values, "source_name": node.source.source_name, "identifier": node.identifier or node.name, "loader": node.source.loader}
    return {
        **values,
        "alias": node.identifier or node.name,
        "version": node.version or None,
        "group": node.group or None,
        "access": node.access or None,
        "depends_on": Shelf("depends_on", {"nodes": list(node.parents)}),
    }


def _code_values(code: NodeCode) -> dict[str, Any]:
    values = {
        "path": code.file,
        "config": code.config,
        "language": code.language,
        "refs": [{"package": ref.package or None, "name": ref.name, "version": ref.version or None} for ref in code.refs],
        "sources": [list(source) for source in code.sources],
    }
    return {**values, "raw_code": code.raw, "raw_sql": code.raw} if code.raw else values
