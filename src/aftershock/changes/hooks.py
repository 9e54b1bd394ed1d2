"""What runs before and after a node's own SQL, as queries: a column that is gone may be named there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Node
    from aftershock.sql.query import Statement

PRE = "pre-hook"
WORD = re.compile(r"\w+")
THIS = re.compile(r"\{\{\s*this(?:\.(schema|database|identifier|name|table))?\s*\}\}")
REF = re.compile(r"""\{\{\s*ref\(\s*['"]([^'"]+)['"]\s*\)\s*\}\}""")
NO_QUERY = re.compile(r"\s*(?:grant|revoke|analyze|vacuum|comment|set|begin|commit|call)\b", re.IGNORECASE)


class Hook(NamedTuple):
    """A hook: under which setting it stands, its words folded, and the queries that it is; none where it was not read."""

    key: str
    words: frozenset[str]
    statements: tuple[Statement, ...]


def hooks(lineage: ProjectLineage, node: Node, wanted: Collection[str]) -> tuple[Hook, ...]:
    """The hooks of a node that have one of these words.

    Args:
        lineage: reads SQL.
        node: the node.
        wanted: words, folded.
    """
    code = lineage.code.nodes.get(node.unique_id)
    if code is None or not wanted:
        return ()
    from aftershock.columns.jobs import Job

    found = [(key, text, frozenset(WORD.findall(text.casefold()))) for key, text in _texts(code.config)]
    ready = [(key, words, _written(lineage, node, text)) for key, text, words in found if not words.isdisjoint(wanted)]
    jobs = [Job(node.unique_id, sql, lineage.readings.adapter) for _, _, sql in ready if sql]
    answers = iter(lineage.readings.ask(jobs) if jobs else ())
    return tuple(Hook(key, words, next(answers).statements if sql else ()) for key, words, sql in ready)


def _texts(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in (PRE, "post-hook"):
        found = config.get(key)
        for item in found if isinstance(found, list) else [found]:
            text = item.get("sql") if isinstance(item, dict) else item
            if isinstance(text, str) and text.strip():
                yield key, text


def _written(lineage: ProjectLineage, node: Node, text: str) -> str:
    """A hook as the warehouse gets it; empty where its template says more than the names of relations, or it is no query."""
    names = {"schema": node.schema, "database": node.database, "": node.relation_name}
    by_name = {lineage.graph.nodes[parent].name: lineage.graph.nodes[parent].relation_name for parent in lineage.graph.parents(node.unique_id)}
    found = THIS.sub(lambda match: names.get(match[1] or "", node.identifier or node.name) or "", text)
    found = REF.sub(lambda match: by_name.get(match[1], match[0]), found)
    return "" if "{{" in found or "{%" in found or NO_QUERY.match(found) else found
