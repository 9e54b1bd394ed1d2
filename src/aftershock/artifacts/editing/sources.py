"""The sources that an edited YAML file declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.artifacts.editing.columns import columns_of, edited_columns
from aftershock.artifacts.editing.data_tests import edit_tests
from aftershock.artifacts.editing.naming import renamed_relation
from aftershock.artifacts.editing.parts import is_template, mapping, named
from aftershock.artifacts.editing.settings import holds, set_config

if TYPE_CHECKING:
    from aftershock.artifacts.editing.parts import Json, Resources


def edit_sources(resources: Resources, package: str, path: str, told: tuple[dict[str, Json] | None, dict[str, Json]]) -> None:
    """Make a file's sources those that its entries declare.

    Args:
        resources: the project.
        package: the package that the file is in.
        path: the file, relative to it.
        told: the entries before, None where they are not known, and after, by name.
    """
    old, new = told
    if old is not None and old == new:
        return
    known = [node for node in resources.project.nodes.values() if node.source is not None and node.path == path and node.package == package]
    wanted = {(source, table): (entry, its) for source, entry in new.items() for table, its in named(entry.get("tables")).items()}
    for node in known:
        key = (node.source.source_name if node.source is not None else "", node.name)
        if key not in wanted:
            if resources.touched.get(node.unique_id, {}).get("original_file_path", path) == path:  # else another edited file has it now
                resources.remove(node.unique_id)
            continue
        entry = _source_entry(*wanted.pop(key))
        was = (old or {}).get(key[0], {})
        its = named(was.get("tables")).get(key[1])
        before = None if old is None else _source_entry(was, its) if its is not None else {}
        if before != entry:
            _patch_source(resources, node.unique_id, path, (before, entry))
    for names, both in wanted.items():
        was = (old or {}).get(names[0], {})
        its = named(was.get("tables")).get(names[1])
        before = _source_entry(was, its) if its is not None else None
        if _is_new(resources, path, f"source.{package}.{'.'.join(names)}", (before, _source_entry(*both)), known=old is not None):
            _new_source(resources, package, path, names, _source_entry(*both))


def _is_new(resources: Resources, path: str, unique_id: str, told: tuple[Json | None, Json], *, known: bool) -> bool:
    """Whether a source that the manifest does not have is there now: it may have been switched off, and be so still."""
    old, new = told
    switch = new["config"].get("enabled", True)
    was_off = unique_id in resources.project.disabled
    if was_off and (switch == (old or {}).get("config", {}).get("enabled", True) if known else "enabled" not in new["config"]):
        return False
    if is_template(switch):
        if old != new:
            resources.doubt(path, "enabled is a template there", (unique_id,))
        return False
    return switch is not False


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
        resource["columns"] = edited_columns(resource.get("columns") or {}, new)
    _switch(resources, resource, path, told)
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


def _switch(resources: Resources, resource: Json, path: str, told: tuple[Json | None, Json]) -> None:
    """Whether a source is enabled."""
    old, new = told
    switch = new["config"].get("enabled", True)
    if switch == ((old or {}).get("config") or {}).get("enabled", True):
        return
    if is_template(switch):
        resources.doubt(path, "enabled is a template there", (resource["unique_id"],))
    else:
        set_config(resource, "enabled", switch is not False)


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
            "columns": edited_columns({}, entry),
            "source_meta": entry["source_meta"],
            "config": {"enabled": True},
        }
    )
    edit_tests(resources, f"source.{package}.{source}.{table}", path, (None, entry))
