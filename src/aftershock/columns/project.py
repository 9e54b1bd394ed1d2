"""A project's code -> column lineage of every node that was asked for, resolved in topological order.

Parsing depends on one node's code alone and goes to child processes, through any executor of ``concurrent.futures``'s kind. Resolving is cheap
and depends on the parents' columns, so it follows in this process, in the order of the graph. Both are kept by content: code, dialect and
versions for the one, that and the parents' columns for the other, so that after a change only what can have changed is done again.
"""

from __future__ import annotations

import contextlib
from copy import copy
from typing import TYPE_CHECKING, TypeVar

import msgspec

from aftershock.columns.implied import Implied, implied
from aftershock.columns.names import TooMuch
from aftershock.columns.readings import digest
from aftershock.columns.relating import Relations, known_columns
from aftershock.columns.relations import TableInfo, merged
from aftershock.columns.resolve import Resolved, resolve
from aftershock.garbage import uncollected
from aftershock.sql.dialects import dialect_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aftershock.columns.readings import Readings
    from aftershock.graph import LineageGraph
    from aftershock.model import Catalog
    from aftershock.model.code import Code
    from aftershock.sql.query import Statement

_T = TypeVar("_T")
CODED = frozenset({"model", "snapshot", "test"})


class NodeLineage(msgspec.Struct, frozen=True):
    """What was found of one node: its lineage, or why its code was not read, as a part of a sentence.

    ``partly`` says what of it was not read all the same; ``unseen`` are parents that dbt knows and its SQL does not name, so that nobody can say
    what it does with them.
    """

    resolved: Resolved | None = None
    unread: str = ""
    partly: str = ""
    unseen: tuple[str, ...] = ()


