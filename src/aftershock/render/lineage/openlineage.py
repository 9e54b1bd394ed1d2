"""Lineage as OpenLineage events: a JSON array with one DatasetEvent for each relation on the way.

The dataset of an event has the facets ``schema`` and, where its code was read, ``columnLineage`` (1-2-0): ``fields`` for each output column, ``dataset``
for what decides about its rows. Namespaces follow OpenLineage's naming as far as artifacts know them: a scheme without the account or host, which
only the connection tells (``snowflake://``, ``postgres://``), and whole for ``bigquery``. A name is the relation's, without quotes. An ephemeral model
is no dataset: what comes through it comes of what it reads. ``field`` is ``*`` for columns that are not known one by one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from aftershock._version import __version__
from aftershock.columns.relating import PART
from aftershock.render.encoding import encoded
from aftershock.render.lineage.sides import is_outside, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aftershock.model.lineage import ColumnRef, LineageEdge, LineageReport, NodeColumns

PRODUCER = f"https://pypi.org/project/aftershock/{__version__}/"
"""Who says it."""
_SPEC = "https://openlineage.io/spec"
EVENT_SCHEMA = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/DatasetEvent"
COLUMNS_SCHEMA = f"{_SPEC}/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
FIELDS_SCHEMA = f"{_SPEC}/facets/1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"

UNCERTAIN = "not certain: it may be another column that is used"
"""The description of a transformation that may not be."""

_SCHEMES = {"bigquery": "bigquery", "athena": "awsathena://", "synapse": "sqlserver://", "fabric": "sqlserver://", "motherduck": "duckdb://"}
"""Adapters whose namespace is not their name and ``://``."""

_Uses = dict[tuple["ColumnRef", str, str], bool]
"""(column, kind, subtype) -> whether that is certain."""


def openlineage(report: LineageReport) -> str:
    """The report's facets as events, sorted by unique_id: the same report gives the same bytes."""
    names = _Names(report)
    on_way = {node.unique_id for node in report.nodes}
    facets = [facet for facet in sorted(report.facets, key=lambda facet: facet.unique_id) if facet.relation_name and facet.unique_id in on_way]
    return encoded([_event(report, facet, names) for facet in facets])


class _Names:
    """Datasets by unique_id, and what ephemeral models stand for."""

    def __init__(self, report: LineageReport) -> None:
        self.report = report
        self.namespace = namespace(report.project.adapter)
        self.facets = {facet.unique_id: facet for facet in report.facets}
        self.relations = {node.unique_id: node.relation_name for node in report.nodes} | {facet.unique_id: facet.relation_name for facet in report.facets}

    def dataset(self, unique_id: str) -> dict[str, str]:
        """Namespace and name."""
        relation = self.relations.get(unique_id, "")
        return {"namespace": self.namespace, "name": unquoted(relation) if relation else name_of(self.report, unique_id)}

    def inputs(self, edges: Iterable[LineageEdge], through: frozenset[str] = frozenset()) -> _Uses:
        """The columns of real relations that these edges lead from."""
        found: _Uses = {}
        for edge in edges:
            facet = self.facets.get(edge.source.node)
            if facet is None or facet.relation_name or not facet.edges or is_outside(edge.source.node) or edge.source.node in through:
                _add(found, edge.source, edge.kind, edge.subtype, certain=edge.certain)
                continue
            inner = [item for item in facet.edges if item.target.column in {edge.source.column, ""}]
            for (ref, kind, subtype), certain in self.inputs(inner, through | {edge.source.node}).items():
                whole = (kind, subtype) if edge.kind == "DIRECT" and subtype != "IDENTITY" else (edge.kind, edge.subtype)
                _add(found, ref, *(whole if kind == "DIRECT" else (kind, subtype)), certain=certain and edge.certain)
        return found


def namespace(adapter: str) -> str:
    """A dbt adapter's datasets, as far as they are known without the connection."""
    name = re.sub(r"[^a-z0-9+.-]+", "-", adapter.strip().lower()).strip("-+.")
    return _SCHEMES.get(name) or f"{name or 'dbt'}://"


def unquoted(relation: str) -> str:
    """``database.schema.table`` of a relation as dbt quotes it, in the case in which dbt writes it."""
    parts = [next(group for group in match.groups() if group is not None) for match in PART.finditer(relation)]
    return ".".join(part.replace('""', '"') for part in parts) or relation


def _add(found: _Uses, ref: ColumnRef, kind: str, subtype: str, *, certain: bool) -> None:
    found[ref, kind, subtype] = found.get((ref, kind, subtype), False) or certain


def _event(report: LineageReport, facet: NodeColumns, names: _Names) -> dict[str, Any]:
    facets: dict[str, Any] = {"schema": _schema(facet)}
    if facet.edges:
        facets["columnLineage"] = _lineage(facet, names)
    dataset = {**names.dataset(facet.unique_id), "facets": facets}
    return {"eventTime": report.read_at, "producer": PRODUCER, "schemaURL": EVENT_SCHEMA, "dataset": dataset}


def _schema(facet: NodeColumns) -> dict[str, Any]:
    fields = [{"name": name, **({"type": kind} if kind else {}), "ordinal_position": place} for place, (name, kind) in enumerate(facet.columns, 1)]
    return {"_producer": PRODUCER, "_schemaURL": FIELDS_SCHEMA, "fields": fields}


def _lineage(facet: NodeColumns, names: _Names) -> dict[str, Any]:
    by_column: dict[str, list[LineageEdge]] = defaultdict(list)
    for edge in facet.edges:
        by_column[edge.target.column].append(edge)
    order = [name for name, _ in facet.columns if name in by_column] + sorted(by_column.keys() - {name for name, _ in facet.columns} - {""})
    return {
        "_producer": PRODUCER,
        "_schemaURL": COLUMNS_SCHEMA,
        "fields": {column: {"inputFields": list(_fields(names.inputs(by_column[column]), names))} for column in order},
        "dataset": list(_fields(names.inputs(by_column.get("", [])), names)),
    }


def _fields(inputs: _Uses, names: _Names) -> Iterator[dict[str, Any]]:
    by_ref: dict[ColumnRef, list[tuple[str, str, bool]]] = defaultdict(list)
    for (ref, kind, subtype), certain in sorted(inputs.items()):
        by_ref[ref].append((kind, subtype, certain))
    for ref, its in by_ref.items():
        yield {**names.dataset(ref.node), "field": ref.column or "*", "transformations": [_transformation(*item) for item in its]}


def _transformation(kind: str, subtype: str, certain: bool) -> dict[str, Any]:  # noqa: FBT001  # one of its facts
    """Whether values are masked is said only where it is known: as they are, they are not."""
    plain = {"masking": False} if subtype == "IDENTITY" else {}
    return {"type": kind, "subtype": subtype, **({} if certain else {"description": UNCERTAIN}), **plain}
