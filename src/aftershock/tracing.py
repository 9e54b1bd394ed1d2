"""Where a node's columns come from and where they go, from what a person typed to the whole answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import msgspec

from aftershock import times
from aftershock.columns import trace
from aftershock.columns.naming import check_columns
from aftershock.columns.opening import open_lineage
from aftershock.errors import AmbiguousName, SelectionError, UsageError
from aftershock.labels import labels
from aftershock.model import TABLE_TYPES
from aftershock.model.lineage import LineageNode, LineageReport
from aftershock.select import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aftershock.columns.project import ProjectLineage
    from aftershock.columns.trace import Way
    from aftershock.model import Artifacts
    from aftershock.model.lineage import LineageEdge, NodeColumns

Direction = Literal["up", "down", "both"]
DIRECTIONS = ("up", "down", "both")


def lineage(  # noqa: PLR0913  # the public question
    artifacts: Artifacts,
    node: str,
    *,
    columns: Sequence[str] = (),
    direction: str = "both",
    depth: int | None = None,
    facets: bool = False,
    reader: ProjectLineage | None = None,
    patches: Callable[[], Mapping[str, str]] | None = None,
    now: str = "",
) -> LineageReport:
    """Where columns come from, and where they go.

    Args:
        artifacts: what dbt left, from :func:`aftershock.read_artifacts`.
        node: a node as a person would type it, or ``node.column`` where that has one reading only.
        columns: its columns to follow, in any case; all that are known where none is named.
        direction: ``up``, ``down`` or ``both``.
        depth: the most nodes away; None for all.
        facets: whether all columns of every node on the way are wanted too, as the OpenLineage format needs them.
        reader: column lineage of the project, from :func:`aftershock.open_lineage`; opened here where None.
        patches: as for :func:`aftershock.assess`.
        now: the time of the question; the present where empty.

    Raises:
        SelectionError: the name means nothing, several nodes, or a node that has no columns.
        UnknownName: the node has no such column; says which are near.
        UsageError: a direction or depth that is none.
    """
    if direction not in DIRECTIONS:
        raise UsageError("--direction", f"there is no direction {direction!r}", f"Use one of: {', '.join(DIRECTIONS)}")
    if depth is not None and depth < 1:
        raise UsageError("--depth", f"{depth} is no number of nodes", "Use 1 or more, or leave it out for all")
    asked_at = times.parse(now, "now") if now else times.now()
    reader = reader if reader is not None else open_lineage(artifacts)
    columns = (columns,) if isinstance(columns, str) else tuple(dict.fromkeys(columns))
    start, named = _start(node, columns, artifacts, reader, patches)
    if named and reader.graph.nodes[start].resource_type not in TABLE_TYPES:
        raise SelectionError(
            node, f"{reader.graph.nodes[start].label} has no columns: it is no table", "Name a model, seed, snapshot or source, or ask without a column"
        )
    reader.read((start,), whole=True)
    known = reader.names(start)
    keys = [reader.key_of(start, column) for column in named] if named else _all_of(reader, start, down=direction != "up")
    ways = [
        *([trace.upstream(reader, start, keys, depth)] if direction != "down" else []),
        *([trace.downstream(reader, start, keys, depth)] if direction != "up" else []),
    ]
    edges = trace.as_written(reader, {edge for way in ways for edge in way.edges})
    nodes = _nodes(reader, start, keys, ways, up=direction != "down")
    ids = [found.unique_id for found in nodes]
    return LineageReport(
        start,
        tuple(known.get(key, key) for key in keys if key != trace.ROWS),
        cast("Direction", direction),
        depth,
        nodes,
        edges,
        _facets(reader, ids) if facets else (),
        trace.coverage(reader, {*ids, *(unique_id for way in ways for unique_id in way.unread)}),
        artifacts.project.info,
        artifacts.files,
        artifacts.warnings,
        tuple(_notes(reader, start, bool(named), edges)),
        labels(dict.fromkeys((*ids, *(ref.node for edge in edges for ref in (edge.source, edge.target) if ref.node in reader.graph))), reader.graph),
        times.iso(asked_at),
    )


def variables(text: str) -> dict[str, object]:
    """Values for ``var()``, as dbt's ``--vars`` takes them: ``key: value`` or ``{key: value}``, in YAML.

    Raises:
        UsageError: that is not what it holds.
    """
    from aftershock.jinja import CannotRender
    from aftershock.jinja.functions import FUNCTIONS

    try:
        found = FUNCTIONS["fromyaml"](text)
    except (CannotRender, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise UsageError("--vars", "it is no mapping of names to values", "Give it as dbt takes it: --vars 'start: 2026-01-01' or --vars '{a: 1, b: two}'")
    return found


def _start(
    text: str, columns: Sequence[str], artifacts: Artifacts, reader: ProjectLineage, patches: Callable[[], Mapping[str, str]] | None
) -> tuple[str, tuple[str, ...]]:
    """The node that a text means, and the columns that are asked for."""
    head, _, column = text.rpartition(".")
    ids, whole = _named(text, artifacts, reader, patches)
    split_ids, apart = _named(head, artifacts, reader, None) if head and column and not columns else ([], None)
    if whole is not None and isinstance(apart, AmbiguousName):
        raise apart
    with_column = [unique_id for unique_id in split_ids if _has(reader, unique_id, column)]
    if ids and with_column:
        raise AmbiguousName(text, (ids[0], f"{with_column[0]} --column {column}"))
    if len(with_column) == 1:
        return with_column[0], (column,)
    if len(with_column) > 1:
        raise AmbiguousName(text, tuple(with_column))
    if not ids and len(split_ids) == 1:
        check_columns(reader, split_ids, (column,))
        return split_ids[0], (column,)
    if whole is not None:
        raise whole
    if len(ids) > 1:
        raise AmbiguousName(text, tuple(ids))
    check_columns(reader, ids, columns)
    return ids[0], tuple(columns)


def _named(text: str, artifacts: Artifacts, reader: ProjectLineage, patches: Callable[[], Mapping[str, str]] | None) -> tuple[list[str], SelectionError | None]:
    """The nodes that a text means, or why it means none."""
    try:
        seeds = resolve(text, reader.graph, artifacts.project.disabled, patches=patches, tables=True)
    except SelectionError as error:
        return [], error
    return list(dict.fromkeys(seed.unique_id for seed in seeds)), None


def _has(reader: ProjectLineage, unique_id: str, column: str) -> bool:
    reader.read((unique_id,), whole=True)
    return column.casefold() in {name.casefold() for name in reader.names(unique_id).values()}


def _nodes(reader: ProjectLineage, start: str, keys: Sequence[str], ways: Sequence[Way], *, up: bool) -> tuple[LineageNode, ...]:
    columns: dict[str, dict[str, None]] = {start: dict.fromkeys(keys)}
    depths = {start: 0}
    unread: set[str] = set()
    for place, way in enumerate(ways):
        sign = -1 if up and place == 0 else 1
        unread |= way.unread
        used: dict[str, set[str]] = {}
        for ref in (ref for edge in way.edges for ref in (edge.source, edge.target)):
            used.setdefault(ref.node, set()).add(ref.column)
        for unique_id, its in way.columns.items():
            if unique_id not in reader.graph or unique_id == start:
                continue
            columns.setdefault(unique_id, {}).update(dict.fromkeys(key for key in its if key in used.get(unique_id, ())))
            depths.setdefault(unique_id, sign * way.depths[unique_id])
    found = [_node(reader, unique_id, depths[unique_id], its, unread) for unique_id, its in columns.items()]
    return tuple(sorted(found, key=lambda item: (item.depth, item.unique_id)))


def _node(reader: ProjectLineage, unique_id: str, depth: int, keys: Mapping[str, None], unread: set[str]) -> LineageNode:
    node, names = reader.graph.nodes[unique_id], reader.names(unique_id)
    lineage = reader.lineages.get(unique_id)
    why = lineage.unread if lineage is not None and unique_id in unread else ""
    shown = tuple(names.get(key, key) for key in keys if key)
    return LineageNode(unique_id, node.resource_type, node.label, node.relation_name, depth, shown, trace.ROWS in keys, why)


def _all_of(reader: ProjectLineage, start: str, *, down: bool) -> list[str]:
    """All of a node: its known columns, those that its children name where not all are known, and its rows, which a count of them needs."""
    keys = dict.fromkeys(reader.names(start))
    if down and not reader.info(start).complete:
        children = reader.graph.children(start)
        reader.read(children)
        found = [lineage.resolved for child in children if (lineage := reader.lineages.get(child)) is not None]
        keys.update((column, None) for resolved in found if resolved is not None for relation, column in resolved.reads if relation == start and column)
    return [*keys, trace.ROWS] if down else list(keys)


def _facets(reader: ProjectLineage, unique_ids: Sequence[str]) -> tuple[NodeColumns, ...]:
    """Every node whose code was read with its inputs, and what these inputs are: relations without inputs of their own, ephemeral models with them."""
    found: dict[str, NodeColumns] = {}
    todo = [unique_id for unique_id in unique_ids if _is_read(reader, unique_id)]
    while todo:
        unique_id = todo.pop()
        if unique_id in found or unique_id not in reader.graph:
            continue
        facet = trace.all_columns(reader, unique_id)
        own = unique_id in unique_ids or not facet.relation_name
        found[unique_id] = facet if own else msgspec.structs.replace(facet, edges=())
        if own:
            new = sorted({edge.source.node for edge in facet.edges} & reader.graph.nodes.keys() - found.keys())
            reader.read(new)
            todo.extend(new)
    return tuple(found[unique_id] for unique_id in sorted(found))


def _is_read(reader: ProjectLineage, unique_id: str) -> bool:
    found = reader.lineages.get(unique_id)
    return found is not None and found.resolved is not None


def _notes(reader: ProjectLineage, start: str, named: bool, edges: Sequence[LineageEdge]) -> Iterable[str]:  # noqa: FBT001  # one of its facts
    label = reader.graph.nodes[start].label
    if not named and not reader.info(start).complete and reader.graph.nodes[start].resource_type in TABLE_TYPES:
        yield f"Not all columns of {label} are known: dbt docs generate writes them into catalog.json."
    unsure = sum(not edge.certain for edge in edges)
    if unsure:
        yield f"{unsure} of {len(edges)} uses are not certain: names that may be of another column, code that was not read, or nodes without SQL, as metrics."