class ProjectLineage:
    """Column lineage of a project, read as far as it is asked for.

    Args:
        graph: the project's nodes.
        readings: their code.
        catalog: what the warehouse said of its relations.
    """

    def __init__(self, graph: LineageGraph, readings: Readings, catalog: Catalog | None = None) -> None:
        self.graph = graph
        self.readings = readings
        self.dialect = dialect_of(readings.adapter)
        self.catalog = catalog
        self.lineages: dict[str, NodeLineage] = {}
        self._relations: Relations | None = None
        self._infos: dict[str, TableInfo] = {}
        self._digests: dict[str, bytes] = {}
        self._keys: dict[str, bytes] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._folded: dict[str, dict[str, str]] = {}

    def over(self, graph: LineageGraph) -> ProjectLineage:
        """The same lineage over a graph that has more nodes, such as exposures that aftershock.yml declares. What is read is shared."""
        found = copy(self)
        found.graph = graph
        found._relations = None  # noqa: SLF001  # its own kind
        return found

    @property
    def code(self) -> Code:
        """The project's code."""
        return self.readings.code

    @property
    def relations(self) -> Relations:
        """The project's relations by name."""
        if self._relations is None:
            self._relations = Relations(self.graph, self.dialect)
        return self._relations

    def read(self, wanted: Iterable[str], *, whole: bool = False) -> None:
        """Make sure that the lineage of these nodes is there.

        Args:
            wanted: nodes, also such as have no code.
            whole: whether what is above them is read too, as far as it takes to list their columns. Otherwise a star over a parent that was not
                read passes on whatever is asked for by name, and a parent is read only where its columns decide whose a name is.
        """
        missing = [unique_id for unique_id in dict.fromkeys(wanted) if unique_id not in self.lineages and self._has_code(unique_id)]
        if not missing:
            return
        needed = self.graph.levels(self._above(missing) if whole else missing)
        with uncollected():
            found = self._resolve_all(needed)
            doubtful = {relation for lineage in found.values() for relation in self._doubtful(lineage)} - found.keys()
            if doubtful:
                self.read(doubtful)
                self._resolve_all(needed)

    def _resolve_all(self, levels: Sequence[Sequence[str]]) -> dict[str, NodeLineage]:
        """The lineage of these nodes, with what is known of their parents now, which are in the levels before their own."""
        new: dict[bytes, bytes] = {}
        for place, level in enumerate(levels):
            for unique_id in level:
                for known in (self.lineages, self._infos, self._digests, self._names, self._folded):
                    known.pop(unique_id, None)
            kept = self._kept(level)
            if any(self._keys[unique_id] for unique_id in level if unique_id not in kept):
                later = [unique_id for further in levels[place:] for unique_id in further if unique_id not in kept]
                self.readings.read(later)  # together, so that child processes are kept busy; where every lineage is kept, no code is read
            for unique_id in level:
                self.lineages[unique_id] = kept[unique_id] if unique_id in kept else self._resolved(unique_id, new)
        if self.readings.store is not None and new:
            self.readings.store.put(new)
        return {unique_id: self.lineages[unique_id] for level in levels for unique_id in level}

    def _kept(self, unique_ids: Iterable[str]) -> dict[str, NodeLineage]:
        """The lineage of those of these nodes for which it is kept."""
        keys = {unique_id: self._key(unique_id) for unique_id in unique_ids}
        self._keys.update(keys)
        kept = self.readings.store.get(filter(None, keys.values())) if self.readings.store is not None else {}
        found: dict[str, NodeLineage] = {}
        for unique_id, key in keys.items():
            with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):  # kept by something else than this: made again
                if key in kept:
                    found[unique_id] = msgspec.msgpack.decode(kept[key], type=NodeLineage)
        return found

    def _doubtful(self, lineage: NodeLineage) -> Iterator[str]:
        """Relations that were not read, and whose columns would tell whose a name is."""
        candidates = (relation for unknown in lineage.resolved.unknown for relation in unknown.candidates) if lineage.resolved is not None else ()
        for relation in candidates:
            if relation in self.graph.nodes and relation not in self.lineages and self._has_code(relation) and not self._in_catalog(relation):
                yield relation

    def _above(self, wanted: Iterable[str]) -> set[str]:
        """These and what is above them; the walk up ends where the catalog knows a relation's columns."""
        found: set[str] = set()
        todo = list(wanted)
        while todo:
            unique_id = todo.pop()
            if unique_id in found or unique_id in self.lineages:
                continue
            found.add(unique_id)
            todo.extend(parent for parent in self.graph.parents(unique_id) if self._has_code(parent) and not self._in_catalog(parent))
        return found

    def _has_code(self, unique_id: str) -> bool:
        return self.graph.nodes[unique_id].resource_type in CODED

    def _in_catalog(self, unique_id: str) -> bool:
        return self.catalog is not None and unique_id in self.catalog.tables

    def statements(self, unique_id: str) -> tuple[Statement, ...]:
        """The statements that a node's code may be; none where it was not read."""
        return self.readings.of(unique_id).statements

    def _resolved(self, unique_id: str, new: dict[bytes, bytes]) -> NodeLineage:
        """A node's lineage, made; it goes into ``new``, too, where it is worth keeping."""
        found = self._resolve(unique_id)
        key = self._keys[unique_id]
        if self.readings.store is not None and key:
            new[key] = msgspec.msgpack.encode(found)
        return found

    def _key(self, unique_id: str) -> bytes:
        """Changes with whatever a node's lineage depends on; empty where its code is not worth keeping."""
        reading = self.readings.key(unique_id)
        if not reading:
            return b""
        parents = sorted({*self.graph.parents(unique_id), *self.relations.inlined(unique_id).values()} - {unique_id})
        return digest(b"resolved", reading, msgspec.msgpack.encode(self.implied(unique_id)), *(parent.encode() + self._digest(parent) for parent in parents))

    def is_current(self, unique_id: str) -> bool:
        """Whether a node's lineage was found with what is known of its parents now; more of them may have been read since."""
        key = self._keys.get(unique_id)
        return bool(key) and key == self._key(unique_id)

    def _resolve(self, unique_id: str) -> NodeLineage:
        reading = self.readings.of(unique_id)
        if not reading.statements:
            return NodeLineage(None, reading.reason or "it is empty")
        try:
            found = _united([self.bind(unique_id, statement, self.info) for statement in reading.statements])
        except TooMuch:
            return NodeLineage(None, "its columns multiply beyond what can be followed")
        except RecursionError:
            return NodeLineage(None, "it is nested too deeply")
        return NodeLineage(self.implied(unique_id).on(found), "", reading.reason, tuple(self._unseen(unique_id, found)))

    def implied(self, unique_id: str) -> Implied:
        """What a node's configuration adds to its SQL."""
        node, code = self.graph.nodes[unique_id], self.code.nodes.get(unique_id)
        parents = [self.graph.nodes[parent] for parent in self.graph.parents(unique_id)]
        return implied(node, code.config if code is not None else {}, parents, self.dialect)

    def _unseen(self, unique_id: str, found: Resolved) -> Iterator[str]:
        for parent in self.graph.parents(unique_id):
            node = self.graph.nodes[parent]
            if (node.is_relation or node.materialized == "ephemeral") and parent not in found.relations:
                yield parent

    def bind(self, unique_id: str, statement: Statement, info: Callable[[str], TableInfo]) -> Resolved:
        """Bind the names of one of a node's statements, where relations have the columns that ``info`` says."""
        relations = self.relations

        def find(parts: tuple[str, ...]) -> TableInfo:
            found = relations.of(unique_id, parts)
            return info(found) if found in self.graph.nodes else TableInfo(found)

        inlined = {key: info(parent) for key, parent in relations.inlined(unique_id).items()}
        return resolve(statement, find, self.dialect, inlined)

    def info(self, unique_id: str) -> TableInfo:
        """What is known of a relation's columns."""
        found = self._infos.get(unique_id)
        if found is None:
            lineage = self.lineages.get(unique_id)
            node = self.graph.nodes[unique_id]
            found = known_columns(node, lineage.resolved if lineage is not None else None, self.catalog, self.dialect)
            if lineage is not None or not self._has_code(unique_id) or self._in_catalog(unique_id):
                self._infos[unique_id] = found
        return found

    def names(self, unique_id: str) -> dict[str, str]:
        """A relation's known columns as they are written, by key."""
        found = self._names.get(unique_id)
        if found is None:
            found = {key: name for name, key in self.info(unique_id).columns}
            if unique_id in self._infos:
                self._names[unique_id] = found
        return found

    def key_of(self, unique_id: str, column: str) -> str:
        """The key of a column as a person writes its name: in any case, of those that are known."""
        known = self._folded.get(unique_id)
        if known is None:
            known = {key.casefold(): key for key in self.names(unique_id)}
            if unique_id in self._names:
                self._folded[unique_id] = known
        return known.get(column.casefold()) or self.dialect.key(column)

    def _digest(self, unique_id: str) -> bytes:
        found = self._digests.get(unique_id)
        if found is None:
            info = self.info(unique_id)
            found = self._digests[unique_id] = digest(msgspec.msgpack.encode((info.columns, info.complete, sorted(info.plain))))
        return found


