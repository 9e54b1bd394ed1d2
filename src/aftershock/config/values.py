"""One setting's tree → its value, or one clear error. Each reader takes the tree, where it stands, and the default value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from aftershock import times
from aftershock.config.document import Mapping, Scalar, Sequence, shown
from aftershock.errors import ConfigError, UsageError
from aftershock.model import SEVERITY_RULES, DeclaredExposure, Owner, OwnerRule, Severity
from aftershock.owners import parse_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aftershock.config.document import Tree

V = TypeVar("V")

SEVERITIES = tuple(level.value for level in Severity)
CONDITIONS = ("path", "tag", "package", "node")
OWNER_PARTS = ("name", "email", "slack")
EXPOSURE_KEYS = ("name", "depends_on", "type", "owner", "maturity", "url", "meta")
MAX_NUMBER = 1_000_000
LINK = r"^https?://[^\s<>\"'`]+$"
FOLDER = r"^(?!\.\.?(?:/|$))[\w.-][\w .-]*(?:/(?!\.\.?(?:/|$))[\w.-][\w .-]*)*/?$"
_NUMBER = re.compile(r"^(0|[1-9]\d{0,8})$")
_TRUE = frozenset({"true", "yes", "on"})


class At(NamedTuple):
    """Where in the file something stands, for errors: ``severity.rules``, line 4."""

    file: str
    key: str
    line: int

    def error(self, problem: str, remedy: str = "") -> ConfigError:
        """The error that names this place."""
        return ConfigError(f"{self.file}:{self.line}", f"{self.key or 'the file'} {problem}", remedy)

    def inside(self, key: str, line: int) -> At:
        """The place of a key, or of an item (``[2]``), inside this one."""
        name = shown(key)
        return At(self.file, name if not self.key else f"{self.key}{name}" if key.startswith("[") else f"{self.key}.{name}", line)

    def unknown(self, names: Iterable[str], what: str = "a setting") -> ConfigError:
        """The error for a key that is none of ``names``; it names the nearest."""
        import difflib

        typed = self.key.rpartition(".")[2]
        names = list(names)
        near = difflib.get_close_matches(typed.lower().replace("_", "-"), [name.lower().replace("_", "-") for name in names], 1, 0.5)
        remedy = next((f"Did you mean {name}?" for name in names if [name.lower().replace("_", "-")] == near), f"Known are: {', '.join(names)}")
        return self.error(f"is not {what}", remedy)


def entries(tree: Tree, at: At, names: Iterable[str] | None = None, what: str = "a setting") -> dict[str, tuple[Tree, At]]:
    """A mapping's values that are not empty, each with its place. Raises ConfigError for another shape, or a key that is none of ``names``."""
    if is_empty(tree):
        return {}
    if not isinstance(tree, Mapping):
        raise at.error(f"must be a mapping, not {_a(tree)}", f"Write keys under it{': ' + ', '.join(names) if names else ''}")
    found = {}
    for key, (line, value) in tree.entries.items():
        place = at.inside(key, line)
        if names is not None and key not in names:
            raise place.unknown(names, what)
        if not is_empty(value):
            found[key] = (value, place)
    return found


def is_empty(tree: Tree) -> bool:
    """Whether nothing is written there: the setting keeps its default."""
    return isinstance(tree, Scalar) and tree.kind == "null"


def words(tree: Tree, at: At, default: tuple[str, ...]) -> tuple[str, ...]:
    """The defaults, and the words given; one that is given as ``-word`` is taken away."""
    folded = {word.casefold(): word for word in default}
    for word, place in _texts(tree, at):
        if not word.startswith("-"):
            folded.setdefault(word.casefold(), word)
        elif folded.pop(word[1:].strip().casefold(), None) is None:
            raise place.error(f"takes away {shown(word[1:])}, which is not there", f"Present are: {', '.join(folded.values()) or 'none'}")
    return tuple(folded.values())


def _texts(tree: Tree, at: At) -> list[tuple[str, At]]:
    """A word or a list of words, each as written and not empty."""
    written = tree.items if isinstance(tree, Sequence) else (tree,)
    places = [at.inside(f"[{number}]", item.line) for number, item in enumerate(written)] if isinstance(tree, Sequence) else [at]
    return [(text(item, place), place) for item, place in zip(written, places, strict=True)]


def text(tree: Tree, at: At, _default: str = "") -> str:
    """One value as written. Raises ConfigError where it is empty or not one value."""
    if not isinstance(tree, Scalar):
        raise at.error(f"must be one value, not {_a(tree)}")
    if not tree.text.strip() or tree.kind == "null":
        raise at.error("is empty", "Write a value, or remove it")
    return tree.text.strip()


def number(tree: Tree, at: At, _default: int = 0) -> int:
    """A whole number from 1."""
    if isinstance(tree, Scalar) and tree.kind == "int" and _NUMBER.match(tree.text) and 1 <= int(tree.text) <= MAX_NUMBER:
        return int(tree.text)
    raise at.error(f"must be a whole number from 1 to {MAX_NUMBER}, not {_a(tree)}")


def switch(tree: Tree, at: At, _default: bool = True) -> bool:  # noqa: FBT001, FBT002  # a reader has one shape
    """True or false."""
    if isinstance(tree, Scalar) and tree.kind == "bool":
        return tree.text.lower() in _TRUE
    raise at.error(f"must be true or false, not {_a(tree)}")


def rules(tree: Tree, at: At, default: dict[str, bool]) -> dict[str, bool]:
    """Switches by the name of a severity rule."""
    return {**default, **{key: switch(value, place) for key, (value, place) in entries(tree, at, SEVERITY_RULES, "a severity rule").items()}}


