"""What a rule finds, and how it looks at settings."""

from __future__ import annotations

import re
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
    """A setting's old and new value where they differ, and not only because the target is another one.

    Args:
        scene: both projects.
        pair: the node.
        key: the setting.
        default: what holds where it is not given.
    """
    old, new = pair.old.config.get(key), pair.new.config.get(key)
    if plain(old, default) == plain(new, default):
        return None
    if not scene.places.same and (_written_alike(pair, key) or _in_same_sql(scene, pair, key)):
        return None
    return old, new


def _written_alike(pair: Pair, key: str) -> bool:
    return key in pair.old.unrendered and pair.old.unrendered[key] == pair.new.unrendered.get(key)


def _in_same_sql(scene: Scene, pair: Pair, key: str) -> bool:
    """Whether the setting is given in the node's own code, which is the same: of that, dbt does not always keep what is written."""
    old, new = scene.base.code_of(pair.base_id).raw, scene.head.code_of(pair.head_id).raw
    return old == new and re.search(rf"\b{re.escape(key.replace('-', '_'))}\s*=", new) is not None


def plain(value: object, default: object = None) -> object:
    """A value without what is empty in it, since versions of dbt differ in whether they write that; the default where nothing is left.

    Args:
        value: of a setting.
        default: what holds where it is not given; where that is true, false is a value.
    """
    if value is False and default is True:
        return False
    if isinstance(value, dict):
        value = {key: kept for key, item in value.items() if (kept := plain(item)) is not None}
    elif isinstance(value, list):
        value = [plain(item) for item in value]
    return default if value in (None, "", [], {}, False) else value


def written_out(value: object) -> str:
    """A setting's value as a person would write it."""
    if isinstance(value, list):
        return ", ".join(map(written_out, value))
    return "" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8", "replace")
