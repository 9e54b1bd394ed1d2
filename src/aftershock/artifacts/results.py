"""run_results.json (v1 to v6), sources.json (v1 to v3) and catalog.json (v1), of dbt core and Fusion."""

from __future__ import annotations

from typing import Any

import msgspec

from aftershock.artifacts.files import decode
from aftershock.artifacts.scalars import number, text
from aftershock.artifacts.schema import Metadata
from aftershock.errors import ArtifactError
from aftershock.model import Catalog, CatalogTable, Freshness, Result, Run, SourceStatus

ROW_COUNTS = ("row_count", "num_rows", "rows")
"""What Snowflake, BigQuery, and Redshift and Databricks call a table's number of rows."""


class _Timing(msgspec.Struct, gc=False):
    name: Any = None
    started_at: Any = None
    completed_at: Any = None


class _Result(msgspec.Struct, gc=False):
    unique_id: str = ""
    status: Any = None
    message: Any = None
    execution_time: Any = None
    failures: Any = None
    timing: list[_Timing] | None = None
    thread_id: Any = None
    batch_results: Any = None
    adapter_response: Any = None


class _RunMetadata(Metadata, gc=False):
    invocation_started_at: Any = None


class _RunResults(msgspec.Struct, gc=False):
    metadata: _RunMetadata | None = None
    results: list[_Result] | None = None
    args: dict[str, Any] | None = None
    elapsed_time: Any = None


class _SourceResult(msgspec.Struct, gc=False):
    unique_id: str = ""
    status: Any = None
    max_loaded_at: Any = None
    max_loaded_at_time_ago_in_s: Any = None
    error: Any = None


class _Sources(msgspec.Struct, gc=False):
    metadata: Metadata | None = None
    results: list[_SourceResult] | None = None


class _CatalogColumn(msgspec.Struct, gc=False):
    name: Any = None
    type: Any = None
    index: Any = None


class _CatalogMetadata(msgspec.Struct, gc=False):
    type: Any = None


class _Stat(msgspec.Struct, gc=False):
    value: Any = None


class _CatalogTable(msgspec.Struct, gc=False):
    metadata: _CatalogMetadata | None = None
    columns: dict[str, _CatalogColumn] | None = None
    stats: dict[str, _Stat] | None = None


class _Catalog(msgspec.Struct, gc=False):
    metadata: Metadata | None = None
    nodes: dict[str, _CatalogTable] | None = None
    sources: dict[str, _CatalogTable] | None = None


def read_run(data: bytes, place: str) -> Run:
    """run_results.json's bytes as a Run.

    Raises:
        ArtifactError: not run results.
    """
    raw = decode(data, _RunResults, place)
    metadata = _metadata(raw.metadata, "run-results", place)
    if raw.results is None:
        raise ArtifactError(place, f"it has no key 'results' (dbt {metadata.dbt_version or 'of unknown version'})", "Write it again with dbt build")
    args = raw.args or {}
    results = {item.unique_id: _result(item) for item in raw.results if item.unique_id}
    which = text(args.get("which") or args.get("rpc_method"))
    return Run(
        which,
        text(metadata.dbt_version),
        text(metadata.generated_at),
        text(metadata.invocation_id),
        args,
        results,
        text(raw.metadata.invocation_started_at if raw.metadata is not None else ""),
        number(raw.elapsed_time),
    )


def read_freshness(data: bytes, place: str) -> Freshness:
    """sources.json's bytes as a Freshness. Statuses are lower case: pass, warn, error, ``runtime error``.

    Raises:
        ArtifactError: not the result of ``dbt source freshness``.
    """
    raw = decode(data, _Sources, place)
    metadata = _metadata(raw.metadata, "sources", place)
    if raw.results is None:
        raise ArtifactError(place, f"it has no key 'results' (dbt {metadata.dbt_version or 'of unknown version'})", "Write it again with dbt source freshness")
    statuses = {
        item.unique_id: SourceStatus(
            item.unique_id,
            text(item.status).lower(),
            text(item.max_loaded_at),
            number(item.max_loaded_at_time_ago_in_s),
            text(item.error),
        )
        for item in raw.results
        if item.unique_id
    }
    return Freshness(text(metadata.dbt_version), text(metadata.generated_at), text(metadata.invocation_id), statuses)


def read_catalog_bytes(data: bytes, place: str) -> Catalog:
    """catalog.json's bytes as a Catalog, columns in the warehouse's order.

    Raises:
        ArtifactError: not a catalog.
    """
    raw = decode(data, _Catalog, place)
    metadata = _metadata(raw.metadata, "catalog", place)
    tables = {unique_id: _table(unique_id, table) for section in (raw.nodes, raw.sources) if section for unique_id, table in section.items()}
    return Catalog(text(metadata.generated_at), text(metadata.invocation_id), tables)


def _metadata(metadata: Metadata | None, kind: str, place: str) -> Metadata:
    schema = text(metadata.dbt_schema_version) if metadata is not None else ""
    if metadata is None or f"/{kind}/v" not in schema:
        found = schema.rsplit("/dbt/", 1)[-1] or "no dbt_schema_version"
        raise ArtifactError(place, f"it is not what its name says: {found}", f"dbt writes {kind} there; write it again")
    return metadata


def _result(raw: _Result) -> Result:
    started = [text(timing.started_at) for timing in raw.timing or () if timing.started_at]
    completed = [text(timing.completed_at) for timing in raw.timing or () if timing.completed_at]
    return Result(
        raw.unique_id,
        text(raw.status).lower(),
        text(raw.message),
        number(raw.execution_time) or 0.0,
        None if (failures := number(raw.failures)) is None else int(failures),
        min(started, default=""),
        max(completed, default=""),
        text(raw.thread_id),
        _batches(raw.batch_results),
        _rows(raw.adapter_response),
    )


def _batches(written: object) -> int:
    """How many batches were run, failed ones included."""
    lists = written.values() if isinstance(written, dict) else ()
    return sum(len(item) for item in lists if isinstance(item, list))


def _rows(response: object) -> int | None:
    """``rows_affected`` of an adapter's response; those that do not know it say -1, or nothing."""
    found = number(response.get("rows_affected")) if isinstance(response, dict) else None
    return None if found is None or found < 0 else int(found)


def _table(unique_id: str, raw: _CatalogTable) -> CatalogTable:
    columns = sorted((raw.columns or {}).items(), key=lambda item: item[1].index if isinstance(item[1].index, int) else 0)
    count = next((number(raw.stats[key].value) for key in ROW_COUNTS if raw.stats and key in raw.stats), None)
    return CatalogTable(
        unique_id,
        text(raw.metadata.type if raw.metadata else "").lower(),
        {text(column.name) or key: text(column.type) for key, column in columns},
        None if count is None else int(count),
    )
