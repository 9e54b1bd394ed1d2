"""Relations in compiled SQL -> nodes of the project, and what is known of each node's columns."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from aftershock.columns.relations import TableInfo

if TYPE_CHECKING:
    from aftershock.columns.resolve import Resolved
    from aftershock.graph import LineageGraph
    from aftershock.model import Catalog, Node
    from aftershock.sql.dialects import Dialect

OUTSIDE = "outside:"
"""Before the name of a relation that is no node of the project."""
EPHEMERAL = "__dbt__cte__"
MOST_NAMES = 1 << 16
"""Relations whose names are kept in parts: both sides of a comparison have the same."""
PLAIN = re.compile(
    r"(?:(?:tiny|small|big|huge)?int(?:eger)?\d*|float\d*|double(?: precision)?|real|bool(?:ean)?|date|datetime|string|text"
    r"|(?:decimal|numeric|number|varchar|character varying|char)(?: *\([\d, ]+\))?|timestamp(?:_?\w+| with(?:out)? time zone)?)(?: *\[\d*\])*",
    re.IGNORECASE,
)
"""Types of which no field can be taken: those that are known, and lists of them."""
PART = re.compile(r'"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]|([^.]+)')


class Relations:
    """The relations of a project by name.

    A name in SQL means a parent of the model that holds it wherever it can, then any node of the project, then a relation outside of it.
    """

    def __init__(self, graph: LineageGraph, dialect: Dialect) -> None:
        self.graph = graph
        self.dialect = dialect
        self._parts = {unique_id: parts for unique_id, node in graph.nodes.items() if (parts := _parts_of(node))}
        self._by_parts: dict[tuple[str, ...], str] = {}
        for unique_id, parts in self._parts.items():
            self._by_parts.setdefault(parts, unique_id)

    def of(self, unique_id: str, parts: tuple[str, ...]) -> str:
        """The node that a name means in the SQL of ``unique_id``; a name of its own where it is none."""
        folded = tuple(part.casefold() for part in parts)
        for parent in (*self.graph.parents(unique_id), unique_id):
            known = self._parts.get(parent, ())
            if known and (known == folded or known[-len(folded) :] == folded or folded[-len(known) :] == known):
                return parent
        return self._by_parts.get(folded) or OUTSIDE + ".".join(parts)

    def inlined(self, unique_id: str) -> dict[str, str]:
        """Ephemeral models whose SQL dbt puts into that of ``unique_id``, by the key of the CTE that holds it."""
        found: dict[str, str] = {}
        todo = list(self.graph.parents(unique_id))
        while todo:
            parent = todo.pop()
            node = self.graph.nodes[parent]
            if node.materialized == "ephemeral" and parent not in found.values():
                for name in {node.identifier, node.name, node.label.replace(".", "_")} - {""}:
                    found[self.dialect.key(EPHEMERAL + name)] = parent
                todo.extend(self.graph.parents(parent))
        return found


def _parts_of(node: Node) -> tuple[str, ...]:
    """A relation's names, folded; an ephemeral model's is that of its CTE."""
    if node.materialized == "ephemeral":
        return ((EPHEMERAL + (node.identifier or node.name)).casefold(),)
    if not node.is_relation:
        return ()
    if node.relation_name:
        return _written(node.relation_name)
    return tuple(part.casefold() for part in (node.database, node.schema, node.identifier or node.name) if part)


@lru_cache(maxsize=MOST_NAMES)
def _written(name: str) -> tuple[str, ...]:
    return tuple(next(group for group in match.groups() if group is not None).strip().casefold() for match in PART.finditer(name))


def known_columns(node: Node, resolved: Resolved | None, catalog: Catalog | None, dialect: Dialect) -> TableInfo:
    """What is known of a node's columns: the warehouse's own list; else what its SQL yields; else, and beside an open list, what YAML declares.

    A catalog may be older than the SQL: names that it does not have are attributed all the same, though not for certain.
    """
    table = catalog.tables.get(node.unique_id) if catalog is not None else None
    if table is not None:
        keys = {name: dialect.key(name, quoted=True) for name in table.columns}
        plain = frozenset(keys[name] for name, kind in table.columns.items() if kind and PLAIN.fullmatch(kind.strip()))
        return TableInfo(node.unique_id, tuple(keys.items()), complete=True, plain=plain)
    columns: dict[str, str] = {}
    if resolved is not None:
        columns.update((key, name) for name, key, _ in resolved.columns)
    complete = resolved is not None and resolved.closed
    if not complete:
        known = {key.casefold() for key in columns}
        columns.update((dialect.key(column.name), column.name) for column in node.columns if column.name.casefold() not in known)
    return TableInfo(node.unique_id, tuple((name, key) for key, name in columns.items()), complete)
