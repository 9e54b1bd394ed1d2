"""A column's way through a project: where it comes from, and where it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.columns.masks import NAMED, PASSED, SURE, roles
from aftershock.columns.relating import OUTSIDE
from aftershock.model import UNAFFECTED_TYPES
from aftershock.model.lineage import ColumnRef, Coverage, LineageEdge, NodeColumns, Unread
from aftershock.sql.query import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aftershock.columns.project import ProjectLineage
    from aftershock.columns.relations import Inputs
    from aftershock.columns.resolve import Resolved
    from aftershock.model.lineage import Kind, Subtype

ROWS = ""


class Way(NamedTuple):
    """What a walk found: columns (ROWS for all rows) and depth by node, the edges between them, and nodes that were not read on the way."""

    columns: dict[str, dict[str, None]]
    depths: dict[str, int]
    edges: frozenset[LineageEdge]
    unread: frozenset[str]


def downstream(lineage: ProjectLineage, start: str, columns: Iterable[str], depth: int | None = None) -> Way:
    """Everything that depends on these columns (keys) of a node. Nothing but its descendants, and what they need, is read."""
    graph = lineage.graph
    found: dict[str, dict[str, None]] = {start: dict.fromkeys(columns)}
    depths = {start: 0}
    edges: set[LineageEdge] = set()
    unread: set[str] = set()
    below = graph.in_order(unique_id for unique_id in graph.descendants((start,), depth=depth) if graph.nodes[unique_id].resource_type not in UNAFFECTED_TYPES)
    lineage.read(below)
    for unique_id in below:
        parents = [parent for parent in graph.parents(unique_id) if parent in found]
        if unique_id == start or not parents:
            continue
        new = list(_into(lineage, unique_id, found, unread))
        if new:
            edges.update(new)
            found[unique_id] = dict.fromkeys(edge.target.column for edge in sorted(new))
            depths[unique_id] = 1 + min(depths[parent] for parent in {edge.source.node for edge in new} if parent in depths)
    return Way(found, depths, frozenset(edges), frozenset(unread))


def upstream(lineage: ProjectLineage, start: str, columns: Iterable[str], depth: int | None = None) -> Way:
    """Everything that these columns (keys) of a node depend on."""
    found: dict[str, dict[str, None]] = {start: dict.fromkeys((*columns, ROWS))}
    depths = {start: 0}
    edges: set[LineageEdge] = set()
    unread: set[str] = set()
    frontier: dict[str, list[str]] = {start: list(found[start])}
    while frontier:
        reached: dict[str, list[str]] = {}
        for unique_id, its in frontier.items():
            if depth is not None and depths[unique_id] >= depth:
                continue
            if unique_id in lineage.graph:
                lineage.read((unique_id,))
            for edge in _from(lineage, unique_id, its, unread):
                edges.add(edge)
                parent, known = edge.source.node, found.setdefault(edge.source.node, {})
                depths.setdefault(parent, depths[unique_id] + 1)
                for column in (edge.source.column, ROWS):
                    if column not in known:
                        known[column] = None
                        reached.setdefault(parent, []).append(column)
        frontier = reached
    return Way({unique_id: its for unique_id, its in found.items() if not unique_id.startswith(OUTSIDE)}, depths, frozenset(edges), frozenset(unread))


def all_columns(lineage: ProjectLineage, unique_id: str) -> NodeColumns:
    """A node's columns with everything that leads into them."""
    node = lineage.graph.nodes[unique_id]
    table = lineage.catalog.tables.get(unique_id) if lineage.catalog is not None else None
    types = {name.casefold(): kind for name, kind in table.columns.items()} if table is not None else {}
    types = {**{column.name.casefold(): column.data_type for column in node.columns}, **types}
    info = lineage.info(unique_id)
    edges = as_written(lineage, set(_from(lineage, unique_id, (*(key for _, key in info.columns), ROWS), set())))
    return NodeColumns(unique_id, node.relation_name, tuple((name, types.get(name.casefold(), "")) for name, _ in info.columns), edges)


def coverage(lineage: ProjectLineage, unique_ids: Iterable[str] | None = None) -> Coverage:
    """How much of the code of these nodes was read; of all that were looked at where None. Tests are not counted."""
    graph = lineage.graph
    wanted = lineage.lineages if unique_ids is None else unique_ids
    looked = sorted(unique_id for unique_id in wanted if unique_id in lineage.lineages and graph.nodes[unique_id].resource_type not in UNAFFECTED_TYPES)
    read = [found for unique_id in looked if (found := lineage.lineages[unique_id].resolved) is not None]
    missing = tuple(Unread(unique_id, lineage.lineages[unique_id].unread) for unique_id in looked if lineage.lineages[unique_id].resolved is None)
    references = sum(found.references for found in read)
    return Coverage(
        len(looked),
        len(read),
        missing,
        references,
        references - sum(len(found.unknown) for found in read),
        sum(found.closed for found in read),
        tuple(Unread(unique_id, lineage.lineages[unique_id].partly) for unique_id in looked if lineage.lineages[unique_id].partly),
    )


