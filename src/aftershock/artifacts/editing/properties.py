"""An edited YAML file: what it says of models, seeds, snapshots, sources and exposures, put into the manifest's resources.

Where the file's old text is known, what differs between the two texts is what changes. Where it is not, what the new text says holds, and what it does not
say stays as the manifest has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aftershock.artifacts.editing.data_tests import edit_tests
from aftershock.artifacts.editing.exposures import edit_exposures
from aftershock.artifacts.editing.parts import added_up, drop_config, holds, is_template, listed, mapping, named, renamed_relation, set_config
from aftershock.artifacts.editing.templates import configs, recode

if TYPE_CHECKING:
    from aftershock.artifacts.editing.parts import Json, Resources

PATCHED = {"models": "model", "seeds": "seed", "snapshots": "snapshot"}
UNREAD = {
    "metrics": ("metric",),
    "semantic_models": ("semantic_model",),
    "saved_queries": ("saved_query",),
    "unit_tests": ("unit_test",),
    "functions": ("function",),
    "groups": (),
}
"""Sections that are not followed here, and the resource types that they define."""
SECTIONS = frozenset({*PATCHED, *UNREAD, "sources", "exposures", "macros", "analyses", "data_tests"})
_OWN = ("access", "group", "latest_version", "deprecation_date", "constraints")
_ADDED = frozenset({"meta", "tags"})
_BY_PROJECT = frozenset({"materialized", "schema", "database", "unique_key", "on_schema_change", "incremental_strategy"})
"""Settings that dbt_project.yml may well give where a file no longer does."""


def edit_properties(resources: Resources, package: str, path: str, old: Json | None, new: Json) -> None:
    """Put an edited YAML file into the project.

    Args:
        resources: the project.
        package: the package that it is in.
        path: the file, relative to it.
        old: what it said; None where that is not known.
        new: what it says.
    """
    for section, kind in PATCHED.items():
        _patches(resources, package, path, kind, (None if old is None else named(old.get(section)), named(new.get(section))))
    _all_sources(resources, package, path, (None if old is None else named(old.get("sources")), named(new.get("sources"))))
    edit_exposures(resources, package, path, named(new.get("exposures")))
    for section, kinds in UNREAD.items():
        if old is not None and old.get(section) == new.get(section):
            continue
        known = [node for node in resources.project.nodes.values() if node.path == path and node.package == package and node.resource_type in kinds]
        differs = old is not None or {node.name for node in known} != set(named(new.get(section)))
        if differs and (section in new or known or section in (old or {})):
            resources.doubt(path, f"its {section} cannot be read without dbt", [node.unique_id for node in known])


def _patches(resources: Resources, package: str, path: str, kind: str, told: tuple[dict[str, Json] | None, dict[str, Json]]) -> None:
    old, new = told
    described = [
        unique_id
        for unique_id, definition in resources.definitions.nodes.items()
        if definition.patch == path and unique_id.startswith(f"{kind}.{package}.") and unique_id in resources.project.nodes
    ]
    by_name: dict[str, list[str]] = {}
    for unique_id in dict.fromkeys([*described, *(item for name in new for item in _nodes(resources, package, kind, name))]):
        if unique_id not in resources.removed:
            by_name.setdefault(_name_of(resources, unique_id), []).append(unique_id)
    for name, unique_ids in by_name.items():
        before, after = (old or {}).get(name), new.get(name)
        if kind == "snapshot" and _written_here(resources, unique_ids[0], path):
            _yaml_snapshot(resources, unique_ids[0], path, after)
        if unique_ids[0] in resources.removed:
            continue
        if old is not None and before == after:
            continue
        if any("versions" in entry for entry in (before, after) if entry is not None):
            if before != after:
                resources.doubt(path, f"the versions of {name} are not read without dbt", unique_ids)
            continue
        for unique_id in unique_ids:
            _patch(resources, unique_id, path, (None if old is None else before or {}, after or {}))


def _written_here(resources: Resources, unique_id: str, path: str) -> bool:
    """Whether a snapshot is defined by its YAML entry, without a file of its own."""
    node = resources.project.nodes.get(unique_id)
    return node is not None and node.path == path


def _yaml_snapshot(resources: Resources, unique_id: str, path: str, entry: Json | None) -> None:
    if entry is None:
        resources.remove(unique_id)
    elif isinstance(entry.get("relation"), str):
        recode(resources, unique_id, "select * from {{ " + entry["relation"] + " }}", path)  # noqa: S608  # as dbt writes it


def _nodes(resources: Resources, package: str, kind: str, name: str) -> list[str]:
    found = [f"{kind}.{package}.{name}"]
    return [unique_id for unique_id in found if unique_id in resources.touched or unique_id in resources.project.nodes]


def _name_of(resources: Resources, unique_id: str) -> str:
    node = resources.project.nodes.get(unique_id)
    return node.name if node is not None else str(resources.touched[unique_id]["name"])


def _patch(resources: Resources, unique_id: str, path: str, told: tuple[Json | None, Json]) -> None:
    """What one entry says of one node: its columns, its settings, its tests."""
    old, new = told
    resource = resources.get(unique_id)
    if old is None or columns_of(old) != columns_of(new):
        resource["columns"] = _columns(resource.get("columns") or {}, new)
    _settings(resources, resource, path, (old, new))
    edit_tests(resources, unique_id, path, (old, new))


def columns_of(entry: Json) -> dict[str, Json]:
    """The columns of an entry by name."""
    return named(entry.get("columns"))


def _columns(known: dict[str, Any], entry: Json) -> dict[str, Any]:
    found = {}
    for name, column in columns_of(entry).items():
        config = mapping(column.get("config"))
        found[name] = {
            **(known.get(name) or {}),
            "name": name,
            "data_type": column.get("data_type"),
            "constraints": column.get("constraints") or [],
            "meta": {**mapping(column.get("meta")), **mapping(config.get("meta"))},
            "tags": [*listed(column.get("tags")), *listed(config.get("tags"))],
            "config": config,
        }
    return found


def _settings(resources: Resources, resource: Json, path: str, told: tuple[Json | None, Json]) -> None:
    old, new = told
    inline = configs(resource.get("raw_code") or "")
    before, after = _config(old or {}), _config(new)
    said = [key for key in after if key not in before or before[key] != after[key]]
    for key in said if old is not None else [key for key in said if not holds((resource.get("config") or {}).get(key), after[key])]:
        if is_template(after[key]):
            resources.doubt(path, f"{key} is a template there", (resource["unique_id"],))
        elif key in _ADDED:
            value = added_up((resource.get("config") or {}).get(key), before.get(key), after[key])
            set_config(resource, key, value)
            resource[key] = value
        elif inline is None or key not in inline:
            set_config(resource, key, after[key])
    for key in [key for key in before if key not in after and key not in (inline or {})]:
        if key in _ADDED:
            resource[key] = added_up((resource.get("config") or {}).get(key), before[key], [] if key == "tags" else {})
            set_config(resource, key, resource[key])
            continue
        drop_config(resource, key)
        if key in _BY_PROJECT:
            resources.doubt(path, f"it no longer says {key}, and dbt_project.yml is not read", (resource["unique_id"],))
    for key in _OWN:
        if key in new or (old is not None and key in old):
            resource[key] = new.get(key) if key != "deprecation_date" or new.get(key) is None else str(new[key])


def _config(entry: Json) -> Json:
    """The settings of an entry: under ``config``, or, as before dbt 1.10, beside it."""
    beside = {key: entry[key] for key in ("access", "group", "meta", "tags", "contract") if key in entry}
    return {**beside, **mapping(entry.get("config"))}


def _all_sources(resources: Resources, package: str, path: str, told: tuple[dict[str, Json] | None, dict[str, Json]]) -> None:
    old, new = told
    if old is not None and old == new:
        return
    known = [node for node in resources.project.nodes.values() if node.source is not None and node.path == path and node.package == package]
    wanted = {(source, table): (entry, its) for source, entry in new.items() for table, its in named(entry.get("tables")).items()}
    for node in known:
        key = (node.source.source_name if node.source is not None else "", node.name)
        if key not in wanted:
            resources.remove(node.unique_id)
            continue
        entry = _source_entry(*wanted.pop(key))
        was = (old or {}).get(key[0], {})
        its = named(was.get("tables")).get(key[1])
        before = None if old is None else _source_entry(was, its) if its is not None else {}
        if before != entry:
            _patch_source(resources, node.unique_id, path, (before, entry))
    for names, both in wanted.items():
        _new_source(resources, package, path, names, _source_entry(*both))


def _source_entry(source: Json, table: Json) -> Json:
    """A table with what its source says for all of its tables."""
    inherited = {key: source[key] for key in ("database", "freshness", "loaded_at_field", "loaded_at_query", "loader") if key in source}
    config = {**mapping(source.get("config")), **mapping(table.get("config"))}
    meta = {**mapping(source.get("meta")), **mapping(mapping(source.get("config")).get("meta"))}
    return {**inherited, "schema": source.get("schema", source.get("name")), **table, "config": config, "source_meta": meta}


def _patch_source(resources: Resources, unique_id: str, path: str, told: tuple[Json | None, Json]) -> None:
    old, new = told
    resource = resources.get(unique_id)
    if old is None or columns_of(old) != columns_of(new):
        resource["columns"] = _columns(resource.get("columns") or {}, new)
    identifier = new.get("identifier", new["name"])
    moved = [key for key in ("database", "schema") if key in new and (old is None or old.get(key) != new[key]) and new[key] != resource.get(key)]
    if any(is_template(value) for value in (identifier, *(new[key] for key in moved))):
        resources.doubt(path, "where it lies is a template there", (unique_id,))
    else:
        resource.update({key: new[key] for key in moved}, identifier=identifier)
        parts = [resource.get("database"), resource.get("schema"), identifier]
        if resource.get("relation_name"):
            plain = ".".join(str(part) for part in parts if part)
            resource["relation_name"] = plain if moved else renamed_relation(resource["relation_name"], str(identifier))
    if old is not None and old.get("source_meta") != new["source_meta"]:
        resource["source_meta"] = new["source_meta"]
    for key in ("freshness", "loaded_at_field", "loaded_at_query"):
        value = new.get(key, new["config"].get(key))
        before = (old or {}).get(key, (old or {}).get("config", {}).get(key))
        if value != before and (old is not None or not (value is None or holds(resource.get(key), value))):
            resource[key] = value
            set_config(resource, key, value)
    edit_tests(resources, unique_id, path, (old, new))


def _new_source(resources: Resources, package: str, path: str, names: tuple[str, str], entry: Json) -> None:
    source, table = names
    beside = next((node for node in resources.project.nodes.values() if node.source is not None and node.source.source_name == source), None)
    database = entry.get("database") or (
        beside.database if beside is not None else next((node.database for node in resources.project.nodes.values() if node.database), "")
    )
    identifier = str(entry.get("identifier", table))
    relation = renamed_relation(beside.relation_name, identifier) if beside is not None and beside.relation_name else ""
    resources.add(
        {
            "unique_id": f"source.{package}.{source}.{table}",
            "resource_type": "source",
            "name": table,
            "source_name": source,
            "package_name": package,
            "original_file_path": path,
            "fqn": [package, *path.split("/")[1:-1], source, table],
            "database": database,
            "schema": entry.get("schema"),
            "identifier": identifier,
            "relation_name": relation or ".".join(str(part) for part in (database, entry.get("schema"), identifier) if part),
            "columns": _columns({}, entry),
            "source_meta": entry["source_meta"],
            "config": {"enabled": True},
        }
    )
