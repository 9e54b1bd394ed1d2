"""manifest.json, versions 1 to 12 of dbt core and dbt Fusion's, into a Project.

One generous struct reads every resource: only the keys that we use are decoded, and where versions or engines differ in a value's
type the struct takes anything and the conversion decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from aftershock.artifacts.files import decode, uncollected
from aftershock.errors import ArtifactError
from aftershock.model import Build, Column, DataTest, Export, ExposureInfo, Group, Node, Project, ProjectInfo, SourceInfo
from aftershock.owners import parse_owner

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSIONS = range(1, 13)
EMPTY = msgspec.Raw(b"null")
VAR = re.compile(rb"""\bvar\(\s*\\?["']([A-Za-z_]\w*)""")
LAST_QUOTED = re.compile(r"""["']([^"']+)["'][^"']*$""")
NO_BUILD = Build()


class _Metadata(msgspec.Struct, gc=False):
    dbt_schema_version: Any = None
    dbt_version: Any = None
    generated_at: Any = None
    invocation_id: Any = None
    adapter_type: Any = None
    project_name: Any = None


class _Config(msgspec.Struct, gc=False):
    enabled: Any = None
    materialized: Any = None
    incremental_strategy: Any = None
    unique_key: Any = None
    full_refresh: Any = None
    on_schema_change: Any = None
    event_time: Any = None
    begin: Any = None
    batch_size: Any = None
    lookback: Any = None
    contract: Any = None
    hard_deletes: Any = None
    invalidate_hard_deletes: Any = None
    severity: Any = None
    meta: Any = None
    tags: Any = None
    group: Any = None
    access: Any = None
    freshness: Any = None
    loaded_at_field: Any = None
    loaded_at_query: Any = None


class _DependsOn(msgspec.Struct, gc=False):
    nodes: list[str] | None = None


class _Column(msgspec.Struct, gc=False):
    name: Any = None
    data_type: Any = None
    meta: Any = None
    tags: Any = None
    config: Any = None


class _TestMetadata(msgspec.Struct, gc=False):
    name: Any = None
    namespace: Any = None
    kwargs: Any = None


class _Export(msgspec.Struct, gc=False):
    name: Any = None
    config: Any = None


class _Resource(msgspec.Struct, gc=False):
    unique_id: str = ""
    resource_type: str = ""
    name: str = ""
    package_name: str | None = None
    original_file_path: str | None = None
    fqn: list[str] | None = None
    depends_on: _DependsOn | None = None
    tags: Any = None
    meta: Any = None
    relation_name: str | None = None
    database: str | None = None
    schema_: str | None = msgspec.field(default=None, name="schema")
    alias: str | None = None
    identifier: str | None = None
    language: str | None = None
    group: Any = None
    access: Any = None
    version: Any = None
    latest_version: Any = None
    primary_key: Any = None
    config: _Config | None = None
    columns: dict[str, _Column] | None = None
    raw_code: msgspec.Raw = EMPTY
    raw_sql: msgspec.Raw = EMPTY
    compiled: Any = None
    column_name: Any = None
    attached_node: Any = None
    test_metadata: _TestMetadata | None = None
    type: Any = None
    maturity: Any = None
    url: Any = None
    label: Any = None
    owner: Any = None
    source_name: str | None = None
    source_meta: Any = None
    loader: Any = None
    freshness: Any = None
    loaded_at_field: Any = None
    loaded_at_query: Any = None
    exports: list[_Export] | None = None


class _Group(msgspec.Struct, gc=False):
    name: str = ""
    package_name: str | None = None
    owner: Any = None


class _Manifest(msgspec.Struct, gc=False):
    metadata: _Metadata | None = None
    nodes: dict[str, _Resource] | None = None
    sources: dict[str, _Resource] | None = None
    exposures: dict[str, _Resource] | None = None
    metrics: dict[str, _Resource] | None = None
    semantic_models: dict[str, _Resource] | None = None
    saved_queries: dict[str, _Resource] | None = None
    unit_tests: dict[str, _Resource] | None = None
    functions: dict[str, _Resource] | None = None
    groups: dict[str, _Group] | None = None
    disabled: msgspec.Raw = EMPTY
    selectors: dict[str, Any] | None = None


def read_manifest(data: bytes, place: str) -> Project:
    """A manifest's bytes as a Project; ``place`` names it in errors.

    Raises:
        ArtifactError: not a manifest of a version that is known here, or without what an answer needs.
    """
    with uncollected():
        return _project(decode(data, _Manifest, place), place)


def _project(manifest: _Manifest, place: str) -> Project:
    info = _info(manifest, place)
    if manifest.nodes is None:
        raise ArtifactError(place, f"it has no key 'nodes' (dbt {info.dbt_version or 'of unknown version'})", "Give the manifest.json that dbt wrote")
    sections = (
        manifest.nodes,
        manifest.sources,
        manifest.exposures,
        manifest.metrics,
        manifest.semantic_models,
        manifest.saved_queries,
        manifest.unit_tests,
        manifest.functions,
    )
    enabled: dict[str, Node] = {}
    switched_off: dict[str, Node] = {}
    for section in sections:
        for unique_id, raw in (section or {}).items():
            off = raw.config is not None and raw.config.enabled is False  # some versions of dbt keep such a node among the others
            (switched_off if off else enabled)[unique_id] = _node(unique_id, raw, place)
    groups = {g.name: Group(g.name, g.package_name or "", parse_owner(g.owner)) for g in (manifest.groups or {}).values()}
    switched_off.update((unique_id, _node(unique_id, raw, place)) for unique_id, raw in _disabled(manifest.disabled, place))
    return Project(info, enabled, switched_off, groups, manifest.selectors or {})


def _info(manifest: _Manifest, place: str) -> ProjectInfo:
    metadata = manifest.metadata
    if metadata is None:
        raise ArtifactError(place, "it has no key 'metadata', so dbt did not write it", "Give a manifest.json of dbt 0.19 or later")
    schema = str(metadata.dbt_schema_version or "")
    match = re.search(r"/manifest/v(\d+)", schema)
    if match is None:
        kind = schema.rsplit("/dbt/", 1)[-1] or "no dbt_schema_version"
        raise ArtifactError(place, f"it is not a manifest ({kind})", "Give target/manifest.json")
    version = int(match[1])
    if version not in VERSIONS:
        raise ArtifactError(
            place,
            f"it is a manifest of version {version} (dbt {metadata.dbt_version}); versions 1 to {VERSIONS[-1]} are read",
            "Look for a newer aftershock",
        )
    compiled = any(node.compiled is True for node in (manifest.nodes or {}).values() if node.resource_type == "model")
    return ProjectInfo(
        _text(metadata.project_name),
        _text(metadata.dbt_version),
        _text(metadata.adapter_type),
        version,
        _text(metadata.generated_at),
        _text(metadata.invocation_id),
        compiled,
    )


def _disabled(raw: msgspec.Raw, place: str) -> Iterable[tuple[str, _Resource]]:
    """Disabled resources: a list in old manifests, lists by unique_id (several files may declare one) in newer ones."""
    data = bytes(raw)
    if data[:1] == b"[":
        return [(item.unique_id, item) for item in decode(data, list[_Resource], f"{place}: disabled") if item.unique_id]
    found = decode(data, dict[str, list[_Resource]] | None, f"{place}: disabled") or {}  # type: ignore[arg-type]  # a union is a type to msgspec
    return [(unique_id, items[0]) for unique_id, items in found.items() if items]


def _node(unique_id: str, raw: _Resource, place: str) -> Node:
    kind = raw.resource_type or unique_id.partition(".")[0]
    if not kind or not raw.name:
        raise ArtifactError(place, f"{unique_id} has no {'name' if kind else 'resource_type'}", "Write the manifest again with dbt parse")
    config = raw.config or _Config()
    depends_on = raw.depends_on
    version = _text(raw.version)
    return Node(
        unique_id,
        kind,
        raw.name,
        raw.package_name or "",
        (raw.original_file_path or "").replace("\\", "/"),
        tuple(raw.fqn or ()),
        tuple(dict.fromkeys(depends_on.nodes)) if depends_on is not None and depends_on.nodes else (),
        _tags(raw.tags, config.tags),
        _meta(raw.meta, config.meta),
        raw.relation_name or "",
        raw.database or "",
        raw.schema_ or "",
        raw.identifier or raw.alias or "",
        raw.language or "sql",
        _text(raw.group or config.group),
        _text(raw.access or config.access),
        version,
        bool(version) and version == _text(raw.latest_version),
        _words(raw.primary_key),
        _build(kind, config, raw) if kind in {"model", "snapshot", "seed", "function"} else NO_BUILD,
        _columns(raw.columns) if raw.columns else (),
        _data_test(raw, config) if kind == "test" else None,
        _exposure(raw) if kind == "exposure" else None,
        _source(raw, config) if kind == "source" else None,
        tuple(_export(item) for item in raw.exports) if raw.exports else (),
    )


def _build(kind: str, config: _Config, raw: _Resource) -> Build:
    materialized = _text(config.materialized) or {"seed": "seed", "snapshot": "snapshot"}.get(kind, "view" if kind == "model" else "")
    incremental = materialized == "incremental"
    code = bytes(raw.raw_code) + bytes(raw.raw_sql) if incremental else b""
    contract = config.contract.get("enforced") if isinstance(config.contract, dict) else config.contract
    hard_deletes = _text(config.hard_deletes).lower() or ("invalidate" if config.invalidate_hard_deletes is True else "")
    return Build(
        materialized,
        _text(config.incremental_strategy).lower(),
        _words(config.unique_key),
        config.full_refresh if isinstance(config.full_refresh, bool) else None,
        _text(config.on_schema_change).lower(),
        _text(config.event_time),
        _text(config.begin),
        _text(config.batch_size).lower(),
        _int(config.lookback, 1),
        contract is True,
        hard_deletes,
        tuple(sorted({name.decode() for name in VAR.findall(code)})),
        b"this" in code,
    )


def _columns(columns: dict[str, _Column]) -> tuple[Column, ...]:
    return tuple(_column(key, raw) for key, raw in columns.items())


def _column(key: str, raw: _Column) -> Column:
    if not raw.meta and not raw.tags and not raw.config:
        return Column(_text(raw.name) or key, _text(raw.data_type))
    config = raw.config if isinstance(raw.config, dict) else {}
    return Column(_text(raw.name) or key, _text(raw.data_type), _meta(raw.meta, config.get("meta")), _tags(raw.tags, config.get("tags")))


def _data_test(raw: _Resource, config: _Config) -> DataTest:
    metadata = raw.test_metadata
    severity = _text(config.severity).lower() or "error"
    if metadata is None:
        return DataTest(severity=severity)
    kwargs = metadata.kwargs if isinstance(metadata.kwargs, dict) else {}
    column = _text(raw.column_name) or _text(kwargs.get("column_name"))
    attached = _text(raw.attached_node) or _attached(raw, _text(kwargs.get("model")))
    return DataTest(_text(metadata.name), _text(metadata.namespace), column, attached, severity)


def _attached(raw: _Resource, model: str) -> str:
    """The tested node in manifests that do not say it (before v9): the parent that the test's ``model`` argument names."""
    parents = (raw.depends_on.nodes if raw.depends_on else None) or []
    if len(parents) == 1:
        return parents[0]
    match = LAST_QUOTED.search(model)
    named = [parent for parent in parents if match and match[1] in parent.split(".")]
    return named[0] if len(named) == 1 else ""


def _exposure(raw: _Resource) -> ExposureInfo:
    return ExposureInfo(_text(raw.type).lower(), _text(raw.maturity).lower(), _text(raw.url), _text(raw.label), parse_owner(raw.owner))


def _source(raw: _Resource, config: _Config) -> SourceInfo:
    freshness = raw.freshness or config.freshness
    thresholds = [freshness.get("warn_after"), freshness.get("error_after")] if isinstance(freshness, dict) else []
    declared = any(isinstance(item, dict) and item.get("count") is not None for item in thresholds)
    loaded_at = bool(raw.loaded_at_field or raw.loaded_at_query or config.loaded_at_field or config.loaded_at_query)
    return SourceInfo(raw.source_name or "", _text(raw.loader), declared, loaded_at, _meta(raw.source_meta, None))


def _export(raw: _Export) -> Export:
    config = raw.config if isinstance(raw.config, dict) else {}
    name = _text(raw.name)
    parts = (config.get("database"), config.get("schema_name"), config.get("alias") or name)
    return Export(name, ".".join(_text(part) for part in parts if part))


def _meta(first: object, second: object) -> dict[str, Any]:
    """``{**meta, **config.meta}``: where a resource keeps its meta differs by version."""
    if not first and not second:
        return {}
    merged = {**(first if isinstance(first, dict) else {}), **(second if isinstance(second, dict) else {})}
    return {str(key): value for key, value in merged.items()}


def _tags(first: object, second: object) -> tuple[str, ...]:
    if not first and not second:
        return ()
    return tuple(dict.fromkeys((*_words(first), *_words(second))))


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(_text(item) for item in value if item is not None)
    return (_text(value),) if value else ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None or isinstance(value, (dict, list)) else str(value)


def _int(value: object, default: int) -> int:
    text = _text(value)
    return int(text) if text.isdecimal() else default
