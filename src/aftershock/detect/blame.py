"""Errors about a column or a table that is not there: which of them have one cause, and which node lost it, where something shows that."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from aftershock.detect.rows import Finding
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aftershock.detect.scene import Scene
    from aftershock.model import Catalog


class Blame(msgspec.Struct, frozen=True):
    """Findings with one cause.

    ``origin`` is the node that lost what they miss, empty where nothing shows that; ``proof`` is what does, or what speaks against it, one sentence
    without a full stop; ``invented`` is whether nothing that they read is known to ever have had it.
    """

    findings: tuple[Finding, ...]
    origin: str = ""
    proof: str = ""
    invented: bool = False


def blamed(findings: Iterable[Finding], scene: Scene) -> tuple[Blame, ...]:
    """Findings that name what is missing, put together where they miss the same."""
    columns: dict[str, list[Finding]] = defaultdict(list)
    relations: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.reading.columns:
            columns[finding.reading.columns[0].casefold()].append(finding)
        else:
            relations[_parts(finding.reading.relation)].append(finding)
    return (*_columns(columns, scene), *_relations(relations, scene))


def _columns(columns: dict[str, list[Finding]], scene: Scene) -> Iterator[Blame]:
    for column, found in columns.items():
        for together in _related(found, scene):
            yield _lost(column, tuple(together), scene)


def _related(findings: list[Finding], scene: Scene) -> list[list[Finding]]:
    """Findings that miss a column of one name, parted by whether anything above them is shared: nothing else makes it one column."""
    return related([(finding, everything_above(_holders(finding, scene), scene)) for finding in findings])


def related(findings: Iterable[tuple[Finding, frozenset[str]]]) -> list[list[Finding]]:
    """Findings parted so that those with anything in common are together.

    Args:
        findings: each with what it may have in common with others.
    """
    groups: list[tuple[set[str], list[Finding]]] = []
    for finding, above in findings:
        shared = [group for group in groups if not group[0].isdisjoint(above)]
        groups = [group for group in groups if group[0].isdisjoint(above)]
        groups.append((set(above).union(*(group[0] for group in shared)), [*(item for group in shared for item in group[1]), finding]))
    return [found for _, found in groups]


def everything_above(unique_ids: Iterable[str], scene: Scene) -> frozenset[str]:
    """These nodes and all that they depend on."""
    return frozenset(above for unique_id in unique_ids for above in scene.above(unique_id))


def _holders(finding: Finding, scene: Scene) -> tuple[str, ...]:
    """What should have the column: what a node reads, through ephemeral models, or the node that a test reads."""
    if finding.reading.about_test:
        return finding.nodes
    found: dict[str, None] = {}
    stack = list(finding.nodes)
    while stack:
        for parent in scene.graph.parents(stack.pop()):
            if parent not in found:
                found[parent] = None
                if scene.graph.nodes[parent].materialized == "ephemeral":
                    stack.append(parent)
    return tuple(found) or finding.nodes


def _lost(column: str, findings: tuple[Finding, ...], scene: Scene) -> Blame:
    """Who lost a column: the highest node above all findings of which a catalog shows that it lacks it and something that it had it."""
    common = frozenset.intersection(*(everything_above(_holders(finding, scene), scene) for finding in findings))
    for unique_id in scene.graph.in_order(common):
        proof = _proof(unique_id, column, scene)
        if proof:
            return Blame(findings, unique_id, f"{scene.label(unique_id)} has no column {column} now: {proof}")
    direct = [unique_id for finding in findings for unique_id in _holders(finding, scene)]
    has = [unique_id for unique_id in dict.fromkeys(direct) if _had(unique_id, column, scene)]
    if has:
        names = listing([scene.label(unique_id) for unique_id in has])
        return Blame(
            findings, proof=f"{names} {'is' if len(has) == 1 else 'are'} known to have had {column}, and no newer catalog shows whether that is still so"
        )
    if all(_columns_of(unique_id, scene.catalog) for unique_id in direct):
        return Blame(findings, proof=f"nothing that is read is known to ever have had {column}", invented=True)
    return Blame(findings, proof=f"nothing shows whether {column} was ever there: no catalog lists what is read")


def _proof(unique_id: str, column: str, scene: Scene) -> str:
    """What shows that a node lost a column; empty where nothing does."""
    now = _columns_of(unique_id, scene.catalog)
    if not now or column in now:
        return ""
    if column in _columns_of(unique_id, scene.before):
        return "the catalog of before lists it, and the newer one does not"
    declared = column in {item.name.casefold() for item in scene.graph.nodes[unique_id].columns}
    return "its YAML declares it, and the catalog does not list it" if declared else ""


def _had(unique_id: str, column: str, scene: Scene) -> bool:
    declared = {item.name.casefold() for item in scene.graph.nodes[unique_id].columns}
    return column in declared | _columns_of(unique_id, scene.catalog) | _columns_of(unique_id, scene.before)


def _columns_of(unique_id: str, catalog: Catalog | None) -> set[str]:
    table = catalog.tables.get(unique_id) if catalog is not None else None
    return {name.casefold() for name in table.columns} if table is not None else set()


def _relations(relations: dict[tuple[str, ...], list[Finding]], scene: Scene) -> Iterator[Blame]:
    for parts, found in relations.items():
        origins = {_origin(finding, parts, scene) for finding in found}
        origin = origins.pop() if len(origins) == 1 else ""
        name = ".".join(parts)
        proof = f"{name} is the relation of {scene.label(origin)}" if origin else f"{name} is no relation of a node that is read"
        yield Blame(tuple(found), origin, proof)


def _origin(finding: Finding, parts: tuple[str, ...], scene: Scene) -> str:
    """The node whose relation an error names: among what is read, the node itself and what is above; empty unless it is one."""
    near = (*finding.nodes, *_holders(finding, scene))
    named = {unique_id for unique_id in dict.fromkeys(near) if _is_named(unique_id, parts, scene)}
    return named.pop() if len(named) == 1 else ""


def _is_named(unique_id: str, parts: tuple[str, ...], scene: Scene) -> bool:
    node = scene.graph.nodes[unique_id]
    own = tuple(part.casefold() for part in (node.database, node.schema, node.identifier or node.name))
    return bool(parts) and own[-len(parts) :] == parts[-len(own) :]


def _parts(relation: str) -> tuple[str, ...]:
    return tuple(part.casefold() for part in relation.split(".") if part)
