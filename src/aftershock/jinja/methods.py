"""Which attributes of Python's own values a template may read, and what it gets for those that could build something huge."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from string import Formatter
from typing import TYPE_CHECKING, Any

from jinja2.runtime import LoopContext, Macro
from jinja2.utils import Cycler

from aftershock.jinja.exposed import Exposed
from aftershock.jinja.limits import MAX_ITEMS, as_text, bounded, bounded_join, format_width, replace, too_large, width
from aftershock.jinja.modules import DATETIME_NAMES, DATETIME_TYPES, MATCH_NAMES, ZONE_NAMES, Zone, substitute
from aftershock.jinja.refusal import CannotRender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aftershock.jinja.values import Value

_TEXT = frozenset(
    {
        "capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "format", "format_map", "index", "isalnum", "isalpha", "isascii",
        "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip",
        "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split",
        "splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill",
    }
)  # fmt: skip
_LIST = frozenset({"append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"})
_DICT = frozenset({"clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"})
_SET = frozenset(
    {
        "add", "clear", "copy", "difference", "difference_update", "discard", "intersection", "intersection_update", "isdisjoint", "issubset",
        "issuperset", "pop", "remove", "symmetric_difference", "union", "update",
    }
)  # fmt: skip
_LOOP = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem", "cycle", "changed", "depth", "depth0"})
_BY_TYPE: tuple[tuple[type[Any] | tuple[type[Any], ...], frozenset[str]], ...] = (
    (str, _TEXT),
    (list, _LIST),
    (dict, _DICT),
    (set, _SET),
    (frozenset, _SET),
    (tuple, frozenset({"count", "index"})),
    (int, frozenset({"is_integer"})),
    (float, frozenset({"is_integer"})),
    (Zone, ZONE_NAMES),
    (DATETIME_TYPES, DATETIME_NAMES),
    (re.Match, MATCH_NAMES),
    (re.Pattern, frozenset({"match", "search", "fullmatch", "findall", "split", "sub", "pattern"})),
    (LoopContext, _LOOP),
    (Macro, frozenset({"name", "arguments", "catch_kwargs", "catch_varargs", "caller"})),
    (Cycler, frozenset({"next", "reset", "current"})),
)
NOTHING: frozenset[str] = frozenset()


_FOUND: dict[type[object], frozenset[str]] = {}


def readable(cls: type[object]) -> frozenset[str]:
    """The attributes of a type's values that a template may read; looked for once per type, of which templates make none."""
    if (found := _FOUND.get(cls)) is None:
        own = cls.NAMES if issubclass(cls, Exposed) else next((names for types, names in _BY_TYPE if issubclass(cls, types)), NOTHING)
        found = _FOUND[cls] = own
    return found


class BoundedFormatter(Formatter):
    """``str.format`` that looks attributes up as the template itself would, and pads no wider than SQL needs."""

    def __init__(self, attribute: Callable[[Any, str], Any], item: Callable[[Any, Any], Any]) -> None:
        self._attribute = attribute
        self._item = item

    def written(self, pattern: str, /, *args: Value, **kwargs: Value) -> str:
        """``pattern.format(…)``."""
        return bounded_join([self.vformat(pattern, args, kwargs)])

    def mapped(self, pattern: str, values: Mapping[str, Value]) -> str:
        """``pattern.format_map(…)``."""
        return bounded_join([self.vformat(pattern, (), values)])

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        """The value of ``a.b[c]``, each step as the sandbox allows it."""
        from _string import formatter_field_name_split  # type: ignore[import-not-found]  # what string.Formatter itself uses

        first, rest = formatter_field_name_split(field_name)
        value = self.get_value(first, args, kwargs)
        for is_attribute, name in rest:
            value = self._attribute(value, name) if is_attribute else self._item(value, name)
        return value, str(first)

    def format_field(self, value: Value, format_spec: str) -> str:
        """One value, formatted within the bounds."""
        format_width(format_spec)
        return format(as_text(value) if isinstance(value, (list, tuple, dict, set)) else value, format_spec)

    def convert_field(self, value: Value, conversion: str | None) -> Value:
        """``!s`` and ``!r`` within the bounds."""
        return value if conversion is None else super().convert_field(as_text(value) if conversion == "s" else value, conversion)


def _padding(name: str) -> Callable[..., str]:
    def padded(text: str, size: int, *rest: Value) -> str:
        width(size)
        found: str = getattr(text, name)(size, *rest)
        return found

    return padded


def _expand_tabs(text: str, tabsize: int = 8) -> str:
    width(tabsize)
    return replace(text.expandtabs(0) if tabsize <= 0 else text, "\t", " " * max(tabsize, 0))


def _join(separator: str, items: Iterable[Value]) -> str:
    parts: list[str] = []
    for part in items:
        if not isinstance(part, str):
            raise CannotRender("it joins something that is no text")
        parts += (separator, part)
    return bounded_join(parts[1:])


def _extend(own: list[Value], items: Iterable[Value]) -> None:
    added = list(bounded(items))
    if len(own) + len(added) > MAX_ITEMS:
        raise too_large("a list")
    own.extend(added)


_STAND_INS: tuple[tuple[type[Any], dict[str, Callable[..., Any]]], ...] = (
    (str, {**{name: _padding(name) for name in ("center", "ljust", "rjust", "zfill")}, "expandtabs": _expand_tabs, "join": _join, "replace": replace}),
    (list, {"extend": _extend}),
    (re.Pattern, {"sub": substitute}),
)


def guarded(owner: Value, name: str, formatter: BoundedFormatter) -> Value:
    """The attribute of a value, or what stands in for it where the attribute itself could build something huge."""
    for cls, methods in _STAND_INS:
        if isinstance(owner, cls):
            if name in methods:
                return partial(methods[name], owner)
            if name in {"format", "format_map"}:
                return partial(formatter.written if name == "format" else formatter.mapped, owner)
    return getattr(owner, name)


def datetime_class(value: object) -> bool:
    """Whether this is one of datetime's classes, whose constructors a template may use."""
    return isinstance(value, type) and issubclass(value, (dt.time, dt.timedelta, dt.timezone))
