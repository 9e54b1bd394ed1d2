"""The keys of manifest.json that are read: one generous struct for every resource, since versions and engines put the same key in several places.

Where they differ in a value's type the struct takes anything and the conversion decides.
"""

from __future__ import annotations

from typing import Any

import msgspec

EMPTY = msgspec.Raw(b"null")


class Metadata(msgspec.Struct, gc=False):
    """The head of every artifact; the last two keys are in manifests only."""

    dbt_schema_version: Any = None
    dbt_version: Any = None
    generated_at: Any = None
    invocation_id: Any = None
    adapter_type: Any = None
    project_name: Any = None


class NodeConfig(msgspec.Struct, gc=False):
    """A resource's ``config``, as far as it decides something here."""

    enabled: Any = None
    materialized: Any = None
    schema_: Any = msgspec.field(default=None, name="schema")
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


class DependsOn(msgspec.Struct, gc=False):
    """A resource's parents, by unique_id."""

    nodes: list[str] | None = None


class ColumnEntry(msgspec.Struct, gc=False):
    """A declared column."""

    name: Any = None
    data_type: Any = None
    meta: Any = None
    tags: Any = None
    config: Any = None


class TestMetadata(msgspec.Struct, gc=False):
    """Which generic test a data test is of."""

    name: Any = None
    namespace: Any = None
    kwargs: Any = None


class ExportEntry(msgspec.Struct, gc=False):
    """A saved query's export."""

    name: Any = None
    config: Any = None


class Resource(msgspec.Struct, gc=False):
    """A resource of any type: a key that its type does not have keeps its default."""

    unique_id: str = ""
    resource_type: str = ""
    name: str = ""
    package_name: str | None = None
    original_file_path: str | None = None
    fqn: list[str] | None = None
    depends_on: DependsOn | None = None
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
    config: NodeConfig | None = None
    columns: dict[str, ColumnEntry] | None = None
    raw_code: msgspec.Raw = EMPTY
    raw_sql: msgspec.Raw = EMPTY
    compiled: Any = None
    column_name: Any = None
    attached_node: Any = None
    test_metadata: TestMetadata | None = None
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
    exports: list[ExportEntry] | None = None


class GroupEntry(msgspec.Struct, gc=False):
    """A group."""

    name: str = ""
    package_name: str | None = None
    owner: Any = None


class Manifest(msgspec.Struct, gc=False):
    """The whole file. ``disabled`` is decoded by its own rules, since its shape differs by version."""

    metadata: Metadata | None = None
    nodes: dict[str, Resource] | None = None
    sources: dict[str, Resource] | None = None
    exposures: dict[str, Resource] | None = None
    metrics: dict[str, Resource] | None = None
    semantic_models: dict[str, Resource] | None = None
    saved_queries: dict[str, Resource] | None = None
    unit_tests: dict[str, Resource] | None = None
    functions: dict[str, Resource] | None = None
    groups: dict[str, GroupEntry] | None = None
    disabled: msgspec.Raw = EMPTY
    selectors: dict[str, Any] | None = None
