"""A YAML file of a dbt project as plain values, bounded: it may come from a pull request."""

from __future__ import annotations

from typing import Any

MOST_CHARACTERS = 5_000_000
MOST_VALUES = 500_000


class NotYaml(Exception):  # noqa: N818  # reads as what happened
    """Why a file cannot be read, as a part of a sentence."""


def read_yaml(text: str) -> dict[str, Any]:
    """The mapping that a YAML text is; empty where it says nothing.

    Raises:
        NotYaml: it is no YAML, no mapping, or too large.
    """
    import yaml

    if len(text) > MOST_CHARACTERS:
        raise NotYaml(f"it has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read")
    try:
        found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # both are safe loaders
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise NotYaml(f"it is not YAML ({' '.join(str(error).split())[:200]})") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise NotYaml("it is no mapping")
    _count(found)
    return {str(key): value for key, value in found.items()}


def _count(value: object) -> None:
    """Refuse what unfolds to more values than any file has: aliases multiply."""
    todo, seen = [value], 0
    while todo:
        one = todo.pop()
        seen += 1
        if seen > MOST_VALUES:
            raise NotYaml(f"it holds more than {MOST_VALUES:,} values")
        todo.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
