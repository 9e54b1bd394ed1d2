"""Where relations lie in both projects: a pull request's target is another schema, and that alone moves nothing."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.changes.sides import Pair
    from aftershock.model import Node

KEYS = ("database", "schema", "alias")
CASELESS = frozenset({"athena", "databricks", "duckdb", "spark", "trino"})
"""Adapters of warehouses to which a relation's name is the same in any case, quoted or not."""
PART = re.compile(r'"[^"]*"|`[^`]*`|\[[^\]]*\]|[^.]+')
MOST = 0.5
"""The part of all relations that must lie where they lay for both projects to be made for the same target."""


class Places(NamedTuple):
    """Which place of the head each place of the base has become, by (database, schema); ``same`` where both are made for one target."""

    became: dict[tuple[str, str], tuple[str, str]]
    same: bool

    def moved(self, pair: Pair) -> bool:
        """Whether a relation lies elsewhere, and not only because the target is another one."""
        if not pair.base.is_relation or not pair.head.is_relation:
            return False
        there, here = place_of(pair.base), place_of(pair.head)
        if self.same:
            return there != here or name_of(pair.base) != name_of(pair.head)
        if configured(pair):
            return True
        known = self.became.get(there)
        return name_of(pair.base) != name_of(pair.head) or (known is not None and known != here)


def places(pairs: Iterable[Pair]) -> Places:
    """Where the relations of one project lie in the other."""
    found: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
    kept = total = 0
    for pair in pairs:
        if pair.base.is_relation and pair.base.resource_type != "source":
            there, here = place_of(pair.base), place_of(pair.head)
            if there != here and configured(pair):  # moved for a reason of its own, which says nothing of the target
                total += 1
                continue
            found.setdefault(there, Counter())[here] += 1
            kept += there == here
            total += 1
    return Places({there: counts.most_common(1)[0][0] for there, counts in found.items()}, kept >= total * MOST)


def place_of(node: Node) -> tuple[str, str]:
    """A relation's database and schema, as they compare."""
    return node.database.casefold(), node.schema.casefold()


def name_of(node: Node) -> str:
    """A relation's own name, as it compares."""
    return (node.identifier or node.name).casefold()


def respelled(old: Node, new: Node, adapter: str) -> bool:
    """Whether a relation of the same name is another one to a warehouse that minds case or quotes; the names count as dbt writes them, where it does."""
    if adapter in CASELESS or not old.relation_name or not new.relation_name:
        return False
    return _meant(old.relation_name) != _meant(new.relation_name)


def _meant(name: str) -> list[str]:
    """The parts of a name, those that are not quoted in lower case."""
    return [part if part[:1] in {'"', "`", "["} else part.casefold() for part in PART.findall(name)]


def configured(pair: Pair) -> bool:
    """Whether what is written about a node's place differs; what the version of dbt does not keep as written counts as it was rendered."""
    return any(written(pair.old.unrendered, pair.old.config, key) != written(pair.new.unrendered, pair.new.config, key) for key in KEYS)


def written(unrendered: dict[str, object], config: dict[str, object], key: str) -> object:
    """A setting as it is written, template included; as it was rendered where that is not known."""
    return unrendered.get(key) if unrendered else config.get(key)
