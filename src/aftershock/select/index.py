"""Tables from texts to nodes, each built when a question first needs it and kept as long as the graph."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aftershock.model import TABLE_TYPES
from aftershock.select.forms import names, relation, relation_parts, tails

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aftershock.graph import LineageGraph
    from aftershock.model import Node

Table = dict[str, list["Node"]]


class Index:
    """Nodes by what people call them. Every answer is in the order of the manifest."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = nodes

    @cached_property
    def by_name(self) -> Table:
        """Nodes by ``name`` as it is."""
        table: Table = {}
        for node in self.nodes.values():  # the one table that most questions need: no call for each node
            table.setdefault(node.name, []).append(node)
        return table

    @cached_property
    def by_lower(self) -> Table:
        """Nodes by ``name`` in lower case."""
        return _table(self.nodes.values(), lambda node: node.name.lower())

    @cached_property
    def by_table(self) -> Table:
        """Nodes that can be a relation, by its last part in lower case."""
        return _table(self._tables(), lambda node: (relation(node) or ("",))[-1])

    @cached_property
    def by_file(self) -> Table:
        """Nodes by the last part of their path. Hooks, which all lie in dbt_project.yml, are left out."""
        found = (node for node in self.nodes.values() if node.path and node.resource_type != "operation")
        return _table(found, lambda node: node.path.rpartition("/")[2])

    @cached_property
    def labels(self) -> frozenset[str]:
        """What there is to guess from: the labels of all nodes but tests, whose names are long and made by dbt."""
        return frozenset(node.label for node in self.nodes.values() if node.resource_type not in {"test", "operation"})

    def named(self, text: str, kind: str = "") -> list[Node]:
        """Nodes of which ``text`` is an exact name, of one resource type where ``kind`` is given."""
        found = [node for tail in tails(text) for node in self.by_name.get(tail, ()) if text in names(node)]
        return _of(kind, found)

    def named_alike(self, text: str, kind: str = "") -> list[Node]:
        """As :meth:`named`, in any case."""
        lower = text.lower()
        found = [node for tail in tails(lower) for node in self.by_lower.get(tail, ()) if lower in {name.lower() for name in names(node)}]
        return _of(kind, found)

    def source_tables(self, text: str) -> list[Node]:
        """Sources whose bare table name is ``text``, in any case."""
        return _of("source", self.by_lower.get(text.lower(), []))

    def related(self, parts: tuple[str, ...], kind: str = "") -> list[Node]:
        """Nodes whose relation ends with these lower-case parts; one part is an alias, or a source's identifier."""
        if not parts:
            return []
        near = self.by_table.get(parts[-1], [])
        found = [node for node in near if parts in {relation(node)[-len(parts) :], relation_parts(node.relation_name)[-len(parts) :]}]
        return _of(kind, [node for node in found if len(parts) == 1 or node.is_relation])

    def written_as(self, text: str, kind: str = "") -> list[Node]:
        """Nodes whose whole relation name is this very text, which need not be a name (``read_csv('orders.csv')``)."""
        return _of(kind, [node for node in self._tables() if node.relation_name == text]) if text else []

    def _tables(self) -> Iterable[Node]:
        return (node for node in self.nodes.values() if node.resource_type in TABLE_TYPES)


def index_of(graph: LineageGraph) -> Index:
    """The index of a graph's nodes, always the same one."""
    index = _INDEXES.get(graph)
    if index is None:
        index = _INDEXES[graph] = Index(graph.nodes)
    return index


_INDEXES: WeakKeyDictionary[LineageGraph, Index] = WeakKeyDictionary()


def _table(nodes: Iterable[Node], key: Callable[[Node], str]) -> Table:
    table: Table = {}
    for node in nodes:
        table.setdefault(key(node), []).append(node)
    return table


def _of(kind: str, nodes: list[Node]) -> list[Node]:
    unique = {node.unique_id: node for node in nodes}
    return [node for node in unique.values() if not kind or node.resource_type == kind]