def _united(found: Sequence[Resolved]) -> Resolved:
    """One lineage of several statements, of which either may run."""
    first = found[0]
    if len(found) == 1:
        return first
    columns: dict[str, tuple[str, str, dict[tuple[str, str], int]]] = {}
    for resolved in found:
        for name, key, inputs in resolved.columns:
            columns[key] = (name, key, merged((columns[key][2], inputs))) if key in columns else (name, key, inputs)
    further = [resolved.further for resolved in found if resolved.further is not None]
    return Resolved(
        tuple(columns.values()),
        _each(item for resolved in found for item in resolved.opens),
        merged(further) if further else None,
        merged(resolved.rows for resolved in found),
        merged(resolved.reads for resolved in found),
        _each(item for resolved in found for item in resolved.unknown),
        _each(item for resolved in found for item in resolved.problems),
        sum(resolved.references for resolved in found),
        _each(item for resolved in found for item in resolved.relations),
        _each(item for resolved in found for item in resolved.ghosts),
        _needed(found),
    )


def _needed(found: Sequence[Resolved]) -> dict[tuple[str, str], int]:
    needs: dict[tuple[str, str], int] = {}
    for resolved in found:
        for key, flags in resolved.needs.items():
            needs[key] = needs.get(key, 0) | flags
    return needs


def _each(items: Iterator[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(items))
