"""The spellings of a node: which texts name it, and which of them is short and unambiguous."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aftershock.model import Node

KINDS = {
    "source": "source",
    "exposure": "exposure",
    "metric": "metric",
    "semantic_model": "semantic_model",
    "saved_query": "saved_query",
    "unit_test": "unit_test",
    "model": "model",
    "seed": "seed",
    "snapshot": "snapshot",
    "test": "test",
    "data_test": "test",
    "analysis": "analysis",
    "function": "function",
    "operation": "operation",
}
"""What may stand before a name's colon, and the resource type that it means."""

QUOTES = {'"': '"', "`": "`", "[": "]"}
MARKS = "".join({*QUOTES, *QUOTES.values()})
MOST_DOTS = 12


def names(node: Node) -> frozenset[str]:
    """Every exact name of a node: name, label, both after its package, and the path of dots that ``dbt ls`` prints.

    A source's bare table name is not one: dbt never finds a source by it.
    """
    label = node.label
    forms = {label, f"{node.package}.{label}", ".".join(node.fqn)}
    if node.source is None:
        forms |= {node.name, f"{node.package}.{node.name}"}
    return frozenset(forms)


def spellings(node: Node) -> tuple[str, ...]:
    """Ways to write a node, in the order in which people like to read them; the last is its unique_id."""
    label, kind = node.label, node.resource_type
    return (label, f"{node.package}.{label}", f"{kind}:{label}", f"{kind}:{node.package}.{label}", node.unique_id)


def tails(text: str) -> tuple[str, ...]:
    """The parts of a dotted text that can be the ``name`` of what it names: ``p.dim.v2`` may be a ``v2``, a ``dim`` or a ``dim.v2``."""
    parts = text.split(".")
    if len(parts) > MOST_DOTS:
        return (text,)
    ends = [".".join(parts[start:]) for start in range(len(parts))]
    heads = [".".join(parts[start:-1]) for start in range(len(parts) - 1)]
    return tuple(dict.fromkeys([*ends, *heads]))


def relation_parts(text: str) -> tuple[str, ...]:
    """``"Db".[Schema].table`` as ``("db", "schema", "table")``; empty where the text is not one to four parts with balanced quotes."""
    parts: list[str] = []
    rest = text.strip()
    while rest:
        if rest[0] in QUOTES:
            part, closed, rest = rest[1:].partition(QUOTES[rest[0]])
            if not closed or (rest and not rest.startswith(".")):
                return ()
            parts.extend(part.split("."))
        else:
            part, _, _ = rest.partition(".")
            rest = rest[len(part) :]
            parts.append(part)
        if rest == ".":
            return ()
        rest = rest[1:]
    return tuple(part.strip().lower() for part in parts) if all(parts) and len(parts) <= 4 else ()  # noqa: PLR2004  # four, as the docstring says


def relation(node: Node) -> tuple[str, ...]:
    """Database, schema and table of a node in lower case, as many as it has."""
    if node.schema and node.identifier:
        return tuple(part.strip(MARKS).lower() for part in (node.database, node.schema, node.identifier) if part)
    return relation_parts(node.relation_name)
