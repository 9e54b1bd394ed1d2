"""Filters: jinja2's and dbt's, without those that reach out of the sandbox, and bounded where they pad, repeat or write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn

from jinja2 import pass_environment
from jinja2.filters import FILTERS

from aftershock.jinja.limits import MAX_TEXT, as_text, bounded, bounded_join, measured, modulo, replace, too_large, width
from aftershock.jinja.refusal import CannotRender

if TYPE_CHECKING:
    from jinja2 import Environment

    from aftershock.jinja.values import Value

Filter = Callable[..., Any]
_DROPPED = frozenset({"urlize", "forceescape", "xmlattr", "wordwrap"})
_WRITING = ("capitalize", "e", "escape", "lower", "pprint", "safe", "string", "striptags", "title", "tojson", "trim", "upper", "urlencode", "wordcount")


def filters() -> dict[str, Filter]:
    """All filters by name."""
    kept = {name: found for name, found in FILTERS.items() if name not in _DROPPED}
    return {
        **kept,
        **{name: _measuring(kept[name]) for name in _WRITING},
        **{name: _narrow(kept[name]) for name in ("center", "batch", "slice")},
        "attr": _attr,
        "format": _format,
        "indent": _indent,
        "replace": _replace,
        "join": _join,
        "list": lambda value: list(bounded(value)),
        "random": _random,
        "as_text": _same,
        "as_bool": _same,
        "as_native": _same,
        "as_number": _same,
        "is_list": lambda value: isinstance(value, list),
    }


def _measuring(found: Filter) -> Filter:
    """A filter that writes its value, which must not hold itself a million times over."""

    @wraps(found)  # keeps jinja2's mark of filters whose first argument is its own
    def wrapped(*args: Value, **kwargs: Value) -> Value:
        for value in args[:2]:
            measured(value)
        return found(*args, **kwargs)

    return wrapped


def _narrow(found: Filter) -> Filter:
    """A filter whose numbers are sizes."""

    @wraps(found)
    def wrapped(value: Value, *args: Value, **kwargs: Value) -> Value:
        for size in (*args, *kwargs.values()):
            width(size)
        return found(value, *args, **kwargs)

    return wrapped


def _same(value: Value) -> Value:
    return value


def _random(*_args: object) -> NoReturn:
    raise CannotRender("it takes something at random")


@pass_environment
def _attr(environment: Environment, value: Value, name: object) -> Value:
    return environment.getattr(value, str(name))


def _format(value: object, *args: Value, **kwargs: Value) -> Value:
    return modulo(as_text(value), kwargs or args)


def _indent(value: object, width_: Value = 4, first: bool = False, blank: bool = False) -> str:  # noqa: FBT001, FBT002  # jinja2's signature
    text = as_text(value)
    width(width_)
    by = width_ if isinstance(width_, str) else " " * width_
    lines = text.splitlines() or [""]
    if len(text) + len(lines) * len(by) > MAX_TEXT:
        raise too_large("a text")
    indented = [by + line if (index or first) and (line or blank) else line for index, line in enumerate(lines)]
    return "\n".join(indented) + ("\n" if text.endswith("\n") else "")


def _replace(value: object, old: object, new: object, count: int | None = None) -> str:
    return replace(as_text(value), as_text(old), as_text(new), -1 if count is None else count)


@pass_environment
def _join(environment: Environment, value: Iterable[Any], d: object = "", attribute: str | int | None = None) -> str:
    items = bounded(value)
    if attribute is not None:
        items = iter([_reach(environment, item, attribute) for item in items])
    separator = as_text(d)
    parts: list[Any] = []
    for item in items:
        parts += (separator, item)
    return bounded_join(parts[1:])


def _reach(environment: Environment, item: Value, attribute: str | int) -> Value:
    for part in str(attribute).split("."):
        item = environment.getitem(item, int(part) if part.isdecimal() and len(part) < 9 else part)  # noqa: PLR2004  # no list is longer
    return item
