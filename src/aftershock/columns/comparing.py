"""Two projects' queries compared, node by node: how each differs by what it gives its readers.

Both sides' SQL is of the same kind: what dbt compiled on both, or the templates rendered on both. It is compared in child processes, and the answer is
kept by content: both texts, and what is known of the columns of what they read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock.columns.jobs import Job
from aftershock.columns.readings import INCREMENTAL
from aftershock.columns.relating import EPHEMERAL, _parts_of
from aftershock.model.changes import QueryDiff
from aftershock.sql.comparing.facts import Compared, Comparison, Known, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aftershock.columns.jobs import Reading
    from aftershock.columns.project import ProjectLineage
    from aftershock.model.code import NodeCode

SAME = QueryDiff(same=True)
_WORD = re.compile(r"[\w$]+")


class Pair(NamedTuple):
    """A node of both projects."""

    base: str
    head: str


def compare(base: ProjectLineage, head: ProjectLineage, unique_ids: Sequence[tuple[str, str]]) -> dict[str, QueryDiff]:
    """How nodes' queries differ by what they give their readers.

    A difference is the node's own: columns that a parent lost are the parent's, and where a parent renamed a column for certain, a query that
    follows is the same. Parents count as renamed only where they are among the pairs.

    Args:
        base: what is compared with.
        head: what is compared.
        unique_ids: the nodes, each as it is called in the base and in the head.

    Returns:
        By the head's unique_id. Nothing is left out: what could not be compared says why.
    """
    return _Comparing(base, head, [Pair(*pair) for pair in unique_ids]).found()


class _Comparing:
    def __init__(self, base: ProjectLineage, head: ProjectLineage, pairs: Sequence[Pair]) -> None:
        self.sides = (_Facts(base, {}), _Facts(head, {pair.head: pair.base for pair in pairs if pair.head != pair.base}))
        self.pairs = {pair.head: pair for pair in pairs}
        self.head = head
        self.decided: dict[str, QueryDiff] = {}
        self.texts: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self.partly: dict[str, str] = {}

    def found(self) -> dict[str, QueryDiff]:
        """All of them."""
        self._choose()
        compared = self._compared(self.texts, {})
        wanting = {name: item.wanting for name, item in compared.items() if item.wanting}
        if wanting:
            wanted = {relation for relations in wanting.values() for relation in relations}
            learned = [side.learn(wanted) for side in self.sides]
            if any(learned):
                compared.update(self._compared(wanting, {}))
        self.decided.update((name, self._whole(name, item.diff)) for name, item in compared.items())
        self._carry()
        return {name: self.decided[name] for name in self.pairs}

    def _whole(self, name: str, diff: QueryDiff) -> QueryDiff:
        """What was found of a node, which says nothing where a part of it was not read."""
        partly = self.partly.get(name, "")
        return QueryDiff(unread=partly) if partly and diff.same else diff

    def _carry(self) -> None:
        """Compare again what reads a column that has another name now, parents first."""
        renames: dict[str, tuple[tuple[str, str], ...]] = {}
        for name in self.head.graph.in_order([name for name in self.pairs if name in self.head.graph.nodes]):
            parents = self.head.graph.parents(name)
            if name in self.texts and not self.decided[name].same and any(parent in renames for parent in parents):
                again = self._compared((name,), renames)
                self.decided[name] = self._whole(name, again[name].diff)
            if self.decided[name].renamed:
                renames[name] = self.decided[name].renamed

    # texts

    def _choose(self) -> None:
        """Decide what needs no reading, and choose the texts of the rest."""
        alike = self.sides[0].settings == self.sides[1].settings
        rendering: list[Pair] = []
        for pair in self.pairs.values():
            codes = [side.code(name) for side, name in zip(self.sides, pair, strict=True)]
            one, two = codes
            if one is None or two is None:
                self.decided[pair.head] = QueryDiff(unread="the manifest does not have its code")
            elif one.language != "sql" or two.language != "sql":
                equal = one.raw == two.raw and one.language == two.language and one.raw.strip()
                language = next(code.language for code in (one, two) if code.language != "sql")
                self.decided[pair.head] = SAME if equal else QueryDiff(unread=f"it is a {language.capitalize()} model")
            elif self._settled(pair, one, two, alike=alike):
                self.decided[pair.head] = SAME
            elif pair.head not in self.texts:
                rendering.append(pair)
        self._render(rendering)

    def _settled(self, pair: Pair, one: NodeCode, two: NodeCode, *, alike: bool) -> bool:
        """Whether both are the same template in the same surroundings; where both were compiled to one text in any run, that is compared instead."""
        compiled = [side.lineage.readings.compiled(name) for side, name in zip(self.sides, pair, strict=True)]
        branches = any(
            INCREMENTAL in code.raw and side.materialized(name) == "incremental" for code, side, name in zip((one, two), self.sides, pair, strict=True)
        )
        if all(text.strip() for text in compiled) and not branches:
            self.texts[pair.head] = ((compiled[0],), (compiled[1],))
            return False
        return bool(alike and one.raw.strip() and one.raw == two.raw and one.config == two.config)

    def _render(self, pairs: Sequence[Pair]) -> None:
        """Render both sides of what was not compiled on both, or has several branches."""
        if not pairs:
            return
        readings = [side.lineage.readings.rendered([pair[place] for pair in pairs]) for place, side in enumerate(self.sides)]
        for pair in pairs:
            both = [found[name] for found, name in zip(readings, pair, strict=True)]
            if all(reading.texts for reading in both):
                self.texts[pair.head] = (both[0].texts, both[1].texts)
                continue
            reason = next(reading.reason for reading in both if not reading.texts) or "it is empty"
            compiled = [side.lineage.readings.compiled(name) for side, name in zip(self.sides, pair, strict=True)]
            if all(text.strip() for text in compiled):
                self.texts[pair.head] = ((compiled[0],), (compiled[1],))
                self.partly[pair.head] = f"its other branch of is_incremental(): {reason}"
            else:
                self.decided[pair.head] = QueryDiff(unread=reason)

    # comparing

    def _compared(self, names: Iterable[str], renames: Mapping[str, tuple[tuple[str, str], ...]]) -> dict[str, Compared]:
        wanted = list(names)
        jobs = [Job(name, "", self.head.readings.adapter, pair=self._comparison(name, renames)) for name in wanted]
        return {name: _answer(reading) for name, reading in zip(wanted, self.head.readings.ask(jobs), strict=True)}

    def _comparison(self, name: str, renames: Mapping[str, tuple[tuple[str, str], ...]]) -> Comparison:
        pair, texts = self.pairs[name], self.texts[name]
        base, head = (side.of(each, text) for side, each, text in zip(self.sides, pair, texts, strict=True))
        if renames:
            head = self.sides[1].renamed(head, {self.sides[1].relation(node): pairs for node, pairs in renames.items()})
        own = self.sides[1].own_types(pair.head, self.sides[0], pair.base)
        return Comparison(
            Side(texts[0], base.known, base.inlined, self.sides[0].types(pair.base)), Side(texts[1], head.known, head.inlined, own), self.head.readings.adapter
        )


def _answer(reading: Reading) -> Compared:
    return reading.compared if reading.compared is not None else Compared(QueryDiff(unread=reading.reason or "it is empty"))


class _Facts:
    """What one side knows of the relations that its queries read. ``names`` are nodes under which the other side has them."""

    def __init__(self, lineage: ProjectLineage, names: Mapping[str, str]) -> None:
        self.lineage = lineage
        self._names = names
        self._back = {base: head for head, base in names.items()}
        self._by_last: dict[str, list[str]] | None = None

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

    def learn(self, relations: Iterable[str]) -> bool:
        """Read what may tell the columns of these relations. Returns whether there was any such."""
        wanted = [name for relation in relations if (name := self._back.get(relation, relation)) in self.lineage.graph.nodes]
        missing = [name for name in wanted if name not in self.lineage.lineages and not self.lineage.info(name).complete]
        self.lineage.read(missing, whole=True)
        return any(name in self.lineage.lineages for name in missing)

    def of(self, unique_id: str, texts: Iterable[str]) -> Side:
        """The relations that a node's texts may read."""
        graph = self.lineage.graph
        inlined = self.lineage.relations.inlined(unique_id)
        parents = dict.fromkeys((*graph.parents(unique_id), unique_id))
        words = {word for text in texts for word in _WORD.findall(text.casefold())}
        others = dict.fromkeys(name for word in words & self._last().keys() for name in self._last()[word])
        known = tuple(self._known(name) for name in [*parents, *sorted(others.keys() - parents.keys())] if self._parts(name))
        return Side((), known, tuple((key, self._known(parent)) for key, parent in sorted(inlined.items())))

    def _last(self) -> dict[str, list[str]]:
        """Nodes by the last part of their relation's name."""
        if self._by_last is None:
            self._by_last = {}
            for unique_id in self.lineage.graph.nodes:
                parts = self._parts(unique_id)
                if parts and not parts[-1].startswith(EPHEMERAL):
                    self._by_last.setdefault(parts[-1], []).append(unique_id)
        return self._by_last

    def _parts(self, unique_id: str) -> tuple[str, ...]:
        node = self.lineage.graph.nodes[unique_id]
        if node.resource_type == "function":
            return tuple(part.casefold() for part in (node.database, node.schema, node.identifier or node.name) if part)
        return _parts_of(node)

    def _known(self, unique_id: str) -> Known:
        info = self.lineage.info(unique_id)
        types = dict(self.types(unique_id))
        columns = tuple((name, key, types.get(key, "")) for name, key in info.columns)
        return Known(self.relation(unique_id), self.lineage.graph.nodes[unique_id].label, self._parts(unique_id), columns, info.complete)

    def renamed(self, side: Side, renames: Mapping[str, tuple[tuple[str, str], ...]]) -> Side:
        """The same relations, of which some columns have the other side's names."""

        def follow(known: Known) -> Known:
            key = self.lineage.dialect.key
            pairs = tuple((key(new), key(old)) for old, new in renames.get(known.relation, ()))
            return msgspec.structs.replace(known, successors=pairs) if pairs else known

        return Side(side.texts, tuple(map(follow, side.known)), tuple((name, follow(known)) for name, known in side.inlined))

    def types(self, unique_id: str) -> tuple[tuple[str, str], ...]:
        """Types of a relation's columns by key: those of the warehouse, else those that YAML declares."""
        return tuple({**dict(self._declared(unique_id)), **dict(self._in_catalog(unique_id))}.items())

    def own_types(self, unique_id: str, base: _Facts, base_id: str) -> tuple[tuple[str, str], ...]:
        """Types of a node's own columns after the change: those that YAML declares, and the warehouse's only where they are not the base's own."""
        seen = dict(self._in_catalog(unique_id))
        return tuple({**(seen if seen != dict(base._in_catalog(base_id)) else {}), **dict(self._declared(unique_id))}.items())  # its own kind

    def _in_catalog(self, unique_id: str) -> Iterator[tuple[str, str]]:
        table = self.lineage.catalog.tables.get(unique_id) if self.lineage.catalog is not None else None
        for name, kind in (table.columns if table is not None else {}).items():
            if kind:
                yield self.lineage.dialect.key(name, quoted=True), kind

    def _declared(self, unique_id: str) -> Iterator[tuple[str, str]]:
        node = self.lineage.graph.nodes.get(unique_id)
        for column in node.columns if node is not None else ():
            if column.data_type:
                yield self.lineage.dialect.key(column.name), column.data_type
