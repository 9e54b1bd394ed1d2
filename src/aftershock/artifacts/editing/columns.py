"""The columns that a YAML entry declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aftershock.artifacts.editing.parts import listed, mapping, named

if TYPE_CHECKING:
    from aftershock.artifacts.editing.parts import Json


def columns_of(entry: Json) -> dict[str, Json]:
    """The columns of an entry by name."""
    return named(entry.get("columns"))


def edited_columns(known: dict[str, Any], entry: Json) -> dict[str, Any]:
    """The columns of a resource as an entry declares them, with what else the manifest knows of each."""
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
