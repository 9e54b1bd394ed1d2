"""Two small projects and what a check says of them, in a few lines.

BASE = project(source("raw", "id", "b"), model("stg", "select id, b from raw"), model("mart", "select id, b from stg"))
report = checked(BASE, edited(BASE, model("stg", "select id from raw")))

A project is what dbt would write: a manifest as JSON. In SQL a relation is named by its name alone; the manifest has its whole name.
"""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

from aftershock.artifacts import artifacts_from_bytes
from aftershock.artifacts.definitions import definitions_from_bytes
from aftershock.changes import check
from aftershock.columns.opening import open_lineage
from aftershock.model import Catalog, CatalogTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.model.changes import Change, CheckReport

Raw = dict[str, Any]
NOW = "2026-11-30T12:00:00Z"
SECTIONS = {"source": "sources", "exposure": "exposures", "metric": "metrics", "semantic_model": "semantic_models", "saved_query": "saved_queries"}
SECTIONS |= {"unit_test": "unit_tests", "function": "functions"}


def relation(name: str, schema: str = "main") -> str:
    return f'"db"."{schema}"."{name}"'


def node(unique_id: str, **fields: Any) -> Raw:  # noqa: ANN401
    kind, package, *rest = unique_id.split(".")
    return {"unique_id": unique_id, "resource_type": kind, "name": rest[0], "package_name": package, "fqn": [package, *rest], **fields}


def source(name: str, *columns: str, **fields: Any) -> Raw:  # noqa: ANN401
    """A source; ``columns`` are what the warehouse has, unless ``listed`` is false: then what YAML declares."""
    listed = fields.pop("listed", True)
    declared = {column: {"name": column} for column in ([] if listed else columns)}
    place = {"database": "db", "schema": "main", "identifier": name, "relation_name": relation(name), "source_name": "raw"}
    found = node(f"source.p.raw.{name}", **{**place, "columns": declared, "original_file_path": "models/_sources.yml", **fields})
    return {**found, "name": name, "_columns": list(columns) if listed else None}


def model(name: str, sql: str = "", *, kind: str = "model", columns: Mapping[str, str] | None = None, raw: str = "", **fields: Any) -> Raw:  # noqa: ANN401
    """A model or snapshot, that reads whatever its SQL names; ``config`` entries and other fields as dbt writes them."""
    config = {"materialized": "table", "enabled": True, **fields.pop("config", {})}
    version = fields.get("version")
    unique_id = f"{kind}.p.{name}" + (f".v{version}" if version else "")
    own = {"database": "db", "schema": "main", "alias": name, "relation_name": relation(name), "original_file_path": f"models/{name}.sql"}
    declared = {column: {"name": column, "data_type": of or None} for column, of in (columns or {}).items()}
    code = {"raw_code": raw or sql, "compiled_code": sql, "compiled": bool(sql), "language": "sql", "columns": declared, "config": config}
    if config["materialized"] == "ephemeral":
        own["relation_name"] = ""
    return node(unique_id, **{**own, **code, **fields})


def seed(name: str, *columns: str, checksum: str = "one", **fields: Any) -> Raw:  # noqa: ANN401
    own = {"database": "db", "schema": "main", "alias": name, "relation_name": relation(name), "original_file_path": f"seeds/{name}.csv"}
    made = {**own, "checksum": {"name": "sha256", "checksum": checksum}, "config": {"materialized": "seed"}, "_columns": list(columns)}
    return node(f"seed.p.{name}", **{**made, **fields})


def data_test(name: str, on: str, sql: str, *, column: str = "", **config: Any) -> Raw:  # noqa: ANN401
    metadata = {"name": name, "kwargs": {"column_name": column, "model": on}}
    return node(
        f"test.p.{name}_{on}_{column}",
        test_metadata=metadata,
        column_name=column or None,
        attached_node=f"model.p.{on}",
        raw_code=sql,
        compiled_code=sql,
        config={"severity": "error", **config},
    )


def unit_test(name: str, of: str, given: list[Raw], expect: list[Raw]) -> Raw:
    fixtures = [{"input": item["input"], "rows": item["rows"], "format": "dict"} for item in given]
    depends = {"nodes": [f"model.p.{of}"]}
    return node(f"unit_test.p.{of}.{name}", model=of, given=fixtures, expect={"rows": expect, "format": "dict"}, depends_on=depends, config={})


def exposure(name: str, *reads: str, **fields: Any) -> Raw:  # noqa: ANN401
    made = {"type": "dashboard", "owner": {"name": "Ana", "email": "ana@example.com"}, "label": name, "original_file_path": "models/_exposures.yml"}
    return node(f"exposure.p.{name}", **{**made, "depends_on": {"nodes": [f"model.p.{item}" if "." not in item else item for item in reads]}, **fields})


def semantic(kind: str, name: str, *reads: str, **fields: Any) -> Raw:  # noqa: ANN401
    return node(f"{kind}.p.{name}", depends_on={"nodes": [item if "." in item else f"model.p.{item}" for item in reads]}, config={}, **fields)


