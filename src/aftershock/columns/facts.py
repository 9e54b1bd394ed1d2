"""What one side of a comparison knows of the relations that its queries read, and of which of them the query can be read in their place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from aftershock.columns.relating import EPHEMERAL, _parts_of
from aftershock.sql.comparing.facts import Known, Side

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Catalog
    from aftershock.model.code import NodeCode

_WORD = re.compile(r"[\w$]+")
_WHOLE = frozenset({"ephemeral", "table", "view"})
"""Materializations that hold what their query yields, and nothing else."""
_BESIDE = ("pre-hook", "pre_hook", "post-hook", "post_hook")
"""Settings that may change a relation beside its query."""
MOST_INLINED = 8
MOST_CHARACTERS = 200_000
NOTHING: Mapping[str, str] = {}


class Facts:
    """What one side knows.

    Args:
        lineage: the side.
        names: nodes under which the other side has some of its own, by their own.
        built: tells types.
        settled: relations whose columns have the same types on both sides.
    """

    def __init__(self, lineage: ProjectLineage, names: Mapping[str, str], built: Catalog | None, settled: Collection[str] = ()) -> None:
        self.lineage = lineage
        self.built = built
        self._names = names
        self._settled = settled
        self._back = {base: head for head, base in names.items()}
        self._by_last: dict[str, list[str]] | None = None
        self._texts: dict[str, str] = {}

    @property
    def settings(self) -> bytes:
        """Changes with macros and variables."""
        return self.lineage.readings.settings()

    def code(self, unique_id: str) -> NodeCode | None:
        """A node's code."""
        return self.lineage.code.nodes.get(unique_id) if unique_id in self.lineage.graph.nodes else None

    def materialized(self, unique_id: str) -> str:
        """How a node is materialized."""
        return self.lineage.graph.nodes[unique_id].materialized

    def relation(self, unique_id: str) -> str:
        """What both sides call a node."""
        return self._names.get(unique_id, unique_id)

    def has(self, relation: str) -> bool:
        """Whether the side's project has what both sides call so."""
        return self._back.get(relation, relation) in self.lineage.graph.nodes

    def learn(self, relations: Iterable[str]) -> bool:
        """Read what may tell the columns of these relations. Returns whether there was any such."""
        wanted = [name for relation in relations if (name := self._back.get(relation, relation)) in self.lineage.graph.nodes]
        missing = [name for name in wanted if name not in self.lineage.lineages and not self.lineage.info(name).complete]
        self.lineage.read(missing, whole=True)
        return any(name in self.lineage.lineages for name in missing)

    # relations

    def of(self, unique_id: str, texts: Iterable[str], inlined: Mapping[str, str] = NOTHING) -> Side:
        """The relations that a node's texts may read; ``inlined`` are the queries of those that are read in their place."""
        inlined = {name: text for name, text in inlined.items() if name != unique_id}
        ephemeral = {key: parent for key, parent in self.lineage.relations.inlined(unique_id).items() if parent not in inlined}
        parents = dict.fromkeys((*self.parents(unique_id, inlined), unique_id))
        words = {word for text in texts for word in _WORD.findall(text.casefold())}
        others = dict.fromkeys(name for word in words & self._last().keys() for name in self._last()[word])
        known = [self._known(name, inlined) for name in parents if self.parts(name)]
        known += [self._known(name) for name in sorted(others.keys() - parents.keys()) if self.parts(name)]
        return Side((), tuple(known), tuple((key, self._known(parent)) for key, parent in sorted(ephemeral.items())))

    def parents(self, unique_id: str, inlined: Collection[str] = ()) -> Iterator[str]:
        """The nodes that a node reads, and those that an ephemeral one reads whose query is read in its place."""
        graph, done = self.lineage.graph, {unique_id}
        todo = list(graph.parents(unique_id))
        while todo:
            parent = todo.pop(0)
            if parent not in done:
                done.add(parent)
                yield parent
                if parent in inlined and self.materialized(parent) == "ephemeral":
                    todo.extend(graph.parents(parent))

    def _last(self) -> dict[str, list[str]]:
        """Nodes by the last part of their relation's name."""
        if self._by_last is None:
            self._by_last = {}
            for unique_id in self.lineage.graph.nodes:
                parts = self.parts(unique_id)
                if parts and not parts[-1].startswith(EPHEMERAL):
                    self._by_last.setdefault(parts[-1], []).append(unique_id)
        return self._by_last

    def parts(self, unique_id: str) -> tuple[str, ...]:
        """The names of a node's relation, outermost first, folded."""
        node = self.lineage.graph.nodes[unique_id]
        if node.resource_type == "function":
            return tuple(part.casefold() for part in (node.database, node.schema, node.identifier or node.name) if part)
        return _parts_of(node)

    def _known(self, unique_id: str, inlined: Mapping[str, str] = NOTHING) -> Known:
        info = self.lineage.info(unique_id)
        types = dict(self.types(unique_id))
        columns = tuple((name, key, types.get(key, "")) for name, key in info.columns)
        found = Known(self.relation(unique_id), self.lineage.graph.nodes[unique_id].label, self.parts(unique_id), columns, info.complete)
        text = inlined.get(unique_id, "") if self.materialized(unique_id) != "ephemeral" else ""
        inside = msgspec.structs.replace(self.of(unique_id, (text,), inlined), texts=(text,)) if text else None
        return msgspec.structs.replace(found, settled=found.relation in self._settled, inside=inside)

    def renamed(self, side: Side, renames: Mapping[str, tuple[tuple[str, str], ...]]) -> Side:
        """The same relations, of which some columns have the other side's names."""

        def follow(known: Known) -> Known:
            key = self.lineage.dialect.key
            pairs = tuple((key(new), key(old)) for old, new in renames.get(known.relation, ()))
            inside = self.renamed(known.inside, renames) if known.inside is not None else None
            return msgspec.structs.replace(known, successors=pairs, inside=inside) if pairs or inside is not None else known

        return Side(side.texts, tuple(map(follow, side.known)), tuple((name, follow(known)) for name, known in side.inlined))

    # queries in the place of relations

    def texts(self, unique_ids: Iterable[str]) -> dict[str, str]:
        """The one query that each of these nodes holds the rows of; those of which there is none are left out."""
        names, readings = list(unique_ids), self.lineage.readings
        wanted = [name for name in names if name not in self._texts and self._holds_its_query(name)]
        self._texts.update((name, text) for name in wanted if (text := readings.compiled(name) or self._anyhow(name)).strip())
        missing = [name for name in wanted if name not in self._texts]
        for name, reading in readings.rendered(missing).items() if missing else ():
            self._texts[name] = reading.texts[0] if len(reading.texts) == 1 else ""
        return {name: text for name in names if (text := self._texts.get(name, ""))}

    def keep(self, unique_id: str, texts: Sequence[str]) -> None:
        """Remember what a node's code was found to be, where it is one query."""
        if len(texts) == 1 and self._holds_its_query(unique_id):
            self._texts.setdefault(unique_id, texts[0])

    def _anyhow(self, unique_id: str) -> str:
        """The template of an ephemeral model, whose SQL is in that of its readers whatever it is."""
        return self.lineage.code.nodes[unique_id].raw if self.materialized(unique_id) == "ephemeral" else ""

    def _holds_its_query(self, unique_id: str) -> bool:
        node, code = self.lineage.graph.nodes[unique_id], self.code(unique_id)
        if code is None or code.language != "sql" or node.resource_type != "model" or node.materialized not in _WHOLE:
            return False
        contract = code.config.get("contract")
        bound = isinstance(contract, dict) and contract.get("enforced")
        return not bound and not any(code.config.get(name) for name in _BESIDE)

    # types

    def types(self, unique_id: str) -> tuple[tuple[str, str], ...]:
        """Types of a relation's columns by key: those of the warehouse, else those that YAML declares."""
        return tuple({**dict(self._declared(unique_id)), **dict(self._in_catalog(unique_id))}.items())

    def own_types(self, unique_id: str, base: Facts, base_id: str) -> tuple[tuple[str, str], ...]:
        """Types of a node's own columns after the change: those that YAML declares, and the warehouse's only where they are not the base's own."""
        seen = dict(self._in_catalog(unique_id))
        return tuple({**(seen if seen != dict(base._in_catalog(base_id)) else {}), **dict(self._declared(unique_id))}.items())  # its own kind

    def _in_catalog(self, unique_id: str) -> Iterator[tuple[str, str]]:
        table = self.built.tables.get(unique_id) if self.built is not None else None
        for name, kind in (table.columns if table is not None else {}).items():
            if kind:
                yield self.lineage.dialect.key(name, quoted=True), kind

    def _declared(self, unique_id: str) -> Iterator[tuple[str, str]]:
        node = self.lineage.graph.nodes.get(unique_id)
        for column in node.columns if node is not None else ():
            if column.data_type:
                yield self.lineage.dialect.key(column.name), column.data_type
