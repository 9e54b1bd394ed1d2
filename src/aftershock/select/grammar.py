"""dbt's selector grammar as a value: criteria, joined by set operations.

    expression  = term { " " term }            union, also of several arguments
    term        = criteria { "," criteria }    intersection
    criteria    = [ "@" ] [ [n] "+" ] [ method { "." argument } ":" ] value [ "+" [n] ]

Without a method a value is a path where it holds a slash, a file where it ends as one, and otherwise a dotted name (``fqn``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from aftershock.errors import SelectionError
from aftershock.select.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Indirect: TypeAlias = Literal["eager", "cautious", "buildable", "empty"]
"""Which tests a selection takes along: eager, every test of a selected node; cautious, those of which every parent is selected;
buildable, those of which every parent is selected or an ancestor of what is; empty, none."""

METHOD_NAMES = (
    "fqn",
    "tag",
    "group",
    "access",
    "source",
    "path",
    "file",
    "package",
    "config",
    "test_name",
    "test_type",
    "resource_type",
    "state",
    "exposure",
    "metric",
    "result",
    "source_status",
    "version",
    "semantic_model",
    "saved_query",
    "unit_test",
    "selector",
)
"""Every method; ``selector`` is what dbt calls with ``--selector``, and what YAML selectors refer to each other with."""

DEFAULT_INCLUDE = ("fqn:*", "source:*", "exposure:*", "metric:*", "semantic_model:*")
"""What dbt selects where nothing is asked for."""

FILE_SUFFIXES = (".sql", ".py", ".csv")
DEEPEST = 50
MOST_DIGITS = 10
CRITERIA = r"(@)?(?:(\d*)(\+))?(?:([\w.]+):)?(.*?)(?:(\+)(\d*))?"


class Criteria(msgspec.Struct, frozen=True):
    """One method's search with its graph operators.

    Attributes:
        method: one of METHOD_NAMES.
        value: what is searched for: a string, or from YAML a number or boolean.
        arguments: what follows the method's name after dots (``config.meta.owner`` has two).
        childrens_parents: ``@``: descendants, and all ancestors of those.
        parents, children: ``+`` before and after.
        parents_depth, children_depth: how many edges far; None is all the way.
        indirect: which tests are taken along; None is what the whole selection says.
    """

    method: str
    value: Any
    arguments: tuple[str, ...] = ()
    childrens_parents: bool = False
    parents: bool = False
    parents_depth: int | None = None
    children: bool = False
    children_depth: int | None = None
    indirect: Indirect | None = None


class SetOperation(msgspec.Struct, frozen=True):
    """Selections joined; a difference takes the others from its first. ``indirect`` None is what the whole selection says."""

    kind: Literal["union", "intersection", "difference"]
    parts: tuple[Selection, ...]
    indirect: Indirect | None = "eager"


Selection: TypeAlias = Criteria | SetOperation


def parse(include: Sequence[str], exclude: Sequence[str] = ()) -> SetOperation:
    """The selection that ``--select`` and ``--exclude`` mean; an empty ``include`` is everything, as in dbt.

    Raises:
        SelectionError: an expression that dbt refuses, too.
    """
    return SetOperation("difference", (parse_union(include or DEFAULT_INCLUDE), parse_union(exclude)))


def parse_union(expressions: Sequence[str]) -> SetOperation:
    """Expressions as one union of intersections.

    Raises:
        SelectionError: as :func:`parse`.
    """
    terms = [term for expression in expressions for term in expression.split(" ")]
    return SetOperation(
        "union",
        tuple(SetOperation("intersection", tuple(parse_criteria(part) for part in term.split(",")), None) for term in terms),
        None,
    )


def parse_criteria(text: str) -> Criteria:
    """One criteria, e.g. ``2+tag:nightly+``.

    Raises:
        SelectionError: an unknown method, a line break, or ``@`` together with a ``+`` behind.
    """
    match = re.fullmatch(CRITERIA, text)
    if match is None:
        raise SelectionError(text, "it is not a selector: it holds a line break", "Give one selector for each argument")
    at, parents_depth, parents, method, value, children, children_depth = match.groups()
    name, arguments = _method(method, value, text)
    if at and children:
        raise SelectionError(text, 'the prefix "@" and the suffix "+" do not go together', 'Leave one of them out: "@" takes all descendants already')
    return Criteria(name, value, arguments, bool(at), bool(parents), _depth(parents_depth), bool(children), _depth(children_depth))


def parse_definition(definition: object, place: str, level: int = 0) -> Selection:
    """A YAML selector's definition as it stands in the manifest: a string, or a dict of sets, or of a method with its value.

    Args:
        definition: the decoded definition.
        place: the selector's name, for errors.
        level: how deep it lies in another.

    Raises:
        SelectionError: dbt would refuse it, too, or it is nested absurdly deep.
    """
    if level > DEEPEST:
        raise SelectionError(place, f"its definition is nested more than {DEEPEST} deep", "Name a simpler selector")
    if isinstance(definition, str):
        return parse_criteria(definition)
    if not isinstance(definition, dict) or not definition:
        raise SelectionError(place, "its definition is neither a string nor a mapping", "Correct it in selectors.yml and run dbt parse")
    for kind in ("union", "intersection"):
        if kind in definition:
            return _set(kind, definition[kind], place, level)
    criteria = _criteria(definition, place)
    if "exclude" not in definition or len(definition) == 1:
        return criteria
    return _without(criteria, definition["exclude"], place, level)


def _set(kind: str, items: object, place: str, level: int) -> Selection:
    parts: list[Selection] = []
    excludes: list[object] = []
    for item in _list(items, kind, place):
        if isinstance(item, dict) and "exclude" in item:
            excludes.append(item["exclude"])
        else:
            parts.append(parse_definition(item, place, level + 1))
    if len(excludes) > 1:
        raise SelectionError(place, f"a {kind} in its definition has more than one exclude", "Put them in one list and run dbt parse")
    joined = SetOperation("union" if kind == "union" else "intersection", tuple(parts))
    return _without(joined, excludes[0], place, level) if excludes else joined


def _without(base: Selection, excluded: object, place: str, level: int) -> Selection:
    parts = tuple(parse_definition(item, place, level + 1) for item in _list(excluded, "exclude", place))
    return SetOperation("difference", (base, SetOperation("union", parts))) if parts else base


def _criteria(definition: Mapping[str, Any], place: str) -> Criteria:
    if len(definition) == 1:
        ((method, value),) = definition.items()
        definition = {"method": method, "value": value}
    if "method" not in definition or "value" not in definition:
        keys = ", ".join(map(str, definition))
        raise SelectionError(place, f"its definition has the keys {keys}, not method and value", "Correct it in selectors.yml and run dbt parse")
    name, arguments = _method(str(definition["method"]), "", place)
    at, children = bool(definition.get("childrens_parents")), bool(definition.get("children"))
    if at and children:
        raise SelectionError(place, "children and childrens_parents do not go together in its definition", "Leave one of them out and run dbt parse")
    return Criteria(
        name,
        definition["value"],
        arguments,
        at,
        bool(definition.get("parents")),
        _depth(definition.get("parents_depth"), place),
        children,
        _depth(definition.get("children_depth"), place),
        _indirect(definition.get("indirect_selection"), place),
    )


def _method(method: str | None, value: str, place: str) -> tuple[str, tuple[str, ...]]:
    if method is None:
        return _default_method(value), ()
    name, *arguments = method.split(".")
    if name not in METHOD_NAMES:
        close = nearest(name, METHOD_NAMES)
        remedy = f"Did you mean {close[0]}" if close else f"The methods are {', '.join(METHOD_NAMES)}"
        raise SelectionError(place, f"'{name}' is not a selector method of dbt's", remedy)
    return name, tuple(arguments)


def _default_method(value: str) -> str:
    if "/" in value or "\\" in value:
        return "path"
    return "file" if value.lower().endswith(FILE_SUFFIXES) else "fqn"


def _depth(raw: object, place: str = "") -> int | None:
    """Edges as a number; nothing, and in YAML also a bare 0, is all the way, as dbt reads it."""
    if not raw:
        return None
    text = str(raw)
    if not text.isdecimal():
        raise SelectionError(place, f"'{text}' is not a number of edges", "Give a whole number")
    return int(text) if len(text) < MOST_DIGITS else None


def _indirect(raw: object, place: str) -> Indirect | None:
    if raw is None or raw == "eager" or raw == "cautious" or raw == "buildable" or raw == "empty":  # noqa: PLR1714  # mypy narrows this form
        return raw  # type: ignore[return-value]
    raise SelectionError(place, f"'{raw}' is not a kind of indirect selection", "Use eager, cautious, buildable or empty")


def _list(items: object, key: str, place: str) -> list[object]:
    if isinstance(items, list):
        return items
    raise SelectionError(place, f"'{key}' in its definition is not a list", "Correct it in selectors.yml and run dbt parse")
