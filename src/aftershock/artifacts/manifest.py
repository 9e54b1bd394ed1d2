"""manifest.json, versions 1 to 12 of dbt core and dbt Fusion's, into a Project."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aftershock.artifacts.files import decode
from aftershock.artifacts.scalars import text, whole, words
from aftershock.artifacts.schema import ColumnEntry, ExportEntry, Manifest, NodeConfig, Resource
from aftershock.artifacts.watermark import Filter, read_filter
from aftershock.errors import ArtifactError
from aftershock.garbage import uncollected
from aftershock.model import Build, Column, DataTest, Export, ExposureInfo, Group, Node, Project, ProjectInfo, SourceInfo
from aftershock.owners import parse_owner

if TYPE_CHECKING:
    from collections.abc import Iterable

    import msgspec

VERSIONS = range(1, 13)
VAR = re.compile(rb"""\bvar\(\s*\\?["']([A-Za-z_]\w*)""")
LAST_QUOTED = re.compile(r"""["']([^"']+)["'][^"']*$""")
NO_BUILD = Build()


def read_manifest(data: bytes, place: str) -> Project:
    """A manifest's bytes as a Project; ``place`` names it in errors.

    Raises:
        ArtifactError: not a manifest of a version that is known here, or without what an answer needs.
    """
    with uncollected():
        return _project(decode(data, Manifest, place), place)


def _project(manifest: Manifest, place: str) -> Project:
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


def _info(manifest: Manifest, place: str) -> ProjectInfo:
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
        text(metadata.project_name),
        text(metadata.dbt_version),
        text(metadata.adapter_type),
        version,
        text(metadata.generated_at),
        text(metadata.invocation_id),
        compiled,
    )


def _disabled(raw: msgspec.Raw, place: str) -> Iterable[tuple[str, Resource]]:
    """Disabled resources: a list in old manifests, lists by unique_id (several files may declare one) in newer ones."""
    data = bytes(raw)
    if data[:1] == b"[":
        return [(item.unique_id, item) for item in decode(data, list[Resource], f"{place}: disabled") if item.unique_id]
    found = decode(data, dict[str, list[Resource]] | None, f"{place}: disabled") or {}  # type: ignore[arg-type]  # a union is a type to msgspec
    return [(unique_id, items[0]) for unique_id, items in found.items() if items]


def _node(unique_id: str, raw: Resource, place: str) -> Node:
    kind = raw.resource_type or unique_id.partition(".")[0]
    if not kind or not raw.name:
        raise ArtifactError(place, f"{unique_id} has no {'name' if kind else 'resource_type'}", "Write the manifest again with dbt parse")
    config = raw.config or NodeConfig()
    depends_on = raw.depends_on
    version = text(raw.version)
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
        text(raw.group or config.group),
        text(raw.access or config.access),
        version,
        bool(version) and version == text(raw.latest_version),
        words(raw.primary_key),
        _build(kind, config, raw)
        if kind in {"model", "snapshot", "seed", "function"}
        else Build(event_time=text(config.event_time))
        if config.event_time
        else NO_BUILD,
        _columns(raw.columns) if raw.columns else (),
        _data_test(raw, config) if kind == "test" else None,
        _exposure(raw) if kind == "exposure" else None,
        _source(raw, config) if kind == "source" else None,
        tuple(_export(item) for item in raw.exports) if raw.exports else (),
        text(config.schema_),
    )


def _build(kind: str, config: NodeConfig, raw: Resource) -> Build:
    materialized = text(config.materialized) or {"seed": "seed", "snapshot": "snapshot"}.get(kind, "view" if kind == "model" else "")
    incremental = materialized == "incremental"
    code = bytes(raw.raw_code) + bytes(raw.raw_sql) if incremental else b""
    taken = read_filter(_code(raw)) if incremental and raw.language in {None, "sql"} else Filter()
    contract = config.contract.get("enforced") if isinstance(config.contract, dict) else config.contract
    hard_deletes = text(config.hard_deletes).lower() or ("invalidate" if config.invalidate_hard_deletes is True else "")
    return Build(
        materialized,
        text(config.incremental_strategy).lower(),
        words(config.unique_key),
        config.full_refresh if isinstance(config.full_refresh, bool) else None,
        text(config.on_schema_change).lower(),
        text(config.event_time),
        text(config.begin),
        text(config.batch_size).lower(),
        whole(config.lookback, 1),
        contract is True,
        hard_deletes,
        tuple(sorted({name.decode() for name in VAR.findall(code)})),
        b"this" in code,
        taken.takes_all,
        taken.watermark,
        taken.back,
        taken.strict,
        taken.grain,
        taken.starts,
    )


