"""Which columns semantic models, metrics and saved queries use, as far as their definitions say so in a form that is understood."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aftershock.changes.sides import Side

WORD = re.compile(r"[A-Za-z_]\w*")

Columns = dict[str, set[str]]
"""Folded names of columns by the unique_id of their table."""


class Used(NamedTuple):
    """Columns by consumer and table; a consumer that is not here uses whatever its parents have."""

    columns: dict[str, Columns]

    def tables(self, unique_id: str) -> tuple[str, ...]:
        """The tables whose columns a consumer uses."""
        return tuple(self.columns.get(unique_id, ()))


class _Model(NamedTuple):
    """A semantic model: its table, and the columns of each measure and dimension."""

    table: str
    measures: dict[str, set[str]]
    dimensions: dict[str, set[str]]

    def all(self) -> set[str]:
        """Every column that it names."""
        return {word for words in (*self.measures.values(), *self.dimensions.values()) for word in words}


def columns_used(side: Side) -> Used:
    """The columns that the semantic layer of a project uses."""
    models = {unique_id: model for unique_id in side.nodes if (model := _model(side, unique_id)) is not None}
    found: dict[str, Columns] = {unique_id: {model.table: model.all()} for unique_id, model in models.items()}
    metrics = {unique_id: columns for unique_id in side.nodes if (columns := _metric(side, unique_id, models, ())) is not None}
    found.update(metrics)
    found.update((unique_id, columns) for unique_id in side.nodes if (columns := _query(side, unique_id, models, metrics)) is not None)
    return Used(found)


def _model(side: Side, unique_id: str) -> _Model | None:
    node = side.nodes[unique_id]
    if node.resource_type != "semantic_model":
        return None
    tables = [parent for parent in node.parents if parent in side.nodes]
    body = side.definition(unique_id).body
    if len(tables) != 1 or not body:
        return None
    time = _words(_get(body.get("defaults"), "agg_time_dimension"))
    dimensions = {name: words for key in ("entities", "dimensions") for name, words in _parts(body.get(key))}
    own = {word for name in time for word in dimensions.get(name, {name})}
    return _Model(tables[0], {name: words | own for name, words in _parts(body.get("measures"))}, dimensions)


def _parts(found: object) -> Iterator[tuple[str, set[str]]]:
    """Parts of a semantic model with their columns; one without an expression is a column of its own name."""
    for item in found if isinstance(found, list) else ():
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            yield item["name"], _words(item.get("expr", item["name"])) | _words(item.get("agg_time_dimension"))


def _metric(side: Side, unique_id: str, models: Mapping[str, _Model], above: tuple[str, ...]) -> Columns | None:
    """A metric's columns: of its measures, or of the metrics that it is made of; None where that is not all understood."""
    node = side.nodes[unique_id]
    if node.resource_type != "metric" or unique_id in above:
        return None
    body = side.definition(unique_id).body
    if not body:
        return None
    parents = [parent for parent in node.parents if parent in side.nodes]
    found: list[Columns | None] = [_metric(side, parent, models, (*above, unique_id)) for parent in parents if side.nodes[parent].resource_type == "metric"]
    mine = [models.get(parent) for parent in parents if side.nodes[parent].resource_type == "semantic_model"]
    if len(found) + len(mine) != len(parents) or not parents:
        return None
    parameters = body.get("type_params")
    names = set(_names(_get(parameters, "input_measures"))) | set(_names(_get(parameters, "measure")))
    known = [model for model in mine if model is not None]
    if len(known) != len(mine) or (known and not (names and names <= {name for model in known for name in model.measures})):
        return None
    filters = _words([body.get("filter"), parameters])
    for model in known:
        columns = {word for name in names for word in model.measures.get(name, ())}
        found.append({model.table: columns | _filtered(model, filters)})
    return _together(found)


def _query(side: Side, unique_id: str, models: Mapping[str, _Model], metrics: Mapping[str, Columns]) -> Columns | None:
    """A saved query's columns: of its metrics, and of what it groups and filters by."""
    node = side.nodes[unique_id]
    if node.resource_type != "saved_query":
        return None
    found: list[Columns | None] = [metrics.get(parent) for parent in node.parents]
    words = _words(list(side.definition(unique_id).body.values()))
    tables = {table for columns in found if columns is not None for table in columns}
    found.extend({model.table: _filtered(model, words)} for model in models.values() if model.table in tables)
    return _together(found) if node.parents else None


def _filtered(model: _Model, words: set[str]) -> set[str]:
    """The columns of the dimensions that a filter names, as ``entity__dimension``."""
    named = {part for word in words for part in (word, word.rpartition("__")[2])}
    return {column for name, columns in model.dimensions.items() if name.casefold() in named for column in columns}


def _together(found: list[Columns | None]) -> Columns | None:
    columns: Columns = {}
    for item in found:
        if item is None:
            return None
        for table, words in item.items():
            columns.setdefault(table, set()).update(words)
    return columns


def _names(found: object) -> Iterator[str]:
    for item in found if isinstance(found, list) else [found]:
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            yield item["name"]


def _words(value: object) -> set[str]:
    """Every word in a value, folded, whatever its shape."""
    if isinstance(value, str):
        return {word.casefold() for word in WORD.findall(value)}
    if isinstance(value, dict):
        value = list(value.values())
    return {word for item in value for word in _words(item)} if isinstance(value, list) else set()


def _get(found: object, key: str) -> object:
    return found.get(key) if isinstance(found, dict) else None
