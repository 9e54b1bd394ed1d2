"""The whole query of a model as a full run would see it: what a table must hold when it is right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from aftershock.jinja.relation import EPHEMERAL_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Node

MOVING = re.compile(r"\brun_started_at\b|\bmodules\b|\binvocation_id\b|\bflags\b|\bcompiled_code\b")
"""Names in a template whose value was another one when the artifacts were written than it will be when the plan is run."""


class Query(msgspec.Struct, frozen=True):
    """A SELECT, and by name the SQL of the ephemeral models that it names."""

    text: str
    ctes: dict[str, str] = {}


class Queries:
    """The queries of a project's models, snapshots' inputs included.

    Args:
        reader: the project's code.
        listed: whether a relation has the columns that the warehouse listed; not where it lost some since, or has them back.
    """

    def __init__(self, reader: ProjectLineage, *, listed: bool = True) -> None:
        self._reader = reader
        self._listed = listed
        self._known: dict[str, Query | str] = {}

    def of(self, unique_id: str) -> Query | str:
        """A node's query, or why it cannot be known, as a part of a sentence."""
        if unique_id not in self._known:
            self._known[unique_id] = self._find(unique_id)
        return self._known[unique_id]

    def columns(self, unique_id: str) -> tuple[str, ...]:
        """All columns of a node's relation in order: as the warehouse said, else as its SQL yields them; empty where they are not all known."""
        self._reader.read((unique_id,), whole=True)
        if not self._listed:
            found = self._reader.lineages.get(unique_id)
            own = found.resolved if found is not None else None
            return tuple(name for name, _, _ in own.columns) if own is not None and own.closed else ()
        info = self._reader.info(unique_id)
        return tuple(name for name, _ in info.columns) if info.complete else ()

    def own_columns(self, unique_id: str) -> frozenset[str]:
        """The columns that a node's SQL yields, what dbt adds included, in lower case; empty where they are not all known."""
        self._reader.read((unique_id,), whole=True)
        lineage = self._reader.lineages.get(unique_id)
        resolved = lineage.resolved if lineage is not None else None
        return frozenset(name.lower() for name, _, _ in resolved.columns) if resolved is not None and resolved.closed else frozenset()

    def _find(self, unique_id: str) -> Query | str:
        node, code = self._reader.graph.nodes[unique_id], self._reader.code.nodes.get(unique_id)
        if code is None:
            return "the manifest does not have its code"
        if code.language != "sql":
            return f"it is a {code.language.capitalize()} model"
        if MOVING.search(code.raw):
            return "its template depends on when it is run"
        compiled = self._reader.readings.compiled(unique_id).strip()
        if compiled and (_is_whole(node) or "{" not in code.raw):
            return Query(_bare(compiled))
        return self._rendered(unique_id)

    def _rendered(self, unique_id: str) -> Query | str:
        inlined = tuple(self._inlined(unique_id))
        found = self._reader.readings.full([unique_id, *inlined])
        missing = next((answer.reason for answer in found.values() if not answer.text.strip()), "")
        if missing:
            return missing
        names = {each: f"{EPHEMERAL_PREFIX}{self._reader.graph.nodes[each].identifier or self._reader.graph.nodes[each].name}" for each in inlined}
        return Query(_bare(found[unique_id].text), {names[each]: _bare(found[each].text) for each in inlined})

    def _inlined(self, unique_id: str) -> Iterator[str]:
        """The ephemeral models that become part of a node's SQL, none before one that it reads."""
        graph = self._reader.graph
        found: set[str] = set()
        todo = [unique_id]
        while todo:
            for parent in graph.parents(todo.pop()):
                if parent not in found and parent in graph.nodes and graph.nodes[parent].materialized == "ephemeral":
                    found.add(parent)
                    todo.append(parent)
        return iter(graph.in_order(found))


def _is_whole(node: Node) -> bool:
    """Whether what dbt compiled is the whole query: that of an incremental model may be of its newest rows, of a microbatch model of one batch."""
    return node.materialized != "incremental" or (node.build.takes_all and node.build.strategy != "microbatch")


def _bare(text: str) -> str:
    """Without the semicolon at its end, so that it can stand in parentheses."""
    return text.strip().rstrip(";").rstrip()
