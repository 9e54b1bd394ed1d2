"""The manifest entries of the made-up warehouse, in the shape of dbt's schema v12."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from bench import shapes, statements
from bench.warehouse import PACKAGE, source_id, source_name, table_name

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

    from bench.shapes import Resource
    from bench.warehouse import Model

_EXPOSURE_TYPES: Final = ("dashboard", "dashboard", "dashboard", "notebook", "analysis", "ml", "application")


def model(made: Model, by_id: Mapping[str, Model], rng: random.Random) -> Resource:
    """Return a model's entry, with its raw and compiled SQL and a description of each column."""
    raw = statements.select(made, by_id, compiled=False)
    folder = f"models/{made.layer}/domain_{made.domain:04d}"
    tags = [made.layer, *rng.sample(["daily", "hourly", "finance", "pii", "core"], rng.randint(0, 2))]
    config = shapes.config(made.materialized, tags) | {"unique_key": "id" if made.materialized == "incremental" else None}
    return shapes.node("model", made.unique_id, made.name, f"{folder}/{made.name}.sql") | {
        "config": config,
        "tags": tags,
        "schema": f"{made.layer}_{made.domain:04d}",
        "description": f"One row per id, for domain {made.domain}. {'Read the notes on late rows. ' * 4}",
        "columns": {name: shapes.column(name) for name in made.columns},
        "relation_name": made.relation,
        "raw_code": raw,
        "checksum": shapes.checksum(raw),
        "compiled": True,
        "compiled_code": statements.select(made, by_id, compiled=True),
        "compiled_path": f"target/compiled/{PACKAGE}/{folder}/{made.name}.sql",
        "depends_on": {"macros": ["macro.acme.macro_0001"], "nodes": list(made.parents)},
        "refs": [shapes.ref(parent) for parent in made.parents if parent.startswith("model.")],
        "sources": [parent.split(".")[2:] for parent in made.parents if parent.startswith("source.")],
        "extra_ctes_injected": True,
        "extra_ctes": [],
        "contract": {"enforced": False, "alias_types": True, "checksum": None},
        "access": "protected",
        "constraints": [],
        "version": None,
        "latest_version": None,
        "deprecation_date": None,
        "primary_key": ["id"],
        "time_spine": None,
    }


def snapshot(of: Model) -> Resource:
    """Return the entry of a snapshot that reads one model."""
    name = f"snap_{of.name}"
    raw = f"select * from {{{{ ref('{of.name}') }}}}"  # noqa: S608 - never run
    return shapes.node("snapshot", f"snapshot.{PACKAGE}.{name}", name, f"snapshots/{name}.sql") | {
        "config": shapes.config("snapshot", []) | {"strategy": "timestamp", "unique_key": "id", "updated_at": "updated_at", "target_schema": "snapshots"},
        "schema": "snapshots",
        "relation_name": f'"analytics"."snapshots"."{name}"',
        "raw_code": raw,
        "checksum": shapes.checksum(raw),
        "compiled": True,
        "compiled_code": f"select * from {of.relation}",  # noqa: S608 - never run
        "depends_on": {"macros": [], "nodes": [of.unique_id]},
        "refs": [shapes.ref(of.unique_id)],
        "sources": [],
    }


def data_test(kind: str, of: Model, by_id: Mapping[str, Model]) -> Resource:
    """Return the entry of a generic data test on a model's key; `relationships` reads a parent model too."""
    parents = [parent for parent in of.parents if parent in by_id][:1] if kind == "relationships" else []
    name = f"{kind}_{of.name}_id"
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:10]
    raw = f"{{{{ test_{kind}(**_dbt_generic_test_kwargs) }}}}"
    folder = f"models/{of.layer}/domain_{of.domain:04d}"
    return shapes.node("test", f"test.{PACKAGE}.{name}.{digest}", name, f"{folder}/_models.yml") | {
        "config": shapes.config("test", []) | {"severity": "ERROR", "where": None, "limit": None, "fail_calc": "count(*)", "warn_if": "!= 0"},
        "schema": "dbt_test__audit",
        "relation_name": None,
        "raw_code": raw,
        "checksum": {"name": "none", "checksum": ""},
        "compiled": True,
        "compiled_code": f"select id\nfrom {of.relation}\nwhere id is null\ngroup by id\nhaving count(*) > 1",
        "depends_on": {"macros": [f"macro.dbt.test_{kind}"], "nodes": [*parents, of.unique_id]},
        "refs": [shapes.ref(parent) for parent in (*parents, of.unique_id)],
        "sources": [],
        "column_name": "id",
        "file_key_name": f"models.{of.name}",
        "attached_node": of.unique_id,
        "test_metadata": {
            "name": kind,
            "kwargs": {"column_name": "id", "model": f"{{{{ get_where_subquery(ref('{of.name}')) }}}}"},
            "namespace": None,
        },
    }