def _code(raw: Resource) -> str:
    """A node's template; empty where the manifest has none, or something else in its place."""
    for found in (raw.raw_code, raw.raw_sql):
        if bytes(found)[:1] == b'"':
            return decode(bytes(found), str, "raw_code")
    return ""


def _columns(columns: dict[str, ColumnEntry]) -> tuple[Column, ...]:
    return tuple(_column(key, raw) for key, raw in columns.items())


def _column(key: str, raw: ColumnEntry) -> Column:
    if not raw.meta and not raw.tags and not raw.config:
        return Column(text(raw.name) or key, text(raw.data_type))
    config = raw.config if isinstance(raw.config, dict) else {}
    return Column(text(raw.name) or key, text(raw.data_type), _meta(raw.meta, config.get("meta")), _tags(raw.tags, config.get("tags")))


def _data_test(raw: Resource, config: NodeConfig) -> DataTest:
    metadata = raw.test_metadata
    severity = text(config.severity).lower() or "error"
    if metadata is None:
        return DataTest(severity=severity)
    kwargs = metadata.kwargs if isinstance(metadata.kwargs, dict) else {}
    column = text(raw.column_name) or text(kwargs.get("column_name"))
    attached = text(raw.attached_node) or _attached(raw, text(kwargs.get("model")))
    return DataTest(text(metadata.name), text(metadata.namespace), column, attached, severity)


def _attached(raw: Resource, model: str) -> str:
    """The tested node in manifests that do not say it (before v9): the parent that the test's ``model`` argument names."""
    parents = (raw.depends_on.nodes if raw.depends_on else None) or []
    if len(parents) == 1:
        return parents[0]
    match = LAST_QUOTED.search(model)
    named = [parent for parent in parents if match and match[1] in parent.split(".")]
    return named[0] if len(named) == 1 else ""


def _exposure(raw: Resource) -> ExposureInfo:
    return ExposureInfo(text(raw.type).lower(), text(raw.maturity).lower(), text(raw.url), text(raw.label), parse_owner(raw.owner))


def _source(raw: Resource, config: NodeConfig) -> SourceInfo:
    freshness = raw.freshness or config.freshness
    thresholds = [freshness.get("warn_after"), freshness.get("error_after")] if isinstance(freshness, dict) else []
    declared = any(isinstance(item, dict) and item.get("count") is not None for item in thresholds)
    loaded_at = bool(raw.loaded_at_field or raw.loaded_at_query or config.loaded_at_field or config.loaded_at_query)
    return SourceInfo(raw.source_name or "", text(raw.loader), declared, loaded_at, _meta(raw.source_meta, None))


def _export(raw: ExportEntry) -> Export:
    config = raw.config if isinstance(raw.config, dict) else {}
    name = text(raw.name)
    parts = (config.get("database"), config.get("schema_name"), config.get("alias") or name)
    return Export(name, ".".join(text(part) for part in parts if part))


def _meta(first: object, second: object) -> dict[str, Any]:
    """``{**meta, **config.meta}``: where a resource keeps its meta differs by version."""
    if not first and not second:
        return {}
    merged = {**(first if isinstance(first, dict) else {}), **(second if isinstance(second, dict) else {})}
    return {str(key): value for key, value in merged.items()}


def _tags(first: object, second: object) -> tuple[str, ...]:
    if not first and not second:
        return ()
    return tuple(dict.fromkeys((*words(first), *words(second))))
