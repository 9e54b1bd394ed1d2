"""A YAML file of a dbt project as plain values, bounded: it may come from a pull request."""

from __future__ import annotations

from typing import Any, NamedTuple

MOST_CHARACTERS = 5_000_000
MOST_VALUES = 500_000


class NotYaml(Exception):  # noqa: N818  # reads as what happened
    """Why a file cannot be read, as a part of a sentence."""


class Document(NamedTuple):
    """What a file said, None where that is not known, and what it says; ``problem`` is why it cannot be read, empty where it can."""

    old: dict[str, Any] | None
    new: dict[str, Any]
    problem: str = ""


def document(text: str | None, before: str | None, *, known: bool) -> Document:
    """A file's two states.

    Args:
        text: what it holds; None where it is gone.
        before: what it held; None where that is not known.
        known: whether the manifest has something of it: else it was not there.
    """
    try:
        new = read_yaml(text or "")
        return Document(read_yaml(before) if before is not None else None if known else {}, new)
    except NotYaml as error:
        return Document(None, {}, str(error))


def moved(documents: dict[str, Document]) -> None:
    """Where an entry went from one file to another, take it for an edit of the first: what is said of it is the same wherever that is.

    Args:
        documents: by file, of one package; changed here.
    """
    takers = {
        (section, entry): other
        for other, its in documents.items()
        for section, entries in its.new.items()
        for entry in _missing(entries, (its.old or {}).get(section))
    }
    for name, one in documents.items():
        for section, entries in (one.old or {}).items():
            for entry in _missing(entries, one.new.get(section)):
                taker = takers.get((section, entry), name)
                if taker != name:
                    _take(documents[taker].new, one.new, section, entry)


def _take(source: dict[str, Any], target: dict[str, Any], section: str, entry: str) -> None:
    taken = [item for item in source[section] if isinstance(item, dict) and item.get("name") == entry]
    source[section] = [item for item in source[section] if item not in taken]
    if not source[section]:
        del source[section]
    target[section] = [*(target.get(section) or []), *taken]


def _missing(entries: object, left: object) -> list[str]:
    """The names of a section's entries that another one does not have."""
    others = set(_names(left))
    return [name for name in _names(entries) if name not in others]


def _names(entries: object) -> list[str]:
    return [item["name"] for item in entries if isinstance(item, dict) and isinstance(item.get("name"), str)] if isinstance(entries, list) else []


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
