"""What a rule finds, and how it looks at settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair
    from aftershock.model.changes import Certainty, Judgement


class Finding(NamedTuple):
    """One change that a rule finds."""

    verdict: Judgement
    reason: str
    was: str = ""
    now: str = ""
    column: str = ""
    certainty: Certainty = "certain"


def setting(scene: Scene, pair: Pair, key: str, default: object = None) -> tuple[Any, Any] | None:
    """A setting's old and new value where they differ, and not only because the target is another one."""
    old, new = pair.old.config.get(key), pair.new.config.get(key)
    if _plain(old, default) == _plain(new, default):
        return None
    if not scene.places.same and key in pair.old.unrendered and pair.old.unrendered[key] == pair.new.unrendered.get(key):
        return None
    return old, new


def _plain(value: object, default: object = None) -> object:
    """A value without what is empty in it, since versions of dbt differ in whether they write that; the default where nothing is left."""
    if isinstance(value, dict):
        value = {key: plain for key, item in value.items() if (plain := _plain(item)) is not None}
    elif isinstance(value, list):
        value = [_plain(item) for item in value]
    return default if value in (None, "", [], {}, False) else value


def written_out(value: object) -> str:
    """A setting's value as a person would write it."""
    if isinstance(value, list):
        return ", ".join(map(written_out, value))
    return "" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8", "replace")