def project(*nodes: Raw, adapter: str = "duckdb", name: str = "p", **sections: Any) -> Raw:  # noqa: ANN401
    """A manifest of these nodes; who reads what follows from their SQL."""
    metadata = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "dbt_version": "1.11.0", "generated_at": NOW}
    manifest: Raw = {"metadata": {**metadata, "adapter_type": adapter, "project_name": name, "invocation_id": "one"}, "nodes": {}}
    for item in nodes:
        manifest.setdefault(SECTIONS.get(item["resource_type"], "nodes"), {})[item["unique_id"]] = copy.deepcopy(item)
    return {**manifest, **sections}


def edited(base: Raw, *nodes: Raw, gone: tuple[str, ...] = (), **sections: Any) -> Raw:  # noqa: ANN401
    """The same project with some nodes in place of, or beside, those it has, and without others (unique_ids)."""
    head = copy.deepcopy(base)
    for item in nodes:
        head.setdefault(SECTIONS.get(item["resource_type"], "nodes"), {})[item["unique_id"]] = copy.deepcopy(item)
    for section in ("nodes", *SECTIONS.values()):
        head[section] = {key: value for key, value in head.get(section, {}).items() if key not in gone}
    return {**head, **sections}


def _linked(manifest: Raw) -> Raw:
    """With whole names in the SQL, and ``depends_on``."""
    found = copy.deepcopy(manifest)
    tables = {item.get("identifier") or item.get("alias"): item for section in ("nodes", "sources") for item in found.get(section, {}).values()}
    tables.pop(None, None)
    for item in found["nodes"].values():
        parents = list(item.get("depends_on", {}).get("nodes", []))
        sql = item.get("compiled_code") or ""
        for name in sorted(tables, key=len, reverse=True):
            other, word = tables[name], re.compile(rf"(?<=from )({name})\b|(?<=join )({name})\b", re.IGNORECASE)
            if word.search(sql):
                parents.append(other["unique_id"])
                called = f"__dbt__cte__{name}" if other.get("config", {}).get("materialized") == "ephemeral" else other["relation_name"]
                sql = word.sub(called, sql)
        item["depends_on"] = {
            "macros": item.get("depends_on", {}).get("macros", []),
            "nodes": [key for key in dict.fromkeys(parents) if key != item["unique_id"]],
        }
        item.update({"compiled_code": sql} if sql else {})
    return found


def catalog(manifest: Raw) -> Catalog | None:
    """What the warehouse has: the columns of sources and seeds."""
    items = [item for section in ("nodes", "sources") for item in manifest.get(section, {}).values() if item.get("_columns")]
    tables = {item["unique_id"]: CatalogTable(item["unique_id"], columns=dict.fromkeys(item["_columns"], "INTEGER")) for item in items}
    return Catalog(tables=tables) if tables else None


def checked(base: Raw, head: Raw, **given: Any) -> CheckReport:  # noqa: ANN401
    """What a check says of two projects."""
    sides: Raw = {}
    artifacts = []
    for name, manifest in (("base", base), ("head", head)):
        data = json.dumps(_linked(manifest)).encode()
        artifacts.append(artifacts_from_bytes(data, f"{name}.json"))
        sides[f"{name}_reader"] = open_lineage(artifacts[-1], data=data, catalog=given.pop(f"{name}_catalog", None) or catalog(manifest))
        sides[f"{name}_definitions"] = definitions_from_bytes(data, name)
    return check(artifacts[0], artifacts[1], now=NOW, **sides, **given)


def told(report: CheckReport) -> set[str]:
    """Changes in short: ``breaking column-removed stg.b``."""
    return {f"{change.verdict} {change.kind} {short(change.unique_id)}{'.' + change.column if change.column else ''}" for change in report.changes}


def short(unique_id: str) -> str:
    return unique_id.split(".", 2)[2]


def the(report: CheckReport, kind: str) -> Change:
    """The one change of a kind."""
    found = [change for change in report.changes if change.kind == kind]
    assert len(found) == 1, told(report)
    return found[0]


def hit(report: CheckReport) -> dict[str, str]:
    """What happens to each relation: ``{"mart": "fails", "copy": "loses b"}``; ``may`` where it is not certain."""
    impact = report.impact
    sure = {proof.unique_id for proof in impact.proofs if proof.certain}
    found: dict[str, list[str]] = {}
    for word, ids in (("fails", impact.fails), ("skipped", impact.skipped), ("wrong", impact.wrong)):
        for unique_id in ids:
            found.setdefault(unique_id, []).append(word)
    for unique_id, columns in impact.loses_columns.items():
        found.setdefault(unique_id, []).append(f"loses {', '.join(columns)}")
    return {short(unique_id): ("" if unique_id in sure else "may ") + ", ".join(sorted(words)) for unique_id, words in found.items()}