def _into(lineage: ProjectLineage, unique_id: str, found: dict[str, dict[str, None]], unread: set[str]) -> Iterator[LineageEdge]:
    """The uses of columns that were found, by one node below them."""
    its = lineage.lineages.get(unique_id)
    if its is None or its.resolved is None:
        if its is not None:
            unread.add(unique_id)
        parents = {parent: found[parent] for parent in lineage.graph.parents(unique_id) if parent in found}
        yield from (_unread_edge(parent, column, unique_id) for parent, columns in parents.items() for column in columns)
        return
    unseen = {parent: found[parent] for parent in its.unseen if parent in found}
    yield from (_unread_edge(parent, column, unique_id) for parent, columns in unseen.items() for column in columns)
    for target, inputs in _outputs(its.resolved):
        for relation, column, mask in _matching(lineage, inputs, found):
            yield from _edges(relation, column, unique_id, target, mask)
    for relation, without, _ in its.resolved.opens:
        passed = [column for column in found.get(relation, {}) if column and column not in without and column not in lineage.names(relation)]
        yield from (edge for column in passed for edge in _edges(relation, column, unique_id, column, PASSED | SURE))
    for parent in its.resolved.relations:
        if ROWS in found.get(parent, {}):
            yield LineageEdge(ColumnRef(parent, ROWS), ColumnRef(unique_id, ROWS), "INDIRECT", "FILTER", named=False)


def _from(lineage: ProjectLineage, unique_id: str, columns: Iterable[str], unread: set[str]) -> Iterator[LineageEdge]:
    """The columns that columns of one node are made of."""
    its = lineage.lineages.get(unique_id)
    if its is None or its.resolved is None:
        parents = lineage.graph.parents(unique_id) if unique_id in lineage.graph else ()
        if its is not None:
            unread.add(unique_id)
        yield from _any_column(lineage, parents, unique_id)
        return
    yield from _any_column(lineage, its.unseen, unique_id)
    outputs = dict(_outputs(its.resolved))
    for column in columns:
        for relation, source, mask in _sources(its.resolved, outputs, column):
            yield from _edges(relation, source, unique_id, column, mask)


def _any_column(lineage: ProjectLineage, parents: Iterable[str], unique_id: str) -> Iterator[LineageEdge]:
    """What may come of parents where nobody says which of their columns is used: every one."""
    ids = tuple(parents)
    lineage.read(ids)
    for parent in ids:
        known = () if lineage.info(parent).complete else ("*",)
        yield from (_unread_edge(parent, column, unique_id) for column in (*lineage.names(parent), *known))


def _sources(resolved: Resolved, outputs: dict[str, Inputs], column: str) -> Iterator[tuple[str, str, int]]:
    """What one column of a query comes from; one that it does not list, by whatever it passes on."""
    if column in outputs:
        yield from ((relation, source, mask) for (relation, source), mask in outputs[column].items())
    elif column:
        passed = [relation for relation, without, _ in resolved.opens if column not in without]
        yield from ((relation, column, PASSED | (SURE if len(passed) == 1 else 0)) for relation in passed)


def _unread_edge(parent: str, column: str, unique_id: str) -> LineageEdge:
    """What a node whose code was not read may do with a column of a parent."""
    return LineageEdge(ColumnRef(parent, column), ColumnRef(unique_id, ROWS), "INDIRECT", "FILTER", named=False, certain=False)


def _outputs(resolved: Resolved) -> Iterator[tuple[str, Inputs]]:
    """Output columns and rows, each with what it comes from."""
    for _, key, inputs in resolved.columns:
        yield key, inputs
    yield ROWS, resolved.rows
    if resolved.further:
        yield "*", resolved.further


def _matching(lineage: ProjectLineage, inputs: Inputs, found: dict[str, dict[str, None]]) -> Iterator[tuple[str, str, int]]:
    """Those inputs that were found."""
    for (relation, column), mask in inputs.items():
        its = found.get(relation)
        if its is None:
            continue
        if column in its:
            yield relation, column, mask
        elif column == "*":
            yield from ((relation, other, mask) for other in its if other and other not in lineage.names(relation))


def _edges(relation: str, column: str, unique_id: str, target: str, mask: int) -> Iterator[LineageEdge]:
    """One edge for each way in which a column is used."""
    source, to = ColumnRef(relation, column), ColumnRef(unique_id, target)
    for role in roles(mask):
        direct = role <= Role.AGGREGATION
        yield LineageEdge(source, to, "DIRECT" if direct else "INDIRECT", role.name, named=bool(mask & NAMED), certain=bool(mask & SURE))  # type: ignore[arg-type]  # the names are those words


def as_written(lineage: ProjectLineage, edges: Iterable[LineageEdge]) -> tuple[LineageEdge, ...]:
    """Edges between columns as the SQL or the warehouse writes them, sorted."""
    return tuple(sorted(LineageEdge(_written(lineage, edge.source), _written(lineage, edge.target), *_rest(edge)) for edge in edges))


def _rest(edge: LineageEdge) -> tuple[Kind, Subtype, bool, bool]:
    return edge.kind, edge.subtype, edge.named, edge.certain


def _written(lineage: ProjectLineage, ref: ColumnRef) -> ColumnRef:
    if not ref.column or ref.column == "*" or ref.node not in lineage.graph.nodes:
        return ref
    return ColumnRef(ref.node, lineage.names(ref.node).get(ref.column, ref.column))