def source(domain: int, table: int) -> Resource:
    """Return the entry of one source table, with freshness limits."""
    name, database = table_name(table), "raw"
    unique_id = source_id(domain, table)
    path = f"models/stg/domain_{domain:04d}/_sources.yml"
    return {
        **shapes.head("source", unique_id, name, path),
        "fqn": [PACKAGE, "stg", f"domain_{domain:04d}", source_name(domain), name],
        "database": database,
        "schema": source_name(domain),
        "source_name": source_name(domain),
        "source_description": "Loaded each hour.",
        "loader": "loader",
        "identifier": name,
        "quoting": {"database": None, "schema": None, "identifier": None, "column": None},
        "loaded_at_field": "loaded_at",
        "freshness": {
            "warn_after": {"count": 12, "period": "hour"},
            "error_after": {"count": 24, "period": "hour"},
            "filter": None,
        },
        "description": f"Rows of {name} as the application writes them.",
        "columns": {column: shapes.column(column) for column in ("id", "updated_at", "status", "amount")},
        "meta": {"owner": f"team-{domain % 12}"},
        "source_meta": {},
        "tags": [],
        "config": {"enabled": True, "meta": {}, "tags": []},
        "patch_path": None,
        "unrendered_config": {},
        "relation_name": f'"{database}"."{source_name(domain)}"."{name}"',
        "created_at": shapes.CREATED,
    }


def exposure(number: int, reads: Sequence[Model]) -> Resource:
    """Return the entry of one exposure; every third has no e-mail, every second no maturity."""
    name = f"exposure_{number:04d}"
    owner = {"name": f"Team {number % 12}", "email": None if number % 3 else f"team{number % 12}@example.com"}
    return {
        **shapes.head("exposure", f"exposure.{PACKAGE}.{name}", name, "models/_exposures.yml"),
        "fqn": [PACKAGE, name],
        "type": _EXPOSURE_TYPES[number % len(_EXPOSURE_TYPES)],
        "owner": owner,
        "description": "What the weekly meeting looks at.",
        "label": f"Exposure {number}",
        "maturity": None if number % 2 else "high",
        "url": f"https://bi.example.com/{number}",
        **shapes.depends([read.unique_id for read in reads]),
    }


def semantic_model(of: Model) -> Resource:
    """Return the entry of a semantic model over a mart, with one sum."""
    name = f"sem_{of.name}"
    agg = {"name": f"rows_{of.name}", "agg": "sum", "expr": "1", "create_metric": False}
    return {
        **shapes.head("semantic_model", f"semantic_model.{PACKAGE}.{name}", name, "models/_semantic.yml"),
        "fqn": [PACKAGE, name],
        "model": f"ref('{of.name}')",
        "node_relation": {"alias": of.name, "schema_name": of.layer, "database": "analytics"},
        "description": None,
        "entities": [{"name": "id", "type": "primary"}],
        "measures": [agg],
        "dimensions": [],
        **shapes.depends([of.unique_id]),
    }


def metric(of: Model) -> Resource:
    """Return the entry of the metric over a mart's semantic model."""
    name = f"total_{of.name}"
    return {
        **shapes.head("metric", f"metric.{PACKAGE}.{name}", name, "models/_metrics.yml"),
        "fqn": [PACKAGE, name],
        "description": "Rows in all.",
        "label": name,
        "type": "simple",
        "type_params": {"measure": {"name": f"rows_{of.name}"}, "input_measures": [{"name": f"rows_{of.name}"}]},
        **shapes.depends([f"semantic_model.{PACKAGE}.sem_{of.name}"]),
    }


def saved_query(number: int, of: Model) -> Resource:
    """Return the entry of a saved query over one metric, exported to a table."""
    name = f"saved_{number:04d}"
    export = {"name": name, "config": {"export_as": "table", "schema_name": "exports"}, "unrendered_config": {}}
    return {
        **shapes.head("saved_query", f"saved_query.{PACKAGE}.{name}", name, "models/_saved.yml"),
        "fqn": [PACKAGE, name],
        "query_params": {"metrics": [f"total_{of.name}"], "group_by": [], "where": None},
        "exports": [export],
        "description": None,
        "label": None,
        **shapes.depends([f"metric.{PACKAGE}.total_{of.name}"]),
    }


def macro(number: int) -> Resource:
    """Return the entry of one macro of about 800 bytes."""
    name = f"macro_{number:04d}"
    body = "  {%- set parts = [] -%}\n  {{ return(adapter.dispatch('parts')(parts)) }}\n" * 8
    return {
        **shapes.head("macro", f"macro.{PACKAGE}.{name}", name, f"macros/{name}.sql"),
        "macro_sql": f"{{% macro {name}(column) %}}\n{body}{{% endmacro %}}",
        "depends_on": {"macros": []},
        "description": "",
        "meta": {},
        "docs": {"show": True, "node_color": None},
        "patch_path": None,
        "arguments": [],
        "created_at": shapes.CREATED,
        "supported_languages": None,
    }