def minutes(tree: Tree, at: At, default: dict[str, int]) -> dict[str, int]:
    """Minutes by severity."""
    return {**default, **{key: number(value, place) for key, (value, place) in entries(tree, at, SEVERITIES, "a severity").items()}}


def timezone(tree: Tree, at: At, _default: str = "") -> str:
    """A time zone by its name."""
    found = text(tree, at)
    if not re.match(times.ZONE, found):
        raise at.error(f"must be UTC or a region and city (Europe/Berlin), not {shown(found)}")
    try:
        times.zone_of(found, at.key)
    except UsageError as error:
        raise at.error(f"cannot be followed: {error.problem}", error.remedy) from None
    return found


def link(tree: Tree, at: At, _default: str = "") -> str:
    """An http(s) address."""
    found = text(tree, at)
    if not re.match(LINK, found) or not found.isprintable():
        raise at.error(f"must start with http:// or https:// and hold no blanks, not be {shown(found)}")
    return found


def folder(tree: Tree, at: At, _default: str = "") -> str:
    """A folder below that of the file, where links lead too."""
    found = text(tree, at)
    if not re.match(FOLDER, found) or not found.isprintable():
        raise at.error(f"must be a folder below this file's, with / between its parts, not {shown(found)}", "Move the folder, or write where it is from here")
    root = Path(at.file).parent
    if not (root / found).resolve().is_relative_to(root.resolve()):
        raise at.error(f"is a link that leads out of this file's folder: {shown(found)}", "Put the files themselves below it")
    return found


def owner(tree: Tree, at: At, _default: Owner | None = None) -> Owner:
    """One person or team: a text, or a mapping of name, email and slack."""
    if isinstance(tree, Mapping):
        value: object = {key: text(part, place) for key, (part, place) in entries(tree, at, OWNER_PARTS, "a part of an owner").items()}
    elif isinstance(tree, Sequence):
        raise at.error("must be one owner, not a list", "Name the team, or the address that reaches all of them")
    else:
        value = text(tree, at)
    found = parse_owner(value)
    if len(found) > 1:
        raise at.error(f"names {len(found)} owners", "Name the team, or the address that reaches all of them")
    if not found:
        raise at.error("names nobody", 'Write a name, an e-mail, "@slack", or name, email and slack')
    return found[0]


def owner_rules(tree: Tree, at: At, _default: tuple[OwnerRule, ...] = ()) -> tuple[OwnerRule, ...]:
    """Who owns what matches."""
    return tuple(_owner_rule(item, place) for item, place in items(tree, at))


def _owner_rule(tree: Tree, at: At) -> OwnerRule:
    found = entries(tree, at, (*CONDITIONS, "owner"), "a key of an owner rule")
    conditions = {key: text(value, place) for key, (value, place) in found.items() if key != "owner"}
    if not conditions:
        raise at.error("matches nothing in particular", f"Give one of {', '.join(CONDITIONS)}, or use default_owner")
    return OwnerRule(needed(found, "owner", at, owner), **conditions)


def exposures(tree: Tree, at: At, _default: tuple[DeclaredExposure, ...] = ()) -> tuple[DeclaredExposure, ...]:
    """Dashboards and other consumers that dbt does not declare."""
    found: dict[str, DeclaredExposure] = {}
    for item, place in items(tree, at):
        exposure = _exposure(item, place)
        identity = re.sub(r"\W+", "_", exposure.name).strip("_").casefold()
        if identity in found:
            raise place.error(f"has the name {shown(exposure.name)}, which another one has ({shown(found[identity].name)})", "Give it a name of its own")
        found[identity] = exposure
    return tuple(found.values())


def _exposure(tree: Tree, at: At) -> DeclaredExposure:
    found = entries(tree, at, EXPOSURE_KEYS, "a key of an exposure")
    optional: dict[str, Any] = {key: read(*found[key]) for key, read in (("type", text), ("owner", owner), ("maturity", text), ("url", link)) if key in found}
    if "meta" in found:
        optional["meta"] = {key: plain(value) for key, (value, _) in entries(*found["meta"]).items()}
    parents = needed(found, "depends_on", at, _texts)
    if not parents:
        raise at.inside("depends_on", at.line).error("is empty", "Name what it reads")
    return DeclaredExposure(name=needed(found, "name", at, text), depends_on=tuple(dict.fromkeys(name for name, _ in parents)), **optional)


def needed(found: dict[str, tuple[Tree, At]], key: str, at: At, read: Callable[[Tree, At], V]) -> V:
    """The value of a key that must be there. Raises ConfigError where it is not."""
    if key not in found:
        raise at.error(f"has no {key}", f"Add {key}:")
    return read(*found[key])


def items(tree: Tree, at: At) -> list[tuple[Tree, At]]:
    """The items of a list, each with its place. Raises ConfigError for another shape."""
    if not isinstance(tree, Sequence):
        raise at.error(f"must be a list, not {_a(tree)}", 'Start each entry with "- "')
    return [(item, at.inside(f"[{index}]", item.line)) for index, item in enumerate(tree.items)]


def plain(tree: Tree) -> object:
    """The tree as Python values, as JSON would have them."""
    if isinstance(tree, Mapping):
        return {key: plain(value) for key, (_, value) in tree.entries.items()}
    if isinstance(tree, Sequence):
        return [plain(item) for item in tree.items]
    if tree.kind == "bool":
        return tree.text.lower() in _TRUE
    if tree.kind == "int" and _NUMBER.match(tree.text):
        return int(tree.text)
    return None if tree.kind == "null" else tree.text


def _a(tree: Tree) -> str:
    """What somebody wrote, for an error."""
    if isinstance(tree, Scalar):
        return {"null": "nothing", "str": f'"{shown(tree.text)}"'}.get(tree.kind, shown(tree.text))
    return "a list" if isinstance(tree, Sequence) else "a mapping"
