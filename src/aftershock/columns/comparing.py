"""Two projects' queries compared, node by node: how each differs by what it gives its readers.

Both sides' SQL is of the same kind: what dbt compiled on both, or the templates rendered on both. It is compared in child processes, and the answer is
kept by content: both texts, and what is known of the columns of what they read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.columns.facts import Facts
from aftershock.columns.inlining import inlined_between, inlined_fresh, left_of
from aftershock.columns.jobs import Job
from aftershock.columns.readings import INCREMENTAL
from aftershock.model.changes import QueryDiff
from aftershock.sql.comparing.facts import Compared, Comparison, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aftershock.columns.inlining import Inlined
    from aftershock.columns.jobs import Reading
    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Catalog, Node
    from aftershock.model.code import NodeCode

SAME = QueryDiff(same=True)


class Pair(NamedTuple):
    """A node of both projects."""

    base: str
    head: str


def compare(base: ProjectLineage, head: ProjectLineage, unique_ids: Sequence[tuple[str, str]], *, built: Catalog | None = None) -> dict[str, QueryDiff]:
    """How nodes' queries differ by what they give their readers.

    A difference is the node's own: columns that a parent lost are the parent's, and where a parent renamed a column for certain, a query that
    follows is the same. Parents count as renamed only where they are among the pairs.

    Args:
        base: what is compared with.
        head: what is compared.
        unique_ids: the nodes, each as it is called in the base and in the head.
        built: what the warehouse says of the base, for types; that of the lineage where None, which may know less.

    Returns:
        By the head's unique_id. Nothing is left out: what could not be compared says why.
    """
    return _Comparing(base, head, [Pair(*pair) for pair in unique_ids], built).found()


class _Comparing:
    def __init__(self, base: ProjectLineage, head: ProjectLineage, pairs: Sequence[Pair], built: Catalog | None) -> None:
        names = {**_moved_sources(base, head), **{pair.head: pair.base for pair in pairs if pair.head != pair.base}}
        settled = _settled(base, head, pairs)
        self.sides = (Facts(base, {}, built or base.catalog, settled), Facts(head, names, head.catalog, settled))
        self.pairs = {pair.head: pair for pair in pairs}
        self.head = head
        self.decided: dict[str, QueryDiff] = {}
        self.texts: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self.partly: dict[str, str] = {}
        self.inlined: dict[str, Inlined] = {}
        self.renames: dict[str, tuple[tuple[str, str], ...]] = {}

    def found(self) -> dict[str, QueryDiff]:
        """All of them."""
        self._choose()
        self.inlined.update(inlined_fresh(self.sides, {name: self.pairs[name] for name in self.texts}))
        compared = self._compared(self.texts, {})
        wanting = {name: item.wanting for name, item in compared.items() if item.wanting}
        if wanting:
            wanted = {relation for relations in wanting.values() for relation in relations}
            learned = [side.learn(wanted) for side in self.sides]
            if any(learned):
                compared.update(self._compared(wanting, {}))
        self.decided.update((name, self._whole(name, item.diff)) for name, item in compared.items())
        self._carry()
        self._look_through()
        return {name: self.decided[name] for name in self.pairs}

    def _whole(self, name: str, diff: QueryDiff) -> QueryDiff:
        """What was found of a node, which says nothing where a part of it was not read."""
        partly = self.partly.get(name, "")
        return QueryDiff(unread=partly) if partly and diff.same else diff

    def _carry(self) -> None:
        """Compare again what reads a column that has another name now, parents first."""
        renames = self.renames
        for name in self.head.graph.in_order([name for name in self.pairs if name in self.head.graph.nodes]):
            parents = self.head.graph.parents(name)
            if name in self.texts and not self.decided[name].same and any(parent in renames for parent in parents):
                again = self._compared((name,), renames)
                self.decided[name] = self._whole(name, again[name].diff)
            if self.decided[name].renamed:
                renames[name] = self.decided[name].renamed

    def _look_through(self) -> None:
        """Compare again what still differs, with the queries of what it reads in their place where those may tell why."""
        changed = {self.sides[1].relation(name) for name, diff in self.decided.items() if not diff.same}
        for name, texts in self.texts.items():
            for side, each, text in zip(self.sides, self.pairs[name], texts, strict=True):
                side.keep(each, text)
        again: dict[str, Inlined] = {}
        for name in self.texts:
            own = self.decided[name]
            if own.values or own.rows or own.retyped:
                found = inlined_between(self.sides, self.pairs[name], changed)
                if found != self.inlined[name]:
                    again[name] = found
        self.inlined.update(again)
        for name, item in self._compared(again, self.renames).items():
            self.decided[name] = self._whole(name, left_of(self.decided[name], item.diff))

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
        base, head = (side.of(each, text, inlined) for side, each, text, inlined in zip(self.sides, pair, texts, self.inlined[name], strict=True))
        if renames:
            head = self.sides[1].renamed(head, {self.sides[1].relation(node): pairs for node, pairs in renames.items()})
        own = self.sides[1].own_types(pair.head, self.sides[0], pair.base)
        return Comparison(
            Side(texts[0], base.known, base.inlined, self.sides[0].types(pair.base)), Side(texts[1], head.known, head.inlined, own), self.head.readings.adapter
        )


def _answer(reading: Reading) -> Compared:
    return reading.compared if reading.compared is not None else Compared(QueryDiff(unread=reading.reason or "it is empty"))


def _moved_sources(base: ProjectLineage, head: ProjectLineage) -> dict[str, str]:
    """Sources of the head under the names that the base has for the same tables, where only their names in the project changed."""
    gone = {
        parts: name for name, node in base.graph.nodes.items() if node.resource_type == "source" and name not in head.graph.nodes and (parts := _table(node))
    }
    new = {
        name: parts for name, node in head.graph.nodes.items() if node.resource_type == "source" and name not in base.graph.nodes and (parts := _table(node))
    }
    return {name: gone[parts] for name, parts in new.items() if parts in gone}


def _settled(base: ProjectLineage, head: ProjectLineage, pairs: Iterable[Pair]) -> set[str]:
    """Nodes whose columns have the same types on both sides: both catalogs say so, and nothing that is compared is among what they are built of."""
    if base.catalog is None or head.catalog is None:
        return set()
    alike = {name for name, table in base.catalog.tables.items() if name in head.catalog.tables and head.catalog.tables[name].columns == table.columns}
    ends = list(pairs)
    moving = (
        base.graph.descendants(pair.base for pair in ends if pair.base in base.graph.nodes),
        head.graph.descendants(pair.head for pair in ends if pair.head in head.graph.nodes),
    )
    return alike - moving[0].keys() - moving[1].keys()


def _table(node: Node) -> tuple[str, ...]:
    return tuple(part for part in (node.database, node.schema, node.identifier or node.name) if part) if node.is_relation else ()
