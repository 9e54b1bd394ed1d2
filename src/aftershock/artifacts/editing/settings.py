"""Settings of a resource, in the names and forms in which dbt keeps them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aftershock.artifacts.editing.naming import renamed_relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aftershock.artifacts.editing.parts import Json

HOOKS = {"pre_hook": "pre-hook", "post_hook": "post-hook"}
"""dbt's own names of settings that may be written with an underscore."""
ADDED = frozenset({"meta", "tags", *HOOKS.values()})
"""Settings to which each place that gives them adds; of all others the nearest place's holds."""
UNPLACED = frozenset({"schema", "database"})
"""Settings of which a macro makes where a relation lies."""

_COPIED = frozenset({"meta", "tags"})
_DEFAULTS: Json = {"on_schema_change": "ignore", "enabled": True, "materialized": "view", "lookback": 1, "contract": {"enforced": False}, "access": "protected"}


def normal(config: Mapping[str, Any]) -> Json:
    """Settings under dbt's own names, hooks in its own form."""
    named = {HOOKS.get(key, key): value for key, value in config.items()}
    return {key: [*_hooks(value)] if key in HOOKS.values() else value for key, value in named.items()}


def _hooks(value: object) -> Iterator[object]:
    """Each hook as dbt writes it: it may be given as a text, as JSON, or as a mapping."""
    for item in value if isinstance(value, list) else [value]:
        hook = item
        if isinstance(hook, str):
            try:
                hook = json.loads(hook)
            except ValueError:
                hook = {"sql": item}
        if isinstance(hook, dict):
            yield {"sql": hook.get("sql"), "transaction": hook.get("transaction", True), "index": hook.get("index")}
        elif item is not None:
            yield item


def together(first: Json, second: Json) -> Json:
    """What two places of a file say one after another."""
    return {**first, **{key: added_up(first[key], None, value) if key in ADDED and key in first else value for key, value in second.items()}}


def set_config(resource: Json, key: str, value: object) -> None:
    """Set a setting where dbt keeps it: in the config, as written, and, of some, on the resource itself."""
    for place in ("config", "unrendered_config"):
        resource[place] = {**(resource.get(place) or {}), key: value}
    if key in {"access", "group"}:
        resource[key] = value
    if key == "alias" and isinstance(value, str) and value:
        resource["alias"] = value
        if resource.get("relation_name"):
            resource["relation_name"] = renamed_relation(resource["relation_name"], value)


def change_config(resource: Json, key: str, old: object, new: object) -> None:
    """Set a setting to what one place says of it now, where that said ``old`` before; what other places add to it stays."""
    if key not in ADDED:
        set_config(resource, key, new)
        return
    value = added_up((resource.get("config") or {}).get(key), old, new)
    set_config(resource, key, value)
    if key in _COPIED:
        resource[key] = value


def drop_config(resource: Json, key: str, old: object = None) -> None:
    """Take away what one place says of a setting: where no other place adds to it, dbt's default is in the config then."""
    if key in ADDED:
        change_config(resource, key, old, {} if key == "meta" else [])
        return
    resource["config"] = {**(resource.get("config") or {}), key: _DEFAULTS.get(key)}
    resource["unrendered_config"] = {name: value for name, value in (resource.get("unrendered_config") or {}).items() if name != key}
    if key in {"access", "group"}:
        resource[key] = _DEFAULTS.get(key)


def added_up(now: object, old: object, new: object) -> object:
    """A setting that several places add to: what it is now, less what one place said, and with what that says instead."""
    if any(isinstance(value, dict) for value in (now, old, new)):
        before, after = (value if isinstance(value, dict) else {} for value in (old, new))
        kept: Mapping[str, object] = now if isinstance(now, dict) else {}
        return {**{key: value for key, value in kept.items() if key not in before}, **after}
    before_parts, after_parts, now_parts = (_parts(value) for value in (old, new, now))
    found = [part for part in now_parts if part not in before_parts]
    for part in after_parts:
        if isinstance(part, dict) or part not in found:  # a hook may well run twice
            found.append(part)
    return found


def _parts(value: object) -> list[Any]:
    """Words, or hooks."""
    items = value if isinstance(value, list) else [value] if isinstance(value, (str, int)) and value != "" else []
    return [item if isinstance(item, dict) else str(item) for item in items]


def holds(known: object, said: object) -> bool:
    """Whether a value has all that is said of it: dbt adds keys of its own, and what other places say."""
    if isinstance(known, dict) and isinstance(said, dict):
        return all(key in known and holds(known[key], value) for key, value in said.items())
    if isinstance(known, list) and isinstance(said, list):
        return all(item in known for item in said)
    return known == said or (isinstance(known, list) and said in known)
