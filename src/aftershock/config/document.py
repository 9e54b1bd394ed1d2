"""YAML text → a tree that knows its lines. Built from events, so that depth and size are bounded while reading, not after.

Scalars keep their text: a list of words may say ``1`` or ``true`` and means just that.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import msgspec

from aftershock.errors import ConfigError

MAX_DEPTH = 12
MAX_VALUES = 20_000
_CORE = "tag:yaml.org,2002:"
_KINDS = {"int": "int", "float": "float", "bool": "bool", "null": "null", "str": "str", "timestamp": "str", "merge": "str", "value": "str"}
_SHOWN = 60


class Scalar(msgspec.Struct, frozen=True):
    """One value: its text as written, without quotes, and what YAML takes it for: str, int, float, bool or null."""

    line: int
    text: str
    kind: str


class Sequence(msgspec.Struct, frozen=True):
    """A list."""

    line: int
    items: tuple[Tree, ...]


class Mapping(msgspec.Struct, frozen=True):
    """A mapping: the line and the value of each key."""

    line: int
    entries: dict[str, tuple[int, Tree]]


Tree: TypeAlias = Scalar | Sequence | Mapping


_Event: TypeAlias = Any
"""An event of PyYAML's, which has no types."""


class _Loader(Protocol):
    """What is used of a PyYAML loader."""

    def get_event(self) -> _Event: ...
    def peek_event(self) -> _Event: ...
    def check_event(self, kind: type, /) -> bool: ...
    def resolve(self, kind: type, value: str, implicit: tuple[bool, bool], /) -> str: ...


def shown(text: str) -> str:
    """``text`` as it may stand in an error: on one line, printable, not long."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return cut if cut and cut.isprintable() else ascii(cut)


def parse(text: str, file: str) -> Tree | None:
    """The one document of a YAML text; None where there are only comments.

    Args:
        text: YAML.
        file: named in errors.

    Raises:
        ConfigError: not YAML, more than one document, a key twice, or larger or deeper than any settings are.
    """
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        return _Builder(loader, file).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        tabbed = "\t" in "".join(text.splitlines()[max(0, line - 2) : line])
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        if "nesting depth" in problem:  # libyaml's own bound, which it meets before ours where a text begins with many brackets
            raise _too_deep(file, line) from None
        remedy = "Indent with blanks, not with tabs" if tabbed else "Check indentation and colons there, and quote what starts with @, # or *"
        raise ConfigError(f"{file}:{line}" if line else file, f"is not valid YAML: {problem}", remedy) from None


def _too_deep(file: str, line: int) -> ConfigError:
    return ConfigError(f"{file}:{max(line, 1)}", "is nested too deeply", f"At most {MAX_DEPTH} levels")


class _Builder:
    """Turns the events of a PyYAML loader into trees."""

    def __init__(self, loader: _Loader, file: str) -> None:
        self.loader = loader
        self.file = file
        self.anchors: dict[str, tuple[Tree, int]] = {}
        self.count = 0

    def document(self) -> Tree | None:
        self.loader.get_event()
        if self._next_is("StreamEndEvent"):
            return None
        self.loader.get_event()
        tree = self._tree(0)
        self.loader.get_event()
        if not self._next_is("StreamEndEvent"):
            raise self._error(self._line(self.loader.peek_event()), "starts a second document", "Keep one")
        return tree

    def _tree(self, depth: int) -> Tree:
        import yaml

        event = self.loader.get_event()
        before = self.count
        self._counted(1, event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > MAX_DEPTH:
            raise _too_deep(self.file, self._line(event))
        tree: Tree
        if isinstance(event, yaml.ScalarEvent):
            tree = Scalar(self._line(event), event.value, self._kind(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            tree = self._sequence(event, depth)
        else:
            tree = self._mapping(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (tree, self.count - before)
        return tree

    def _alias(self, event: _Event) -> Tree:
        if event.anchor not in self.anchors:
            raise self._error(self._line(event), f"*{shown(event.anchor)} stands for nothing", f"Write &{shown(event.anchor)} before what it stands for")
        tree, size = self.anchors[event.anchor]
        self._counted(size, event)
        return tree

    def _sequence(self, event: _Event, depth: int) -> Sequence:
        self._check_tag(event, "seq")
        items = []
        while not self._next_is("SequenceEndEvent"):
            items.append(self._tree(depth + 1))
        self.loader.get_event()
        return Sequence(self._line(event), tuple(items))

    def _mapping(self, event: _Event, depth: int) -> Mapping:
        self._check_tag(event, "map")
        entries: dict[str, tuple[int, Tree]] = {}
        while not self._next_is("MappingEndEvent"):
            line = self._line(self.loader.peek_event())
            key = self._tree(depth + 1)
            if not isinstance(key, Scalar):
                raise self._error(line, "has a key that is not a word", "Quote it, or write a name and a colon")
            if key.text in entries:
                raise self._error(line, f"{shown(key.text)} is there twice, first in line {entries[key.text][0]}", "Keep one")
            entries[key.text] = (line, self._tree(depth + 1))
        self.loader.get_event()
        return Mapping(self._line(event), entries)

    def _kind(self, event: _Event) -> str:
        import yaml

        tag = event.tag
        if tag is None or tag == "!":
            tag = self.loader.resolve(yaml.ScalarNode, event.value, (tag is None and event.implicit[0], True))
        kind = _KINDS.get(tag.removeprefix(_CORE)) if tag.startswith(_CORE) else None
        if kind is None:
            raise self._error(self._line(event), f"the tag {shown(tag)} is not supported", "Write the value without it")
        return kind

    def _check_tag(self, event: _Event, expected: str) -> None:
        if event.tag not in (None, "!", _CORE + expected):
            raise self._error(self._line(event), f"the tag {shown(event.tag)} is not supported", "Write the value without it")

    def _counted(self, values: int, event: _Event) -> None:
        self.count += values
        if self.count > MAX_VALUES:
            raise self._error(self._line(event), f"holds more than {MAX_VALUES} values", "Settings are shorter")

    def _next_is(self, name: str) -> bool:
        import yaml

        return bool(self.loader.check_event(getattr(yaml, name)))

    def _error(self, line: int, problem: str, remedy: str) -> ConfigError:
        return ConfigError(f"{self.file}:{line}", problem, remedy)

    @staticmethod
    def _line(event: _Event) -> int:
        return int(event.start_mark.line) + 1
