"""What manifest.json says beyond nodes and code, versions 1 to 12 and dbt Fusion's: the only place that knows these keys.

It is read apart from the project, since only a comparison of two projects asks for it, and of few resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from aftershock.artifacts.files import read_bytes
from aftershock.artifacts.pieces import Decoded, cut
from aftershock.artifacts.scalars import text, words
from aftershock.model.definition import Constraint, Definition, Definitions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aftershock.artifacts.pieces import Pieces

BODIES: dict[str, tuple[str, ...]] = {
    "unit_test": ("model", "given", "expect", "overrides"),
    "metric": ("type", "type_params", "filter", "time_granularity"),
    "semantic_model": ("model", "defaults", "entities", "measures", "dimensions", "primary_entity"),
    "saved_query": ("query_params", "exports"),
    "function": ("raw_code", "arguments", "returns", "language"),
}
"""Keys of the resources that are not SQL models, as far as they say what the resource gives."""
TOLD = frozenset({"description", "label", "metadata", "docs", "created_at", "unrendered_config"})
"""Keys within these that only explain."""

DEEPEST = 40
"""Nothing that a person writes is nested more deeply."""


class _DependsOn(msgspec.Struct, gc=False):
    macros: Any = None


class _Column(msgspec.Struct, gc=False):
    name: Any = None
    constraints: Any = None


class _Node(msgspec.Struct, gc=False):
    resource_type: Any = None
    checksum: Any = None
    constraints: Any = None
    columns: dict[str, _Column] | None = None
    config: Any = None
    unrendered_config: Any = None
    unrendered_database: Any = None
    unrendered_schema: Any = None
    deprecation_date: Any = None
    latest_version: Any = None
    freshness: Any = None
    loaded_at_field: Any = None
    loaded_at_query: Any = None
    depends_on: _DependsOn | None = None
    patch_path: Any = None
    model: Any = None
    given: Any = None
    expect: Any = None
    overrides: Any = None
    type: Any = None
    type_params: Any = None
    filter: Any = None
    time_granularity: Any = None
    defaults: Any = None
    entities: Any = None
    measures: Any = None
    dimensions: Any = None
    primary_entity: Any = None
    query_params: Any = None
    exports: Any = None
    arguments: Any = None
    returns: Any = None
    language: Any = None
    raw_code: msgspec.Raw = msgspec.Raw(b"null")


class _Named(msgspec.Struct, gc=False):
    unique_id: str = ""


class _Macro(msgspec.Struct, gc=False):
    depends_on: _DependsOn | None = None
    original_file_path: Any = None


def read_definitions(path: Path) -> Definitions:
    """The definitions in a manifest file, plain or packed.

    Raises:
        ArtifactError: it cannot be read or is not a manifest.
    """
    return definitions_from_bytes(read_bytes(path), str(path))


def definitions_from_bytes(data: bytes, place: str) -> Definitions:
    """The definitions in a manifest's bytes; ``place`` names it in errors.

    Raises:
        ArtifactError: it is not a manifest.
    """
    return definitions_of(cut(data, place), place)


def definitions_of(pieces: Pieces, place: str) -> Definitions:
    """The definitions in a manifest that is cut; each is decoded when it is asked for, and may raise ArtifactError then."""
    resources, macros = pieces.resources(), pieces.macros or {}
    return Definitions(
        Decoded({**dict(_disabled(pieces.disabled)), **resources}, _Node, _definition, place),
        Decoded(macros, _Macro, lambda _, raw: _macros(raw.depends_on), place),
        Decoded(macros, _Macro, lambda _, raw: text(raw.original_file_path).replace("\\", "/"), place),
    )


def _disabled(raw: msgspec.Raw) -> Iterator[tuple[str, msgspec.Raw]]:
    """Disabled resources: lists by unique_id, or a list in old manifests."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, list[msgspec.Raw]] | list[msgspec.Raw] | None)
        entries = found if isinstance(found, list) else [items[0] for items in (found or {}).values() if items]
        named = [(msgspec.json.decode(entry, type=_Named).unique_id, entry) for entry in entries]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return  # what is not disabled is all the same
    yield from ((unique_id, entry) for unique_id, entry in named if unique_id)


def _definition(unique_id: str, raw: _Node) -> Definition:
    kind = text(raw.resource_type) or unique_id.partition(".")[0]
    config, unrendered = (_settings(found) for found in (raw.config, raw.unrendered_config))
    if raw.unrendered_database or raw.unrendered_schema:
        unrendered = {**unrendered, "database": raw.unrendered_database, "schema": raw.unrendered_schema}
    freshness = raw.freshness if isinstance(raw.freshness, dict) else config.get("freshness")
    loaded_at = raw.loaded_at_field or raw.loaded_at_query or config.get("loaded_at_field") or config.get("loaded_at_query")
    return Definition(
        _checksum(raw.checksum),
        _constraints(raw.constraints),
        {text(column.name) or key: _constraints(column.constraints) for key, column in (raw.columns or {}).items() if column.constraints},
        config,
        unrendered,
        text(raw.deprecation_date),
        text(raw.latest_version),
        freshness if isinstance(freshness, dict) and kind == "source" else {},
        text(loaded_at) if kind == "source" else "",
        _macros(raw.depends_on),
        text(raw.patch_path).rpartition("://")[2].replace("\\", "/"),
        {key: _plain(_value(getattr(raw, key))) for key in BODIES.get(kind, ())},
    )


def _settings(found: object) -> dict[str, Any]:
    """A config whose values are not nested beyond what anybody writes: whoever compares two of them must not fall."""
    if not isinstance(found, dict):
        return {}
    deep = [key for key, value in found.items() if isinstance(value, (dict, list)) and value and _depth(value) > DEEPEST]
    return {key: value for key, value in found.items() if key not in deep} if deep else found


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        depth += 1
        level = [item for each in level for item in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())]
    return depth


def _checksum(found: object) -> str:
    if isinstance(found, dict):
        return f"{text(found.get('name'))}:{text(found.get('checksum'))}"
    return f"sha256:{found}" if isinstance(found, str) and found else ""


def _constraints(found: object) -> tuple[Constraint, ...]:
    return tuple(
        Constraint(
            text(item.get("type")).lower(),
            text(item.get("name")),
            text(item.get("expression")),
            words(item.get("columns")),
            text(item.get("to")),
            words(item.get("to_columns")),
        )
        for item in (found if isinstance(found, list) else ())
        if isinstance(item, dict)
    )


def _macros(depends_on: _DependsOn | None) -> tuple[str, ...]:
    return words(depends_on.macros) if depends_on is not None and isinstance(depends_on.macros, list) else ()


def _value(found: object) -> object:
    return msgspec.json.decode(found) if isinstance(found, msgspec.Raw) else found


def _plain(value: object, depth: int = 0) -> object:
    """A value without what only explains it, and without empty parts: versions of dbt differ in whether they write these."""
    if depth > DEEPEST:
        return None
    if isinstance(value, dict):
        return {key: plain for key, item in value.items() if key not in TOLD and (plain := _plain(item, depth + 1)) not in (None, "", [], {}, False)}
    return [_plain(item, depth + 1) for item in value] if isinstance(value, list) else value
