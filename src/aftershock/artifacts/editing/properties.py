"""An edited YAML file: what it says of models, seeds, snapshots, sources and exposures, put into the manifest's resources.

Where the file's old text is known, what differs between the two texts is what changes. Where it is not, what the new text says holds, and what it does not
say stays as the manifest has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.artifacts.editing.calls import configs
from aftershock.artifacts.editing.columns import columns_of, edited_columns
from aftershock.artifacts.editing.data_tests import edit_tests
from aftershock.artifacts.editing.exposures import edit_exposures
from aftershock.artifacts.editing.parts import is_template, mapping, named
from aftershock.artifacts.editing.settings import ADDED, HOOKS, UNPLACED, change_config, drop_config, holds, normal
from aftershock.artifacts.editing.sources import edit_sources
from aftershock.artifacts.editing.templates import recode

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
    "data_tests": (),
}
"""Sections that are not followed here, and the resource types that they define."""
SECTIONS = frozenset({*PATCHED, *UNREAD, "sources", "exposures", "macros", "analyses"})
_OWN = ("access", "group", "latest_version", "deprecation_date", "constraints")
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
    edit_sources(resources, package, path, (None if old is None else named(old.get("sources")), named(new.get("sources"))))
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
    described = [unique_id for unique_id in resources.described.get((package, path), ()) if unique_id.startswith(f"{kind}.")]
    _unknown(resources, package, path, kind, told)
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


def _unknown(resources: Resources, package: str, path: str, kind: str, told: tuple[dict[str, Json] | None, dict[str, Json]]) -> None:
    """Say so where an entry brings a node into being: a snapshot that it defines, or one that was switched off."""
    old, new = told
    for name, entry in new.items():
        unique_id = f"{kind}.{package}.{name}"
        if _nodes(resources, package, kind, name) or (old is not None and old.get(name) == entry):
            continue
        off = unique_id in resources.project.disabled
        if kind == "snapshot" and "relation" in entry and not off:
            resources.doubt(path, f"the snapshot {name} is new, and a new one is not read without dbt", (unique_id,))
        elif off and "enabled" in {**_config((old or {}).get(name) or {}), **_config(entry)} and _config(entry).get("enabled", True) is not False:
            resources.doubt(path, f"{name} was switched off, and may no longer be", (unique_id,))


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
        resource["columns"] = edited_columns(resource.get("columns") or {}, new)
    _settings(resources, resource, path, (old, new))
    edit_tests(resources, unique_id, path, (old, new))


def _settings(resources: Resources, resource: Json, path: str, told: tuple[Json | None, Json]) -> None:
    old, new = told
    inline = configs(resource.get("raw_code") or "")
    late = {HOOKS[key] for key in HOOKS if key in mapping(new.get("config"))}  # dbt renders these when they run
    before, after = _config(old or {}), _config(new)
    said = [key for key in after if key not in before or before[key] != after[key]]
    for key in said if old is not None else [key for key in said if not holds((resource.get("config") or {}).get(key), after[key])]:
        if is_template(after[key]) and key not in late:
            resources.doubt(path, f"{key} is a template there", (resource["unique_id"],))
        elif key in ADDED or inline is None or key not in inline:
            change_config(resource, key, before.get(key), after[key])
            if key in UNPLACED:
                resources.doubt(path, f"it says another {key}, and where dbt then puts it is not known", (resource["unique_id"],))
    for key in [key for key in before if key not in after and (key in ADDED or key not in (inline or {}))]:
        drop_config(resource, key, before[key])
        if key in _BY_PROJECT:
            resources.doubt(path, f"it no longer says {key}, and dbt_project.yml is not read", (resource["unique_id"],))
    for key in _OWN:
        if key in new or (old is not None and key in old):
            resource[key] = new.get(key) if key != "deprecation_date" or new.get(key) is None else str(new[key])


def _config(entry: Json) -> Json:
    """The settings of an entry: under ``config``, or, as before dbt 1.10, beside it."""
    beside = {key: entry[key] for key in ("access", "group", "meta", "tags", "contract") if key in entry}
    return normal({**beside, **mapping(entry.get("config"))})
